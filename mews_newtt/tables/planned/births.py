"""Hours since birth, and the age, of the sets of a planned source: from the time of a birth and the time of the set."""

from __future__ import annotations

import polars as pl

from mews_newtt.reading.plan.model import Born, Plan
from mews_newtt.reading.plan.report import ReadingReport
from mews_newtt.reading.values import NOT_READ
from mews_newtt.tables.planned.rows import BORN, ROW, TIME
from mews_newtt.tables.planned.times import LOCAL, OFFSET, local, read_times

UNLIKE = "is not a time that can be compared with that of the readings"
MINUTE = 60_000_000  # microseconds
DIGITS = 9  # of minutes that are no whole number: no limit of a chart is so near


def with_births(frame: pl.DataFrame, plan: Plan, zoned: bool, report: ReadingReport) -> dict[str, pl.Series]:
    """The column of each reading that is the time since a birth: as text with its unit, which the rules of reading convert exactly."""
    return {born.parameter: _since(frame, born, plan, zoned, report) for born in plan.born if BORN + born.parameter in frame.columns}


def _since(frame: pl.DataFrame, born: Born, plan: Plan, zoned: bool, report: ReadingReport) -> pl.Series:
    zone = plan.times.zone if plan.times else None
    cells = frame.get_column(BORN + born.parameter).alias("cell")
    formats = born.formats or (plan.times.formats if plan.times else ())
    time, how = read_times(cells, formats, None if born.parameter == "age_years" else zone)
    joined = pl.DataFrame([cells, frame.get_column(TIME), frame.get_column(ROW), time.alias("time"), how.alias("how")])
    birth, observed = pl.col("time"), pl.col(TIME)
    if born.parameter == "age_years":
        day = local(observed, zone, zoned).dt.date()
        turned = (day.dt.month() > birth.dt.month()) | ((day.dt.month() == birth.dt.month()) & (day.dt.day() >= birth.dt.day()))
        value = (day.dt.year() - birth.dt.year() - pl.when(turned).then(0).otherwise(1)).cast(pl.String)
        before = day < birth.dt.date()
    else:
        micros = (observed - birth).dt.total_microseconds()
        exact = micros % MINUTE == 0
        value = pl.when(exact).then((micros // MINUTE).cast(pl.String)).otherwise((micros / MINUTE).round(DIGITS).cast(pl.String)) + " min"
        before = micros < 0
    name = f"{NOT_READ}column {born.column}: '"
    unread = pl.format(name + "{}' is not a time in a format of the plan", pl.col("cell"))
    mixed = pl.format(name + "{}' and the time of the readings are not both with an offset from UTC", pl.col("cell"))
    early = pl.format(name + "{}' is after the time of the readings", pl.col("cell"))
    read = pl.col("how").is_in([LOCAL, OFFSET])
    # a local time and an instant are hours apart; a day is a day in both
    comparable = pl.lit(value=True) if born.parameter == "age_years" or zone else pl.col("how") == (OFFSET if zoned else LOCAL)
    text = (
        pl.when(pl.col("cell").is_null() | (pl.col("cell").str.strip_chars() == ""))
        .then(None)
        .when(~read)
        .then(unread)
        .when(~comparable)
        .then(mixed)
        .when(before)
        .then(early)
        .otherwise(value)
    )
    result = joined.select(pl.col("cell"), pl.col(ROW), text.alias("text"))
    bad = result.filter(pl.col("text").str.starts_with(NOT_READ))
    if bad.height:
        first = bad.row(0, named=True)
        report.refuse(f"column {born.column}", UNLIKE, bad.height, first[ROW], first["cell"] or "")
    return result.get_column("text")
