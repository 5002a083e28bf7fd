"""Find the band that a value is in. The rule is the same for every chart."""

from __future__ import annotations

from mews_newtt.chart.model import Band, Chart, Number, Table


def find_band(chart: Chart, table: Table, value: Number | str) -> tuple[Band, bool]:
    """The band that a value is in; between two bands the worse of them, and True to say so."""
    previous: Band | None = None
    for band in table.bands:
        if isinstance(value, str):
            if value in band.categories:
                return band, False
        elif band.interval is not None:
            if band.interval.contains(value):
                return band, False
            if band.interval.is_above(value):
                if previous is None or chart.severity(band) >= chart.severity(previous):
                    return band, True
                return previous, True
            previous = band
    raise LookupError(f"no band for {value!r}")  # the chart's checks leave no value without a band
