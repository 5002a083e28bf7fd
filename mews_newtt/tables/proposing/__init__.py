"""Proposes a reading plan from a file: what each column seems to be and why, and questions for what the file does not tell."""
