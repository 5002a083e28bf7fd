"""Made-up sets, written in the shapes of other people's files and read back by a plan: the same sets, with the same scores."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import random
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mews_newtt import load_chart, score
from mews_newtt.reading.values import Reading, read

pytest.importorskip("polars")
pytest.importorskip("openpyxl")
import polars as pl

from mews_newtt.cli import main
from tests.origins.support import ods_row, ods_text, spreadsheet, workbook
from tests.plans.support import Scored, scored

CHART = load_chart("mews", "0.1")
NO_CELL = "<table:table-cell/>"
NUMBERS = {"respiratory_rate": (0, 60), "oxygen_saturation": (70, 100), "heart_rate": (20, 200), "systolic_bp": (60, 250), "diastolic_bp": (20, 59)}
THEIRS = {
    "respiratory_rate": "Atmung /min", "oxygen_saturation": "Sättigung", "heart_rate": "Puls", "systolic_bp": "RR syst", "diastolic_bp": "RR diast",
    "temperature": "Temp.", "consciousness": "Bewusstsein", "concern": "Sorge", "patient_id": "Nr.", "observed_at": "Zeit",
}  # fmt: skip
WORDS = {"consciousness": ("wach (A)", "ruft", "Schmerz", "nicht"), "concern": ("keine", "ja")}
MEANINGS = {"consciousness": ("alert", "voice", "pain", "unresponsive"), "concern": ("none", "present")}


class Shape(NamedTuple):
    """How the sets are written."""

    long: bool
    comma: bool
    fahrenheit: bool
    both_temperatures: bool
    one_cell: bool
    patterns: bool
    zone: str
    encoding: str
    delimiter: str
    title_lines: int
    shuffled: bool
    container: str = "csv"
    by_command: bool = False

    @property
    def has_lines(self) -> bool:
        """Whether lines may be above the names of the columns."""
        return self.container in ("csv", "csv.gz", "xlsx", "ods")


SHAPES = st.builds(
    Shape,
    *(st.booleans() for _ in range(6)),
    st.sampled_from(["", "Europe/Berlin", "America/New_York"]),
    st.sampled_from(["utf-8", "utf-16", "cp1252"]),
    st.sampled_from([";", "\t", "|"]),
    st.integers(0, 3),
    st.booleans(),
    st.sampled_from(["csv", "csv.gz", "xlsx", "ods", "parquet", "json", "ndjson"]),
    st.sampled_from([False, False, False, True]),
)


@st.composite
def sets(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Sets of a few people, each at its own hour: numbers as text, the temperature in degrees Celsius or Fahrenheit, places of words."""
    found = []
    for place in range(draw(st.integers(1, 6))):
        one: dict[str, Any] = {"patient_id": f"made-up-{draw(st.integers(1, 2))}", "observed_at": datetime(2026, 3, 2) + timedelta(hours=place)}
        for name, (low, high) in NUMBERS.items():
            value = draw(st.none() | st.integers(low, high))
            one[name] = None if value is None else str(value)
        tenths = draw(st.none() | st.integers(340, 410))
        one["temperature"] = None if tenths is None else tenths
        for name, words in WORDS.items():
            one[name] = draw(st.none() | st.integers(0, len(words) - 1))
        if any(one[name] is not None for name in (*NUMBERS, *WORDS)):
            found.append(one)
    return found


def temperature(tenths: int | None, shape: Shape) -> str | None:
    """The temperature as it is written, without a unit: in degrees Fahrenheit it has other digits."""
    if tenths is None:
        return None
    return f"{tenths / 10:.1f}" if not shape.fahrenheit else f"{tenths / 10 * 1.8 + 32:.1f}"


