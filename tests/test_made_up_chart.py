"""A chart needs no Python of its own: an invented one in two TOML files uses every feature, found through the site's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mews_newtt import Chart, ObservationError, load_chart, score

FOLDER = Path(__file__).parent / "made_up"
WELL: dict[str, Any] = {
    "age_winters": 3, "tick_rate": 40, "shell_warmth": 20, "left_wheel": 8, "right_wheel": 8, "gait": "steady", "keeper_concern": "none",
}


@pytest.fixture(scope="module")
def demo() -> Chart:
    return load_chart("tortoise", folders=[FOLDER])


def test_a_well_tortoise(demo: Chart) -> None:
    result = score(demo, WELL)
    assert (result.status, result.total, result.level, result.level_max, result.missing) == ("complete", 0, "watch", "watch", ())
    assert result.flags == ("assumed:spring",)


@pytest.mark.parametrize(
    ("change", "total", "level"),
    [
        ({"tick_rate": 61}, 3, "rewind"),  # one row at 3 points
        ({"tick_rate": 19}, 2, "watch"),
        ({"tick_rate": 29, "spring": "new"}, 1, "watch"),
        ({"tick_rate": 49.5, "age_winters": 10}, 1, "watch"),
        ({"shell_warmth": 24.05}, 1, "watch"),  # between two bands: the higher
        ({"shell_warmth": "75.38 degF"}, 1, "watch"),  # 24.1 exactly
        ({"shell_warmth": "75.2 degF"}, 0, "watch"),  # 24 exactly
        ({"shell_warmth": 24.1, "tick_rate": 10}, 3, "oil"),
        ({"left_wheel": 4, "right_wheel": 3}, 2, "watch"),  # either limb, counted once
        ({"right_wheel": 3, "shell_warmth": 25}, 2, "oil"),  # two rows in the orange zone
        ({"gait": "W", "oil_drops": 2}, 2, "watch"),
        ({"gait": "wobbly", "oil_percent": 50}, 3, "oil"),
        ({"gait": "stuck", "oil_percent": 10}, 4, "rewind"),
        ({"keeper_concern": "worried"}, 0, "rewind"),
    ],
)
def test_each_feature(demo: Chart, change: dict[str, Any], total: int, level: str) -> None:
    result = score(demo, WELL | change)
    assert (result.status, result.total, result.level) == ("complete", total, level)


def test_skips_with_and_without_points(demo: Chart) -> None:
    without = {name: value for name, value in WELL.items() if name != "tick_rate"}
    scored, open_ = score(demo, without | {"skip_tick_rate": "t1"}), score(demo, without | {"skip_tick_rate": "T2"})
    assert (scored.status, scored.total, scored.skipped) == ("complete", 2, ("tick_rate",))
    assert (open_.status, open_.total, open_.total_min, open_.total_max, open_.missing) == ("partial", None, 0, 3, ())


def test_what_is_unknown_stays_unknown(demo: Chart) -> None:
    no_age = score(demo, {name: value for name, value in WELL.items() if name != "age_winters"} | {"tick_rate": 61})
    assert (no_age.status, no_age.total, no_age.total_min, no_age.total_max, no_age.missing) == ("partial", None, 1, 3, ("age_winters",))
    assert (no_age.level, no_age.level_max) == ("watch", "rewind")
    no_concern = score(demo, {name: value for name, value in WELL.items() if name != "keeper_concern"})
    assert (no_concern.status, no_concern.total, no_concern.level, no_concern.level_max) == ("complete", 0, "watch", "rewind")
    assert no_concern.missing == ("keeper_concern",)
    no_oil = score(demo, WELL | {"gait": "wobbly"})
    assert (no_oil.status, no_oil.total_min, no_oil.total_max, no_oil.missing) == ("partial", 2, 3, ("oil_drops", "oil_percent"))
    lone = score(demo, {name: value for name, value in WELL.items() if name != "right_wheel"})
    assert "lone:left_wheel" in lone.flags and (lone.total_min, lone.total_max) == (0, 1)


def test_flags_and_scope(demo: Chart) -> None:
    result = score(demo, WELL | {"tick_rate": 140, "oil_drops": 1, "kind": "toy", "shell_warmth": 24.1000001})
    assert set(result.flags) == {"implausible:tick_rate", "not_read:oil_drops", "out_of_scope:kind", "float_noise:shell_warmth", "assumed:spring"}
    assert result.float_noise == 1
    assert any("toys are untested" in warning for warning in result.warnings) and any("think of the sun" in warning for warning in result.warnings)
    with pytest.raises(ObservationError, match="garden tortoises need a vet"):
        score(demo, WELL | {"kind": "garden"})
    with pytest.raises(ObservationError, match="only one of them may be given"):
        score(demo, WELL | {"oil_drops": 1, "oil_percent": 20})
    refused = score(demo, WELL | {"tick_rate": 201}, raise_refused=False)
    assert (refused.status, refused.total, refused.level, refused.problems[0].code) == ("refused", None, None, "reading_impossible")


def test_every_reason_is_kept(demo: Chart) -> None:
    result = score(demo, WELL | {"gait": "stuck", "oil_percent": 60, "tick_rate": 61, "keeper_concern": "worried"})
    assert [(reason.level, reason.kind) for reason in result.reasons] == [
        ("rewind", "total"), ("rewind", "count"), ("rewind", "count"), ("rewind", "trigger"), ("rewind", "trigger"), ("oil", "count"),
    ]
    assert result.reasons[0].says == "the total is 8; this level is for 6 or more"
    assert "2 rows at 3 points or more (Tick rate, Gait)" in result.reasons[1].says
    assert result.to_dict()["level_detail"]["response"] == "rewind at once"


@pytest.mark.parametrize(
    ("change", "row", "says"),
    [
        ({"tick_rate": None, "skip_tick_rate": "T1"}, "tick_rate", "Tick rate: skipped (T1: tried without success): 2 points"),
        ({"tick_rate": None, "skip_tick_rate": "T2"}, "tick_rate", "Tick rate: skipped (T2: asleep)"),
        ({"tick_rate": 61}, "tick_rate", "Tick rate 61 /min is in over 60 of young, old spring: 3 points, red zone"),
        ({"gait": "stuck"}, "gait", "Gait stuck: 3 points, red zone, raises the level to rewind"),
        ({"shell_warmth": 30}, "shell_warmth", "Shell warmth 30.0 °C is in 24.1 or more: 1 point, orange zone, think of the sun"),
        ({"oil_drops": 2}, "oil_drops", "Oil, drops 2"),
        ({"keeper_concern": None}, "keeper_concern", "Keeper's concern: missing"),
        ({"kind": None}, "kind", "Kind of tortoise: not given, not required"),
    ],
)
def test_every_kind_of_row_in_words(demo: Chart, change: dict[str, Any], row: str, says: str) -> None:
    rows = {one.id: one for one in score(demo, {**WELL, **change}).parameters}
    assert rows[row].says == says


def test_a_skipped_row_whose_bounds_hang_on_an_optional_context_needs_it(tmp_path: Path) -> None:
    """A toy can have at most 1 point for its ticks, another tortoise 3."""
    text = (Path(__file__).parent / "rules_good" / "small.toml").read_text(encoding="utf-8")
    row = 'bands = [{ to = 19, points = 2 }, { from = 20, to = 60, points = 0 }, { from = 61, points = 1 }]'
    assert row in text
    kinds = """skips = [{ code = "T2", says = "asleep" }]
