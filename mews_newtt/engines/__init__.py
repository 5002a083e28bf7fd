"""What scores many rows: one module or folder for each engine, all held to the reference scorer by the same tests."""
