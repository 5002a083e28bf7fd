"""$ews-track: rounds of one person as sets in order of time, corrections as versions, the time of birth, policies; the course is that of `follow`."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mews_newtt import FileError, MewsNewttError, ObservationError, charts, load_chart
from mews_newtt.cli import main
from mews_newtt.episode import Entry, follow
from mews_newtt.fhir.capability import operation_definition
from mews_newtt.fhir.course import Course, TrackRequest, ews_track
from mews_newtt.fhir.jsontext import read_json, write_json
from mews_newtt.fhir.operations import Request, ews_score
from mews_newtt.fhir.outcome import operation_outcome
from mews_newtt.fhir.write import observations_bundle
from tests.fhir.support import (
    ADULT,
    HR,
    MOTHER,
    RR,
    SPO2,
    TEMPERATURE,
    Resource,
    assert_r4,
    bundle,
    coded,
    find,
    observation,
    quantity,
)
from tests.fhir.test_fhir_round_trip import sets
from tests.fhir.test_fhir_shapes import broken

EIGHT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "fhir"
CHARTS = [load_chart(name) for name in sorted({chart.id for chart in charts()})]


def clock(hours: float) -> str:
    return (EIGHT + timedelta(hours=hours)).isoformat()


def at(hours: float, *observations: Resource, **more: Any) -> list[Resource]:
    """Observations of one round."""
    name = f"t{hours}".replace(".", "-")
    return [{**each, "effectiveDateTime": clock(hours), "id": f"{name}-{number}", **more} for number, each in enumerate(observations)]


def heart_rate(value: float, hours: float, **more: Any) -> Resource:
    return {**at(hours, {**HR, "valueQuantity": quantity(value, "/min")})[0], "id": f"hr{hours}".replace(".", "-"), **more}


def tracked(*observations: Resource, chart: str = "news2", kind: str = "collection", window: int | None = None, **asked: Any) -> Course:
    sent = read_json(write_json(bundle(*observations, kind=kind)))
    course = ews_track(sent, find, TrackRequest(Request(chart, window=window), **asked))
    assert_r4(course.resource)
    return course


def codes(course: Course) -> list[str]:
    return [note.code for note in course.notes]


def refusal(*observations: Resource, **asked: Any) -> list[str]:
    with pytest.raises(MewsNewttError) as fault:
        tracked(*observations, **asked)
    assert_r4(operation_outcome(fault.value.problems))
    return [problem.code for problem in fault.value.problems]


class TestTheCourse:
    def test_each_round_is_a_set_with_its_change_and_its_due_time(self) -> None:
        course = tracked(*at(0, *ADULT), *at(1, RR, *ADULT[2:]), heart_rate(135, 1), now=clock(30))
        assert [(one.score.total, one.level_change) for one in course.episode.sets] == [(5, None), (7, 1)]
        first, second = (each["part"] for each in course.resource["parameter"] if each["name"] == "set")
        told = {part["name"]: part for part in second}
        assert told["score"]["resource"]["valueQuantity"]["value"] == 7
        assert told["late_by_minutes"]["valueDecimal"] == 0
        assert [part["part"][0]["valueString"] for part in second if part["name"] == "points_change"] == ["heart_rate"]
        due = next(part["part"] for part in first if part["name"] == "due")
        assert due[0]["valueInstant"] == "2026-11-22T09:00:00+00:00" and "Royal College" in json.dumps(due)

    @settings(max_examples=25)
    @given(data=st.data())
    def test_it_is_what_follow_says_of_the_same_sets_in_any_order(self, data: st.DataObject) -> None:
        chart = data.draw(st.sampled_from(CHARTS))
        several = data.draw(st.lists(sets(chart), min_size=1, max_size=3))
        loose = []
        for number, one in enumerate(several):
            made = observations_bundle(chart, one, subject=MOTHER, effective=clock(number), name=f"set-{number}")
            loose += [entry["resource"] for entry in made.get("entry", ())]
        random.Random(data.draw(st.integers(0, 99))).shuffle(loose)
        by_time = {one["effectiveDateTime"] for one in loose}
        entries = [Entry(one, EIGHT + timedelta(hours=number)) for number, one in enumerate(several) if clock(number) in by_time]
        if not loose:
            return
        wanted = follow(chart, entries, now=EIGHT + timedelta(days=1))
        sent = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in loose]}
        found = ews_track(sent, find, TrackRequest(Request(chart.id, chart.version), now=clock(24)))
        assert_r4(found.resource)
        names = ("status", "total", "total_min", "total_max", "level", "level_max", "missing")
        told = [[(each.score.to_dict()[name] for name in names), each.level_change, each.due, each.late_by] for each in (*found.episode.sets, *wanted.sets)]
        told = [[tuple(first), *rest] for first, *rest in told]
        assert told[: len(wanted.sets)] == told[len(wanted.sets) :]
        assert (found.episode.due, found.episode.overdue_by) == (wanted.due, wanted.overdue_by)

    def test_its_last_set_is_what_score_says(self) -> None:
        sent = [*at(0, *ADULT), *at(6, *ADULT[1:])]
        alone = ews_score(bundle(*sent), find, chart="news2").result
        assert tracked(*sent).episode.sets[-1].score == alone

    def test_later_observations_change_no_earlier_set(self) -> None:
        before, more = [*at(0, *ADULT), *at(0.4, HR)], at(0.8, *ADULT)
        first, second = tracked(*before), tracked(*before, *more)
        assert second.episode.sets[: len(first.episode.sets)] == first.episode.sets
        assert codes(second) == ["rounds_close"]

    def test_an_observation_without_a_time_counts_as_missing_where_it_may_belong(self) -> None:
        loose = {**RR, "effectiveDateTime": None}
        course = tracked(*at(0, *ADULT), *at(3, *ADULT[1:]), {name: each for name, each in loose.items() if each is not None})
        assert [one.score.status for one in course.episode.sets] == ["complete", "partial"]
        assert "time_missing" in codes(course)

    def test_what_was_not_read_counts_as_missing_beside_its_round(self) -> None:
        other = observation(coded("99999-9", text="Respirations"), valueQuantity=quantity(30, "/min"), effective=clock(-0.2))
        course = tracked(*at(0, *ADULT[1:]), *at(4, *ADULT), other)
        scores = [next(part["resource"] for part in each["part"] if part["name"] == "score") for each in course.resource["parameter"] if each["name"] == "set"]
        assert [each["status"] for each in scores] == ["preliminary", "final"]
        assert "may be" in scores[0]["note"][0]["text"]
        assert "outside_window" in codes(tracked(*at(0, *ADULT), {**other, "effectiveDateTime": clock(9)}))

    def test_a_round_that_cannot_be_read_is_a_refused_set(self) -> None:
        course = tracked(*at(0, *ADULT), heart_rate(9999, 2), *at(4, *ADULT))
        assert [one.score.status for one in course.episode.sets] == ["complete", "refused", "complete"]
        assert course.episode.sets[2].level_change == 0
        refused = [each["part"] for each in course.resource["parameter"] if each["name"] == "set"][1]
        assert "reading_impossible" in json.dumps(refused) and not [part for part in refused if part["name"] == "score"]

    def test_a_period_and_an_encounter(self) -> None:
        here = {"encounter": {"reference": "Encounter/1"}}
        sent = [*at(0, *ADULT, **here), *at(5, *ADULT, encounter={"reference": "Encounter/2"}), *at(9, *ADULT, **here)]
        found = ews_track(bundle(*sent), find, TrackRequest(Request("news2", encounter="Encounter/1", start=clock(0), end=clock(6)), now=clock(9)))
        assert [one.entry.observed_at for one in found.episode.sets] == [EIGHT] and codes(found) == ["outside_period", "other_encounter"]

    def test_the_definition_names_everything_that_comes(self) -> None:
        course = tracked(*at(0, *ADULT, issued=clock(0.1)), heart_rate(120, 0, id="t0-1", status="amended", issued=clock(1)), *at(4, *ADULT[1:]), now=clock(9))
        defined = (operation_definition("ews-track", "https://x.example/fhir/R4") or {})["parameter"]
        outs = {each["name"]: each for each in defined if each["use"] == "out"}
        assert {each["name"] for each in course.resource["parameter"]} <= outs.keys()
        for each in course.resource["parameter"]:
            if each["name"] == "superseded":
                assert {part["name"] for part in each["part"]} <= {part["name"] for part in outs["superseded"]["part"]}
        assert {"id", "status", "score", "observed_at", "due"} <= {part["name"] for part in outs["set"]["part"]}


OLD = at(0, *ADULT, issued=clock(0.1))
BABY = {"resourceType": "Patient", "id": "mother", "birthDate": "2026-11-22"}
READINGS = (RR, HR, SPO2, TEMPERATURE)


def born(text: str) -> Resource:
    """The Patient with a time of birth."""
    return {**BABY, "_birthDate": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime", "valueDateTime": text}]}}


class TestCorrections:
    def test_a_later_version_replaces_the_set_and_keeps_what_it_was(self) -> None:
        new = heart_rate(135, 0, id="t0-1", status="corrected", issued=clock(2))
        for kind in ("history", "collection"):
            episode = tracked(*OLD, new, kind=kind).episode
            assert [one.score.total for one in episode.sets] == [7]
            assert [(each.entry.recorded_at, each.by.recorded_at) for each in episode.superseded] == [(EIGHT + timedelta(minutes=6), EIGHT + timedelta(hours=2))]

    def test_a_set_entered_in_error_is_void_and_kept(self) -> None:
        wrong = at(3, *ADULT, status="entered-in-error")
        episode = tracked(*OLD, *wrong).episode
        assert [one.score.total for one in episode.sets] == [5] and [each.observed_at for each in episode.void] == [EIGHT + timedelta(hours=3)]
        both = [*at(3, *ADULT, issued=clock(3)), *at(3, *ADULT, status="entered-in-error", issued=clock(4))]
        episode = tracked(*OLD, *both).episode
        assert (len(episode.sets), len(episode.superseded), len(episode.void)) == (1, 1, 1)

    def test_one_reading_entered_in_error_leaves_a_set_without_it(self) -> None:
        gone = heart_rate(95, 0, id="t0-1", status="entered-in-error", issued=clock(1))
        episode = tracked(*OLD, gone).episode
        assert episode.sets[0].score.missing == ("heart_rate",) and len(episode.superseded) == 1

    def test_lastupdated_orders_versions_where_issued_does_not(self) -> None:
        versions = [heart_rate(value, 0, id="x", meta={"lastUpdated": clock(hours)}) for value, hours in ((120, 5), (80, 1))]
        assert tracked(*versions).episode.sets[0].score.points()["heart_rate"] == 2

    def test_versions_without_an_order_are_refused(self) -> None:
        assert refusal(heart_rate(80, 0), heart_rate(120, 0)) == ["correction_order"]

    def test_the_same_letter_by_letter_counts_once(self) -> None:
        course = tracked(*OLD, *OLD)
        assert len(course.episode.sets) == 1 and not course.episode.superseded

    def test_a_version_about_somebody_else_is_refused(self) -> None:
        other = heart_rate(80, 0, id="t0-1", subject={"reference": "Patient/else"}, issued=clock(0))
        assert refusal(*OLD, other) == ["subjects_differ"]
        assert refusal(*OLD, *at(3, *ADULT, status="entered-in-error", subject={"reference": "Patient/else"})) == ["subjects_differ"]

    def test_a_correction_whose_first_version_is_not_here_is_told(self) -> None:
        course = tracked(*at(0, *ADULT[1:]), *at(0.1, {**RR, "status": "amended"}))
        assert codes(course) == ["corrected_before"]

    def test_a_deleted_entry_of_a_history_is_refused(self) -> None:
        sent = {**bundle(*OLD), "type": "history"}
        sent["entry"].append({"request": {"method": "DELETE", "url": "Observation/t0-1"}})
        with pytest.raises(ObservationError) as fault:
            ews_track(sent, find, TrackRequest(Request("news2")))
        assert [problem.code for problem in fault.value.problems] == ["entry_deleted"]

    @settings(max_examples=10)
    @given(data=st.data())
    def test_a_correction_changes_its_own_set_alone(self, data: st.DataObject) -> None:
        sent = [each for hours in range(3) for each in at(hours, *ADULT, issued=clock(hours + 0.1))]
        place, value = data.draw(st.integers(0, 2)), data.draw(st.integers(40, 140))
        new = heart_rate(value, place, id=f"t{place}-1", status="amended", issued=clock(9))
        shuffled = data.draw(st.permutations([*sent, new]))
        before, after = (ews_track(bundle(*several), find, TrackRequest(Request("news2"))).episode.sets for several in (sent, shuffled))
        changed = [number for number in range(3) if before[number].score != after[number].score or before[number].entry != after[number].entry]
        assert changed == [place]


class TestBirthAndPolicies:
    def test_schedules_start_at_the_birth_time_of_the_patient(self) -> None:
        asked = {"chart": "newtt2", "policies": ["nice-newborn"], "schedules": ["significant-meconium"]}
        course = tracked(born(clock(-0.5)), *at(0, *READINGS), **asked)
        assert course.episode.due is not None and course.episode.due.at == EIGHT + timedelta(minutes=30)
        assert refusal(BABY, *at(0, *READINGS), **asked) == ["schedule_without_start"]
        assert refusal(born(clock(3)), *at(0, *READINGS), **asked) == ["birth_after_set"]
        assert refusal(born("2026-11-22T08:00:00"), *at(0, *READINGS), **asked) == ["not_a_time"]

    def test_a_mothers_own_birth_is_never_that_of_her_baby(self) -> None:
        mother = {**born("1994-02-03T10:00:00Z"), "birthDate": "1994-02-03"}
        group = observation({"coding": [{"system": "urn:mews-newtt:CodeSystem:parameter", "code": "patient_group"}]}, valueCodeableConcept={"coding": [{"system": "urn:mews-newtt:CodeSystem:category", "code": "patient_group.postnatal"}]})
        course = tracked(mother, *at(0, group, RR, HR), chart="mews@0.2")
        assert "hours_since_birth" not in course.episode.sets[0].entry.given and course.episode.sets[0].score.status == "partial"
        told = tracked(mother, *at(0, group, RR, {**HR, "valueQuantity": quantity(105, "/min")}), chart="mews@0.2", born=clock(-10)).episode.sets[0].score
        late = tracked(mother, *at(0, group, RR, {**HR, "valueQuantity": quantity(105, "/min")}), chart="mews@0.2", born=clock(-60)).episode.sets[0].score
        assert (told.points()["heart_rate"], late.points()["heart_rate"]) == (0, 1)

    def test_retrospective_by_a_policy(self) -> None:
        sent = [*at(0, RR, issued=clock(0.1)), *at(2, RR, issued=clock(2.5))]
        course = tracked(*sent, chart="npews", policies=["npews-times"])
        assert [one.retrospective for one in course.episode.sets] == [False, True]

    @pytest.mark.parametrize("name", ["nonesuch", "../nice-newborn", "/etc/passwd", "rules/policies/nice-newborn/0.1.toml", "nice-newborn@9"])
    def test_a_policy_is_found_by_its_name_alone(self, name: str) -> None:
        with pytest.raises(FileError) as fault:
            tracked(*at(0, RR), chart="newtt2", policies=[name])
        assert fault.value.problems[0].code == "policy_unknown"


@pytest.mark.parametrize(
    ("observations", "code"),
    [
        ([], "nothing_read"),
        ([observation(coded("99999-9"), valueQuantity=quantity(1, "1"))], "nothing_read"),
        ([{**RR, "effectiveDateTime": "2026-11-22"}], "nothing_read"),
        ([{**RR, "effectiveDateTime": "2026-11-22T08:00:00"}], "not_a_time"),
        ([*at(0, RR), *at(1, {**RR, "subject": {"reference": "Patient/else"}})], "subjects_differ"),
    ],
)
def test_what_cannot_be_followed_is_refused(observations: list[Resource], code: str) -> None:
    assert refusal(*observations) == [code]


@settings(max_examples=40)
@given(data=st.data())
def test_whatever_comes_is_followed_or_refused(data: st.DataObject) -> None:
    good = bundle(born(clock(-1)), *at(0, *ADULT, issued=clock(0.1)), heart_rate(99, 0, id="t0-1", issued=clock(1)), *at(3, *ADULT[:2], status="entered-in-error"))
    try:
        course = ews_track(read_json(broken(data.draw, good)), find, TrackRequest(Request(data.draw(st.sampled_from(["news2", "newtt2"])))))
    except MewsNewttError as fault:
        assert_r4(operation_outcome(fault.problems))
    else:
        assert_r4(course.resource)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "course.json"
    assert main(["fhir", "track", "news2", str(EXAMPLES / "course_request.json"), "-o", str(out)]) == 0
    assert_r4(read_json(out.read_bytes()))
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "NEWS2 2017.1 (verified): 2 sets" and "  1 set as before a correction" in told and any("overdue since" in line for line in told)
    assert main(["fhir", "track", "newtt2", str(EXAMPLES / "course_request.json"), "--policy", "nonesuch"]) == 2
    assert "parameter_twice" in capsys.readouterr().err
