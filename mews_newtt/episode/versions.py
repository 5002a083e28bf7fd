"""Which rows of a table count: the newest version of each set, once.

Most rows share neither a set nor a time with another. Little is done for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from mews_newtt.chart.words import count
from mews_newtt.episode.read_times import NO_TIME_AT_ALL, Micros, names_of
from mews_newtt.errors import ColumnError, Problem

STATUSES = ("current", "superseded", "void", "double", "unplaced")
CURRENT, SUPERSEDED, VOID, DOUBLE, UNPLACED = STATUSES
TRUE = ("1", "true", "yes", "y", "t")
FALSE = ("0", "false", "no", "n", "f", "")
NO_ORDER = "there are several versions of this set, and recorded_at does not say which is the last"
SAME_TIME = "another set of this person has the same time, and nothing says which corrects which"
LOST = "another row of this person cannot be placed in time"

Bools = npt.NDArray[np.bool_]


class InOrder(NamedTuple):
    """The rows by person and time. `order` holds the rows in that order; None where they came so."""

    person: npt.NDArray[np.int32]
    taken: Micros
    order: npt.NDArray[np.int64] | None

    def rows(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The rows of the table at these places of the order."""
        return places if self.order is None else self.order[places]


def in_order(person: npt.NDArray[np.int32], taken: Micros, in_runs: bool) -> InOrder:
    """Sort rows by person and time, unless they are sorted."""
    if in_runs and bool(np.all((person[1:] != person[:-1]) | (taken[1:] >= taken[:-1]))):
        return InOrder(person, taken, None)
    order = pl.DataFrame({"person": person, "taken": taken}).select(pl.arg_sort_by("person", "taken", maintain_order=True)).to_series().to_numpy()
    return InOrder(person[order], taken[order], order.astype(np.int64))


class Marked(NamedTuple):
    """Of each row of the table: its place in `STATUSES`, and why it is unplaced (null where it is not)."""

    status: npt.NDArray[np.uint8]
    why: pl.Series


def marked(frame: pl.DataFrame, sets: InOrder, person: npt.NDArray[np.int32], recorded: Micros | None, why: pl.Series,
           set_id: str, void: str, content: Sequence[str]) -> Marked:  # fmt: skip
    """Say of each row whether it counts. `content` are the columns in which two rows must agree to be one set that was sent twice."""
    rows = frame.height
    status, is_void = np.zeros(rows, np.uint8), yes_or_no(frame, void)
    if is_void is not None:
        status[is_void] = STATUSES.index(VOID)
    names = _set_names(frame, set_id)
    shared = _shares_time(sets) | _shares_set(names, person)
    some = np.flatnonzero(shared & why.is_null().to_numpy() if why.null_count() < rows else shared)
    if len(some):
        few = frame[some.tolist()].select(content).with_columns(
            pl.Series("@row", some), pl.Series("@person", person[some]), pl.Series("@taken", _in_rows(sets, rows)[some]),
            pl.Series("@recorded", np.full(len(some), NO_TIME_AT_ALL) if recorded is None else recorded[some]),
            pl.Series("@set", [None] * len(some), pl.String) if names is None else names.gather(some).alias("@set"),
            pl.Series("@void", np.zeros(len(some), bool) if is_void is None else is_void[some]),
        )  # fmt: skip
        told = _told_apart(few, list(content))
        for name, says in ((SUPERSEDED, ~told.get_column("@newest")), (DOUBLE, told.get_column("@double"))):
            status[some[says.to_numpy()]] = STATUSES.index(name)
        if told.get_column("@why").null_count() < len(some):
            why = why.scatter(some, told.get_column("@why"))
    return Marked(status, why)


def without_lost(found: Marked, person: npt.NDArray[np.int32]) -> Marked:
    """No set of a person counts, if one of them has no place: it could be the one that counts."""
    if found.why.null_count() == len(found.why):
        return found
    lost_rows = found.why.is_not_null().to_numpy()
    lost = np.zeros(int(person.max()) + 1, bool)
    lost[person[lost_rows]] = True
    all_lost = lost[person]
    found.status[all_lost] = STATUSES.index(UNPLACED)
    return Marked(found.status, found.why.set(pl.Series(all_lost & ~lost_rows), LOST))


