"""What a transcription sheet holds: its sections and their columns, and a chart laid out on it, filled or with its numbers left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from mews_newtt.adoption.doubts import asked
from mews_newtt.adoption.new_observations import site_name
from mews_newtt.adoption.words import AS_PRINTED, NOTHING, counts_say, when_says
from mews_newtt.chart.checks import check_chart
from mews_newtt.chart.model import Band, Chart, Parameter, Timing
from mews_newtt.chart.write import falling

TITLE = "mews-newtt transcription sheet (format 1)"
NOT_READ = "not read"
OVERLAPS, HIGHER = "overlaps", "higher score"  # where two contexts overlap, the document says to take the higher score
ITEM, VALUE = "item", "value"

Line = Sequence[str | int | None]


class Column(NamedTuple):
    """A column of a section: its heading and how its cells are read."""

    name: str
    kind: str = (
        "text"  # text, id, ids, parameter, parameters, level, zone, choice, whole, number, yes, date, reading, when, total, counts, people, answers
    )
    required: bool = False


class Section(NamedTuple):
    """A block of rows under one title. `key` names the columns that tell its rows apart."""

    title: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    items: tuple[Column, ...] = ()  # of a section that is a list of items and values
    many: frozenset[str] = frozenset()  # items that may occur more than once
    optional: bool = False  # a sheet may lack it


_PAIRS = (Column(ITEM, "id", True), Column(VALUE))
DOCUMENT = Section(
    "Document",
    _PAIRS,
    (ITEM,),
    (
        Column("document"),
        Column("edition"),
        Column("document doi", "id"),
        Column("licence"),
        Column("transcribed by"),
        Column("transcribed on", "date"),
        Column("document id", "id"),
        Column("document took"),
    ),
)
CHART = Section(
    "Chart",
    _PAIRS,
    (ITEM,),
    (
        Column("chart id", "id"),
        Column("version", "id"),
        Column("title"),
        Column("short title"),
        Column("scope"),
        Column("effective from", "date"),
        Column("supersedes", "id"),
        Column("snomed total", "id"),
        Column("alias"),
        Column("note"),
        Column("known missing"),
        Column("points may fall", "parameter"),
        Column("unusual edges", "parameter"),
        Column(OVERLAPS, "choice"),
        Column(AS_PRINTED, "id"),
    ),
    frozenset(("alias", "note", "known missing", "points may fall", "unusual edges", AS_PRINTED)),
)
SOURCES = Section(
    "Other sources",
    (Column("id", "id", True), Column("cite", required=True), Column("doi", "id"), Column("took"), Column("transcribed", "people")),
    ("id",),
)
ZONES = Section("Zones", (Column("id", "id", True), Column("title"), Column("colour", "id")), ("id",))
PARAMETERS = Section(
    "Parameters",
    (
        Column("parameter", "parameter", True),
        Column("role", "choice", True),
        Column("required", "yes", True),
        Column("source", "id"),
        Column("snomed", "id"),
        Column("assumed", "id"),
        Column("assumed because"),
        Column("note"),
    ),
    ("parameter",),
)
BANDS = Section(
    "Bands",
    (
        Column("parameter", "parameter", True),
        Column("when", "when"),
        Column("reading", "reading", True),
        Column("points", "whole"),
        Column("zone", "zone"),
        Column("level", "level"),
        Column("prompt"),
        Column("printed"),
    ),
    ("parameter", "when", "reading"),
)
CONTEXTS = Section(
    "Contexts", (Column("parameter", "parameter", True), Column("when", "when", True), Column("title"), Column("snomed", "id")), ("parameter", "when")
)
SKIPS = Section(
    "Skips",
    (Column("parameter", "parameter", True), Column("code", "id", True), Column("says", required=True), Column("points", "whole")),
    ("parameter", "code"),
)
GROUPS = Section(
    "Groups",
    (
        Column("id", "id", True),
        Column("title", required=True),
        Column("kind", "choice", True),
        Column("parameters", "parameters", True),
        Column("source", "id"),
    ),
    ("id",),
)
SCOPE = Section(
    "Scope", (Column("when", "when", True), Column("then", "choice", True), Column("says", required=True), Column("source", "id")), ("when", "says")
)
LEVELS = Section(
    "Levels",
    (
        Column("level", "id", True),
        Column("title"),
        Column("total", "total"),
        Column("counts", "counts"),
        Column("observe again"),
        Column("observe minutes", "whole"),
        Column("review"),
        Column("review minutes", "whole"),
        Column("response"),
        Column("source", "id"),
    ),
    ("level",),
)
NEW = Section(
    "New observations",
    (
        Column("title", required=True),
        Column("kind", "choice", True),
        Column("unit", "id"),
        Column("step", "number"),
        Column("lowest", "number"),
        Column("highest", "number"),
        Column("answers", "answers"),
    ),
    ("title",),
    optional=True,
)
SECTIONS = (DOCUMENT, CHART, NEW, ZONES, PARAMETERS, BANDS, SKIPS, CONTEXTS, GROUPS, LEVELS, SCOPE, SOURCES)
GIVES = ("points", "zone", "level", "prompt")


class Laid(NamedTuple):
    """A sheet's lines, and which of them are titles and headings."""

    lines: list[Line]
    titles: set[int]
    headings: set[int]


