"""What each column of a wide file seems to be, and why: by its name, then by its cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mews_newtt.chart.model import Chart, Parameter
from mews_newtt.reading.column_names import Meaning, is_about, meaning_of
from mews_newtt.reading.columns import is_reserved
from mews_newtt.reading.plan.checks import STATED
from mews_newtt.reading.plan.model import AMOUNTS, OXYGEN_READING
from mews_newtt.reading.values import LABELS, Reading, read
from mews_newtt.tables.proposing.choosing import Found, ask_amounts, choose_sources
from mews_newtt.tables.proposing.column import Column
from mews_newtt.tables.proposing.draft import Change, Choice, Draft
from mews_newtt.tables.proposing.names import about_a_reading, is_glasgow, joined, other_than_now

PERSON_WORDS = {"patient", "patients", "patientin", "pacjentki", "pacjent", "subject", "person", "mrn", "nhs", "hosp", "hospital", "chi", "pid"}
PERSON_WORDS |= {"urn", "pat", "pt", "woman", "baby", "infant", "child"}
NUMBERING = {"id", "no", "nr", "number", "num", "identifier", "code", "ref"}
NAMES = {"name", "surname", "forename", "initials", "firstname", "lastname"}
CASE_NAMES = {"id", "case", "fall", "row", "record", "set", "entry", "encounter"}
MOST_UNKNOWN = 8  # columns whose names mean nothing that one question offers
FITS, USUAL = 0.8, 0.5  # the share of the cells that must be readings, and the share without points, before values alone raise a question


def look_at_columns(chart: Chart, columns: Mapping[str, Column], draft: Draft) -> None:
    """Write what the columns of a wide file are."""
    known = chart.observations
    found: dict[tuple[str, ...], list[Found]] = {}
    unknown = []
    own = [name for name in columns if name in known or is_reserved(name, known) or name in STATED]
    for column in columns.values():
        name = column.name
        if name in own or name in draft.settled:
            if name in chart.by_id:
                found.setdefault((name,), []).append(Found(column, Meaning((name,), whole=True), None))
            continue
        meaning = column_meaning(chart, column.title)
        if meaning is None:
            unknown.append(column)
        elif wanted := _wanted(chart, column, meaning, draft):
            found.setdefault(wanted, []).append(Found(column, meaning, _why_not(chart, column, meaning)))
    if own:
        draft.remarks.append(f"Read under their own names, without an entry here: {', '.join(own)}.")
    choose_sources(chart, found, draft)
    _people(unknown, columns, draft)
    _about_unknown(chart, [column for column in unknown if column.name not in draft.settled], found, draft)
    amounts = [name for name in AMOUNTS if name in draft.tables.get("columns", {}).values() or name in columns]
    if amounts and OXYGEN_READING in chart.by_id:
        ask_amounts(amounts, draft, stated=(OXYGEN_READING,) in found)


def column_meaning(chart: Chart, name: str) -> Meaning | None:
    """What a name means. Of a name with dots (`vitals.bp.systolic`), its end counts."""
    meaning = meaning_of(name, chart.observations)
    if "." in name and not (meaning and meaning.whole):
        parts = [part for part in name.split(".") if part]
        for start in range(1, len(parts)):
            end = meaning_of(".".join(parts[start:]), chart.observations)
            if end and end.whole:
                return end if meaning is None or not other_than_now(chart, name, meaning._replace(whole=False)) else meaning._replace(whole=False)
    return meaning


def _wanted(chart: Chart, column: Column, meaning: Meaning, draft: Draft) -> tuple[str, ...]:
    """What of the chart a column may be. Nothing: it is not read, and the plan says why."""
    wanted = [name for name in meaning.parameters if name in chart.by_id] or [
        name for name in meaning.parameters if name in AMOUNTS and OXYGEN_READING in chart.by_id
    ]
    if OXYGEN_READING in wanted and meaning.parameters[0] in AMOUNTS:
        wanted = [meaning.parameters[0]]
    if wanted and len(meaning.parameters) == 2 and all(chart.observations[name].numeric and name not in AMOUNTS for name in meaning.parameters):
        return meaning.parameters  # two in each cell, such as 120/80, also where the chart reads only one of them
    if not wanted:
        titles = joined([chart.observations[name].title for name in meaning.parameters], "or")
        draft.leave(column.name, f"seems to be {titles}, which the chart does not read")
    elif is_glasgow(column.title) and all(chart.observations[name].categories for name in wanted):
        draft.leave(column.name, "numbers of the Glasgow Coma Scale: nobody here says which word (alert, confusion, ...) a number is")
        wanted = []
    return tuple(wanted)


def _why_not(chart: Chart, column: Column, meaning: Meaning) -> str | None:
    """Why a column may be no reading of this moment, although its name is like one."""
    if meaning.foreign:
        return "its name has a unit that the reading cannot have"
    return other_than_now(chart, column.title, meaning)


def _people(unknown: Iterable[Column], columns: Mapping[str, Column], draft: Draft) -> None:
    """Whose the rows are."""
    if "patient_id" in columns or "patient_id" in draft.tables.get("columns", {}).values():
        return
    person = person_of([column for column in unknown if column.name not in draft.settled])
    if person is not None:
        draft.say("columns", person.name, "patient_id", "by its name")
        draft.settled.add(person.name)
        return
    case = next((one for one in unknown if one.cells and set(one.words) <= CASE_NAMES | NUMBERING and set(one.words) & CASE_NAMES), None)
    if case is not None and "case_id" not in columns:
        draft.say("columns", case.name, "case_id", "by its name; if it says whose the row is, write patient_id")
        draft.settled.add(case.name)


def person_of(columns: Iterable[Column]) -> Column | None:
    """The column that says whose the rows are, by its name: the more exact name first."""
    found = []
    for column in columns:
        words = set(column.words)
        if column.cells and words & PERSON_WORDS and not words & NAMES and not words - PERSON_WORDS - NUMBERING - {"s", "of", "the", "encounter"}:
            found.append((not words & {"patient", "mrn", "nhs", "subject"}, column))
    return min(found, key=lambda one: one[0])[1] if found else None


def _about_unknown(chart: Chart, unknown: list[Column], found: Mapping[tuple[str, ...], list[Found]], draft: Draft) -> None:
    """Columns whose names mean no reading. Where their values would fit a reading that nothing else is, it is asked."""
    there = {name for wanted in found for name in wanted} | {name for cell in draft.cells for name in chart.by_id if f"<{name}>" in str(cell)}
    fits: dict[str, list[Column]] = {}
    for column in unknown:
        if column.name in draft.not_read:
            continue
        if not column.cells:
            draft.not_read[column.name] = "every cell is blank"
        elif about_a_reading(chart, column.title) or is_about(column.words):
            draft.not_read[column.name] = "its name says that it is about a reading, or is no reading"
        else:
            draft.not_read[column.name] = "its name means no reading"  # its cells are not quoted: they may be names of people
            for parameter in chart.parameters:
                if parameter.role == "scored" and parameter.id not in there and parameter.id not in LABELS and _fits(parameter, column):
                    fits.setdefault(parameter.id, []).append(column)
    for ours, those in fits.items():
        those = [column for column in those if column.name not in draft.settled]
        title = chart.observations[ours].title
        choices = [
            Choice(f"column {column.name}, such as {column.examples()}", (Change("columns", column.name, ours),)) for column in those[:MOST_UNKNOWN]
        ]
        if not choices:
            continue
        none = Choice("none of these")
        chosen = draft.ask(ours, f"No column is called like {title}. Is it one of these, whose numbers would fit?", none, *choices)
        for column in those[:MOST_UNKNOWN]:
            draft.not_read[column.name] = f"its name means no reading; its numbers would fit {title} (see the question)"
        if chosen is not none:
            draft.settled.add(those[choices.index(chosen)].name)
            draft.not_read.pop(those[choices.index(chosen)].name, None)


def _fits(parameter: Parameter, column: Column) -> bool:
    """Whether the cells of a column may be readings: nearly all can be, and half of them are where the chart gives no points."""
    if parameter.observation.categories and all(cell.isdigit() for cell in column.cells):
        return False
    readings = {cell: reading.value for cell in column.cells if (reading := _reading(parameter, cell)) is not None}
    if column.share(readings) < FITS:
        return False
    bands = [band for table in parameter.tables for band in table.bands if not band.points]
    usual = [cell for cell, value in readings.items() if isinstance(value, str) or any(b.interval and b.interval.contains(value) for b in bands)]
    return column.share(usual) >= USUAL


def _reading(parameter: Parameter, cell: str) -> Reading | None:
    found = read(parameter.observation, cell.replace(",", ".") if parameter.observation.numeric else cell)
    return found if isinstance(found, Reading) and not any(flag.startswith("implausible") for flag in found.flags) else None