def expected(one: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """The set as `score` takes it."""
    warm = temperature(one["temperature"], shape)
    given = {name: one[name] for name in NUMBERS} | {"temperature": warm and (f"{warm} [degF]" if shape.fahrenheit else warm)}
    given |= {name: None if one[name] is None else MEANINGS[name][one[name]] for name in WORDS}
    return {name: value for name, value in given.items() if value is not None}


def cells_of(one: dict[str, Any], shape: Shape) -> dict[str, str]:
    """The cells of a set under their names."""
    warm = temperature(one["temperature"], shape)
    cells = {name: one[name] for name in NUMBERS} | {name: None if one[name] is None else WORDS[name][one[name]] for name in WORDS}
    found = {THEIRS[name]: text for name, text in cells.items()}
    if shape.one_cell:
        pressures = (found.pop(THEIRS["systolic_bp"]), found.pop(THEIRS["diastolic_bp"]))
        found["RR"] = f"{pressures[0] or '-'}/{pressures[1] or '-'}" if any(pressures) else None
    if warm is not None:
        found["Temp F" if shape.fahrenheit and shape.both_temperatures else THEIRS["temperature"]] = warm
    comma = {name: text.replace(".", ",") if text and shape.comma and name != "RR" else text for name, text in found.items()}
    return {name: text for name, text in comma.items() if text is not None}


def written(every: list[dict[str, Any]], shape: Shape) -> bytes:
    """The file."""
    rows: list[list[str]] = []
    names = [name for name in (*THEIRS.values(), "RR", "Temp F") if name not in (THEIRS["patient_id"], THEIRS["observed_at"])]
    head = [THEIRS["patient_id"], THEIRS["observed_at"]]
    for one in every:
        moment = one["observed_at"].replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(shape.zone or "UTC"))
        start, cells = [one["patient_id"], f"{moment:%d.%m.%Y %H:%M}"], cells_of(one, shape)
        if shape.long:
            rows += [[*start, name, text] for name, text in cells.items()]
        else:
            rows.append([*start, *(cells.get(name, "") for name in names)])
    if shape.shuffled:
        random.Random(len(rows)).shuffle(rows)
    return packed([*head, "Code", "Wert"] if shape.long else [*head, *names], rows, shape)


def packed(names: list[str], rows: list[list[str]], shape: Shape) -> bytes:
    """A table of text in the container of the shape."""
    titled = [*[["Ein Titel"]] * shape.title_lines, names, *rows]
    if shape.container == "xlsx":
        return workbook([[cell or None for cell in row] for row in titled])
    if shape.container == "ods":
        return spreadsheet(f'<table:table table:name="Blatt">{"".join(ods_row(*(ods_text(cell) if cell else NO_CELL for cell in row)) for row in titled)}</table:table>')
    objects = [{name: cell or None for name, cell in zip(names, row, strict=True)} for row in rows]
    if shape.container == "parquet":
        out = io.BytesIO()
        pl.DataFrame(objects, schema=dict.fromkeys(names, pl.String)).write_parquet(out)
        return out.getvalue()
    if shape.container == "json":
        return json.dumps(objects, ensure_ascii=False).encode()
    if shape.container == "ndjson":
        return "".join(json.dumps(one) + "\n" for one in objects).encode()
    text = io.StringIO()
    text.write("Ein Titel\n" * shape.title_lines)
    writer = csv.writer(text, delimiter=shape.delimiter, lineterminator="\n")
    writer.writerows([names, *rows])
    body = text.getvalue().encode(shape.encoding)
    return gzip.compress(body) if shape.container == "csv.gz" else body


