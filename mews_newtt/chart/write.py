"""A chart as TOML in one canonical form: the same chart always gives the same text, and reading it gives the chart back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from mews_newtt.chart.checks import check_chart
from mews_newtt.chart.model import Band, Chart, Condition, CountRule, Interval, Level, Parameter, Skip, Source, Table, Timing

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}


def text(value: str) -> str:
    """A text in the quotes of TOML."""
    return '"' + "".join(_ESCAPES.get(sign, sign if sign.isprintable() or ord(sign) > 0x9F else f"\\u{ord(sign):04x}") for sign in value) + '"'


def falling(chart: Chart) -> frozenset[str]:
    """The parameters whose points fall while moving outwards: a chart file must list them to be read without a warning."""
    found = (
        problem.where.removeprefix(", parameter ").partition(",")[0] for problem in check_chart(chart, "") if problem.code == "points_fall_outwards"
    )
    return frozenset(found)


def chart_toml(chart: Chart) -> str:
    """The chart file's text."""
    head: dict[str, str | None] = {
        "id": text(chart.id),
        "version": text(chart.version),
        "title": text(chart.title),
        "short_title": text(chart.short_title),
        "status": text(chart.status),
        "status_says": _filled(chart.status_says),
        "licence": text(chart.licence),
        "scope": text(chart.scope_says),
        "between_bands": text("higher"),
        "effective_from": chart.effective_from,
        "supersedes": _filled(chart.supersedes),
        "snomed_total": _filled(chart.snomed_total),
        "aliases": _texts(chart.aliases),
        "points_may_fall": _texts(sorted(falling(chart))),
        "notes": _long(chart.notes),
        "known_missing": _long(chart.known_missing),
    }
    blocks = ["[chart]", *_lines(head)]
    for source in chart.sources:
        blocks += ["", "[[sources]]", *_lines(_source(source))]
    for zone in chart.zones:
        blocks += ["", "[[zones]]", *_lines({"id": text(zone.id), "title": text(zone.title), "colour": _filled(zone.colour)})]
    for parameter in chart.parameters:
        blocks += ["", *_parameter(parameter)]
    for group in chart.groups:
        named = {"id": text(group.id), "title": text(group.title), "kind": text(group.kind)}
        blocks += ["", "[[groups]]", *_lines({**named, "parameters": _texts(group.parameters), "source": text(group.source)})]
    for rule in chart.scope:
        then = text("refuse" if rule.refuse else "flag")
        blocks += ["", "[[scope]]", *_lines({"when": _when(rule.when), "then": then, "says": text(rule.says), "source": text(rule.source)})]
    for level in chart.levels:
        blocks += ["", "[[levels]]", *_lines(_level(level))]
    return "\n".join(blocks) + "\n"


def _lines(table: Mapping[str, str | None]) -> list[str]:
    return [f"{key} = {value}" for key, value in table.items() if value is not None]


def _inline(table: Mapping[str, str | None]) -> str:
    return f"{{ {', '.join(_lines(table))} }}"


def _filled(value: str | None) -> str | None:
    """A text that may be left out."""
    return text(value) if value else None


def _texts(values: Iterable[str]) -> str | None:
    return f"[{', '.join(map(text, values))}]" if values else None


def _long(values: Iterable[str]) -> str | None:
    """A list of sentences, one a line."""
    return "[\n" + "".join(f"  {text(value)},\n" for value in values) + "]" if values else None


def _edges(interval: Interval) -> dict[str, str | None]:
    low = None if interval.low is None else format(interval.low, "f")
    high = None if interval.high is None else format(interval.high, "f")
    return {"from" if interval.low_included else "above": low, "to" if interval.high_included else "below": high}


def _when(when: Iterable[tuple[str, Condition]]) -> str | None:
    if not when:
        return None
    said: dict[str, str | None] = {}
    for name, wanted in when:
        if isinstance(wanted, Interval):
            said[name] = _inline(_edges(wanted))
        else:
            said[name] = text(next(iter(wanted))) if len(wanted) == 1 else _texts(sorted(wanted))
    return _inline(said)


def _source(source: Source) -> dict[str, str | None]:
    people = [_inline({"by": text(by), "on": on}) for by, on in source.transcribed]
    return {
        "id": text(source.id),
        "cite": text(source.cite),
        "doi": _filled(source.doi),
        "took": _filled(source.took),
        "transcribed": f"[{', '.join(people)}]" if people else None,
    }


def _parameter(parameter: Parameter) -> list[str]:
    plain = len(parameter.tables) == 1 and replace(parameter.tables[0], bands=()) == Table(())
    lines = [
        "[[parameters]]",
        *_lines(
            {
                "id": text(parameter.id),
                "role": text(parameter.role),
                "required": None if parameter.required else "false",
                "source": text(parameter.source),
                "snomed": _filled(parameter.snomed),
                "note": _filled(parameter.note),
                "assumed": None if parameter.assumed is None else text(parameter.assumed),
                "assumed_because": _filled(parameter.assumed_because),
                "skips": f"[{', '.join(map(_skip, parameter.skips))}]" if parameter.skips else None,
                "bands": _bands(parameter.tables[0].bands) if plain else None,
            }
        ),
    ]
    for table in () if plain else parameter.tables:
        lines += [
            "",
            "[[parameters.tables]]",
            *_lines(
                {
                    "title": _filled(table.title),
                    "snomed": _filled(table.snomed),
                    "when": _when(table.when),
                    "applies": None if table.applies else "false",
                    "bands": _bands(table.bands) if table.bands else None,
                }
            ),
        ]
    return lines


def _skip(skip: Skip) -> str:
    return _inline({"code": text(skip.code), "says": text(skip.says), "points": None if skip.points is None else str(skip.points)})


def _bands(bands: Iterable[Band]) -> str:
    return "[\n" + "".join(f"  {_band(band)},\n" for band in bands) + "]"


def _band(band: Band) -> str:
    reading = _edges(band.interval) if band.interval else {"is": text(band.categories[0]) if len(band.categories) == 1 else _texts(band.categories)}
    return _inline(
        {
            **reading,
            "points": None if band.points is None else str(band.points),
            "zone": _filled(band.zone),
            "level": _filled(band.level),
            "prompt": None if band.prompt is None else text(band.prompt),
            "printed": None if band.printed == band.reads else text(band.printed),
        }
    )


def _level(level: Level) -> dict[str, str | None]:
    return {
        "id": text(level.id),
        "title": text(level.title),
        "source": text(level.source),
        "total": _inline(_edges(level.total)) if level.total is not None else None,
        "counts": f"[{', '.join(map(_count, level.counts))}]" if level.counts else None,
        "reobserve": _timing(level.reobserve),
        "review": _timing(level.review),
        "response": None if level.response is None else text(level.response),
    }


def _count(rule: CountRule) -> str:
    return _inline({"zone": _filled(rule.zone), "points": None if rule.points is None else str(rule.points), "at_least": str(rule.at_least)})


def _timing(timing: Timing | None) -> str | None:
    if timing is None:
        return None
    return _inline({"says": text(timing.says), "within_minutes": None if timing.within_minutes is None else str(timing.within_minutes)})
