"""What somebody wrote, read once: one raw value to one reading, a set, the columns of a table."""
