"""What would change a score, in words for the page: one line for each other value, or for other answers that count alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from mews_newtt.chart.model import Chart, Number, Parameter, number
from mews_newtt.chart.words import band_gives
from mews_newtt.drawn.twin import level_words, total_words
from mews_newtt.drawn.words import unit_of
from mews_newtt.scoring.result import Score
from mews_newtt.scoring.what_if import WhatIf, what_if


@dataclass(frozen=True)
class Line:
    """Another value of a reading in words, and what the same set would give with it."""

    now: str
    then: str
    change: str
    gives: str
    total: str
    level: str
    changes_level: bool


def what_would_change(chart: Chart, given: Mapping[str, Any], result: Score) -> list[tuple[str, list[Line]]]:
    """The lines of each row of the chart, under its title."""
    found: dict[str, list[Line]] = {}
    for other in what_if(chart, given, result):
        parameter = chart.by_id[other.parameter]
        lines, line = found.setdefault(parameter.title, []), _line(chart, parameter, other)
        if lines and isinstance(other.then, str) and replace(line, now="", then="", change="") == replace(lines[-1], now="", then="", change=""):
            lines[-1] = replace(lines[-1], then=f"{lines[-1].then} / {line.then}")
        else:
            lines.append(line)
    return list(found.items())


def _line(chart: Chart, parameter: Parameter, other: WhatIf) -> Line:
    return Line(
        _shown(parameter, other.now),
        _shown(parameter, other.then),
        _change(parameter, other.now, other.then),
        ", ".join(band_gives(other.band, chart)) or "nothing",
        total_words(other.score),
        level_words(other.score),
        other.changes_level,
    )


def _shown(parameter: Parameter, value: Number | str) -> str:
    if isinstance(value, str):
        return next((category.title for category in parameter.observation.categories if category.id == value), value)
    return number(value, parameter.observation.unit)


def _change(parameter: Parameter, now: Number | str, then: Number | str) -> str:
    if isinstance(now, str) or isinstance(then, str):
        return ""
    far = Fraction(then) - Fraction(now)
    words = number(abs(Decimal(str(then)) - now) if isinstance(now, Decimal) else abs(far), "")
    unit = unit_of(parameter)
    return f"{words}{'' if unit == '%' else ' '}{unit} {'higher' if far > 0 else 'lower'}".replace("  ", " ")
