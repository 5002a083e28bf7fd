"""A platform's answers as a file that the public command reads."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from tests.platforms.platform import Platform, right_answers, scorer_of
from tests.platforms.scorer import Answer
from tests.platforms.sets import Row

FORMS = ("total", "level", "points")  # each states all that the one before states, and more


def cells(platform: Platform, answer: Answer, form: str) -> dict[str, str]:
    """What the platform states of one set."""
    if answer.refused:
        return {}
    stated = {"expected_total": "" if answer.total is None else str(answer.total)}
    if form in ("level", "points"):
        stated["expected_level"] = answer.level or ""
    if form == "points":
        stated |= {f"expected_points_{name}": str(points) for name, points in answer.points.items() if name in scorer_of(platform.chart).scored}
    return stated


def plain(chart: str, column: str, text: str) -> str:
    """A stated cell in one form: levels by id, numbers without a decimal."""
    if column == "expected_level":
        return next((rule["id"] for rule in scorer_of(chart).rules if text.lower() == rule["title"].lower()), text)
    return text.removesuffix(".0")


def wrong_rows(platform: Platform, rows: list[Row], answers: Sequence[Answer], form: str) -> int:
    """How many rows state something that the chart does not say. A blank cell states nothing."""
    wrong = 0
    for one, true in zip(answers, right_answers(platform.chart, rows), strict=True):
        stated, right = cells(platform, one, form), cells(platform, true, form)
        wrong += any(text and plain(platform.chart, column, text) != right.get(column, "") for column, text in stated.items())
    return wrong


def write(platform: Platform, form: str, path: Path, count: int | None = None) -> int:
    """Write the file; how many rows of it are wrong."""
    rows, answers = platform.answers(count)
    scorer = scorer_of(platform.chart)
    readings = [p["id"] for p in scorer.parameters]
    stated = ["expected_total", "expected_level", *[f"expected_points_{name}" for name in scorer.scored]][: {"total": 1, "level": 2}.get(form)]
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, ["person", "ward", "device", "taken_at", *readings, *stated], restval="")
        out.writeheader()
        for row, answer in zip(rows, answers, strict=True):
            who = {"person": row.person, "ward": row.ward, "device": row.device, "taken_at": row.taken_at.isoformat(sep=" ")}
            out.writerow({**who, **{name: str(value) for name, value in row.readings.items()}, **cells(platform, answer, form)})
    return wrong_rows(platform, rows, answers, form)