tables = [
  { when = { kind = "toy" }, bands = [{ to = 19, points = 1 }, { from = 20, points = 0 }] },
  { when = { kind = ["clockwork", "garden"] }, bands = [{ to = 19, points = 3 }, { from = 20, points = 0 }] },
]

[[parameters]]
id = "kind"
role = "recorded"
required = false
source = "S1"
"""
    (tmp_path / "small.toml").write_text(text.replace(row, kinds), encoding="utf-8")
    (tmp_path / "parameters.toml").write_text((FOLDER / "parameters.toml").read_text(encoding="utf-8"), encoding="utf-8")
    chart = load_chart(tmp_path / "small.toml", folders=[tmp_path])
    result = score(chart, {"skip_tick_rate": "T2", "gait": "steady", "keeper_concern": "none"})
    assert (result.total_min, result.total_max, result.missing) == (0, 3, ("kind",))
    toy = score(chart, {"skip_tick_rate": "T2", "gait": "steady", "keeper_concern": "none", "kind": "toy"})
    assert (toy.total_min, toy.total_max, toy.missing) == (0, 1, ())


def test_a_reason_for_a_row_that_is_not_asked_for_leaves_the_set_complete(demo: Chart) -> None:
    """A steady tortoise gets no oil, so that nothing is missing where the oil was not given."""
    result = score(demo, {**WELL, "skip_oil_drops": "no oil left"})
    assert (result.status, result.total, result.missing) == ("complete", 0, ())
    wobbly = score(demo, {**WELL, "gait": "wobbly", "skip_oil_drops": "no oil left"})
    assert (wobbly.status, wobbly.total_min, wobbly.total_max) == ("partial", 2, 3)
