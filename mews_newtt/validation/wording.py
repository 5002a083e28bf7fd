"""Parts of a chart in words, as reports, test cases and diagnoses name them."""

from __future__ import annotations

from mews_newtt.chart.model import Band, Chart, Parameter, Table


def row_name(parameter: Parameter, table: Table | None = None) -> str:
    """A parameter's title inside a sentence, with the title of one of its tables."""
    name = any(letter.isupper() for letter in parameter.title.split()[0][1:])  # as in SpO2
    title = parameter.title if name else parameter.title[:1].lower() + parameter.title[1:]
    return f"{title} ({table.title})" if table is not None and table.title else title


def band_words(band: Band) -> str:
    """The readings of a band."""
    return str(band.interval) if band.interval is not None else " or ".join(category.replace("_", " ") for category in band.categories)


def gives(chart: Chart, band: Band) -> str:
    """What a band gives: points, a zone, a level, or nothing."""
    parts = []
    if band.points is not None:
        parts.append(f"{band.points} point{'' if band.points == 1 else 's'}")
    if band.zone is not None:
        title = next(zone.title for zone in chart.zones if zone.id == band.zone)
        parts.append(title.lower() if parts else f"the {title.lower()} zone" if "trigger" not in title.lower() else title.lower())
    if band.level is not None:
        parts.append(f"level {next(level.title for level in chart.levels if level.id == band.level)}")
    return " and ".join(parts) or "nothing"
