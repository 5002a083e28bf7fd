"""Every reason to refuse a chart. Each check yields Problems; none stops at the first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise, product
from typing import NamedTuple

from mews_newtt.chart.codes import loinc_is_sound, snomed_is_sound
from mews_newtt.chart.contexts import contexts_of, distinguishable_values, matches
from mews_newtt.chart.model import Band, Chart, Condition, Interval, Observation, Parameter, Table
from mews_newtt.errors import Problem, did_you_mean


def check_observation(observation: Observation, place: str) -> list[Problem]:
    """Faults of one entry of a parameters.toml."""
    found = []
    if observation.numeric:
        if observation.step <= 0:
            found.append(Problem("step_not_positive", place, f"has the step {observation.step}", "write the smallest recordable difference"))
        names = Counter(name for unit in (observation.unit_names, *((u.ucum, *u.names) for u in observation.other_units)) for name in unit)
    else:
        if observation.unit:
            found.append(Problem("unit_of_categories", place, "has categories and a unit", "keep one of them"))
        names = Counter(name.casefold() for c in observation.categories for name in {c.id.casefold(), *map(str.casefold, c.synonyms)})
    for name, times in names.items():
        if times > 1:
            found.append(Problem("name_twice", place, f"gives the name {name!r} to two things", "keep it with one of them"))
    found += [
        Problem("scale_zero", f"{place}, {unit.ucum}", "has the scale 0", "write the exact factor")
        for unit in observation.other_units
        if unit.scale == 0
    ]
    codes = [*observation.snomed, *(c.snomed for c in observation.categories if c.snomed)]
    found += [_bad_code(place, "SNOMED CT", code) for code in codes if not snomed_is_sound(code)]
    found += [_bad_code(place, "LOINC", code) for code in observation.loinc if not loinc_is_sound(code)]
    return found


def _bad_code(place: str, system: str, code: str) -> Problem:
    return Problem("code_check_digit", place, f"the {system} code {code} fails its check digit", "copy the code again from its source")


class _Context(NamedTuple):
    chart: Chart
    place: str
    points_may_fall: frozenset[str]

    def at(self, *parts: str) -> str:
        return ", ".join((self.place, *parts))


def check_chart(chart: Chart, place: str, points_may_fall: frozenset[str] = frozenset()) -> list[Problem]:
    """Every fault and warning of a chart whose file has the right structure."""
    context = _Context(chart, place, points_may_fall)
    found = [problem for check in _NAMES_FIRST for problem in check(context)]
    if not found:  # names hold; now what they say together
        found = [problem for check in _THEN_MEANING for problem in check(context)]
    return found


def _check_head(c: _Context) -> Iterator[Problem]:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", c.chart.id):
        yield Problem("bad_id", c.at("[chart], id"), f"is {c.chart.id!r}", "use small letters, digits and single hyphens")
    if not re.fullmatch(r"\d+(\.\d+)*", c.chart.version):
        yield Problem("bad_version", c.at("[chart], version"), f"is {c.chart.version!r}", 'use numbers with dots, such as "2026.1"')
    for what, items in (("parameters", c.chart.parameters), ("levels", c.chart.levels), ("sources", c.chart.sources)):
        if not items:
            yield Problem("empty_chart", c.place, f"has no {what}", f"add [[{what}]]")
    if c.chart.snomed_total and not snomed_is_sound(c.chart.snomed_total):
        yield _bad_code(c.at("[chart], snomed_total"), "SNOMED CT", c.chart.snomed_total)


def _check_unique(c: _Context) -> Iterator[Problem]:
    for what, ids in (
        ("parameter", [p.id for p in c.chart.parameters]),
        ("level", [x.id for x in c.chart.levels]),
        ("zone", [z.id for z in c.chart.zones]),
        ("source", [s.id for s in c.chart.sources]),
        ("group", [g.id for g in c.chart.groups]),
        ("group member", [m for g in c.chart.groups for m in g.parameters]),
    ):
        for name, times in Counter(ids).items():
            if times > 1:
                yield Problem("id_twice", c.at(f"{what} {name}"), f"stands {times} times", "keep one, or give the other its own id")


def _check_sources(c: _Context) -> Iterator[Problem]:
    known = {source.id for source in c.chart.sources}
    cited: list[tuple[str, str]] = [(f"parameter {p.id}", p.source) for p in c.chart.parameters]
    cited += [(f"level {x.id}", x.source) for x in c.chart.levels] + [(f"group {g.id}", g.source) for g in c.chart.groups]
    cited += [(f"scope[{n}]", rule.source) for n, rule in enumerate(c.chart.scope, start=1)]
    for where, name in cited:
        if name not in known:
            yield _unknown(c, where, "source", name, list(known), "[[sources]]")
    for name in known - {name for _, name in cited}:
        yield Problem("source_not_cited", c.at(f"source {name}"), "nothing cites this source", "cite it where its numbers stand, or take it out")


def _unknown(c: _Context, where: str, what: str, name: str, known: list[str], add_to: str) -> Problem:
    near = did_you_mean(name, known)
    return Problem(
        f"unknown_{what}", c.at(where), f"{what} {name!r} does not stand on this chart", f"write {near!r}" if near else f"add it under {add_to}"
    )


def _check_names(c: _Context) -> Iterator[Problem]:
    zones, levels, rows = list(c.chart.zone_rank), list(c.chart.level_rank), list(c.chart.by_id)
    for where, _, _, band in _all_bands(c.chart):
        if band.zone and band.zone not in zones:
            yield _unknown(c, where, "zone", band.zone, zones, "[[zones]]")
        if band.level and band.level not in levels:
            yield _unknown(c, where, "level", band.level, levels, "[[levels]]")
    for level in c.chart.levels:
        for rule in level.counts:
            if rule.zone and rule.zone not in zones:
                yield _unknown(c, f"level {level.id}", "zone", rule.zone, zones, "[[zones]]")
            if (rule.zone is None) == (rule.points is None):
                yield Problem(
                    "bad_count", c.at(f"level {level.id}, counts"), "must count a zone or points", "write one of zone = ... and points = ..."
                )
            if rule.at_least < 1 or (rule.points is not None and rule.points < 1):
                yield Problem("bad_count", c.at(f"level {level.id}, counts"), "counts nothing", "write at_least = 1 or more, points = 1 or more")
    for group in c.chart.groups:
        if len(group.parameters) < 2:
            yield Problem("group_too_small", c.at(f"group {group.id}"), "has fewer than two parameters", "name at least two")
        for name in group.parameters:
            if name not in rows:
                yield _unknown(c, f"group {group.id}", "parameter", name, rows, "[[parameters]]")
            elif c.chart.by_id[name].role != "scored":
                yield Problem("group_not_scored", c.at(f"group {group.id}"), f"{name} is not scored", "group scored parameters only")
    for parameter in c.chart.parameters:
        for number, table in enumerate(parameter.tables, start=1):
            yield from _check_when(c, f"parameter {parameter.id}, tables[{number}]", table.when)
    for number, scope in enumerate(c.chart.scope, start=1):
        yield from _check_when(c, f"scope[{number}]", scope.when)
        if not scope.when:
            yield Problem("scope_of_everything", c.at(f"scope[{number}]"), "has no condition", "add when = { ... }")


def _check_when(c: _Context, where: str, when: tuple[tuple[str, Condition], ...]) -> Iterator[Problem]:
    for name, wanted in when:
        parameter = c.chart.by_id.get(name)
        if parameter is None:
            yield _unknown(c, where, "parameter", name, list(c.chart.by_id), "[[parameters]]")
        elif parameter.observation.numeric != isinstance(wanted, Interval):
            yield Problem(
                "bad_condition",
                c.at(where, f"when {name}"),
                "asks a number for a category, or the other way round",
                "write { from = ..., below = ... } for numbers, a category for categories",
            )
        elif isinstance(wanted, frozenset):
            for category in sorted(wanted - set(parameter.observation.category_ids)):
                yield Problem(
                    "unknown_category",
                    c.at(where, f"when {name}"),
                    f"{category!r} is no category of {name}",
                    "use one of: " + ", ".join(parameter.observation.category_ids),
                )


def _check_parameters(c: _Context) -> Iterator[Problem]:
    for p in c.chart.parameters:
        place = c.at(f"parameter {p.id}")
        if p.role != "recorded" and not any(table.bands for table in p.tables):
            yield Problem("no_bands", place, f"is {p.role} but has no bands", 'add bands, or role = "recorded"')
        for where, owner, _, band in _all_bands(c.chart):
            if owner is not p:
                continue
            gives = [name for name in ("points", "zone", "level", "prompt") if getattr(band, name) is not None]
            if p.role == "recorded" and gives:
                yield Problem("recorded_gives", c.at(where), f"is recorded only but gives {gives[0]}", "take it out, or change the role")
            if p.role == "trigger" and (band.points is not None or band.zone):
                yield Problem("trigger_gives_points", c.at(where), "a trigger gives points or a zone", 'name a level, or make the role "scored"')
            if band.points is not None and not 0 <= band.points <= 100:
                yield Problem("points_out_of_range", c.at(where), f"gives {band.points} points", "points are 0 to 100")
        if p.role == "scored" and c.chart.has_points:
            for where, owner, _, band in _all_bands(c.chart):
                if owner is p and band.points is None:
                    yield Problem("points_missing", c.at(where), "gives no points on a chart that sums points", "add points = ...")
        for code in (p.snomed, *(table.snomed for table in p.tables)):
            if code and not snomed_is_sound(code):
                yield _bad_code(place, "SNOMED CT", code)
        for name, times in Counter(skip.code.casefold() for skip in p.skips).items():
            if times > 1:
                yield Problem("id_twice", place, f"skip code {name!r} stands {times} times", "keep one")
        for skip in p.skips:
            if skip.points is not None and not (p.role == "scored" and c.chart.has_points and 0 <= skip.points <= 100):
                yield Problem(
                    "skip_points", place, f"skip {skip.code} gives {skip.points} points", "only skips of a scored parameter give points, 0 to 100"
                )
        if p.assumed is not None and (p.role != "recorded" or p.assumed not in p.category_ids or not p.assumed_because):
            yield Problem(
                "bad_assumed",
                c.at(f"parameter {p.id}, assumed"),
                f"is {p.assumed!r}",
                "only a recorded category may be assumed, and assumed_because must say which rule allows it",
            )


def _all_bands(chart: Chart) -> Iterator[tuple[str, Parameter, Table, Band]]:
    for parameter in chart.parameters:
        for t, table in enumerate(parameter.tables, start=1):
            for b, band in enumerate(table.bands, start=1):
                label = f"parameter {parameter.id}, " + (f"tables[{t}], " if len(parameter.tables) > 1 else "") + f"band {b}"
                yield f"{label} ({band.interval or ' or '.join(band.categories)})", parameter, table, band


def _check_bands(c: _Context) -> Iterator[Problem]:
    for parameter in c.chart.parameters:
        for t, table in enumerate(parameter.tables, start=1):
            where = f"parameter {parameter.id}" + (f", tables[{t}]" if len(parameter.tables) > 1 else "")
            if not table.applies:
                if table.bands:
                    yield Problem("bands_not_applied", c.at(where), "has bands and applies = false", "keep one of them")
            elif parameter.observation.numeric:
                yield from _check_ranges(c, where, parameter, table)
            else:
                yield from _check_categories(c, where, parameter, table)


def _check_categories(c: _Context, where: str, parameter: Parameter, table: Table) -> Iterator[Problem]:
    known = parameter.observation.category_ids
    for name, times in Counter(category for band in table.bands for category in band.categories).items():
        if name not in known:
            near = did_you_mean(name, known)
            yield Problem(
                "unknown_category",
                c.at(where),
                f"{name!r} is no category of {parameter.id}",
                f"write {near!r}" if near else "use one of: " + ", ".join(known),
            )
        if times > 1:
            yield Problem("band_overlap", c.at(where), f"{name!r} stands in {times} bands", "keep it in one")
    for band in table.bands:
        if band.interval is not None or not band.categories:
            yield Problem("bad_band", c.at(where), "a band of categories needs `is` and no edges", 'write is = "..."')


def _check_ranges(c: _Context, where: str, parameter: Parameter, table: Table) -> Iterator[Problem]:
    step = parameter.observation.step
    ranges = []
    for b, band in enumerate(table.bands, start=1):
        if band.interval is None or band.categories:
            yield Problem("bad_band", c.at(where, f"band {b}"), "a band of numbers needs edges and no `is`", "write from, above, to or below")
            return
        ranges.append(band.interval)
        low, high = band.interval.low, band.interval.high
        if (
            low is not None
            and high is not None
            and (low > high or (low == high and not (band.interval.low_included and band.interval.high_included)))
        ):
            yield Problem("band_empty", c.at(where, f"band {b} ({band.interval})"), "holds no value", "put the lower edge first")
        for edge in (low, high):
            if edge is not None and edge % step:
                yield Problem(
                    "edge_not_recordable",
                    c.at(where, f"band {b} ({band.interval})"),
                    f"the edge {edge} is no multiple of the recording step {step}",
                    "check the edge against the print",
                    warning=True,
                )
    if not ranges:
        yield Problem("no_bands", c.at(where), "has no bands", "add bands, or applies = false")
        return
    if ranges[0].low is not None or ranges[-1].high is not None:
        yield Problem(
            "band_open_end",
            c.at(where),
            "the lowest band must have no lower edge and the highest no upper one",
            "write { to = ... } first and { from = ... } last",
        )
    for b, (lower, upper) in enumerate(pairwise(ranges), start=1):
        place = c.at(where, f"band {b + 1} ({upper})")
        if lower.high is None or upper.low is None:
            yield Problem("band_overlap", place, f"overlaps band {b} ({lower})", "give both an edge between them")
            continue
        both = lower.high_included and upper.low_included
        if upper.low < lower.high or (upper.low == lower.high and both):
            yield Problem(
                "band_overlap",
                place,
                f"a reading of {upper.low} is in band {b} ({lower}) as well",
                f"start this band after {lower.high}, or end the other before {upper.low}",
            )
        elif not ((upper.low == lower.high and lower.high_included != upper.low_included) or (both and upper.low - lower.high == step)):
            yield Problem(
                "band_gap",
                place,
                f"leaves recordable values between it and band {b} ({lower}) without a band",
                f"start it one step ({step}) after {lower.high}, or at the same edge",
            )


def _check_contexts(c: _Context) -> Iterator[Problem]:
    for name in c.chart.context_ids:
        context = c.chart.by_id[name]
        if any(table.when for table in context.tables) or name in c.chart.group_of:
            yield Problem(
                "context_of_context",
                c.at(f"parameter {name}"),
                "chooses tables and has tables of its own contexts, or stands in a group",
                "let it be chosen by nothing",
            )
            return
    for parameter in c.chart.parameters:
        names = contexts_of(parameter)
        for values in product(*(distinguishable_values(c.chart, name) for name in names)):
            given = dict(zip(names, values, strict=True))
            chosen = [t for t, table in enumerate(parameter.tables, start=1) if all(matches(w, given[n]) for n, w in table.when)]
            if len(chosen) != 1 and parameter.tables:
                says = ", ".join(f"{n} = {v}" for n, v in given.items()) or "no context at all"
                yield Problem(
                    "context_hole" if not chosen else "context_overlap",
                    c.at(f"parameter {parameter.id}"),
                    f"has {'no table' if not chosen else f'tables {chosen}'} for {says}",
                    "let exactly one table's `when` hold",
                )
                break


def _check_direction(c: _Context) -> Iterator[Problem]:
    """Points should not fall while moving outwards from the zero band: a sign of swapped rows."""
    for parameter in c.chart.parameters:
        if not parameter.observation.numeric or parameter.id in c.points_may_fall:
            continue
        for table in parameter.tables:
            worse = [c.chart.severity(band) for band in table.bands]
            best = worse.index(min(worse)) if worse else 0
            outwards = [*pairwise(reversed(worse[: best + 1])), *pairwise(worse[best:])]
            if any(outer < inner for inner, outer in outwards):
                yield Problem(
                    "points_fall_outwards",
                    c.at(f"parameter {parameter.id}" + (f", {table.title}" if table.title else "")),
                    "points fall while moving outwards from the lowest-scoring band",
                    f'check the rows; if the print says so, add points_may_fall = ["{parameter.id}"]',
                    warning=True,
                )


def _check_quiet_band(c: _Context) -> Iterator[Problem]:
    """One band of each table must be the least in points, zone and level at once.

    The level certainly reached by a partial set is that of its quietest completion; without such a band there is none.
    """
    for parameter in c.chart.parameters:
        for table in parameter.tables:
            worse = [c.chart.severity(band) for band in table.bands]
            if worse and tuple(min(column) for column in zip(*worse, strict=True)) not in worse:
                yield Problem(
                    "no_quiet_band",
                    c.at(f"parameter {parameter.id}"),
                    "no band is the least in points, zone and level at once",
                    "check the zones and levels of its bands",
                )


def _check_levels(c: _Context) -> Iterator[Problem]:
    named = {band.level for *_, band in _all_bands(c.chart)}
    highest = sum(max((band.points or 0 for table in p.tables for band in table.bands), default=0) for p in c.chart.parameters)
    for level in c.chart.levels[1:]:
        by_total = level.total is not None and (level.total.low or 0) <= highest
        if not (by_total or level.counts or level.id in named):
            yield Problem(
                "level_unreachable",
                c.at(f"level {level.id}"),
                "nothing reaches this level",
                "give it a total within reach, a count, or a band that names it",
            )
    summed = [(level, level.total) for level in c.chart.levels if level.total is not None]
    if summed and not c.chart.has_points:
        level, _ = summed[0]
        yield Problem("total_without_points", c.at(f"level {level.id}"), "is reached by a total on a chart without points", "count zones instead")
    for (lower, below), (upper, above) in pairwise(summed):
        if below.high is None or above.low is None or above.low != below.high + 1:
            yield Problem(
                "total_gap",
                c.at(f"level {upper.id}"),
                f"its totals ({above}) do not start one above those of {lower.id} ({below})",
                "let each level's totals follow the last one's",
            )
    if summed:
        (first, lowest), (last, highest_range) = summed[0], summed[-1]
        if highest_range.high is not None:
            yield Problem("total_open_end", c.at(f"level {last.id}"), f"ends at a total of {highest_range.high}", "leave out its `to`")
        if first is c.chart.levels[0] and lowest.low not in (None, 0):
            yield Problem("total_gap", c.at(f"level {first.id}"), f"starts at a total of {lowest.low}", "start the first level at 0")


_NAMES_FIRST: tuple[Callable[[_Context], Iterator[Problem]], ...] = (
    _check_head,
    _check_unique,
    _check_sources,
    _check_names,
    _check_parameters,
    _check_bands,
)
_THEN_MEANING: tuple[Callable[[_Context], Iterator[Problem]], ...] = (
    _check_contexts,
    _check_direction,
    _check_quiet_band,
    _check_levels,
)
