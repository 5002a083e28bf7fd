"""Courses over HTTP: plain JSON, FHIR, and the events of a file as lines and as a stream that can be resumed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import load_chart
from mews_newtt.cli import main
from mews_newtt.episode import Entry, follow
from mews_newtt.fhir.capability import OPERATIONS
from mews_newtt.fhir.course import ews_track
from mews_newtt.fhir.jsontext import read_json, write_json
from mews_newtt.fhir.profiles import PROFILES
from mews_newtt_service.jobs.database import away
from mews_newtt_service.jobs.events import SharedLook
from mews_newtt_service.jobs.queue import Queue
from mews_newtt_service.jobs.unread import unread_headers
from mews_newtt_service.jobs.worker import Worker
from mews_newtt_service.openapi import sample
from tests.fhir.support import assert_r4, find
from tests.service.support import FULL, client, codes

WARD = (Path(__file__).resolve().parents[2] / "examples" / "episodes" / "ward.csv").read_bytes()
TRACK, FHIR_TRACK = "/v1/charts/news2/track", "/fhir/R4/$ews-track"
FHIR = "application/fhir+json"
ROOT = Path(__file__).resolve().parents[2]
REQUEST = (ROOT / "examples" / "fhir" / "course_request.json").read_bytes()


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with client(tmp_path_factory.mktemp("data")) as found:
        yield found


def one_set(hour: int, **more: Any) -> dict[str, Any]:
    return {"observed_at": f"2026-11-20T{hour:02}:00:00Z", "readings": FULL, **more}


class TestPlain:
    def test_the_answer_is_that_of_the_library(self, http: Any) -> None:
        sets = [one_set(8, id="a", recorded_at="2026-11-20T08:02:00Z"), one_set(10, readings={**FULL, "heart_rate": 135})]
        answer = http.post(TRACK, json={"sets": sets, "now": "2026-11-20T12:00:00Z"})
        entries = [
            Entry(FULL, datetime(2026, 11, 20, 8, tzinfo=UTC), datetime(2026, 11, 20, 8, 2, tzinfo=UTC), "a"),
            Entry({**FULL, "heart_rate": 135}, datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ]
        wanted = json.loads(json.dumps(follow(load_chart("news2"), entries, now=datetime(2026, 11, 20, 12, tzinfo=UTC)).to_dict()))
        found = answer.json()
        for one in found["sets"]:
            one["score"].pop("engine_version")
        assert {name: found[name] for name in wanted} == wanted
        assert [one["event"] for one in found["events"]] == ["level_up", "late"]
        assert answer.headers["mews-newtt-chart"] == "news2@2017.1"

    def test_an_event_has_the_same_id_whenever_it_is_found(self, http: Any) -> None:
        def ids(now: str) -> list[tuple[str, str]]:
            return [(one["event"], one["id"]) for one in http.post(TRACK, json={**sample()["course_request"], "now": now}).json()["events"]]

        early, later = ids("2026-11-20T22:00:00Z"), ids("2026-11-20T23:00:00Z")
        assert early == later and ("overdue" in {kind for kind, _ in early}) and len(set(early)) == len(early)

    @pytest.mark.parametrize(
        ("document", "code", "where"),
        [
            ({}, "sets_missing", "sets"),
            ({"sets": []}, "no_sets", "the entries"),
            ({"sets": [one_set(8, observd_at="x")]}, "unknown_key", "sets[0].observd_at"),
            ({"sets": [{"readings": FULL}]}, "time_missing", "sets[0].observed_at"),
            ({"sets": [one_set(8, recorded_at="2026-11-20")]}, "not_a_time", "sets[0].recorded_at"),
            ({"sets": [one_set(8, void="yes")]}, "wrong_type", "sets[0].void"),
            ({"sets": [one_set(8, id=7)]}, "wrong_type", "sets[0].id"),
            ({"sets": [one_set(8, readings=[])]}, "not_an_object", "sets[0].readings"),
            ({"sets": [one_set(8), one_set(8, readings={})]}, "time_twice", "2026-11-20 08:00"),
            ({"sets": [one_set(8)], "now": "2026-11-20T09:00:00"}, "time_without_offset", "the entries, the birth, the starts of schedules and now"),
            ({"sets": [one_set(8)], "schedules": {"x": "noon"}}, "not_a_time", "schedules.x"),
            ({"sets": [one_set(8)], "policies": ["/etc/passwd"]}, "policy_unknown", "policy '/etc/passwd'"),
        ],
    )
    def test_what_is_wrong_is_told_with_its_place(self, http: Any, document: dict[str, Any], code: str, where: str) -> None:
        answer = http.post(TRACK, json=document)
        assert codes(answer) == [code] and answer.status_code in (400, 422)
        assert answer.json()["where"] == where


class TestFhir:
    def test_the_answer_is_that_of_the_library(self, http: Any) -> None:
        answer = http.post(FHIR_TRACK, content=REQUEST, headers={"Content-Type": FHIR})
        assert answer.status_code == 200 and answer.headers["content-type"] == FHIR
        assert answer.text == write_json(ews_track(read_json(REQUEST), find).resource)

    def test_the_query_says_what_the_parameters_say(self, http: Any) -> None:
        sent = json.loads(REQUEST)
        bare = next(each["resource"] for each in sent["parameter"] if each["name"] == "observations")
        query = "chart=news2&now=2026-11-22T12:00:00Z&window=60"
        answer = http.post(f"{FHIR_TRACK}?{query}", content=json.dumps(bare), headers={"Content-Type": FHIR})
        assert_r4(answer.json())
        assert [each["name"] for each in answer.json()["parameter"]].count("set") == 2

    @pytest.mark.parametrize(
        ("query", "status", "code"),
        [
            ("policy=nonesuch", 422, "policy_unknown"),
            ("policy=npews-times", 422, "policy_of_another_chart"),
            ("born=yesterday", 400, "not_a_time"),
            ("schedule=x", 422, "schedule_unknown"),
            ("now=2026-11-22T11:00:00Z", 400, "parameter_twice"),
            ("issued=2026-11-22T11:00:00Z", 400, "unknown_parameter_of_query"),
        ],
    )
    def test_what_is_wrong_is_an_outcome(self, http: Any, query: str, status: int, code: str) -> None:
        answer = http.post(f"{FHIR_TRACK}?{query}", content=REQUEST, headers={"Content-Type": FHIR})
        assert_r4(answer.json())
        assert (answer.status_code, answer.json()["issue"][0]["details"]["coding"][0]["code"]) == (status, code)

    def test_xml_is_refused_with_the_way_out(self, http: Any) -> None:
        for headers, status in (({"Content-Type": "application/fhir+xml"}, 415), ({"Content-Type": FHIR, "Accept": "application/fhir+xml"}, 406)):
            answer = http.post(FHIR_TRACK, content=REQUEST, headers=headers)
            assert answer.status_code == status and "FHIR XML is not read or written here" in answer.text
        for name in ("CapabilityStatement", "ews-track"):
            path = "metadata" if name == "CapabilityStatement" else f"OperationDefinition/{name}"
            assert_r4(http.get(f"/fhir/R4/{path}").json())


class TestGuide:
    def test_the_page_shows_every_profile_operation_and_code(self, http: Any) -> None:
        answer = http.get("/fhir")
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
        for profile in PROFILES:
            assert f'id="{profile.id}"' in answer.text
            assert_r4(http.get(f"/fhir/R4/StructureDefinition/{profile.id}").json())
        for name in OPERATIONS:
            assert f'id="{name}"' in answer.text and f"/fhir/R4/OperationDefinition/{name}" in answer.text
        for one in load_chart("news2").observations.values():
            assert all(f"<code>{code}</code>" in answer.text for code in (*one.snomed, *one.loinc, *one.mdc))
        assert 'href="http' not in answer.text and 'src="http' not in answer.text, "nobody else is asked for anything"

    def test_what_is_not_there_is_told(self, http: Any) -> None:
        assert http.get("/fhir/R4/StructureDefinition/nonesuch").status_code == 404
        assert http.post("/fhir/R4/StructureDefinition/ews-score").status_code == 405


class TestFiles:
    def queued(self, http: Any, content: bytes = WARD, query: str = "?now=2026-11-21T05:00") -> str:
        """The path of a job that is not done yet."""
        answer = http.post(f"{TRACK}-file{query}", content=content, headers={"Content-Type": "text/csv", "Prefer": "respond-async"})
        assert answer.status_code == 202, answer.text
        return str(answer.headers["content-location"])

    def done(self, http: Any, **more: Any) -> str:
        path = self.queued(http, **more)
        queue = http.app.state.queue
        worker = Worker(queue.settings, queue)
        worker.work(queue.claim(worker.name))
        return path

    def stream(self, http: Any, path: str, last: str = "") -> list[tuple[str, str, Any]]:
        """The events of a stream: id, kind and data."""
        answer = http.get(f"{path}/events", headers={"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})})
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/event-stream")
        blocks = [dict(line.split(": ", 1) for line in block.split("\n")) for block in answer.text.strip().split("\n\n") if block.startswith("id: ")]
        return [(each["id"], each["event"], json.loads(each["data"])) for each in blocks]

    def test_a_file_is_followed_as_the_command_does(self, http: Any, tmp_path: Path) -> None:
        path = self.done(http)
        job = http.get(path).json()
        files = {each["name"]: each["href"] for each in job["files"]}
        assert (job["kind"], job["rows"], set(files)) == ("track", 9, {"tracked.csv", "events.ndjson", "summary.json"})
        out, events = tmp_path / "followed.csv", tmp_path / "events.ndjson"
        assert main(["track", "news2", str(ROOT / "examples" / "episodes" / "ward.csv"), "--now", "2026-11-21T05:00", "-o", str(out), "--events", str(events)]) == 0
        assert http.get(files["tracked.csv"]).content == out.read_bytes()
        assert http.get(f"{path}/events").content == events.read_bytes()
        assert http.get(files["summary.json"]).json()["says"][0].startswith("NEWS2 2017.1 (verified): 7 sets of 3 people")
        assert http.get(files["summary.json"]).json()["columns_not_read"] == []

    def test_an_answer_names_the_columns_that_were_not_read(self, http: Any) -> None:
        path = self.done(http, content=b"patient_id,observed_at,heart_rate,shoe_size\na,2026-11-20T08:00Z,80,41\n", query="")
        queue = http.app.state.queue
        assert unread_headers(queue, queue.get(path.rpartition("/")[2])) == {"Mews-Newtt-Columns-Not-Read": '["shoe_size"]'}

    def test_a_mapped_file_counts_its_people_and_only_columns_of_the_course_are_read(self, http: Any) -> None:
        """`recorded_at` and the like are read; the map says who the person is; more rows than allowed end the job."""
        rows = "Patient,observed_at,recorded_at,reviewed_at,set_id,heart_rate,note\n" + "".join(
            f"p{number % 2},2026-11-20T0{number}:00Z,2026-11-20T0{number}:05Z,,s{number},80,x\n" for number in range(4)
        )
        path = self.queued_form(http, rows)
        queue = http.app.state.queue
        worker = Worker(queue.settings, queue)
        worker.work(queue.claim(worker.name))
        summary = http.get(f"{path}/files/summary.json").json()
        assert "4 sets of 2 people" in summary["says"][0]
        assert summary["columns_not_read"] == ["note"]
        path = self.queued_form(http, rows)
        few = Worker(replace(queue.settings, upload_rows=3), queue)
        few.work(queue.claim(few.name))
        assert [problem["code"] for problem in http.get(path).json()["problems"]] == ["too_many_rows"]

    @staticmethod
    def queued_form(http: Any, rows: str) -> str:
        form = {"file": ("mine.csv", rows.encode()), "map": (None, '[columns]\nPatient = "patient_id"\n')}
        answer = http.post(f"{TRACK}-file", files=form, headers={"Prefer": "respond-async"})
        assert answer.status_code == 202, answer.text
        return str(answer.headers["content-location"])

    def test_a_stream_goes_on_where_it_broke_off_and_then_stops(self, http: Any) -> None:
        path = self.done(http)
        whole = self.stream(http, path)
        lines = [json.loads(line) for line in http.get(f"{path}/events").text.splitlines()]
        assert [data for _, _, data in whole[:-1]] == lines and [(name, kind) for name, kind, _ in whole[:-1]] == [(each["id"], each["event"]) for each in lines]
        assert whole[-1][:2] == ("end", "end") and whole[-1][2]["state"] == "done"
        for place, (name, _, _) in enumerate(whole[:-1]):
            assert self.stream(http, path, name) == whole[place + 1 :]
        assert self.stream(http, path, "0" * 32) == whole, "an id that is not known: everything, so that nothing is missed"
        stopped = http.get(f"{path}/events", headers={"Accept": "text/event-stream", "Last-Event-ID": "end"})
        assert stopped.status_code == 204 and not stopped.content

    def test_the_same_file_again_has_the_same_ids_and_a_later_look_too(self, http: Any) -> None:
        first, second = (self.stream(http, self.done(http, query=f"?now=2026-11-21T0{hour}:00")) for hour in (5, 6))
        assert [name for name, _, _ in first] == [name for name, _, _ in second]
        assert [data for _, kind, data in first if kind == "overdue"] != [data for _, kind, data in second if kind == "overdue"]

    def test_a_job_that_is_not_done_or_failed(self, http: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("mews_newtt_service.jobs.events.LONGEST_WAIT", 0.0)
        path = self.queued(http)
        assert codes(http.get(f"{path}/events")) == ["job_not_done"]
        waiting = http.get(f"{path}/events", headers={"Accept": "text/event-stream"})
        assert waiting.text == "retry: 2000\n\n"
        http.delete(path)
        failed = self.done(http, content=b"patient_id,observed_at,heart_rate\na,2026-11-20T08:00Z,80\nb,2026-11-20T08:00,80\n", query="")
        ((name, kind, data),) = self.stream(http, failed)
        assert (name, kind, data["state"], data["problems"][0]["code"]) == ("end", "end", "failed", "time_without_offset")

    def test_a_stream_of_events_is_one_of_the_streams_a_client_may_have(self, tmp_path: Path) -> None:
        with client(tmp_path, uploads_at_once=1) as http:
            path = self.done(http)
            with http.app.state.concurrency.slot("local"):
                answer = http.get(f"{path}/events", headers={"Accept": "text/event-stream"})
                assert (answer.status_code, codes(answer)) == (429, ["too_many_uploads"])
            assert self.stream(http, path)[-1][:2] == ("end", "end")
            assert self.stream(http, path)[-1][:2] == ("end", "end"), "the first has given its place back"

    def test_a_stream_that_cannot_go_on_ends_and_its_reader_comes_again(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        stream = {"Accept": "text/event-stream"}
        with client(tmp_path) as http:
            done, waiting = self.done(http), self.queued(http)
            assert http.head(f"{waiting}/events", headers=stream).status_code == 200, "HEAD does not wait for the job"
            next(tmp_path.rglob("events.ndjson")).unlink()
            assert http.get(f"{done}/events", headers=stream).text == "retry: 2000\n\n", "deleted while it was read"
            found = iter([http.app.state.queue.get(waiting.rpartition("/")[2])])
            with monkeypatch.context() as patched:
                patched.setattr(Queue, "get", lambda *_: next(found, None) or self._away())
                answer = http.get(f"{waiting}/events", headers=stream)
            assert answer.text == "retry: 2000\n\n: waiting\n\n", "the database went away while the stream waited"
            http.app.state.stopping.begin(60)
            assert http.get(f"{waiting}/events", headers=stream).text == "retry: 2000\n\n", "the service is about to stop"

    def test_streams_that_wait_share_one_look_at_the_queue(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        looks: list[str] = []
        get = Queue.get

        def counted(queue: Queue, job_id: str) -> Any:
            looks.append(job_id)
            return get(queue, job_id)


        async def wait(shared: SharedLook, *names: str) -> list[Any]:
            return list(await asyncio.gather(*(shared.at(name) for name in names)))

        with client(tmp_path) as http:
            one, two = (self.queued(http).rpartition("/")[2] for _ in range(2))
            monkeypatch.setattr(Queue, "get", counted)
            found = asyncio.run(wait(SharedLook(http.app.state.queue), *[one] * 5, two, "gone"))
        assert sorted(looks) == sorted([one, two, "gone"])
        assert [job.id for job in found[:-1]] == [one] * 5 + [two] and found[-1] is None

    @staticmethod
    def _away() -> None:
        raise away()

    def test_other_jobs_have_no_events(self, http: Any) -> None:
        answer = http.post("/v1/charts/news2/pack", json={"manual": True}, headers={"Prefer": "respond-async"})
        assert codes(http.get(f"{answer.headers['content-location']}/events")) == ["no_events"]
        http.delete(answer.headers["content-location"])

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("?policy=nonesuch", "policy_unknown"),
            ("?policy=npews-times", "policy_of_another_chart"),
            ("?now=soon", "bad_parameter"),
            ("?" + "policy=" + ",".join(f"p{number}" for number in range(30)), "bad_parameter"),
        ],
    )
    def test_what_is_wrong_is_told_before_the_file_is_kept(self, http: Any, query: str, code: str) -> None:
        assert codes(http.post(f"{TRACK}-file{query}", content=WARD, headers={"Content-Type": "text/csv"})) == [code]
