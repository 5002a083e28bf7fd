"""Which rows count, and which belong together."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from mews_newtt.tables.origins.long_table import status_means
from mews_newtt.tables.proposing.column import Column
from mews_newtt.tables.proposing.draft import Change, Choice, Draft
from mews_newtt.tables.proposing.names import joined, rows_said
from mews_newtt.tables.proposing.times import ENTERED, When

STATUS_WORDS = {"status", "state"}
VERSION_WORDS = {"version", "revision", "rev"}
WINDOWS = ("5 min", "15 min", "1 h")
CLOSE = 3600  # seconds: rows of one person that are nearer to each other may be one round
MOST_WORDS = 20  # of a column that says which rows count


def look_at_status(columns: Mapping[str, Column], draft: Draft) -> None:
    """A column that says which rows count, by words that FHIR or HL7 have; other words are asked about together."""
    for column in columns.values():
        means = {cell: _meaning(cell) for cell in column.cells}
        if not STATUS_WORDS & set(column.words) or len(means) > MOST_WORDS or not any(means.values()) or column.name in draft.settled:
            continue
        draft.settled.add(column.name)
        draft.say("status", "column", column.name, "by its name and its words")
        for cell, meaning in means.items():
            key = {"void": "void", "final": "counts", "open": "counts"}.get(meaning or "")
            if key:
                draft.say("status", key, [cell], "as these words mean in FHIR and HL7")
        strange = [cell for cell, meaning in means.items() if not meaning]
        if strange:
            known = bool(draft.tables["status"].get("counts"))  # without it, every word that is not void counts
            refuse = Choice("not known: such rows are refused", () if known else (Change("status", "counts", ["final"]),))
            count = Choice("their rows count", (Change("status", "counts", strange),))
            void = Choice("their rows do not count", (Change("status", "void", strange),))
            named = joined([f"{cell!r} ({rows_said(column.cells[cell])})" for cell in strange])
            draft.ask(column.name, f"Column {column.name}: what about rows with {named}?", refuse, count, void)
        return


def _meaning(cell: str) -> str | None:
    return status_means(cell) or status_means("-".join(cell.casefold().split()))


def look_at_sets(frame: pl.DataFrame, columns: Mapping[str, Column], person: str | None, when: When | None, draft: Draft, *, in_long: bool) -> None:
    """Ask which rows are one set."""
    if when is None or person is None or person not in frame.columns:
        return
    time, _ = when.times(frame)
    void = {word.casefold() for word in draft.tables.get("status", {}).get("void", [])}
    counts = pl.lit(value=True)
    if void:
        counts = ~pl.col("status").str.strip_chars().str.to_lowercase().is_in(list(void)).fill_null(value=False)
    status = frame.get_column(draft.tables["status"]["column"]) if void else frame.get_column(person)
    rows = pl.DataFrame([frame.get_column(person).alias("person"), time.alias("time"), status.alias("status")]).filter(counts)
    rows = rows.drop("status").drop_nulls()
    if in_long:
        gaps = rows.unique().sort("person", "time").select(pl.col("time").diff().over("person").dt.total_seconds().alias("gap")).drop_nulls()
        near = gaps.filter(pl.col("gap") <= CLOSE)
        if near.height:
            same = Choice("no: only readings of the very same time are one set", (Change("sets", "window", "0 s"),))
            windows = [Choice(f"yes, within {window} of the first of them", (Change("sets", "window", window),)) for window in WINDOWS]
            text = f"Readings of one person are less than an hour apart ({near.height} time{'' if near.height == 1 else 's'})."
            draft.ask("sets", f"{text} Are they one set?", same, *windows)
        return
    doubled = rows.height - rows.unique().height
    if not doubled:
        return
    refuse = Choice("one set with it: readings that differ refuse the set", (Change("sets", "differing", "refuse"),))
    last = Choice("one set with it: of readings that differ, the last row counts", (Change("sets", "differing", "last"),))
    alone = Choice("a set of its own")
    newer = None if "status" in draft.tables else _newer(frame, columns, person, time)
    if newer:
        newest = Choice(f"one set with it: of readings that differ, those of the newest row by {newer} count", (Change("sets", "newest", newer),))
        choices: tuple[Choice, ...] = (newest, refuse, alone)
    else:
        choices = (refuse, last, alone)
    more = f" Column {newer} says which one is newer." if newer else ""
    text = f"{rows_said(doubled)} {'has' if doubled == 1 else 'have'} the person and the time of another row.{more}"
    draft.ask("sets", f"{text} What is such a row?", *choices)


def _newer(frame: pl.DataFrame, columns: Mapping[str, Column], person: str, time: pl.Series) -> str | None:
    """The column that says which of two rows is newer, where the file is in its order."""
    for column in columns.values():
        if not (VERSION_WORDS | ENTERED) & set(column.words) or not column.cells:
            continue
        cells = frame.get_column(column.name)
        order = cells.cast(pl.Float64, strict=False) if all(cell.isdigit() for cell in column.cells) else cells
        rows = pl.DataFrame([frame.get_column(person).alias("person"), time.alias("time"), order.alias("order")])
        back = rows.select((pl.col("order") < pl.col("order").shift(1)).over("person", "time").fill_null(value=False)).to_series()
        if not back.any():
            return column.name
    return None
