"""Columns of somebody else's file: what they hold, what they most likely mean, and the map that says so."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from mews_newtt.chart.model import Chart, Observation, number
from mews_newtt.errors import FileError, Problem, did_you_mean
from mews_newtt.reading.column_names import meaning_of
from mews_newtt.reading.columns import EXPECTED, EXPECTED_POINTS_PREFIX, ColumnMap, is_reserved
from mews_newtt.reading.values import LABELS, SKIP_PREFIX
from mews_newtt.tables.csv_rows import read_header, text_lines, text_rows

START_BYTES = 4 << 20  # bytes that are read for a first look
LOOKED_AT = 1000  # rows that are looked at for values
SHOWN = 4  # values shown of each column
MOST_WORDS = 20  # words of one column that are asked for
LEAVE = "-"
# Names that people give to somebody's own result; a suggestion only, always shown before it is used.
TOTALS = ("total", "score", "total_score", "ews", "ews_total", "aggregate", "aggregate_score", "expected_score")
LEVELS = ("level", "escalation", "escalation_level", "risk", "clinical_risk", "response", "zone")


class Column(NamedTuple):
    """One column as it came: its name and the different values of the rows looked at."""

    name: str
    values: tuple[str, ...]

    @property
    def sample(self) -> str:
        return ", ".join(value for value in self.values[:SHOWN] if value) or "no data"


class Looked(NamedTuple):
    """What a first look at a file shows; `rows` is how many it will about have."""

    columns: list[Column]
    rows: int | None


def look_at(path: Path, name: str, kind: str) -> Looked:
    """Columns and values of the first rows. Raises FileError where it cannot be read."""
    if kind == "parquet":
        return _look_at_parquet(path, name)
    try:
        with _opened(path) as stream:
            start = stream.read(START_BYTES)
            cut = bool(stream.read(1))
    except (OSError, EOFError) as fault:
        raise _unreadable(name, fault) from None
    rows, names, used = _rows_of_json(start, cut, name) if kind == "ndjson" else _rows_of_csv(start, cut, name)
    cells: dict[str, dict[str, None]] = {each: {} for each in names}
    for row in rows:
        for each, cell in row.items():
            cells.setdefault(each, {}).setdefault(cell[:200])
    packed = path.suffix in (".gz", ".zst")
    about = None if packed or not rows else len(rows) if len(rows) < LOOKED_AT and not cut else _about(path.stat().st_size * len(rows) / used)
    return Looked([Column(each, tuple(values)) for each, values in cells.items()], about)


def _about(amount: float) -> int:
    """An estimate with the two digits that it is good for."""
    return int(round(amount, 2 - len(str(int(amount)))))


def _opened(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return cast(BinaryIO, gzip.open(path, "rb"))
    if path.suffix == ".zst":
        import pyarrow as pa

        return cast(BinaryIO, pa.input_stream(str(path), compression="zstd"))
    return path.open("rb")


def _lines(start: bytes, cut: bool, name: str) -> Iterator[str]:
    """The whole lines at the start of a file."""
    if cut:
        start = start[: start.rfind(b"\n") + 1]
    return text_lines(io.BytesIO(start), name)


def _rows_of_csv(start: bytes, cut: bool, name: str) -> tuple[list[dict[str, str]], list[str], int]:
    used = 0

    def counted(lines: Iterator[str]) -> Iterator[str]:
        nonlocal used
        for line in lines:
            used += len(line.encode("utf-8", "replace"))
            yield line

    lines = _lines(start, cut, name)
    header = read_header(lines, name)
    rows: list[dict[str, str]] = []
    try:
        for _, cells in islice(text_rows(counted(lines), header, name), LOOKED_AT):
            rows.append(dict(zip(header.names, cells, strict=True)))
    except FileError:
        if not (cut and rows):  # a cell in quotes may go on beyond what was read
            raise
    return rows, header.names, max(used, 1)


def _rows_of_json(start: bytes, cut: bool, name: str) -> tuple[list[dict[str, str]], list[str], int]:
    rows: list[dict[str, str]] = []
    used = 1
    for place, line in enumerate(islice(_lines(start, cut, name), LOOKED_AT), start=1):
        used += len(line.encode("utf-8", "replace"))
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            raise FileError(Problem("not_json", f"{name}, line {place}", "is not JSON", "write one JSON object a line")) from None
        if not isinstance(found, dict):
            raise FileError(Problem("not_an_object", f"{name}, line {place}", "is not a JSON object", "write one object a line"))
        rows.append({str(key): "" if value is None else str(value) for key, value in found.items()})
    return rows, list(dict.fromkeys(key for row in rows for key in row)), used


def _look_at_parquet(path: Path, name: str) -> Looked:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        first = next(file.iter_batches(LOOKED_AT), None)
        names = file.schema_arrow.names
        values = {each: dict.fromkeys("" if v is None else str(v)[:200] for v in first.column(each).to_pylist()) if first else {} for each in names}
        return Looked([Column(each, tuple(values[each])) for each in names], file.metadata.num_rows)
    except (pa.ArrowException, OSError, ValueError) as fault:
        raise _unreadable(name, fault) from None


def _unreadable(name: str, fault: Exception) -> FileError:
    return FileError(Problem("not_readable", name, f"cannot be read ({type(fault).__name__})", "save it again, as CSV in UTF-8 if in doubt"))


class Meaning(NamedTuple):
    """What a column is taken for, as the form shows it."""

    column: Column
    ours: str  # a name of ours, or LEAVE
    own_name: bool  # it carries a name of ours and is read in any case
    units: tuple[tuple[str, str], ...]
    unit: str
    unknown: tuple[tuple[str, str], ...]  # values its parameter does not know, and what each is taken for
    answers: tuple[tuple[str, str], ...]


def known_to(chart: Chart) -> dict[str, Observation]:
    return chart.observations


def choices(chart: Chart) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a column may be taken for, in groups: value and words."""
    scored = [p for p in chart.parameters if p.role == "scored"] if chart.has_points else []
    return [
        ("Readings", [(p.id, p.title) for p in chart.parameters]),
        ("Results of the other system", [("expected_total", "Its total"), ("expected_level", "Its level")]),
        ("Points of the other system", [(EXPECTED_POINTS_PREFIX + p.id, f"Its points of {p.title}") for p in scored]),
        ("Reasons for no reading", [(SKIP_PREFIX + p.id, f"Reason of {p.title}") for p in chart.parameters if p.role != "recorded"]),
        ("Labels", [(name, name) for name in LABELS]),
    ]


