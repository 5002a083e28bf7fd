"""Which readings a stated score is compared with: those of its own round. What depends on missing readings is not compared."""

from __future__ import annotations

from datetime import datetime, timedelta

from mews_newtt.fhir.bundle import Content, FoundObservation
from mews_newtt.fhir.codes import Codes
from mews_newtt.fhir.readings import Readings
from mews_newtt.fhir.rounds import WINDOW, time_of
from mews_newtt.fhir.verify import StatedScores, verdict
from mews_newtt.reading.fhir_parts import Faults, codings
from mews_newtt.scoring.result import Score
from mews_newtt.scoring.wording import count
from mews_newtt.validation.stated import Difference, without_readings

# Notes that say that readings behind the score may be missing here, or be here under another code or time.
ELSEWHERE = frozenset(("may_be_reading", "outside_window", "time_missing", "time_not_exact", "time_ahead"))


def one_score(codes: Codes, given: Content, faults: Faults) -> tuple[Content, datetime | None]:
    """The content with only the newest score, and the time of that score. A warning names the scores that were left out."""
    scores: list[tuple[FoundObservation, bool, datetime | None]] = []
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


def judge(result: Score, stated: StatedScores, readings: Readings, faults: Faults) -> tuple[str, list[Difference]]:
    """The verdict and the differences. A warning counts the stated values that could not be compared for want of readings."""
    elsewhere = stated.elsewhere or any(note.code in ELSEWHERE for note in readings.notes)
    says, wrong, not_compared = verdict(result, stated, elsewhere=elsewhere)
    if not_compared:
        why = "no reading of this chart is here" if without_readings(result) else "not everything that the score was made of is here"
        what = f"{why}: {count(not_compared, 'stated value')} could not be compared"
        if not wrong and stated.total and stated.points and sum(points for points, _ in stated.points.values()) == stated.total[0]:
            what += "; the stated points add up to the stated total"
        faults.add("not_compared", "", what, "send the readings with the score", warning=True)
    return says, wrong
