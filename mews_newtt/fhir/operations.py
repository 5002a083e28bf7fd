"""The two operations, $ews-score and $ews-verify: a resource in, a resource out. The caller stores it and gives the time of issue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.errors import ObservationError, Problem
from mews_newtt.fhir.asked import asked_for, asked_of, old_readings
from mews_newtt.fhir.bundle import Content, take_apart
from mews_newtt.fhir.by_date import Find, Named, by_date
from mews_newtt.fhir.by_text import read_by_text
from mews_newtt.fhir.codes import codes_of
from mews_newtt.fhir.evidence import judge, one_score
from mews_newtt.fhir.jsontext import Model, Resource, plain
from mews_newtt.fhir.outcome import operation_outcome
from mews_newtt.fhir.readings import Readings, notes_of, read_set, score_readings
from mews_newtt.fhir.rounds import one_round, window_of
from mews_newtt.fhir.scored import score_bundle, score_observation
from mews_newtt.fhir.times import is_instant, is_time
from mews_newtt.fhir.verify import read_stated
from mews_newtt.reading.fhir_parts import Faults, codings
from mews_newtt.scoring.result import Score
from mews_newtt.validation.stated import Difference


class Answer(NamedTuple):
    """The resource that an operation returns, and the score behind it."""

    resource: Resource
    result: Score


class Request(NamedTuple):
    """What a caller asks beside the resource. The same names as parameters of the resource say the same, and must not differ."""

    chart: str | None = None
    version: str | None = None
    sha256: str | None = None
    issued: str | None = None
    window: str | int | None = None
    start: str | None = None
    end: str | None = None
    lookback: str | int | None = None
    encounter: str | None = None

    def named(self, given: Content) -> Named:
        """The chart that is asked for. Raises ObservationError where none is, or two."""
        return _named(given, self.chart, self.version, self.sha256)

    def chart_of(self, given: Content, find: Find) -> Chart:
        """The chart that is asked for, of the version that is given."""
        return find(*self.named(given))

    def value(self, name: str, given: Content) -> str | int | None:
        """One parameter, from the resource or from the caller. Raises ObservationError where the two differ."""
        here, stated = getattr(self, name), given.texts.get(name)
        if stated is not None and here is not None and stated != str(here):
            raise ObservationError(Problem("parameter_twice", name, "is given twice, differently", "give it once"))
        return here if stated is None else stated


def ews_score(
    resource: Mapping[str, Any] | Model,
    find: Find,
    *,
    chart: str | None = None,
    version: str | None = None,
    sha256: str | None = None,
    issued: str | None = None,
    window: str | int | None = None,
    start: str | None = None,
    end: str | None = None,
    lookback: str | int | None = None,
    encounter: str | None = None,
    now: datetime | None = None,
) -> Answer:
    """Score the Observations of a Bundle, or of Parameters, on one chart.

    Parameters
    ----------
    resource : as a mapping, or as a model of `fhir.resources`: a Bundle of Observations, or Parameters with `observations` (a Bundle) or
        `observation`, and the parameters below under their own names, or `effective`
    find : gives a chart by name, version (or a day such as 2026-01-31: the version in force on it) and content hash
    chart, version, sha256 : the same as the parameters, for a bare Bundle. The version `by-date` is the one in force on the day of the round
    issued : when the score was made, as the caller says; the library has no clock
    window : the longest round of observations, in minutes (default 30). The newest round is scored; a warning names what is outside it
    start, end : instants; readings of other times are left out, with a warning
    lookback : the same as a `start` so many minutes before `end`, or before `now`
    encounter : a reference as the Observations have it; those of other encounters are left out. Those without an encounter may belong to it:
        what they are for counts as missing
    now : the time by the caller's clock; later readings are left out, with a warning, and readings older than a day are said to be old

    Returns
    -------
    A collection Bundle: the score Observation, a proposed Task, concerns, and an OperationOutcome with warnings. A partial set is scored too.
    The score is not `final` where an unread Observation may be a reading of the chart.

    Raises
    ------
    ObservationError  the set cannot be scored: every fault with its place
    ChartNotFound     no such chart, version or hash
    """
    faults = Faults()
    request = Request(chart, version, sha256, issued, window, start, end, lookback, encounter)
    given = take_apart(plain(resource), faults)
    return score_person(given, find, request, faults, now)


def score_person(given: Content, find: Find, request: Request, faults: Faults, now: datetime | None) -> Answer:
    """The score of one person's observations, on the chart that the request names; `by-date` means the version of the day of their round."""

    def on(chart: Chart) -> tuple[Answer, str | None]:
        answer, readings = score_content(chart, given, request, Faults(faults), now)
        return answer, readings.effective[1] if readings.effective else None

    return by_date(request.named(given), find, given, on)


