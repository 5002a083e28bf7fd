"""`mews-newtt conform` as a process against vendors of several shapes: what it sends, what it says, and what it does not blame the vendor for."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mews_newtt.cli import main
from tests.cli.command import ROOT, Ran, environment
from tests.cli.command import run as run_as_process
from tests.patience import PATIENCE
from tests.validation.test_conform_shapes import SHAPES
from tests.validation.vendors import Answered, Asked, serving, vendor

KEY = "s3cret-key-of-the-vendor"
FEW = """heart_rate,temperature,respiratory_rate,oxygen_saturation,systolic_bp,diastolic_bp,air_or_oxygen,consciousness,concern
70,37.0,16,98,120,70,air,alert,none
118,37.4,16,98,120,70,oxygen,alert,none
118,,16,98,120,70,air,voice,present
70,37.0,16,98,,,air,alert,none
45,35.0,31,90,85,45,air,pain,none
70,37.0,16,98,120,70,air,alert,none
"""
OF_PREGNANT = "patient_group," + FEW.replace("\n", "\npregnant,").removesuffix("pregnant,")
QUICK = "\n[limits]\nper_second = 1000\nretries = 1\n"
FLAT = SHAPES[0][1]


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command in this process, which is quicker; the environment is as given."""

    def here(*arguments: str | Path, **more: str) -> Ran:
        for name, text in {"COLUMNS": "100", "NO_COLOR": "1", **more}.items():
            monkeypatch.setenv(name, text)
        code = main([str(each) for each in arguments])
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return here


@pytest.fixture
def few(tmp_path: Path) -> Path:
    path = tmp_path / "few.csv"
    path.write_text(FEW, encoding="utf-8")
    return path


def adapter(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "adapter.toml"
    path.write_text(text + ("" if "[limits]" in text else QUICK), encoding="utf-8")
    return path


def words(ran: Ran) -> str:
    return " ".join((ran.out + ran.err).split())


def test_vendors_of_every_shape_are_asked_and_agree(run: Run, few: Path, tmp_path: Path) -> None:
    for number, (name, toml, _, _) in enumerate(SHAPES):
        with serving(vendor(number)) as (url, asked):
            way = run_as_process if number == 0 else run
            ran = way("conform", "mews", "--url", url, "--adapter", adapter(tmp_path, toml), "--cases", few, "--json")
        document = json.loads(ran.out)
        assert (ran.code, document["compared"], len(asked)) == (0, 6, 6), (name, ran)


def test_ids_times_and_persons_differ_and_repeat(run: Run, few: Path, tmp_path: Path) -> None:
    toml = FLAT + QUICK
    toml = toml.replace("[request]", '[request]\nheaders = { X-Request-ID = "{request_id}" }\npath = "/people/{person_id}"', 1)
    runs = []
    for more in ((), (), ("--run-id", "2")):
        with serving(vendor(0)) as (url, asked):
            run("conform", "mews", "--url", url, "--adapter", adapter(tmp_path, toml), "--cases", few, "--json", *more)
        runs.append([(one.path, one.headers["X-Request-ID"], one.body["request"]) for one in asked])
    assert runs[0] == runs[1] and len(set(runs[0])) == 6, "the same command sends the same, each request is another"
    assert not {one[1] for one in runs[0]} & {one[1] for one in runs[2]} and runs[2][0][0] == "/people/TEST-2-00001"
    assert all(header == body for _, header, body in runs[0])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('level = "urgent"', 'level = "risk.urgent"'), "`risk.urgent`: was found in no answer"),
        (('level = "urgent"', 'level = "urgent"\ntotal = "score"'), "`score`: was found in no answer"),
        (('points = "{parameter}_points"', 'points = "parts.{parameter}"'), "`parts.rr`: was found in no answer"),
    ],
)
def test_a_path_that_no_answer_has_is_a_fault_of_the_adapter(run: Run, change: tuple[str, str], told: str, few: Path, tmp_path: Path) -> None:
    with serving(vendor(0)) as (url, _):
        ran = run(
            "conform", "mews", "--url", url, "--adapter", adapter(tmp_path, FLAT.replace(*change)), "--cases", few, "--report", tmp_path / "out"
        )
    assert ran.code == 2 and told in words(ran), ran
    assert "the keys that the answers have are: status, total, urgent, rr_points" in words(ran) and "disagree" not in words(ran)
    assert not (tmp_path / "out").exists()


