"""TOML to Chart: structure first, then every check, all faults reported together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from mews_newtt.chart.checks import check_chart
from mews_newtt.chart.exact import exactly
from mews_newtt.chart.model import (
    ROLES,
    STATUSES,
    Band,
    Chart,
    Condition,
    CountRule,
    Group,
    Interval,
    Level,
    Observation,
    Parameter,
    ScopeRule,
    Skip,
    Table,
    Zone,
)
from mews_newtt.chart.read_parts import read_source, read_timing
from mews_newtt.chart.toml import TableReader, read_toml
from mews_newtt.errors import ChartError, Problem, did_you_mean


@exactly()
def read_chart(path: Path, observations: Mapping[str, Observation]) -> tuple[Chart | None, list[Problem]]:
    """Read one chart file. The chart is None where a fault leaves nothing to score with; warnings may remain."""
    problems: list[Problem] = []
    content = read_toml(path, problems)
    if content is None:
        return None, problems
    chart = chart_of(TableReader(content, str(path), problems), observations)
    if not problems:  # the checks need a complete chart; on an incomplete one they would repeat these problems
        problems += check_chart(chart, str(path), _texts(content, "points_may_fall"))
    if any(not problem.warning for problem in problems):
        return None, problems
    return replace(chart, origin=str(path), known=tuple(observations.values())), problems


def load_chart_file(path: Path, observations: Mapping[str, Observation]) -> Chart:
    """Read one chart file or raise ChartError with every fault in it."""
    chart, problems = read_chart(path, observations)
    if chart is None:
        raise ChartError(problems)
    return chart


def _texts(content: Mapping[str, Any], key: str) -> frozenset[str]:
    return frozenset(content["chart"].get(key, ()))


def interval_of(reader: TableReader) -> Interval | None:
    """The interval that a table's edges give; None where it has none."""
    low, above = reader.take("from", Decimal), reader.take("above", Decimal)
    high, below = reader.take("to", Decimal), reader.take("below", Decimal)
    for one, two, names in ((low, above, "from and above"), (high, below, "to and below")):
        if one is not None and two is not None:
            reader.fault("edge_twice", f"has both {names}", "keep the one that is printed")
    if low is None and above is None and high is None and below is None:
        return None
    return Interval(low if low is not None else above, above is None, high if high is not None else below, below is None)


def _band(reader: TableReader) -> Band:
    interval, categories = interval_of(reader), reader.texts("is")
    printed = reader.take("printed", str, "")
    band = Band(
        interval=interval,
        categories=categories,
        points=reader.take("points", int),
        zone=reader.take("zone", str),
        level=reader.take("level", str),
        prompt=reader.take("prompt", str),
        printed=printed or Band(interval, categories).reads,
    )
    reader.finish()
    return band


def _conditions(reader: TableReader) -> tuple[tuple[str, Condition], ...]:
    when = reader.take("when", dict, {})
    conditions: list[tuple[str, Condition]] = []
    for name, wanted in when.items():
        if isinstance(wanted, dict):
            edges = TableReader(wanted, f"{reader.place}, when {name}", reader.problems)
            interval = interval_of(edges)
            edges.finish()
            conditions.append((name, interval or Interval()))
        else:
            texts = [wanted] if isinstance(wanted, str) else wanted
            if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
                reader.fault("wrong_type", f"is {wanted!r}", "write a category, a list of them, or { from = ..., below = ... }", f"when {name}")
                continue
            conditions.append((name, frozenset(texts)))
    return tuple(conditions)


