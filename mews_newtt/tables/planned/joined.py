"""Several files that a plan reads as one source: the rows of one person and one time are one set, whichever file they are in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.plan import Plan, SourceSettings
from mews_newtt.reading.plan.model import LONG_KINDS
from mews_newtt.reading.plan.report import FILE_STEP
from mews_newtt.tables.origins.opening import kind_of_source
from mews_newtt.tables.planned.sources import open_source
from mews_newtt.tables.read import Chunk, Table
from mews_newtt.tables.sources import Input

OPEN_COLUMNS = ("json", "ndjson")  # kinds whose rows may leave a name out, so that a file may lack a column


def makes_sets(plan: Plan, inputs: Sequence[Input], named: str | None) -> bool:
    """Whether a plan puts the rows of these inputs into sets."""
    if plan.sets or plan.long:
        return True
    kinds = (named or plan.source.kind or _kind(one, plan.source) for one in inputs)
    return any(kind in LONG_KINDS for kind in kinds)


def _kind(one: Input, settings: SourceSettings) -> str | None:
    return kind_of_source(one, settings) if isinstance(one, (str, Path)) and Path(one).is_file() else None


@contextlib.contextmanager
def open_joined(inputs: Sequence[Input], named: str | None, settings: SourceSettings) -> Iterator[Table]:
    """Several inputs as one table, in their order. The number of a row says its file too (`FILE_STEP`).

    A file is open only while it is read. Raises FileError where they are of different kinds, or where the columns of two files differ.
    """
    with contextlib.ExitStack() as stack:
        streams = {place: stack.enter_context(open_source(one, named, settings)) for place, one in enumerate(inputs) if not _is_path(one)}

        @contextlib.contextmanager
        def opened(place: int) -> Iterator[Table]:
            if place in streams:
                yield streams[place]
                return
            with open_source(inputs[place], named, settings) as table:
                yield table

        tables: list[tuple[str, list[str], str | None]] = []
        for place in range(len(inputs)):
            with opened(place) as table:
                tables.append((table.name, table.names, table.kind))
        names = _same(tables)
        sizes = [Path(str(one)).stat().st_size if _is_path(one) else 0 for one in inputs]
        notes: list[dict[str, object]] = []

        def chunks() -> Iterator[Chunk]:
            notes.clear()
            for place, size in enumerate(sizes):
                before = sum(sizes[:place])
                with opened(place) as table:
                    for chunk in table.chunks():
                        share = (before + chunk.share * size) / sum(sizes) if chunk.share is not None and all(sizes) else None
                        yield _numbered(chunk, names, place, share)
                    notes.extend({**note, "what": f"{table.name}: {note['what']}"} for note in table.notes())

        columns = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
        files = tuple(name for name, _, _ in tables)
        yield Table(f"{files[0]} and {len(files) - 1} more", names, columns, chunks, kind=tables[0][2], notes=lambda: list(notes), files=files)


def _is_path(one: Input) -> bool:
    return isinstance(one, (str, Path)) and Path(one).is_file()


def _numbered(chunk: Chunk, names: list[str], place: int, share: float | None) -> Chunk:
    def frame() -> pl.DataFrame:
        found = chunk.frame()
        return found.select(pl.col(name) if name in found.columns else pl.lit(None, pl.String).alias(name) for name in names)

    assert chunk.places is not None  # every source has them
    return Chunk(frame, chunk.row_of, chunk.name, share, chunk.fault, chunk.places + place * FILE_STEP)


def _same(tables: Sequence[tuple[str, list[str], str | None]]) -> list[str]:
    """The columns of all files. Raises FileError where the files are not of one shape."""
    first, names, kind = tables[0]
    problems = []
    for name, own, own_kind in tables[1:]:
        if own_kind != kind:
            what = f"is {own_kind}, and {first} is {kind}"
            problems.append(Problem("kinds_differ", name, what, "put files of one kind into a folder, and score each kind by its own plan"))
        elif kind not in OPEN_COLUMNS and sorted(own) != sorted(names):
            less, more = ([repr(each) for each in one if each not in other] for one, other in ((names, own), (own, names)))
            parts = [f"{words} {', '.join(each[:5])}" for words, each in (("without", less), ("with", more)) if each]
            what = f"has other columns than {first}: {' and '.join(parts) or 'a name is there twice'}"
            problems.append(Problem("columns_differ", name, what, "score files of different shape one by one, each by its own plan"))
    if problems:
        raise FileError(problems)
    return list(dict.fromkeys(each for _, own, _ in tables for each in own)) if kind in OPEN_COLUMNS else names
