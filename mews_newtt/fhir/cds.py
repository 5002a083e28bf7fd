"""CDS Hooks 2.0: one service for each maternity and newborn chart, which scores the newest observations and answers with a card."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from mews_newtt import __version__
from mews_newtt.chart.model import Chart
from mews_newtt.errors import MewsNewttError, ObservationError, Problem
from mews_newtt.fhir.asked import Asked, asked_for, asked_of
from mews_newtt.fhir.bundle import Content, take_apart
from mews_newtt.fhir.by_text import read_by_text
from mews_newtt.fhir.codes import AMOUNTS, OTHER_PANELS, PRESSURE_PANEL_KEYS, PRESSURES, SUPPORT, Codes, codes_of, parameter_keys
from mews_newtt.fhir.jsontext import Resource
from mews_newtt.fhir.readings import Readings, read_set, score_readings
from mews_newtt.fhir.rounds import AHEAD, LONGEST_WINDOW, WINDOW, one_round, rows_in, time_of, window_of
from mews_newtt.fhir.scored import level_of
from mews_newtt.fhir.times import fhir_time, in_words, is_instant, minutes_between, moment
from mews_newtt.reading.fhir_parts import Faults
from mews_newtt.scoring.result import Score

HOOK = "patient-view"
SUMMARY = 139  # a card's summary is shorter than 140 characters
GROUP = "patient_group"
STALE = LONGEST_WINDOW  # minutes: after this time a card is not `info`, where the chart gives no interval. Our choice
POPULATIONS = {"maternity": frozenset(("pregnant", "in_labour", "postnatal")), "newborn": frozenset(("newborn",))}


class PrefetchMissing(MewsNewttError):
    """A prefetch item is missing, and this service fetches nothing: the answer is 412."""


def population(chart: Chart) -> str | None:
    """Whom the chart is for, as its own scope rules say: `maternity`, `newborn`, or None for charts that read other people too."""
    parameter = chart.by_id.get(GROUP)
    if parameter is None:
        return None
    refused: set[str] = set()
    for rule in chart.scope:
        if rule.refuse and len(rule.when) == 1 and rule.when[0][0] == GROUP and isinstance(rule.when[0][1], frozenset):
            refused |= rule.when[0][1]
    read = set(parameter.observation.category_ids) - refused
    return next((name for name, groups in POPULATIONS.items() if read and read <= groups), None)


def services(charts: Iterable[Chart]) -> dict[str, Any]:
    """The discovery document."""
    found = []
    for chart in charts:
        group = population(chart)
        if group is not None:
            found.append(
                {
                    "hook": HOOK,
                    "id": chart.id,
                    "title": chart.title,
                    "description": f"Scores the newest {group} observations. Chart version {chart.version}, status {chart.status}: "
                    f"{chart.scope_says} Not a registered medical device.",
                    "prefetch": {"patient": "Patient/{{context.patientId}}", "observations": _query(chart)},
                    "usageRequirements": "Both prefetch items must be sent: this service fetches nothing.",
                }
            )
    return {"services": found}


def _query(chart: Chart) -> str:
    """The search for the readings of a chart, newest first, by the codes its parameters go by.

    `code` means the code of an Observation and not those of its components, so that panels have to be asked for by their own codes.
    """
    codes = codes_of(chart)
    asked = [parameter.observation for parameter in chart.parameters]
    asked += [codes.observations[name] for name in AMOUNTS[SUPPORT] if SUPPORT in chart.by_id and name not in chart.by_id]
    keys = [key for observation in asked for key in parameter_keys(observation)]
    answers = {parameter.id for parameter in chart.parameters if not parameter.observation.snomed}
    keys += [key for key, (name, _) in codes.category.items() if name in answers]
    if any(loinc in PRESSURES for observation in asked for loinc in observation.loinc):
        keys += [*PRESSURE_PANEL_KEYS, *OTHER_PANELS]
    tokens = ",".join(dict.fromkeys(f"{system}|{code}" for system, code in keys))
    return f"Observation?patient={{{{context.patientId}}}}&code={tokens}&_sort=-date&_count=200"


class Choices(NamedTuple):
    """What an operator chooses for all cards; a call's own context counts before `window` and `lookback`."""

    window: int = WINDOW  # minutes: the longest round
    lookback: int = 0  # minutes: older readings are named and not scored; 0: any age
    encounter: bool = False  # only readings of the encounter that is open