def _in_rows(sets: InOrder, rows: int) -> Micros:
    if sets.order is None:
        return sets.taken
    taken = np.empty(rows, np.int64)
    taken[sets.order] = sets.taken
    return taken


def _shares_time(sets: InOrder) -> Bools:
    """Of each row of the table: whether another row of the person has its time."""
    same = (sets.person[1:] == sets.person[:-1]) & (sets.taken[1:] == sets.taken[:-1])
    shared = np.zeros(len(sets.person), bool)
    if same.any():
        places = np.flatnonzero(same)
        shared[sets.rows(places)] = True
        shared[sets.rows(places + 1)] = True
    return shared


def _shares_set(names: pl.Series | None, person: npt.NDArray[np.int32]) -> Bools:
    """Whether another row of the person may be of the same set, by a hash of its id. Rows with the same hash are compared in full later on."""
    if names is None:
        return np.zeros(len(person), bool)
    hashes = names.hash().to_numpy() ^ (person.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    twice: Bools = (pl.Series(hashes).is_duplicated() & names.is_not_null()).to_numpy()
    return twice


def _told_apart(frame: pl.DataFrame, content: list[str]) -> pl.DataFrame:
    """Of rows that share a set or a time with others: which are doubles, which is the newest version, and whose order nobody knows."""
    frame = frame.with_columns(
        (~pl.struct("@person", "@taken", *content).is_first_distinct()).alias("@double"),
        pl.when(pl.col("@recorded") != NO_TIME_AT_ALL).then(pl.col("@recorded")).alias("@recorded"),
    )
    alone = pl.concat_str([pl.lit("@"), pl.col("@row").cast(pl.String)])
    version = pl.coalesce(pl.concat_str([pl.lit("="), pl.col("@set")]), alone)
    of_set = ["@person", "@version"]
    recorded = pl.when(~pl.col("@double")).then(pl.col("@recorded"))
    frame = frame.with_columns(version.alias("@version")).with_columns(
        (~pl.col("@double")).sum().over(of_set).alias("@versions"),
        recorded.drop_nulls().n_unique().over(of_set).alias("@times"),
        recorded.max().over(of_set).alias("@last"),
    )
    newest = (pl.col("@versions") == 1) | (pl.col("@recorded") == pl.col("@last")).fill_null(value=False)
    counts = ~pl.col("@double") & newest & ~pl.col("@void")
    disorder = pl.when(~pl.col("@double") & (pl.col("@versions") > 1) & (pl.col("@times") < pl.col("@versions")))
    frame = frame.with_columns(newest.alias("@newest"), counts.alias("@counts"))
    same_time = pl.when(pl.col("@counts") & (pl.col("@counts").sum().over("@person", "@taken") > 1))
    says = [disorder.then(pl.lit(NO_ORDER)), same_time.then(pl.lit(SAME_TIME))]
    return frame.select("@row", "@double", "@newest", pl.coalesce(says).alias("@why"))


def _set_names(frame: pl.DataFrame, name: str) -> pl.Series | None:
    if name not in frame.columns or frame.get_column(name).null_count() == frame.height:
        return None
    return names_of(frame.get_column(name)).cast(pl.String)


def yes_or_no(frame: pl.DataFrame, name: str) -> Bools | None:
    """Which rows of a column say yes, such as entered in error; None where no row says anything. A blank is no.

    Raises ColumnError for a word that says neither yes nor no: to guess could lose a set.
    """
    if name not in frame.columns or frame.get_column(name).null_count() == frame.height:
        return None
    cells = frame.get_column(name)
    words = (cells if cells.dtype == pl.Boolean else names_of(cells)).cast(pl.String).str.strip_chars().str.to_lowercase().fill_null("")
    unknown = words.filter(~words.is_in([*TRUE, *FALSE]))
    if len(unknown):
        what = f"has {count(len(unknown), 'cell')} with neither yes nor no"
        raise ColumnError(Problem("void_unreadable", f"column {name}", what, f"write {', '.join(TRUE[:3])} or {', '.join(FALSE[:3])}"))
    said: Bools = words.is_in(TRUE).to_numpy()
    return said
