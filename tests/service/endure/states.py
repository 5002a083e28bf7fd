"""What a fuzzed service holds before it is asked: jobs in every state, packs, uploads with maps and plans, and the keys of two clients.

Without it most requests would name something that is not there, and the answers would only show that 404 works.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import time
from pathlib import Path
from typing import Any

import httpx

from mews_newtt import charts
from tests.patience import PATIENCE
from tests.service.support import CSV, FULL, MANY, ROOT, VERIFY, many_rows

EXAMPLES = ROOT / "examples"
ASYNC = {"Prefer": "respond-async"}
KEY, OTHER_KEY = "k" * 43, "o" * 43
STATED = CSV.replace("temperature\n", "temperature,expected_total\n").replace("37.5\n", "37.5,6\n").replace("12,,,,,,\n", "12,,,,,,,0\n")
MAP = '[columns]\nhr = "heart_rate"\n'
PLAN = '[columns]\nPuls = "heart_rate"\n'
LONG_ROWS = 60_000  # a job that runs for a while


def clients_file(folder: Path) -> Path:
    """A clients file with two clients: the one that asks, and another whose jobs it must not see."""
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / "clients.toml"
    entries = [
        f'[[clients]]\nid = "{name}"\nkey_sha256 = ["{hashlib.sha256(key.encode()).hexdigest()}"]\n'
        for name, key in (("ehr-a", KEY), ("ehr-b", OTHER_KEY))
    ]
    made.write_text("\n".join(entries))
    return made


class States:
    """Jobs in every state at one service; those in `spare` may be deleted."""

    def __init__(self, url: str, folder: Path):
        self._http = httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False, headers={"Authorization": f"Bearer {KEY}"})
        self._long = many_rows(folder / "long.csv", LONG_ROWS).read_bytes()
        self.charts = [(chart.id, chart.version, chart.sha256) for chart in charts()]
        self.services = [one["id"] for one in self._http.get("/cds-services").json()["services"]]
        self.jobs: list[str] = []
        self.files: list[tuple[str, str, str]] = []  # job, name, ETag
        self.spare: list[str] = []
        self.strangers: list[str] = []

    def close(self) -> None:
        self._http.close()

    def make(self) -> None:
        """One job of each kind and in each state."""
        csv = {"Content-Type": "text/csv", **ASYNC}
        to_end = [
            self._http.post(MANY, content=CSV, headers=csv),
            self._http.post(f"{MANY}?points=true", files={"file": ("a.csv", "hr\n80\n"), "map": ("map.toml", MAP)}, headers=ASYNC),
            self._http.post(MANY, files={"file": ("b.csv", "Puls\n80\n")}, data={"plan": PLAN}, headers=ASYNC),
            self._http.post(VERIFY, content=STATED, headers=csv),
            self._http.post("/v1/charts/mews/pack", json={"seed": 3}, headers=ASYNC),
            self._http.post(MANY, content="resprate,temprature\n1,2\n", headers=csv),  # fails
        ]
        emptied, stopped = self._http.post(MANY, content=CSV, headers=csv), self._http.post(MANY, content=self._long, headers=csv)
        running = self._http.post(MANY, content=self._long, headers=csv)
        stranger = self._http.post(MANY, content=CSV, headers={**csv, "Authorization": f"Bearer {OTHER_KEY}"})
        self.strangers = [_id(stranger)]
        self._http.delete(f"/v1/jobs/{_id(stopped)}")
        self.files = []
        for answer in (*to_end, emptied):
            job = self._ended(_id(answer))
            for file in job["files"]:
                etag = self._http.head(file["href"]).headers["etag"]
                self.files.append((job["id"], file["name"], etag))
        self._http.delete(f"/v1/jobs/{_id(emptied)}")
        self.files = [one for one in self.files if one[0] != _id(emptied)]
        self.spare = [_id(answer) for answer in (emptied, stopped, running)]
        self.jobs = [_id(answer) for answer in to_end] + self.spare

    def _ended(self, job: str) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self._http.get(f"/v1/jobs/{job}")
            if answer.status_code == 200:
                return dict(answer.json())
            time.sleep(0.05)
        raise AssertionError(f"job {job} did not end")


def _id(answer: httpx.Response) -> str:
    assert answer.status_code == 202, answer.text
    return answer.headers["content-location"].rpartition("/")[2]


def _parquet() -> bytes:
    import polars as pl

    out = io.BytesIO()
    pl.read_csv(io.StringIO(CSV)).write_parquet(out)
    return out.getvalue()


def good_bodies(contract: dict[str, Any]) -> dict[tuple[str, str], list[Any]]:
    """Bodies that can be answered, by path and media type: bytes, or the parts of a form as (files, data)."""
    found: dict[tuple[str, str], list[Any]] = {}
    for path, methods in contract["paths"].items():
        for media_type, content in methods.get("post", {}).get("requestBody", {}).get("content", {}).items():
            found[path, media_type] = [json.dumps(one["value"]).encode() for one in content.get("examples", {}).values()]
    lines = "".join(json.dumps(one) + "\n" for one in (FULL, {"respiratory_rate": 20})).encode()
    stated = json.dumps({**FULL, "expected_total": 5}).encode() + b"\n"
    export = (EXAMPLES / "plans" / "export.csv").read_bytes(), (EXAMPLES / "plans" / "export.toml").read_text()
    for kind, text, rows in (("score", CSV, lines), ("verify", STATED, stated)):
        path = f"/v1/charts/{{chart_id}}/{kind}-file"
        found[path, "text/csv"] += [text.encode()]
        found[path, "application/x-ndjson"] += [rows]
        found[path, "application/vnd.apache.parquet"] += [_parquet()]
        found[path, "multipart/form-data"] += [
            ({"file": ("sets.csv", text.encode())}, {}),
            ({"file": ("sets.csv", text.replace("heart_rate", "hr").encode()), "map": ("map.toml", MAP.encode())}, {}),
            ({"file": ("export.csv", export[0])}, {"plan": export[1]}),
            ({"file": ("ward.csv", b"Puls\n80\n"), "plan": ("plan.toml", PLAN.encode())}, {}),
        ]
    found["/v1/charts/{chart_id}/score-many", "application/x-ndjson"] += [lines]
    found["/v1/charts/{chart_id}/score", "application/json"] += [json.dumps(FULL).encode()]
    bundle = (EXAMPLES / "fhir" / "many_request.json").read_bytes()
    found["/fhir/R4/$ews-score-many", "application/fhir+ndjson"] += [json.dumps(json.loads(bundle)).encode() + b"\n"]
    found["/oauth/token", "application/x-www-form-urlencoded"] += [
        b"grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=a.b.c"
    ]
    return found


JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1e308,
    10**40,
    "",
    " ",
    "21",
    "NaN",
    "ä\u0000",
    "[degF]",
    [],
    {},
    [[[]]],
    {"value": 21},
    {"skipped": "refused"},
    "2026-02-30",
)


def changed(body: bytes, chance: random.Random) -> bytes:
    """A good body with one thing changed: a leaf of its JSON, or some bytes."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if isinstance(document, (dict, list)) and chance.random() < 0.8:
        places = list(_places(document))
        if places:
            holder, key = chance.choice(places)
            if chance.random() < 0.25:
                del holder[key]
            else:
                holder[key] = chance.choice(JUNK)
            return json.dumps(document).encode()
    at = chance.randrange(len(body) + 1)
    return body[:at] + chance.choice((b"", b"\x00", b'"', b",", b"\n", b"\xff\xfe", b"999999999", b"=1+1", b"  ")) + body[at + chance.randrange(4) :]


def _places(document: Any) -> Any:
    for key, value in document.items() if isinstance(document, dict) else enumerate(document):
        yield document, key
        if isinstance(value, (dict, list)):
            yield from _places(value)
