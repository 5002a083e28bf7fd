"""Faults of bands: gaps, overlaps, unknown categories, contexts that overlap or leave a hole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise, product

from mews_newtt.chart.check_names import CheckContext
from mews_newtt.chart.contexts import can_occur, contexts_of, distinguishable_values, matches
from mews_newtt.chart.model import Parameter, Table
from mews_newtt.chart.words import conditions_say
from mews_newtt.errors import Problem, did_you_mean


def check_bands(c: CheckContext) -> Iterator[Problem]:
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
                missed = set(parameter.category_ids) - {category for band in table.bands for category in band.categories}
                if missed:
                    yield Problem(
                        "category_hole",
                        c.at(where),
                        f"has no band for {', '.join(sorted(missed))}, which another table of {parameter.id} has",
                        "let every table of a parameter hold the same categories",
                    )


def _check_categories(c: CheckContext, where: str, parameter: Parameter, table: Table) -> Iterator[Problem]:
    known = parameter.observation.category_ids
    for name, times in Counter(category for band in table.bands for category in band.categories).items():
        if name not in known:
            near = did_you_mean(name, known)
            yield Problem(
                "unknown_category",
                c.at(where),
                f"{name!r} is not a category of {parameter.id}",
                f"write {near!r}" if near else "use one of: " + ", ".join(known),
            )
        if times > 1:
            yield Problem("band_overlap", c.at(where), f"{name!r} is in {times} bands", "keep it in one")
    for band in table.bands:
        if band.interval is not None or not band.categories:
            yield Problem("bad_band", c.at(where), "a band of categories needs `is` and no edges", 'write is = "..."')


def _check_ranges(c: CheckContext, where: str, parameter: Parameter, table: Table) -> Iterator[Problem]:
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
                    f"the edge {edge} is not a multiple of the recording step {step}",
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


def check_contexts(c: CheckContext) -> Iterator[Problem]:
    for name in c.chart.context_ids:
        context = c.chart.by_id[name]
        if any(table.when for table in context.tables) or name in c.chart.group_of:
            yield Problem(
                "context_of_context",
                c.at(f"parameter {name}"),
                "chooses tables and has tables of its own contexts, or is in a group",
                "let it be chosen by nothing",
            )
            return
    for parameter in c.chart.parameters:
        names = contexts_of(parameter)
        for values in product(*(distinguishable_values(c.chart, name) for name in names)):
            given = dict(zip(names, values, strict=True))
            if not can_occur(c.chart, given):
                continue
            chosen = [t for t, table in enumerate(parameter.tables, start=1) if all(matches(w, given[n]) for n, w in table.when)]
            if len(chosen) != 1 and parameter.tables:
                says = ", ".join(f"{n} = {v}" for n, v in given.items()) or "no context at all"
                whose = (f"table {t} is for {conditions_say(c.chart, parameter.tables[t - 1].when) or 'all'}" for t in chosen)
                yield Problem(
                    "context_hole" if not chosen else "context_overlap",
                    c.at(f"parameter {parameter.id}"),
                    "; ".join((f"has {'no table' if not chosen else f'tables {chosen}'} for {says}", *whose)),
                    "let exactly one table's `when` hold",
                )
                break
