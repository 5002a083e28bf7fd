"""At least 90 kinds of slip, the same in both sheets: most are stopped; those that pass are of columns of which no check can know, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mews_newtt import load_chart
from tests.adoption.support import adopted, lines_of, write
from tests.adoption.test_slips import cells

PASS: dict[str, str] = {
    "points": "a chart may print any points that do not fall outwards",
    "total": "a chart may reach a level at any total that leaves no hole",
    "counts": "a chart may count any number of rows",
    "level": "a chart may raise any of its levels by a trigger; and a level may have any name",
    "required": "what must be measured is the document's choice; a chart that follows another one is asked",
    "role": "a row without points may also only be recorded",
    "when": "a table may hold in any context, as long as the tables leave no hole",
    "then": "whom the chart is not for is the document's choice",
    "kind": "which rows count once is the document's choice",
    "parameters": "which rows count once is the document's choice",
    "parameter": "an edge that is unusual may be confirmed for any row",
    "code": "names of reasons are the document's own",
    "id": "names of zones, groups and sources are the document's own",
    "assumed": "which of the right answers is assumed is the document's choice",
    "prompt": "words",
    "printed": "words",
    "title": "words",
    "says": "words",
    "note": "words",
    "cite": "words",
    "took": "words",
    "doi": "an address that nobody looks up",
    "colour": "a colour",
    "snomed": "a code whose check digit holds",
    "source": "another source of the sheet",
    "transcribed": "names and days of another source",
    "assumed because": "words",
    "observe again": "words",
    "observe minutes": "any interval may be printed",
    "review": "words",
    "review minutes": "any interval may be printed",
    "response": "words",
    "value": "words, names and days of the head",
    "item": "an item of the head that may be left out",
    "reading": "the edges of two bands that agree",
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


@pytest.mark.deep
@pytest.mark.parametrize("name", ["mews", "newtt2"])
def test_the_same_slip_in_both_sheets(name: str, tmp_path: Path) -> None:
    chart = load_chart(name)
    sheets = [lines_of(chart, who) for who in (0, 1)]
    tried: dict[tuple[str, str, str], bool] = {}
    for r, c, section, heading in cells(sheets[0]):
        for slip, change in SLIPS.items():
            key = (section, heading, slip)
            wrong = change(str(sheets[0][r][c]))
            if key in tried or wrong is None or wrong == str(sheets[0][r][c]):
                continue
            folder = tmp_path / str(len(tried))
            folder.mkdir()
            files = [
                write(folder / f"{who}.csv", [*lines[:r], [wrong if place == c else cell for place, cell in enumerate(lines[r])], *lines[r + 1 :]])
                for who, lines in enumerate(sheets)
            ]
            tried[key] = adopted(folder, chart, files).chart is None
    assert len(tried) >= 90
    passed = [key for key, stopped in tried.items() if not stopped]
    assert {heading for _, heading, _ in passed} <= PASS.keys(), passed
    assert not [key for key in passed if key[1] == "reading" and key[2] in ("one more", "one less", "left out")], (
        "a hole or an overlap is always seen"
    )
