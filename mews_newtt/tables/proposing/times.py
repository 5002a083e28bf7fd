"""When readings were taken: which columns say so, how they are written, and in which zone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.reading.plan.model import EPOCH_MILLISECONDS, EPOCH_SECONDS, EXCEL_DAYS, OBSERVED
from mews_newtt.tables.planned.times import LOCAL, OFFSET, known_zone, read_times
from mews_newtt.tables.proposing.column import Column
from mews_newtt.tables.proposing.draft import Change, Choice, Draft
from mews_newtt.tables.proposing.formats import DAY, formats_of, is_clock, is_epoch, is_serial, month_first
from mews_newtt.tables.proposing.names import about_a_reading, joined, rows_said

BIRTH_WORDS = {"birth", "born", "dob", "tob", "birthdate", "birthtime", "delivery", "delivered", "geburt", "geburtsdatum"}
TAKEN = {"taken", "obs", "observed", "observation", "observations", "measured", "performed", "charted", "charttime", "recorded", "effective"}
ENTERED = {"entered", "entry", "filed", "saved", "stored", "storetime", "created", "updated", "modified", "verified", "validated"}
ENTERED |= {"inserted", "received", "documented", "submitted", "uploaded"}
OTHER = {"next", "due", "admission", "admitted", "discharge", "discharged", "transfer", "review", "reviewed", "printed", "exported", "lmp", "edd"}
OTHER |= {"death", "referral", "appointment", "arrival", "signed", "ordered"}
TIME_WORDS = TAKEN | ENTERED | {"czas", "vitals"}
TIME_WORDS |= {"time", "times", "date", "datetime", "timestamp", "when", "at", "day", "clock", "dttm", "zeit", "datum", "zeitpunkt"}
ZONE_NAME = re.compile(r"[A-Z][A-Za-z]+/[A-Z][A-Za-z_/+-]+")
# Names of zones in the name of a column that may mean a fixed offset or the clock on the wall, with both readings.
SHORT_ZONES = {
    **dict.fromkeys(("gmt", "bst"), ("Europe/London", "UTC")),
    **dict.fromkeys(("cet", "cest", "mez", "mesz"), ("Europe/Berlin", "Etc/GMT-1")),
    "ist": ("Europe/Dublin", "Asia/Kolkata"),
    **dict.fromkeys(("est", "edt"), ("America/New_York", "Etc/GMT+5")),
}
COUNTS = {EPOCH_SECONDS: "seconds since 1970", EPOCH_MILLISECONDS: "thousandths of a second since 1970", EXCEL_DAYS: "days as Excel counts them"}
HOME = ("Europe/London", "Europe/Dublin", "UTC")  # zones that a question offers; any other can be written


class When(NamedTuple):
    """When the rows of a file were taken: the columns, joined with a space; their formats and zone."""

    columns: tuple[str, ...]
    formats: tuple[str, ...] = ()
    zone: str | None = None

    def times(self, frame: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
        """The time of each row, and how it was read, as `read_times` gives them."""
        given = frame.select(pl.concat_str([pl.col(name).str.strip_chars() for name in self.columns], separator=" ")).to_series()
        return read_times(given, self.formats, self.zone)


def look_at_times(chart: Chart, frame: pl.DataFrame, columns: Mapping[str, Column], draft: Draft, *, in_long: bool, value: str = "") -> When | None:
    """Write which column has the times, and how they are written; None where none does."""
    free = [one for one in columns.values() if one.cells and one.name not in draft.settled and one.name != value and _may_be_time(chart, one)]
    forms = {one.name: found for one in free if (found := _forms(one)) is not None}
    moments = [one for one in free if one.name in forms and not _of_birth(one)]
    clocks = [one for one in free if one.name not in forms and is_clock(list(one.cells)) and not _of_birth(one)]
    if OBSERVED in columns:
        draft.settled.add(OBSERVED)
        if in_long:
            draft.say("long", "time", OBSERVED, "by its name")
        if OBSERVED not in forms:
            return None
        return _written(frame, (OBSERVED,), forms[OBSERVED], columns[OBSERVED], draft)
    chosen = _choose([one for one in moments if _rank(chart, one) < 3], chart, draft, in_long=in_long)
    if chosen is None:
        for one in free:
            if one.name not in forms and TIME_WORDS & set(one.words) and one not in clocks and any(map(str.isdigit, "".join(one.cells))):
                draft.settled.add(one.name)
                why = f"no day and time in a form that is known here, such as {one.examples()}: if it is one, write format under [times]"
                draft.not_read[one.name] = why
        if in_long:
            dated = [one for one in free if any(DAY.match(cell) for cell in one.cells)]
            named = f" {joined([f'Column {one.name} has cells such as {one.examples()}' for one in dated])}." if dated else ""
            text = f"No column has times in a form that is known here.{named} Which column says when the readings were taken?"
            more = "; where times are written in several ways, format = [...] names them all"
            draft.ask("time", text, Choice(f"write its name as time under [long], and format under [times]{more}"))
            draft.must_answer()
        return None
    draft.settled.add(chosen.name)
    _about_entered([one for one in moments if one is not chosen], columns, draft, in_long=in_long)
    clock = _clock_of(chart, chosen, clocks, forms[chosen.name])
    if clock is not None:
        return _with_clock(frame, chosen, clock, draft)
    table, key = ("long", "time") if in_long else ("columns", chosen.name)
    draft.say(table, key, chosen.name if in_long else OBSERVED, f"its cells are times, such as {chosen.examples()}")
    return _written(frame, (chosen.name,), forms[chosen.name], chosen, draft)


def _may_be_time(chart: Chart, column: Column) -> bool:
    return column.name not in chart.observations and not about_a_reading(chart, column.title)


def _of_birth(column: Column) -> bool:
    return bool(BIRTH_WORDS & {*column.words, "".join(column.words)})


def _forms(column: Column) -> list[str] | None:
    """The formats of a column; none where it holds no times."""
    cells = list(column.cells)
    called_a_time = bool(TIME_WORDS & set(column.words))
    if called_a_time:
        counted = EPOCH_SECONDS if is_epoch(cells, 10) else EPOCH_MILLISECONDS if is_epoch(cells, 13) else EXCEL_DAYS if is_serial(cells) else None
        if counted:
            return [counted]
    return formats_of(cells)


def _rank(chart: Chart, column: Column) -> int:
    """How likely a column says when the readings were taken, by its name; 0 is likely, 3 is not."""
    words = set(column.words)
    return 3 if words & OTHER and not words & TAKEN else 2 if words & ENTERED else 0 if words & TAKEN else 1


def _choose(moments: Sequence[Column], chart: Chart, draft: Draft, *, in_long: bool) -> Column | None:
    ranked = sorted(moments, key=lambda one: _rank(chart, one))
    if not ranked:
        return None
    first = _rank(chart, ranked[0])
    best = [one for one in ranked if _rank(chart, one) == first]
    if len(best) == 1 and first < 2:
        return best[0]
    if len(ranked) == 1:
        draft.remarks.append(f"Column {ranked[0].name} says by its name when the readings were written down; no column says when they were taken.")
        return ranked[0]
    choices = [Choice(f"column {one.name}, such as {one.examples()}") for one in ranked]
    return ranked[choices.index(draft.ask("time", "Which column says when the readings were taken?", *choices))]


def _about_entered(others: Sequence[Column], columns: Mapping[str, Column], draft: Draft, *, in_long: bool) -> None:
    """When readings were written down goes along in a wide file."""
    entered = [one for one in others if ENTERED & set(one.words)]
    for one in others:
        draft.settled.add(one.name)
        if not in_long and entered == [one] and "recorded_at" not in columns:
            draft.say("columns", one.name, "recorded_at", "by its name: when the readings were written down")
        else:
            draft.not_read[one.name] = "another time than that of the readings"


def _clock_of(chart: Chart, day: Column, clocks: Sequence[Column], forms: Sequence[str]) -> Column | None:
    """The column with the clock times of a column of days."""
    texts = pl.Series(list(day.cells), dtype=pl.String)
    times = read_times(texts, forms[:1], None)[0].drop_nulls()
    if not clocks or not len(times) or not times.dt.truncate("1d").eq(times).all():
        return None
    ranked = sorted(clocks, key=lambda one: _rank(chart, one))
    return ranked[0] if _rank(chart, ranked[0]) < 3 else None


def _with_clock(frame: pl.DataFrame, day: Column, clock: Column, draft: Draft) -> When | None:
    both = (day.name, clock.name)
    joined = frame.select(pl.concat_str([pl.col(name).str.strip_chars() for name in both], separator=" ")).to_series()
    joined = joined.drop_nulls().unique(maintain_order=True)
    forms = formats_of(joined.head(2000).to_list())
    draft.settled.add(clock.name)
    draft.say("times", "columns", list(both), "a column of days and one of clock times")
    if forms is None:
        draft.remarks.append(f"Columns {day.name} and {clock.name} are no times together, such as {joined[0]!r}: write format under [times].")
        return None
    return _written(frame, both, forms, day, draft)


def _written(frame: pl.DataFrame, names: tuple[str, ...], forms: Sequence[str], column: Column, draft: Draft) -> When:
    """Write the format and the zone of times."""
    chosen = _say_format(frame, names, forms, column, draft)
    zone = _say_zone(frame, When(names, chosen), column, draft)
    return When(names, chosen, zone)


def _say_format(frame: pl.DataFrame, names: tuple[str, ...], forms: Sequence[str], column: Column, draft: Draft) -> tuple[str, ...]:
    if not forms:
        return ()
    called = " and ".join(names)
    if len(forms) == 1:
        draft.say("times", "format", forms[0], f"{called} holds {COUNTS[forms[0]]}" if forms[0] in COUNTS else f"reads the cells of {called}")
        if forms[0] in (EPOCH_SECONDS, EPOCH_MILLISECONDS):
            draft.say("times", "zone", "UTC", "times since 1970 are counted in UTC")
        return (forms[0],)
    return (ask_format(called, forms, next(iter(column.cells)), [Change("times", "format", form) for form in forms], draft),)


def ask_format(called: str, forms: Sequence[str], example: str, changes: Sequence[Change], draft: Draft) -> str:
    """Ask which of several formats is meant."""
    choices = [Choice(f"{_order(form)}: {example!r} is {said_day(example, form)}", (change,)) for form, change in zip(forms, changes, strict=True)]
    return forms[choices.index(draft.ask("times", f"How are the times in {called} written?", *choices))]


def _order(form: str) -> str:
    first = month_first(form)
    return form if first is None else "month first" if first else "day first"


def said_day(cell: str, form: str) -> str:
    """A cell as a format reads it, as people write a day."""
    for end in range(len(form), 1, -1):  # the cell of a column of days is shorter than the format of day and clock
        found = pl.Series([cell], dtype=pl.String).str.to_datetime(form[:end].rstrip(" T"), strict=False)[0] if form[end - 1] != "%" else None
        if found is not None:
            return f"{found.day} {found:%B %Y}"
    return form


def _say_zone(frame: pl.DataFrame, when: When, column: Column, draft: Draft) -> str | None:
    """The zone of times without an offset: by the name of the column, or asked where other times have an offset."""
    if when.formats in ((EPOCH_SECONDS,), (EPOCH_MILLISECONDS,)):
        return "UTC"
    _, how = when.times(frame)
    without, offsets = int((how == LOCAL).sum()), int((how == OFFSET).sum())
    if not without:
        return None
    named = ZONE_NAME.search(column.title)
    words = set(column.words)
    if named and known_zone(named[0]):
        draft.say("times", "zone", named[0], f"by the name of the column {column.name}")
        return named[0]
    if "utc" in words or "zulu" in words:
        draft.say("times", "zone", "UTC", f"by the name of the column {column.name}")
        return "UTC"
    short = next((word for word in SHORT_ZONES if word in words), None)
    if short:
        return ask_zone(f"The name of the column {column.name} says {short.upper()}. Which clock is that?", SHORT_ZONES[short], draft)
    if offsets:
        text = f"{rows_said(offsets)} give the time with an offset from UTC, and {rows_said(without)} without. Which clock do those without follow?"
        return ask_zone(text, HOME, draft)
    return None


def ask_zone(text: str, zones: Sequence[str], draft: Draft, *more: Choice) -> str | None:
    """Ask for a zone. Any other zone can be written into the plan."""
    choices = [Choice(f"{zone}{' (no summer time)' if zone.startswith(('Etc/', 'UTC')) else ''}", (Change("times", "zone", zone),)) for zone in zones]
    chosen = draft.ask("zone", f"{text} (Another zone: write it as zone under [times].)", *more, *choices)
    return zones[choices.index(chosen)] if chosen in choices else None


def hour_is_unsure(births: Sequence[datetime], observed: Sequence[datetime]) -> bool:
    """Whether clocks may have been changed between a birth and a reading: in one of the zones that questions offer."""
    for zone in ("Europe/London", "Europe/Berlin", "America/New_York", "Australia/Sydney"):
        pairs = [
            pl.Series(list(those), dtype=pl.Datetime("us")).dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
            for those in (births, observed)
        ]
        offsets = [series.dt.base_utc_offset() + series.dt.dst_offset() for series in pairs]
        if any(one is None or other is None or one != other for one, other in zip(*offsets, strict=True)):
            return True
    return False
