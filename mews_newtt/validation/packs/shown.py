"""What a platform showed for the cases of a pack, as somebody pasted it from a spreadsheet, joined to the cases for a validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import EXPECTED, EXPECTED_POINTS_PREFIX
from mews_newtt.reading.pasted import NAME, csv_text, pasted_rows
from mews_newtt.reading.suggest import suggest_columns
from mews_newtt.validation.packs.sheets import OWNERS, given_names

MOST_NAMED = 5
CASE_WORDS = ("case", "case_id", "case id", "no", "nr", "number")


def answered_csv(chart: Chart, cases: Sequence[Mapping[str, Any]], pasted: str) -> str:
    """The cases with what the platform showed, as a CSV file for `validate`. A case that was not pasted has no answer.

    Parameters
    ----------
    cases : of pack.json
    pasted : case, total, level, with or without a line of column names; or the pack's whole answer sheet, filled in

    Raises
    ------
    FileError  no column of answers, a case that is not one of the pack, or a case twice
    """
    rows = pasted_rows(pasted)
    known = {case["case_id"]: case for case in cases}
    heading, answers = (_without_heading(chart, rows), rows) if rows[0][0] in known else (_heading(chart, rows[0]), rows[1:])
    columns = [name for name in heading if name in EXPECTED or name.startswith(EXPECTED_POINTS_PREFIX)]
    if not columns or "case_id" not in heading:
        lacks = "no column of case names" if columns else "no column of the platform's total or level"
        raise FileError(Problem("nothing_expected", NAME, f"have {lacks}", "paste three columns: Case, Total, Level"))
    shown: dict[str, dict[str, str]] = {}
    for row in answers:
        cells = dict(zip(heading, row, strict=False))
        case = cells.get("case_id", "")
        if case in shown:
            raise FileError(Problem("case_twice", NAME, f"have the case {case} twice", "leave one of the two rows"))
        shown[case] = cells
    if strange := [case for case in shown if case not in known]:
        named = ", ".join(repr(case[:40]) for case in strange[:MOST_NAMED])
        raise FileError(Problem("case_unknown", NAME, f"have {named}, which this pack does not have", "copy the case names as the sheet has them"))
    given = given_names(chart, [case["given"] for case in cases])
    owners = list(OWNERS) if any(case.get("person") for case in cases) else []
    first = next((case["taken_at"] for case in cases if case.get("taken_at")), "")
    table = [["case_id", *owners, *given, *columns]]
    for name, each in known.items():
        owner = [each.get("person") or name, each.get("taken_at") or first] if owners else []
        table.append([name, *owner, *(each["given"].get(row, "") for row in given), *(shown.get(name, {}).get(column, "") for column in columns)])
    return csv_text(table)


def _heading(chart: Chart, names: Sequence[str]) -> list[str]:
    """Our name of each pasted column; "" for a column that holds no answer. "Total shown" is a total."""
    plain = [name.casefold().removesuffix(" shown").strip() for name in names]
    found = suggest_columns(chart, list(dict.fromkeys(plain)))
    ours = ["case_id" if name in CASE_WORDS else found.get(name, "") for name in plain]
    return [name if name not in ours[:place] else "" for place, name in enumerate(ours)]


def _without_heading(chart: Chart, rows: Sequence[Sequence[str]]) -> list[str]:
    """Case, total and level in this order; without a total on a chart that has none."""
    names = ["case_id", *(["expected_total"] if chart.has_points else []), "expected_level"]
    wide = max(len(row) for row in rows)
    if wide > len(names):
        raise FileError(Problem("no_heading", NAME, f"have {wide} columns and no line of column names", "copy that line too"))
    return names[:wide]
