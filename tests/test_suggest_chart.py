"""Which chart a table is for: suggested by its columns, and never more than a suggestion."""

from __future__ import annotations

from mews_newtt import load_chart
from mews_newtt.reading.suggest_chart import best_of, fits_of

ADULT, MOTHER = load_chart("news2"), load_chart("mews", "0.1")


def test_a_column_with_the_name_of_a_chart_decides() -> None:
    fits = fits_of([MOTHER, ADULT], ["resp", "sat", "syst", "pulse", "temp", "NEWS"])
    assert [fit.chart.id for fit in fits] == ["news2", "mews"]
    assert fits[0].named and {parameter.id for parameter in fits[0].missing} == {"air_or_oxygen", "consciousness"}
    assert best_of(fits) is fits[0]


def test_the_chart_with_fewer_rows_left_over_comes_first() -> None:
    names = [parameter.id for parameter in ADULT.parameters if parameter.role == "scored"]
    best = best_of(fits_of([MOTHER, ADULT], names))
    assert best is not None and best.chart is ADULT and not best.missing


def test_two_charts_that_fit_alike_have_no_best() -> None:
    fits = fits_of([ADULT, ADULT], ["heart_rate"])
    assert len(fits) == 2 and best_of(fits) is None


def test_a_table_without_readings_fits_no_chart() -> None:
    assert fits_of([ADULT, MOTHER], ["name", "note"]) == [] and best_of([]) is None
