"""report.html: the report of a ward as one page, for people. The words of each figure say what it counts and what it leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from mews_newtt import __version__
from mews_newtt.chart.statuses import MEANINGS
from mews_newtt.drawn.over_time import figure_html
from mews_newtt.drawn.report import (
    Column,
    duration_words,
    facts_html,
    list_html,
    page_html,
    paragraphs_html,
    section_html,
    share_words,
    table_html,
)
from mews_newtt.drawn.words import safe
from mews_newtt.episode.follow import AHEAD
from mews_newtt.episode.report.counts import MOST_GROUPS, Answered, Counts, Group
from mews_newtt.episode.report.rows import DOUBT_SAYS
from mews_newtt.episode.report.story import story_html
from mews_newtt.episode.report.ward import MOST_WAITS, WardReport
from mews_newtt.episode.track import DOUBLE, SUPERSEDED, VOID
from mews_newtt.scoring.wording import count

TIME_COLUMNS = ("People", "Sets", "Due", "In time", "Share", "Late: median", "Late: longest", "Rises of level")
WHOLE_COLUMNS = ("Sets", "Complete", "Share", "Partial", "Refused")
CORRECTIONS = {SUPERSEDED: "replaced by a later version", VOID: "entered in error", DOUBLE: "sent twice"}


def as_html(report: WardReport, run_on: str | None = None) -> str:
    """The report as one page.

    run_on : the date of the run; without it the page names none, and the same input gives the same bytes
    """
    chart, counts = report.chart, report.counts
    sections = (
        _summary(report),
        section_html("h-what", "What was counted", facts_html(_facts(report, run_on)), list_html(report.not_read)),
        section_html("h-time", f"By {report.period}", *(figure_html(figure) for figure in report.figures), _how_to_read() if report.figures else ""),
        _in_time(report),
        _complete(report),
        _levels(report),
        _corrections(report),
        _lost(counts),
        *(
            section_html(f"h-person-{at}", f"The course of {story.person}", story_html(story, f"person-{at}"))
            for at, story in enumerate(report.stories)
        ),
    )  # fmt: skip
    title = f"Ward report: {chart.short_title} {chart.version}, {report.source}"
    return page_html(title, "mews_newtt ward report", f"{chart.title}, version {chart.version}", [chart], f"mews_newtt {__version__}", sections)


def headline(report: WardReport) -> str:
    """The first thing to know."""
    group = report.counts.all
    if not group.sets:
        return "No set counts"
    if group.due:
        return f"{group.in_time:,} of {group.due:,} sets with a due time came in time ({share_words(group.in_time, group.due)})"
    none = "none of them could be late" if report.counts.with_due else "no due times"
    return f"{count(group.sets, 'set')} of {_people(group.people)}; {none}"


def _summary(report: WardReport) -> str:
    group, lines = report.counts.all, []
    if not group.due and report.counts.with_due:
        lines.append("No set follows one of the same person that gave a due time. So nothing is called late or in time.")
    elif not group.due and group.sets:
        lines.append("No set here has a due time: neither the chart nor a policy gives one, and none is made up. So nothing is called late.")
    lines.append(f"{group.complete:,} of {count(group.sets, 'set')} are complete ({share_words(group.complete, group.sets)}).")
    if report.counts.overdue is not None:
        overdue = sum(number for one in report.counts.overdue for number in one.people)
        lines.append(f"At {report.now:%Y-%m-%d %H:%M} the next set of {_people(overdue)} is overdue.")
        after = dict(report.counts.doubts)[AHEAD[1]]
        if after:
            taken = f"{count(after, 'set')} {'was' if after == 1 else 'were'} taken after that time"
            lines.append(f"{taken}. Check it: more people may be overdue.")
    lost = sum(one.people for one in report.counts.lost)
    if report.counts.lost:
        lines.append(f"{_people(lost)} could not be followed and {'is' if lost == 1 else 'are'} in no figure; see the end of this report.")
    title = f'<h1 id="h-summary">{safe(headline(report))}</h1>'
    return f'<section class="verdict" aria-labelledby="h-summary">\n{title}\n{paragraphs_html(lines)}\n</section>'


def _facts(report: WardReport, run_on: str | None) -> Iterator[tuple[str, str]]:
    chart, counts = report.chart, report.counts
    yield "File", report.source
    if counts.first is not None:
        yield "Days", f"{counts.first:%Y-%m-%d} to {counts.last:%Y-%m-%d}. {report.clock}"
    yield "Chart", f"{chart.title} ({chart.id}), version {chart.version}"
    yield "Status of the chart", f"{chart.status}: {MEANINGS.get(chart.status, '')}. {chart.status_says}"
    yield "Chart fingerprint", chart.sha256
    for policy in report.policies:
        yield "Policy", f"{policy.title} ({policy.id}), version {policy.version}, status {policy.status}: {MEANINGS.get(policy.status, '')}"
    titles = {schedule.id: schedule.title for policy in report.policies for schedule in policy.schedules}
    for name, people in report.schedules.items():
        yield "Schedule", f"{titles[name]}: holds for {_people(people)}"
    if not report.policies:
        yield "Policy", "none; due times follow from the chart alone"
    yield "Overdue counted to", f"{report.now:%Y-%m-%d %H:%M}" if report.now is not None else "no time was given (--now), so nobody is called overdue"
    persons = "those whom the user named" if report.stories else "none is named in this report"
    yield "Persons", persons
    yield "Engine", f"mews_newtt {__version__}. Not a registered medical device."
    if run_on:
        yield "Run on", run_on


def _how_to_read() -> str:
    return paragraphs_html(
        [
            "A diamond is a point that is more than chance: filled blue on the better side of the middle line, open orange with a cross on the "
            "worse. XmR charts: a point outside the limits; 7 points in a row on one side of the mean; 7 points that only rise or only fall; 2 of 3 "
            "points near one limit. Limits: mean plus and minus 2.66 mean moving ranges, without moving ranges above 3.267 times their mean "
            "(NHS Making data count, as in the R package NHSRplotthedots 0.2.2). Run charts, of fewer than 12 points: 5 in a row that "
            "only rise or only fall (Perla and others, BMJ Quality and Safety 2011;20:46)."
        ],
        "note",
    )


def _in_time(report: WardReport) -> str:
    counts = report.counts
    says = [
        "A set is due by the level of the person's last scored set. It is in time if it was taken no later. A late set counts in the ward and the "
        "week in which it was taken. A set that was due and never taken is in no row here: it is overdue, and that is counted only to a given time."
    ]
    tables = _by_group(report, "Sets in time", TIME_COLUMNS, _time_row)
    cut = [
        f"{left:,} more {what} are not shown (at most {MOST_GROUPS})."
        for what, left in (("wards", counts.wards_left_out), ("weeks, the earliest,", counts.weeks_left_out))
        if left
    ]
    if report.ward is None:
        cut.append("The file has no column ward, and none was named with --ward: there is no table by ward.")
    overdue = ""
    if counts.overdue is not None:
        heads = (Column("Level of the last scored set", number=False), Column("Up to 4 h"), Column("4 to 24 h"), Column("More"), Column("Longest"))
        late = ((one.level, *one.people, duration_words(one.longest)) for one in counts.overdue)
        cut.append("A file of sets does not say who went home: the people who have been overdue for long may no longer be there.")
        overdue = table_html(f"People whose next set is overdue at {report.now:%Y-%m-%d %H:%M}", heads, late)
        if report.waits is not None:
            cut.append(f"overdue.csv names them, those who became overdue last first, at most {MOST_WAITS:,}.")
    return section_html("h-in-time", "In time", paragraphs_html(says), *tables, overdue, paragraphs_html(cut, "note"))


def _by_group(report: WardReport, what: str, names: Iterable[str], cells: Callable[[Group], tuple[object, ...]]) -> list[str]:
    """The tables of all sets, of the wards and of the weeks."""
    counts, columns = report.counts, [Column(name) for name in names]
    wards = [(group.name, *cells(group)) for group in counts.wards]
    weeks = [(_day(group.name), *cells(group)) for group in counts.weeks]
    return [
        table_html(f"{what} by ward", [Column("Ward", number=False), *columns], [*wards, ("All", *cells(counts.all))]),
        table_html(f"{what} by week", [Column("Week from", number=False), *columns], weeks),
    ]


def _day(text: str) -> str:
    """A day as people write it, on one line."""
    day = date.fromisoformat(text)
    return f"{day.day}\u00a0{day:%b}\u00a0{day.year}"


def _time_row(group: Group) -> tuple[object, ...]:
    late = (duration_words(group.late_median), duration_words(group.late_worst))
    return (group.people, group.sets, group.due, group.in_time, share_words(group.in_time, group.due), *late, group.rises)


def _whole_row(group: Group) -> tuple[object, ...]:
    return (group.sets, group.complete, share_words(group.complete, group.sets), group.partial, group.refused)


def _complete(report: WardReport) -> str:
    counts = report.counts
    group, titles = counts.all, {parameter.id: parameter.title for parameter in report.chart.parameters}
    heads = (Column("Row of the chart", number=False), Column("Partial sets without it"), Column("Of all sets"))
    rows = ((titles.get(name, name), number, share_words(number, group.sets)) for name, number in counts.lacking)
    says = [
        "A partial set lacks a reading that the chart asks for; a missing reading is never counted as 0. A refused set has a reading that cannot be."
    ]
    tables = _by_group(report, "Complete sets", WHOLE_COLUMNS, _whole_row)
    return section_html("h-complete", "Complete sets", paragraphs_html(says), *tables, table_html("What partial sets lack", heads, rows))


def _levels(report: WardReport) -> str:
    counts = report.counts
    whole = sum(stay.minutes for stay in counts.stays)
    named = ("Sets", "Time at the level", "Share of time", "Stays", "Stays that ended", "Median of those")
    heads = (Column("Level", number=False), *(Column(name) for name in named))
    rows = [
        (
            stay.level,
            stay.sets,
            duration_words(stay.minutes) if stay.stays else None,
            share_words(round(stay.minutes), round(whole)),
            stay.stays,
            stay.ended,
            duration_words(stay.median),
        )
        for stay in reversed(counts.stays)
    ]
    says = [
        "Time at a level goes from a set to the person's next scored set. After the last set of a person nothing is known and nothing is counted. "
        "For a partial set the level is the one certainly reached. Sets in a row at one level are one stay."
    ]
    reviews = counts.reviews
    after = _answered("After a rise of the level: time to the person's next scored set", "With a later set", counts.rises)
    came = _answered("Time from a set above the lowest level to a review", "Reviewed", reviews or ())
    none = [] if reviews is not None else ["The file has no column reviewed_at: times to a review are not known."]
    at_levels = table_html("Time at each level", heads, rows)
    return section_html("h-levels", "Levels", paragraphs_html(says), at_levels, after, came, paragraphs_html(none, "note"))


def _answered(caption: str, answered: str, rows: Iterable[Answered]) -> str:
    heads = (Column("Level reached", number=False), Column("Times"), Column(answered), Column("Median time"), Column("Longest"))
    cells = [(one.level, one.times, one.waited, duration_words(one.median), duration_words(one.worst)) for one in rows]
    return table_html(caption, heads, reversed(cells))


def _corrections(report: WardReport) -> str:
    counts = report.counts
    rows = [(says, counts.corrections.get(name, 0)) for name, says in CORRECTIONS.items()]
    group = counts.all
    if group.timed_entries:
        part = share_words(group.retrospective, group.timed_entries)
        entries = f"Entered later than the policy allows: {group.retrospective:,} of {count(group.timed_entries, 'set')} ({part})."
    else:
        entries = "Late entries are not counted: no policy says from when on an entry is late, or the file has no recorded_at."
    table = table_html("Rows that do not count", (Column("Row", number=False), Column("Rows")), rows)
    heads = (Column("Sets that count although a time is in doubt", number=False), Column("Sets"))
    doubts = table_html("Times in doubt", heads, [(DOUBT_SAYS[name], number) for name, number in counts.doubts if number])
    return section_html("h-corrections", "Corrections and late entries", table, paragraphs_html([entries]), doubts)


def _lost(counts: Counts) -> str:
    heads = (Column("Reason", number=False), Column("Rows"), Column("People"))
    table = table_html("Rows without a place in a course, by reason", heads, ((one.reason, one.rows, one.people) for one in counts.lost))
    says = ["If one row of a person has no place in time, no set of that person is followed: that row could be the one that counts."]
    return section_html("h-lost", "Not followed", paragraphs_html(says), table) if table else ""


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"
