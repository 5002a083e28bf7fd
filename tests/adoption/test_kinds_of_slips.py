"""Every kind of slip, the same in both sheets (at least 90 kinds): the places where one passes are listed, each with the reason why no check can know."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mews_newtt import load_chart
from mews_newtt.adoption.layout import Line
from tests.adoption.support import adopted, lines_of, write
from tests.adoption.test_slips import cells

Kind = tuple[str, ...]  # section, heading (empty for a whole row), slip; and the chart
PASS: dict[tuple[str, str], str] = {
    # What a document prints can only be read from the document. Where the chart follows another one of its name, more is asked (test_doubts).
    ("Bands", "points"): "any points that do not fall outwards may be printed",
    ("Levels", "total"): "the lowest level needs no total: it holds where no other level is reached",
    ("Levels", "counts"): "a chart may count any number of rows",
    ("Scope", "when"): "whom the chart is not for is the document's choice",
    ("Scope", "row left out"): "the same",
    # Words, names and references: they change no score.
    ("Document", "value"): "citation, edition and licence are words",
    ("Chart", "value"): "titles, scope, notes, and the name and version of the chart",
    ("Parameters", "note"): "words",
    ("Bands", "printed"): "words",
    ("Contexts", "title"): "words",
    ("Contexts", "row left out"): "the title of a table",
    ("Zones", "title"): "words",
    ("Zones", "id"): "its id: rows that name it by its title mean it all the same",
    ("Zones", "colour"): "a colour",
    ("Levels", "level"): "the same: a level's id",
    ("Levels", "title"): "words",
    ("Scope", "says"): "words",
    ("Parameters", "source"): "another source of the sheet: without one it is the document",
    ("Levels", "source"): "the same",
    ("Scope", "source"): "the same",
    ("Other sources", "cite"): "words",
    ("Other sources", "took"): "words",
    ("Other sources", "doi"): "an address that nobody looks up",
    ("Other sources", "row left out"): "a source that no row names",
    # The order of these rows has no meaning.
    ("Bands", "rows exchanged"): "bands are put in order",
    ("Contexts", "rows exchanged"): "titles of tables",
    ("Parameters", "rows exchanged"): "the order in which the rows are shown",
    ("Scope", "rows exchanged"): "every row counts",
    ("Other sources", "rows exchanged"): "every row counts",
}


def _number(change: Callable[[int], int]) -> Callable[[str], str | None]:
    def slip(text: str) -> str | None:
        found = re.search(r"\d+", text)
        return text[: found.start()] + str(change(int(found[0]))) + text[found.end() :] if found else None

    return slip


SLIPS: dict[str, Callable[[str], str | None]] = {
    "one more": _number(lambda n: n + 1),
    "one less": _number(lambda n: max(0, n - 1)),
    "digits exchanged": _number(lambda n: int(str(n)[::-1])),
    "a digit twice": _number(lambda n: int(str(n)[:1] + str(n))),
    "left out": lambda text: "",
    "a letter more": lambda text: text + "x" if text[-1:].isalpha() else None,
    "first letter lost": lambda text: text[1:] if text[:1].isalpha() and len(text) > 2 else None,
    "nothing printed": lambda text: "-" if text != "-" else None,
}


def _other_rows(lines: list[Line]) -> Iterator[tuple[str, str, list[Line]]]:
    """Section, slip and lines: the first row of a section left out, written twice, or exchanged with the next."""
    section, first = "", -1
    for r, line in enumerate(lines):
        if line and str(line[0]).startswith("["):
            section, first = str(line[0]).strip("[]"), r + 2
        elif r == first and line and section not in ("Document", "Chart"):
            rest = lines[r + 1 :]
            yield section, "row left out", [*lines[:r], *rest]
            yield section, "row twice", [*lines[: r + 1], line, *rest]
            if rest and rest[0]:
                yield section, "rows exchanged", [*lines[:r], rest[0], line, *rest[1:]]


def _slips(first: list[Line], second: list[Line]) -> Iterator[tuple[Kind, list[list[Line]]]]:
    """Every kind of slip, with both sheets after it."""
    for r, c, section, heading in cells(first):
        for slip, change in SLIPS.items():
            wrong = change(str(first[r][c]))
            if wrong is not None and wrong != str(first[r][c]):
                yield (
                    (section, heading, slip),
                    [[*lines[:r], [wrong if place == c else cell for place, cell in enumerate(lines[r])], *lines[r + 1 :]] for lines in (first, second)],
                )
    for one, other in zip(_other_rows(first), _other_rows(second), strict=True):
        yield (one[0], "", one[1]), [one[2], other[2]]


@pytest.mark.deep
def test_the_same_slip_in_both_sheets(tmp_path: Path) -> None:
    tried: dict[Kind, bool] = {}
    for name in ("mews", "newtt2"):
        chart = load_chart(name)
        for key, sheets in _slips(lines_of(chart, 0), lines_of(chart, 1)):
            if (*key, name) in tried:
                continue
            folder = tmp_path / str(len(tried))
            folder.mkdir()
            files = [write(folder / f"{who}.csv", lines) for who, lines in enumerate(sheets)]
            tried[*key, name] = adopted(folder, chart, files).chart is None
    assert len({key[:3] for key in tried}) >= 200
    passed = {(section, heading or slip) for (section, heading, slip, _), stopped in tried.items() if not stopped}
    assert passed == PASS.keys(), {"not listed": passed - PASS.keys(), "listed, and stopped": PASS.keys() - passed}
