"""A pack sent to platforms: over HTTP with an adapter, to a command, to a function. What they answer is compared; what they need stays secret."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import FileError, load_chart, score
from mews_newtt.validation.conform import (
    HIDDEN,
    Adapter,
    Command,
    Endpoint,
    Limits,
    Pace,
    compare_answers,
    conform,
    filled_headers,
    look_up,
    pack_cases,
    put,
    read_adapter,
    sending_of,
)
from mews_newtt.validation.conform.side_by_side import side_by_side
from mews_newtt.validation.packs import Case
from mews_newtt.validation.result import Origin
from tests.cli.command import ROOT, run

CHART = load_chart("mews")
VENDOR = ROOT / "examples" / "vendor_platform.py"
ADAPTERS = ROOT / "examples" / "adapters"
KEY = "s3cret-key-of-the-vendor"


@cache
def cases() -> list[Case]:
    return pack_cases(CHART)


def right(given: Mapping[str, Any]) -> dict[str, Any]:
    """A platform without a fault."""
    result = score(CHART, dict(given), raise_refused=False)
    return {"status": result.status, "total": result.total, "level": result.level, "points": result.points()}


def test_a_right_platform_agrees_everywhere() -> None:
    found = conform(CHART, right, cases=cases())
    assert found.verdict == "agrees" and found.compared == len(cases()) and found.source.kind == "endpoint"
    assert not any(item.rows == 0 for item in found.exercised.items() if item.kind in ("band", "edge", "level", "trigger"))


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        (lambda says: {**says, "total": 0 if says["total"] is None and says["status"] == "partial" else says["total"]}, "total_of_partial"),
        (lambda says: {**says, "total": None}, "left_out"),
        (lambda says: {"error": "no"}, "status"),
        (lambda says: {**says, "level": "routine" if says["level"] else None}, "level"),
        (lambda says: {**says, "points": {**says["points"], "heart_rate": 0}}, "points"),
        (lambda says: says if says["status"] != "refused" else {"total": 3}, "score_of_refused"),
    ],
)
def test_faulty_platforms_are_found_out(changed: Callable[[dict[str, Any]], dict[str, Any]], kind: str) -> None:
    found = conform(CHART, lambda given: changed(right(given)), cases=cases())
    assert found.verdict == "disagrees" and kind in found.kinds


def test_a_platform_that_may_refuse_partial_sets_is_told_apart() -> None:
    def ask(case: Case) -> Any:
        says = right(case.given)
        return Adapter().read({"error": "incomplete"} if says["status"] == "partial" else says, CHART)

    strict = compare_answers(CHART, ask, cases(), Origin("x", kind="endpoint"))
    lenient = compare_answers(CHART, ask, cases(), Origin("x", kind="endpoint"), Adapter(refuses_partial=True))
    assert set(strict.kinds) == {"status"} and lenient.verdict == "agrees"


# --- what is sent of a pack


def test_a_series_is_sent_in_order_with_one_person_and_rising_times() -> None:
    sending = sending_of(CHART, Adapter(), cases(), "x")
    series = [case.visit for case in sending.cases if case.person]
    assert len(series) > 3 and len({visit.person for visit in series}) == 1
    assert all(earlier.when < later.when for earlier, later in itertools.pairwise(series))
    assert len({case.visit.person for case in sending.cases}) == len(cases()) - len(series) + 1
    assert [len(group) for group in sending.in_order() if len(group) > 1] == [len(series)]


def test_concern_that_cannot_be_sent_leaves_the_cases_without_one() -> None:
    sending = sending_of(CHART, Adapter(cannot_send=("concern",)), cases(), "x")
    held = [case for cases_held in sending.held_back.values() for case in cases_held]
    with_one = [case.id for case in cases() if case.given.get("concern") == "present"]
    assert held and set(held) <= set(with_one) and len(sending.cases) == len(cases()) - len(held)
    assert not any("concern" in case.given for case in sending.cases)


def test_a_parameter_that_every_case_needs_leaves_none_and_says_so() -> None:
    complete = [case for case in cases() if case.expected["expected_status"] == "complete"]
    with pytest.raises(FileError, match=r"no case can be sent: all .* need Heart rate, which the adapter cannot send"):
        sending_of(CHART, Adapter(cannot_send=("heart_rate",)), complete, "x")


def test_one_at_a_time_within_a_group_and_in_the_order_of_all() -> None:
    groups, running = [[1, 2, 3], [4], [5, 6]], set[int]()

    def ask(number: int) -> int:
        mine = {0} if number < 4 else {number}
        assert not running & mine
        running.update(mine)
        time.sleep(0.01 * (7 - number))
        running.difference_update(mine)
        return number * 10

    assert list(side_by_side(ask, groups, 3)) == [10, 20, 30, 40, 50, 60]


def test_an_exception_of_one_case_ends_them_all() -> None:
    asked: list[int] = []

    def ask(number: int) -> int:
        asked.append(number)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(side_by_side(ask, [[number] for number in range(50)], 1))
    assert len(asked) < 5


# --- adapters


def adapter_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "adapter.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[request.fields]\nheart_rat = 'a'", "unknown_parameter"),
        ("[request.fields]\nheart_rate = 'a'", "field_missing"),
        ("[response]\ntotal = 'a[['", "bad_path"),
        ("[response.levels]\nred = 'scarlet'", "unknown_level"),
        ("[response.statuses]\nok = 'fine'", "unknown_status"),
        ("[request]\nmethod = 'GET'", "bad_method"),
        ("[limits]\nretries = 99", "bad_limits"),
        ("[request]\nheaders = { Authorization = 'Bearer abc' }", "credential_in_file"),
        ("[request]\npath = '/score?key=${A_KEY}'", "variable_useless"),
        ("[request.constants]\nkey = '${A_KEY}'", "variable_useless"),
        ("[request.constants]\nat = '{tim}'", "unknown_placeholder"),
        ("[request]\nbody = 'form'\n[request.constants]\n'a.b' = 1", "not_flat"),
        ("[request.units]\ntemperature = '[degF]'", "other_unit"),
        ("[request]\nfirst_time = 9999-01-01T00:00:00Z", "wrong_type"),
        ("[request]\ncannot_send = ['concern=much']", "unknown_value"),
        ("[response.levels]\nred = 'escalate'", "level_missing"),
        ("[requests]", "unknown_key"),
        ("[[", "not_toml"),
    ],
)
def test_every_fault_of_an_adapter_is_told(text: str, code: str, tmp_path: Path) -> None:
    with pytest.raises(FileError) as told:
        read_adapter(adapter_file(tmp_path, text), CHART)
    assert code in [problem.code for problem in told.value.problems]


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOT_SET_HERE", raising=False)
    with pytest.raises(FileError, match="NOT_SET_HERE"):
        filled_headers(Adapter(headers={"X-Api-Key": "${NOT_SET_HERE}"}))


def test_a_credential_that_is_no_header_is_refused_without_telling_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", f"{KEY}\nX-Other: 1")
    with pytest.raises(FileError) as told:
        filled_headers(Adapter(headers={"X-Api-Key": "${A_KEY}"}))
    assert KEY not in str(told.value)


def test_requests_are_written_as_the_adapter_says() -> None:
    adapter = read_adapter(ADAPTERS / "vendor_platform.toml", CHART)
    request = adapter.request({"heart_rate": "107", "temperature": "37.4", "concern": "none", "consciousness": "alert"}, CHART)
    assert request == {"meta": {"source": "conformance"}, "vitals": {"pulse": 107, "temp": 37.4}, "worried": "no", "avpu": "alert"}
    assert adapter.can_send({"patient_group": "pregnant"}) and not adapter.can_send({"skip_heart_rate": "U1"})
    assert not adapter._replace(cannot_send=("patient_group",)).can_send({"patient_group": "pregnant"})


def test_paths_reach_into_lists() -> None:
    document: dict[str, Any] = {}
    put(document, "readings[code=hr].value", 80)
    put(document, "readings[code=rr].value", 16)
    put(document, "list[1]", "b")
    assert document == {"readings": [{"code": "hr", "value": 80}, {"code": "rr", "value": 16}], "list": [{}, "b"]}
    assert (
        look_up(document, "readings[code=rr].value") == 16
        and look_up(document, "readings[code=xx].value") is None
        and look_up(document, "list[7].a") is None
    )


# --- over HTTP


@contextmanager
def platform(answer: Callable[[int, dict[str, Any], Mapping[str, str]], tuple[int, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A platform on this machine; `answer` takes the number of the request, its body and its headers."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            asked.append(body)
            code, document = answer(len(asked), body, dict(self.headers.items()))
            content = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(content)))
            if code == 429:
                self.send_header("Retry-After", "7")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


FAST = Adapter(limits=Limits(per_second=1000, at_once=2, timeout_seconds=60, retries=2))
ONE = Case("c-1", {"heart_rate": "80"}, {"expected_status": "partial"}, "one")


def test_a_busy_platform_is_asked_again_after_the_time_it_names() -> None:
    slept: list[float] = []
    with (
        platform(lambda n, body, headers: (429, {}) if n < 3 else (200, {"total": 1, "status": "complete"})) as (url, asked),
        Endpoint(CHART, url, FAST, slept.append) as endpoint,
    ):
        assert endpoint.ask(ONE).total == "1"
    assert len(asked) == 3 and slept.count(7.0) == 2


def test_retries_end_and_the_failure_is_an_answer() -> None:
    slept: list[float] = []
    with platform(lambda n, body, headers: (503, {})) as (url, asked), Endpoint(CHART, url, FAST, slept.append) as endpoint:
        assert endpoint.ask(ONE).status == "no answer: HTTP 503"
    assert len(asked) == 3 and [pause for pause in slept if pause >= 0.5] == [0.5, 1.0], "it backs off"


@pytest.mark.parametrize(
    ("code", "content", "status"),
    [(400, {}, "refused"), (422, {}, "refused"), (200, b"<html>", "no answer: not JSON"), (200, [1], "no answer: the JSON is not an object")],
)
def test_what_answers_mean(code: int, content: Any, status: str) -> None:
    with platform(lambda n, body, headers: (code, content)) as (url, _), Endpoint(CHART, url, FAST) as endpoint:
        assert endpoint.ask(ONE).status == status


@pytest.mark.parametrize(("code", "told"), [(401, "not_let_in"), (403, "not_let_in"), (404, "endpoint_wrong"), (302, "endpoint_wrong")])
def test_a_wrong_address_or_key_ends_the_run(code: int, told: str) -> None:
    with (
        platform(lambda n, body, headers: (code, {"detail": KEY})) as (url, _),
        Endpoint(CHART, f"{url}/?key={KEY}", FAST) as endpoint,
        pytest.raises(FileError) as fault,
    ):
        endpoint.ask(ONE)
    assert fault.value.problems[0].code == told and KEY not in str(fault.value)


def test_nobody_there_is_told() -> None:
    with platform(lambda n, body, headers: (200, {})) as (url, _):
        pass
    with Endpoint(CHART, url, FAST, lambda pause: None) as endpoint, pytest.raises(FileError, match="ConnectError"):
        compare_answers(CHART, endpoint.ask, [ONE], Origin(endpoint.shown, kind="endpoint"), FAST)


@pytest.mark.parametrize("url", ["ftp://x/y", "no address", "https://name:password@host/"])
def test_addresses_that_cannot_be(url: str) -> None:
    with pytest.raises(FileError) as told:
        Endpoint(CHART, url, FAST)
    assert "password@" not in str(told.value)


def test_an_echoed_credential_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", KEY)
    adapter = FAST._replace(headers={"X-API-Key": "${A_KEY}"})

    def echo(n: int, body: dict[str, Any], headers: Mapping[str, str]) -> tuple[int, Any]:
        sent = {name.casefold(): text for name, text in headers.items()}["x-api-key"]
        return 200, {"total": 1, "level": f"your key is {sent}", "status": sent}

    with platform(echo) as (url, _), Endpoint(CHART, url, adapter) as endpoint:
        answer = endpoint.ask(ONE)
    assert KEY not in str(answer) and HIDDEN in answer.level


def test_the_pace_is_kept() -> None:
    clock, slept = [0.0], list[float]()
    pace = Pace(4, slept.append, lambda: clock[0])
    for _ in range(4):
        pace.wait()
    assert slept == [0.25, 0.5, 0.75]


# --- as processes


@pytest.fixture
def vendor(request: pytest.FixtureRequest) -> Iterator[str]:
    environment = {**os.environ, "VENDOR_KEY": KEY, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, str(VENDOR), "--fault", request.param], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


@pytest.mark.parametrize("vendor", ["late-edge"], indirect=True)
def test_the_made_up_vendor_over_http(vendor: str, tmp_path: Path) -> None:
    ran = run("conform", "mews", "--url", vendor, "--adapter", ADAPTERS / "vendor_platform.toml", "--report", tmp_path / "out", VENDOR_KEY=KEY)
    assert ran.code == 1 and "heart rate (more than 48 hours after birth): 1 point seems to start at" in " ".join(ran.out.split()).casefold()
    assert "1 case is sent without a reason for no Respiratory rate" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    written = [path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir()]
    assert len(written) >= 4 and not any(KEY in text for text in (*written, ran.out, ran.err))


@pytest.mark.deep  # the test over HTTP starts the same platform
@pytest.mark.parametrize(("fault", "code"), [("none", 0), ("missing-as-zero", 1)])
def test_the_made_up_vendor_as_a_command(fault: str, code: int) -> None:
    ran = run("conform", "mews", "--manual", "--json", "--command", f"'{sys.executable}' '{VENDOR}' --lines --fault {fault}")
    document = json.loads(ran.out)
    assert ran.code == code and document["compared"] == document["rows"] > 20
    assert code == 0 or "missing reading" in document["diagnosis"]["words"].casefold()


def test_a_command_that_ends_or_keeps_silent_is_told() -> None:
    for code, told in (("pass", "command_ended"), ("import time; time.sleep(9)", "command_silent")):
        with (
            Command(CHART, f'"{sys.executable}" -c "{code}"', Adapter(limits=Limits(per_second=1000, timeout_seconds=1.0))) as command,
            pytest.raises(FileError) as fault,
        ):
            command.ask(ONE)
        assert fault.value.problems[0].code == told
    with pytest.raises(FileError, match="no-such-command"):
        Command(CHART, "no-such-command-anywhere", Adapter())


def test_url_needs_an_adapter() -> None:
    ran = run("conform", "mews", "--url", "http://localhost:1")
    assert ran.code == 2 and "--adapter" in ran.err


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://[bad", "http://127.0.0.1:ab/", "http:///path", "ftp://x"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(FileError, match="is not an http or https address"):
        Endpoint(CHART, url, Adapter())


def test_what_stands_behind_the_question_mark_stays_behind_the_path() -> None:
    with Endpoint(CHART, "http://127.0.0.1:1/base/?site=7", Adapter(path="/api/score")) as platform:
        assert platform._url == "http://127.0.0.1:1/base/api/score?site=7"
        assert platform.shown == "http://127.0.0.1:1/base/"


def test_a_drip_of_bytes_ends_at_the_timeout() -> None:
    class Drip(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            try:
                for _ in range(200):
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    if over.wait(0.05):
                        return
            except OSError:
                pass

    over = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Drip)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        adapter = Adapter(limits=Limits(per_second=1000, timeout_seconds=0.3, retries=0))
        with Endpoint(CHART, f"http://127.0.0.1:{server.server_port}", adapter) as platform:
            assert platform.ask(cases()[0]).status == "no answer: ReadTimeout"
    finally:
        over.set()
        server.shutdown()
        server.server_close()


def test_a_command_that_says_more_than_asked_is_out_of_step(tmp_path: Path) -> None:
    script = tmp_path / "chatty.py"
    script.write_text('import sys\nfor line in sys.stdin:\n    print(\'{"total": 0}\\n{"total": 0}\', flush=True)\n')
    adapter = Adapter(limits=Limits(per_second=20.0))
    with Command(CHART, f"{sys.executable} {script}", adapter) as platform:
        platform.ask(cases()[0])
        platform._pace.wait()  # long enough for its second line
        with pytest.raises(FileError, match="more than one line"):
            platform.ask(cases()[1])


def test_a_credential_is_blotted_out_however_it_is_written() -> None:
    answer = Adapter().read({"total": 1, "level": f"no {KEY.upper()} here"}, CHART, (KEY,))
    assert KEY.upper() not in answer.level and HIDDEN in answer.level


def test_a_header_that_is_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('[request]\nheaders = { "Two Words" = "x", Accept = "\u00e9" }\n', encoding="utf-8")
    with pytest.raises(FileError) as told:
        read_adapter(path, CHART)
    assert [problem.code for problem in told.value.problems] == ["bad_header", "bad_header"]
