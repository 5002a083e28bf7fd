"""The first compilation on a machine: told when it happens, or done beforehand with `python -m mews_newtt.batch.warm`."""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path


def tell_first_compile(verbose: bool = False) -> None:
    """Say on a terminal that the first run on a machine compiles."""
    from mews_newtt.batch import kernels

    folder = Path(str(kernels.score_rows.stats.cache_path))
    compiled = any(folder.glob("kernels.score_rows-*.nbi")) or kernels.score_rows.signatures
    if not compiled and (verbose or sys.stderr.isatty()):
        sys.stderr.write("mews-newtt: first run on this machine, compiling for it (under a minute, once)\n")


def warm() -> float:
    """Compile everything for every width of sums now; returns the seconds it took."""
    start = time.perf_counter()
    import pyarrow as pa

    from mews_newtt.batch.blocks import Blocks
    from mews_newtt.batch.table import score_table
    from mews_newtt.chart.catalogue import charts

    tell_first_compile(verbose=True)
    list(Blocks(io.BytesIO(b'a\n"1"\n'), "quotes"))
    for chart in charts():
        names = [p.id for p in chart.parameters]
        score_table(chart, pa.table({name: pa.array(["?", None]) for name in names}), points=True)
        numbers = [p.id for p in chart.parameters if p.observation.numeric]
        for kind in (pa.float32(), pa.float64()):
            score_table(chart, pa.table({name: pa.array([None, 0.12345], kind) for name in numbers}))
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.stderr.write(f"ready after {warm():.1f} s\n")
