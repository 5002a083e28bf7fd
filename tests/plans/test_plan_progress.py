"""The progress of a file that a plan reads: it grows from the first rows of the source to 1 at the last set."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("polars")
from mews_newtt import load_chart, read_plan, score_file
from mews_newtt.tables import blocks
from mews_newtt.tables.origins import encodings
from mews_newtt.tables.planned import spool
from mews_newtt.validation.compare import validate_file

LONG = '[long]\ncode = "item"\nvalue = "result"\nsubject = "id"\ntime = "at"\n[codes]\nexpected_total = "expected_total"\n'
ROWS = 4000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two files, cut into several blocks and parts."""
    monkeypatch.setattr(blocks, "BLOCK", 1 << 14)
    monkeypatch.setattr(encodings, "PART", 1 << 13)
    monkeypatch.setattr(spool, "ROWS_AT_ONCE", 1500)
    (tmp_path / "plan.toml").write_text(LONG, "utf-8")
    for name in ("a.csv", "b.csv"):
        lines = "".join(f"{name}{row // 2},2026-03-02T08:00,{('heart_rate', 'expected_total')[row % 2]},{(80, 1)[row % 2]}\n" for row in range(ROWS))
        (tmp_path / name).write_text("id,at,item,result\n" + lines, "utf-8")
    return tmp_path


def test_scoring_files_by_a_plan_moves_the_share_from_the_first_rows_on(folder: Path) -> None:
    seen: list[tuple[int, float | None]] = []
    chart = load_chart("mews@0.1")
    plan = read_plan(folder / "plan.toml", observations=chart.observations)
    score_file(chart, [folder / "a.csv", folder / "b.csv"], folder / "out.csv", plan=plan, progress=lambda *each: seen.append(each))
    shares = [share for _, share in seen if share is not None]
    assert len(shares) == len(seen) and shares == sorted(shares)
    assert 0 < shares[0] < 0.2 and shares[-1] == 1 and max(b - a for a, b in pairwise(shares)) < 0.3
    assert seen[-1][0] == ROWS


def test_validating_by_a_plan_does_too(folder: Path) -> None:
    seen: list[float | None] = []
    chart = load_chart("mews@0.1")
    plan = read_plan(folder / "plan.toml", observations=chart.observations)
    validate_file(chart, folder / "a.csv", plan=plan, progress=lambda _, share: seen.append(share))
    assert None not in seen and seen == sorted(seen, key=lambda share: share or 0) and (seen[0] or 1) < 0.5 and seen[-1] == 1
