"""Made-up vendors on this machine, each with its own shape of request and answer. They score rightly; `change` gives them a fault."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from mews_newtt import load_chart, score
from mews_newtt.scoring.result import Score

CHART = load_chart("mews")
Answered = tuple[int, Any] | tuple[int, Any, Mapping[str, str]]


class Asked(NamedTuple):
    """One request as the vendor saw it."""

    path: str
    headers: Mapping[str, str]
    body: Any


@contextmanager
def serving(answer: Callable[[Asked, int], Answered]) -> Iterator[tuple[str, list[Asked]]]:
    """A server; `answer` takes the request and its number, and gives code, document (or bytes) and headers."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.headers.get("Content-Type") == "application/x-www-form-urlencoded":
                body = dict(parse_qsl(content.decode()))
            else:
                body = json.loads(content) if content else dict(parse_qsl(urlsplit(self.path).query))
            asked.append(Asked(self.path, dict(self.headers.items()), body))
            code, document, *more = answer(asked[-1], len(asked))
            content = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(code)
            for name, text in (more[0] if more else {}).items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


def right(given: Mapping[str, Any]) -> Score:
    """A platform without a fault."""
    return score(CHART, {name: value for name, value in given.items() if value is not None}, raise_refused=False)


def flat(asked: Asked) -> dict[str, Any]:
    """Short names, booleans, numbers. A value of another type is an error of the vendor's."""
    body = dict(asked.body)
    assert isinstance(body.pop("request"), str)
    words = {"on_oxygen": {False: "air", True: "oxygen"}, "concern": {False: "none", True: "present"}}
    names = {"rr": "respiratory_rate", "spo2": "oxygen_saturation", "hr": "heart_rate", "sbp": "systolic_bp", "dbp": "diastolic_bp"}
    given = {}
    for name, value in body.items():
        if name in words:
            assert isinstance(value, bool)
            given["air_or_oxygen" if name == "on_oxygen" else name] = words[name][value]
        elif name == "avpu":
            assert isinstance(value, int)
            given["consciousness"] = ["alert", "confusion", "voice", "pain", "unresponsive"][value]
        else:
            assert isinstance(value, (int, float))
            given[names.get(name, name)] = str(value)
    return given


def flat_answer(found: Score) -> dict[str, Any]:
    points = {"rr": "respiratory_rate", "spo2": "oxygen_saturation", "hr": "heart_rate", "sbp": "systolic_bp", "dbp": "diastolic_bp"}
    parts = {f"{their}_points": found.points().get(ours) for their, ours in points.items()}
    urgent = None if found.level is None else found.level == "escalate"
    return {"status": found.status, "total": found.total, "urgent": urgent, **parts, "temperature_points": found.points().get("temperature")}


def items(asked: Asked) -> dict[str, Any]:
    """A list of items with code and value; an item without a value is an error of the vendor's."""
    names = {"HR": "heart_rate", "TEMP": "temperature", "ACVPU": "consciousness", "O2": "air_or_oxygen", "CONCERN": "concern"}
    given = {}
    for item in asked.body["observations"] if asked.body.get("observations") else ():
        assert set(item) <= {"code", "value", "unit"} and item["value"] not in (None, "")
        given[names.get(item["code"], item["code"])] = str(item["value"])
    return given


def items_answer(found: Score) -> dict[str, Any]:
    names = {"heart_rate": "HR", "temperature": "TEMP"}
    risk = None if found.level is None else {"routine": "low", "escalate": "high"}[found.level]
    parts = [{"code": names.get(name, name), "points": points} for name, points in found.points().items()]
    return {"scores": [{"name": "OTHER"}, {"name": "MEWS", "value": found.total, "risk": risk, "parts": parts}]}


def fhir(asked: Asked) -> dict[str, Any]:
    codes = {"9279-1": "respiratory_rate", "59408-5": "oxygen_saturation", "8310-5": "temperature", "8867-4": "heart_rate"}
    codes |= {"8480-6": "systolic_bp", "8462-4": "diastolic_bp"}
    given = {}
    for component in asked.body.get("component", ()):
        assert any(name.startswith("value") and value not in (None, {}) for name, value in component.items()), component
        code = component["code"]
        if "coding" in code:
            given[codes[code["coding"][0]["code"]]] = str(component["valueQuantity"]["value"])
        elif code["text"] == "oxygen":
            given["air_or_oxygen"] = "oxygen" if component["valueBoolean"] else "air"
        else:
            given["consciousness"] = component["valueString"]
    for extension in asked.body.get("extension", ()):
        given["concern"] = "present" if extension["valueBoolean"] else "none"
    return given


def fhir_answer(found: Score) -> dict[str, Any]:
    code = None if found.level is None else {"routine": "N", "escalate": "H"}[found.level]
    return {"resourceType": "Observation", "valueInteger": found.total, "interpretation": [{"coding": [{"code": code}]}]}


def texts(asked: Asked) -> dict[str, Any]:
    body = asked.body
    vitals, given = body.get("vitals", {}), {}
    places = {"respiratory_rate": "resp", "oxygen_saturation": "sats", "temperature": "temp", "heart_rate": "pulse"}
    for name, place in places.items():
        if place in vitals and (place != "sats" or "value" in vitals[place]):
            assert isinstance(vitals[place]["value"], str)
            given[name] = vitals[place]["value"]
    given |= {f"{name}_bp": text for name, text in vitals.get("bp", {}).items() if name != "unit"}
    given |= {"air_or_oxygen": vitals["sats"]["gas"]} if "gas" in vitals.get("sats", {}) else {}
    given |= {"consciousness": body["neuro"]["level"]} if "neuro" in body else {}
    given |= {"concern": {"N": "none", "Y": "present"}[body["nurse"]["worried"]]} if "nurse" in body else {}
    assert len(body["person"]["id"]) == 8
    given |= {"patient_group": body["person"]["group"]} if "group" in body["person"] else {}
    given |= {"hours_since_birth": body["person"]["hours"]} if "hours" in body["person"] else {}
    return given


def texts_answer(found: Score) -> dict[str, Any]:
    level = None if found.level is None else {"routine": 0, "escalate": 1}[found.level]
    return {"ews": {"total": None if found.total is None else str(found.total), "level": level}, "status": found.status}


SHAPES: list[tuple[Callable[[Asked], dict[str, Any]], Callable[[Score], dict[str, Any]]]] = [
    (flat, flat_answer),
    (items, items_answer),
    (fhir, fhir_answer),
    (texts, texts_answer),
]


def vendor(number: int, change: Callable[[dict[str, Any]], dict[str, Any]] = lambda given: given) -> Callable[[Asked, int], Answered]:
    """A vendor with a shape of the page; `change` changes the readings that it scores."""
    decode, encode = SHAPES[number]

    def answer(asked: Asked, _: int) -> Answered:
        found = right(change(decode(asked)))
        return (422, {"issue": [{"diagnostics": "refused"}]}) if found.status == "refused" else (200, encode(found))

    return answer
