"""Judges the diagnosis of the public command on every made-up platform.

    python -m tests.platforms.judge OUT.tsv [--only NAME...] [--set second] [--form total|level|points] [--jobs 2] [--rows N]

Names that are in OUT.tsv already are passed over, so a run that was cut off goes on where it was. OUT.tsv has one line for each platform:
name, form, judgement, seconds, wrong rows, whether the verdict was certain, the words of the verdict, and the verdict as JSON, from which
`--again` judges the lines anew by the declarations as they are now, without a run.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import multiprocessing
import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mews_newtt.cli import main as command
from tests.platforms.catalogue import PLATFORMS
from tests.platforms.files import FORMS, write
from tests.platforms.platform import Platform
from tests.platforms.second import SECOND

SETS = {"first": PLATFORMS, "second": SECOND}
ALL = {**PLATFORMS, **SECOND}
RIGHT, PARTLY, RIGHTLY_SILENT = "right", "partly right", "rightly silent"
SILENT, MISLED, WRONG, CRASH = "silent though it could be said", "misled though hedged", "certain and wrong", "crash"
JUDGEMENTS = (RIGHT, PARTLY, RIGHTLY_SILENT, SILENT, MISLED, WRONG, CRASH)
BESIDE_THE_POINT = (
    r"this set would:[^\n]*",  # a case that tells two faults apart: its readings say nothing of the fault
    r"this table cannot tell it from [^:]*:",
    r"no other fault[^.]*\.?",
    r"(that|this) is not certain[^.]*\.?",
    r", which is no verdict",
    r"(explains?|breaks?|explained|leaves)[^;.]*?\d[\d,]* (of [\d,]+ )?(disagreements?|agreements?|rows?)",
    r",? (and no row that agrees contradicts|but [\d,]+ rows? that (agrees contradicts|agree contradict)) (it|them)",
    r"(all|of|the)? ?[\d,]+ of (the )?[\d,]+ (disagreements?|agreements?|rows)",
    r"[\d,]+ (disagreements?|agreements?)",
)
MOST_OTHERS = 150
FEW = 8  # with fewer wrong rows than this, no verdict is expected


@dataclass(frozen=True)
class Verdict:
    """What the command said of one file."""

    agrees: bool
    certain: bool
    words: str  # all that is said to the user, without its counts of rows
    named: frozenset[str]  # parameters of the first finding
    spoken: str  # the words as they are
    others: str = ""  # what the file cannot tell from the verdict, in words


def all_text(value: Any) -> list[str]:
    """Every text in a piece of JSON."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for one in value for text in all_text(one)] if isinstance(value, list) else []


def without_counts(words: str) -> str:
    """The words without numbers of rows, which are no numbers of a chart, and without how sure the verdict is."""
    for pattern in BESIDE_THE_POINT:
        words = re.sub(pattern, "", words, flags=re.IGNORECASE)
    return words


def verdict_in(report: dict[str, Any]) -> Verdict:
    """The verdict of a report.json."""
    found = report.get("diagnosis") or {}
    first = (found.get("findings") or [{}])[0]
    named = {name for fault in first.get("faults", [])[:1] for name in fault.get("parameters", [])} | set(first.get("parameters", []))
    spoken = found.get("words") or found.get("not_made") or ""
    parts = [spoken]
    if not re.search("no verdict", spoken) and found.get("certain"):
        parts += [text for key, value in first.items() if key != "faults" for text in all_text(value)]
    others = [tie.get("words", "") for tie in found.get("ties") or [] if isinstance(tie, dict)][:MOST_OTHERS]
    return Verdict(
        report["verdict"] == "agrees", bool(found.get("certain")), without_counts("\n".join(parts)), frozenset(named), spoken, "\n".join(others)
    )


def judged(platform: Platform, verdict: Verdict, wrong: int) -> str:
    """The judgement on one verdict; `wrong` is the number of rows that the platform answers wrongly in this form."""
    if not platform.faulty:
        return RIGHT if verdict.agrees else WRONG
    silence = platform.silence or wrong < FEW
    if verdict.agrees or not verdict.spoken:
        return RIGHTLY_SILENT if silence or wrong == 0 else SILENT
    words = without_counts(verdict.spoken + "\n" + verdict.words)
    parts = [[part.said_in(words, verdict.named) for part in answer] for answer in platform.right]
    whole, some = any(all(hits) for hits in parts), any(any(hits) for hits in parts)
    near = any(part.said_in(words, verdict.named) for part in platform.near)
    mine = {name for answer in platform.right for part in answer for name in part.about} | set(platform.names)
    beside = bool(mine) and bool(verdict.named - mine)
    if verdict.certain:
        return RIGHT if whole and not beside else PARTLY if whole or some else WRONG
    says_nothing = bool(re.search(r"^\W*no .*(explain|fault)", verdict.spoken, re.IGNORECASE))
    if whole and not says_nothing:
        return PARTLY if beside else RIGHT
    if silence and says_nothing:
        return RIGHTLY_SILENT
    among_others = any(
        all(part.said_in(without_counts(line), verdict.named) for part in answer) for answer in platform.right for line in verdict.others.splitlines()
    )
    if whole or some or near or among_others:
        return PARTLY
    if not says_nothing or "nearest" in verdict.spoken:
        return MISLED
    return SILENT