def test_level_words_that_no_map_knows_come_with_the_table_to_paste(run: Run, few: Path, tmp_path: Path) -> None:
    toml = SHAPES[1][1]
    without = toml[: toml.index("[response.levels]")]
    with serving(vendor(1)) as (url, _):
        ran = run("conform", "mews", "--url", url, "--adapter", adapter(tmp_path, without), "--cases", few)
        assert ran.code == 2 and "holds no word for a level that the chart knows" in words(ran)
        table = re.search(r"\[response\.levels\]\n(\"low\".*\n\"high\".*|\"high\".*\n\"low\".*)", ran.err)
        assert table is not None, ran.err
        pasted = without + table[0].partition("   [error")[0]
        assert run("conform", "mews", "--url", url, "--adapter", adapter(tmp_path, pasted), "--cases", few).code == 0


def test_a_word_that_is_partly_unknown_is_counted(run: Run, few: Path, tmp_path: Path) -> None:
    right = vendor(1)

    def answer(asked: Asked, number: int) -> Answered:
        found: Any = right(asked, number)
        if number == 3:
            found[1]["scores"][1]["risk"] = "URGENT"
        return found

    with serving(answer) as (url, _):
        ran = run("conform", "mews", "--url", url, "--adapter", adapter(tmp_path, SHAPES[1][1]), "--cases", few)
    assert ran.code == 1 and words(ran).find("1 answer of 6 have a word for the level that the adapter does not know: 'URGENT' (1)") < words(
        ran
    ).find("1 of 6 compared rows disagrees")
    assert '"URGENT" = "escalate"' in ran.out


def test_a_vendor_that_refuses_everything_is_told_with_its_words(run: Run, few: Path, tmp_path: Path) -> None:
    def answer(asked: Asked, number: int) -> Answered:
        return 422, {"error": "the field pulse is needed"}

    with serving(answer) as (url, _):
        ran = run("conform", "mews", "--url", url, "--adapter", adapter(tmp_path, FLAT), "--cases", few)
    assert words(ran).find("The platform refused all 6 sets. It says most often: 'the field pulse is needed'.") < words(ran).find("rows disagree")


def test_a_reading_that_does_not_arrive_is_told_before_the_vendor_is_blamed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sets.csv").write_text(OF_PREGNANT, encoding="utf-8")
    toml = SHAPES[1][1].replace('HR"', 'PULSE"', 1).replace("[response]", '[response.names]\nheart_rate = "HR"\n[response]', 1)
    with serving(vendor(1, lambda given: {name: text for name, text in given.items() if name != "PULSE"})) as (url, _):
        ran = run("conform", "mews", "--url", url, "--adapter", adapter(tmp_path, toml), "--cases", tmp_path / "sets.csv")
    told = words(ran)
    assert ran.code == 1 and told.index("`scores[name=MEWS].value` is empty in all 4 answers to complete sets.") < told.index(
        "compared rows disagree"
    )
    assert "The points of Heart rate are empty in all 4 answers to complete sets. The platform may not receive it" in told


