"""Scores a set and a file over HTTP; Python's standard library only.

    python examples/clients/score.py http://127.0.0.1:8311 [KEY]
"""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
import uuid
from typing import Any

BASE = sys.argv[1].rstrip("/")
KEY = sys.argv[2] if len(sys.argv) > 2 else None
CHART = "news2"


def call(method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any, bytes]:
    """One request. Its X-Request-ID finds it in the log of the service."""
    named = {name.replace("_", "-"): value for name, value in headers.items()} | {"X-Request-ID": str(uuid.uuid4())}
    if KEY:
        named["Authorization"] = f"Bearer {KEY}"
    request = urllib.request.Request(BASE + path, body, named, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refusal:
        problem = json.load(refusal)
        raise SystemExit("\n".join(f"{one['where']}: {one['what']}\n    mend: {one['mend']}" for one in problem["problems"])) from None


readings = {
    "respiratory_rate": 21, "oxygen_saturation": 93, "air_or_oxygen": "air", "systolic_bp": 120,
    "heart_rate": 95, "consciousness": "alert", "temperature": 37.5,
}  # fmt: skip
_, _, found = call("POST", f"/v1/charts/{CHART}/score", json.dumps(readings).encode(), Content_Type="application/json")
result = json.loads(found)
print(result["says"])
if result["status"] != "complete":
    print("no total; missing:", ", ".join(result["missing"]))

# A file: sent, watched, fetched. The same request under the same key may be sent again after a broken connection: it is the same job.
key = str(uuid.uuid4())
table = b"respiratory_rate,temperature\n21,37.5\n12,36.6\n"
_, headers, _ = call("POST", f"/v1/charts/{CHART}/score-file", table, Content_Type="text/csv", Prefer="respond-async", Idempotency_Key=key)
where = headers["Content-Location"]
while True:
    status, headers, found = call("GET", where)
    if status == 200:
        break
    time.sleep(float(headers["Retry-After"]))
job = json.loads(found)
print(f"job {job['state']}, {job['rows']} rows")
for file in job["files"]:
    if file["name"].startswith("scores"):
        print(call("GET", file["href"])[2].decode(), end="")
call("DELETE", where)
