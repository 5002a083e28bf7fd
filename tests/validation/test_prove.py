"""`prove`: what it tries, that it finds faults of every kind that it is there to find, and the command."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from math import prod
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from mews_newtt import charts, load_chart, score
from mews_newtt.chart.model import Chart
from mews_newtt.cli import main
from mews_newtt.compiled import classes, compile_chart
from mews_newtt.engines import ENGINES, engine_of
from mews_newtt.errors import FileError
from mews_newtt.reading.column_map import ColumnMap
from mews_newtt.validation import Proof, prove
from mews_newtt.validation.proving import cells, scorers
from mews_newtt.validation.proving import sets as proving_sets
from mews_newtt.validation.proving.cells import UNREADABLE
from mews_newtt.validation.proving.recorded import words
from mews_newtt.validation.proving.scorers import NUMBERS, Encoder, by_engine
from mews_newtt.validation.proving.sets import Sets, chunked
from tests.strategies import made_chart

SMALL = """
[chart]
id = "made-up-proof"
version = "1.0"
title = "DEMO, INVENTED: a chart that only this test scores"
short_title = "Made-up proof"
status = "transcribed"
status_says = "Invented for a test."
licence = "CC0-1.0"
scope = "Nobody. Never for care."
between_bands = "higher"
known_missing = ["everything: it is invented"]

[[sources]]
id = "S"
cite = "Invented by the authors of this test."

[[parameters]]
id = "air_or_oxygen"
role = "recorded"
source = "S"

[[parameters]]
id = "heart_rate"
role = "scored"
source = "S"
[[parameters.tables]]
when = { air_or_oxygen = "air" }
bands = [{ to = 60, points = 1, printed = "≤60" }, { from = 61, to = 90, points = 0, printed = "61-90" }, { from = 91, points = 2, printed = "≥91" }]
[[parameters.tables]]
when = { air_or_oxygen = "oxygen" }
bands = [{ to = 50, points = 2, printed = "≤50" }, { from = 51, to = 90, points = 0, printed = "51-90" }, { from = 91, points = 3, printed = "≥91" }]

[[parameters]]
id = "systolic_bp"
role = "scored"
source = "S"
bands = [{ to = 90, points = 2, printed = "≤90" }, { from = 91, points = 0, printed = "≥91" }]

[[parameters]]
id = "diastolic_bp"
role = "scored"
source = "S"
bands = [{ to = 99, points = 0, printed = "≤99" }, { from = 100, points = 1, printed = "≥100" }]
skips = [{ code = "U1", says = "no cuff", points = 1 }]

[[parameters]]
id = "concern"
role = "trigger"
source = "S"
bands = [{ is = "none" }, { is = "present", level = "look" }]

[[levels]]
id = "rest"
title = "Rest"
source = "S"
total = { from = 0, to = 2 }

