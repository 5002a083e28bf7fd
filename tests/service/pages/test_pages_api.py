"""The page of the API: everything of the contract is on it, it needs no script and asks nobody else, and it is open to everyone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from mews_newtt_service.pages.api_page import type_of
from tests.service.pages.test_pages_access import findings

CONTRACT = json.loads((Path(__file__).resolve().parents[3] / "service" / "openapi.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def text(service: str) -> str:
    answer = httpx.get(f"{service}/docs", timeout=60, trust_env=False)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    return answer.text


def test_every_operation_and_every_model_is_on_the_page(text: str) -> None:
    ids = set(re.findall(r' id="([^"]+)"', text))
    for path, item in CONTRACT["paths"].items():
        for method, operation in item.items():
            assert operation["operationId"] in ids
            assert f"{method.upper()} {path}" in text
    assert {f"model-{name}" for name in CONTRACT["components"]["schemas"]} <= ids


def test_every_link_inside_the_page_leads_somewhere(text: str) -> None:
    ids = set(re.findall(r' id="([^"]+)"', text))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= ids
    assert not re.findall(r'(?:href|src)="(?:https?:)?//', text)


def test_limits_and_units_are_said(text: str) -> None:
    temperature = re.search(r"<code>temperature</code>.*?</tr>", text, re.DOTALL)
    assert temperature and "°C" in temperature[0] and "number from 0 to 45" in temperature[0]


def test_it_looks_right_without_a_script_and_asks_nobody_else(page: Any) -> None:
    page.goto("/docs")
    assert page.locator("h1").inner_text() == "The API"
    page.locator("a", has_text="POST /v1/charts/{chart_id}/score").first.click()
    assert page.locator("#score_set").is_visible()
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert findings(page) == []
    page.set_viewport_size({"width": 320, "height": 256})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "number", "minimum": 0, "maximum": 45}, "number from 0 to 45"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text or null"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Row"}}, 'list of <a href="#model-Row">Row</a>'),
        ({"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}, "names to integer from 0"),
        ({"const": "<b>"}, "&#34;&lt;b&gt;&#34;"),
        ({"type": "string", "format": "binary"}, "file"),
        ({}, "anything"),
    ],
)
def test_types_in_words(schema: dict[str, Any], words: str) -> None:
    assert str(type_of(schema)) == words
