"""What would change a score: the nearest values that count differently, each with the score that the scorer gives for it."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from mews_newtt import load_chart, score
from mews_newtt.scoring.what_if import what_if
from tests.strategies import Made, made_charts, sets_on

NEWS2 = load_chart("news2")


@given(made_charts(), st.data())
def test_each_other_value_scores_as_the_scorer_says(made: Made, data: st.DataObject) -> None:
    some = data.draw(sets_on(made)).given
    now = score(made.chart, some, raise_refused=False)
    for other in what_if(made.chart, some):
        again = score(made.chart, {**some, other.parameter: other.then})
        assert (again.total, again.level, again.level_max) == (other.score.total, other.score.level, other.score.level_max)
        assert other.then != other.now
        assert other.changes_level == ((again.level, again.level_max) != (now.level, now.level_max))


def test_the_values_beside_a_reading() -> None:
    found = {(each.then, each.band.points) for each in what_if(NEWS2, {"temperature": "38.5"}) if each.parameter == "temperature"}
    bands = NEWS2.by_id["temperature"].tables[0].bands
    here = next(at for at, band in enumerate(bands) if band.interval is not None and band.interval.contains(Decimal("38.5")))
    below, above = bands[here - 1], bands[here + 1]
    assert below.interval is not None and above.interval is not None
    assert found == {(below.interval.high, below.points), (above.interval.low, above.points)}


def test_a_refused_or_empty_set_has_none() -> None:
    assert what_if(NEWS2, {}) == what_if(NEWS2, {"heart_rate": "x"}) == []
