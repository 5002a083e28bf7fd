"""The report of two records beside each other: one page for people, and report.json."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from mews_newtt import __version__
from mews_newtt.chart.statuses import MEANINGS
from mews_newtt.drawn.report import Column, facts_html, list_html, page_html, paragraphs_html, section_html, share_words, table_html
from mews_newtt.drawn.words import safe
from mews_newtt.episode.beside.compare import Beside, Compared
from mews_newtt.episode.beside.kappa import Kappa
from mews_newtt.scoring.wording import count
from mews_newtt.tables.atomic import whole_file

PAGE, MARKER = "report.html", "report.json"


def write_beside(found: Beside, folder: Path, not_read: dict[str, tuple[str, ...]], run_on: str | None = None) -> list[Path]:
    """Write report.html and report.json: both or none.

    not_read : by record, what of its file was not read, in words
    """
    folder.mkdir(parents=True, exist_ok=True)
    document = {**found.to_dict(), "not_read": not_read, "engine_version": __version__, "run_on": run_on}
    with ExitStack() as whole:
        marker = whole.enter_context(whole_file(folder / MARKER))  # entered first, so it appears last
        page = whole.enter_context(whole_file(folder / PAGE))
        page.write(as_html(found, not_read, run_on))
        page.flush()
        marker.write(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n")
        marker.flush()
        if (folder / MARKER).is_file():
            Path(os.path.realpath(folder / MARKER)).unlink()
    return [folder / PAGE, folder / MARKER]


def says(found: Beside) -> list[str]:
    """The comparison in a few lines, for a terminal and for the head of the page."""
    lines = [f"{count(found.pairs, 'set')} in both records; {found.only_first:,} only in the first, {found.only_second:,} only in the second"]
    named = (("levels", found.level), *([("totals", found.totals)] if found.totals else []))
    for name, one in named:
        lines.append(
            f"{name} agree in {one.agree:,} of {one.pairs:,} ({share_words(one.agree, one.pairs)}); the second record is lower in {one.lower:,} and "
            f"higher in {one.higher:,}; weighted kappa {kappa_words(one.linear)} (linear)"
        )
        lines.append(f"{name} not known on both sides: {one.not_both:,}; these are neither agreement nor disagreement") if one.not_both else None
    for which, record in (("first", found.first), ("second", found.second)):
        lines.append(f"{count(record.lost, 'row')} of the {which} record not compared: of people who could not be followed") if record.lost else None
    return lines


def kappa_words(kappa: Kappa) -> str:
    """Kappa with its interval, or why there is none."""
    if kappa.value is None:
        return "not defined, because there is one value alone" if kappa.pairs else "not defined, because nothing was compared"
    if kappa.low is None or kappa.high is None:
        return f"{kappa.value:.2f} (no interval, because every pair agrees)"
    return f"{kappa.value:.2f} (95% interval {kappa.low:.2f} to {kappa.high:.2f})"


def as_html(found: Beside, not_read: dict[str, tuple[str, ...]], run_on: str | None = None) -> str:
    """The report as one page."""
    chart = found.chart
    head = f'<h1 id="h-summary">{safe(f"{found.pairs:,} sets in both records")}</h1>'
    lines = paragraphs_html(f"{line[:1].upper()}{line[1:]}." for line in says(found))
    sections = (
        f'<section class="verdict" aria-labelledby="h-summary">\n{head}\n{lines}\n</section>',
        section_html("h-what", "What was compared", facts_html(_facts(found, run_on)), *(list_html(not_read[name]) for name in not_read)),
        _sets(found),
        _agreement(found),
        _levels(found),
        _rows(found),
    )
    title = f"Two records: {chart.short_title} {chart.version}, {found.first.name} and {found.second.name}"
    return page_html(title, "mews_newtt: two records beside each other", f"{chart.title}, version {chart.version}", [chart], _engine(), sections)


def _engine() -> str:
    return f"mews_newtt {__version__}"


def _facts(found: Beside, run_on: str | None) -> list[tuple[str, str]]:
    chart, minutes = found.chart, found.within / timedelta(minutes=1)
    facts = [
        ("First record", found.first.name),
        ("Second record", found.second.name),
        ("Same set", f"the same person, and times at most {minutes:g} minutes apart; one to one, the closest first"),
        ("Chart", f"{chart.title} ({chart.id}), version {chart.version}"),
        ("Status of the chart", f"{chart.status}: {MEANINGS.get(chart.status, '')}. {chart.status_says}"),
        ("Chart fingerprint", chart.sha256),
        ("Scores", "worked out here from the readings of each record. Totals that people wrote down are compared by mews-newtt validate."),
        ("Persons", "none is named in this report"),
        ("Engine", f"{_engine()}. Not a registered medical device."),
    ]
    return [*facts, ("Run on", run_on)] if run_on else facts


def _sets(found: Beside) -> str:
    columns = [Column("Sets", number=False), Column("First record"), Column("Second record")]
    first, second = found.first, found.second
    rows = [
        ("Sets that count", first.sets.height, second.sets.height),
        ("of them in both records", found.pairs, found.pairs),
        ("of them missing in the other record", found.only_first, found.only_second),
        ("People", first.people, second.people),
        ("Rows that were corrected, entered in error or sent twice", first.corrected, second.corrected),
        ("Rows of people who could not be followed; not compared", first.lost, second.lost),
    ]
    apart = [] if found.apart_median is None else [f"Half of the sets in both records are at most {found.apart_median:g} minutes apart."]
    return section_html("h-sets", "Sets on either side", table_html("Sets on either side", columns, rows), paragraphs_html(apart))


def _agreement(found: Beside) -> str:
    names = ("Compared", "Agree", "Share", "Second lower", "Second higher", "Not known on both sides")
    compared = [("Level", found.level), *([("Total", found.totals)] if found.totals else [])]
    heads = [Column("Weighted kappa", number=False), Column("Linear weights", number=False), Column("Quadratic weights", number=False)]
    kappas = table_html("Weighted kappa", heads, [(name, kappa_words(one.linear), kappa_words(one.quadratic)) for name, one in compared])
    notes = [
        "Only totals of complete sets and levels that are certain on both sides are compared: a missing reading is never counted as 0. "
        "Kappa: Cohen 1968; interval: Fleiss, Cohen and Everitt 1969. The interval is too narrow where there are few sets, or several of one person.",
    ]
    columns = [Column("What", number=False), *map(Column, names)]
    table = table_html("Agreement of levels and totals", columns, [(name, *_cells(one)) for name, one in compared])
    return section_html("h-agreement", "Agreement", table, kappas, paragraphs_html(notes, "note"))


def _cells(one: Compared) -> tuple[object, ...]:
    return (one.pairs, one.agree, share_words(one.agree, one.pairs), one.lower, one.higher, one.not_both)


def _levels(found: Beside) -> str:
    titles = [level.title for level in found.chart.levels]
    columns = [Column("First record: level", number=False), *(Column(f"second: {title}") for title in titles)]
    rows = [(title, *row) for title, row in zip(titles, found.levels, strict=True)]
    return section_html("h-levels", "Levels beside each other", table_html("How often each level stands beside each other one", columns, rows))


def _rows(found: Beside) -> str:
    titles = {parameter.id: parameter.title for parameter in found.chart.parameters}
    names = ("Same points", "Second gives fewer", "Second gives more", "No points in the first only", "In the second only", "In both none")
    columns = [Column("Row of the chart", number=False), *map(Column, names)]
    rows = [(titles[row.parameter], *row[1:]) for row in found.rows]
    none = [] if rows else [f"{found.chart.short_title} gives no points, so its rows are compared by their levels alone."]
    note = ["A row has no points where its reading is missing, or was not taken for a reason that gives no points."] if rows else []
    return section_html(
        "h-rows", "Points by row of the chart", table_html("Points by row of the chart", columns, rows), paragraphs_html([*none, *note], "note")
    )


def _short(name: str) -> str:
    """A file without its size and its sha256."""
    return name.partition(",")[0]


def summary_text(found: Beside) -> str:
    """For a terminal."""
    chart = found.chart
    head = f"{chart.named}: {_short(found.first.name)} beside {_short(found.second.name)}"
    worst = sorted((row for row in found.rows if row.lower or row.higher), key=lambda row: -(row.lower + row.higher))[:3]
    titles = {parameter.id: parameter.title for parameter in chart.parameters}
    rows = [f"{titles[row.parameter]}: second gives fewer points in {row.lower:,}, more in {row.higher:,}" for row in worst]
    return "\n".join([head, *(f"  {line}" for line in (*says(found), *rows))])
