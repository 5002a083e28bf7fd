"""Load on loopback: single scores against a bare FastAPI endpoint of the same answer size, then while a large upload is worked on.

    python benchmarks/service_load.py [--seconds 5] [--connections 32] [--rows 1000000] [--against FOLDER] [--json]

The bare endpoint parses the same JSON with the standard library and returns JSON of the same size, on the same server with as many workers.
`--against` also measures the service of another checkout of this repository. All are checked before they are timed. Rounds alternate, and the
best of each counts, so that a busy machine harms all alike.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CHART = "news2"
BARE = """
import json, sys
from typing import Any
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
ANSWER = json.loads(sys.argv[1])
app = FastAPI()

@app.post("/typical")
async def typical(body: dict[str, Any]) -> dict[str, Any]:
    return ANSWER

@app.post("/lean")
async def lean(request: Request) -> JSONResponse:
    json.loads(await request.body())
    return JSONResponse(ANSWER)

uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False)
"""


def sets(count: int) -> list[bytes]:
    """Made-up observation sets, the same each time."""
    chance = random.Random(7)
    return [
        json.dumps(
            {
                "respiratory_rate": chance.randint(8, 30),
                "oxygen_saturation": chance.randint(85, 100),
                "air_or_oxygen": chance.choice(["air", "oxygen"]),
                "systolic_bp": chance.randint(80, 200),
                "heart_rate": chance.randint(40, 140),
                "consciousness": "alert",
                "temperature": round(chance.uniform(35, 40), 1),
            }
        ).encode()
        for _ in range(count)
    ]


async def load(port: int, path: str, bodies: list[bytes], connections: int, seconds: float) -> dict[str, float]:
    """Requests a second and latencies of so many connections that each send one request after another."""
    took: list[float] = []
    end = time.perf_counter() + seconds

    async def one(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: ".encode()
        place = number
        while time.perf_counter() < end:
            body = bodies[place % len(bodies)]
            place += connections
            start = time.perf_counter()
            writer.write(head + str(len(body)).encode() + b"\r\n\r\n" + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"not 200: {answer[:80]!r}")
            length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            took.append(time.perf_counter() - start)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(connections)))
    took.sort()
    return {
        "per_second": len(took) / (time.perf_counter() - began),
        "p50_ms": took[len(took) // 2] * 1000,
        "p99_ms": took[int(len(took) * 0.99)] * 1000,
    }


def processor_seconds(pid: int) -> float:
    """What a server has used of the processor; on a busy machine the ratio of two servers' use tells more than their speed."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def wait_for(port: int) -> None:
    import socket

    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


def post(port: int, path: str, body: bytes, kind: str = "application/json", **headers: str) -> tuple[int, dict[str, str], bytes]:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request("POST", path, body, {"Content-Type": kind, **headers})
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


def table_of(folder: Path, rows: int) -> Path:
    """A CSV file of so many rows."""
    chosen = [json.loads(body) for body in sets(2000)]
    names = list(chosen[0])
    lines = [",".join(str(one[name]) for name in names) for one in chosen]
    path = folder / "many.csv"
    with path.open("w") as out:
        out.write(",".join(names) + "\n")
        for start in range(0, rows, len(lines)):
            out.write("\n".join(lines[: rows - start]) + "\n")
    return path


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    from mews_newtt import load_chart, score

    chart = load_chart(CHART)
    bodies = sets(2000)
    expected = {**score(chart, json.loads(bodies[0])).to_dict()}
    path = f"/v1/charts/{CHART}/score"
    found: dict[str, Any] = {"connections": arguments.connections, "seconds": arguments.seconds, "rows": arguments.rows}
    for start in range(arguments.starts):  # one process may be luckier with its memory than the next
        _measure_once(arguments, found, bodies, path, expected, chart if start == 0 else None)
    for bare in ("bare_typical", "bare_lean", *(["against"] if arguments.against else [])):
        found[f"throughput_to_{bare}"] = found["service"]["per_second"] / found[bare]["per_second"]
        found[f"processor_to_{bare}"] = found["service"]["processor_us"] / found[bare]["processor_us"]
        found[f"p99_to_{bare}"] = found["service"]["p99_ms"] / found[bare]["p99_ms"]
    return found


def _measure_once(arguments: argparse.Namespace, found: dict[str, Any], bodies: list[bytes], path: str, expected: Any, chart: Any) -> None:
    """Start all servers and load them; with a chart, measure the upload too."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        own_port, bare_port, other_port = free_port(), free_port(), free_port()
        with open(os.devnull, "w") as quiet:
            servers = [
                start_service(ROOT, own_port, folder / "data", quiet),
                subprocess.Popen([sys.executable, "-c", BARE, json.dumps(expected), str(bare_port)]),
            ]
            if arguments.against:
                servers.append(start_service(arguments.against, other_port, folder / "other", quiet))
        own, bare = servers[:2]
        measured = [("service", own_port, path, own), ("bare_typical", bare_port, "/typical", bare), ("bare_lean", bare_port, "/lean", bare)]
        if arguments.against:
            measured.append(("against", other_port, path, servers[2]))
        try:
            for label, port, route, _ in measured:
                wait_for(port)
                if route == path:
                    check_answer(label, port, path, bodies[0], expected)
                asyncio.run(load(port, route, bodies, arguments.connections, 0.5))
            for turn in range(arguments.rounds):
                for label, port, route, server in measured if turn % 2 == 0 else reversed(measured):
                    before = processor_seconds(server.pid)
                    result = asyncio.run(load(port, route, bodies, arguments.connections, arguments.seconds))
                    used = processor_seconds(server.pid) - before
                    result["processor_us"] = used / (result["per_second"] * arguments.seconds) * 1e6
                    if label not in found:
                        found[label] = result
                    least = min(found[label]["processor_us"], result["processor_us"])
                    if result["per_second"] > found[label]["per_second"]:
                        found[label] = result
                    found[label]["processor_us"] = least
            if arguments.rows and chart is not None:
                found["upload"] = upload(own_port, folder, arguments, chart, bodies, path)
        finally:
            for server in servers:
                server.terminate()
            for server in servers:
                server.wait(60)


def start_service(root: Path, port: int, data: Path, quiet: Any) -> subprocess.Popen[bytes]:
    """The service of a checkout, as its user starts it; its code comes from there, wherever this is run."""
    path = os.pathsep.join([str(root.resolve()), str(root.resolve() / "service")])
    environment = {**os.environ, "MEWS_NEWTT_DATA_FOLDER": str(data), "PYTHONPATH": path}
    return subprocess.Popen([sys.executable, "-m", "mews_newtt", "serve", "--port", str(port)], env=environment, stderr=quiet, cwd=root)


def check_answer(label: str, port: int, path: str, body: bytes, expected: Any) -> None:
    """End the benchmark if a service does not give the library's score."""
    status, _, answer = post(port, path, body)
    got = json.loads(answer)
    got.pop("engine_version")
    if status != 200 or (label == "service" and got != expected):
        raise SystemExit("the service's answer is not the library's")


