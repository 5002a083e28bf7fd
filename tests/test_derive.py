"""The working `mews` chart is what the published method makes of the published ranges, and nothing else."""

from __future__ import annotations

import pytest

from mews_newtt import ChartError, load_chart
from mews_newtt.chart import derive, expected
from mews_newtt.chart.catalogue import builtin_rules

RANGES = derive.read_ranges(builtin_rules() / derive.RANGES_FILE)
BOUNDS = {sign.id: derive.derive_bounds(sign) for sign in derive.signs(RANGES)}


def test_every_band_of_the_chart_is_a_derived_bound() -> None:
    chart = load_chart("mews", "0.1")
    numeric = [p for p in chart.parameters if p.role == "scored"]
    assert {p.id for p in numeric} == set(BOUNDS)
    for parameter in numeric:
        printed = set()
        for band in parameter.tables[0].bands:
            assert band.interval is not None
            if (band.points and band.interval.low is None) or (band.points == 1 and band.interval.high is not None and not _is_high(parameter, band)):
                printed.add(("low", band.points, band.interval.high))
            elif band.points:
                printed.add(("high", band.points, band.interval.low))
        assert printed == {(bound.side, bound.points, bound.value) for bound in BOUNDS[parameter.id]}


def _is_high(parameter: object, band: object) -> bool:
    """Whether a band lies above the band without points."""
    bands = list(parameter.tables[0].bands)  # type: ignore[attr-defined]
    zero = next(place for place, other in enumerate(bands) if other.points == 0)
    return bands.index(band) > zero


def test_the_expected_totals_are_those_of_the_published_method() -> None:
    totals = derive.total_distribution(BOUNDS)
    assert abs(sum(totals.values()) - 1) < 1e-9
    assert [round(100 * totals[total]) for total in (0, 1, 2)] == [51, 30, 14]
    assert round(100 * (1 - totals[0] - totals[1])) == 19


def test_a_bound_is_the_recordable_value_nearest_to_its_share() -> None:
    for sign in derive.signs(RANGES):
        wanted = dict(sign.tails)
        for bound in BOUNDS[sign.id]:
            miss = abs(bound.share - wanted[bound.points])
            for beside in (bound.value - sign.step, bound.value + sign.step):
                assert abs(sign.share_at_or_beyond(beside, bound.side) - wanted[bound.points]) >= miss


def test_the_command_prints_bounds_and_distribution() -> None:
    says = derive.describe(RANGES)
    assert "heart_rate /min: 1 at <= 62" in says
    assert "2 or more: 19% (18%)" in says


def test_the_pulse_rows_of_mews_0_2_rest_on_the_published_ranges_as_its_notes_say() -> None:
    chart = load_chart("mews", "0.2")
    note = next(note for note in chart.notes if note.startswith("Support"))
    held = {(p.id, table.title): sign for p, table, sign in expected.held(chart, RANGES) if len(p.tables) > 1}
    assert set(held) == {("heart_rate", "pregnancy and labour"), ("heart_rate", "more than 48 hours after birth")}
    for title, says in (("pregnancy and labour", "62.6, 70.9, 112.0 and 120.7"), ("more than 48 hours after birth", "50.3, 57.5, 97.7 and 107.2")):
        curve = held["heart_rate", title].curves[0]
        low2, low1, high1, high2 = (f"{expected.value_at(curve, share):.1f}" for share in (0.01, 0.05, 0.95, 0.99))
        assert f"{low2}, {low1}, {high1} and {high2}" == says and says in note


def test_the_expected_totals_of_mews_0_2_are_those_its_notes_say() -> None:
    chart = load_chart("mews", "0.2")
    note = next(note for note in chart.notes if note.startswith("Doubt"))
    totals = expected.expected_totals(chart, RANGES)
    assert abs(sum(totals.values()) - 1) < 1e-9
    zero, one, two, more = (round(100 * share) for share in (totals[0], totals[1], totals[2], 1 - totals[0] - totals[1]))
    assert f"{zero}%, {one}% and {two}% of a healthy cohort" in note and f"{more}% would have a total of 2 or more" in note
    says = expected.describe(chart, RANGES)
    assert "the range of this period gives 62.6 at 1%, 70.9 at 5%, 112.0 at 95%, 120.7 at 99%" in says and f"2 or more: {more}% (18%)" in says


def test_the_chart_made_from_the_ranges_gives_the_totals_they_say() -> None:
    """Two ways to the same shares: from the bounds as derived, and from the bands of the chart file."""
    by_bounds, by_bands = derive.total_distribution(BOUNDS), expected.expected_totals(load_chart("mews", "0.1"), RANGES)
    assert by_bounds.keys() == by_bands.keys() and all(abs(by_bounds[total] - by_bands[total]) < 1e-9 for total in by_bands)


def test_a_chart_with_rows_that_no_range_is_known_for_is_refused() -> None:
    with pytest.raises(ChartError, match="have no entry for consciousness"):
        expected.expected_totals(load_chart("meows-send"), RANGES)
