"""A made-up platform to try `mews-newtt conform` on: names, places and codes of its own, and a fault if one is asked for. Never for care.

VENDOR_KEY=any-text python examples/vendor_platform.py --fault late-edge        # answers HTTP, says its address
python examples/vendor_platform.py --lines                                      # answers lines of JSON
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from mews_newtt import Chart, Score, load_chart, score

FAULTS = ("none", "late-edge", "missing-as-zero")
LATE = 3  # recording steps
STATES = {"complete": "full", "partial": "incomplete"}
PLACES = {
    "respiratory_rate": ("vitals", "resp"),
    "oxygen_saturation": ("vitals", "sats"),
    "temperature": ("vitals", "temp"),
    "heart_rate": ("vitals", "pulse"),
    "systolic_bp": ("vitals", "bp", "sys"),
    "diastolic_bp": ("vitals", "bp", "dia"),
    "air_or_oxygen": ("vitals", "o2"),
    "consciousness": ("avpu",),
    "concern": ("worried",),
    "patient_group": ("person", "group"),
    "hours_since_birth": ("person", "hours_after_birth"),
}


def late(chart: Chart, name: str) -> Chart:
    """The chart with the edge above a parameter's quietest band some steps too late, in its last table."""
    parameter = chart.by_id[name]
    bands = list(parameter.tables[-1].bands)
    place = next(at for at, band in enumerate(bands) if band.points == 0)
    by = LATE * parameter.observation.step
    low, high = bands[place].interval, bands[place + 1].interval
    bands[place] = replace(bands[place], interval=replace(low, high=low.high + by))
    bands[place + 1] = replace(bands[place + 1], interval=replace(high, low=high.low + by))
    moved = replace(parameter, tables=(*parameter.tables[:-1], replace(parameter.tables[-1], bands=tuple(bands))))
    return replace(chart, parameters=tuple(moved if one.id == name else one for one in chart.parameters))


def counts_missing(result: Score) -> bool:
    """Whether a scored row lacks its reading: this platform then counts it as 0. A set that only lacks what selects a table stays partial."""
    return result.status == "partial" and any(row.missing and row.role == "scored" for row in result.parameters)


class Platform:
    """Reads a request as the made-up vendor writes it, and answers as it would."""

    def __init__(self, chart: Chart, fault: str):
        self.chart, self.fault = late(chart, "heart_rate") if fault == "late-edge" else chart, fault

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        given = {}
        for name, place in PLACES.items():
            found: Any = request
            for key in place:
                found = found.get(key, {}) if isinstance(found, dict) else {}
            if found not in ({}, None):
                given[name] = "none" if (name, found) == ("concern", "no") else found
        result = score(self.chart, given, raise_refused=False)
        if result.status == "refused":
            return {"fault": "not accepted"}
        state, total = STATES[result.status], result.total
        if self.fault == "missing-as-zero" and counts_missing(result):
            state, total = "full", result.total_min
        return {"result": {"score": total, "band": result.level, "state": state}}


def serve(platform: Platform, port: int, key: str) -> None:
    """Answer HTTP requests that carry the key."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.headers.get("X-API-Key") != key:
                self.reply(401, {"fault": "no key"})
                return
            found = platform.answer(json.loads(body))
            self.reply(400 if "fault" in found else 200, found)

        def reply(self, code: int, document: dict[str, Any]) -> None:
            content = json.dumps(document).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing about anybody is logged."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description="A made-up platform, with a fault if one is asked for. Never for care.")
    parser.add_argument("--chart", default="mews")
    parser.add_argument("--fault", choices=FAULTS, default="none")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--lines", action="store_true", help="answer lines of JSON: the readings by their own names, total, level and status")
    arguments = parser.parse_args()
    platform = Platform(load_chart(arguments.chart), arguments.fault)
    if not arguments.lines:
        serve(platform, arguments.port, os.environ.get("VENDOR_KEY", "demo"))
        return
    for line in sys.stdin:
        result = score(platform.chart, json.loads(line)["given"], raise_refused=False)
        zero = arguments.fault == "missing-as-zero" and counts_missing(result)
        total = result.total_min if zero else result.total
        status = "complete" if zero else result.status
        print(json.dumps({"status": status, "total": total, "level": result.level, "points": result.points()}), flush=True)


if __name__ == "__main__":
    main()
