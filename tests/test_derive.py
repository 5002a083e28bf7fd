"""The working `mews` chart is what the published method makes of the published ranges, and nothing else."""

from __future__ import annotations

from mews_newtt import load_chart
from mews_newtt.chart import derive
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
