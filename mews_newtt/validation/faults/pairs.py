"""Two faults of one platform at once."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from mews_newtt.chart.model import Band, Chart, Interval, Parameter, Table
from mews_newtt.validation.faults.fault import Example, Fault
from mews_newtt.validation.mutants import Sheet

KINDS = {"pair": "two or more of these faults at once, tried where no single fault explains everything"}
EXAMPLES = (
    Example("band:shell_warmth.0.1:points=2 + ignored:keeper_concern", {"shell_warmth": "30", "keeper_concern": "worried"},
            "total 1, level Rewind", "total 2, level Watch"),
)  # fmt: skip


def both(first: Fault, second: Fault, chart: Chart) -> Fault | None:
    """Two faults at once, or one more beside several; None where they change the same thing."""
    parts = (*(first.joined or (first,)), *(second.joined or (second,)))
    columns = [fault.column for fault in parts if fault.answers is not None]
    if len(set(columns)) < len(columns) or len({fault.id for fault in parts}) < len(parts):
        return None
    joined = joined_chart(chart, first.chart, second.chart)
    if joined is None:
        return None
    changes = [fault.change for fault in (first, second) if fault.change is not None]

    def change(sheet: Sheet) -> Sheet:
        for each in changes:
            sheet = each(sheet)
        return sheet

    about = tuple(dict.fromkeys((*first.parameters, *second.parameters)))
    words = f"{first.words}; and {second.words}"
    return Fault("pair", "", words, about, joined, change=change if changes else None, joined=parts)


def at_once(first: Fault, second: Fault, chart: Chart) -> Fault:
    """Two faults, each shown by another stated column, named together though they change the same thing."""
    parts = (*(first.joined or (first,)), *(second.joined or (second,)))
    about = tuple(dict.fromkeys(name for fault in parts for name in fault.parameters))
    return Fault("pair", "", "; and ".join(fault.words for fault in parts), about, chart, joined=parts)


# A three-way merge of charts

PARTS = ("parameters", "levels", "groups", "scope", "zones")  # what faults change
# Parts in which both faults may change something.
MERGED = {Parameter: ("tables",), Table: ("bands",), Band: tuple(each.name for each in fields(Band))}
ENDS = (("low", "low_included"), ("high", "high_included"))


class _Clash(Exception):
    """Both faults change the same thing, differently."""


def joined_chart(chart: Chart, first: Chart, second: Chart) -> Chart | None:
    """The chart with both changes; None where they change the same thing or where one is another chart altogether."""
    if first is chart or second is chart:
        return second if first is chart else first
    ids = [p.id for p in chart.parameters]
    if any([p.id for p in changed.parameters] != ids for changed in (first, second)):
        return None
    try:
        return replace(chart, **{name: _merged(*(getattr(each, name) for each in (chart, first, second))) for name in PARTS})
    except _Clash:
        return None


def _merged(base: Any, first: Any, second: Any) -> Any:
    """Whichever of two differs from the base; part by part where both do."""
    if first in (base, second):
        return second
    if second == base:
        return first
    if type(base) is tuple:
        if not len(base) == len(first) == len(second) or not all(map(is_dataclass, base)):
            raise _Clash
        return tuple(_merged(*each) for each in zip(base, first, second, strict=True))
    if isinstance(base, Interval):
        ends = [_merged(*(tuple(getattr(each, mark) for mark in marks) for each in (base, first, second))) for marks in ENDS]
        return Interval(**{mark: value for marks, values in zip(ENDS, ends, strict=True) for mark, value in zip(marks, values, strict=True)})
    names = MERGED.get(type(base), ())
    kept = {name: getattr(base, name) for name in names}
    if not names or any(replace(changed, **kept) != base for changed in (first, second)):
        raise _Clash
    return replace(base, **{name: _merged(*(getattr(each, name) for each in (base, first, second))) for name in names})