def upload(port: int, folder: Path, arguments: argparse.Namespace, chart: Any, bodies: list[bytes], path: str) -> dict[str, Any]:
    """Rows a second over HTTP and in the library; p99 of a few single scores a time, quiet and during the upload."""
    import threading

    from mews_newtt.tables.files import score_file

    source = table_of(folder, arguments.rows)
    score_file(chart, source, folder / "warm.csv")
    start = time.perf_counter()
    score_file(chart, source, folder / "library.csv")
    library = time.perf_counter() - start
    whole = (folder / "library.csv").read_bytes()
    body = source.read_bytes()
    post(port, f"/v1/charts/{CHART}/score-many", body, "text/csv")  # both are warm
    start = time.perf_counter()
    status, _, answer = post(port, f"/v1/charts/{CHART}/score-many", body, "text/csv")
    served = time.perf_counter() - start
    if status != 200 or answer != whole:
        raise SystemExit("the service's file is not the library's")
    quiet = asyncio.run(load(port, path, bodies, 4, arguments.seconds))
    busy_with = threading.Thread(target=post, args=(port, f"/v1/charts/{CHART}/score-many", body, "text/csv"))
    busy_with.start()
    busy = asyncio.run(load(port, path, bodies, 4, max(1.0, served * 0.8)))
    busy_with.join()
    return {
        "library_rows_per_second": arguments.rows / library,
        "service_rows_per_second": arguments.rows / served,
        "rows_to_library": library / served,
        "quiet_p99_ms": quiet["p99_ms"],
        "busy_p99_ms": busy["p99_ms"],
        "p99_to_quiet": busy["p99_ms"] / quiet["p99_ms"],
    }


def section(found: dict[str, Any], arguments: argparse.Namespace, where: str) -> list[str]:
    """The results as RESULTS.md shows them."""
    lines = [
        f"`python benchmarks/service_load.py --rows {arguments.rows} --starts {arguments.starts} --write`, {where}.",
        f"One web process, {arguments.connections} connections on loopback; the best of {arguments.rounds * arguments.starts} rounds of",
        f"{arguments.seconds:g} s each, in turn, on {arguments.starts} starts of both.",
        "The bare endpoints parse the same JSON and return JSON of the same size: as FastAPI's tutorial does it (*typical*),",
        "and with the request read by hand (*lean*).",
        "",
        "| endpoint | requests/s | p50 ms | p99 ms | our throughput of it (aim: at least 0.8) | our p99 of it (aim: at most 1.5) |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, title in (("service", "**mews_newtt, one set scored**"), ("bare_typical", "bare, typical"), ("bare_lean", "bare, lean")):
        one = found[name]
        ratios = [f"{found[f'{what}_to_{name}']:.2f}" if name != "service" else "" for what in ("throughput", "p99")]
        lines.append(f"| {title} | {one['per_second']:,.0f} | {one['p50_ms']:.2f} | {one['p99_ms']:.2f} | {ratios[0]} | {ratios[1]} |")
    if arguments.rows:
        large = found["upload"]
        lines += [
            "",
            f"A CSV upload of {arguments.rows:,} rows: {large['service_rows_per_second']:,.0f} rows/s against "
            f"{large['library_rows_per_second']:,.0f} by the library on the same file,",
            f"{large['rows_to_library']:.2f} of it (aim: at least 0.5). Single scores meanwhile: p99 {large['busy_p99_ms']:.2f} ms against "
            f"{large['quiet_p99_ms']:.2f} ms when quiet,",
            f"{large['p99_to_quiet']:.2f}x (aim: at most 3x).",
        ]
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--starts", type=int, default=1, help="how often both servers are started anew")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the upload; 0 leaves it out")
    parser.add_argument("--against", type=Path, help="another checkout, whose service is measured in the same run")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="write the section of RESULTS.md")
    arguments = parser.parse_args()
    found = measure(arguments)
    if arguments.write:
        from measure import machine, write_section

        write_section("service_load", "The service under load", [*section(found, arguments, machine())])
    if arguments.json:
        print(json.dumps(found, indent=2))
        return 0
    for name, value in found.items():
        if isinstance(value, dict):
            print(name + ": " + ", ".join(f"{key} {part:,.2f}" for key, part in value.items()))
        else:
            print(f"{name}: {value:,.2f}" if isinstance(value, float) else f"{name}: {value}")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