def lay_out(chart: Chart, *, filled: bool, by: str | None = None, on: str | None = None, next_edition: bool = False) -> Laid:
    """A chart on a sheet. Not filled: its rows have names and roles; ranges, points, zones, levels and sources are left to fill in.

    The first source of the chart is the document; a filled sheet read back gives the chart again. For the next edition of the document, what
    must be new is left to fill in: the edition, the version, its start, and who transcribed it.
    """
    says = f"Filled from {chart.id} {chart.version} (status {chart.status}), for its next edition" if next_edition else ""
    lines: list[Line] = [[TITLE], [says if filled else f"Structure of {chart.id} {chart.version} (status {chart.status})", ""], []]
    titles, headings = {0}, set()
    for section in SECTIONS:
        titles.add(len(lines))
        headings.add(len(lines) + 1)
        lines += _heads(section)
        rows = list(_FILLERS[section.title](chart, filled, by, on))
        if next_edition:
            new = {"edition": None, "version": None, "effective from": None, "supersedes": chart.version, AS_PRINTED: None}
            rows = [[row[0], new[str(row[0])]] if section.items and row[0] in new else row for row in rows]
            rows = [row for row in rows if row[0] != AS_PRINTED]
        lines += [*rows, []]
    return Laid(lines, titles, headings)


def lay_out_blank() -> Laid:
    """A sheet for a chart that nobody has yet: every section with its headings, and the items to fill in."""
    lines: list[Line] = [[TITLE], ["A new chart", ""], []]
    titles, headings = {0}, set()
    needed = {DOCUMENT.title: 6, CHART.title: 8}
    for section in SECTIONS:
        titles.add(len(lines))
        headings.add(len(lines) + 1)
        lines += [*_heads(section), *([item.name, None] for item in section.items[: needed.get(section.title, 0)])]
        if section is CHART:
            lines.append([OVERLAPS, None])
        lines += [[] for _ in range(3 if not section.items else 1)]
    return Laid(lines, titles, headings)


def _heads(section: Section) -> list[Line]:
    return [[f"[{section.title}]"], [column.name for column in section.columns] + ([] if section.items else ["comment"])]


def _document(chart: Chart, filled: bool, by: str | None, on: str | None) -> Iterator[Line]:
    source = chart.sources[0]
    yield ["document", source.cite if filled else None]
    yield ["edition", NOTHING if filled else None]
    yield ["document doi", source.doi if filled else None]
    yield ["licence", chart.licence if filled else None]
    yield ["transcribed by", by]
    yield ["transcribed on", on]
    if filled:
        yield ["document id", source.id]
        yield ["document took", source.took or None]


def _chart(chart: Chart, filled: bool, *_: str | None) -> Iterator[Line]:
    yield ["chart id", chart.id]
    yield ["version", chart.version if filled else None]
    yield ["title", chart.title if filled else None]
    yield ["short title", chart.short_title if filled else None]
    yield ["scope", chart.scope_says if filled else None]
    yield ["effective from", chart.effective_from if filled else None]
    yield ["supersedes", chart.supersedes if filled else None]
    yield ["snomed total", chart.snomed_total if filled else None]
    yield from (["alias", alias] for alias in chart.aliases)
    if not filled:
        yield [OVERLAPS, None]
    if filled:
        yield from (["note", note] for note in chart.notes)
        yield from (["known missing", missing] for missing in chart.known_missing)
        yield from (["points may fall", name] for name in sorted(falling(chart)))
        yield from ([AS_PRINTED, key] for key in asked(chart, check_chart(chart, "")))


