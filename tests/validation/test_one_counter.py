"""What a file exercises is counted once: `validate` and `coverage` give the same numbers, and a plain count by the reference gives them too."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from mews_newtt import Chart, charts, load_chart, score
from mews_newtt.cli import main
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.reading.rows import given_of_row
from mews_newtt.validation import compare
from mews_newtt.validation.cases import settings
from mews_newtt.validation.compare import validate
from mews_newtt.validation.coverage import coverage
from mews_newtt.validation.exercised import Exercised
from tests.batch.batch_support import random_columns
from tests.validation.platforms import NORMAL

SHIPPED = [f"{chart.id}@{chart.version}" for chart in charts()]


def exercised_by(chart: Chart, rows: pa.Table) -> Exercised:
    found = validate(chart, rows.append_column("expected_status", pa.array(["complete"] * rows.num_rows)), blanks_disagree=True)
    assert found.compared == rows.num_rows
    return found.exercised


def table_of(*sets: dict[str, Any]) -> pa.Table:
    return pa.table({name: [str(given[name]) if name in given else None for given in sets] for name in dict.fromkeys(n for s in sets for n in s)})


@pytest.mark.parametrize("name", SHIPPED)
def test_a_plain_count_by_the_reference_gives_the_same(name: str) -> None:
    chart = load_chart(name)
    rows, cells = random_columns(chart, 300, Random(8))
    known = frozenset(chart.by_id)
    results = [score(chart, given_of_row(row, ColumnMap(), known), raise_refused=False) for row in cells]
    found = exercised_by(chart, rows)
    complete = [one for one in results if one.status == "complete"]
    assert {level: tried.rows for level, tried in found.levels.items()} == {
        level.id: sum(one.level == level.id for one in complete) for level in chart.levels
    }
    assert {total: tried.rows for total, tried in found.totals.items()} == {total: sum(one.total == total for one in complete) for total in found.totals}
    refused = sum(one.status == "refused" for one in results)
    scope = [tried.rows for tried in found.scope.values()]
    assert found.refused.rows + max([0, *scope]) <= refused <= found.refused.rows + sum(scope)


def test_the_ways_the_contexts_stand_are_told_apart_by_what_they_count_for() -> None:
    """On NEWS2 scale 1 with air and with oxygen use one table, and are two things to try."""
    chart = load_chart("news2")
    sets = [NORMAL, {**NORMAL, "spo2_scale": "2"}, {**NORMAL, "spo2_scale": "1"}]
    found = exercised_by(chart, table_of(*sets))
    assert {setting.says: tried.rows for setting, tried in found.settings} == {
        "spo2 scale 1, air or oxygen air": 2,
        "spo2 scale 1, air or oxygen oxygen": 0,
        "spo2 scale 2, air or oxygen air": 1,
        "spo2 scale 2, air or oxygen oxygen": 0,
    }
    assert len(found.settings) == len(settings(chart))


def test_refusals_are_told_apart_by_what_refuses() -> None:
    chart = load_chart("news2")
    found = exercised_by(chart, table_of({**NORMAL, "age_years": "8"}, {**NORMAL, "temperature": "99"}, {**NORMAL, "age_years": "40"}))
    assert found.refused.rows == 1
    assert [tried.rows for place, tried in found.scope.items() if any(name == "age_years" for name, _ in chart.scope[place].when)] == [1]


def test_a_partial_set_tries_no_level() -> None:
    found = exercised_by(load_chart("news2"), table_of({"respiratory_rate": 30, "heart_rate": 140}))
    assert not any(tried.rows for tried in found.levels.values()) and not any(tried.rows for tried in found.totals.values())


@pytest.mark.parametrize("name", ["news2", "npews"])
def test_validate_and_coverage_give_one_answer(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chart = load_chart(name)
    rows, _ = random_columns(chart, 120, Random(5))
    by_validate = exercised_by(chart, rows)
    module = import_module("mews_newtt.validation.coverage")  # the package has a function of this name
    monkeypatch.setattr(module, "killers_of", lambda *_: [0])  # every fault is shown: what is compared here is the counting
    by_coverage = coverage(chart, rows)
    assert [(item.kind, item.says, item.rows) for item in by_coverage.items] == [(item.kind, item.says, item.rows) for item in by_validate.items()]


def test_chunks_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    chart = load_chart("npews")
    rows, _ = random_columns(chart, 90, Random(3))
    whole = exercised_by(chart, rows)
    monkeypatch.setattr(compare, "ROWS", 7)
    assert [item.rows for item in exercised_by(chart, rows).items()] == [item.rows for item in whole.items()]


def test_the_commands_give_one_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "few.csv"
    path.write_text("heart_rate,respiratory_rate,expected_total\n80,16,0\n111,25,5\n", encoding="utf-8")
    main(["coverage", "mewt", str(path), "--json"])
    by_coverage = json.loads(capsys.readouterr().out)
    main(["validate", "mewt", str(path), "--json", "--no-diagnosis"])
    by_validate = json.loads(capsys.readouterr().out)["exercised"]
    assert [(one["says"], one["rows"]) for one in by_coverage["items"]] == [(one["says"], one["rows"]) for one in by_validate["items"]]