def _parameter(reader: TableReader, observations: Mapping[str, Observation]) -> Parameter:
    name = reader.take("id", str, "", required=True)
    observation = observations.get(name)
    if observation is None:
        near = did_you_mean(name, list(observations))
        reader.fault("unknown_parameter", f"{name!r} is not in any parameters.toml", f"write {near!r}" if near else "add it to parameters.toml", "id")
        observation = Observation(id=name, title=name)
    role = reader.one_of("role", ROLES)
    tables = []
    bands = reader.tables("bands")
    table_readers = reader.tables("tables")
    if bands:
        tables.append(Table(tuple(_band(band) for band in bands)))
        if table_readers:
            reader.fault("bands_twice", "has both bands and tables", "keep bands for one table, tables for several")
    for table in table_readers:
        tables.append(
            Table(
                bands=tuple(_band(band) for band in table.tables("bands")),
                when=_conditions(table),
                title=table.take("title", str, ""),
                applies=table.take("applies", bool, True),
                snomed=table.take("snomed", str),
            )
        )
        table.finish()
    skips = []
    for skip in reader.tables("skips"):
        skips.append(
            Skip(
                code=skip.take("code", str, "", required=True),
                says=skip.take("says", str, "", required=True),
                points=skip.take("points", int),
            )
        )
        skip.finish()
    parameter = Parameter(
        observation=observation,
        role=role,
        required=reader.take("required", bool, True),
        source=reader.take("source", str, "", required=True),
        tables=tuple(tables),
        skips=tuple(skips),
        assumed=reader.take("assumed", str),
        assumed_because=reader.take("assumed_because", str, ""),
        note=reader.take("note", str, ""),
        snomed=reader.take("snomed", str),
    )
    reader.finish()
    return parameter


def _level(reader: TableReader) -> Level:
    total_table = reader.table("total")
    total = None
    if total_table is not None:
        total = interval_of(total_table)
        total_table.finish()
    counts = []
    for rule in reader.tables("counts"):
        counts.append(CountRule(rule.take("at_least", int, 1, required=True), rule.take("zone", str), rule.take("points", int)))
        rule.finish()
    level = Level(
        id=reader.take("id", str, "", required=True),
        title=reader.take("title", str, "", required=True),
        source=reader.take("source", str, "", required=True),
        total=total,
        counts=tuple(counts),
        reobserve=read_timing(reader, "reobserve"),
        review=read_timing(reader, "review"),
        response=reader.take("response", str),
    )
    reader.finish()
    return level


def _simple(readers: Iterable[TableReader], build: Any) -> tuple[Any, ...]:
    built = []
    for reader in readers:
        built.append(build(reader))
        reader.finish()
    return tuple(built)


def chart_of(top: TableReader, observations: Mapping[str, Observation]) -> Chart:
    """The chart that a file's tables describe. What is wrong is added to the reader's problems."""
    head = top.table("chart") or TableReader({}, f"{top.place}, [chart]", top.problems)
    head.take("between_bands", str, required=True)
    if head.content.get("between_bands", "higher") != "higher":
        head.fault("not_allowed", f"is {head.content['between_bands']!r}", 'write "higher": the only reading rule there is', "between_bands")
    head.texts("points_may_fall")
    effective_from = head.take("effective_from", date)
    chart = Chart(
        id=head.take("id", str, "", required=True),
        version=head.take("version", str, "", required=True),
        title=head.take("title", str, "", required=True),
        short_title=head.take("short_title", str, "", required=True),
        status=head.one_of("status", STATUSES),
        status_says=head.take("status_says", str, ""),
        licence=head.take("licence", str, "", required=True),
        scope_says=head.take("scope", str, "", required=True),
        aliases=head.texts("aliases"),
        notes=head.texts("notes"),
        known_missing=head.texts("known_missing"),
        effective_from=effective_from.isoformat() if effective_from else None,
        supersedes=head.take("supersedes", str),
        snomed_total=head.take("snomed_total", str),
        sources=tuple(read_source(reader) for reader in top.tables("sources")),
        zones=_simple(
            top.tables("zones"), lambda r: Zone(r.take("id", str, "", required=True), r.take("title", str, "", required=True), r.take("colour", str))
        ),
        parameters=tuple(_parameter(reader, observations) for reader in top.tables("parameters")),
        groups=_simple(
            top.tables("groups"),
            lambda r: Group(
                r.take("id", str, "", required=True),
                r.take("title", str, "", required=True),
                r.one_of("kind", ("either", "one_of")),
                r.texts("parameters"),
                r.take("source", str, "", required=True),
            ),
        ),
        scope=_simple(
            top.tables("scope"),
            lambda r: ScopeRule(
                _conditions(r),
                r.one_of("then", ("refuse", "flag")) == "refuse",
                r.take("says", str, "", required=True),
                r.take("source", str, "", required=True),
            ),
        ),
        levels=tuple(_level(reader) for reader in top.tables("levels")),
    )
    head.finish()
    top.finish()
    return chart