def ask(platform: Platform, form: str, folder: Path, count: int | None = None) -> tuple[str, float, int, Verdict | None, str]:
    """Run the public command on one platform: judgement, seconds, wrong rows, verdict, and what it printed if it failed."""
    file, reports = folder / f"{platform.name}.csv", folder / f"{platform.name}-report"
    wrong = write(platform, form, file, count)
    began = time.monotonic()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            code = command(["validate", platform.chart, str(file), "--report", str(reports), "--date", "2026-01-01"])
        except Exception:  # whatever it is, it is a crash of the command
            code = -1
            traceback.print_exc()
    seconds = time.monotonic() - began
    report = reports / "report.json"
    if code not in (0, 1) or "Traceback" in printed.getvalue() or not report.exists():
        return CRASH, seconds, wrong, None, printed.getvalue()[-400:]
    verdict = verdict_in(json.loads(report.read_text(encoding="utf-8")))
    return judged(platform, verdict, wrong), seconds, wrong, verdict, ""


def line_of(platform: Platform, form: str, count: int | None = None) -> str:
    """One line of OUT.tsv."""
    with tempfile.TemporaryDirectory() as folder:
        judgement, seconds, wrong, verdict, printed = ask(platform, form, Path(folder), count)
    words = printed if verdict is None else verdict.spoken
    certain = "" if verdict is None else "certain" if verdict.certain else "not certain"
    kept = "" if verdict is None else json.dumps({**asdict(verdict), "named": sorted(verdict.named)})
    return "\t".join([platform.name, form, judgement, f"{seconds:.1f}", str(wrong), certain, " ".join(words.split()), kept])


def judged_again(line: str) -> str:
    """The same line with the judgement of today's declarations."""
    name, form, judgement, seconds, wrong, certain, words, kept = line.split("\t")
    if name in ALL and kept:
        verdict = json.loads(kept)
        judgement = judged(ALL[name], Verdict(**{**verdict, "named": frozenset(verdict["named"])}), int(wrong))
    return "\t".join([name, form, judgement, seconds, wrong, certain, words, kept])


def in_turn(platforms: dict[str, Platform]) -> list[Platform]:
    """The charts take turns, so that a run that was cut off has seen them all."""
    place: Counter[str] = Counter()
    turn = {}
    for name, platform in platforms.items():
        turn[name] = place[platform.chart]
        place[platform.chart] += 1
    return sorted(platforms.values(), key=lambda platform: turn[platform.name])


def lines_of(chosen: Sequence[Platform], form: str, rows: int | None, jobs: int) -> Iterator[str]:
    """Their lines, as they are finished."""
    if jobs == 1:
        yield from (line_of(platform, form, rows) for platform in chosen)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for finished in as_completed([pool.submit(line_by_name, platform.name, form, rows) for platform in chosen]):
            yield finished.result()


def line_by_name(name: str, form: str, rows: int | None) -> str:
    """For another process: a platform holds functions, which cannot be sent to it."""
    return line_of(ALL[name], form, rows)


def main(arguments: list[str] | None = None) -> int:
    """Judge; exit code 1 if something crashed or was certain and wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.platforms.judge")
    parser.add_argument("out", type=Path)
    parser.add_argument("--set", choices=SETS, default="first", help="second: those written after the list of faults had been read")
    parser.add_argument("--only", nargs="+", default=[""], metavar="NAME", help="names, or the beginnings of names")
    parser.add_argument("--form", choices=FORMS, default="points")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--again", action="store_true", help="judge the lines of OUT.tsv anew, and run nothing for them")
    given = parser.parse_args(arguments)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    lines = given.out.read_text(encoding="utf-8").splitlines() if given.out.exists() else []
    if given.again:
        lines = [judged_again(line) for line in lines]
        given.out.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    done = {tuple(line.split("\t")[:2]) for line in lines}
    chosen = [p for p in in_turn(SETS[given.set]) if p.name.startswith(tuple(given.only)) and (p.name, given.form) not in done]
    with given.out.open("a", encoding="utf-8") as out:
        for line in lines_of(chosen, given.form, given.rows, given.jobs):
            print(line[:220], flush=True)
            out.write(line + "\n")
            out.flush()
            lines.append(line)
    counts = Counter(line.split("\t")[2] for line in lines if line.split("\t")[1] == given.form)
    print(f"\n{sum(counts.values())} platforms, form {given.form}")
    for judgement in JUDGEMENTS:
        print(f"{counts[judgement]:5}  {judgement}")
    return 1 if counts[WRONG] or counts[CRASH] else 0


if __name__ == "__main__":
    sys.exit(main())
