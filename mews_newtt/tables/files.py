"""`score_file`: files of observation sets in, one scored file out. It chooses the reader by itself; every reader gives the same answers."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, get_args

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.reading.plan import Plan
from mews_newtt.tables.atomic import whole_output
from mews_newtt.tables.formats import CSV, STDIO, FormatName, OutputFormatName, kind_by_name
from mews_newtt.tables.formats import output_format as format_of_output
from mews_newtt.tables.plain import score_csv
from mews_newtt.tables.sources import Input, Source, each_input, read_ahead, source_of
from mews_newtt.tables.summary import OnBadRow, Progress, Summary

LARGE = 1 << 20  # bytes of CSV: for fewer, the reference is done before the compiled engine has started
ENGINE = "mews_newtt.tables.table"  # once this module is imported, the compiled engine has started


def score_file(
    chart: Chart,
    inputs: Input | Sequence[Input],
    output: str | Path | BinaryIO,
    *,
    column_map: ColumnMap | None = None,
    plan: Plan | None = None,
    format: FormatName | None = None,
    output_format: OutputFormatName | None = None,
    points: bool = False,
    flags: bool = True,
    explain: bool = False,
    as_json: bool = False,
    on_bad_row: OnBadRow = "error",
    threads: int | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Score files of observation sets into one file: the same rows in the same order, their columns and the scores.

    Parameters
    ----------
    inputs : one or more files, or a folder of them (in the order of their names); `-` is standard input; a binary stream.
        The formats are `formats.KINDS`; text may be packed (.gz, .zst). All have the same columns.
    output : a file; `-` is standard output; a binary stream. A file appears under its name only when it is whole.
    column_map : how somebody else's columns, values and units are read
    plan : how somebody else's file becomes sets (`read_plan`): columns, words, units, shapes and times. It holds a map, so give one of them.
        A plan that is no more than a map means the same as the map. With any other, the output holds the sets as they were read.
    format, output_format : a name of `formats.KINDS`, where the names do not say; an output needs one that can be written
    points : add `points_<parameter>`; flags: False leaves the flags column out
    explain : add the reasons and warnings in words; as_json: write the whole Score of each row as a line of JSON instead of a table.
        Both are for one plain CSV file.
    on_bad_row : `error` stops at the first row that cannot be scored; `report` keeps it with status refused
    threads : how many read and score; as many as there are cores where none are given
    progress : called now and then with the rows done, and the share of the work (0 to 1) where it is known

    Returns
    -------
    Counts of the rows, and the names of the columns that were not read. One plain CSV file needs nothing beyond Python; every other format
    needs the batch extra. A small CSV file is scored by the reference, which starts sooner; the output does not depend on that.

    Raises
    ------
    FileError  an input that is not what it says, a column that looks misnamed, (with `error`) a row that cannot be scored, or a format that
        needs the batch extra

    Source
    ------
    The chart file: its bands, levels and reading rules. No rule lives in this function.
    """
    if on_bad_row not in get_args(OnBadRow):
        raise ValueError(f"on_bad_row must be 'error' or 'report', not {on_bad_row!r}")
    in_words, given = explain or as_json, each_input(inputs, _suffixes(plan))
    plan = None if plan is None else _more_than_a_map(chart, plan, given)
    if plan is not None and plan.is_map:
        if plan.faults:
            raise FileError(plan.faults)
        if column_map is not None and column_map != ColumnMap():
            raise FileError(Problem("map_and_plan", "column_map", "is given beside a plan", "put everything into the plan: a map is a part of it"))
        column_map, plan = plan.column_map, None
    if in_words and (len(given) > 1 or plan is not None):
        raise _only_plain()
    if plan is not None:
        form = format_of_output(output, output_format)
        _not_over_an_input([Path(one) for one in given if isinstance(one, (str, Path)) and str(one) != STDIO], output)
        more: dict[str, Any] = {"points": points, "flags": flags, "on_bad_row": on_bad_row, "progress": progress, "threads": threads}
        return _batch(given)(chart, given, output, form, column_map=column_map or ColumnMap(), plan=plan, named=format, **more)
    sources = [source_of(one, format, stream_kind="csv" if in_words else None) for one in given]
    form = format_of_output(output, output_format, rows_as_json=as_json)
    _not_over_an_input([source.given for source in sources if isinstance(source.given, Path)], output)
    plain = form == CSV and [source.form for source in sources] == [CSV]
    if in_words and not plain:
        raise _only_plain()
    options: dict[str, Any] = {
        "column_map": column_map or ColumnMap(),
        "points": points,
        "flags": flags,
        "on_bad_row": on_bad_row,
        "progress": progress,
    }
    with contextlib.ExitStack() as stack:
        if plain and not in_words:
            sources = [_measured(sources[0], stack)]
        if plain and (in_words or not _engine_pays(sources[0])):
            source = sources[0]
            stream, text = stack.enter_context(source.opened()), stack.enter_context(_text(output))
            return score_csv(chart, stream, text, name=source.name, size=source.size, explain=explain, as_json=as_json, **options)
        return _batch([source.name for source in sources])(chart, sources, output, form, threads=threads, **options)


