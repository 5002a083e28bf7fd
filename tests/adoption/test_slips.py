"""A slip in one sheet is always caught and named; the same slip in both wherever the checks can know."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from mews_newtt import load_chart
from mews_newtt.adoption.cells import address
from mews_newtt.adoption.layout import Line
from mews_newtt.chart.model import Chart
from tests.adoption.support import adopted, lines_of, write

# Columns in which checks of one chart cannot tell a slip that both make: it is as good a chart as the right one.
CANNOT_KNOW = {
    "points", "title", "comment", "says", "cite", "took", "doi", "note", "colour", "required", "observe again", "observe minutes",
    "review", "review minutes", "response", "value", "snomed", "assumed because", "printed", "id", "source", "counts", "prompt",
    "then", "kind", "assumed", "code", "when", "total", "transcribed",
}  # fmt: skip


def slip(text: str) -> str:
    """The cell as a slip of the pen leaves it: another number, or another letter."""
    if found := re.search(r"\d+", text):
        return text[: found.start()] + str(int(found[0]) + 1) + text[found.end() :]
    return {"yes": "no", "no": "yes", "-": "1"}.get(text, text + "x")


def cells(lines: list[Line]) -> Iterator[tuple[int, int, str, str]]:
    """Row, column, section and heading of every filled cell under a heading."""
    section, headings = "", []
    for r, line in enumerate(lines):
        if line and str(line[0]).startswith("["):
            section, headings = str(line[0]).strip("[]"), lines[r + 1]
        elif line is not headings and headings and line:
            for c, value in enumerate(line):
                own = section == "Document" and str(line[0]).startswith("transcribed ")
                if value is not None and value != "" and not own:
                    yield r, c, section, str(headings[c])


def changed(lines: list[Line], r: int, c: int) -> list[Line]:
    line = [slip(str(value)) if place == c else value for place, value in enumerate(lines[r])]
    return [*lines[:r], line, *lines[r + 1 :]]


def chart_named(name: str) -> Chart:
    return load_chart(name)


@pytest.mark.parametrize("name", ["modified-ews", *(pytest.param(name, marks=pytest.mark.deep) for name in ("mews", "mewt", "news2", "newtt2"))])
def test_every_slip_in_one_sheet_is_caught_and_its_cell_named(name: str, tmp_path: Path) -> None:
    chart = chart_named(name)
    a = write(tmp_path / "a.csv", lines_of(chart, 0))
    lines = lines_of(chart, 1)
    tried = 0
    for r, c, section, heading in cells(lines):
        b = write(tmp_path / "b.csv", changed(lines, r, c))
        found = adopted(tmp_path, chart, [a, b])
        place = address(r, c)
        assert found.chart is None, (section, heading, lines[r])
        named = {difference.address_b for difference in found.differences} | {
            word for problem in found.problems for word in re.findall(r"b\.csv, (?:row \d+, )?cell ([A-Z]+\d+)", problem.where)
        }
        row = {place, address(r, 0)}  # a slip in a key may show as a row that only one sheet has
        assert named & row, (place, section, heading, found)
        tried += 1
    assert tried > 100
    assert not list((tmp_path / "site").glob("*/*"))


@pytest.mark.parametrize("name", ["modified-ews", *(pytest.param(name, marks=pytest.mark.deep) for name in ("mews", "news2", "newtt2"))])
def test_the_same_slip_in_both_is_caught_where_the_checks_can_know(name: str, tmp_path: Path) -> None:
    chart = chart_named(name)
    first, second = lines_of(chart, 0), lines_of(chart, 1)
    unseen: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for place, (r, c, section, heading) in enumerate(cells(first)):
        folder = tmp_path / str(place)
        folder.mkdir()
        files = [write(folder / "a.csv", changed(first, r, c)), write(folder / "b.csv", changed(second, r, c))]
        found = adopted(folder, chart, files)
        (seen if found.chart is None else unseen)[f"{section}, {heading}"] += 1
        if found.chart is not None:
            assert heading in CANNOT_KNOW or (section, heading) == ("Levels", "level"), (section, heading, first[r])
    assert unseen, "there are slips that no check can see; docs/adopting.md lists them"
    for always in ("Bands, reading", "Bands, parameter", "Parameters, role"):
        assert seen[always], always
        assert not unseen[always], always


def test_a_row_left_out_of_one_sheet_is_named(tmp_path: Path) -> None:
    chart = load_chart("news2")
    lines = lines_of(chart, 1)
    gone = next(r for r, line in enumerate(lines) if line[:1] == ["heart_rate"] and "points" not in line and line[2:3] == ["41 to 50"])
    files = [write(tmp_path / "a.csv", lines_of(chart, 0)), write(tmp_path / "b.csv", [*lines[:gone], *lines[gone + 1 :]])]
    found = adopted(tmp_path, chart, files)
    assert found.chart is None
    lone = [difference for difference in found.differences if difference.address_b is None]
    assert [difference.address_a for difference in lone] == [address(gone, 0)]
    assert "no such row" in lone[0].says


def test_levels_in_another_order_are_a_difference(tmp_path: Path) -> None:
    chart = load_chart("newtt2")
    lines = lines_of(chart, 1)
    at = next(r for r, line in enumerate(lines) if line[:1] == ["[Levels]"]) + 2
    swapped = [*lines[: at + 1], lines[at + 2], lines[at + 1], *lines[at + 3 :]]
    found = adopted(tmp_path, chart, [write(tmp_path / "a.csv", lines_of(chart, 0)), write(tmp_path / "b.csv", swapped)])
    assert found.chart is None
    assert any("order of the rows" in difference.where for difference in found.differences)


def test_bands_may_stand_in_any_order(tmp_path: Path) -> None:
    chart = load_chart("mews", "0.1")
    lines = lines_of(chart, 1)
    at = [r for r, line in enumerate(lines) if line[:1] == ["heart_rate"] and len(line) > 3 and isinstance(line[3], int)]
    turned = [*lines[: at[0]], *reversed(lines[at[0] : at[-1] + 1]), *lines[at[-1] + 1 :]]
    found = adopted(tmp_path, chart, [write(tmp_path / "a.csv", lines_of(chart, 0)), write(tmp_path / "b.csv", turned)])
    assert found.chart is not None, (found.differences, found.problems)
