"""Compiles all machine code that is cached on disk, before the first use: `python -m mews_newtt.batch.warm`."""

from __future__ import annotations

import io
import sys
import time

import numpy as np
import pyarrow as pa

from mews_newtt.chart.catalogue import charts
from mews_newtt.engines.numba import kept_in, not_kept_in, score_rows, tell_first_compile
from mews_newtt.tables.blocks import Blocks
from mews_newtt.tables.json_bytes import SLOTS, line_to_check
from mews_newtt.tables.json_lines import ArrayLines
from mews_newtt.tables.table import score_table


def warm() -> float:
    """Compile everything for every width of sums now; returns the seconds it took."""
    start = time.perf_counter()
    tell_first_compile(score_rows, verbose=True)
    list(Blocks(io.BytesIO(b'a\n"1"\n'), "quotes"))
    line = ArrayLines(io.BytesIO(b'[{"a": 1}]'), "names").read()
    line_to_check(np.frombuffer(line, np.uint8), 0, np.zeros(SLOTS, np.uint64), np.zeros(SLOTS, np.int64))
    for chart in charts():
        names = [p.id for p in chart.parameters]
        score_table(chart, pa.table({name: pa.array(["?", None]) for name in names}), points=True)
        numbers = [p.id for p in chart.parameters if p.observation.numeric]
        for kind in (pa.float32(), pa.float64()):
            score_table(chart, pa.table({name: pa.array([None, 0.12345], kind) for name in numbers}))
    return time.perf_counter() - start


def main() -> int:
    """Compile, and say where the code is kept."""
    seconds, folder = warm(), kept_in(score_rows)
    if not folder:
        sys.stderr.write(
            "compiled, but there is no folder to keep the code in that can be written: each process will compile again\n"
            + "".join(f"    {tried}: {why}\n" for tried, why in not_kept_in(score_rows).items())
            + "    mend: set NUMBA_CACHE_DIR to a folder that this user can write, now and when the program runs\n"
        )
        return 2
    sys.stderr.write(f"ready after {seconds:.1f} s; the code is in {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
