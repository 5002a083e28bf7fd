"""Numbers and ranges of numbers, as charts print them: compared exactly, written as people write them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from mews_newtt.chart.exact import plain
from mews_newtt.chart.units import unit_said

Number = Decimal | Fraction
_SAID = ("1", "Cel", "mm[Hg]", "a")  # other codes stay as they are: a cell of a reading plan holds them, and is read again


def number(value: Number | str | None, unit: str = "") -> str:
    """A reading as people write it, with its unit."""
    if isinstance(value, Fraction):
        text = f"{float(value):.6g}"
    elif isinstance(value, Decimal):
        text = format(value, "f")
    else:
        text = str(value)
    if unit in _SAID:
        unit = "year" if (text, unit) == ("1", "a") else unit_said(unit)
    return f"{text} {unit}" if unit and unit != "%" else f"{text}{unit}"


def is_above(value: Number | str | None, other: Number | str | None) -> bool:
    """Whether one number is above another; true if one of them is missing.

    They are compared as binary floats, which every engine can do alike. Numbers that differ only as exact decimals are equal on every instrument.
    """
    return value is None or other is None or float(value) > float(other)


@dataclass(frozen=True, slots=True)
class Interval:
    """A range of numbers; an edge is included or not, None is not an edge."""

    low: Decimal | None = None
    low_included: bool = True
    high: Decimal | None = None
    high_included: bool = True

    def contains(self, value: Number) -> bool:
        return not self.is_below(value) and not self.is_above(value)

    def is_above(self, value: Number) -> bool:
        """Whether the whole range lies above the value."""
        if self.low is None:
            return False
        low: Number = self.low if isinstance(value, Decimal) else Fraction(self.low)  # to ask for a Fraction takes five times as long
        return value < low or (value == low and not self.low_included)

    def is_below(self, value: Number) -> bool:
        """Whether the whole range lies below the value."""
        if self.high is None:
            return False
        high: Number = self.high if isinstance(value, Decimal) else Fraction(self.high)
        return value > high or (value == high and not self.high_included)

    def __str__(self) -> str:
        low = None if self.low is None else plain(self.low)
        high = None if self.high is None else plain(self.high)
        if low is None or high is None:
            if low is None and high is None:
                return "any"
            if low is None:
                return f"{high} or less" if self.high_included else f"under {high}"
            return f"{low} or more" if self.low_included else f"over {low}"
        if self.low_included and self.high_included and low == high:
            return low
        return f"{'' if self.low_included else 'over '}{low} to {'' if self.high_included else 'under '}{high}"


NO_LIMITS = Interval()
