"""The columns of a table of observation sets: which are read, which are passed through unread, and which look like a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from mews_newtt.chart.model import Chart, Observation, Parameter, require_chart
from mews_newtt.errors import ColumnError, Problem, did_you_mean
from mews_newtt.reading.column_map import ColumnMap, read_map
from mews_newtt.reading.column_names import Meaning, meaning_of, meant_parameter, words_of
from mews_newtt.reading.values import LABELS, SKIP_PREFIX

__all__ = ["ColumnMap", "check_columns", "mapped_columns", "read_map"]
POINTS_PREFIX = "points_"
EXPECTED = ("expected_total", "expected_level")
EXPECTED_POINTS_PREFIX = "expected_points_"
RESULTS = (
    "score_status",
    "total",
    "total_min",
    "total_max",
    "level",
    "level_max",
    "level_rank",
    "level_max_rank",
    "missing",
    "flags",
    "error",
)


def mapped_columns(
    names: Sequence[str], chart: Chart, column_map: ColumnMap, known: Mapping[str, Observation], *, results: Iterable[str] = RESULTS
) -> list[str]:
    """Our name for each column; an ignored one has none (""), whatever it is called, so that nothing reads it.

    Raises ColumnError for every column that is doubled, mapped but absent, misspelt or overwritten.
    """
    problems = [
        Problem("column_absent", f"--map {theirs}={ours}", "there is no such column", _near_columns(theirs, names))
        for theirs, ours in column_map.columns.items()
        if theirs not in names
    ]
    problems += [
        Problem("column_absent", f"--ignore {theirs}", "there is no such column", _near_columns(theirs, names))
        for theirs in sorted(column_map.ignore)
        if theirs not in names
    ]
    stated = (*EXPECTED, "expected_status")  # what a platform said may be translated too
    for parameter in [*(name for name in column_map.values if name not in stated), *column_map.units]:
        if parameter not in known:
            problems.append(
                Problem(
                    "unknown_parameter", f"map of {parameter}", "is not a parameter of any chart", "use the names of `mews-newtt charts show CHART`"
                )
            )
    for name in column_map.missing_in:
        if name not in known and name not in stated and not is_reserved(name, known):
            near = column_map.columns.get(name) or meant_parameter(name, known)
            mend = f"did you mean {near!r}?" if near else "use the names of `mews-newtt charts show CHART`"
            problems.append(Problem("unknown_parameter", f"--missing {name}", "is not a parameter of any chart", mend))
    for ours in column_map.columns.values():
        if ours not in known and not is_reserved(ours, known):
            near = meant_parameter(ours, known)
            problems.append(
                Problem(
                    "unknown_parameter",
                    f"--map to {ours}",
                    "is not a parameter of any chart",
                    f"did you mean {near!r}?" if near else "use the names of `mews-newtt charts show CHART`",
                )
            )
    ours_names = ["" if name in column_map.ignore else column_map.ours(name) for name in names]
    problems += _doubled(names, ours_names, known)
    problems += _slips(names, ours_names, chart, column_map, known)
    if not any(p.id in ours_names or SKIP_PREFIX + p.id in ours_names for p in chart.parameters):
        long = _long_format(names)
        if long:
            problems = [long]
        elif not problems:
            problems.append(
                Problem(
                    "no_parameters",
                    "columns " + ", ".join(names[:20]),
                    f"none of them is a parameter of {chart.id}",
                    f"name them as in `mews-newtt charts show {chart.id}`, or use --map theirs=ours",
                )
            )
    if not problems:
        for name in names:
            if name in results:
                problems.append(
                    Problem(
                        "column_overwritten",
                        f"column {name}",
                        "has the name of a result column",
                        f"rename it, or --map {name}=expected_{name}" if name in ("total", "level") else "rename it",
                    )
                )
    if problems:
        raise ColumnError(problems)
    return ours_names


def check_columns(names: Sequence[str], chart: Chart, column_map: ColumnMap | None = None, *, added: Iterable[str] = ()) -> list[str]:
    """`mapped_columns` with the definitions the chart itself knows; `added` are result columns beside those of every score."""
    return mapped_columns(names, require_chart(chart), column_map or ColumnMap(), chart.observations, results=(*RESULTS, *added))


def rows_without_column(chart: Chart, ours: Iterable[str]) -> tuple[Parameter, ...]:
    """Scored parameters and triggers that no column is read for. Of a group of which one is given, one column is enough; so is one of reasons."""
    read = {name.removeprefix(SKIP_PREFIX) for name in ours}
    one_of = [group.parameters for group in chart.groups if group.kind == "one_of"]
    enough = read.union(*(names for names in one_of if not read.isdisjoint(names)))
    return tuple(p for p in chart.parameters if p.role != "recorded" and p.assumed is None and p.id not in enough)


def is_reserved(name: str, known: Mapping[str, Observation]) -> bool:
    """Whether a name has a meaning of its own beside parameters: labels, skip reasons, expected results."""
    if name in (*LABELS, *EXPECTED):
        return True
    return any(name.startswith(prefix) and name.removeprefix(prefix) in known for prefix in (SKIP_PREFIX, EXPECTED_POINTS_PREFIX))


def _near_columns(theirs: str, names: Sequence[str]) -> str:
    near = did_you_mean(theirs, list(names))
    return f"did you mean {near!r}?" if near else "columns: " + ", ".join(names[:20])


def _doubled(names: Sequence[str], ours: Sequence[str], known: Mapping[str, Observation]) -> list[Problem]:
    found = []
    same: dict[str, list[str]] = {}
    for their, our in zip(names, ours, strict=True):
        same.setdefault(our or their, []).append(their)
    for name, theirs in same.items():
        if len(theirs) > 1 and (name in known or is_reserved(name, known) or len(set(theirs)) < len(theirs)):
            found.append(
                Problem("column_twice", f"column {name}", f"stands {len(theirs)} times ({', '.join(theirs)})", "keep one, or --ignore the other")
            )
    return found


def _slips(names: Sequence[str], ours: Sequence[str], chart: Chart, column_map: ColumnMap, known: Mapping[str, Observation]) -> list[Problem]:
    """Columns that nothing is read from, and that may hold a row of the chart that has no column."""
    found = []
    wanted = [p.id for p in chart.parameters if p.id not in ours]
    for their, our in zip(names, ours, strict=True):
        if their in column_map.ignore or our in chart.by_id or is_reserved(our, known):
            continue
        prefix = next((p for p in (SKIP_PREFIX, EXPECTED_POINTS_PREFIX, POINTS_PREFIX) if our.startswith(p)), "")
        if prefix == POINTS_PREFIX:
            continue  # somebody's computed points: data, not readings
        meaning = meaning_of(our.removeprefix(prefix), known)
        rows = [name for name in meaning.parameters if name in (chart.by_id if prefix else wanted)] if meaning else []
        if meaning and rows:
            found.append(_looks_like(their, prefix, rows, meaning, column_map))
        elif our not in known:
            reserved = did_you_mean(our, [*LABELS, *EXPECTED], 0.85)
            if reserved and reserved not in ours:
                mend = f"--map {their!r}={reserved}" if not reserved.startswith("expected") else f"rename it, or --map {their!r}={reserved}"
                found.append(_misspelt(their, reserved, mend))
    return found


def _looks_like(their: str, prefix: str, rows: Sequence[str], meaning: Meaning, column_map: ColumnMap) -> Problem:
    if len(rows) > 1:
        mend = f"give {' and '.join(rows)} a column each; where it holds one of them, --map {their!r}={prefix}{rows[0]}"
        return _misspelt(their, " or ".join(prefix + row for row in rows), mend)
    unit = f" --unit {rows[0]}={meaning.unit}" if meaning.unit and not prefix and rows[0] not in column_map.units else ""
    return _misspelt(their, prefix + rows[0], f"--map {their!r}={prefix}{rows[0]}{unit}")


def _misspelt(their: str, near: str, mend: str) -> Problem:
    return Problem(
        "column_misspelt", f"column {their}", f"looks like {near} and would not be read", f"{mend}; or --ignore {their!r} if it is something else"
    )


# Words of the columns of a table with one reading a row: what was measured, and how much.
_KINDS = re.compile("type|code|name|parameter|observation|item|variable|test|measure|measurement|vital|sign|label|concept|attribute|key")
_AMOUNTS = re.compile("value|result|reading|amount|val|valuenum")


def _long_format(names: Sequence[str]) -> Problem | None:
    """Whether a table without any row of the chart looks like one reading a row."""
    words = {name: words_of(name) for name in names}
    amounts = [name for name in names if any(map(_AMOUNTS.fullmatch, words[name]))]
    kinds = [name for name in names if name not in amounts and any(map(_KINDS.fullmatch, words[name]))]
    if not (amounts and kinds):
        return None
    return Problem(
        "long_format",
        f"columns {kinds[0]}, {amounts[0]}",
        "this is long format: one row per reading. A row must hold one whole set, with a column for each parameter",
        "turn it into one row for each person and time (a pivot table; in Python, pivot) and name the columns as in `mews-newtt charts show CHART`",
    )
