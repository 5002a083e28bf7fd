"""The course of one named person in words: set by set, what changed, what was due, what came late. Only for a person that the user named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.drawn.report import duration_words
from mews_newtt.drawn.series import series_html
from mews_newtt.drawn.twin import level_words, total_words
from mews_newtt.drawn.words import safe
from mews_newtt.episode.entries import Entry
from mews_newtt.episode.follow import Episode, FollowedSet, follow
from mews_newtt.episode.many_schedules import PeoplesSchedules
from mews_newtt.episode.policy import Policy
from mews_newtt.episode.read_times import names_of
from mews_newtt.episode.report.rows import DOUBT_SAYS, own_columns
from mews_newtt.episode.versions import DOUBLE, UNPLACED, VOID, yes_or_no
from mews_newtt.errors import FileError, ObservationError, Problem
from mews_newtt.reading.column_map import ColumnMap
from mews_newtt.reading.columns import check_columns
from mews_newtt.reading.rows import given_of_row
from mews_newtt.scoring.wording import inside_a_sentence

MOST_SETS = 120  # of one person in the report; the last ones


class Story(NamedTuple):
    """One person's course. not_shown: earlier sets that are left out of the drawing and the words."""

    person: str
    episode: Episode
    not_shown: int


def story_of(
    chart: Chart,
    rows: pl.DataFrame,
    person: str,
    *,
    columns: Mapping[str, str],
    column_map: ColumnMap,
    policies: Sequence[Policy],
    schedules: PeoplesSchedules | None,
    now: datetime | None,
    zone: str | None,
    zoned: bool,
) -> Story:
    """Follow one person of a table.

    Parameters
    ----------
    rows : a followed table with `@person`, `@taken`, `@recorded`
    columns : the table's names of `set_id`, `reviewed_at` and others that are there

    Raises
    ------
    FileError  nobody in the file has this id, or the person could not be followed
    """
    own = rows.filter(pl.col("@person") == person)
    if own.is_empty():
        raise FileError(Problem("no_such_person", "--person", "names somebody who has no row in the file", "write the id as the file has it"))
    if (own.get_column("set_status") == UNPLACED).any():
        why = own.get_column("track_error").drop_nulls().to_list()
        reason = next((text for text in why if text), "")
        what = f"names somebody who could not be followed: {reason}"
        raise FileError(Problem("person_not_followed", "--person", what, "correct the rows of this person"))
    given = own_columns(rows)
    if "set_id" in columns:
        own = own.with_columns(names_of(own.get_column(columns["set_id"])).cast(pl.String).alias("@set"))
    ours = dict(zip(given, check_columns(given, chart, column_map), strict=True))
    clock = ZoneInfo(zone or "UTC") if zoned else None
    read, calls = frozenset(chart.by_id), yes_or_no(own, columns.get("escalated", ""))
    if calls is not None:
        own = own.with_columns(pl.Series("@escalated", calls))

    def entry(row: Mapping[str, Any]) -> Entry:
        cells = {ours[name]: row[name] for name in given}
        taken = _clocked(row["@taken"], clock)
        assert taken is not None, "a row without a time is unplaced"

        def time(name: str) -> datetime | None:
            return _clocked(row.get(name), clock)

        def text(name: str) -> str | None:
            cell = row.get(columns.get(name, ""))
            return None if cell is None else str(cell)

        return Entry(
            given_of_row(cells, column_map, read), taken, time("@recorded"), row.get("@set"), row["set_status"] == VOID,
            escalated=row.get("@escalated"), escalated_at=time("@escalated_at"), escalated_by=text("escalated_by"),
            reviewed_at=time("@reviewed"), reviewed_by=text("reviewed_by"),
            concern_at=time("@raised"), concern_answered_at=time("@answered"), concern_answered_by=text("answered_by"),
        )  # fmt: skip

    moment = now
    if now is not None and clock is not None:
        moment = (now if now.utcoffset() is not None else now.replace(tzinfo=clock)).astimezone(clock)
    try:
        entries = [entry(row) for row in own.filter(pl.col("set_status") != DOUBLE).iter_rows(named=True)]
        born = own.get_column("@born").drop_nulls().to_list()[:1] if "@born" in own.columns else []
        own_schedules = {} if schedules is None else schedules.of_person(person)
        starts = {name: _clocked(start, clock) for name, start in own_schedules.items()}
        episode = follow(chart, entries, policies=policies, schedules=starts, born=_clocked(born[0], clock) if born else None, now=moment)
    except ObservationError as fault:
        raise FileError(fault.problems) from None
    return Story(person, episode, max(len(episode.sets) - MOST_SETS, 0))


def _clocked(time: datetime | None, clock: ZoneInfo | None) -> datetime | None:
    return time if time is None or clock is None else time.replace(tzinfo=ZoneInfo("UTC")).astimezone(clock)


