"""One card for each suspected fault: what the platform seems to do, the rows for and against it, and the row of the chart drawn with both edges.

The cards are plain data, so that the report, the service and its pages show the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from mews_newtt.chart.model import Band, Chart, Parameter, Table, number
from mews_newtt.chart.words import band_gives
from mews_newtt.drawn import paint
from mews_newtt.drawn.words import band_label
from mews_newtt.validation.diagnosis import Diagnosis, Finding
from mews_newtt.validation.faults import Fault
from mews_newtt.validation.wording import band_words, row_name

MOST_CARDS, MOST_DRAWN = 6, 2  # of one diagnosis, and tables of one card


class DrawnBand(NamedTuple):
    """One band of a strip: its readings, what it gives, the class of its colour, and whether the platform differs from the chart here."""

    readings: str
    gives: list[str]
    colour: str
    differs: bool


class Drawing(NamedTuple):
    """One table of a row: its title, the bands of the chart and those that the platform seems to have, and in words where they differ."""

    title: str
    chart: list[DrawnBand]
    platform: list[DrawnBand]
    says: str


class Card(NamedTuple):
    """One suspected fault.

    words : what the platform seems to do
    leads : it belongs to the explanation that fits best
    explains, of, contradicts : rows that disagree and follow from it, all rows that disagree, and rows that agree and would not
    together : how many faults have these counts together; 1 if the fault has them alone
    drawings : the tables of the chart that the platform seems to have in another form
    """

    words: str
    leads: bool
    explains: int
    of: int
    contradicts: int
    together: int
    drawings: list[Drawing]

    def to_dict(self) -> dict[str, Any]:
        drawings = [
            {
                "title": one.title,
                "says": one.says,
                "chart": [band._asdict() for band in one.chart],
                "platform": [band._asdict() for band in one.platform],
            }
            for one in self.drawings
        ]
        return {**self._asdict(), "drawings": drawings}


def cards_of(chart: Chart, diagnosis: Diagnosis | None) -> list[Card]:
    """The cards of a diagnosis, the best explanation first; none where nothing was diagnosed."""
    if diagnosis is None or diagnosis.not_made:
        return []
    return [card for place, finding in enumerate(diagnosis.findings) for card in _of(chart, finding, place == 0)][:MOST_CARDS]


def _of(chart: Chart, finding: Finding, leads: bool) -> Iterator[Card]:
    faults = finding.faults[0].joined or finding.faults[:1]
    for fault in faults:
        words = fault.words[:1].upper() + fault.words[1:]
        yield Card(words, leads, finding.explains, finding.of, finding.breaks, len(faults), _drawings(chart, fault))


def _drawings(chart: Chart, fault: Fault) -> list[Drawing]:
    found = []
    for parameter in chart.parameters:
        theirs = fault.chart.by_id.get(parameter.id)
        if theirs is None or len(theirs.tables) != len(parameter.tables):
            continue
        for ours, other in zip(parameter.tables, theirs.tables, strict=True):
            if ours.bands != other.bands and ours.bands and len(ours.bands) == len(other.bands):
                found.append(_drawing(chart, parameter, ours, other))
    return found[:MOST_DRAWN]


def _drawing(chart: Chart, parameter: Parameter, ours: Table, theirs: Table) -> Drawing:
    name = row_name(parameter, ours)
    unit = number("", parameter.observation.unit).strip()
    chart_bands: list[DrawnBand] = []
    platform_bands: list[DrawnBand] = []
    says = []
    for own, other in zip(ours.bands, theirs.bands, strict=True):
        differs = own != other
        moved = own.interval != other.interval
        label = band_words(other) if moved or own.categories != other.categories else band_label(parameter, own)
        chart_bands.append(_band(chart, own, band_label(parameter, own), differs))
        platform_bands.append(_band(chart, other, label, differs))
        if differs:
            says.append(f"{label}: {' and '.join(band_gives(other, chart)) or 'nothing'}")
    title = name[:1].upper() + name[1:] + (f" ({unit})" if unit else "")
    return Drawing(title, chart_bands, platform_bands, f"The platform seems to give: {'; '.join(says)}.")


def _band(chart: Chart, band: Band, readings: str, differs: bool) -> DrawnBand:
    return DrawnBand(readings, band_gives(band, chart) or ["Gives nothing"], paint(chart, band).css_class, differs)
