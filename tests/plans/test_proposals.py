"""`mews-newtt plan` on files as hospital systems make them: each is proposed a plan that reads what is right, by few and plain questions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("polars")
pytest.importorskip("openpyxl")

from mews_newtt import load_chart, read_plan
from tests.plans.proposal_cases import CASES, proposal_of, wrong
from tests.plans.support import scored

MOST = 10  # questions about one ordinary file


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_file_of_a_hospital(tmp_path: Path, case: dict[str, Any]) -> None:
    found, answers, path = proposal_of(case, tmp_path)
    assert not answers.unknown, [question.text for question in answers.unknown]
    assert len(answers.asked) <= case.get("most", MOST)
    assert len(answers.used) == len(case.get("answers", [])), "an answer has no question"
    assert case.get("says", "") in found.text
    assert not set(case.get("not_read", [])) - found.not_read.keys()
    assert len(found.open) == case.get("open", 0)
    for column in case.get("columns_not_read", []):
        assert f'"{column}" =' not in found.text and f"{column} =" not in found.text
    if found.open:
        return
    plan = tmp_path / "proposed.toml"
    plan.write_text(found.text, encoding="utf-8")
    # a map keeps the names of the file; as a plan it means the same, and gives ours
    as_plan = found.text + ("\n[times]\n" if read_plan(plan, observations=load_chart(case["chart"]).observations).is_map else "")
    assert wrong(case, scored(tmp_path, case["chart"], path, as_plan, path.name)) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_question_can_be_read_and_answered(tmp_path: Path, case: dict[str, Any]) -> None:
    _, answers, _ = proposal_of(case | {"answers": []}, tmp_path)
    for question in answers.asked:
        said = [choice.says for choice in question.choices]
        assert len(question.text) < 700 and "mews-newtt." not in question.text and "(?" not in question.text and question.text.endswith(("?", ")"))
        assert len(said) == len(set(said)) <= 12 and all(len(each) < 250 for each in said)
