"""The classes of readings that a chart treats alike, and the class of a reading.

Two numbers are in one class if no band, context, scope rule or limit of the chart treats them differently. How a number was written (converted
from another unit, with float noise, finer than recorded) only adds flags; it is its form, and not part of the class.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from mews_newtt.chart.contexts import Value
from mews_newtt.chart.exact import EXACT, add, midpoint
from mews_newtt.chart.model import Band, Chart, Condition, Interval, Number, Parameter, Table
from mews_newtt.errors import Problem
from mews_newtt.reading.values import NOISE, Reading

# The flags of each way to write a number; its place is 3 * converted + (0 recordable, 1 with float noise, 2 finer than recorded).
FORMS: tuple[tuple[str, ...], ...] = tuple(
    (*converted, *grid) for converted in ((), ("converted",)) for grid in ((), ("float_noise",), ("finer_than_recorded",))
)
FORM_FLAGS = ("converted", "float_noise", "finer_than_recorded")
OTHER_REASON = -1


class Cut(NamedTuple):
    """Where one class of numbers ends. A raw number has passed it where it is `at` or more; with `beyond`, only where it is more."""

    at: Number
    beyond: bool = False


class ReadingClass(NamedTuple):
    """What is known of a parameter in one class."""

    value: Value | None = None  # a reading of this class; None where there is no reading
    flags: tuple[str, ...] = ()
    refused: bool = False
    skip: int | None = None  # the place among the parameter's coded reasons, or OTHER_REASON; None: not skipped
    hypothetical: Value | None = None  # what an unknown context is taken to be


@dataclass(frozen=True)
class ReadingClasses:
    """Every class of one parameter: readings in order (numbers from low to high), then the classes without a reading."""

    parameter: Parameter
    classes: tuple[ReadingClass, ...]
    cuts: tuple[Cut, ...]  # between the classes of numbers, from low to high; none for categories
    edges: tuple[Cut, ...]  # the same for numbers without float noise: the edges as the chart prints them
    categories: Mapping[str, int]  # the class of each category
    readings: int  # how many classes have a reading: they come first
    missing: int
    fault: int
    skips: tuple[int, ...]  # skipped for another reason, then for each coded one
    hypothetical: Mapping[tuple[int, int], int]  # of an unknown context: (class without a reading, place of a hypothetical value) to class

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def unread(self) -> tuple[int, ...]:
        """The classes of a parameter that was not read: missing, or skipped."""
        return self.missing, *self.skips

    def of_reading(self, found: Reading | Problem | None) -> int:
        """The class of what `read` found."""
        if found is None:
            return self.missing
        if isinstance(found, Problem):
            return self.fault
        if isinstance(found.value, str):
            return self.categories[found.value]
        return bisect_right(self.cuts, Cut(found.value))

    def of_skip(self, reason: str) -> int:
        """The class of a parameter that was skipped for a reason."""
        folded = reason.casefold()
        codes = [skip.code.casefold() for skip in self.parameter.skips]
        return self.skips[codes.index(folded) + 1 if folded in codes else 0]


def form_of(found: Reading) -> int:
    """How a number was written: its place in FORMS."""
    grid = 1 if "float_noise" in found.flags else 2 if "finer_than_recorded" in found.flags else 0
    return 3 * ("converted" in found.flags) + grid


def classes_of(chart: Chart, parameter: Parameter, hypothetical: tuple[Value, ...] = (), *, refuse_impossible: bool = True) -> ReadingClasses:
    """The classes of one parameter.

    Parameters
    ----------
    hypothetical : the values that it may have where it is a context and not given
    refuse_impossible : False for a platform that scores impossible numbers like any other
    """
    if parameter.observation.numeric:
        classes, cuts, edges = _classes_of_numbers(chart, parameter, refuse_impossible)
    else:
        classes, cuts, edges = _classes_of_categories(parameter), (), ()
    readings = len(classes)
    reasons = (OTHER_REASON, *range(len(parameter.skips)))
    missing, fault, first_skip = readings, readings + 1, readings + 2
    unread = {missing: ReadingClass(hypothetical=parameter.assumed)}
    unread |= {first_skip + place: ReadingClass(skip=reason, hypothetical=parameter.assumed) for place, reason in enumerate(reasons)}
    classes += [unread[missing], ReadingClass(refused=True), *(unread[first_skip + place] for place in range(len(reasons)))]
    numbers = {}
    for place, value in enumerate(hypothetical):
        for number, own in unread.items():
            numbers[number, place] = len(classes)
            classes.append(own._replace(hypothetical=value))
    categories = {name: place for place, name in enumerate(parameter.observation.category_ids)}
    skips = tuple(range(first_skip, first_skip + len(reasons)))
    return ReadingClasses(parameter, tuple(classes), cuts, edges, categories, readings, missing, fault, skips, numbers)


def band_of(chart: Chart, table: Table, value: Value) -> tuple[Band, bool]:
    """The band of a value, and whether the value lies between two bands: then it is the worse of them."""
    below = above = None
    for band in table.bands:
        if isinstance(value, str):
            if value in band.categories:
                return band, False
        elif band.interval is None:
            continue
        elif band.interval.is_below(value):
            below = band
        elif band.interval.is_above(value):
            above = band
            break
        else:
            return band, False
    if above is None:
        raise LookupError(f"no band for {value!r}")
    if below is None or chart.severity(above) >= chart.severity(below):
        return above, True
    return below, True


def bands_of(chart: Chart, table: Table, values: Iterable[Decimal]) -> list[tuple[Band, bool] | None]:
    """`band_of` each of some numbers, which rise; None where there is no band."""
    bands = [(band, band.interval) for band in table.bands if band.interval is not None]
    found: list[tuple[Band, bool] | None] = []
    place = 0
    for value in values:
        while place < len(bands) and bands[place][1].is_below(value):  # a band below one number is below the next
            place += 1
        if place == len(bands):
            found.append(None)
        elif not bands[place][1].is_above(value):
            found.append((bands[place][0], False))
        else:
            above = bands[place][0]
            worse = not place or chart.severity(above) >= chart.severity(bands[place - 1][0])
            found.append((above if worse else bands[place - 1][0], True))
    return found


def _classes_of_categories(parameter: Parameter) -> list[ReadingClass]:
    return [ReadingClass(name, refused=name not in parameter.category_ids) for name in parameter.observation.category_ids]


def _classes_of_numbers(chart: Chart, parameter: Parameter, refuse_impossible: bool) -> tuple[list[ReadingClass], tuple[Cut, ...], tuple[Cut, ...]]:
    """Every range between two edges, and every edge; neighbours that the chart treats in the same way are one class."""
    conditions = conditions_on(chart, parameter)
    edges = _edges(parameter, conditions)
    step = parameter.observation.step
    limits = [parameter.observation.implausible, *(wanted for wanted in conditions if isinstance(wanted, Interval))]
    tables = [table for table in parameter.tables if table.applies]
    parts = [*(_stretches(edges, *_sides_of(limit)) for limit in limits), *(_stretches(edges, *_bands_along(chart, table)) for table in tables)]
    classes: list[ReadingClass] = []
    cuts: list[Cut] = []
    found_edges: list[Cut] = []
    last: object = None
    for place, (value, *alike) in enumerate(zip(_value_in_each(edges), *parts, strict=True)):
        refused = refuse_impossible and not parameter.observation.impossible.contains(value)
        if not refused and None in alike:
            raise LookupError(f"no band for {value!r}")
        treated: object = refused or alike
        if classes and treated == last:
            continue
        if classes:
            edge, beyond = edges[(place - 1) // 2], place % 2 == 0
            cuts.append(_cuts_at(edge, step)[beyond])
            found_edges.append(Cut(edge, beyond))
        flags = () if parameter.observation.implausible.contains(value) else ("implausible",)
        classes.append(ReadingClass(value, flags, refused))
        last = treated
    return classes, tuple(cuts), tuple(found_edges)


def _stretches(edges: list[Decimal], own: list[Decimal], found: Sequence[object]) -> list[int | None]:
    """For each range of `edges`, the number of its stretch. A stretch is a run of neighbouring ranges that are treated alike.

    own : some of the edges; found : how the value in each of their ranges is treated (None: not at all)
    """
    numbers: list[int | None] = []
    number, last = 0, found[0]
    ends = [end for edge in own for at in (2 * bisect_left(edges, edge) + 1,) for end in (at, at + 1)]
    for treated, end in zip(found, [*ends, 2 * len(edges) + 1], strict=True):
        if treated != last:
            number, last = number + 1, treated
        numbers += [None if treated is None else number] * (end - len(numbers))
    return numbers


def _sides_of(limit: Interval) -> tuple[list[Decimal], list[bool]]:
    """The edges of a range, and whether the value in each range between them is inside."""
    edges = sorted({edge for edge in (limit.low, limit.high) if edge is not None})
    return edges, [limit.contains(value) for value in _value_in_each(edges)]


def _bands_along(chart: Chart, table: Table) -> tuple[list[Decimal], list[tuple[Band, bool] | None]]:
    """The edges of a table, and the band of the value in each range between them."""
    edges = _edges_of(band.interval for band in table.bands)
    return edges, bands_of(chart, table, _value_in_each(edges))


def conditions_on(chart: Chart, parameter: Parameter) -> list[Condition]:
    """Every condition of a table or a scope rule that looks at this parameter."""
    every = [when for other in chart.parameters for table in other.tables for when in table.when]
    every += [when for rule in chart.scope for when in rule.when]
    return [wanted for name, wanted in every if name == parameter.id]


def _edges(parameter: Parameter, conditions: list[Condition]) -> list[Decimal]:
    """Every number at which the chart may begin to treat this parameter differently."""
    observation = parameter.observation
    return _edges_of([observation.impossible, observation.implausible, *conditions, *(b.interval for table in parameter.tables for b in table.bands)])


def _edges_of(ranges: Iterable[object]) -> list[Decimal]:
    return sorted({edge for found in ranges if isinstance(found, Interval) for edge in (found.low, found.high) if edge is not None})


def _value_in_each(edges: list[Decimal]) -> list[Decimal]:
    """A value below the first edge, at each edge, between each two, and above the last."""
    if not edges:
        return [Decimal(0)]
    found = [add(edges[0], -1)]
    for low, high in pairwise(edges):
        found += [low, midpoint(low, high)]
    return [*found, edges[-1], add(edges[-1], 1)]


def _cuts_at(edge: Decimal, step: Decimal) -> tuple[Cut, Cut]:
    """From which raw number on a reading is at an edge, and from which it is above it. Float noise is read as the recordable value."""
    recordable = edge
    if EXACT.remainder(edge, step):
        recordable = EXACT.multiply(EXACT.to_integral_value(EXACT.divide(edge, step)), step)
    reach = EXACT.divide(step, NOISE)
    low, high = EXACT.subtract(recordable, reach), EXACT.add(recordable, reach)
    if not low <= edge <= high:
        return Cut(edge), Cut(edge, beyond=True)
    before, after = Cut(low), Cut(high, beyond=True)
    return before if edge <= recordable else after, before if edge < recordable else after
