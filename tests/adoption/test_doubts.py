"""The same omission or slip in both sheets: asked about, and written only where both sheets say that it is printed so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import load_chart
from mews_newtt.adoption.adopt import Adoption, adopt
from mews_newtt.adoption.doubts import asked
from mews_newtt.adoption.layout import Line
from mews_newtt.chart.catalogue import catalogue
from mews_newtt.chart.model import Chart
from tests.adoption.support import lines_of, write

Change = Callable[[list[Line]], list[Line]]


def adopted(tmp_path: Path, change: Change, *answers: str) -> Adoption:
    """MEWS 0.2 as 7.0, with the same change in both sheets."""
    site = tmp_path / "site"
    site.mkdir(exist_ok=True)
    files = []
    for who in (0, 1):
        lines = [["version", "7.0"] if line[:1] == ["version"] else line for line in change(lines_of(load_chart("mews", "0.2"), who))]
        at = next(r for r, line in enumerate(lines) if line[:1] == ["chart id"])
        lines = [*lines[:at], *(["as printed", answer] for answer in answers), *lines[at:]]
        files.append(write(tmp_path / f"{'ab'[who]}.csv", lines))
    return adopt(files, site, catalogue([site]))


def without(name: str, reading: str | None = None) -> Change:
    return lambda lines: [line for line in lines if not (line[:1] == [name] and (reading is None or line[2:3] == [reading]))]


def cells(name: str, column: int, value: str, *readings: str) -> Change:
    """A column of a parameter's band rows (those of some readings, or all)."""

    def changed(lines: list[Line]) -> list[Line]:
        start = next(r for r, line in enumerate(lines) if line[:1] == ["[Bands]"])
        return [
            [*line[:column], value, *line[column + 1 :]]
            if r > start and line[:1] == [name] and len(line) > 5 and (not readings or line[2] in readings)
            else line
            for r, line in enumerate(lines)
        ]

    return changed


def required(names: set[str] | None) -> Change:
    def changed(lines: list[Line]) -> list[Line]:
        rows = range(*(next(r for r, line in enumerate(lines) if line[:1] == [title]) for title in ("[Parameters]", "[Bands]")))
        return [[*line[:2], "no", *line[3:]] if r in rows and line[1:2] in (["scored"], ["trigger"]) and (not names or line[0] in names) else line
                for r, line in enumerate(lines)]  # fmt: skip

    return changed


