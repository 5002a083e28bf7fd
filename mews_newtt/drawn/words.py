"""Words on a drawn chart, and the escaping that makes text from outside safe in HTML and SVG."""

from __future__ import annotations

import html
from decimal import Decimal

from mews_newtt.chart.model import Band, Chart, Level, Number, Parameter, Table, number
from mews_newtt.chart.units import as_written
from mews_newtt.chart.words import conditions_say, count

ROLE_TITLES = {
    "scored": "Scored",
    "trigger": "Triggers: no points, may raise the level",
    "recorded": "Recorded: no points; they choose a table, or say whether the chart is for this person",
}
NOT_FOR_CARE = "For testing. Not a medical device, and not for care."


def safe(text: object) -> str:
    """Text as HTML and SVG may hold it, in an element or in a quoted attribute; control characters, which neither may hold, shown as such."""
    return html.escape("".join("�" if char < " " and char not in "\t\n\r" else char for char in str(text)), quote=True)


def band_label(parameter: Parameter, band: Band) -> str:
    """The printed range, or the answers' titles."""
    if band.interval is not None:
        return band.printed
    titles = {category.id: category.title for category in parameter.observation.categories}
    return " or ".join(titles.get(name, name) for name in band.categories)


def band_wording(parameter: Parameter, band: Band) -> str:
    """The printed words of an answer, where they say more than its title."""
    own = (band_label(parameter, band), " or ".join(band.categories), *band.categories)
    return "" if band.interval is not None or band.printed in own else band.printed


def table_title(chart: Chart, table: Table) -> str:
    """When a table is read; empty where it always is."""
    return (table.title or conditions_say(chart, table.when)) if table.when else ""


def reached_by(chart: Chart, level: Level) -> list[str]:
    """Everything that reaches a level: a total, rows at some points or in a zone, single answers and readings."""
    zones = {zone.id: zone.title for zone in chart.zones}
    reached = [f"a total of {level.total}"] if level.total is not None else []
    for rule in level.counts:
        where = f"at {count(rule.points, 'point')} or more" if rule.points is not None else f"in {zones[rule.zone or '']} or worse"
        reached.append(f"{count(rule.at_least, 'row')} {where}")
    raised = [
        f"{parameter.title}: {band_label(parameter, band)}"
        for parameter in chart.parameters
        for table in parameter.tables
        for band in table.bands
        if band.level == level.id
    ]
    return reached + list(dict.fromkeys(raised))


def value_said(value: Number | str | None) -> str:
    """A reading as it is drawn: without the zeros that only fill up its recording step (an age of 0.500 years is 0.5), but never 37 for 37.0."""
    said = number(value)
    whole, point, parts = said.partition(".")
    if isinstance(value, Decimal) and len(parts) > 1:
        parts = parts.rstrip("0")
        return f"{whole}{point if parts else ''}{parts}"
    return said


def chart_text(text: object) -> str:
    """A text of the chart file as a drawing may hold it: safe, with units as people write them."""
    return safe(as_written(str(text)))


def unit_of(parameter: Parameter) -> str:
    return number("", parameter.observation.unit).strip()


def title_at(chart: Chart, where: str) -> str:
    """The place that a problem names: a parameter by its title, anything else as it is."""
    name, comma, rest = where.partition(",")
    parameter = chart.by_id.get(name)
    return (parameter.title if parameter else name) + comma + rest


def chart_stamp(chart: Chart) -> str:
    """Which chart a printed page rests on, and how far it may be trusted."""
    return f"{chart.short_title}, chart {chart.id} {chart.version}, status {chart.status}: {chart.trust_says} Fingerprint {chart.sha256}."
