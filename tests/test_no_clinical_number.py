"""Thresholds are in rules/ alone: no module of the package or the service compares with a number of its own that could be a clinical one.

Two nets. A number with a fraction that is an edge or limit in rules/ may not be in the code at all. And a comparison with any other number than 0, 1 and -1
must be known here, with the reason in the name of its side: sizes, counts and times of the program, never a reading, a total or points.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest

from mews_newtt import charts
from mews_newtt.chart.catalogue import catalogue
from tests.parsed import parsed

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted([*(ROOT / "mews_newtt").rglob("*.py"), *(ROOT / "service" / "mews_newtt_service").rglob("*.py")])
CLINICAL_NAMES = ("total", "points", "reading", "value", "score", "rate", "temperature", "pressure", "saturation", "age", "hours", "fever", "worth", "level")
KNOWN = {  # file and text
    ("mews_newtt/engines/packed/layout.py", "LEVEL_BITS = 12"),
    ("mews_newtt/engines/numba/factorize.py", "abs(value) < 1000000000000000.0"),  # whole numbers that a float64 holds exactly
    ("mews_newtt/chart/check_names.py", "0 <= band.points <= 100"),  # a limit of the format
    ("mews_newtt/chart/check_names.py", "0 <= skip.points <= 100"),
    ("mews_newtt/validation/cases/pool.py", "0.55"),  # the share of rows that a random set changes
    ("mews_newtt/validation/collect.py", "0 <= value <= 99"),  # an expected total that could be one
    ("mews_newtt/validation/diagnose/from_answers.py", "MOST_POINTS = 250"),  # no chart prints so many
    ("mews_newtt/episode/read_policy.py", "MOST_HOURS = 100000"),  # a limit of the format
    ("mews_newtt/drawn/places.py", "BREAK_HOURS = 12"),  # where a drawing breaks its line
    ("service/mews_newtt_service/metrics.py", "2.5"),  # seconds
    ("service/mews_newtt_service/jobs/job_times.py", "2.5"),
}


def clinical_numbers() -> set[Decimal]:
    """Every edge of a band, total or condition of the charts that ship, and every limit of an observation, that has a fraction."""
    intervals = [band.interval for chart in charts() for p in chart.parameters for table in p.tables for band in table.bands]
    intervals += [limit for one in catalogue().observations.values() for limit in (one.impossible, one.implausible)]
    edges = {edge for interval in intervals if interval is not None for edge in (interval.low, interval.high) if edge is not None}
    return {edge for edge in edges if edge != edge.to_integral_value()}


def constants(tree: ast.AST) -> Iterator[tuple[int, Decimal]]:
    """Numbers of a module, those written as text (for Decimal and Fraction) too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and not isinstance(node.value, bool) and isinstance(node.value, int | float | str):
            try:
                yield node.lineno, Decimal(str(node.value))
            except InvalidOperation:
                continue


def compared(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Comparisons of something clinical by its name with a number other than 0, 1 and -1, and constants that are named so."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            sides = [node.targets[0], node.value]
        else:
            continue
        numbers = [side for side in sides if _number(side) not in (None, 0, 1, -1)]
        words = {word for side in sides for word in _name(side).casefold().split("_")}
        if numbers and words & {form for word in CLINICAL_NAMES for form in (word, word + "s")}:
            yield node.lineno, ast.unparse(node)


def _number(node: ast.expr) -> float | None:
    if _converts(node):
        node = node.args[0]  # type: ignore[attr-defined]  # Decimal("38.1")
    if isinstance(node, ast.Constant) and not isinstance(node.value, bool):
        try:
            return float(node.value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return None
    return None


def _name(node: ast.expr) -> str:
    """What a side is called, without what it is converted by."""
    while _converts(node):
        node = node.args[0]  # type: ignore[attr-defined]
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _converts(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Decimal", "Fraction", "abs", "float", "int") and len(node.args) == 1
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_clinical_number_in_code(path: Path) -> None:
    tree = parsed(path)
    edges = clinical_numbers()
    name = path.relative_to(ROOT).as_posix()
    assert not [(line, number) for line, number in constants(tree) if number in edges and (name, str(number)) not in KNOWN]
    assert not [(line, text) for line, text in compared(tree) if (name, text) not in KNOWN]


@pytest.mark.parametrize(
    "text", ["FEVER = 38.1", 'limit = Decimal("38.1")', "if total >= 7: pass", "if 25 <= reading.value: pass", "x = 3 <= row.points", "heart_rate = 131"]
)
def test_the_nets_catch_what_they_are_for(text: str) -> None:
    tree = parsed(text)
    edges = clinical_numbers()
    assert list(compared(tree)) or [number for _, number in constants(tree) if number in edges]