def _suffixes(plan: Plan | None) -> Collection[str]:
    """Of files in a folder that only a reading plan reads."""
    if plan is None or not batch_installed():
        return ()
    from mews_newtt.tables.origins.settings import ORIGINS  # batch extra

    return [suffix for kind in ORIGINS.values() for suffix in kind.suffixes]


def _more_than_a_map(chart: Chart, plan: Plan, inputs: Sequence[Input]) -> Plan:
    """The plan; where it is only a map and a file is of a kind that no map reads, as a plan of that kind."""
    if not plan.is_map or all(not isinstance(one, (str, Path)) or kind_by_name(one) in ("csv", "parquet") for one in inputs) or not batch_installed():
        return plan
    from mews_newtt.tables.planned.sources import plan_for  # batch extra

    for one in inputs:
        plan = plan_for(plan, one, chart.observations)
    return plan


def _batch(names: Sequence[Any]) -> Callable[..., Summary]:
    """What scores files with the compiled engine."""
    try:
        from mews_newtt.tables.chunks import score_chunks  # batch extra
    except ModuleNotFoundError as absent:
        if (absent.name or "").startswith("mews_newtt"):
            raise
        where, what = ", ".join(map(str, names)), f"needs the batch extra ({absent.name} is not installed)"
        raise FileError(Problem("extra_missing", where, what, 'pip install "mews-newtt[batch]"')) from None
    return score_chunks


def batch_installed() -> bool:
    """Whether the batch extra is installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("polars", "pyarrow", "numba"))


def _engine_pays(source: Source) -> bool:
    """Whether the compiled engine is installed and faster here: the file is large, or the engine has already started."""
    return batch_installed() and (source.size >= LARGE or ENGINE in sys.modules)


def _measured(source: Source, stack: contextlib.ExitStack) -> Source:
    """The source with its size. A stream is read ahead as far as needed to know whether it is large."""
    if source.size:
        return source
    stream = stack.enter_context(source.opened())
    head = stream.read(LARGE)
    return source._replace(given=io.BytesIO(head) if len(head) < LARGE else read_ahead(head, stream), size=len(head))


def _only_plain() -> FileError:
    return FileError(Problem("option_of_csv", "--json, --explain", "is only for one plain CSV file", "leave it out, or score a CSV file"))


class _Utf8:
    """Writes text into a binary stream. It has no buffer of its own, which could fail a second time when it is closed."""

    def __init__(self, stream: BinaryIO):
        self._stream = stream

    def write(self, text: str) -> None:
        self._stream.write(text.encode())


@contextlib.contextmanager
def _text(output: str | Path | BinaryIO) -> Iterator[_Utf8]:
    with whole_output(output) as into, into.open("wb") if isinstance(into, Path) else contextlib.nullcontext(into) as stream:
        yield _Utf8(stream)


def _not_over_an_input(paths: Sequence[Path], output: str | Path | BinaryIO) -> None:
    if not isinstance(output, (str, Path)) or not Path(output).is_file():
        return
    for path in paths:
        if path.exists() and path.samefile(output):
            raise FileError(Problem("output_is_input", str(path), "is both input and output", "write to another file"))
