"""How `conform` sends cases, over HTTP and to a command: pace, retries and time limits; what ends a run; and the credentials that stay secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import FileError
from mews_newtt.validation.conform import HIDDEN, Adapter, Command, Endpoint, Limits, Pace, compare_answers
from mews_newtt.validation.result import Origin
from tests.cli.command import ROOT, run
from tests.patience import PATIENCE, until
from tests.validation.conform_support import ADAPTERS, CHART, FAST, KEY, ONE, cases, platform

VENDOR = ROOT / "examples" / "vendor_platform.py"


# --- over HTTP


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


# --- to a command, and as a user runs it


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
    for code, told, seconds in (("pass", "command_ended", PATIENCE), (f"import time; time.sleep({PATIENCE})", "command_silent", 1.0)):
        with (
            Command(CHART, f'"{sys.executable}" -c "{code}"', Adapter(limits=Limits(per_second=1000, timeout_seconds=seconds))) as command,
            pytest.raises(FileError) as fault,
        ):
            command.ask(ONE)
        assert fault.value.problems[0].code == told
    with pytest.raises(FileError, match="no-such-command"):
        Command(CHART, "no-such-command-anywhere", Adapter())


def test_a_command_that_says_more_than_asked_is_out_of_step(tmp_path: Path) -> None:
    script = tmp_path / "chatty.py"
    script.write_text('import sys\nfor line in sys.stdin:\n    print(\'{"total": 0}\\n{"total": 0}\', flush=True)\n')
    with Command(CHART, f"{sys.executable} {script}", FAST) as platform:
        platform.ask(cases()[0])
        until(lambda: not platform._lines.empty(), "its second line")
        with pytest.raises(FileError, match="more than one line"):
            platform.ask(cases()[1])
