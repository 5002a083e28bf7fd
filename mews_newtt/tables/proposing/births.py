"""Hours since birth, and the age in years, from a column with births: always asked, because only a person knows whose birth it is."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.tables.planned.times import LOCAL, read_times
from mews_newtt.tables.proposing.column import Column
from mews_newtt.tables.proposing.draft import Change, Choice, Draft
from mews_newtt.tables.proposing.formats import formats_of, is_clock, month_first
from mews_newtt.tables.proposing.names import OF_THE_BABY
from mews_newtt.tables.proposing.times import BIRTH_WORDS, HOME, When, ask_format, ask_zone, hour_is_unsure

HOURS, AGE = "hours_since_birth", "age_years"


def look_at_births(chart: Chart, frame: pl.DataFrame, columns: Mapping[str, Column], when: When | None, draft: Draft, *, in_long: bool) -> None:
    """Ask what a column with births is for."""
    for column in columns.values():
        words = {*column.words, "".join(column.words)}
        if not column.cells or not words & BIRTH_WORDS or column.name in draft.settled:
            continue
        forms = formats_of(list(column.cells))
        if forms is None:
            if is_clock(list(column.cells)):
                draft.settled.add(column.name)
                why = "a clock time without a day: a plan reads a birth from one column, so join the day and the time in the file"
                draft.not_read[column.name] = why
            continue
        draft.settled.add(column.name)
        _ask(chart, frame, column, forms, when, draft, words, in_long=in_long)


def _ask(
    chart: Chart, frame: pl.DataFrame, column: Column, forms: list[str], when: When | None, draft: Draft, words: set[str], *, in_long: bool
) -> None:
    wanted = [name for name in (HOURS, AGE) if name in chart.by_id and name not in draft.tables]
    of_the_baby = bool(words & (OF_THE_BABY | {"delivery", "delivered", "birth", "born"})) and "date" not in words
    if HOURS in wanted and of_the_baby:
        wanted = [HOURS, *(name for name in wanted if name != HOURS)]
    elif HOURS in wanted and AGE in wanted:
        wanted = [AGE, HOURS]
    why = "a birth, and the chart reads neither an age nor hours since birth" if not wanted else ""
    if wanted and when is None:
        why = "a birth, and without the time of the readings no age follows from it"
    if why or in_long:
        draft.not_read[column.name] = why or "a birth: in a file with one reading in each row no age is worked out from it"
        return
    has_clock = read_times(pl.Series(list(column.cells), dtype=pl.String), forms[:1], None)[0].dt.truncate("1d")
    days_only = bool(has_clock.eq(read_times(pl.Series(list(column.cells), dtype=pl.String), forms[:1], None)[0]).all())
    if days_only:
        wanted = [name for name in wanted if name != HOURS]
        if not wanted:
            draft.not_read[column.name] = "a day of birth without a clock time: hours since birth do not follow from it"
            return
    choices = {name: Choice(_says(name), (Change(name, "born", column.name),)) for name in wanted}
    alone = Choice("nothing: leave it alone", (Change("ignore", "", [column.name]),))
    text = f"Column {column.name} seems to hold births, such as {column.examples()}. What is worked out from it?"
    chosen = draft.ask(column.name, text, *choices.values(), alone)
    if chosen is alone:
        draft.not_read[column.name] = "left alone"
        return
    name = next(name for name, choice in choices.items() if choice is chosen)
    form = _format(name, column, forms, when, draft)
    if name == HOURS and when is not None:
        _about_clocks(frame, column, form, when, draft)


def _says(name: str) -> str:
    return "hours since birth: the birth of her baby, up to the reading" if name == HOURS else "age in completed years: her or his own birth"


def _format(name: str, column: Column, forms: list[str], when: When | None, draft: Draft) -> str | None:
    """Write how births are written: as the times of the readings, where that reads them."""
    if not forms:
        if when and when.formats:
            draft.say(name, "format", ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"], "its cells are written as 2026-03-02")
        return None
    if len(forms) > 1 and when:
        order = {month_first(form) for form in when.formats}
        forms = [form for form in forms if month_first(form) in order] or forms if len(order) == 1 else forms
    if len(forms) == 1:
        draft.say(name, "format", forms[0], "reads its cells; day and month as in the times of the readings")
        return forms[0]
    return ask_format(f"column {column.name}", forms, next(iter(column.cells)), [Change(name, "format", form) for form in forms], draft)


def _about_clocks(frame: pl.DataFrame, column: Column, form: str | None, when: When, draft: Draft) -> None:
    """Hours between two local times are wrong by one where the clocks were changed between them."""
    observed, how = when.times(frame)
    births, _ = read_times(frame.get_column(column.name), (form,) if form else (), None)
    every = pl.DataFrame([births.alias("born"), observed.alias("observed"), how.alias("how")])
    pairs = every.filter(pl.col("how") == LOCAL).drop_nulls().unique().head(1000)
    if when.zone is None and pairs.height and hour_is_unsure(pairs["born"].to_list(), pairs["observed"].to_list()):
        text = "Clocks may have been changed between a birth and a reading, so that hours since birth would be wrong by one."
        text += " Which clock do the times follow?"
        ask_zone(text, HOME, draft)
