"""Tables and files in, scored tables and files out."""
