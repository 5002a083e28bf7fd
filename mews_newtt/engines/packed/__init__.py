"""A compiled chart as arrays of whole numbers that add up. What the numba engine and the array engine share; nothing here is compiled.

How it works. Each parameter's classes of readings, in each form, are numbered (states.py); each distinct value of a column is read once
(values.py). What each state contributes is packed into integers (layout.py), so that one addition per column sums everything, and the sums
become results (scorer.py, exact.py) and texts (texts.py).
"""
