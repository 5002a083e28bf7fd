"""What a chart is, and how it is loaded, checked, found and compared."""