def test_refusals_of_some_sets_come_with_the_vendors_words(run: Run, tmp_path: Path) -> None:
    right = vendor(1)

    def answer(asked: Asked, number: int) -> Answered:
        return (
            (400, {"error": "pulse over 100"}) if {"code": "HR", "unit": "bpm", "value": 118} in asked.body["observations"] else right(asked, number)
        )

    (tmp_path / "sets.csv").write_text(OF_PREGNANT, encoding="utf-8")
    with serving(answer) as (url, _):
        ran = run("conform", "mews", "--url", url, "--adapter", adapter(tmp_path, SHAPES[1][1]), "--cases", tmp_path / "sets.csv")
    assert ran.code == 1 and "The platform refused 1 set that the chart scores. It says most often: 'pulse over 100'." in words(ran)


def test_what_cannot_be_sent_is_told_first_and_leaves_cases(run: Run, few: Path, tmp_path: Path) -> None:
    toml = SHAPES[0][1].replace('"hours_since_birth"]', '"hours_since_birth", "concern", "consciousness=voice"]')
    toml = toml.replace("concern = { none = false, present = true }\n", "")
    with serving(vendor(0)) as (url, asked):
        ran = run("conform", "mews", "--url", url, "--adapter", adapter(tmp_path, toml), "--cases", few, "--report", tmp_path / "out")
    assert ran.code == 0 and len(asked) == 5, ran
    told = words(ran)
    assert told.index(
        "1 of 6 cases is not sent, because the adapter cannot send Level of consciousness (ACVPU) = voice and Concern of the woman, her family or staff: row 4."
    ) < told.index("All 5")
    assert (
        "5 cases are sent without Concern of the woman, her family or staff, which the adapter cannot send: the chart's answer is the same without it."
        in told
    )
    assert "row 4" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))["said_first"][0].endswith("row 4.")


def test_a_reading_left_out_is_not_held_against_the_vendor(run: Run, few: Path, tmp_path: Path) -> None:
    toml = SHAPES[0][1].replace("[request]", '[request]\nleave_out = ["concern", "heart_rate"]', 1)
    with serving(vendor(0)) as (url, asked):
        ran = run("conform", "mews", "--url", url, "--adapter", adapter(tmp_path, toml), "--cases", few)
    assert ran.code == 0 and not any("concern" in one.body or "hr" in one.body for one in asked)
    assert "The adapter leaves out" in words(ran) and "For 1 case the chart has another answer with the readings" in words(ran)
    assert "The chart needs Heart rate and Concern" in words(ran)


def test_every_fault_is_told_at_once_and_nothing_is_sent(run: Run, tmp_path: Path) -> None:
    toml = """
[names]
heart_rat = "HR"
[request]
path = "score/{person}"
headers = { X-Key = "${NOT_SET_HERE}" }
reading = "obs[code={parameter}]..value"
[request.values]
concern = { none = false }
[response.levels]
red = "escalate"
[limit]
retries = 1
"""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with serving(vendor(0)) as (url, asked):
        ran = run("conform", "mews", "--url", "ftp" + url[4:], "--adapter", adapter(tmp_path, toml), "--report", tmp_path / "file")
    codes = set(re.findall(r"\[error: (\w+)\]", ran.err))
    expected = {"unknown_parameter", "unknown_placeholder", "bad_address", "bad_path", "value_missing", "level_missing", "unknown_key"}
    assert ran.code == 2 and codes >= {*expected, "bad_url", "output_is_file"}, codes
    assert "did you mean 'heart_rate'" in ran.err and not asked


def test_the_dry_run_shows_the_request_and_hides_the_secrets(run: Run, few: Path, tmp_path: Path) -> None:
    toml = SHAPES[1][1].replace("[request]", '[request]\nheaders = { Authorization = "Bearer ${A_KEY}", X-Case = "{case_id}" }', 1)
    with serving(vendor(1)) as (url, asked):
        ran = run("conform", "mews", "--url", f"{url}?key={KEY}", "--adapter", adapter(tmp_path, toml), "--cases", few, "--check", A_KEY=KEY)
    assert ran.code == 0 and not asked and KEY not in ran.out + ran.err
    assert "Authorization: Bearer ***" in ran.out and "X-Case: row 2" in ran.out and "Nothing was sent." in ran.out
    assert f"POST {url}/wards/test/patients/TEST-00001/observations?***" in ran.out
    body = json.loads(ran.out[ran.out.index("\n{") :])
    assert body["observations"][0] == {"code": "HR", "unit": "bpm", "value": 70}