SLIPS = {
    "a sign left out": (without("diastolic_bp"), "row_left_out diastolic_bp"),
    "no answer of a trigger raises": (cells("consciousness", 5, "-"), "row_gives_nothing consciousness"),
    "alert raises": (cells("consciousness", 5, "escalate", "alert"), "answers_changed consciousness"),
    "a state no longer raises": (cells("consciousness", 5, "-", "unresponsive"), "answers_changed consciousness"),
    "a sign no longer required": (required({"heart_rate"}), "row_not_required heart_rate"),
    "nothing required": (required(None), "nothing_required"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_both_sheets_is_asked_about_and_not_written(slip: str, tmp_path: Path) -> None:
    change, key = SLIPS[slip]
    found = adopted(tmp_path, change)
    assert found.chart is None and not found.differences
    told = [problem for problem in found.problems if problem.mend.endswith(f"as printed | {key}")]
    assert told and not told[0].warning, found.problems


@pytest.mark.parametrize("slip", SLIPS)
def test_what_both_say_is_printed_is_written_and_recorded(slip: str, tmp_path: Path) -> None:
    change, _ = SLIPS[slip]
    answers = [problem.mend.rpartition("as printed | ")[2] for problem in adopted(tmp_path, change).problems if "as printed | " in problem.mend]
    found = adopted(tmp_path, change, *answers)
    assert found.chart is not None, found.problems
    assert found.path is not None
    assert answers[0] in (found.path.with_name("7.0.adoption.json")).read_text(encoding="utf-8")


def test_points_far_above_all_others_are_asked_about(tmp_path: Path) -> None:
    readings = [band.interval for band in load_chart("mews", "0.2").by_id["heart_rate"].tables[0].bands if band.points == 3]
    slip = cells("heart_rate", 3, "30", *map(str, readings)) if readings else cells("heart_rate", 3, "20", *_twos())
    found = adopted(tmp_path, slip)
    assert found.chart is None
    assert any("points_far heart_rate" in problem.mend for problem in found.problems), found.problems


def _twos() -> list[str]:
    return [str(band.interval) for band in load_chart("mews", "0.2").by_id["heart_rate"].tables[0].bands if band.points == 2]


def test_a_normal_band_that_scores_is_asked_about(tmp_path: Path) -> None:
    zero = [str(band.interval) for band in load_chart("mews", "0.2").by_id["heart_rate"].tables[0].bands if not band.points]
    found = adopted(tmp_path, cells("heart_rate", 3, "1", *zero))
    assert found.chart is None
    assert any("no_normal_reading heart_rate" in problem.mend for problem in found.problems), found.problems


def test_a_category_left_out_is_asked_about(tmp_path: Path) -> None:
    found = adopted(tmp_path, without("consciousness", "unresponsive"))
    assert found.chart is None
    assert any("category_left_out consciousness" in problem.mend for problem in found.problems), found.problems


def test_an_honest_table_is_asked_nothing(tmp_path: Path) -> None:
    found = adopted(tmp_path, lambda lines: lines)
    assert found.chart is not None and found.problems == []


# Each question by itself, on charts that differ in one thing.


def _changed(chart: Chart, name: str, **changes: Any) -> Chart:
    return replace(chart, parameters=tuple(replace(p, **changes) if p.id == name else p for p in chart.parameters))


def _levels(chart: Chart, **changes: Any) -> Chart:
    return replace(chart, levels=tuple(replace(level, **changes) for level in chart.levels))


def _more_points(chart: Chart, name: str) -> Chart:
    tables = tuple(replace(table, bands=tuple(replace(b, points=b.points and b.points + 3) for b in table.bands)) for table in chart.by_id[name].tables)
    return _changed(chart, name, tables=tables)


OMISSIONS: dict[str, tuple[str, Callable[[Chart], Chart], str]] = {
    "a level's total": ("news2", lambda chart: _levels(chart, total=None), "total_left_out"),
    "a level's count": ("newtt2", lambda chart: _levels(chart, counts=()), "counts_left_out"),
    "a second table": ("news2", lambda c: _changed(c, "oxygen_saturation", tables=c.by_id["oxygen_saturation"].tables[:1]), "table_left_out oxygen_saturation"),
    "greater points than before": ("news2", lambda chart: _more_points(chart, "heart_rate"), "points_new heart_rate"),
    "a level": ("news2", lambda chart: replace(chart, levels=chart.levels[:-1]), "level_left_out"),
    "whom the chart is not for": ("mews", lambda chart: replace(chart, scope=()), "scope_left_out"),
}  # fmt: skip


@pytest.mark.parametrize("what", OMISSIONS)
def test_what_the_chart_before_had_and_both_sheets_lack_is_asked(what: str) -> None:
    name, change, key = OMISSIONS[what]
    before = load_chart(name)
    after = change(before)
    assert after != before
    keys = asked(after, (), before)
    assert any(one.startswith(key) for one in keys), list(keys)
    assert not any(one.startswith(key) for one in asked(before, (), before))


def test_a_numeric_row_that_raised_a_level_and_does_not_any_more_is_asked_about() -> None:
    plain = load_chart("mews")
    table = plain.by_id["heart_rate"].tables[0]
    raising = (*table.bands[:-1], replace(table.bands[-1], level=plain.levels[-1].id))
    before = _changed(plain, "heart_rate", tables=(replace(table, bands=raising),))
    assert "trigger_left_out heart_rate" in asked(plain, (), before)
    assert "trigger_left_out heart_rate" not in asked(before, (), before)