def _sources(chart: Chart, filled: bool, *_: str | None) -> Iterator[Line]:
    kept = {rule.source for rule in chart.scope} | {p.source for p in chart.parameters if p.role == "recorded"}
    for source in chart.sources[1:] if filled else [source for source in chart.sources if source.id in kept]:
        yield [source.id, source.cite, source.doi, source.took or None, "; ".join(f"{by} {on}" for by, on in source.transcribed) or None]


def _new(chart: Chart, filled: bool, *_: str | None) -> Iterator[Line]:
    for one in (p.observation for p in chart.parameters if p.id == site_name(p.title)):
        limits: Line = [None if edge is None else str(edge) for edge in (one.impossible.low, one.impossible.high)]
        answers = "; ".join(category.title for category in one.categories) or None
        yield [one.title, "number" if one.numeric else "answers", one.unit or None, str(one.step) if one.numeric else None, *limits, answers]


def _zones(chart: Chart, filled: bool, *_: str | None) -> Iterator[Line]:
    yield from ([zone.id, zone.title, zone.colour if filled else None] for zone in chart.zones)


def _parameters(chart: Chart, filled: bool, *_: str | None) -> Iterator[Line]:
    for p in chart.parameters:
        source = p.source if filled or p.role == "recorded" else None
        yield [
            p.id,
            p.role,
            "yes" if p.required else "no",
            source,
            p.snomed if filled else None,
            p.assumed,
            p.assumed_because or None,
            p.note if filled else None,
        ]


def _bands(chart: Chart, filled: bool, *_: str | None) -> Iterator[Line]:
    for p in chart.parameters:
        for table in p.tables:
            when = when_says(table.when) or None
            if not table.applies:
                yield [p.id, when, NOT_READ]
            for band in table.bands:
                yield [p.id, when, *(_band(p, band) if filled else [None if band.interval else band.reads])]


def _band(parameter: Parameter, band: Band) -> Line:
    gives: Line = [band.points, band.zone, band.level, band.prompt]
    if all(value is None for value in gives):
        gives = [NOTHING if parameter.role == "scored" else None, None, NOTHING, None]
    return [band.reads, *gives, band.printed if band.printed != band.reads else None]


def _contexts(chart: Chart, filled: bool, *_: str | None) -> Iterator[Line]:
    for p in chart.parameters:
        for table in p.tables:
            if table.title or table.snomed:
                yield [p.id, when_says(table.when), table.title or None, table.snomed if filled else None]


def _skips(chart: Chart, filled: bool, *_: str | None) -> Iterator[Line]:
    for p in chart.parameters:
        yield from ([p.id, skip.code, skip.says, skip.points if filled else None] for skip in p.skips)


def _groups(chart: Chart, filled: bool, *_: str | None) -> Iterator[Line]:
    yield from ([g.id, g.title, g.kind, ", ".join(g.parameters), g.source if filled else None] for g in chart.groups)


def _scope(chart: Chart, filled: bool, *_: str | None) -> Iterator[Line]:
    for rule in chart.scope:  # whom a chart is not for is copied from the document, never taken over from another chart
        yield [when_says(rule.when), *(["not for" if rule.refuse else "flag", rule.says, rule.source] if filled else [])]


def _levels(chart: Chart, filled: bool, *_: str | None) -> Iterator[Line]:
    def timing(found: Timing | None) -> Line:
        return [found.says, found.within_minutes] if found else [None, None]

    for level in chart.levels:
        reached: Line = [str(level.total) if level.total is not None else None, counts_say(level.counts) or None]
        numbers: Line = [*reached, *timing(level.reobserve), *timing(level.review), level.response, level.source]
        yield [level.id, level.title, *(numbers if filled else [])]


_FILLERS: dict[str, Callable[[Chart, bool, str | None, str | None], Iterator[Line]]] = {
    DOCUMENT.title: _document,
    CHART.title: _chart,
    NEW.title: _new,
    SOURCES.title: _sources,
    ZONES.title: _zones,
    PARAMETERS.title: _parameters,
    BANDS.title: _bands,
    CONTEXTS.title: _contexts,
    SKIPS.title: _skips,
    GROUPS.title: _groups,
    SCOPE.title: _scope,
    LEVELS.title: _levels,
}
