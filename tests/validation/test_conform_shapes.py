"""The adapters shown in docs/conform.md: each writes the request and reads the answer that is shown beside it."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import load_chart
from mews_newtt.validation.conform import Adapter, read_adapter
from mews_newtt.validation.conform.placeholders import Visit
from tests.cli.command import ROOT

CHART = load_chart("mews")
PAGE = (ROOT / "docs" / "conform.md").read_text(encoding="utf-8")
SHAPES = re.findall(r"### ([^\n]+)\n```toml\n(.*?)```\n```json\n(.*?)```\n```json\n(.*?)```", PAGE.partition("## Shapes")[2], re.S)
GIVEN = {"heart_rate": "118", "temperature": "37.4", "air_or_oxygen": "oxygen", "consciousness": "alert", "concern": "none"}
VISIT = Visit("mews-001", chart="mews", version="0.2")


def adapter_of(tmp_path: Path, text: str) -> Adapter:
    path = tmp_path / "adapter.toml"
    path.write_text(text, encoding="utf-8")
    return read_adapter(path, CHART)


def test_the_page_shows_the_shapes_that_vendors_have() -> None:
    assert len(SHAPES) == 4


@pytest.mark.parametrize(("toml", "request_text", "answer_text"), [shape[1:] for shape in SHAPES], ids=[shape[0] for shape in SHAPES])
def test_an_adapter_of_the_page_writes_and_reads_what_is_shown(toml: str, request_text: str, answer_text: str, tmp_path: Path) -> None:
    adapter = adapter_of(tmp_path, toml)
    assert adapter.request(GIVEN, CHART, VISIT) == json.loads(request_text)
    answer = adapter.read(json.loads(answer_text), CHART)
    assert (answer.total, answer.level) == ("4", "escalate")
    assert {name: points for name, points in answer.points.items() if points} in ({}, {"heart_rate": "2", "temperature": "0"})


def test_the_example_with_every_key_is_an_adapter(tmp_path: Path) -> None:
    block = re.search(r"## The adapter\n.*?```toml\n(.*?)```", PAGE, re.S)
    assert block is not None
    adapter = adapter_of(tmp_path, block[1])
    keys: Any = tomllib.loads(block[1])
    assert adapter.sends("consciousness", "alert") and not adapter.sends("consciousness", "confusion")
    assert adapter.request(GIVEN, CHART, VISIT)["observations"][-1] == {"code": "concern", "value": False}
    assert set(keys["request"]) >= {"reading", "always", "person", "first_time", "minutes_between", "units", "constants", "missing"}
