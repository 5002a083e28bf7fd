"""Run and XmR charts: the limits of a published example, and each rule against the cases that the NHS-R community tests its package with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt.episode.report.xmr import LEAST, NEAR_LIMIT, OUTSIDE, SHIFT, TREND, limits, over_time

# R: set.seed(123); rnorm(20). NHSRplotthedots' own recorded test (tests/testthat/_snaps/ptd_spc_standard.md) has its mean and limits.
PUBLISHED = [
    -0.56047565, -0.23017749, 1.55870831, 0.07050839, 0.12928774, 1.71506499, 0.46091621, -1.26506123, -0.68685285, -0.44566197,
    1.22408180, 0.35981383, 0.40077145, 0.11068272, -0.55584113, 1.78691314, 0.49785048, -1.96661716, 0.70135590, -0.47279141,
]  # fmt: skip
STEADY = [10.0, 12.0] * 10


def marked(values: list[float], rule: str) -> list[int]:
    """The places of the points that a rule marks."""
    return [at for at, names in enumerate(over_time(values).signals) if rule in names]


def test_the_limits_of_the_published_example() -> None:
    middle, lower, upper = limits(PUBLISHED)
    assert middle == pytest.approx(0.142, abs=0.0005)
    assert lower == pytest.approx(-3.01, abs=0.006) and upper == pytest.approx(3.29, abs=0.006)
    assert all(not names for names in over_time(PUBLISHED).signals)


def test_a_moving_range_far_out_is_left_out_of_the_limits() -> None:
    """The rule of the same package: moving ranges of 3.267 times their mean and more do not count."""
    values = [*STEADY, 60.0, *STEADY]
    middle, lower, upper = limits(values)
    assert middle == pytest.approx(sum(values) / len(values))
    assert upper - middle == pytest.approx(2.66 * 2.0) and middle - lower == pytest.approx(2.66 * 2.0)
    assert marked(values, OUTSIDE) == [20]


def test_a_point_on_a_limit_is_not_outside() -> None:
    assert marked(STEADY, OUTSIDE) == []


@pytest.mark.parametrize(("many", "found"), [(6, 0), (7, 7), (8, 8)])
def test_seven_on_one_side_of_the_mean_are_a_shift(many: int, found: int) -> None:
    values = [12.0, 10.0] * 8 + [11.6] * many + [10.0, 12.0] * 8
    assert marked(values, SHIFT) == list(range(16, 16 + found))
    assert marked([-value for value in values], SHIFT) == list(range(16, 16 + found))


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([1, 2, 3, 4, 5, 6], []),
        ([1, 2, 3, 3, 4, 5, 6], []),
        ([1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3, 4, 5, 6]),
        ([2, 1, 2, 3, 4, 5, 6, 7, 3], [1, 2, 3, 4, 5, 6, 7]),
        ([7, 6, 5, 4, 3, 2, 1], [0, 1, 2, 3, 4, 5, 6]),
        ([2, 7, 6, 5, 4, 3, 2, 1, 3], [1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_seven_that_only_rise_or_only_fall_are_a_trend(values: list[int], found: list[int]) -> None:
    """The cases of `ptd_seven_point_trend`, with other points after them that go up and down."""
    assert [at for at in marked([*map(float, values), 0.0, 9.0, 0.0, 9.0, 0.0, 9.0, 0.0, 9.0], TREND) if at < len(values)] == found


def test_two_of_three_near_one_limit() -> None:
    base, near = [0.0, 1.0] * 30, 2.8
    assert marked([*base, near, 0.9, near], NEAR_LIMIT) == [60, 62]
    assert marked([*base, near, 0.2, near], NEAR_LIMIT) == []  # one of the three is on the other side of the mean
    assert marked([*base, near, 0.9, 0.9, near], NEAR_LIMIT) == []
    assert marked([*base, 2.2, 0.9, 2.2], NEAR_LIMIT) == []  # not beyond two thirds of the way


def test_like_values_are_never_more_than_chance() -> None:
    found = over_time([0.1] * 30)
    assert found.lower == found.upper == found.middle == 0.1 and not any(found.signals)


def test_few_points_are_a_run_chart_without_limits() -> None:
    found = over_time([float(value) for value in (5, 1, 2, 5, 9, 1, 8, 5)])
    assert found.kind == "run" and found.middle == 5.0 and found.lower is None
    assert over_time([1.0] * (LEAST - 1)).kind == "run" and over_time([1.0] * LEAST).kind == "xmr"
    assert over_time([]).middle is None


def test_five_that_only_rise_are_a_trend_of_a_run_chart() -> None:
    assert marked([1.0, 2.0, 2.0, 3.0, 4.0, 5.0, 1.0, 2.0], TREND) == [0, 1, 3, 4, 5]  # like values count once
    assert marked([1.0, 2.0, 2.0, 3.0, 4.0, 1.0, 2.0], TREND) == []


@given(st.lists(st.integers(0, 20), min_size=LEAST, max_size=40), st.integers(1, 9), st.integers(-5, 5))
def test_signals_do_not_depend_on_the_unit(values: list[int], times: int, plus: int) -> None:
    """Whole numbers in another unit: the mean, the limits and the signals move with them, up to rounding at a limit."""
    one, other = limits([float(v) for v in values]), limits([float(v * times + plus) for v in values])
    assert other == pytest.approx([each * times + plus for each in one], abs=1e-6)
    assert marked([float(v) for v in values], TREND) == marked([float(v * times + plus) for v in values], TREND)
