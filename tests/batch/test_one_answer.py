"""One answer to one row: the same cells through every reader, every format and every kind of frame, held to `score` row by row."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from batch_support import numbers_near

from mews_newtt.chart.catalogue import load_chart
from mews_newtt.chart.model import Chart
from mews_newtt.errors import ColumnError, FileError, MewsNewttError
from mews_newtt.reading.columns import ColumnMap, check_columns, read_map
from mews_newtt.reading.rows import given_of_row
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result_cells import result_cells
from mews_newtt.tables.files import score_file
from mews_newtt.tables.formats import format_of
from mews_newtt.tables.plain import score_csv
from mews_newtt.tables.table import score_frame, score_table
from mews_newtt.tables.write import sink
from mews_newtt.validation import validate, validate_file
from tests.file_forms import forms

CASES = Path(__file__).parents[1] / "vectors" / "cases"
CHARTS = [load_chart("news2"), load_chart("newtt2", "0.1"), load_chart("npews")]
Rows = list[dict[str, str]]
Results = list[dict[str, str]]
Surface = Callable[[Chart, Rows, ColumnMap, Path], Results]


def expected(chart: Chart, rows: Rows, column_map: ColumnMap) -> Results:
    """The reference, row by row."""
    ours = check_columns(list(rows[0]), chart, column_map)
    read = frozenset(chart.by_id)
    found = []
    for row in rows:
        given = given_of_row(dict(zip(ours, row.values(), strict=True)), column_map, read)
        found.append(as_text(result_cells(score(chart, given, raise_refused=False), chart, points=True)))
    return found


def as_text(row: dict[str, Any]) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in row.items()}


def results_of(frame: pl.DataFrame, own: Rows) -> Results:
    return [as_text(row) for row in frame.select(name for name in frame.columns if name not in own[0]).to_dicts()]


def text_of(rows: Rows) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([list(rows[0]), *(row.values() for row in rows)])
    return out.getvalue()


def frame_of(rows: Rows) -> pl.DataFrame:
    """Text as a program holds it: an empty cell is none."""
    return pl.DataFrame([{name: cell or None for name, cell in row.items()} for row in rows], schema=dict.fromkeys(rows[0], pl.String))


def core_csv(chart: Chart, rows: Rows, column_map: ColumnMap, _: Path) -> Results:
    out = io.StringIO()
    score_csv(chart, io.BytesIO(text_of(rows).encode()), out, column_map=column_map, points=True, on_bad_row="report")
    return results_of(pl.read_csv(out.getvalue().encode(), infer_schema=False), rows)


def through(source: str, target: str, blanks: str = "null") -> Surface:
    """A file in, a file out."""

    def run(chart: Chart, rows: Rows, column_map: ColumnMap, folder: Path) -> Results:
        write(rows, folder / source, blanks)
        score_file(chart, folder / source, folder / target, column_map=column_map, points=True, on_bad_row="report")
        return results_of(read(folder / target), rows)

    return run


def write(rows: Rows, path: Path, blanks: str = "null") -> None:
    if ".csv" in path.name and path.suffix == ".csv":
        path.write_text(text_of(rows), encoding="utf-8", newline="")
    elif ".json" in path.name:
        sets = [{name: cell or (None if blanks == "null" else "") for name, cell in row.items() if cell or blanks != "absent"} for row in rows]
        sets[0] = {name: sets[0].get(name) for name in rows[0]}  # the columns in their order
        text = json.dumps(sets, indent=1).encode()
        path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    else:
        sink(frame_of(rows).lazy(), path, format_of(path))


def read(path: Path) -> pl.DataFrame:
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    return pl.read_ndjson(path, infer_schema_length=None) if path.suffix == ".ndjson" else pl.read_csv(path, infer_schema=False)


def as_arrow(table: pa.Table) -> Surface:
    def run(chart: Chart, rows: Rows, column_map: ColumnMap, _: Path) -> Results:
        return results_of(pl.DataFrame(score_table(chart, table(rows), column_map=column_map, points=True)), rows)

    return run


def by_polars(chart: Chart, rows: Rows, column_map: ColumnMap, _: Path) -> Results:
    return results_of(score_frame(chart, frame_of(rows), column_map=column_map, points=True), rows)


def by_pandas(chart: Chart, rows: Rows, column_map: ColumnMap, _: Path) -> Results:
    import pandas

    found = score_frame(chart, frame_of(rows).to_arrow().to_pandas(), column_map=column_map, points=True)
    own = found.drop(columns=list(rows[0])).astype(object)
    return [as_text(row) for row in own.where(~pandas.isna(own), None).to_dict("records")]


def by_duckdb(rows: Rows) -> pa.Table:
    import duckdb

    return pa.table(duckdb.connect().from_arrow(frame_of(rows).to_arrow()))


SURFACES: dict[str, Surface] = {
    "core CSV": core_csv,
    "CSV": through("in.csv", "out.csv"),
    "CSV to Parquet": through("in.csv", "out.parquet"),
    "CSV to NDJSON": through("in.csv", "out.ndjson"),
    "CSV, gzip": through("in.csv.gz", "out.csv"),
    "CSV, zstd": through("in.csv.zst", "out.csv"),
    "Parquet": through("in.parquet", "out.parquet"),
    "Parquet to CSV": through("in.parquet", "out.csv"),
    "NDJSON": through("in.ndjson", "out.csv"),
    "NDJSON, gzip": through("in.ndjson.gz", "out.ndjson"),
    "JSON array, null": through("in.json", "out.csv"),
    "JSON array, absent": through("in.json", "out.csv", "absent"),
    "JSON array, empty text": through("in.json", "out.csv", "empty"),
    "Arrow": as_arrow(lambda rows: frame_of(rows).to_arrow()),
    "Arrow, empty text": as_arrow(lambda rows: pa.Table.from_pylist(rows)),
    "Arrow, dictionaries": as_arrow(lambda rows: pa.table({name: c.combine_chunks().dictionary_encode() for name, c in columns_of(rows).items()})),
    "Polars": by_polars,
    "pandas": by_pandas,
    "DuckDB": as_arrow(by_duckdb),
}


def columns_of(rows: Rows) -> dict[str, pa.ChunkedArray]:
    table = frame_of(rows).to_arrow()
    return {name: table.column(name).cast(pa.string()) for name in table.column_names}


WORDS = ["", "", "  ", "NaN", "null", "NR", "-", "0", "warm", "36,8", " 90 ", "+72", "1e2", "36.800000000000004", "98.6 [degF]", "5000", "x y", "Ⅷ"]


def generated(chart: Chart, rng: Random, rows: int) -> Rows:
    """Cells as people and programs write them, for every row of the chart; beside them a note that no reader may trip over."""
    found: Rows = []
    for number in range(rows):
        row = {"case_id": str(number), "note": rng.choice(["", "a,b", 'say "so"', "two\nlines", "36.8", " "])}
        for parameter in chart.parameters:
            if rng.random() < 0.25:
                cell = rng.choice(WORDS)
            elif parameter.observation.numeric:
                number_near = numbers_near(chart, parameter.id, rng)
                cell = rng.choice([f"{number_near:f}", f"{float(number_near)!r}", f"{number_near:.1f}0"])
            else:
                cell = rng.choice([*parameter.observation.category_by_name, "X1"])
                cell = rng.choice([cell, cell.upper(), f" {cell} "])
            row[parameter.id] = cell
        found.append(row)
    return found


def maps(chart: Chart) -> dict[str, ColumnMap]:
    """No map; one that gives blanks and codes a meaning, marks for missing and a unit."""
    words = {p.id: {"": p.category_ids[0], "X1": p.category_ids[-1], "0": p.category_ids[-1]} for p in chart.parameters if not p.observation.numeric}
    return {"none": ColumnMap(), "full": ColumnMap({}, words, {"temperature": "[degF]"}, frozenset(), frozenset(["NR", "-", "36.8"]))}


def assert_one_answer(chart: Chart, rows: Rows, column_map: ColumnMap, folder: Path) -> None:
    wanted = expected(chart, rows, column_map)
    for name, surface in SURFACES.items():
        for place, (found, want) in enumerate(zip(surface(chart, rows, column_map, folder), wanted, strict=True)):
            assert found == want, f"{name}, row {place}: {rows[place]}"
    assert_validated(chart, rows, wanted, column_map, folder)


def assert_validated(chart: Chart, rows: Rows, wanted: Results, column_map: ColumnMap, folder: Path) -> None:
    """The right answers agree in every form; one wrong total is found, and no more."""
    ours = [column_map.ours(name) for name in rows[0]]
    kept = [name for name, our in zip(rows[0], ours, strict=True) if not our.startswith("expected_")]
    column_map = column_map._replace(columns={their: our for their, our in column_map.columns.items() if not our.startswith("expected_")})
    stated = [{"expected_status": want["score_status"], "expected_total": want["total"], "expected_level": want["level"]} for want in wanted]
    for one, want in zip(stated, wanted, strict=True):
        one |= {f"expected_{name}": value for name, value in want.items() if name.startswith("points_")}
    full = [{**{name: row[name] for name in kept}, **one} for row, one in zip(rows, stated, strict=True)]
    complete = next((place for place, want in enumerate(wanted) if want["total"]), None)
    for kinds in ({}, {"total": 1}):
        if kinds:
            if complete is None:
                return
            full[complete]["expected_total"] = str(int(full[complete]["expected_total"]) + 1)
        found = [validate(chart, table, column_map=column_map) for table in (pa.Table.from_pylist(full), frame_of(full).to_arrow())]
        for name in [f"in{form}" for form in forms(packed=(".gz",))]:
            write(full, folder / name)
            found.append(validate_file(chart, folder / name, column_map=column_map))
        assert [(dict(one.kinds), one.rows, one.compared) for one in found] == [(kinds, len(rows), len(rows))] * len(found)


@pytest.mark.parametrize("kind", ["none", "full"])
@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.id)
def test_generated_tables(chart: Chart, kind: str, tmp_path: Path) -> None:
    assert_one_answer(chart, generated(chart, Random(f"{chart.id} {kind}"), 150), maps(chart)[kind], tmp_path)


FILES = [
    *((path.name, "") for path in sorted(CASES.glob("*.csv"))),
    ("c05_zero_as_missing.csv", "c05_zero_map.toml"),
    ("c06_epr_oxygen_text.csv", "c06_map.toml"),
    ("c06_flow_only.csv", "c06_map.toml"),
    ("c20_eform_blank_means_air.csv", "c20_map.toml"),
]


@pytest.mark.parametrize("chart", CHARTS[:2], ids=lambda chart: chart.id)
@pytest.mark.parametrize(("name", "mapped"), FILES, ids=[" ".join(pair) for pair in FILES])
def test_case_files(name: str, mapped: str, chart: Chart, tmp_path: Path) -> None:
    column_map = read_map([str(CASES / mapped)] if mapped else [])
    data = (CASES / name).read_bytes()
    options: dict[str, Any] = {"column_map": column_map, "on_bad_row": "report"}
    text, packed = io.StringIO(newline=""), io.BytesIO()
    by_core = outcome(lambda: score_csv(chart, io.BytesIO(data), text, **options), lambda: text.getvalue().encode())
    by_batch = outcome(lambda: score_file(chart, io.BytesIO(data), packed, format="csv", **options), packed.getvalue)
    assert by_batch == by_core
    if isinstance(by_core, bytes):
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
        assert_one_answer(chart, rows, column_map, tmp_path)


def outcome(run: Callable[[], Any], written: Callable[[], bytes]) -> bytes | list[tuple[str, str]]:
    try:
        run()
    except MewsNewttError as fault:
        return [(problem.code, problem.what) for problem in fault.problems]
    return written()


def test_one_export_three_times(tmp_path: Path) -> None:
    """Blank means air, and the map says so: the platform's own totals are right in all three files."""
    chart, column_map = CHARTS[0], read_map([str(CASES / "c20_map.toml")])
    totals = []
    for name in ("c20_eform_blank_means_air.csv", "c20_eform.ndjson", "c20_eform_array.json"):
        score_file(chart, CASES / name, tmp_path / "out.parquet", column_map=column_map)
        totals.append(pl.read_parquet(tmp_path / "out.parquet")["total"].to_list())
        assert validate_file(chart, CASES / name, column_map=column_map).verdict == "agrees"
    assert totals == [[2, 5, 3, 7, 3, 4]] * 3


