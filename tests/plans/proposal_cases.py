"""The files of `tests/vectors/proposals`: each as bytes, with the answers that a person gives and the readings that are right."""

from __future__ import annotations

import io
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from mews_newtt import load_chart
from mews_newtt.chart.model import Observation
from mews_newtt.reading.values import NOT_READ, Reading, read
from mews_newtt.tables.proposing.draft import Question
from mews_newtt.tables.proposing.propose import Proposal, propose_plan
from tests.origins.support import ods_number, ods_row, ods_text, spreadsheet
from tests.plans.support import Scored

FOLDER = Path(__file__).parents[1] / "vectors" / "proposals"
CASES: list[dict[str, Any]] = [case for path in sorted(FOLDER.glob("*.toml")) for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]]


def content(case: dict[str, Any]) -> bytes:
    """The file of a case."""
    kind = case["file"].rpartition(".")[2]
    if kind == "xlsx":
        return _workbook(case)
    if kind == "ods":
        ((name, rows),) = case["sheets"].items()
        cells = [[ods_number(str(cell)) if isinstance(cell, (int, float)) else ods_text(cell) for cell in row] for row in rows]
        return spreadsheet(f'<table:table table:name="{name}">{"".join(ods_row(*row) for row in cells)}</table:table>')
    if kind == "parquet":
        out = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(case["records"]), out)
        return out.getvalue()
    text: str = case["text"]
    return (text.strip().replace("\n", "\r") if kind == "hl7" else text.replace("\n", "\r\n")).encode(case.get("encoding", "utf-8"))


def _workbook(case: dict[str, Any]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in case["sheets"].items():
        page = book.create_sheet(name)
        for row in rows:
            page.append([None if cell == "" else cell for cell in row])
        if "merged" in case:
            page.merge_cells(case["merged"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


class Answers:
    """Answers the questions of a case. What no answer is given for is kept in `unknown`."""

    def __init__(self, given: list[list[str]]):
        self.given, self.used, self.asked = given, set[int](), list[Question]()
        self.unknown: list[Question] = []

    def __call__(self, question: Question) -> int | None:
        self.asked.append(question)
        for place, (part, wanted) in enumerate(self.given):
            if part in question.text:
                found = [number for number, choice in enumerate(question.choices) if wanted in choice.says]
                if found:
                    self.used.add(place)
                    return found[0]
        self.unknown.append(question)
        return None


def proposal_of(case: dict[str, Any], folder: Path) -> tuple[Proposal, Answers, Path]:
    path = folder / case["file"]
    path.write_bytes(content(case))
    answers = Answers(case.get("answers", []))
    return propose_plan(load_chart(case["chart"]), path, answers), answers, path


def wrong(case: dict[str, Any], found: Scored) -> list[str]:
    """What differs from the right readings of a case."""
    known = load_chart(case["chart"]).observations
    faults = []
    for name, wanted in case.get("readings", {}).items():
        given = [_plain(known.get(name), row.get(name)) for row in found.rows]
        right = [_plain(known.get(name), cell) for cell in wanted]
        if given != right:
            faults.append(f"{name}: {given}, not {right}")
    return faults


def _plain(observation: Observation | None, cell: Any) -> Any:
    if cell is None or cell == "":
        return ""
    if cell == "refused" or str(cell).startswith(NOT_READ):
        return "refused"
    if isinstance(cell, datetime):
        return cell.isoformat()
    reading = read(observation, cell) if observation else None
    return reading.value if isinstance(reading, Reading) else str(cell)
