"""Reads what charts and policies have in common from TOML: a source, and an interval in its words."""

from __future__ import annotations

from datetime import date

from mews_newtt.chart.model import Source, Timing
from mews_newtt.chart.toml import TableReader

MOST_MINUTES = 6_000_000  # of an interval, more than eleven years: longer is a slip, and could not be added to every time


def read_source(reader: TableReader) -> Source:
    """A source: what it is, what was taken from it, and who transcribed it when."""
    transcribed = []
    for entry in reader.tables("transcribed"):
        on = entry.take("on", date, required=True)
        transcribed.append((entry.take("by", str, "", required=True), on.isoformat() if on else ""))
        entry.finish()
    source = Source(
        id=reader.take("id", str, "", required=True),
        cite=reader.take("cite", str, "", required=True),
        took=reader.take("took", str, ""),
        doi=reader.take("doi", str),
        transcribed=tuple(transcribed),
    )
    reader.finish()
    return source


def read_timing(reader: TableReader, key: str) -> Timing | None:
    """An interval in the source's words and, where it gives one, its longest length. An interval of 0 minutes or less is a fault."""
    table = reader.table(key)
    if table is None:
        return None
    timing = Timing(table.take("says", str, "", required=True), table.take("within_minutes", int))
    if timing.within_minutes is not None and not 0 < timing.within_minutes <= MOST_MINUTES:
        mend = f"write minutes above 0 and up to {MOST_MINUTES:,}"
        table.fault("time_not_positive", f"is {timing.within_minutes}", mend, "within_minutes")
    table.finish()
    return timing