def test_the_dry_run_needs_no_credential_and_names_it(run: Run, few: Path, tmp_path: Path) -> None:
    toml = SHAPES[1][1].replace("[request]", '[request]\nheaders = { Authorization = "Bearer ${NOT_SET_HERE}" }', 1)
    ran = run("conform", "mews", "--url", "http://127.0.0.1:9", "--adapter", adapter(tmp_path, toml), "--cases", few, "--check")
    assert ran.code == 2 and "Authorization: Bearer ***" in ran.out and "set NOT_SET_HERE in the environment" in ran.err


def test_a_total_that_partial_sets_lack_is_no_fault_of_the_adapter(run: Run, tmp_path: Path) -> None:
    def answer(asked: Asked, number: int) -> Answered:
        return 200, {"urgent": True, "status": "partial"}

    (tmp_path / "partial.csv").write_text("heart_rate,concern\n118,present\n120,present\n", encoding="utf-8")
    with serving(answer) as (url, _):
        ran = run("conform", "mews", "--url", url, "--adapter", adapter(tmp_path, FLAT), "--cases", tmp_path / "partial.csv")
    assert ran.code == 0, ran


# --- what goes wrong on the way


@pytest.mark.parametrize(
    ("answer", "code", "told"),
    [
        (lambda asked, n: (302, {}, {"Location": f"http://example.org/?key={KEY}"}), 2, "a redirect, which is not followed"),
        (lambda asked, n: (200, b'{"total": 1, "urg'), 2, "answered none of the first 5 cases: no answer: not JSON"),
        (lambda asked, n: (200, b'{"total": 1, "total": 2}'), 2, "the JSON gives a name twice"),
        (lambda asked, n: (200, b"[" + b"0," * 600_000 + b"0]"), 2, "no answer: more than 1048576 bytes"),
        (lambda asked, n: (200, {"error": f"key {KEY} has no rights"}), 1, "The platform refused all 6 sets. It says most often: 'key *** has no rights'."),
        (lambda asked, n: (200, {"message": "an error"}), 2, "`total`: was found in no answer (6 answers looked at); the keys that the answers have are: message"),
        (lambda asked, n: (429, {}, {"Retry-After": "3600"}), 2, "HTTP 429, and it asks for a pause of 3,600 s"),
        (lambda asked, n: (401, {"error": KEY}), 2, "answers HTTP 401"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_told_without_secrets(
    run: Run, answer: Callable[[Asked, int], Answered], code: int, told: str, few: Path, tmp_path: Path
) -> None:
    toml = FLAT.replace("[request]", '[request]\nheaders = { X-Api-Key = "${A_KEY}" }', 1)
    with serving(answer) as (url, _):
        ran = run("conform", "mews", "--url", f"{url}/?key={KEY}", "--adapter", adapter(tmp_path, toml), "--cases", few, A_KEY=KEY)
    assert ran.code == code and told in words(ran), ran
    assert KEY not in ran.out + ran.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_report_and_does_not_wait(number: signal.Signals, few: Path, tmp_path: Path) -> None:
    def answer(asked: Asked, count: int) -> Answered:
        if count == 1:
            process.send_signal(number)
        return 503, {}, {"Retry-After": "100"}

    with serving(answer) as (url, _):
        command = ["conform", "mews", "--url", url, "--adapter", adapter(tmp_path, FLAT.replace("[limits]", "")), "--cases", few]
        process = subprocess.Popen(
            [sys.executable, "-m", "mews_newtt", *map(str, command), "--report", str(tmp_path / "out")],
            cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode in (130, -number) and "Traceback" not in err, err
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
