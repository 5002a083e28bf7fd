"""One observation set, scored in process: this package beside its peers, on the same set, in one run.

    python benchmarks/one_score.py [--quick]

Prints microseconds (median of rounds) and ratios; checks that all agree on the total first. `--write` adds the table to RESULTS.md.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mews_newtt import ObservationSet, load_chart, score

GIVEN: dict[str, Any] = {
    "respiratory_rate": 21,
    "oxygen_saturation": 93,
    "air_or_oxygen": "air",
    "systolic_bp": 120,
    "heart_rate": 95,
    "consciousness": "alert",
    "temperature": 37.5,
}


def hand_written(v: dict[str, Any]) -> int:
    """NEWS2, scale 1, as a vendor would write it: no checks, no explanation. The floor of plain Python."""
    rr, s, bp, hr, t = v["respiratory_rate"], v["oxygen_saturation"], v["systolic_bp"], v["heart_rate"], v["temperature"]
    total = 3 if rr <= 8 else 1 if rr <= 11 else 0 if rr <= 20 else 2 if rr <= 24 else 3
    total += 3 if s <= 91 else 2 if s <= 93 else 1 if s <= 95 else 0
    total += 2 if v["air_or_oxygen"] == "oxygen" else 0
    total += 3 if bp <= 90 else 2 if bp <= 100 else 1 if bp <= 110 else 0 if bp <= 219 else 3
    total += 3 if hr <= 40 else 1 if hr <= 50 else 0 if hr <= 90 else 1 if hr <= 110 else 2 if hr <= 130 else 3
    total += 0 if v["consciousness"] == "alert" else 3
    return total + (3 if t <= 35.0 else 1 if t <= 36.0 else 0 if t <= 38.0 else 1 if t <= 39.0 else 2)


def engines() -> dict[str, Callable[[], int]]:
    chart = load_chart("news2")
    ready = ObservationSet(GIVEN)

    def explained() -> int:
        result = score(chart, GIVEN)
        return result.total if result.parameters and result.reasons else -1

    found: dict[str, Callable[[], int]] = {
        "mews_newtt, from a validated set": lambda: score(chart, ready).total or 0,
        "mews_newtt, from a raw dict, every row and reason": explained,
        "mews_newtt, the same and all words as JSON": lambda: 5 if '"total": 5,' in score(chart, GIVEN).to_json() else -1,
        "hand-written if/else, no checks (floor)": lambda: hand_written(GIVEN),
    }
    try:
        import clincalc

        peer = {
            "respiratory_rate": 21,
            "spo2": 93,
            "on_oxygen": False,
            "systolic_bp": 120,
            "pulse": 95,
            "consciousness": "alert",
            "temperature": 37.5,
            "spo2_scale": "1",
        }
        found["clincalc (Rust)"] = _clincalc(clincalc, peer)
    except ImportError:
        print("clincalc is not installed: `make bench` installs it", file=sys.stderr)
    try:
        from vitalscore import score_news2  # type: ignore[import-not-found]  # a peer; only `make bench` installs it

        found["vitalscore"] = _vitalscore(score_news2)
    except ImportError:
        print("vitalscore is not installed: `make bench` installs it", file=sys.stderr)
    return found


def _clincalc(clincalc: Any, peer: dict[str, Any]) -> Callable[[], int]:
    def run() -> int:
        return int(clincalc.calculate("news2", peer)["result"])

    return run


def _vitalscore(score_news2: Any) -> Callable[[], int]:
    def run() -> int:
        return int(score_news2(21, 93, False, 120, 95, "A", 37.5).total)

    return run


def microseconds(run: Callable[[], int], rounds: int, calls: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(calls):
            run()
        times.append((time.perf_counter() - start) / calls * 1e6)
    return statistics.median(times)


def cold_start(rounds: int) -> list[tuple[str, float]]:
    """Whole processes: the scoring command from cold beside the import of pydantic."""
    commands = {
        "python -c 'import pydantic'": [sys.executable, "-c", "import pydantic"],
        "mews-newtt score news2 --obs ...": [sys.executable, "-m", "mews_newtt", "score", "news2", "--obs", *(f"{k}={v}" for k, v in GIVEN.items())],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):  # turn by turn, so that a noisy minute hits both
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            times[name].append((time.perf_counter() - start) * 1e3)
    return [(name, statistics.median(found)) for name, found in times.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a smoke run: few rounds")
    parser.add_argument("--write", type=Path, help="write the tables to this file")
    arguments = parser.parse_args()
    rounds, calls, processes = (3, 200, 3) if arguments.quick else (15, 5000, 15)

    found = engines()
    for name, run in found.items():
        if (total := run()) != 5:
            raise SystemExit(f"{name} gives {total}, not 5: not timed")
    timed = {name: microseconds(run, rounds, calls) for name, run in found.items()}
    ours = timed["mews_newtt, from a validated set"]
    lines = [
        f"Python {platform.python_version()}, {platform.machine()}, medians of {rounds} rounds",
        "",
        "| one NEWS2 set | microseconds | of the first row |",
        "| --- | ---: | ---: |",
    ]
    lines += [f"| {name} | {time_:.1f} | {time_ / ours:.2f} |" for name, time_ in timed.items()]
    lines += ["", "| a whole process | milliseconds | of the first row |", "| --- | ---: | ---: |"]
    cold = cold_start(processes)
    lines += [f"| `{name}` | {time_:.0f} | {time_ / cold[0][1]:.2f} |" for name, time_ in cold]
    text = "\n".join(lines) + "\n"
    print(text)
    if arguments.write:
        arguments.write.write_text("# One set\n\n`python benchmarks/one_score.py`, " + text, encoding="utf-8")


if __name__ == "__main__":
    main()
