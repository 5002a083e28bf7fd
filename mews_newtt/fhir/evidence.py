"""What a stated score can be held against: the readings of its own round, and nothing that hangs on readings which are not here."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from mews_newtt.chart.model import Chart
from mews_newtt.fhir.bundle import Faults, Found, Given, codings
from mews_newtt.fhir.codes import Codes, codes_of
from mews_newtt.fhir.readings import Readings
from mews_newtt.fhir.rounds import WINDOW, time_of
from mews_newtt.fhir.verify import Difference, Stated
from mews_newtt.scoring.result import Score
from mews_newtt.scoring.wording import count

# Notes that say that readings of the score may be elsewhere, or here under another code or time.
ELSEWHERE = frozenset(("may_be_reading", "outside_window", "time_missing", "time_not_exact", "time_ahead"))


def one_score(codes: Codes, given: Given, faults: Faults) -> tuple[Given, datetime | None]:
    """The newest score of a Bundle, with its time: readings of that round are what it must be held against. Earlier scores are left out, and told."""
    scores: list[tuple[Found, bool, datetime | None]] = []
    for found in given.observations:
        keys = codings(found.body, "code", found.place, Faults())
        if codes.is_score(keys):
            when, exact = time_of(found)
            scores.append((found, any(key in codes.total for key in keys), when if exact else None))
    totals = [when for _, is_total, when in scores if is_total and when]
    at = max(totals or [when for _, _, when in scores if when], default=None)
    if at is None:
        return given, None
    near = timedelta(minutes=WINDOW)
    left = [found for found, is_total, when in scores if when and ((is_total and when != at) or abs(when - at) > near)]
    if left:
        what = f"{count(len(left), 'score')} of another time left out: only the newest score is verified"
        faults.add("score_of_another_time", left[0].place, what, "send one score, and the readings it was made of", warning=True)
    gone = {id(found) for found in left}
    return given._replace(observations=tuple(found for found in given.observations if id(found) not in gone)), at


def judge(result: Score, stated: Stated, readings: Readings, wrong: list[Difference], faults: Faults) -> tuple[str, list[Difference]]:
    """The verdict, and the differences that hold. For want of readings nobody is accused.

    Without any reading nothing is compared. Where the Bundle may not hold everything that the score was made of, a total inside the bounds, points
    of rows without a reading and a level that is still possible are not compared. In both cases the parts of the score are added up.
    """
    if stated.nothing:
        return "nothing_compared", []
    elsewhere = stated.elsewhere or any(note.code in ELSEWHERE for note in readings.notes)
    kept = [difference for difference in wrong if not (readings.empty or (elsewhere and _may_be_so(result, difference)))]
    told = {difference.where for difference in wrong} - {difference.where for difference in kept}
    places = {place for _, place in (*([stated.total] if stated.total else []), *stated.points.values())} | set(stated.levels.values())
    not_compared = places if readings.empty else told
    if not_compared:
        why = "no reading of this chart is here" if readings.empty else "not everything that the score was made of is here"
        what = f"{why}: {count(len(not_compared), 'stated value')} could not be compared"
        added = _adding_up(result.chart, stated)
        if stated.total and stated.points and not added and sum(points for points, _ in stated.points.values()) == stated.total[0]:
            what += "; the stated points add up to the stated total"
        faults.add("not_compared", "", what, "send the readings with the score", warning=True)
        kept += added
    if kept:
        return "disagrees", kept
    return ("nothing_compared" if places <= not_compared else "agrees"), []


def _may_be_so(result: Score, difference: Difference) -> bool:
    """Whether what is stated may be right, with readings that are not here."""
    if difference.kind == "total_of_partial":
        return True
    if difference.kind == "points":
        return difference.computed == "none"
    if difference.kind == "level":
        rank = result.chart.level_rank
        least, most = rank[result.level or ""], rank[result.level_max or ""]
        return all(least <= rank[name] <= most for name in difference.stated.split(", "))
    return False


def _adding_up(chart: Chart, stated: Stated) -> list[Difference]:
    """The stated points of the rows against the stated total; nothing where rows count once for several, or are stated twice."""
    if stated.total is None or not stated.points:
        return []
    total, place = stated.total
    meant = [codes_of(chart).sub_scores[key].parameters for key in stated.points]
    rows = [name for names in meant for name in names]
    shared = [chart.group_of[names[0]].id for names in meant if names[0] in chart.group_of]
    if len(set(rows)) < len(rows) or len(set(shared)) < len(shared):
        return []
    covered = {name for row in rows for name in (chart.group_of[row].parameters if row in chart.group_of else (row,))}
    whole = {parameter.id for parameter in chart.parameters if parameter.role == "scored"} <= covered
    points = sum((each for each, _ in stated.points.values()), Decimal(0))
    if points <= total and not (whole and points != total):
        return []
    says = f"the stated points add up to {points}; the total is stated as {total}"
    return [Difference("parts_do_not_add_up", place, "total", f"{total}", f"{points}", says)]
