"""The numba engine: compiled loops over arrays. Other areas import from here, and from no module inside.

How it works. States and what they contribute are those of `engines/packed`. Columns are looked up by value or by code (columns.py,
lookups.py); small lookup tables are fused (fusion.py) and kept as programs (program.py), once for each kind of columns. The loops are in
kernels.py and factorize.py. Rows that need more than the fast layout go through `packed.exact`, with compiled sums (sums.py). Where many rows
of a chunk need no more than flags of single readings, a wider layout scores them in the same loops.

The loops also run as plain Python, where an index out of bounds raises and a debugger can step in: set NUMBA_DISABLE_JIT=1 before Python
starts, as tests/batch/test_engine_ways.py does. It is about a thousand times slower.
"""

from mews_newtt.engines.numba.cache import kept_in, kernel, not_kept_in, tell_first_compile
from mews_newtt.engines.numba.engine import NumbaEngine
from mews_newtt.engines.numba.kernels import score_rows

__all__ = ["NumbaEngine", "kept_in", "kernel", "not_kept_in", "score_rows", "tell_first_compile"]
