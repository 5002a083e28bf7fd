"""No single request holds up another client's score, and none gets an answer without bound."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.service.attack import MOST_DELAY, beside, send
from tests.service.support import FULL, MANY, PACK, SCORE, VERIFY, Service

MB = 1_000_000
NDJSON = "application/x-ndjson"
CSV_KIND = "text/csv"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("service"), MEWS_NEWTT_JOB_WORKERS="0", MEWS_NEWTT_LOG_LEVEL="error") as found:
        yield found


def names(count: int, prefix: str = "k") -> str:
    return "{" + ",".join(f'"{prefix}{number}":1' for number in range(count)) + "}"


def under_a_megabyte(item: str) -> bytes:
    return ("[" + ",".join([item] * ((MB - 10) // (len(item) + 1))) + "]").encode()


def bundle(code: str, count: int = 2_000) -> dict[str, object]:
    """A FHIR Bundle of so many readings of one patient."""
    one = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": "2026-11-22T09:31:00Z",
        "valueQuantity": {"value": 80, "system": "http://unitsofmeasure.org", "code": "/min"},
    }
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one}] * count}


def fhir(found: object) -> bytes:
    return json.dumps({"resourceType": "Parameters", "parameter": [{"name": "observations", "resource": found}]}).encode()


def hook(prefetch: dict[str, object]) -> bytes:
    return json.dumps(
        {"hook": "patient-view", "hookInstance": "1", "context": {"userId": "Practitioner/1", "patientId": "1"}, "prefetch": prefetch}
    ).encode()


def series(rows: list[str]) -> bytes:
    """A series as its page sends it."""
    return b'--b\r\nContent-Disposition: form-data; name="sets"\r\n\r\n' + "\r\n".join(rows).encode() + b"\r\n--b--\r\n"


FHIR = "application/fhir+json"
ATTACKS = {
    "fhir: many readings": ("/fhir/R4/$ews-score?chart=news2", fhir(bundle("8867-4")), FHIR),
    "fhir: many readings of unknown codes": ("/fhir/R4/$ews-score?chart=news2", fhir(bundle("0000-0")), FHIR),
    "fhir: many scores": ("/fhir/R4/$ews-score-many?chart=news2", fhir(bundle("9279-1")), FHIR),
    "fhir: many empty entries": (
        "/fhir/R4/$ews-score?chart=news2",
        fhir({"resourceType": "Bundle", "type": "collection", "entry": [{}] * 200_000}),
        FHIR,
    ),
    "fhir: many parameters": (
        "/fhir/R4/$ews-verify",
        b'{"resourceType":"Parameters","parameter":[' + b'{"name":"x"},' * 70_000 + b'{"name":"x"}]}',
        FHIR,
    ),
    "fhir: unknown members": (
        "/fhir/R4/$ews-score?chart=news2",
        b'{"resourceType":"Bundle","entry":[{"resource":' + names(60_000).encode() + b"}]}",
        FHIR,
    ),
    "cds: a long prefetch": ("/cds-services/mews", hook({"observations": bundle("8867-4")}), "application/json"),
    "cds: unknown keys of prefetch": ("/cds-services/mews", hook(dict.fromkeys((f"k{place}" for place in range(60_000)), 1)), "application/json"),
    "cds: much feedback": ("/cds-services/mews/feedback", b'{"feedback":[' + b'{"card":"1"},' * 70_000 + b"1]}", "application/json"),
    "unknown names": (SCORE, names(60_000).encode(), "application/json"),
    "unknown skips": (SCORE, names(45_000, "skip_k").encode(), "application/json"),
    "one long name": (SCORE, b'{"' + b"x" * 900_000 + b'":1}', "application/json"),
    "one long category": (SCORE, b'{"consciousness":"' + b"x" * 900_000 + b'"}', "application/json"),
    "one long number": (SCORE, b'{"heart_rate":"' + b"9" * 900_000 + b'"}', "application/json"),
    "the last name twice": (SCORE, (names(60_000)[:-1] + ',"k59999":2}').encode(), "application/json"),
    "many brackets": (SCORE, b'{"a":' + b"[]," * 10 + b"[" + b"[]," * 300_000 + b"[]]}", "application/json"),
    "many lists in a list": (SCORE, b"[" + b"[],{}," * 150_000 + b"1]", "application/json"),
    "many numbers": (SCORE, b'{"heart_rate":[' + b"1.5," * 200_000 + b"1]}", "application/json"),
    "sets with unknown names": (MANY, under_a_megabyte(names(100)), "application/json"),
    "empty sets": (MANY, under_a_megabyte("{}"), "application/json"),
    "full sets": (MANY, under_a_megabyte(json.dumps(FULL)), "application/json"),
    "no sets": (MANY, under_a_megabyte("1"), "application/json"),
    "no sets, one refuses all": (MANY + "?on_bad_row=error", under_a_megabyte(names(100)), "application/json"),
    "one set of names in an array": (MANY, b"[" + names(60_000).encode() + b"]", "application/json"),
    "lines with unknown names": (MANY, (names(5_000) + "\n").encode() * 18, NDJSON),
    "short lines": (MANY, b"{}\n" * 30_000, NDJSON),
    "lines that are no JSON": (MANY, b"x\n" * 40_000, NDJSON),
    "verify unknown names": (VERIFY, names(60_000).encode(), "application/json"),
    "verify unknown readings": (VERIFY, f'{{"observations":{names(60_000)},"stated":{{"total":1}}}}'.encode(), "application/json"),
    "verify unknown points": (VERIFY, f'{{"observations":{{}},"stated":{{"points":{names(60_000)}}}}}'.encode(), "application/json"),
    "verify too many sets": (VERIFY, under_a_megabyte("{}"), "application/json"),
    "pack unknown names": (PACK, names(60_000).encode(), "application/json"),
    "a series of many sets": (
        "/workbench/series/mews/0.1",
        series(["observed_at,respiratory_rate,temperature,heart_rate", *(f"2026-{1 + at // 28:02d}-{1 + at % 28:02d} 08:00,16,36.7,{60 + at}" for at in range(300))]),
        "multipart/form-data; boundary=b",
    ),
    "a series of many columns": (
        "/workbench/series/mews/0.1",
        series([",".join(["observed_at", *(f"c{at}" for at in range(60_000))]), "2026-01-01 08:00" + ",1" * 60_000]),
        "multipart/form-data; boundary=b",
    ),
    "a form of many parts": (MANY, b"--b\r\n\r\n\r\n" * 90_000 + b"--b--", "multipart/form-data; boundary=b"),
    "a token of many fields": ("/oauth/token", b"a=1&" * 200_000, "application/x-www-form-urlencoded"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_no_request_under_a_megabyte_holds_up_another_clients_score(service: Service, name: str) -> None:
    path, body, kind = ATTACKS[name]
    assert len(body) < 1.05 * MB
    seen = beside(service.port, path, body, kind)
    assert seen.status < 500
    assert seen.delay < MOST_DELAY, f"another client waited {seen.delay:.2f} s"
    assert seen.scores >= 1


STREAMED = ("empty sets", "full sets", "short lines", "lines that are no JSON", "a series of many sets")  # an answer for each, and a stream waits for its reader


@pytest.mark.parametrize("name", [name for name in ATTACKS if name not in STREAMED])
def test_what_is_refused_is_not_answered_at_length(service: Service, name: str) -> None:
    path, body, kind = ATTACKS[name]
    _, answer = send(service.port, "POST", path, body, kind)
    assert len(answer) < 20 * len(body) + 10_000


@pytest.mark.parametrize(
    "name", ["unknown names", "one long name", "one long category", "verify unknown points", "pack unknown names", "one set of names in an array"]
)
def test_one_refused_set_gets_a_short_answer(service: Service, name: str) -> None:
    path, body, kind = ATTACKS[name]
    _, answer = send(service.port, "POST", path, body, kind)
    assert len(answer) < 60_000
