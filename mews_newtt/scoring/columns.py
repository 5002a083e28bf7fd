"""Columns of a table that holds observation sets: which are read, which travel through, which are a slip."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mews_newtt.chart.model import Chart, Observation
from mews_newtt.chart.toml import TableReader, read_toml
from mews_newtt.errors import ColumnError, FileError, Problem, did_you_mean
from mews_newtt.scoring.observations import SKIP_PREFIX, meant_parameter

POINTS_PREFIX = "points_"
EXPECTED = ("expected_total", "expected_level")
EXPECTED_POINTS_PREFIX = "expected_points_"
RESULTS = ("score_status", "total", "total_min", "total_max", "level", "level_max", "missing", "flags", "error")


class ColumnMap(NamedTuple):
    """How somebody else's table is read: column names (theirs to ours), values (ours: theirs to ours), and names to leave alone."""

    columns: Mapping[str, str] = {}
    values: Mapping[str, Mapping[str, str]] = {}
    units: Mapping[str, str] = {}
    ignore: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()

    def ours(self, name: str) -> str:
        return self.columns.get(name, name)


def read_map(entries: Iterable[str], *, ignore: Iterable[str] = (), missing: Iterable[str] = (), units: Iterable[str] = ()) -> ColumnMap:
    """A map from `theirs=ours` entries and map files (.toml). A name mapped twice, or to two, is a fault.

    A map file holds `[columns]` (theirs = "ours"), `[values.<ours>]` ("theirs" = "ours"), `[units]` (ours = "unit"),
    `ignore = ["theirs"]` and `missing = ["NA"]`.
    """
    columns: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    declared: dict[str, str] = {}
    left_alone, nothing = set(ignore), set(missing)
    problems: list[Problem] = []
    for entry in entries:
        if entry.endswith(".toml") and "=" not in entry:
            _read_map_file(Path(entry), columns, values, declared, left_alone, nothing, problems)
            continue
        theirs, sign, ours = entry.partition("=")
        if not (theirs and sign and ours):
            problems.append(Problem("bad_map", f"--map {entry}", "is not theirs=ours", "write --map theirs=ours, or a map file ending in .toml"))
        elif columns.setdefault(theirs, ours) != ours:
            problems.append(Problem("bad_map", f"--map {entry}", f"{theirs!r} is mapped to {columns[theirs]!r} already", "keep one of them"))
    for entry in units:
        ours, sign, unit = entry.partition("=")
        if not (ours and sign and unit):
            problems.append(Problem("bad_unit", f"--unit {entry}", "is not parameter=unit", "write --unit temperature=[degF]"))
        declared[ours] = unit
    if problems:
        raise FileError(problems)
    return ColumnMap(columns, values, declared, frozenset(left_alone), frozenset(nothing))


def _read_map_file(
    path: Path,
    columns: dict[str, str],
    values: dict[str, dict[str, str]],
    units: dict[str, str],
    ignore: set[str],
    missing: set[str],
    problems: list[Problem],
) -> None:
    reader = TableReader(read_toml(path, problems) or {}, str(path), problems)
    for key, into in (("columns", columns), ("units", units)):
        into.update(_texts(reader, key))
    for ours, table in reader.take("values", dict, {}).items():
        inner = TableReader({"values": table}, f"{path}, [values.{ours}]", problems)
        values.setdefault(ours, {}).update(_texts(inner, "values"))
    ignore.update(reader.texts("ignore"))
    missing.update(reader.texts("missing"))
    reader.take("note", str)
    reader.finish()


def _texts(reader: TableReader, key: str) -> dict[str, str]:
    found = {}
    for theirs, ours in reader.take(key, dict, {}).items():
        if isinstance(ours, str):
            found[theirs] = ours
        else:
            reader.fault("wrong_type", f"is {ours!r}", "write text in quotes", f"{key}, {theirs}")
    return found


def mapped_columns(
    names: Sequence[str], chart: Chart, column_map: ColumnMap, known: Mapping[str, Observation], *, results: Iterable[str] = RESULTS
) -> list[str]:
    """Our name for each column; an ignored one has none (""), whatever it is called, so that nothing reads it.

    Raises ColumnError for every slip: doubled, mapped but absent, misspelt, or overwritten.
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
                Problem("unknown_parameter", f"map of {parameter}", "is no parameter of any chart", "use the names of `mews-newtt charts show CHART`")
            )
    for ours in column_map.columns.values():
        if ours not in known and not is_reserved(ours, known):
            near = meant_parameter(ours, known)
            problems.append(
                Problem(
                    "unknown_parameter",
                    f"--map to {ours}",
                    "is no parameter of any chart",
                    f"did you mean {near!r}?" if near else "use the names of `mews-newtt charts show CHART`",
                )
            )
    ours_names = ["" if name in column_map.ignore else column_map.ours(name) for name in names]
    problems += _doubled(names, ours_names, known)
    problems += _slips(names, ours_names, chart, column_map, known)
    if not problems and not any(p.id in ours_names or SKIP_PREFIX + p.id in ours_names for p in chart.parameters):
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


def check_columns(names: Sequence[str], chart: Chart, column_map: ColumnMap | None = None) -> list[str]:
    """`mapped_columns` with the definitions the chart itself knows."""
    from mews_newtt.chart.catalogue import catalogue

    known = {**catalogue().observations, **{p.id: p.observation for p in chart.parameters}}
    return mapped_columns(names, chart, column_map or ColumnMap(), known)


def is_reserved(name: str, known: Mapping[str, Observation]) -> bool:
    """Whether a name has a meaning of its own beside parameters: labels, skip reasons, expected results."""
    if name in ("case_id", "patient_id", "observed_at", "recorded_at", *EXPECTED):
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
    """Columns that look like a parameter of the chart that has no column of its own."""
    wanted = {p.id: p.observation for p in chart.parameters if p.id not in ours}
    found = []
    for their, our in zip(names, ours, strict=True):
        if our in known or is_reserved(our, known) or their in column_map.ignore:
            continue
        prefix = next((p for p in (SKIP_PREFIX, EXPECTED_POINTS_PREFIX, POINTS_PREFIX) if our.startswith(p)), "")
        bare = re.sub(r"\s*[\[(].*?[\])]\s*$", "", our.removeprefix(prefix))  # "Temperature (C)" names its unit
        near = meant_parameter(bare, wanted if not prefix else {p.id: p.observation for p in chart.parameters})
        if near and prefix == POINTS_PREFIX:
            continue  # somebody's computed points: data, not readings
        if not near:
            reserved = did_you_mean(our, ["case_id", "patient_id", "observed_at", "recorded_at", *EXPECTED], 0.85)
            near = reserved if reserved and reserved not in ours else None
        if near:
            mend = f"--map {their!r}={prefix}{near}" if not near.startswith("expected") else f"rename it, or --map {their!r}={near}"
            found.append(
                Problem(
                    "column_misspelt",
                    f"column {their}",
                    f"looks like {prefix}{near} and would not be read",
                    f"{mend}; or --ignore {their!r} if it is something else",
                )
            )
    return found
