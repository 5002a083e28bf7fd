"""The numba engine: compiled loops over arrays. Other areas import from here, and from no module inside.

How it works. Each parameter's classes of readings, in each form, are numbered (states.py). What each state contributes is packed into
integers (layout.py), so that one addition per column sums everything. Columns are looked up by value or by code (columns.py); small lookup
tables are fused (fusion.py) and kept as programs (program.py), once for each kind of columns. The loops are in kernels.py and factorize.py;
rows that need more take slow_path.py.

The loops also run as plain Python, where an index out of bounds raises and a debugger can step in: set NUMBA_DISABLE_JIT=1 before Python
starts, as tests/batch/test_engine_ways.py does. It is about a thousand times slower.
"""

from mews_newtt.engines.numba.cache import kept_in, kernel, tell_first_compile
from mews_newtt.engines.numba.engine import NumbaEngine
from mews_newtt.engines.numba.kernels import score_rows

__all__ = ["NumbaEngine", "kept_in", "kernel", "score_rows", "tell_first_compile"]
