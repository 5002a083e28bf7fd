"""A file and its reading plan become a table in our own names: what each column and row is, how rows become sets, and what was refused."""