def cards(
    chart: Chart,
    request: Mapping[str, Any],
    choices: Choices | None = None,
    *,
    now: datetime | None = None,
    counted: Callable[[Score], None] | None = None,
) -> dict[str, Any]:
    """The cards for one call; none where there is nothing that the chart reads.

    The set is the newest round of observations: what was observed within the window before the newest reading. The window is `context.windowMinutes`
    (30 where it is not given). Readings older than `context.lookbackMinutes` are not scored. What was left out or not read is on the card.

    Parameters
    ----------
    choices : what the operator chose
    now : the time by the caller's clock. Later readings are left out, with a warning; the card says how old the others are
    counted : called with the score, for whoever counts scores; not where nothing was scored

    Raises
    ------
    PrefetchMissing        a prefetch item is missing
    ObservationError  the call itself is malformed
    """
    choices = choices or Choices()
    patient_id, patient, bundle, asked = _call(request, choices, now)
    window = window_of(asked.context.get("windowMinutes", choices.window))
    faults = Faults()
    try:
        given = take_apart({**bundle, "link": []}, faults)
        _same_patient(given, patient, patient_id)
        codes = codes_of(chart)
        given = read_by_text(codes, given)
        _goes_beyond(codes, given, window, now, bool(_has_next(bundle)), faults)
        given = asked_for(codes, given, asked.asked, faults)
        given = one_round(codes, given, faults, window=window, now=now, timed_only=True)
        about = f"Patient/{patient_id}"
        readings = read_set(chart, given._replace(patients=(("prefetch.patient", patient, frozenset((about,))),)), faults)
        if readings.empty:
            told = [note for note in readings.notes if note.code in _WORTH_A_CARD]
            return {"cards": [_nothing_scored(chart, request, told)] if told else []}
        result = score_readings(chart, readings)
        if counted is not None:
            counted(result)
    except ObservationError as refusal:
        return {"cards": [_nothing_scored(chart, request, refusal.problems)]}
    lines = [*(f"Not final: {doubt.what}" for doubt in readings.doubts), result.says, _times(readings, now)]
    lines += [f"- {level_of(chart, reason.level).title}: {reason.says}" for reason in result.reasons]
    lines += [f"- {text}" for text in (*result.warnings, *(note.what for note in readings.notes if note not in readings.doubts))]
    signed = f", {chart.signed}" if chart.signed else ""
    named = f"{chart.title}, version {chart.version}, status {chart.status}, sha256 {chart.sha256[:12]}"
    lines.append(f"{named}{signed}. Not a registered medical device.")
    return {"cards": [_card(chart, request, _headline(result, readings, now), "\n\n".join(lines), _indicator(result, readings, now))]}


# Notes that say that readings are there, though nothing could be scored.
_WORTH_A_CARD = frozenset(
    ("may_be_reading", "time_missing", "time_ahead", "time_not_exact", "outside_window", "outside_period", "other_encounter", "encounter_missing")
)


def _nothing_scored(chart: Chart, request: Mapping[str, Any], problems: Iterable[Problem]) -> dict[str, Any]:
    told = "\n".join(f"- {problem.where}: {problem.what}. {problem.mend}".replace("- : ", "- ") for problem in problems)
    return _card(chart, request, "the newest observations cannot be scored", f"Nothing was scored.\n\n{told}", "warning")


def _age(readings: Readings, now: datetime | None) -> int | None:
    """How old the newest reading is, in minutes; None where that is not known."""
    if now is None or readings.effective is None or not is_instant(readings.effective[1]):
        return None
    return max(0, minutes_between(moment(readings.effective[1]), now))


def _times(readings: Readings, now: datetime | None) -> str:
    """When the readings were taken, and how old they are."""
    if readings.effective is None:
        return "The time of the readings is not given."
    first, last = (fhir_time(text) for text in readings.effective)
    age = _age(readings, now)
    old = "" if age is None else f", {in_words(age)} old"
    return f"Readings of {last}{old}." if first == last else f"Readings of one round, from {first} to {last}{old}."


class _Asked(NamedTuple):
    context: Resource
    asked: Asked


def _call(request: Mapping[str, Any], choices: Choices, now: datetime | None) -> tuple[str, Resource, Resource, _Asked]:
    faults = Faults()
    if request.get("hook") != HOOK:
        faults.add("unknown_hook", "hook", "is not the hook of this service", f"send {HOOK}")
    if not faults.text(request, "hookInstance", "request"):
        faults.add("hook_instance_missing", "hookInstance", "is not given", "send a UUID for each call")
    context = faults.object(request, "context", "request")
    patient_id = faults.text(context, "patientId", "context")
    if not patient_id:
        faults.add("patient_missing", "context.patientId", "is not given", "say which patient's record is open")
    prefetch = faults.object(request, "prefetch", "request")
    faults.raise_errors()
    wanted_period = context.get("lookbackMinutes", choices.lookback or None)
    encounter = context.get("encounterId") if choices.encounter else None
    asked = asked_of({"lookback": wanted_period, "encounter": encounter}, now)
    found = [prefetch.get(name) for name in ("patient", "observations")]
    wanted = ("Patient", "Bundle")
    missing = [
        Problem("prefetch_missing", f"prefetch.{name}", f"is not a {kind}", "send what the discovery document asks for; this service fetches nothing")
        for name, kind, item in zip(("patient", "observations"), wanted, found, strict=True)
        if not isinstance(item, dict) or item.get("resourceType") != kind
    ]
    if missing:
        raise PrefetchMissing(missing)
    patient, bundle = ({**item} if isinstance(item, dict) else {} for item in found)
    return patient_id, patient, bundle, _Asked(context, asked)


