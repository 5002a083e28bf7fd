"""Sends very many requests to the running service and holds each answer to its contract (`service/openapi.json`).

    python -m tests.service.endure.fuzz --cases 50000

schemathesis draws parameters and bodies from the contract, valid and invalid ones, and checks every answer: no 5xx; no status, media type, header
or content that the contract does not name. Around each drawn case some more requests use what the service holds (`states`): real jobs, files, charts
and versions, good bodies, and good bodies with one thing changed. At the end the counts by route and status are printed. Exit code 1: there were faults.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mews_newtt.fhir.capability import OPERATIONS
from mews_newtt.fhir.profiles import BY_NAME
from tests.patience import PATIENCE
from tests.service.endure.states import KEY, OTHER_KEY, States, changed, clients_file, good_bodies
from tests.service.support import ROOT, Service

CONTRACT = ROOT / "service" / "openapi.json"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance]
AROUND = 8  # requests for each drawn case: as it was drawn, and with what the service holds
WEIGHTS = {
    "score": 8,
    "score-many": 4,
    "score-file": 4,
    "verify": 5,
    "verify-file": 3,
    "pack": 1,
    "jobs": 4,
    "{job_id}": 5,
    "{name}": 5,
    "$ews-score": 6,
    "$ews-score-many": 3,
    "$ews-verify": 5,
    "{service_id}": 5,
    "feedback": 2,
    "{version}": 3,
    "token": 2,
}  # others: 1
FHIR_NAMES = {
    "OperationDefinition": tuple(OPERATIONS),
    "StructureDefinition": tuple(BY_NAME),
    "CodeSystem": ("parameter", "category", "score", "level", "skip-reason"),
}
WAITING = ("-file", "pack")  # routes that wait for a job where nobody asks for `respond-async`: also for the jobs before it
QUEUED = 6 * PATIENCE
CONDITIONS = ("If-None-Match", "If-Range", "Range")
ROUNDS = 8  # so that a run that is cut short has asked every route
FAULTS_SHOWN = 40


class Run:
    """One run: what was sent, what came back, and what was wrong."""

    def __init__(self, service: Service, cases: int, number: int, only: str = ""):
        self.cases, self.seed, self.only = cases, number, only
        self.url = service.url
        self.contract = json.loads(CONTRACT.read_text(encoding="utf-8"))
        self.good = good_bodies(self.contract)
        self.states = States(service.url, service.folder)
        self.session = requests.Session()
        self.session.trust_env = False
        self.counts: Counter[tuple[str, int]] = Counter()
        self.drawn = 0
        self.until = float("inf")
        self.faults: list[str] = []
        self._strategies: dict[tuple[str, GenerationMode], Any] = {}

    @property
    def sent(self) -> int:
        return sum(self.counts.values())

    def run(self, report: Any = None) -> None:
        schema = schemathesis.openapi.from_dict(self.contract)
        operations = [found.ok() for found in schema.get_all_operations()]
        operations = [operation for operation in operations if self.only in operation.path]
        shares = [WEIGHTS.get(operation.path.rpartition("/")[2], 1) for operation in operations]
        each = max(1, self.cases // (AROUND * sum(shares) * ROUNDS))
        number = 0
        self.states.make()
        while self.sent < self.cases:
            for operation, share in zip(operations, shares, strict=True):
                self._operation(operation, share * each, number)
                if report is not None:
                    report(self)
                if time.monotonic() > self.until:
                    return
            number += 1

    def _operation(self, operation: Any, examples: int, number: int) -> None:
        for mode, part in ((GenerationMode.POSITIVE, 2), (GenerationMode.NEGATIVE, 1)):
            if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query):
                continue  # schemathesis finds nothing in it that could be invalid
            if (operation.label, mode) not in self._strategies:  # it takes a second to build
                self._strategies[operation.label, mode] = operation.as_strategy(mode)
            strategy = self._strategies[operation.label, mode]

            @seed(self.seed * 1_000_003 + number)
            @given(strategy, st.integers(0, 2**63))
            @settings(
                max_examples=-(-examples * part // 3), deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
            )
            def ask(case: Any, chosen: int) -> None:
                self.drawn += 1
                for turn in range(AROUND):
                    self._ask(case, random.Random(chosen + turn), drawn=turn == 0)

            ask()

    def _ask(self, case: Any, chance: random.Random, drawn: bool) -> None:
        path = case.operation.path
        self._place(case, chance, drawn)
        given = case.as_transport_kwargs(base_url=self.url)
        drawn_headers = {name: value for name, value in dict(given.get("headers") or {}).items() if drawn or name not in CONDITIONS}
        given["headers"] = {**drawn_headers, **self._headers(path, case, chance)}
        if case.operation.method.lower() == "post" and not drawn:
            self._body(path, given, chance)
        if chance.random() < 0.01:
            given["method"] = chance.choice(("PUT", "PATCH", "GET", "POST", "DELETE", "OPTIONS"))
        answer = self.session.request(**given, timeout=QUEUED if path.endswith(WAITING) else PATIENCE, allow_redirects=False)
        self.counts[f"{case.operation.method.upper()} {path}", answer.status_code] += 1
        other = given["method"].lower() != case.operation.method.lower()
        if given["method"].upper() == "OPTIONS":
            return
        if other and given["method"].lower() in self.contract["paths"][path]:  # the contract of the drawn method says nothing of this one
            if answer.status_code >= 500:
                self._fault(answer, given, "a server error")
            return
        checks = CHECKS[:-1] if answer.status_code == 206 else CHECKS  # a part of a JSON file is no JSON
        try:
            case.validate_response(answer, checks=checks)
        except (FailureGroup, Failure) as failed:
            told = "; ".join(f"{type(one).__name__}: {one}"[:400] for one in getattr(failed, "exceptions", [failed]))
            self._fault(answer, given, told)
        kind = answer.headers.get("content-type", "")
        if answer.status_code >= 400 and "json" not in kind:
            self._fault(answer, given, f"an error as {kind or 'nothing'}")

    def _fault(self, answer: Any, given: dict[str, Any], told: str) -> None:
        asked = {name: given[name] for name in ("params", "json", "data", "files") if given.get(name)}
        self.faults.append(
            f"{given['method']} {given['url']} -> {answer.status_code}\n  {told}\n  asked: {str(asked)[:600]} {given['headers']}\n  got: {answer.text[:600]}"
        )

    def _place(self, case: Any, chance: random.Random, drawn: bool) -> None:
        """Names of what there is, in nine cases of ten."""
        states, names = self.states, dict(case.path_parameters or {})
        chart, version, sha256 = chance.choice(states.charts)
        job, name, _ = chance.choice(states.files)
        if "chart_id" in names and chance.random() < 0.93:
            names["chart_id"] = chart
            names |= {"version": version} if "version" in names and chance.random() < 0.9 else {}
        if "job_id" in names and chance.random() < 0.93:
            deletes = case.operation.method.lower() == "delete"
            names["job_id"] = job if "name" in names else chance.choice(states.spare if deletes else states.jobs + states.strangers)
        if "name" in names and chance.random() < 0.93:
            names["name"] = chance.choice(FHIR_NAMES.get(case.operation.path.split("/")[3], (name,)))
        if "service_id" in names and chance.random() < 0.93:
            names["service_id"] = chance.choice(states.services)
        case.path_parameters = names
        query = dict(case.query or {})
        if not drawn:
            query = {name: value for name, value in query.items() if name in ("chart", "points", "on_bad_row") or chance.random() < 0.15}
        if chance.random() < 0.85:
            query.pop("version", None)
            query.pop("sha256", None)
            if "chart" in query:
                query["chart"] = chart
            if chance.random() < 0.3 and (names.get("chart_id") == chart or query.get("chart") == chart):
                query |= {"version": version, "sha256": sha256}
        case.query = query

    def _headers(self, path: str, case: Any, chance: random.Random) -> dict[str, str]:
        key = chance.choices((KEY, OTHER_KEY, "wrong", ""), (95, 3, 1, 1))[0]
        given = {"Authorization": f"Bearer {key}"} if key else {}
        waits = path.endswith(WAITING)
        prefer = chance.choices(
            ("respond-async", "return=minimal", "respond-async, return=minimal", ""), (90, 0, 5, 5) if waits else (10, 30, 5, 55)
        )[0]
        given |= {"Prefer": prefer} if prefer else {}
        if waits and chance.random() < 0.3:
            given["Idempotency-Key"] = f"key-{chance.randrange(20)}"
        if path.endswith("{name}"):
            asked = (case.path_parameters.get("job_id"), case.path_parameters.get("name"))
            etag = next((one[2] for one in self.states.files if one[:2] == asked), '"no-such"')
            given |= chance.choice(
                ({}, {}, {"If-None-Match": etag}, {"Range": "bytes=0-9"}, {"Range": "bytes=5-", "If-Range": etag}, {"Range": "bytes=9999999-"})
            )
        if chance.random() < 0.1:
            given["Accept"] = chance.choice(("text/csv", "application/fhir+json", "text/html", "application/xml", "*/*;q=0", "image/png"))
        return given

    def _body(self, path: str, given: dict[str, Any], chance: random.Random) -> None:
        """A good body, or one with one thing changed, instead of the drawn one; in a third of cases the drawn one stays."""
        known = [(kind, bodies) for (where, kind), bodies in self.good.items() if where == path and bodies]
        if not known or chance.random() < 0.3:
            return
        kind, bodies = chance.choice(known)
        body = chance.choice(bodies)
        change = chance.random() < 0.5
        for name in ("json", "data", "files"):
            given.pop(name, None)
        given["headers"] = {name: value for name, value in given["headers"].items() if name.lower() != "content-type"}
        if isinstance(body, tuple):
            files, data = body
            given["files"] = {part: (name, changed(content, chance) if change else content) for part, (name, content) in files.items()}
            given["data"] = data
        else:
            given["data"] = changed(body, chance) if change else body
            given["headers"]["Content-Type"] = kind

    def summary(self) -> str:
        statuses = sorted({status for _, status in self.counts})
        rows = [f"{'route':<48}" + "".join(f"{status:>7}" for status in statuses)]
        routes = sorted({route for route, _ in self.counts})
        rows += [f"{route:<48}" + "".join(f"{self.counts[route, status] or '':>7}" for status in statuses) for route in routes]
        totals = {status: sum(count for (_, found), count in self.counts.items() if found == status) for status in statuses}
        rows.append(f"{'all':<48}" + "".join(f"{totals[status]:>7}" for status in statuses))
        share = 100 * totals.get(404, 0) / max(1, self.sent)
        rows.append(
            f"{self.sent:,} requests around {self.drawn:,} cases of schemathesis, seed {self.seed}; 404: {share:.1f} %; faults: {len(self.faults)}"
        )
        return "\n".join(rows)


def run(folder: Path, cases: int, number: int, report: Any = None, only: str = "", minutes: float = float("inf")) -> Run:
    """Start a service with two clients and seeded states, and send it so many requests."""
    settings_of = {"CLIENTS_FILE": str(clients_file(folder)), "REQUESTS_PER_MINUTE": "0", "JOBS_PER_CLIENT": "100", "LOG_LEVEL": "warning"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Service(folder / "service", **{f"MEWS_NEWTT_{name}": value for name, value in settings_of.items()}) as service:
            made = Run(service, cases, number, only)
            made.until = time.monotonic() + 60 * minutes
            made.run(report)
            made.states.close()
            made.session.close()
    return made


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--cases", type=int, default=50_000)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--minutes", type=float, default=float("inf"), help="stop after so long, with what was sent until then")
    asked.add_argument("--only", default="", help="only the routes whose path holds this text")
    asked_for = asked.parse_args()
    began = time.monotonic()

    def report(now: Run) -> None:
        print(f"{time.monotonic() - began:.0f} s: {now.sent:,} requests, {len(now.faults)} faults", file=sys.stderr, flush=True)
        for fault in now.faults[:FAULTS_SHOWN]:
            print(fault, file=sys.stderr, flush=True)
        now.faults[:FAULTS_SHOWN] = [fault.splitlines()[0] for fault in now.faults[:FAULTS_SHOWN]]

    with tempfile.TemporaryDirectory() as folder:
        done = run(Path(folder), asked_for.cases, asked_for.seed, report, asked_for.only, asked_for.minutes)
    print(done.summary())
    print(f"{time.strftime('%Y-%m-%d')}, {time.monotonic() - began:.0f} s")
    return 1 if done.faults else 0


if __name__ == "__main__":
    sys.exit(main())