def score_content(chart: Chart, given: Content, request: Request, faults: Faults, now: datetime | None) -> tuple[Answer, Readings]:
    """The score of one person's observations, and what was read of them."""
    codes = codes_of(chart)
    issued = _issued(given, request.issued, faults)
    wanted = {name: value for name in ("start", "end", "lookback", "encounter") if (value := request.value(name, given)) is not None}
    given = read_by_text(codes, given)
    if wanted:
        given = asked_for(codes, given, asked_of(wanted, now), faults)
    timed_only = not wanted.keys().isdisjoint(("start", "end", "lookback"))
    window = window_of(request.value("window", given))
    given = one_round(codes, given, faults, window=window, now=now, timed_only=timed_only)
    result, readings = _scored(chart, given, faults, may_be_empty=False)
    old = old_readings(readings.effective, now)
    if old:
        readings = readings._replace(notes=notes_of([*readings.notes, old]))
    return Answer(score_bundle(result, readings, issued=issued), result), readings


def ews_verify(
    resource: Mapping[str, Any] | Model,
    find: Find,
    charts: Iterable[Chart] = (),
    *,
    chart: str | None = None,
    version: str | None = None,
    sha256: str | None = None,
    issued: str | None = None,
    window: str | int | None = None,
    now: datetime | None = None,
) -> Answer:
    """Compare the score that a Bundle states with the readings in it.

    Without a chart, the code of the stated total says which of `charts` it is. Returns Parameters: `verdict` (agrees, disagrees, nothing_compared),
    `chart`, a `difference` for each thing stated wrongly, the `computed` Observation and an `outcome` with warnings.

    The readings are those of the same round as the stated score. What depends on readings that are missing here is not compared; then only the
    stated parts are added up.
    """
    faults = Faults()
    given = take_apart(plain(resource), faults)
    if chart is None and "chart" not in given.texts:
        chart = _chart_of_total(given, charts)

    def on(found: Chart) -> tuple[Answer, str | None]:
        answer, readings = _verified(found, given, issued, window, Faults(faults), now)
        return answer, readings.effective[1] if readings.effective else None

    return by_date(_named(given, chart, version, sha256), find, given, on)


def _verified(
    found: Chart, given: Content, issued: str | None, window: str | int | None, faults: Faults, now: datetime | None
) -> tuple[Answer, Readings]:
    issued = _issued(given, issued, faults)
    window = window_of(Request(window=window).value("window", given))
    given, at = one_score(codes_of(found), given, faults)
    stated = read_stated(found, given, faults)
    given = one_round(codes_of(found), read_by_text(codes_of(found), given), faults, window=window, now=now, at=at)
    result, readings = _scored(found, given, faults)
    says, wrong = judge(result, stated, readings, faults)
    readings = readings._replace(notes=notes_of(faults))
    parameters: list[Resource] = [{"name": "verdict", "valueCode": says}, {"name": "chart", "valueString": f"{found.id}|{found.version}"}]
    parameters += [{"name": "difference", "part": _parts(difference)} for difference in wrong]
    parameters.append({"name": "computed", "resource": score_observation(result, readings, issued=issued)})
    if readings.notes:
        parameters.append({"name": "outcome", "resource": operation_outcome(readings.notes)})
    return Answer({"resourceType": "Parameters", "parameter": parameters}, result), readings


def _parts(difference: Difference) -> list[Resource]:
    names = ("kind", "where", "what", "stated", "computed", "says")
    return [{"name": name, "valueCode" if name == "kind" else "valueString": str(getattr(difference, name))} for name in names]


def _scored(chart: Chart, given: Content, faults: Faults, *, may_be_empty: bool = True) -> tuple[Score, Readings]:
    readings = read_set(chart, given, faults, may_be_empty=may_be_empty)
    try:
        return score_readings(chart, readings), readings
    except ObservationError as refusal:
        raise ObservationError(readings.at(problem) for problem in refusal.problems) from None


def _named(given: Content, chart: str | None, version: str | None, sha256: str | None) -> Named:
    wanted = {"chart": chart, "version": version, "sha256": sha256}
    told = dict(given.texts)
    if "|" in told.get("chart", ""):
        told["chart"], _, pinned = told["chart"].partition("|")
        told.setdefault("version", pinned)
    for name, value in wanted.items():
        if value is not None and told.get(name, value) != value:
            raise ObservationError(Problem("parameter_twice", name, "is given twice, differently", "give it once"))
        wanted[name] = value if value is not None else told.get(name)
    if not wanted["chart"]:
        raise ObservationError(Problem("chart_missing", "chart", "is not given", "say which chart: Parameters with `chart`, or ?chart="))
    return Named(wanted["chart"], wanted["version"], wanted["sha256"])


def _chart_of_total(given: Content, charts: Iterable[Chart]) -> str | None:
    """The chart whose total code an Observation has; None where no chart or several charts fit."""
    keys = {key for found in given.observations for key in codings(found.body, "code", found.place, Faults())}
    names = {chart.id for chart in charts if not codes_of(chart).total.isdisjoint(keys)}
    return names.pop() if len(names) == 1 else None


def _issued(given: Content, issued: str | None, faults: Faults) -> str | None:
    issued = given.texts.get("issued", issued)
    if issued is not None and not is_instant(issued):
        faults.add("not_a_time", "issued", "is not a FHIR instant", "write it like 2026-11-22T09:30:00Z")
    effective = given.texts.get("effective")
    if effective is not None and not is_time(effective):
        faults.add("not_a_time", "effective", "is not a FHIR date or time", "write it like 2026-11-22T09:30:00Z")
    return issued
