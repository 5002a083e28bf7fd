"""No page shows names or codes that only the software knows: no ids of parameters, no UCUM codes. Addresses and JSON to copy may hold them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from mews_newtt import charts
from mews_newtt.chart.units import as_written, unit_said

IDS = {parameter.id for chart in charts() for parameter in chart.parameters if "_" in parameter.id}
CODES = re.compile(r"(?<!\w)(?:Cel|\[degF\]|mm\[Hg\])(?!\w)")
PAGES = ["/", "/workbench/try", "/workbench/learn", "/workbench/validate", "/workbench/pack", "/workbench/about"]


class _Words(HTMLParser):
    """The words that somebody reads, without code, text to copy, and the list of column names that a file must have."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style", "pre", "code")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style", "pre", "code")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def strange(html: str) -> list[str]:
    found = _Words()
    found.feed(html)
    text = " ".join(found.words)
    return sorted({name for name in IDS if re.search(rf"(?<!\w){name}(?!\w)", text)} | set(CODES.findall(text)))


def test_no_page_shows_ids_or_codes(client: Any) -> None:
    walked = {path: client.get(path) for path in PAGES}
    for chart in charts():
        path = f"{chart.id}/{chart.version}"
        for address in (f"charts/{path}", f"try/{path}", f"try/{path}?example=wrong-unit", f"try/{path}?example=one-missing", f"learn/{path}", f"learn/{path}/7/1", f"series/{path}", f"samples/{path}"):
            walked[address] = client.get(f"/workbench/{address}")
    assert {path: answer.status_code for path, answer in walked.items() if answer.status_code != 200} == {}
    assert {path: found for path, answer in walked.items() if (found := strange(answer.text))} == {}


def test_a_refused_set_names_its_fields_and_units_in_words(client: Any) -> None:
    answer = client.post("/workbench/try/news2/2017.1", data={"temperature": "98.6", "heart_rate": "fast", "air_or_oxygen": "x"}, headers={"Origin": str(client.base_url).rstrip("/")})
    assert "Heart rate" in answer.text and "°C" in answer.text and strange(answer.text) == []


def test_units_are_written_as_people_write_them() -> None:
    assert [unit_said(code) for code in ("Cel", "[degF]", "mm[Hg]", "a", "1", "/min")] == ["°C", "°F", "mmHg", "years", "", "/min"]
    assert as_written("36.0-36.4 Cel or 98 [degF], Celsius, 120 mm[Hg].") == "36.0-36.4 °C or 98 °F, Celsius, 120 mmHg."
