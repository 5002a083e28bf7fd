"""Shows the progress of a run on a terminal: rows, rows a second and time left. Anywhere else it shows nothing."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from mews_newtt.tables.summary import Progress

STEPS = 1000  # of the whole, where the whole is known


@contextlib.contextmanager
def progress_bar(words: str) -> Iterator[Progress | None]:
    """A function that shows the progress; None where standard error is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    # rich takes longer to load than a small file takes to score, so only where somebody watches
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rows]:,} rows, {task.fields[rate]:,} rows/s"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(words, total=None, rows=0, rate=0)

        def show(rows: int, share: float | None) -> None:
            elapsed = bar.tasks[0].elapsed or 0.0
            total = None if share is None else STEPS
            bar.update(task, total=total, completed=STEPS * (share or 0.0), rows=rows, rate=round(rows / elapsed) if elapsed else 0)

        yield show
