"""`propose_plan`: looks at a file and proposes a reading plan for it. What the file does not tell becomes a question; nothing is guessed silently.

What a column is comes from its name (`reading/column_names.py`), then from its cells. Every cell is then read as the proposed plan says, by the
reader of plans itself: what it refuses becomes a question too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError
from mews_newtt.reading.plan import Plan, SourceSettings, read_plan
from mews_newtt.reading.plan.model import LONG_KINDS, PERSON
from mews_newtt.tables.nameless import nameless_file
from mews_newtt.tables.origins import SourceTable, read_source
from mews_newtt.tables.origins.as_table import as_table
from mews_newtt.tables.origins.opening import NO_SETTINGS
from mews_newtt.tables.planned.table import open_planned
from mews_newtt.tables.proposing.births import look_at_births
from mews_newtt.tables.proposing.cells import ask_about_cells
from mews_newtt.tables.proposing.coded import look_at_codes
from mews_newtt.tables.proposing.column import Column
from mews_newtt.tables.proposing.columns import look_at_columns
from mews_newtt.tables.proposing.draft import Answer, Choice, Draft, Entry, Question
from mews_newtt.tables.proposing.long import long_of, look_at_long
from mews_newtt.tables.proposing.sets import look_at_sets, look_at_status
from mews_newtt.tables.proposing.settings import ask_settings
from mews_newtt.tables.proposing.stated import look_at_stated
from mews_newtt.tables.proposing.times import When, look_at_times

ROWS = 100_000  # rows that are looked at
MOST_DISTINCT = 2000  # cells of one column that are looked at
POINT = re.compile(r"[+-]?\d+\.\d+")
ASKED_BEFORE = {"time_needed": "time", "person_needed": "person"}  # faults of a plan that a question has named already
MAPPED = ("csv", "parquet")  # kinds that a map reads as a plan does; the plan of another kind says which it is
USUAL = {"encoding": "utf-8", "delimiter": ",", "header_line": 1}  # what a plan need not say


class Proposal(NamedTuple):
    """A proposed plan: the text of its file, its open questions, and columns and codes that are not read, with the reason."""

    text: str
    open: tuple[Question, ...]
    not_read: Mapping[str, str]
    without: tuple[str, ...]  # titles of what the chart reads and the file does not seem to have
    entries: tuple[Entry, ...] = ()  # what the plan says, with the reasons
    remarks: tuple[str, ...] = ()  # what a person should know besides


def propose_plan(chart: Chart, path: Path, answer: Answer = lambda question: None, *, known: SourceSettings = NO_SETTINGS) -> Proposal:
    """A reading plan for a file.

    Parameters
    ----------
    answer : gives the number of the choice that answers a question, or None to leave it open
    known : settings of the file that are known, such as the sheet of a workbook

    Raises
    ------
    FileError  the file cannot be read, whatever its settings are
    """
    draft = Draft(answer)
    head = [f"A reading plan for {path.name}, proposed by mews-newtt for the chart {chart.id}."]
    head += ["Read it, correct it, and keep it where you keep the file: it quotes cells of the file."]
    asked = ask_settings(chart, path, draft, known)
    if asked is None:
        return _proposal(draft, head, ())
    settings, names = asked
    with read_source(path, settings) as source:
        kind = str(source.settings.kind)
        for name, value in source.settings.given().items():
            if name != "kind" and name not in draft.tables.get("source", {}) and USUAL.get(name) != value:
                draft.say("source", name, value, "as found in the file")
        if kind not in MAPPED:
            draft.say("source", "kind", kind)
        frame = _frame(source)
    looked = f"{frame.height:,} row{' was' if frame.height == 1 else 's were'} looked at"
    head.append(f"{looked}{', the first ones of the file' if frame.height >= ROWS else ''}.")
    columns = {name: Column.of(name, frame.get_column(name), MOST_DISTINCT, names.get(name, "")) for name in frame.columns}
    _look_at(chart, frame, columns, kind, draft)
    draft.points = any(POINT.fullmatch(cell) for column in columns.values() for cell in column.cells)
    for _ in range(3):  # an answer about cells may let other cells be read
        if not ask_about_cells(chart, frame, _plan(draft, chart), kind, draft):
            break
    if frame.height < ROWS:
        _try(chart, path, draft)
    without = _without(chart, draft, frame)
    if len(without) == sum(1 for parameter in chart.parameters if parameter.role == "scored"):
        text = f"Nothing in the file is called like a reading of {chart.short_title}. Is it the right file, and the right line of names?"
        draft.ask("the file", text, Choice("yes: name the columns under [columns], such as \"their name\" = \"heart_rate\""))
        draft.must_answer()
    if without:
        draft.remarks.append(f"Nothing in the file seems to hold: {', '.join(without)}. Without them, sets are partial.")
    return _proposal(draft, head, without)


def _proposal(draft: Draft, head: list[str], without: tuple[str, ...]) -> Proposal:
    return Proposal(draft.text(head), tuple(draft.open), draft.not_read, without, draft.entries(), tuple(draft.remarks))


def _look_at(chart: Chart, frame: pl.DataFrame, columns: dict[str, Column], kind: str, draft: Draft) -> None:
    """Write what columns and codes are, when the readings were taken, and which rows belong together."""
    if kind in LONG_KINDS:
        look_at_codes(chart, frame, columns, draft)
        look_at_sets(frame, columns, "subject", When(("time",)), draft, in_long=True)
        return
    shape = long_of(chart, columns)
    if shape is None:
        look_at_stated(chart, columns, draft)
    else:
        draft.settled |= {one.name for one in shape if one is not None}
    look_at_status(columns, draft)
    when = look_at_times(chart, frame, columns, draft, in_long=shape is not None)
    look_at_births(chart, frame, columns, when, draft, in_long=shape is not None)
    if shape is None:
        look_at_columns(chart, columns, draft)
        person = next((theirs for theirs, ours in draft.tables.get("columns", {}).items() if ours == PERSON), PERSON if PERSON in columns else None)
    else:
        look_at_long(chart, frame, shape, columns, draft)
        person = draft.tables["long"].get("subject")
    look_at_sets(frame, columns, person, when, draft, in_long=shape is not None)


def _try(chart: Chart, path: Path, draft: Draft) -> None:
    """Read the file by the plan. What the reader of plans says is wrong stays open: no choice mends it."""
    plan = _plan(draft, chart)
    try:
        with open_planned(chart, path, None, plan):
            pass
    except FileError as fault:
        asked = {question.about for question in draft.open}
        for problem in fault.problems:
            if ASKED_BEFORE.get(problem.code) in asked:
                continue
            known = list(draft.open)
            where, what = problem.where.replace(plan.name, "the plan"), problem.what.replace(plan.name, "the plan")
            draft.ask("plan", f"{where}: {what}. How is it put right?", Choice(problem.mend or "correct the plan"))
            draft.open = [*known, draft.asked[-1]]


def _frame(source: SourceTable) -> pl.DataFrame:
    table = as_table(source)
    frames, rows = [table.columns], 0
    for chunk in table.chunks():
        frames.append(chunk.frame())
        rows += frames[-1].height
        if rows >= ROWS:
            break
    return pl.concat(frames).head(ROWS)


def _plan(draft: Draft, chart: Chart) -> Plan:
    """The draft as a plan, its questions as if answered."""
    with nameless_file() as path:  # the draft quotes cells of the file
        path.write_text(draft.text([], questions=False), encoding="utf-8")
        return read_plan(path, observations=chart.observations, keep_faults=True)


def _without(chart: Chart, draft: Draft, frame: pl.DataFrame) -> tuple[str, ...]:
    """What the chart scores and nothing is read as."""
    from_tables = [value for table in ("columns", "codes") for value in draft.tables.get(table, {}).values()]
    from_cells = [name for cell in draft.cells for name in chart.by_id if f"(?P<{name}>" in str(cell)]
    several = [name.removeprefix("readings.") for name in draft.tables if name.startswith("readings.")]
    code = draft.tables.get("long", {}).get("code", "code")
    codes = frame.get_column(code).unique().to_list() if code in frame.columns else []
    own = [*frame.columns, *codes, *draft.coded_parameters]
    made = {*from_tables, *from_cells, *several, *own, *(name for name in draft.tables)}
    return tuple(p.observation.title for p in chart.parameters if p.role == "scored" and p.id not in made)