[[levels]]
id = "look"
title = "Look"
source = "S"
total = { from = 3 }
"""
Change = Callable[[Any, Any, bool], None]  # table, results, points


@pytest.fixture(scope="module")
def chart_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rules") / "made-up-proof.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.fixture
def small(chart_file: Path, monkeypatch: pytest.MonkeyPatch) -> Chart:
    """The chart with engines of its own, and few values of each parameter."""
    monkeypatch.setattr(cells, "MOST_RECORDABLE", 0)
    chart = load_chart(chart_file)
    monkeypatch.setitem(chart.memo, "engines", {})
    return chart


def quick(chart: Chart, **options: Any) -> Proof:
    return prove(chart, **{"sample": 500, "reference": 50_000, **options})


def parts(proof: Proof) -> dict[str, Any]:
    return {part.name: part for part in proof.parts}


def plant(monkeypatch: pytest.MonkeyPatch, change: Change, engine: str = "numba") -> None:
    """From now on one engine gives changed results."""

    class Changed:
        def __init__(self, right: Any):
            self.right = right

        def score(self, table: Any, column_map: ColumnMap, *, points: bool = False, threads: int = 1) -> Any:
            results = self.right.score(table, column_map, points=points, threads=threads)
            change(table, results, points)
            return results

    monkeypatch.setattr(scorers, "engine_of", lambda chart, name: Changed(engine_of(chart, name)) if name == engine else engine_of(chart, name))


def numbers(table: Any, name: str) -> Any:
    """A column of numbers; of a column of text nothing."""
    column = table.column(name)
    return column.to_numpy() if str(column.type) == "double" else np.full(table.num_rows, np.nan)


def test_a_small_chart_is_proven_whole(small: Chart) -> None:
    proof = quick(small)
    found = parts(proof)
    sets = Sets(small)
    assert proof.differences == 0 and not proof.shown
    assert list(found) == ["values", "pairs", "orders", "classes", "drawn"]
    assert found["classes"].sets == proof.combinations == prod(len(one.scorable) for one in sets.tried)
    assert found["classes"].by_reference == found["classes"].sets and found["classes"].refused == 0
    assert all(part.complete for part in proof.parts), "a well set that is not complete would hide what is compared"
    assert found["values"].refused and found["pairs"].refused
    assert found["drawn"].refused < found["drawn"].complete
    assert all(part.complete + part.partial + part.refused == part.sets for part in proof.parts)


def test_what_is_tried_of_a_parameter(small: Chart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MOST_RECORDABLE", 1200)
    heart_rate = Sets(small).by_id["heart_rate"]
    texts = {cell.text for cell in heart_rate.cells if cell.text}
    assert {"59.5", "59.9989", "59.999", "60", "60.001", "60.0011", "60.5", "61", "90", "91", UNREADABLE} <= texts
    assert {str(number) for number in range(300)} <= texts
    assert len(heart_rate.refused) == 2  # one class below what is possible, and one above
    monkeypatch.setattr(cells, "MOST_RECORDABLE", 0)
    assert "75" in texts - {cell.text for cell in Sets(small).by_id["heart_rate"].cells}
    assert {cell.skip for cell in Sets(small).by_id["diastolic_bp"].cells} >= {None, "U1"}
    assert len(Sets(small).settings) == 4  # air, oxygen, missing, skipped


def test_where_combinations_are_too_many_groups_are_tried_and_where_those_are_pairs_alone(small: Chart) -> None:
    whole = quick(small, reference=500)
    groups = quick(small, most=whole.combinations - 1, reference=500)
    assert parts(groups)["alike"].sets == groups.alike < whole.combinations
    assert groups.says[-1].startswith("not tried: every combination of all classes. There are ")
    neither = quick(small, most=whole.alike - 1, reference=500)
    assert list(parts(neither)) == ["values", "pairs", "orders", "drawn"]
    assert neither.says[-1].startswith(f"not tried: every combination. There are {whole.alike:,} ")
    assert not any("not tried" in line for line in whole.says)


def test_groups_that_count_alike_show_every_result_but_flags(small: Chart) -> None:
    sets = Sets(small)
    encoder = Encoder(small, sets.tried)

    def shown(choices: list[list[int]]) -> set[tuple[Any, ...]]:
        found: set[tuple[Any, ...]] = set()
        for places in sets.product(choices):
            columns = by_engine(small, "numba", encoder.table(places, NUMBERS), True)
            found |= set(zip(*(column.to_pylist() for name, column in columns.items() if name != "flags"), strict=True))
        return found

    assert shown(sets.alike) == shown(sets.scorable)
    assert prod(map(len, sets.alike)) * 5 < prod(map(len, sets.scorable))


def test_sets_come_in_chunks(small: Chart, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {name: np.concatenate(list(getattr(Sets(small), name)()), axis=1) for name in ("values", "pairs")}
    every = np.concatenate(list(Sets(small).product(Sets(small).scorable)), axis=1)
    assert len({tuple(one) for one in every.T.tolist()}) == every.shape[1]
    monkeypatch.setattr(proving_sets, "CHUNK", 1000)
    for name, one in whole.items():
        blocks = list(getattr(Sets(small), name)())
        assert {block.shape[1] for block in blocks[:-1]} <= {1000}
        assert (np.concatenate(blocks, axis=1) == one).all()
    assert (np.concatenate(list(Sets(small).product(Sets(small).scorable)), axis=1) == every).all()
    assert sum(block.shape[1] for block in Sets(small).drawn(2500, 0)) == 2500
    assert list(chunked(iter([]))) == []


@pytest.mark.parametrize("seed", [0, 3])
def test_made_up_charts(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MOST_RECORDABLE", 0)
    assert quick(made_chart(Random(seed)), most=5000, reference=500).differences == 0


# Faults. Each must be found by the part that is there to find it.


@pytest.mark.parametrize("name", ENGINES)
def test_an_edge_that_one_engine_has_in_another_place_is_found(small: Chart, name: str) -> None:
    small.memo["engines"][name] = type(engine_of(small, name))(compile_chart(moved(small)))
    proof = quick(small, sample=0)
    assert parts(proof)["values"].differences > 0
    shown = proof.shown[0]
    assert 89 <= float(shown.given["heart_rate"]) <= 91 and set(shown.answers) >= {"reference", *ENGINES}
    right_points = next(row.points for row in score(small, shown.given).parameters if row.id == "heart_rate")
    assert shown.answers["reference"]["points_heart_rate"] == right_points != shown.answers[name]["points_heart_rate"]


def test_a_fault_that_all_engines_share_is_found_by_the_reference(small: Chart) -> None:
    for engine in ENGINES:
        small.memo["engines"][engine] = type(engine_of(small, engine))(compile_chart(moved(small)))
    assert parts(quick(small, sample=0))["values"].differences > 0
    assert quick(small, sample=0, reference=0).differences == 0, "without the reference nobody could know"


def moved(chart: Chart) -> Chart:
    """The chart with one edge a step lower: a pulse of 90 counts as 91 does, on air."""
    heart_rate = chart.by_id["heart_rate"]
    table = heart_rate.tables[0]
    low, high = table.bands[1], table.bands[2]
    bands = (table.bands[0], replace(low, interval=replace(low.interval, high=low.interval.high - 1)), replace(high, interval=replace(high.interval, low=high.interval.low - 1)))  # type: ignore[union-attr, operator]
    changed = replace(heart_rate, tables=(replace(table, bands=bands), heart_rate.tables[1]))
    return replace(chart, parameters=tuple(changed if one is heart_rate else one for one in chart.parameters))


def test_a_class_that_was_cut_wrong_for_all_engines_is_found(small: Chart, monkeypatch: pytest.MonkeyPatch) -> None:
    right = classes._edges
    monkeypatch.setattr(classes, "_edges", lambda parameter, conditions: [edge for edge in right(parameter, conditions) if edge not in (90, 91)])
    assert parts(quick(small, sample=0))["values"].differences > 0


def test_a_fault_where_three_rows_meet_is_found_by_the_combinations(small: Chart, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(table: Any, results: Any, points: bool) -> None:
        results.level[(numbers(table, "heart_rate") > 90) & (numbers(table, "systolic_bp") <= 90) & (numbers(table, "diastolic_bp") > 99)] = 0

    plant(monkeypatch, change)
    proof = quick(small, sample=0)
    assert [part.name for part in proof.parts if part.differences] == ["classes"]
    assert [part.name for part in quick(small, sample=0, most=proof.combinations - 1).parts if part.differences] == ["alike"]


def test_a_fault_between_two_numbers_is_found_where_one_must_be_above_the_other(small: Chart, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(table: Any, results: Any, points: bool) -> None:
        results.flags[(numbers(table, "systolic_bp") == 97) & (numbers(table, "diastolic_bp") == 97)] = 0

    plant(monkeypatch, change, "expressions")
    monkeypatch.setattr(cells, "MOST_RECORDABLE", 1200)
    proof = quick(small, sample=0, reference=1000)
    assert {part.name: part.differences for part in proof.parts if part.differences} == {"orders": 1}
    assert "not_above" in str(proof.shown[0].answers["numba"]["flags"])


@pytest.mark.parametrize("which", ["points", "text"])
def test_a_fault_of_one_way_to_ask_is_found(small: Chart, monkeypatch: pytest.MonkeyPatch, which: str) -> None:
    """Without points the numba engine runs other code; and columns of text are read by other code."""

    def change(table: Any, results: Any, points: bool) -> None:
        if (which == "points" and not points) or (which == "text" and str(table.column("heart_rate").type) == "string"):
            results.most[:] += 1

    plant(monkeypatch, change)
    found = parts(quick(small, sample=0))
    assert found["values"].differences > 0
    assert (found["pairs"].differences > 0) == (which == "points")


def test_what_proves_nothing_is_refused(small: Chart) -> None:
    with pytest.raises(FileError, match="there is no engine abacus"):
        prove(small, engines=["abacus"])
    with pytest.raises(FileError, match="no engine is named"):
        prove(small, engines=[])
    with pytest.raises(FileError, match="sample: -1 is no number of sets"):
        prove(small, sample=-1)


# The command.

FEW = ["--sample", "100", "--reference", "1000"]


def test_the_command_counts_and_writes(small: Chart, chart_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = tmp_path / "record.json"
    record.write_text('{"proofs": [{"chart": "other@1", "sets": 1}]}', encoding="utf-8")
    assert main(["prove", str(chart_file), *FEW, "--json", str(record)]) == 0
    out = capsys.readouterr().out
    assert "; no set differs" in out 
    kept = {one["chart"]: one for one in json.loads(record.read_text(encoding="utf-8"))["proofs"]}
    assert list(kept) == ["made-up-proof@1.0", "other@1"]
    for line in words(kept["made-up-proof@1.0"]):
        assert f"  - {line}" in out


def test_the_command_prints_what_differs_so_that_it_can_be_pasted(small: Chart, chart_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def change(table: Any, results: Any, points: bool) -> None:
        results.least[results.status == 0] += 1

    plant(monkeypatch, change)
    assert main(["prove", str(chart_file), *FEW, "--engine", "numba"]) == 1
    out = capsys.readouterr().out
    line = next(line for line in out.splitlines() if "mews-newtt score" in line)
    answers = json.loads(out.split("    reference: ")[1].splitlines()[0])
    pasted = shlex.split(line.partition("mews-newtt ")[2])
    assert pasted[:2] == ["score", "made-up-proof@1.0"]
    assert main(["score", str(chart_file), *pasted[2:], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"] == answers["total"]
    assert " more\n" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--json", "nowhere/x.json"], "nowhere: is not a folder"),
        (["--json", "README.md"], "README.md: is no file of proofs"),
        (["--recorded", "--json", "x.json"], "--json: writes what a run counts, and --recorded runs nothing"),
        (["--most", "-1"], "most: -1 is no number of sets"),
    ],
)
def test_the_command_refuses_what_it_cannot_use(chart_file: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", str(chart_file), *arguments]) == 2
    assert says in capsys.readouterr().err


def test_a_chart_without_a_proof_on_record_says_so(chart_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", str(chart_file), "--recorded"]) == 0
    assert "no proof of this chart is on record: run `mews-newtt prove made-up-proof@1.0`" in capsys.readouterr().out


# CI: the smallest chart in full, and a part of every other one.


@pytest.mark.deep
def test_a_shipped_chart_is_proven_whole() -> None:
    proof = prove(load_chart("modified-ews"), sample=10_000)
    assert proof.differences == 0, [shown.obs for shown in proof.shown]
    whole = parts(proof)["classes"]
    assert whole.by_reference == whole.sets == proof.combinations


@pytest.mark.deep
@pytest.mark.parametrize("name", [f"{chart.id}@{chart.version}" for chart in charts()])
def test_a_part_of_every_shipped_chart(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MOST_RECORDABLE", 0)  # only values next to edges
    proof = prove(load_chart(*name.split("@")), most=80_000, sample=10_000, reference=1_000)
    assert proof.differences == 0, [shown.obs for shown in proof.shown]
    assert all(part.complete and part.by_reference for part in proof.parts)
