"""Faults of names, codes and roles: what is on the chart, and what refers to it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from mews_newtt.chart.codes import snomed_is_sound
from mews_newtt.chart.model import Band, Chart, Condition, Interval, Parameter, Table
from mews_newtt.errors import Problem, did_you_mean


class CheckContext(NamedTuple):
    chart: Chart
    place: str
    points_may_fall: frozenset[str]

    def at(self, *parts: str) -> str:
        return ", ".join((self.place, *parts))


def bad_code(place: str, system: str, code: str) -> Problem:
    return Problem("code_check_digit", place, f"the {system} code {code} fails its check digit", "copy the code again from its source")


def unknown(c: CheckContext, where: str, what: str, name: str, known: list[str], add_to: str) -> Problem:
    near = did_you_mean(name, known, 0.5)
    return Problem(f"unknown_{what}", c.at(where), f"{what} {name!r} is not on this chart", f"write {near!r}" if near else f"add it under {add_to}")


def all_bands(chart: Chart) -> Iterator[tuple[str, Parameter, Table, Band]]:
    for parameter in chart.parameters:
        for t, table in enumerate(parameter.tables, start=1):
            for b, band in enumerate(table.bands, start=1):
                label = f"parameter {parameter.id}, " + (f"tables[{t}], " if len(parameter.tables) > 1 else "") + f"band {b}"
                yield f"{label} ({band.reads})", parameter, table, band


def check_head(c: CheckContext) -> Iterator[Problem]:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", c.chart.id):
        yield Problem("bad_id", c.at("[chart], id"), f"is {c.chart.id!r}", "use small letters, digits and single hyphens")
    if not re.fullmatch(r"\d+(\.\d+)*", c.chart.version):
        yield Problem("bad_version", c.at("[chart], version"), f"is {c.chart.version!r}", 'use numbers with dots, such as "2026.1"')
    for what, items in (("parameters", c.chart.parameters), ("levels", c.chart.levels), ("sources", c.chart.sources)):
        if not items:
            yield Problem("empty_chart", c.place, f"has no {what}", f"add [[{what}]]")
    if c.chart.snomed_total and not snomed_is_sound(c.chart.snomed_total):
        yield bad_code(c.at("[chart], snomed_total"), "SNOMED CT", c.chart.snomed_total)


def check_unique(c: CheckContext) -> Iterator[Problem]:
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


def check_sources(c: CheckContext) -> Iterator[Problem]:
    known = {source.id for source in c.chart.sources}
    cited: list[tuple[str, str]] = [(f"parameter {p.id}", p.source) for p in c.chart.parameters]
    cited += [(f"level {x.id}", x.source) for x in c.chart.levels] + [(f"group {g.id}", g.source) for g in c.chart.groups]
    cited += [(f"scope[{n}]", rule.source) for n, rule in enumerate(c.chart.scope, start=1)]
    for where, name in cited:
        if name not in known:
            yield unknown(c, where, "source", name, list(known), "[[sources]]")
    said = "\n".join((*c.chart.notes, *c.chart.known_missing, *(p.note for p in c.chart.parameters)))
    for name in known - {name for _, name in cited}:
        if f"[{name}]" not in said:
            mend = f"cite it where its numbers are used, write [{name}] in a note, or take it out"
            yield Problem("source_not_cited", c.at(f"source {name}"), "nothing cites this source", mend)


def check_names(c: CheckContext) -> Iterator[Problem]:
    zones, levels, rows = list(c.chart.zone_rank), list(c.chart.level_rank), list(c.chart.by_id)
    for where, _, _, band in all_bands(c.chart):
        if band.zone and band.zone not in zones:
            yield unknown(c, where, "zone", band.zone, zones, "[[zones]]")
        if band.level and band.level not in levels:
            yield unknown(c, where, "level", band.level, levels, "[[levels]]")
    for level in c.chart.levels:
        for rule in level.counts:
            if rule.zone and rule.zone not in zones:
                yield unknown(c, f"level {level.id}", "zone", rule.zone, zones, "[[zones]]")
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
                yield unknown(c, f"group {group.id}", "parameter", name, rows, "[[parameters]]")
            elif c.chart.by_id[name].role != "scored":
                yield Problem("group_not_scored", c.at(f"group {group.id}"), f"{name} is not scored", "group scored parameters only")
    for parameter in c.chart.parameters:
        for number, table in enumerate(parameter.tables, start=1):
            yield from _check_when(c, f"parameter {parameter.id}, tables[{number}]", table.when)
    for number, scope in enumerate(c.chart.scope, start=1):
        yield from _check_when(c, f"scope[{number}]", scope.when)
        if not scope.when:
            yield Problem("scope_of_everything", c.at(f"scope[{number}]"), "has no condition", "add when = { ... }")


def _check_when(c: CheckContext, where: str, when: tuple[tuple[str, Condition], ...]) -> Iterator[Problem]:
    for name, wanted in when:
        parameter = c.chart.by_id.get(name)
        if parameter is None:
            yield unknown(c, where, "parameter", name, list(c.chart.by_id), "[[parameters]]")
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
                    f"{category!r} is not a category of {name}",
                    "use one of: " + ", ".join(parameter.observation.category_ids),
                )


def check_parameters(c: CheckContext) -> Iterator[Problem]:
    for p in c.chart.parameters:
        place = c.at(f"parameter {p.id}")
        if p.role != "recorded" and not any(table.bands for table in p.tables):
            yield Problem("no_bands", place, f"is {p.role} but has no bands", 'add bands, or role = "recorded"')
        for where, owner, _, band in all_bands(c.chart):
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
            for where, owner, _, band in all_bands(c.chart):
                if owner is p and band.points is None:
                    yield Problem("points_missing", c.at(where), "gives no points on a chart that sums points", "add points = ...")
        for code in (p.snomed, *(table.snomed for table in p.tables)):
            if code and not snomed_is_sound(code):
                yield bad_code(place, "SNOMED CT", code)
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
