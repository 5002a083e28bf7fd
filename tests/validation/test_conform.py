"""What `conform` asks and how answers are compared: the cases of a pack that are sent, and what an adapter makes of them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import FileError
from mews_newtt.validation.conform import HIDDEN, Adapter, compare_answers, conform, filled_headers, look_up, put, read_adapter, sending_of
from mews_newtt.validation.conform.side_by_side import side_by_side
from mews_newtt.validation.packs import Case
from mews_newtt.validation.result import Origin
from tests.validation.conform_support import ADAPTERS, CHART, KEY, cases, right


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


def test_a_credential_is_blotted_out_however_it_is_written() -> None:
    answer = Adapter().read({"total": 1, "level": f"no {KEY.upper()} here"}, CHART, (KEY,))
    assert KEY.upper() not in answer.level and HIDDEN in answer.level


def test_a_header_that_is_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('[request]\nheaders = { "Two Words" = "x", Accept = "\u00e9" }\n', encoding="utf-8")
    with pytest.raises(FileError) as told:
        read_adapter(path, CHART)
    assert [problem.code for problem in told.value.problems] == ["bad_header", "bad_header"]
