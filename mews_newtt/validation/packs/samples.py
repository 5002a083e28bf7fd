"""Sample files of a chart to try the software with: a right file, a file scored by a platform with two faults, and a course over time.

Readings come from the chart's own bands. The faulty file is scored by the chart with two edges moved, so every disagreement in it is real.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from mews_newtt.chart.model import Chart
from mews_newtt.scoring.reference import score
from mews_newtt.validation.cases.lessons import drawn_set
from mews_newtt.validation.cases.shown import calm_set, examples
from mews_newtt.validation.cases.values import Given, edge_values, settings
from mews_newtt.validation.faults.edges import edges_of, moves_of
from mews_newtt.validation.faults.fault import Site, each_table

ROWS = 200
LEAST_SHOWN = 3  # rows in which a fault must show
STEPS = 2  # recording steps that an edge is moved by, at most
FIRST_SET = datetime(2026, 1, 1, 6, 0)  # made up, as every reading here is
BETWEEN_SETS = timedelta(hours=4)


@dataclass(frozen=True)
class Sample:
    """A file as CSV text, and what is wrong with it, in words; nothing is, where there are none."""

    text: str
    faults: tuple[str, ...]


def right_file(chart: Chart) -> Sample:
    """Sets with the totals and levels that the chart gives."""
    return Sample(_csv(chart, _sets(chart, ()), chart), ())


def faulty_file(chart: Chart) -> Sample:
    """Sets with the totals and levels of a platform that has one edge of each of two rows in the wrong place."""
    faulty = chart
    words: list[str] = []
    moved: list[str] = []
    for name in _rows_with_edges(chart):
        sets = _sets(chart, (*moved, name))
        right = [_stated(chart, given) for given in sets]
        for fault in (fault for site in _sites(faulty, name) for fault in moves_of(faulty, site, STEPS)):
            shown = sum(_stated(fault.chart, given) != stated for given, stated in zip(sets, right, strict=True))
            if shown >= LEAST_SHOWN * (len(moved) + 1):
                faulty, words, moved = fault.chart, [*words, fault.words], [*moved, name]
                break
        if len(words) == 2:
            break
    return Sample(_csv(chart, _sets(chart, moved), faulty), tuple(words))


def course_file(chart: Chart) -> Sample:
    """One made-up person over time: from nothing raised to the highest level of the examples, one reading missing, and back."""
    shown = [each for each in examples(chart) if score(chart, each.given, raise_refused=False).status != "refused"]
    rank = chart.level_rank
    rising = sorted(shown, key=lambda each: rank[score(chart, each.given).level or chart.levels[0].id])
    sets = [each.given for each in (*rising, *rising[:1])]
    times = [(FIRST_SET + number * BETWEEN_SETS).isoformat(" ", "minutes") for number in range(len(sets))]
    return Sample(_written(["observed_at", *_names(chart, sets)], [{"observed_at": at, **given} for at, given in zip(times, sets, strict=True)]), ())


def _rows_with_edges(chart: Chart) -> list[str]:
    return list(dict.fromkeys(at.parameter.id for at in each_table(chart) if at.parameter.role == "scored" and any(True for _ in edges_of(at))))


def _sites(chart: Chart, name: str) -> Iterator[Site]:
    yield from (edge.site for at in each_table(chart) if at.parameter.id == name for edge in edges_of(at))


def _sets(chart: Chart, at_edges: Sequence[str]) -> list[Given]:
    """Complete sets; the rows that are named often have a reading beside an edge."""
    ways = settings(chart)
    calm = [calm_set(chart, way) for way in ways]
    rng = Random(len(at_edges))
    found: list[Given] = []
    for number in range(ROWS if ways else 0):
        way = number % len(ways)
        given = drawn_set(chart, rng, ways[way], calm[way], rng.choice((0, 0, 1, 2)), lacks=False)
        for name in at_edges:
            table = ways[way].tables[name]
            if table is not None and name in given and rng.random() < 0.5:
                given = {**given, name: rng.choice(edge_values(chart.by_id[name], [table])[0])}
        if score(chart, given, raise_refused=False).status == "complete":
            found.append(given)
    return found


def _stated(chart: Chart, given: Given) -> tuple[str, str]:
    result = score(chart, given, raise_refused=False)
    return "" if result.total is None else str(result.total), result.level or ""


def _names(chart: Chart, sets: Sequence[Given]) -> list[str]:
    used = {name for given in sets for name in given}
    return [p.id for p in chart.parameters if p.id in used] + sorted(used - {p.id for p in chart.parameters})


def _csv(chart: Chart, sets: Sequence[Given], platform: Chart) -> str:
    """The sets with what a platform that follows another chart states."""
    rows = []
    for number, given in enumerate(sets, 1):
        total, level = _stated(platform, given)
        rows.append({"case_id": f"made-up-{number}", **given, "expected_total": total, "expected_level": level})
    heads = ["case_id", *_names(chart, sets), *(["expected_total"] if chart.has_points else []), "expected_level"]
    return _written(heads, rows)


def _written(heads: Sequence[str], rows: Sequence[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, heads, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
