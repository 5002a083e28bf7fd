"""A paragraph to send: for each finding a text that a vendor can act on, with the chart's source, three rows, and the set that would settle it.

No text names a person. It shows rows by their number and their readings.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mews_newtt import __version__
from mews_newtt.chart.model import Chart, Parameter, number
from mews_newtt.chart.statuses import MEANINGS
from mews_newtt.drawn.words import reached_by
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.wording import count
from mews_newtt.validation.diagnosis import Diagnosis, Finding
from mews_newtt.validation.faults import Fault
from mews_newtt.validation.reports.titles import reading_words, stated_cell
from mews_newtt.validation.result import Disagreement, Validation
from mews_newtt.validation.wording import band_words, gives

ROWS = 3  # of the file
MOST_PARAMETERS = 3  # whose bands are written out
MOST_TABLES = 3
MOST_LETTERS = 4
HALF = 2  # a finding that explains less than one in so many disagreements is not sent as one


class Letter(NamedTuple):
    """A text to send, and its subject line."""

    subject: str
    text: str

    def __str__(self) -> str:
        return f"Subject: {self.subject}\n\n{self.text}"


def letter_of(found: Validation) -> str:
    """The text about the best finding; empty where there is nothing to write about."""
    made = letters_of(found)
    return str(made[0]) if made else ""


def letters_of(found: Validation) -> list[Letter]:
    """One text for each finding, the best first; where nothing explains the disagreements, one that asks about them."""
    diagnosis = found.diagnosis
    if diagnosis is None or diagnosis.not_made or not diagnosis.disagreements:
        return []
    findings = list(_findings(diagnosis))
    return [_letter(found, diagnosis, finding, place == 0) for place, finding in enumerate(findings[:MOST_LETTERS])] or [_question(found)]


def letters_text(found: Validation) -> str:
    """All texts in one file. If they cannot be made, one line says so: a letter must never cost a report."""
    try:
        texts = [str(each) for each in letters_of(found)]
        if texts and found.diagnosis is not None and found.diagnosis.settle_first:
            texts.insert(0, f"Do not send this text yet. {found.diagnosis.settle_first}")
        return "\n\n---\n\n".join(texts)
    except Exception as fault:  # whatever is odd about a finding; the fault's message could hold readings
        line = traceback.extract_tb(fault.__traceback__)[-1]
        where = f"{type(fault).__name__} in {Path(line.filename).name}, line {line.lineno}"
        return f"The text to send could not be made ({where}). Please report this fault with the chart and its version."


def _findings(diagnosis: Diagnosis) -> Iterator[Finding]:
    """The best finding of all columns together, and of each column that shows another fault."""
    seen: set[str] = set()
    best = diagnosis.findings[:1]
    apart = [column.findings[0] for column in diagnosis.by_column.values() if column.explained and not column.follows]
    for finding in (*best, *apart):
        fault = finding.faults[0]
        if HALF * (finding.explains - finding.breaks) > finding.of and seen.isdisjoint(each.id for each in (fault, *fault.joined)):
            seen |= {each.id for each in (fault, *fault.joined)}
            yield finding


# The parts of a text


def _letter(found: Validation, diagnosis: Diagnosis, finding: Finding, leads: bool) -> Letter:
    fault = finding.faults[0]
    within = diagnosis.within if leads and diagnosis.within is not None and diagnosis.within.leads else None
    seems = fault.words[:1].upper() + fault.words[1:]
    where = f"In {within.words}: " if within else ""
    breaks = "It contradicts no row" if not finding.breaks else f"It contradicts {count(finding.breaks, 'row')} that agreed"
    inside = f" in {within.words}" if within else ""
    lines = [
        "Dear colleagues,",
        _opening(found),
        f"What the chart says\n{_chart_says(found.chart, fault)}",
        f"What the platform seems to do\n{where}{seems}.\nThis explains {finding.explains:,} of {finding.of:,} rows that disagree{inside}. {breaks}. "
        f"{_how_sure(diagnosis, finding, leads)}",
    ]
    if within:
        lines.append(within.says)
    rows = _rows(found, fault, within.wrong_rows if within else None)
    lines += [f"Rows of the file\n{_rows_say(found.chart, rows, fault)}", f"What would settle it\n{_settles(found.chart, diagnosis, leads, rows)}"]
    lines += ["Please tell us which rule the platform follows here, or in which version it will be corrected.", _evidence(found)]
    titles = [found.chart.by_id[name].title for name in fault.parameters if name in found.chart.by_id]
    about = ", ".join(titles[:MOST_PARAMETERS]) or "scores that differ from the chart"
    return Letter(f"{found.chart.short_title} {found.chart.version}: {about}", "\n\n".join(lines) + "\n")


def _question(found: Validation) -> Letter:
    """Where nothing known explains the disagreements."""
    rows = _rows(found, None, None)
    lines = [
        "Dear colleagues,",
        _opening(found),
        "We could not find one rule that explains these rows. They may have several causes.",
    ]
    if found.diagnosis is not None and found.diagnosis.within is not None:
        lines.append(found.diagnosis.within.says)
    lines += [f"Rows of the file\n{_rows_say(found.chart, rows, None)}", _sources(found.chart, ())]
    lines += ["Please tell us for each of these rows which points the platform gives for each reading.", _evidence(found)]
    return Letter(f"{found.chart.short_title} {found.chart.version}: scores that differ from the chart", "\n\n".join(lines) + "\n")


def _opening(found: Validation) -> str:
    chart = found.chart
    meaning = MEANINGS.get(chart.status, "")
    status = f"status {chart.status}" + (f": {meaning}" if meaning else "")
    status += f"; {chart.signed}" if chart.signed else ""
    says = "row disagrees" if found.disagreed == 1 else "rows disagree"
    return (
        f"We compared the scores of your platform with {chart.title} ({chart.short_title}), version {chart.version} ({status}). "
        f"{found.disagreed:,} of {found.compared:,} {says} with the chart."
    )


def _chart_says(chart: Chart, fault: Fault) -> str:
    faults = fault.joined or (fault,)
    names = [name for each in faults for name in each.parameters if name in chart.by_id]
    parameters = [chart.by_id[name] for name in dict.fromkeys(names)][:MOST_PARAMETERS]
    lines = [line for parameter in parameters for line in _bands(chart, parameter, faults)]
    if any("missing" in each.kind or each.kind.startswith("partial") for each in faults):
        lines.append("The chart gives points for readings. It gives no points, and not 0 points, for a reading that is missing.")
    if not lines or any("level" in each.kind or each.kind.startswith("threshold") for each in faults):
        lines += [f"{level.title}: {'; '.join(ways)}" for level in chart.levels if (ways := reached_by(chart, level))]
    return "\n".join([*lines, _sources(chart, [parameter.source for parameter in parameters])])


def _bands(chart: Chart, parameter: Parameter, faults: Sequence[Fault]) -> Iterator[str]:
    """The bands of the tables that a fault is about; of a parameter with many tables, no more than a few."""
    wanted = [each.site.table for each in faults if each.site is not None and each.site.parameter == parameter.id and each.site.table is not None]
    tables = [parameter.tables[place] for place in dict.fromkeys(wanted)] or parameter.tables
    for table in tables[:MOST_TABLES]:
        if table.bands:
            unit = number("", parameter.observation.unit).strip()
            name = f"{parameter.title}{f' ({table.title})' if table.title else ''}{f', {unit}' if unit else ''}"
            yield f"{name}: " + "; ".join(f"{band_words(band)}: {gives(chart, band)}" for band in table.bands)
    if len(tables) > MOST_TABLES:
        yield f"{parameter.title} has {len(tables) - MOST_TABLES} more tables in the chart."


def _sources(chart: Chart, ids: Sequence[str]) -> str:
    """The sources of these parts of the chart; all of the chart where none is named."""
    named = [source for source in chart.sources if source.id in ids] or list(chart.sources[:1])
    cites = [source.cite + (f" https://doi.org/{source.doi}" if source.doi else "") for source in named]
    return f"Source: {' '.join(cites)}" if len(cites) == 1 else "Sources: " + " ".join(cites)


def _how_sure(diagnosis: Diagnosis, finding: Finding, leads: bool) -> str:
    if not leads:
        return "This is what one of the stated columns shows by itself."
    if diagnosis.certain:
        return "No other fault that we know explains them as well."
    if diagnosis.ties:
        return f"We are not certain: {count(len(diagnosis.ties), 'other explanation')} would fit as well, such as: {diagnosis.ties[0].words}."
    rest = finding.of - finding.explains
    return "We are not certain" + (f": {count(rest, 'row')} {'has' if rest == 1 else 'have'} another cause." if rest else ".")


def _rows(found: Validation, fault: Fault | None, inside: Sequence[int] | None) -> list[Disagreement]:
    """Three rows with different readings; first those that the platform would answer so with this fault."""
    rows = [row for row in found.disagreements if inside is None or row.row in set(inside)] or list(found.disagreements)
    if fault is not None:
        chosen: dict[tuple[str, ...], Disagreement] = {}
        for row in rows:
            if _shows(row, fault):
                chosen.setdefault(tuple(row.given.get(name, "") for name in fault.parameters), row)
            if len(chosen) == ROWS:
                break
        rows = [*chosen.values(), *(row for row in rows if row not in chosen.values())] if len(chosen) < ROWS else list(chosen.values())
    return rows[:ROWS]


def _shows(row: Disagreement, fault: Fault) -> bool:
    """Whether a chart with this fault gives what the row states. A fault that is not in the chart cannot be asked like this."""
    if fault.change is not None or fault.answers is not None:
        return True
    result = score(fault.chart, {name: text for name, text in row.given.items() if name in fault.chart.by_id}, raise_refused=False)
    answers = {"expected_total": str(result.total), "expected_level": str(result.level)}
    answers |= {f"expected_points_{each.id}": str(each.points) for each in result.parameters}
    return any(answers.get(cell.column) == cell.expected.removesuffix(".0") for cell in row.cells)


def _rows_say(chart: Chart, rows: Sequence[Disagreement], fault: Fault | None) -> str:
    lines = []
    for row in rows:
        wanted = [name for name in (fault.parameters if fault is not None else ()) if name in row.given] or list(row.given)
        readings = ", ".join(f"{_title(chart, name)} {reading_words(chart, name, row.given[name])}" for name in wanted)
        cells = (stated_cell(chart, cell.to_dict()) for cell in row.cells)
        says = "; ".join(f"{what}: stated {stated}, the chart gives {right}" for what, stated, right in cells)
        lines.append(f"- Row {row.row:,}: {readings}. {says}.")
    return "\n".join(lines)


def _title(chart: Chart, name: str) -> str:
    parameter = chart.by_id.get(name.removeprefix("skip_"))
    if parameter is None:
        return name
    return parameter.title if name in chart.by_id else f"reason for no {parameter.title.lower()}"


def _settles(chart: Chart, diagnosis: Diagnosis, leads: bool, rows: Sequence[Disagreement]) -> str:
    case = diagnosis.telling_case if leads else None
    if case:
        given = ", ".join(f"{_title(chart, name)} {number(text, _unit(chart, name))}" for name, text in case["given"].items())
        result = score(chart, case["given"], raise_refused=False)
        first, second = case["answers"]
        return (
            f"Please enter this set: {given}. The chart says: {result.says.rstrip('.')}. "
            f"If the platform answers {first}, it does what is described above; if it answers {second}, it has another fault."
        )
    if not rows:
        return "Please send us the points that the platform gives for each reading."
    return f"Please enter the readings of row {rows[0].row:,} once more, and send us the points that the platform gives for each of them."


def _unit(chart: Chart, name: str) -> str:
    parameter = chart.by_id.get(name)
    return parameter.observation.unit if parameter is not None and parameter.observation.numeric else ""


def _evidence(found: Validation) -> str:
    file = f"File {found.source.name}" if found.source.kind == "file" else found.source.name
    digest = f", sha256 {found.source.sha256}" if found.source.sha256 else ""
    return f"Evidence: {file}{digest}; chart sha256 {found.chart.sha256}; mews_newtt {__version__}."
