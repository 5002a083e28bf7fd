"""What a class of readings contributes to the score, in one table and where contexts are not known.

Severities are (points, zone rank, level rank); more is worse, 0 is nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from mews_newtt.chart.model import Band, Chart, Parameter, Table
from mews_newtt.compiled.classes import FORM_FLAGS, ReadingClass, ReadingClasses, band_of, bands_of

Severity = tuple[int, int, int]
FORM_FLAGS_WITHOUT_STEP = tuple(flag for flag in FORM_FLAGS if flag != "finer_than_recorded")


class Bounds(NamedTuple):
    """The least and the most that a row, or a group that counts once, can count for. `resolved`: no scored reading is missing from it."""

    least: Severity
    most: Severity
    resolved: bool = True


class Contribution(NamedTuple):
    """What one class of one parameter contributes in one context."""

    bounds: Bounds | None = None  # None: the row does not count
    points: int | None = None  # the points shown beside the reading
    prompt: str | None = None  # the words that its band prints
    missing: bool = False
    flags: tuple[str, ...] = ()
    form_flags: tuple[str, ...] = ()  # which flags about how a number was written are kept
    given: bool = False
    refused: bool = False
    skipped: bool = False

    def flags_with(self, form: Sequence[str]) -> tuple[str, ...]:
        """All flags of a reading that was written in a form (an entry of FORMS)."""
        return (*(flag for flag in form if flag in self.form_flags), *self.flags)


def contribution_of(chart: Chart, parameter: Parameter, own: ReadingClass, table: Table | None) -> Contribution:
    """What a class contributes in a table; None: the parameter has no table, or a context that would choose it is not known."""
    if own.refused:
        return Contribution(refused=True, given=own.value is not None)
    if own.value is not None:
        read = table is not None and table.applies
        return contribution_of_reading(chart, parameter, own, table, band_of(chart, table, own.value) if table is not None and read else None)
    skipped = own.skip is not None
    flags = ("skipped",) if skipped else ()
    coded = parameter.skips[own.skip] if own.skip is not None and own.skip >= 0 else None
    if coded is not None and coded.points is not None:
        severity = (coded.points, 0, 0)
        return Contribution(Bounds(severity, severity), coded.points, flags=flags, skipped=True)
    if table is None or not table.applies or not parameter.required:
        return Contribution(flags=flags, skipped=skipped)
    if own.hypothetical is not None:
        severities = [chart.severity(band_of(chart, table, own.hypothetical)[0])]
    else:
        severities = [chart.severity(band) for band in table.bands] or [(0, 0, 0)]
    bounds = Bounds(each(min, severities), each(max, severities), parameter.role != "scored")
    return Contribution(bounds, missing=not skipped, flags=flags, skipped=skipped)


def contribution_of_reading(chart: Chart, parameter: Parameter, own: ReadingClass, table: Table | None, at: tuple[Band, bool] | None) -> Contribution:
    """What a reading contributes in a table. `at`: its band, as `band_of` gives it; None if there is no table, or if the table is not read."""
    # A parameter that is only recorded is not printed in steps, so no value of it is too fine.
    form_flags = FORM_FLAGS if parameter.role != "recorded" else FORM_FLAGS_WITHOUT_STEP
    if table is None:
        return Contribution(flags=own.flags, form_flags=form_flags, given=True)
    if at is None:
        return Contribution(flags=("not_read",), given=True)
    band, between = at
    severity = chart.severity(band)
    flags = (*own.flags, "between_bands") if between else own.flags
    return Contribution(Bounds(severity, severity), band.points, band.prompt, flags=flags, form_flags=form_flags, given=True)


def contributions_in(chart: Chart, parameter: Parameter, classes: ReadingClasses, table: Table | None) -> tuple[Contribution, ...]:
    """What each class of a parameter contributes in a table, as `contribution_of` says it."""
    if table is None or not table.applies or not parameter.observation.numeric:
        return tuple(contribution_of(chart, parameter, own, table) for own in classes.classes)
    readings = [own for own in classes.classes[: classes.readings] if not own.refused]
    along = zip(readings, bands_of(chart, table, (own.value for own in readings if isinstance(own.value, Decimal))), strict=True)
    known: dict[tuple[int, bool, tuple[str, ...]], Contribution] = {}
    found = []
    for own in classes.classes:
        if own.refused or own.value is None:
            found.append(contribution_of(chart, parameter, own, table))
            continue
        at = next(along)[1]
        if at is None:
            raise LookupError(f"no band for {own.value!r}")
        key = (id(at[0]), at[1], own.flags)
        if key not in known:
            known[key] = contribution_of_reading(chart, parameter, own, table, at)
        found.append(known[key])
    return tuple(found)


def common_contribution(parameter: Parameter, possible: Sequence[Contribution], optional: bool) -> Contribution | None:
    """What a class contributes where several tables are possible; None where they differ, or where the row needs the unknown context.

    `optional`: all contexts of the parameter are optional, so that it needs them only where they change what it counts for.
    """
    first = possible[0]
    if any(other != first for other in possible):
        return None
    asked = parameter.role != "recorded" and parameter.required
    needed = asked or (first.given and parameter.role != "recorded")
    return first if optional or not needed else None


def joined_contribution(hypothetical: Sequence[Contribution]) -> Contribution | None:
    """An unknown context's own row as one contribution, if one hypothetical value gives the least and one the most; else None."""
    first = hypothetical[0]
    if all(one == first for one in hypothetical):
        return first
    bounds = [one.bounds for one in hypothetical if one.bounds]
    if first.bounds is None or not bounds:
        return None
    least, most = each(min, (one.least for one in bounds)), each(max, (one.most for one in bounds))
    attained = any(one.least == least for one in bounds) and any(one.most == most for one in bounds)
    return first._replace(bounds=Bounds(least, most, first.bounds.resolved)) if attained else None


def each(pick: Callable[[Iterable[int]], int], severities: Iterable[Severity]) -> Severity:
    """The least or the most of points, of zones and of levels, each by itself."""
    points, zones, levels = zip(*severities, strict=True)
    return pick(points), pick(zones), pick(levels)