def _has_next(bundle: Resource) -> bool:
    return any(link.get("relation") == "next" for _, link in Faults().objects(bundle, "link", "Bundle"))


def _same_patient(given: Content, patient: Resource, patient_id: str) -> None:
    about = f"Patient/{patient_id}"
    if patient.get("id", patient_id) != patient_id:  # an age from somebody else's birth date
        raise ObservationError(Problem("subjects_differ", "prefetch.patient", "is not the patient whose record is open", "send that patient"))
    for found in given.observations:
        if found.subject and found.subject != about and not found.subject.endswith(f"/{about}"):
            raise ObservationError(
                Problem("subjects_differ", f"{found.place}.subject", "is not the patient whose record is open", "send that patient's observations")
            )


def _goes_beyond(codes: Codes, given: Content, window: int, now: datetime | None, more: bool, faults: Faults) -> None:
    """Where there is a next page, this one must hold the whole newest round: sorted, and with something older than the round."""
    if not more:
        return
    times = [when for found in given.observations if rows_in(codes, found) for when, exact in [time_of(found)] if when and exact]
    past = [when for when in times if now is None or when <= now + AHEAD]
    whole = times == sorted(times, reverse=True) and past and minutes_between(past[-1], past[0]) > window
    if not whole:
        faults.add(
            "bundle_incomplete",
            "prefetch.observations",
            "names a next page that may hold more of the newest readings",
            "send them in one page, newest first",
        )


def _headline(result: Score, readings: Readings, now: datetime | None) -> str:
    chart = result.chart
    level, highest = level_of(chart, result.level).title, level_of(chart, result.level_max).title
    reach = f"level {level}" if level == highest else f"level {level} to {highest}"
    age = _age(readings, now)
    reach += f"; readings {in_words(age)} old" if age is not None and _is_old(result, age) else ""
    if result.status == "complete":
        return reach if result.total is None else f"total {result.total}, {reach}"
    bounds = "" if result.total_min is None else f", no total ({result.total_min} to {result.total_max})"
    return f"partial set{bounds}, {reach}"


def _is_old(result: Score, age: int) -> bool:
    """Whether the next observations were due, by the chart's own interval where it gives one."""
    level = level_of(result.chart, result.level)
    due = level.reobserve.within_minutes if level.reobserve else None
    return age > (STALE if due is None else due)


def _indicator(result: Score, readings: Readings, now: datetime | None) -> str:
    """`critical` at the chart's highest level, `info` at its first when the score is final and its readings are not old, else `warning`."""
    rank = result.chart.level_rank[result.level or ""]
    if rank and rank == len(result.chart.levels) - 1:
        return "critical"
    age = _age(readings, now)
    calm = rank == 0 and result.status == "complete" and result.level == result.level_max and not readings.doubts
    return "info" if calm and not (age is not None and _is_old(result, age)) else "warning"


def _card(chart: Chart, request: Mapping[str, Any], headline: str, detail: str, indicator: str) -> dict[str, Any]:
    summary = f"{chart.short_title}: {headline}"
    content = f"{request.get('hookInstance')}\n{chart.sha256}\n{summary}\n{detail}"
    return {
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, content)),
        "summary": summary if len(summary) <= SUMMARY else summary[: SUMMARY - 1] + "…",
        "detail": _plain_markdown(detail),
        "indicator": indicator,
        "source": {"label": f"{chart.short_title} {chart.version} ({chart.status}), mews_newtt {__version__}"},
    }


def _plain_markdown(text: str) -> str:
    """Text from outside must not become HTML or a link in somebody's record system."""
    for sign in "<>[]`":
        text = text.replace(sign, {"<": "&lt;", ">": "&gt;"}.get(sign, f"\\{sign}"))
    return text


def check_feedback(body: Mapping[str, Any]) -> int:
    """How many pieces of feedback a call holds; raises ObservationError naming every fault. What people wrote is not kept."""
    faults = Faults()
    pieces = 0
    for place, piece in faults.objects(body, "feedback", "request"):
        pieces += 1
        if not faults.text(piece, "card", place):
            faults.add("card_missing", f"{place}.card", "is not given", "send the card's uuid")
        if piece.get("outcome") not in ("accepted", "overridden"):
            faults.add("unknown_outcome", f"{place}.outcome", "is neither accepted nor overridden", "send one of them")
        if not faults.text(piece, "outcomeTimestamp", place):
            faults.add("time_missing", f"{place}.outcomeTimestamp", "is not given", "send when it happened")
    if not pieces and not faults:
        faults.add("feedback_missing", "request.feedback", "is not given", "send a list of feedback")
    faults.raise_errors()
    return pieces