def plan_of(shape: Shape) -> str:
    """The plan that a person would write for the file."""
    kind, where = ("code", "[codes]") if shape.long else ("column", "[columns]")
    lines = ["unused_patterns = true\n[source]"]
    if shape.container.startswith("csv"):
        lines.append(f"encoding = {shape.encoding!r}\ndelimiter = {shape.delimiter!r}".replace("'\\t'", '"\\t"'))
    if shape.has_lines:
        lines.append(f"header_line = {shape.title_lines + 1}")
    lines.append('[columns]\n"Nr." = "patient_id"\nZeit = "observed_at"')
    if shape.long:
        lines.append('[long]\ncode = "Code"\nvalue = "Wert"\n[codes]')
    left = {"patient_id", "observed_at"} | ({"systolic_bp", "diastolic_bp"} if shape.one_cell else set()) | ({"temperature"} if shape.both_temperatures else set())
    lines += [f'"{theirs}" = "{ours}"' for ours, theirs in THEIRS.items() if ours not in left]
    assert where in "\n".join(lines)
    if not shape.both_temperatures and shape.fahrenheit:
        lines.append('[units]\ntemperature = "[degF]"')
    if shape.both_temperatures:
        lines.append(f'[readings.temperature]\nfrom = [{{ {kind} = "Temp." }}, {{ {kind} = "Temp F", unit = "[degF]" }}]\nchoose = "equal"')
    if shape.one_cell:
        lines.append(f"[[cells]]\n{kind} = \"RR\"\npattern = '(?:(?P<systolic_bp>[0-9]+)|-)/(?:(?P<diastolic_bp>[0-9]+)|-)'")
    if shape.comma:
        lines.append('[numbers]\ndecimal = ","')
    for name, words in WORDS.items():
        table = "patterns" if shape.patterns else "values"
        lines.append(f"[{table}.{name}]")
        keys = [word.replace("(", r"\(").replace(")", r"\)") if shape.patterns else word for word in words]
        lines += [f"'{key}' = \"{meaning}\"" for key, meaning in zip(keys, MEANINGS[name], strict=True)]
    lines.append('[times]\nformat = "%d.%m.%Y %H:%M"' + (f'\nzone = "{shape.zone}"' if shape.zone else "") + "\n[sets]\n")
    return "\n".join(lines)


def values(given: dict[str, Any]) -> dict[str, Any]:
    found = {name: read(CHART.observations[name], text) for name, text in given.items()}
    assert all(isinstance(reading, Reading) for reading in found.values()), found
    return {name: reading.value for name, reading in found.items() if isinstance(reading, Reading)}


def read_back(folder: Path, source: bytes, plan: str, shape: Shape) -> Scored:
    """The scored rows, by the library or by the command."""
    name = f"source.{shape.container}"
    if not shape.by_command:
        return scored(folder, "mews@0.1", source, plan, name)
    (folder / name).write_bytes(source)
    (folder / "plan.toml").write_text(plan, encoding="utf-8")
    out = folder / "out.parquet"
    with contextlib.redirect_stderr(io.StringIO()) as said:
        code = main(["score", "mews@0.1", str(folder / name), "--plan", str(folder / "plan.toml"), "-o", str(out)])
    assert code == 0, said.getvalue()
    return Scored(pl.read_parquet(out).to_dicts(), None)  # type: ignore[arg-type]  # the command keeps its summary


@settings(max_examples=60, deadline=None)
@given(sets(), SHAPES)
def test_a_table_in_any_shape_gives_the_same_sets_and_scores(every: list[dict[str, Any]], shape: Shape) -> None:
    if not every:
        return
    with tempfile.TemporaryDirectory() as folder:
        found = read_back(Path(folder), written(every, shape), plan_of(shape), shape)
    rows = {(row["patient_id"], datetime.fromisoformat(row["observed_at"]).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)): row for row in found.rows}
    assert len(found.rows) == len(every)
    for one in every:
        moment = one["observed_at"] if shape.zone else one["observed_at"].astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
        row, wanted = rows[one["patient_id"], moment], expected(one, shape)
        given_back = {name: row[name] for name in (*NUMBERS, *WORDS, "temperature") if row.get(name) is not None}
        assert values(given_back) == values(wanted)
        right = score(CHART, wanted)
        assert (row["score_status"], row["total"], row["total_min"], row["total_max"], row["level"], row["level_max"]) == (
            right.status, right.total, right.total_min, right.total_max, right.level, right.level_max,
        )  # fmt: skip
    assert found.summary is None or (found.report["refused"] == [] and found.report["not_read"]["codes"] == [])


def test_the_property_can_fail() -> None:
    """A plan that says less than the file needs gives other sets."""
    shape = Shape(False, True, False, False, False, False, "", "utf-8", ";", 0, False)
    one = {"patient_id": "made-up-1", "observed_at": datetime(2026, 3, 2), "temperature": 369, "consciousness": 0, "concern": 0}
    one |= dict.fromkeys(NUMBERS, "60")
    with tempfile.TemporaryDirectory() as folder:
        found = scored(Path(folder), "mews@0.1", written([one], shape), plan_of(shape._replace(comma=False)))
    assert found.rows[0]["score_status"] == "refused" and "'36,9'" in found.rows[0]["error"]
