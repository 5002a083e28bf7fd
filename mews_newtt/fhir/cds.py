"""CDS Hooks 2.0: one service for each maternity and newborn chart, which scores the newest observations and answers with a card."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from mews_newtt import __version__
from mews_newtt.chart.model import Chart
from mews_newtt.errors import MewsNewttError, ObservationError, Problem
from mews_newtt.fhir.bundle import Faults, Found, Given, codings, take_apart
from mews_newtt.fhir.codes import Codes, codes_of, parameter_keys
from mews_newtt.fhir.jsontext import Resource
from mews_newtt.fhir.readings import read_set
from mews_newtt.fhir.scored import level_of
from mews_newtt.fhir.times import moment
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import Score
from mews_newtt.scoring.wording import count

HOOK = "patient-view"
SUMMARY = 139  # a card's summary is shorter than 140 characters
GROUP = "patient_group"
POPULATIONS = {"maternity": frozenset(("pregnant", "in_labour", "postnatal")), "newborn": frozenset(("newborn",))}


class DataNotHad(MewsNewttError):
    """What the service needs was not sent and is not fetched: answered with 412."""


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
    """The search for the readings of a chart, newest first, by the codes its parameters go by."""
    keys = [key for parameter in chart.parameters for key in parameter_keys(parameter.observation)]
    keys += [
        key
        for parameter in chart.parameters
        for key, (name, _) in codes_of(chart).category.items()
        if name == parameter.id and not parameter.observation.snomed
    ]
    tokens = ",".join(dict.fromkeys(f"{system}|{code}" for system, code in keys))
    return f"Observation?patient={{{{context.patientId}}}}&code={tokens}&_sort=-date&_count=200"


def cards(chart: Chart, request: Mapping[str, Any]) -> dict[str, Any]:
    """The cards for one call; none where there is nothing that the chart reads.

    The set is what was observed at the newest moment: readings of other moments are not put together into one set.

    Raises
    ------
    DataNotHad        a prefetch item is missing
    ObservationError  the call itself is malformed
    """
    patient_id, patient, bundle = _call(request)
    faults = Faults()
    try:
        given = _newest(chart, take_apart({**bundle, "link": []}, faults), bool(_has_next(bundle)), faults)
        _same_patient(given, patient, patient_id)
        if not given.observations:
            faults.raise_errors()
            return {"cards": []}
        about = f"Patient/{patient_id}"
        readings = read_set(chart, given._replace(patients=(("prefetch.patient", patient, frozenset((about,))),)), faults)
        result = score(chart, readings.set)
    except ObservationError as refusal:
        told = "\n".join(f"- {problem.where}: {problem.what}. {problem.mend}" for problem in refusal.problems)
        return {"cards": [_card(chart, request, "the observations cannot be scored", f"Nothing was scored.\n\n{told}", "warning")]}
    when = readings.effective[1] if readings.effective else "a time not given"
    lines = [result.says, f"Readings of {when}."]
    lines += [f"- {level_of(chart, reason.level).title}: {reason.says}" for reason in result.reasons]
    lines += [f"- {text}" for text in (*result.warnings, *(note.what for note in readings.notes))]
    lines.append(f"{chart.title}, version {chart.version}, status {chart.status}, sha256 {chart.sha256[:12]}. Not a registered medical device.")
    return {"cards": [_card(chart, request, _headline(result), "\n\n".join(lines), _indicator(result))]}


def _call(request: Mapping[str, Any]) -> tuple[str, Resource, Resource]:
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
    found = [prefetch.get(name) for name in ("patient", "observations")]
    wanted = ("Patient", "Bundle")
    missing = [
        Problem("prefetch_missing", f"prefetch.{name}", f"is not a {kind}", "send what the discovery document asks for; nothing is fetched here")
        for name, kind, item in zip(("patient", "observations"), wanted, found, strict=True)
        if not isinstance(item, dict) or item.get("resourceType") != kind
    ]
    if missing:
        raise DataNotHad(missing)
    patient, bundle = ({**item} if isinstance(item, dict) else {} for item in found)
    return patient_id, patient, bundle


def _has_next(bundle: Resource) -> bool:
    return any(link.get("relation") == "next" for _, link in Faults().objects(bundle, "link", "Bundle"))


def _same_patient(given: Given, patient: Resource, patient_id: str) -> None:
    about = f"Patient/{patient_id}"
    if patient.get("id", patient_id) != patient_id:  # an age from somebody else's birth date
        raise ObservationError(Problem("subjects_differ", "prefetch.patient", "is not the patient whose record is open", "send that patient"))
    for found in given.observations:
        if found.subject and found.subject != about and not found.subject.endswith(f"/{about}"):
            raise ObservationError(
                Problem("subjects_differ", f"{found.place}.subject", "is not the patient whose record is open", "send that patient's observations")
            )


def _newest(chart: Chart, given: Given, more: bool, faults: Faults) -> Given:
    """The Observations of the newest moment, of those that the chart reads."""
    codes = codes_of(chart)
    read = [found for found in given.observations if _reads(codes, found)]
    timed = [(moment(found.effective[-1]), found) for found in read if found.effective]
    if len(timed) < len(read):
        faults.add(
            "time_missing", "", f"{count(len(read) - len(timed), 'observation')} without a time left out", "say when they were observed", warning=True
        )
    if not timed:
        return given._replace(observations=())
    times = [time for time, _ in timed]
    newest = max(times)
    kept = tuple(found for time, found in timed if time == newest)
    if more and (times != sorted(times, reverse=True) or len(kept) == len(timed)):
        faults.add(
            "bundle_incomplete",
            "prefetch.observations",
            "names a next page that may hold more of the newest readings",
            "send them in one page, newest first",
        )
    return given._replace(observations=kept)


def _reads(codes: Codes, found: Found) -> bool:
    """Whether an Observation holds a reading that the chart has a row for."""
    bodies = [found.body, *(part for _, part in Faults().objects(found.body, "component", found.place))]
    for body in bodies:
        for key in codings(body, "code", found.place, Faults()):
            if codes.parameter.get(key, "") in codes.chart.by_id or codes.category.get(key, ("", ""))[0] in codes.chart.by_id:
                return True
    return False


def _headline(result: Score) -> str:
    chart = result.chart
    level, highest = level_of(chart, result.level).title, level_of(chart, result.level_max).title
    reach = f"level {level}" if level == highest else f"level {level} to {highest}"
    if result.status == "complete":
        return reach if result.total is None else f"total {result.total}, {reach}"
    bounds = "" if result.total_min is None else f", no total ({result.total_min} to {result.total_max})"
    return f"partial set{bounds}, {reach}"


def _indicator(result: Score) -> str:
    """`critical` at the chart's highest level, `info` at its first when the set is complete, else `warning`."""
    rank = result.chart.level_rank[result.level or ""]
    if rank and rank == len(result.chart.levels) - 1:
        return "critical"
    return "info" if rank == 0 and result.status == "complete" and result.level == result.level_max else "warning"


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
