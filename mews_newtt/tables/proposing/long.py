"""A file with one reading in each row: which column holds the codes, the values, the units, the person and the time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.reading.column_names import Meaning, is_about, meaning_of
from mews_newtt.reading.plan.model import AMOUNTS, OXYGEN_READING
from mews_newtt.tables.proposing.choosing import Found, ask_amounts, choose_sources
from mews_newtt.tables.proposing.column import NUMBER, Column
from mews_newtt.tables.proposing.columns import person_of
from mews_newtt.tables.proposing.draft import Change, Choice, Draft
from mews_newtt.tables.proposing.names import is_glasgow, joined, other_than_now, stated_points

MOST_CODES = 500
VALUE_WORDS = {"value", "values", "result", "results", "reading", "measurement", "val", "valuenum", "wert", "wynik", "answer", "score"}


class Shape(NamedTuple):
    """The columns of a long file."""

    code: Column
    value: Column
    unit: Column | None


def long_of(chart: Chart, columns: Mapping[str, Column]) -> Shape | None:
    """The shape of a long file; None for a wide one. At least two codes must mean readings, and no two columns may."""
    known = chart.observations
    named = [name for name in columns if name in chart.by_id or ((meaning := meaning_of(columns[name].title, known)) and meaning.whole)]
    if len(named) > 1:
        return None

    def codes(column: Column) -> int:
        if len(column.cells) > MOST_CODES:
            return 0
        return sum(1 for cell in column.cells if not NUMBER.fullmatch(cell) and (meaning := meaning_of(cell, known)) and meaning.whole)

    code = max(columns.values(), key=codes, default=None)
    if code is None or codes(code) < 2:
        return None
    others = [column for column in columns.values() if column is not code and column.cells]
    numeric = [one for one in others if one.share(cell for cell in one.cells if NUMBER.fullmatch(cell)) >= 0.5 and not is_about(one.words)]
    value = next((one for one in others if VALUE_WORDS & set(one.words)), None) or (numeric[0] if len(numeric) == 1 else None)
    if value is None:
        return None
    may_be_units = [one for one in others if one is not value and person_of([one]) is None]
    units = [one for one in may_be_units if one.share(cell for cell in one.cells if _is_unit(chart, cell)) >= 0.5]
    return Shape(code, value, units[0] if units else None)


def _is_unit(chart: Chart, cell: str) -> bool:
    return not cell[:1].isdigit() and any(one.numeric and one.unit_named(cell) for one in chart.observations.values())


def look_at_long(chart: Chart, frame: pl.DataFrame, shape: Shape, columns: Mapping[str, Column], draft: Draft) -> None:
    """Write the shape, and what each code is."""
    draft.say("long", "code", shape.code.name, f"its cells name readings: {shape.code.examples()}")
    draft.say("long", "value", shape.value.name, f"cells such as {shape.value.examples()}")
    used = [shape.code, shape.value]
    if shape.unit is not None:
        draft.say("long", "unit", shape.unit.name, f"its cells are units: {shape.unit.examples()}")
        used.append(shape.unit)
    free = [one for one in columns.values() if one not in used and one.cells and one.name not in draft.settled]
    person = columns.get("patient_id") or person_of(free)
    if person is not None:
        draft.say("long", "subject", person.name, "by its name")
        used.append(person)
    else:
        choices = [Choice(f"column {one.name}, such as {one.examples()}", (Change("long", "subject", one.name),)) for one in free]
        none = Choice("none of them: such a file cannot be put into sets; write subject under [long]")
        chosen = draft.ask("person", "Which column says whose readings these are?", *choices, none)
        if chosen is none:
            draft.must_answer()
        used += [one for one, choice in zip(free, choices, strict=True) if choice is chosen]
    name_codes(chart, {code: code for code in shape.code.cells}, cells_of_codes(frame, shape.code.name, shape.value.name), draft)
    for name, column in columns.items():
        if column not in used and name not in draft.settled:
            draft.not_read[name] = "not needed: a file with one reading in each row is read from the columns under [long]"


def cells_of_codes(frame: pl.DataFrame, code: str, value: str) -> dict[str, Column]:
    """The cells of each code."""
    parts = frame.select(pl.col(code), pl.col(value)).partition_by(code, as_dict=True, maintain_order=True)
    return {str(key): Column.of(str(key), part.get_column(value), 2000) for (key,), part in parts.items() if key is not None}


def name_codes(chart: Chart, called: Mapping[str, str], cells: Mapping[str, Column], draft: Draft) -> None:
    """What codes mean, by what they are called.

    Parameters
    ----------
    called : words of each code; cells: the values of its rows
    """
    known, found = chart.observations, dict[tuple[str, ...], list[Found]]()
    for code, words in called.items():
        if code in known:
            if code in chart.by_id and code in cells:
                found.setdefault((code,), []).append(Found(cells[code], Meaning((code,), whole=True), None, is_code=True))
            continue
        meaning = meaning_of(words, known)
        wanted = [name for name in meaning.parameters if name in chart.by_id] if meaning else []
        if meaning and meaning.parameters[0] in AMOUNTS and OXYGEN_READING in chart.by_id:
            wanted = [meaning.parameters[0]]
        if meaning and wanted and len(meaning.parameters) == 2 and all(known[name].numeric and name not in AMOUNTS for name in meaning.parameters):
            wanted = list(meaning.parameters)  # two in each cell, also where the chart reads only one of them
        why = _why_not(chart, code, words, meaning, wanted)
        column = cells.get(code.strip()) or cells.get(code)
        if column is None or meaning is None or why:
            draft.not_read[f"code {code}"] = why or "has no value"
            if meaning is not None and wanted:
                draft.say("long", "ignore", [code])
            continue
        doubt = other_than_now(chart, words, meaning) or ("its name has a unit that the reading cannot have" if meaning.foreign else None)
        found.setdefault(tuple(wanted), []).append(Found(column._replace(name=code, called=words), meaning, doubt, is_code=True))
    choose_sources(chart, found, draft)
    amounts = [name for name in AMOUNTS if name in draft.tables.get("codes", {}).values()]
    if amounts and OXYGEN_READING in chart.by_id and OXYGEN_READING not in draft.tables:
        ask_amounts(amounts, draft, stated=OXYGEN_READING in draft.tables.get("codes", {}).values())


def _why_not(chart: Chart, code: str, words: str, meaning: Meaning | None, wanted: list[str]) -> str:
    if meaning is None:
        if not words:
            return "the rules do not know this code, and the file has no words for it"
        return f"{f'is called {words[:60]!r}, which ' if words != code else ''}means no reading of the chart"
    if not wanted:
        return f"seems to be {joined([chart.observations[name].title for name in meaning.parameters], 'or')}, which the chart does not read"
    if is_glasgow(words) and all(chart.observations[name].categories for name in wanted):
        return "numbers of the Glasgow Coma Scale: nobody here says which word (alert, confusion, ...) a number is"
    if stated_points(chart, words, ["0"]):
        return "seems to be points, not a reading"
    return ""
