"""Reading what somebody wrote: one raw value, an observation set, a JSON text, the columns and rows of a table."""