@pytest.mark.parametrize(
    "header", ["heart_rate,heart_rate", "note,heart_rate,note", "heart_rate,points_heart_rate", "heart_rate,level_rank", "heart_rate,total,total"]
)
def test_a_header_that_says_something_twice_is_refused_by_all(header: str, tmp_path: Path) -> None:
    names = header.split(",")
    text = f"{header}\n{','.join('80' for _ in names)}\n"
    (tmp_path / "in.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ColumnError) as by_core:
        score_csv(CHARTS[0], io.BytesIO(text.encode()), io.StringIO(), points=True)
    with pytest.raises(ColumnError) as by_batch:
        score_file(CHARTS[0], tmp_path / "in.csv", tmp_path / "out.parquet", points=True)
    with pytest.raises(ColumnError) as by_table:
        score_table(CHARTS[0], pa.table([pa.array(["80"]) for _ in names], names=names), points=True)
    assert by_core.value.problems == by_batch.value.problems == by_table.value.problems
    assert not (tmp_path / "out.parquet").exists()


def test_a_name_twice_in_json_is_refused_wherever_it_is(tmp_path: Path) -> None:
    lines = [
        '{"heart_rate":80}',
        '{"case_id":"a \\"heart_rate\\":1,","x":{"heart_rate":1},"heart_rate":81}',
        '{"heart_rate":80,"case_id":"b","heart_rate":131}',
    ]
    for line in (lines[2], '{"heart_rate":80,"heart\\u005frate":131}'):
        for name, text, where in (
            ("in.ndjson", "\n".join([*lines[:2], "", line]), "line 4"),
            ("in.json", f"[{', '.join([*lines[:2], line])}]", "set 3"),
        ):
            (tmp_path / name).write_text(text, encoding="utf-8")
            with pytest.raises(FileError, match=rf"{name}, {where}, column heart_rate: is given twice"):
                score_file(CHARTS[0], tmp_path / name, tmp_path / "out.csv", on_bad_row="report")
    (tmp_path / "in.ndjson").write_text("\n".join(lines[:2]), encoding="utf-8")
    assert score_file(CHARTS[0], tmp_path / "in.ndjson", tmp_path / "out.parquet").rows == 2