def suggested(chart: Chart, columns: Sequence[Column]) -> dict[str, str]:
    """Each column's most likely meaning; none is taken twice."""
    known = known_to(chart)
    taken: set[str] = set()
    found: dict[str, str] = {}
    for column in columns:  # what has our names keeps them
        if column.name in chart.by_id or is_reserved(column.name, known):
            found[column.name] = column.name
            taken.add(column.name)
    own = {plain for name in (chart.id, chart.short_title, *chart.aliases) for plain in (_plain(name), _plain(name).rstrip("0123456789"))}
    for column in columns:
        if column.name not in found:
            near = _meant(chart, column.name, own, known, taken)
            found[column.name] = near or LEAVE
            taken |= {near} if near else set()
    return found


def _meant(chart: Chart, name: str, own: set[str], known: Mapping[str, Observation], taken: set[str]) -> str | None:
    bare = _plain(name).partition("(")[0].partition("[")[0].rstrip("_")
    if "expected_total" not in taken and (bare in TOTALS or bare.removesuffix("_score").removesuffix("_total") in own):
        return "expected_total"
    if "expected_level" not in taken and bare in LEVELS:
        return "expected_level"
    if chart.has_points and bare.startswith("points_") and bare.removeprefix("points_") in chart.by_id:
        return EXPECTED_POINTS_PREFIX + bare.removeprefix("points_")
    meaning = meaning_of(name, known)
    rows = [row for row in meaning.parameters if row in chart.by_id and row not in taken] if meaning else []
    if rows:
        return rows[0] if len(rows) == 1 else None  # one column of several rows, as both pressures in one cell, can be read as none of them
    return did_you_mean(bare, [each for each in (*LABELS, *EXPECTED) if each not in taken], 0.85)


class Chosen(NamedTuple):
    """What has been chosen: column to our name, and by our names units and values; words that mean no reading."""

    columns: Mapping[str, str] = {}
    units: Mapping[str, str] = {}
    values: Mapping[str, Mapping[str, str]] = {}
    missing: frozenset[str] = frozenset()

    @property
    def map(self) -> ColumnMap:
        """The choices as the library takes them."""
        return ColumnMap(
            {theirs: ours for theirs, ours in self.columns.items() if ours not in (LEAVE, theirs)},
            {ours: {theirs: answer for theirs, answer in pairs.items() if answer} for ours, pairs in self.values.items() if any(pairs.values())},
            {ours: unit for ours, unit in self.units.items() if unit},
            frozenset(theirs for theirs, ours in self.columns.items() if ours == LEAVE),
            self.missing,
        )


def _plain(name: str) -> str:
    return name.strip().casefold().replace(" ", "_").replace("-", "_")


def meanings(chart: Chart, columns: Sequence[Column], chosen: Chosen) -> list[Meaning]:
    """The columns with everything that has to be said about them, as chosen so far."""
    known = known_to(chart)
    return [_meaning(known, column, chosen.columns.get(column.name, LEAVE), chosen) for column in columns]


def _meaning(known: Mapping[str, Observation], column: Column, ours: str, chosen: Chosen) -> Meaning:
    observation = known.get(ours)
    offered: tuple[tuple[str, str], ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    answers: tuple[tuple[str, str], ...] = ()
    if observation is not None and observation.numeric and observation.other_units:
        own = number("", observation.unit).strip()
        offered = (("", own), *((unit.ucum, number("", unit.ucum).strip()) for unit in observation.other_units))
    if observation is not None and not observation.numeric:
        answers = tuple((category.id, category.title) for category in observation.categories)
        values = dict.fromkeys(value.strip() for value in column.values)
        strange = [value for value in values if value and value not in chosen.missing and value.casefold() not in observation.category_by_name]
        unknown = tuple((value, chosen.values.get(ours, {}).get(value, "")) for value in strange[:MOST_WORDS])
    own_name = column.name in known or is_reserved(column.name, known)
    return Meaning(column, ours, own_name, offered, chosen.units.get(ours, ""), unknown, answers)


def map_text(column_map: ColumnMap) -> str:
    """A map file (docs: `--map map.toml`) that says the same."""
    said = [f"ignore = [{', '.join(map(_quoted, sorted(column_map.ignore)))}]", f"missing = [{', '.join(map(_quoted, sorted(column_map.missing)))}]"]
    tables: list[tuple[str, Mapping[str, Any]]] = [("columns", column_map.columns), ("units", column_map.units)]
    tables += [(f"values.{ours}", pairs) for ours, pairs in column_map.values.items()]
    for name, pairs in tables:
        if pairs:
            said += ["", f"[{name}]", *(f"{_quoted(key)} = {_quoted(value)}" for key, value in pairs.items())]
    return "\n".join(said) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's differ only in what they let stand."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
