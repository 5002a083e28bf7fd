"""The examples of docs/plans.md work: each file is read by its plan, and no cell is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mews_newtt.reading.column_map import PLAN_KEYS

pytest.importorskip("polars")
from tests.plans.support import scored

PAGE = (Path(__file__).parents[2] / "docs" / "plans.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"### ([^\n]+)\n(?:(?!###).)*?```csv\n(.*?)```\n\n```toml\n(.*?)```", PAGE, re.S)


def test_every_shape_has_an_example() -> None:
    assert len(EXAMPLES) == PAGE.count("\n### ") == PAGE.count("```toml") >= 10


@pytest.mark.parametrize(("title", "source", "plan"), EXAMPLES, ids=[example[0] for example in EXAMPLES])
def test_an_example_of_the_page(tmp_path: Path, title: str, source: str, plan: str) -> None:
    found = scored(tmp_path, "mews@0.2" if "birth" in title else "news2", source, plan)
    assert found.rows and "refused" not in found.column("score_status"), found.column("error")
    for report in found.summary.readings:
        assert report.to_dict()["refused"] == [] and report.not_read == []


def test_every_key_is_in_the_table() -> None:
    table = PAGE[PAGE.index("## All keys") :]
    assert [key for key in PLAN_KEYS if key not in table] == []
