"""The names of the first version that others may use; their code lives in `tables`."""
