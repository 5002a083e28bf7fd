"""What a stated score can be held against: the readings of its own round, and nothing that hangs on readings which are not here."""

from __future__ import annotations

from datetime import datetime, timedelta

from mews_newtt.fhir.bundle import Faults, Found, Given, codings
from mews_newtt.fhir.codes import Codes
from mews_newtt.fhir.readings import Readings
from mews_newtt.fhir.rounds import WINDOW, time_of
from mews_newtt.fhir.verify import Difference, Stated, verdict
from mews_newtt.scoring.result import Score
from mews_newtt.scoring.wording import count
from mews_newtt.validation.stated import without_readings

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


def judge(result: Score, stated: Stated, readings: Readings, faults: Faults) -> tuple[str, list[Difference]]:
    """The verdict, and the differences that hold. For want of readings nobody is accused; what could not be compared is told."""
    elsewhere = stated.elsewhere or any(note.code in ELSEWHERE for note in readings.notes)
    says, wrong, not_compared = verdict(result, stated, elsewhere=elsewhere)
    if not_compared:
        why = "no reading of this chart is here" if without_readings(result) else "not everything that the score was made of is here"
        what = f"{why}: {count(not_compared, 'stated value')} could not be compared"
        if not wrong and stated.total and stated.points and sum(points for points, _ in stated.points.values()) == stated.total[0]:
            what += "; the stated points add up to the stated total"
        faults.add("not_compared", "", what, "send the readings with the score", warning=True)
    return says, wrong
