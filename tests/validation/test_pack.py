"""Test packs: every mutant that can show is shown, what is called equivalent is, and the files say what they are."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest

from mews_newtt.chart.catalogue import charts, load_chart
from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.errors import ColumnError, FileError
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import Score
from mews_newtt.validation.coverage import coverage
from mews_newtt.validation.diagnose import diagnose
from mews_newtt.validation.packs import NAMES, Pack, make_pack, pack_faults, write_pack
from mews_newtt.validation.packs.pack import is_typed
from tests.batch.batch_support import random_columns
from tests.cli.command import run
from tests.strategies import made_chart
from tests.validation.made_packs import pack_of, share_packs_of_coverage
from tests.validation.test_validate_cli import here

SHIPPED = [f"{chart.id}@{chart.version}" for chart in charts()]


def shows(found: Score) -> tuple[bool, int | None, str | None]:
    """What a platform shows of a result."""
    return found.status == "refused", found.total, found.level


def finer(chart: Chart, given: dict[str, str]) -> bool:
    """Whether a reading of a set cannot be recorded."""
    steps = {p.id: p.observation.step for p in chart.parameters if p.observation.numeric}
    return any(Decimal(text) % steps[name] != 0 for name, text in given.items() if name in steps)


def assert_kills(chart: Chart, pack: Pack, sample: Random, amount: int) -> None:
    """Of the mutants that are charts, scored by the reference: those not called equivalent answer some case otherwise."""
    equivalent = {entry["id"] for entry in pack.equivalent} | {entry["id"] for entry in pack.alive}
    faults = [f for f in pack_faults(chart, None) if f.change is None and f.answers is None and f.kind != "other_chart" and f.id not in equivalent]
    for fault in sample.sample(faults, min(amount, len(faults))):
        assert any(
            shows(score(chart, dict(case.given), raise_refused=False)) != shows(score(fault.chart, dict(case.given), raise_refused=False))
            for case in pack.cases
        ), fault.words


@pytest.mark.parametrize("name", ["mews", "newtt2", "news2"])
def test_every_mutant_is_shown_or_proven_equivalent(name: str) -> None:
    chart, pack = load_chart(name), pack_of(name)
    assert not pack.alive and pack.killed + len(pack.equivalent) == pack.made
    assert len(pack.cases) < 400
    assert_kills(chart, pack, Random(3), 60)


@pytest.mark.deep
@pytest.mark.parametrize("name", SHIPPED)
def test_every_mutant_of_every_chart(name: str) -> None:
    chart, pack = load_chart(name), pack_of(name)
    print(name, pack.says)
    assert not pack.alive, pack.alive
    assert_kills(chart, pack, Random(4), 10_000)
    nothing_is_diagnosed_in(pack)


def mutants_called_equivalent_are(chart: Chart, pack: Pack, rng: Random, rows: int, most: int = 40) -> None:
    """Random sets never tell what was proven equivalent from the chart."""
    faults = {fault.id: fault for fault in pack_faults(chart, ()) if fault.change is None}
    proven = [faults[entry["id"]] for entry in pack.equivalent if entry["id"] in faults]
    _, cells = random_columns(chart, rows, rng)
    right = [shows(score(chart, row, raise_refused=False)) for row in cells]
    for fault in rng.sample(proven, min(most, len(proven))):
        assert [shows(score(fault.chart, row, raise_refused=False)) for row in cells] == right, fault.words


@pytest.mark.parametrize("name", ["meows", "newtt2"])
def test_what_is_called_equivalent_is(name: str) -> None:
    mutants_called_equivalent_are(load_chart(name), pack_of(name), Random(1), 150)


@pytest.mark.parametrize("seed", [0, 4])
def test_made_charts(seed: int) -> None:
    chart = made_chart(Random(seed))
    pack = make_pack(chart, others=())
    mutants_called_equivalent_are(chart, pack, Random(seed), 60, 15)
    assert_kills(chart, pack, Random(seed), 25)


def narrowed(chart: Chart) -> list[Parameter]:
    """Rows that do not read every word their observation has."""
    return [p for p in chart.parameters if p.role != "recorded" and set(p.category_ids) != set(p.observation.category_ids)]


def flat(chart: Chart, parameter: Parameter) -> Chart:
    """The chart with a row that may be left out and gives nothing, whatever is read."""
    points = 0 if chart.has_points and parameter.role == "scored" else None
    tables = tuple(
        replace(table, bands=tuple(replace(band, points=points, zone=None, level=None) for band in table.bands)) for table in parameter.tables
    )
    changed = replace(parameter, tables=tables, required=False, skips=())
    return replace(chart, parameters=tuple(changed if p.id == parameter.id else p for p in chart.parameters))


NARROWED = list(islice((seed for seed in range(200) if narrowed(made_chart(Random(seed)))), 2))


@pytest.mark.parametrize("seed", NARROWED)
def test_words_that_a_row_does_not_know_are_tried(seed: int) -> None:
    """A platform that ignores a row, or reads more words in it, may differ from the chart in those words alone."""
    chart = made_chart(Random(seed))
    pack = make_pack(chart, others=())
    for parameter in narrowed(chart):
        for word in set(parameter.observation.category_ids) - set(parameter.category_ids):
            case = next(case for case in pack.cases if case.given.get(parameter.id) == word)
            assert case.expected["expected_status"] == "refused", case.why
        # the row answers the same whatever is read in it: only the words it does not know can show that it is ignored
        deaf = flat(chart, parameter)
        ignored = next(fault for fault in pack_faults(deaf, ()) if fault.id == f"ignored:{parameter.id}")
        told = make_pack(deaf, others=())
        assert not {ignored.id}.intersection(entry["id"] for entry in (*told.alive, *told.equivalent))
        assert any(
            shows(score(deaf, dict(case.given), raise_refused=False)) != shows(score(ignored.chart, dict(case.given), raise_refused=False))
            for case in told.cases
        )


@pytest.mark.deep
@pytest.mark.parametrize("seed", [5, *range(100, 109)])
def test_many_made_charts(seed: int) -> None:
    chart = made_chart(Random(seed))
    pack = make_pack(chart, others=())
    mutants_called_equivalent_are(chart, pack, Random(seed), 150, 60)
    assert_kills(chart, pack, Random(seed), 200)


def test_a_manual_pack_is_short_and_says_what_it_shows() -> None:
    pack = pack_of("newtt2", manual=True)
    assert len(pack.cases) <= 40
    assert pack.kill_rate > 0.9 and f"kill rate {pack.kill_rate:.1%}" in pack.says
    assert not any(finer(pack.chart, case.given) for case in pack.cases)
    counted = [int(sentence.split()[0]) for sentence in pack.not_tested if sentence[0].isdigit()]  # finer than recorded, and no room
    assert sum(counted) == len(pack.alive) and "finer than recorded" in " ".join(pack.not_tested)


def test_the_same_seed_gives_the_same_pack() -> None:
    assert make_pack(load_chart("newtt2")).to_dict() == pack_of("newtt2").to_dict()


def test_a_pack_holds_the_extremes() -> None:
    chart = load_chart("mewc")
    given = [case.given for case in pack_of("mewc").cases]
    for parameter in chart.parameters:
        limits = parameter.observation.implausible
        for limit in (limits.low, limits.high) if parameter.observation.numeric and parameter.role == "scored" else ():
            assert limit is None or any(Decimal(one[parameter.id]) == limit for one in given if parameter.id in one), parameter.id


@pytest.mark.deep
def test_every_device_is_tried_beside_a_concentration_and_beside_a_flow() -> None:
    chart = load_chart("npews")
    given = [case.given for case in pack_of("npews").cases]
    for device in chart.by_id["oxygen_device"].category_ids:
        for amount in ("oxygen_percent", "oxygen_flow"):
            assert any(one.get("oxygen_device") == device and amount in one for one in given), (device, amount)


def test_the_series_is_of_one_person_in_order_of_time() -> None:
    pack = pack_of("newtt2")
    assert pack.cases[-len(pack.series) :] == pack.series and len({case.person for case in pack.series}) == 1
    assert [case.taken_at for case in pack.series] == sorted(case.taken_at for case in pack.series)
    assert all(counts["killed"] == counts["made"] > 0 for counts in pack.memory.values()), pack.memory
    manual = pack_of("newtt2", manual=True)
    assert not manual.series and any("faults of memory" in sentence for sentence in manual.not_tested)


def test_coverage_suggests_readings_that_can_be_recorded_first(monkeypatch: pytest.MonkeyPatch) -> None:
    share_packs_of_coverage(monkeypatch)
    chart = load_chart("mewc")
    found = coverage(chart, pa.table({"heart_rate": ["84"]}))
    for case in found.to_add:
        assert finer(chart, case.given) == case.why.endswith("no case with recordable readings shows this")
    assert not finer(chart, found.to_add[0].given)


def test_coverage_refuses_a_list_by_the_name_of_its_column() -> None:
    with pytest.raises(ColumnError, match="column skip_heart_rate: holds"):
        coverage(load_chart("mewc"), pa.table({"heart_rate": ["84"], "skip_heart_rate": [["x"]]}))


def test_a_pack_holds_what_a_clinician_expects() -> None:
    by_why = {case.why: case for case in pack_of("newtt2").cases}
    first = by_why["heart rate 161 /min: first that gives 1 point and yellow"]
    assert first.given["heart_rate"] == "161" and first.expected["expected_total"] == "1" and first.expected["expected_points_heart_rate"] == "1"
    assert by_why["heart rate 160 /min: last that gives 0 points and white"].expected["expected_total"] == "0"
    assert by_why["parental concern high: gives 2 points and pink"].expected["expected_level"] == "pink"
    partial = by_why["heart rate is missing: no plain total"]
    assert (partial.expected["expected_status"], partial.expected["expected_total"]) == ("partial", "")
    refused = by_why["temperature 45.1 is impossible: nothing is scored"]
    assert refused.expected["expected_status"] == "refused" and refused.expected["expected_level"] == ""


def test_the_files(tmp_path: Path) -> None:
    pack = pack_of("newtt2")
    paths = write_pack(pack, tmp_path / "pack")
    assert [path.name for path in paths] == [*NAMES]
    rows = list(csv.DictReader((tmp_path / "pack" / "cases.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["case_id"] for row in rows] == [case.id for case in pack.cases]
    assert all(row["why"] for row in rows)
    lines = [json.loads(line) for line in (tmp_path / "pack" / "cases.ndjson").read_text(encoding="utf-8").splitlines()]
    assert [line["given"] for line in lines] == [case.given for case in pack.cases]
    told = json.loads((tmp_path / "pack" / "pack.json").read_text(encoding="utf-8"))
    assert told["chart"]["sha256"] == pack.chart.sha256 and told["mutants"]["alive"] == 0
    page = (tmp_path / "pack" / "sheet.html").read_text(encoding="utf-8")
    assert "http" not in page and page.count("<tr>") == len(pack.cases) + 2, "one heading for each of the two sheets"
    typed, finer = page.split('id="finer"')
    for case in pack.cases:
        sheet = typed if case.person or is_typed(pack.chart, case.given) else finer
        assert f'<th scope="row">{case.id}</th>' in sheet
    write_pack(pack, tmp_path / "pack")  # an earlier pack is replaced
    assert not [path for path in tmp_path.iterdir() if path.name != "pack"]


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FileError, match="not part of a pack"):
        write_pack(pack_of("mewc"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_text_of_a_chart_is_escaped_on_the_sheet(tmp_path: Path) -> None:
    chart = replace(load_chart("mewc"), title="<script>alert(1)</script>")
    write_pack(replace(pack_of("mewc"), chart=chart), tmp_path / "pack")
    assert "<script>" not in (tmp_path / "pack" / "sheet.html").read_text(encoding="utf-8")


def nothing_is_diagnosed_in(pack: Pack) -> None:
    names = list(dict.fromkeys(name for case in pack.cases for name in (*case.given, *case.expected)))
    table = pa.table({name: [{**case.given, **case.expected}.get(name) for case in pack.cases] for name in names})
    assert diagnose(pack.chart, table).disagreements == 0


@pytest.mark.parametrize("name", ["mews", "newtt2", "news2", "mewc"])  # the deep test of every chart does the same
def test_a_pack_answered_rightly_has_nothing_to_diagnose(name: str) -> None:
    nothing_is_diagnosed_in(pack_of(name))


def test_coverage_of_a_pack_is_whole_and_of_one_row_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    share_packs_of_coverage(monkeypatch)
    chart, pack = load_chart("mewc"), pack_of("mewc")
    names = list(dict.fromkeys(name for case in pack.cases for name in case.given))
    whole = coverage(chart, pa.table({name: [case.given.get(name) for case in pack.cases] for name in names}))
    assert not whole.untested and not whole.alive and not whole.to_add
    one = coverage(chart, pa.table({name: [pack.cases[0].given.get(name)] for name in names}))
    assert one.alive and one.to_add
    assert any("first above" in item.says for item in one.untested)


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    share_packs_of_coverage(monkeypatch)
    made = run("pack", "mewc", "-o", str(tmp_path / "pack"), "--manual")
    assert made.code == 0 and "kill rate" in made.err and not made.out
    told = here("coverage", "mewc", str(tmp_path / "pack" / "cases.csv"), "--json")
    assert told.code in (0, 1) and json.loads(told.out)["rows"] <= 40
    assert here("coverage", "mewc", str(tmp_path / "none.csv")).code == 2
    assert here("pack", "mewc", "-o", str(tmp_path / "no" / "pack")).code == 2
    (tmp_path / "few.csv").write_text("heart_rate,respiratory_rate\n80,16\n", encoding="utf-8")
    few = here("coverage", "mewc", str(tmp_path / "few.csv"))
    assert few.code == 1 and "untested" in few.out and "cases to add" in few.out