def story_html(story: Story, ident: str) -> str:
    """The words, then the track as a drawing and a table."""
    shown = story.episode.sets[story.not_shown :]
    told = "".join(f"<li><strong>{safe(when(one.entry.observed_at))}</strong>: {safe(set_says(story.episode, one))}</li>" for one in shown)
    years = {one.entry.observed_at.year for one in shown}  # in the narrow columns of the drawing only where there are several
    scored = [((when if len(years) > 1 else within_year)(one.entry.observed_at), one.score) for one in shown]
    track = series_html(story.episode.chart, scored, title=f"The track of {story.person}", ident=ident, heading=3)
    says = "".join(f"<p>{safe(line)}</p>" for line in story_says(story))
    return f'{says}<ol class="story">{told}</ol>{track}'


def story_says(story: Story) -> list[str]:
    """The whole course in a few sentences."""
    episode, sets = story.episode, story.episode.sets
    if not sets:
        return ["No set of this person counts."]
    late = [one for one in sets if one.late_by]
    highest = max(sets, key=lambda one: episode.chart.level_rank.get(one.score.level or "", -1))
    titles = {level.id: level.title for level in episode.chart.levels}
    lines = [f"{len(sets)} sets from {when(sets[0].entry.observed_at)} to {when(sets[-1].entry.observed_at)}."]
    if highest.score.level:
        lines.append(f"The highest level was {titles[highest.score.level]}, first reached at {when(highest.entry.observed_at)}.")
    if any(one.late_by is not None for one in sets):
        late_says = f"{len(late)} of the sets with a due time came late" if late else "Every set with a due time came in time"
        longest = max((one.late_by for one in late if one.late_by is not None), default=None)
        lines.append(late_says + (f", the latest by {duration_words(longest / timedelta(minutes=1))}." if longest else "."))
    entered = len(episode.superseded) + len(episode.void)
    if entered:
        replaced = f"replaced by a later version: {len(episode.superseded)}; entered in error: {len(episode.void)}"
        lines.append(f"Entries that do not count: {replaced}.")
    if story.not_shown:
        lines.append(f"The first {story.not_shown} sets are not shown.")
    if episode.due is not None:
        reason = episode.due.reasons[0]
        overdue = f"; overdue by {duration_words(episode.overdue_by / timedelta(minutes=1))}" if episode.overdue_by else ""
        lines.append(f"The next set is due at {when(episode.due.at)} ({reason.says}){overdue}.")
    elif episode.without_due:
        lines.append(episode.without_due)
    return lines


def set_says(episode: Episode, one: FollowedSet) -> str:
    """One set of the course in a sentence or two."""
    score = one.score
    if score.status == "refused":
        return "could not be scored: " + "; ".join(problem.what for problem in score.problems) + "."
    parts = [f"total {total_words(score)}, {level_words(score)}" if episode.chart.has_points else level_words(score)]
    if one.level_change:
        steps = abs(one.level_change)
        parts.append(f"{'up' if one.level_change > 0 else 'down'} {steps} {'level' if steps == 1 else 'levels'}")
    titles = {parameter.id: inside_a_sentence(parameter.title) for parameter in episode.chart.parameters}
    known = ((name, before, after) for name, (before, after) in one.points_change.items() if before is not None and after is not None)
    changes = [f"{titles[name]} {before} to {after}" for name, before, after in known]
    if changes:
        parts.append("points: " + ", ".join(changes))
    if score.missing:
        parts.append("missing: " + ", ".join(titles[name] for name in score.missing))
    if one.late_by is not None:
        parts.append(f"{duration_words(one.late_by / timedelta(minutes=1))} late" if one.late_by else "in time")
    if one.retrospective:
        parts.append("entered later than the policy allows")
    if one.entry.reviewed_at is not None:
        parts.append(f"reviewed{_at_by(one.entry.reviewed_at, one.entry.reviewed_by)}")
    if one.concern is not None:
        answer = _at_by(one.concern.answered_at, one.concern.answered_by)
        parts.append(f"concern raised, answered{answer}" if answer else "concern raised, no answer in the file")
    if one.entry.escalated:
        parts.append(f"escalated{_at_by(one.entry.escalated_at, one.entry.escalated_by)}")
    parts += [DOUBT_SAYS[name] for name in one.doubts if name in DOUBT_SAYS]
    return "; ".join(parts) + "."


def _at_by(time: datetime | None, role: str | None) -> str:
    return (f" at {when(time)}" if time is not None else "") + (f" by {role}" if role else "")


def within_year(time: datetime) -> str:
    """A time as people write it, without its year."""
    return f"{time.day} {time:%b %H:%M}"


def when(time: datetime) -> str:
    """A time as people write it."""
    return f"{time.day} {time:%b %Y %H:%M}"
