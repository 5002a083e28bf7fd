"""`conform`: sends the cases of a pack to a platform and compares its answers like a file of scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import EXPECTED_POINTS_PREFIX
from mews_newtt.tables.summary import Progress
from mews_newtt.validation.compare import validate
from mews_newtt.validation.conform.adapter import NO_ANSWER, Adapter, Answer
from mews_newtt.validation.packs import Case, make_pack
from mews_newtt.validation.result import Origin, Validation

Ask = Callable[[Case], Answer]
SILENT = 5  # if the first cases have no answer, the others are not asked


def conform(
    chart: Chart,
    answer: Callable[[Mapping[str, str]], Mapping[str, Any]],
    *,
    cases: Sequence[Case] | None = None,
    seed: int = 0,
    name: str = "a platform",
    gives: Sequence[str] = ("total", "level"),
) -> Validation:
    """Ask a function for the scores of a pack's cases and compare them with the chart.

    Parameters
    ----------
    answer : takes the readings of one case (text by parameter id), gives any of `total`, `level`, `points` (by parameter) and `status`
        (complete, partial, refused)
    gives : what the platform is meant to answer; what it then leaves out disagrees
    cases : those of `make_pack(chart, seed=seed)` where none are given
    """
    adapter = Adapter(total="total" if "total" in gives else "", level="level" if "level" in gives else "")

    def ask(case: Case) -> Answer:
        return adapter.read(dict(answer(case.given)), chart)

    return compare_answers(chart, ask, cases if cases is not None else pack_cases(chart, seed), Origin(name, kind="endpoint"), adapter)


def pack_cases(chart: Chart, seed: int = 0, manual: bool = False) -> list[Case]:
    """The cases of a pack."""
    return make_pack(chart, seed=seed, manual=manual).cases


def compare_answers(
    chart: Chart, ask: Ask, cases: Sequence[Case], source: Origin, adapter: Adapter | None = None, progress: Progress | None = None
) -> Validation:
    """Ask every case, as many at once as the adapter allows, and compare the answers in the order of the cases."""
    adapter = adapter or Adapter()
    sent = [case for case in cases if adapter.can_send(case.given)]
    if not sent:
        raise FileError(Problem("nothing_to_send", source.name, "no case can be sent", "see cannot_send in the adapter"))
    answers: list[Answer] = []
    with ThreadPoolExecutor(adapter.limits.at_once, "mews-newtt-conform") as pool:
        try:
            for answer in pool.map(ask, sent):
                answers.append(answer)
                if len(answers) == SILENT and _silent(answers):
                    break  # a platform that hangs would cost a timeout for every case
                if progress is not None:
                    progress(len(answers), len(answers) / len(sent))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    if _silent(answers):
        cases_asked = "no case" if len(answers) == len(sent) else f"none of the first {len(answers)} cases"
        raise FileError(
            Problem("endpoint_silent", source.name, f"answered {cases_asked}: {answers[0].status}", "check the address, the adapter and the platform")
        )
    table = pl.DataFrame(_columns(chart, sent, answers, adapter))
    found = validate(chart, table.to_arrow(), source=source, blanks_disagree=True)
    notes = tuple(note for note in found.notes if "blank and state nothing" not in note)
    if len(sent) < len(cases):
        notes += (f"{len(cases) - len(sent)} of {len(cases)} cases were not sent: they hold readings that the adapter cannot send",)
    if adapter.leave_out:
        notes += (f"left out of every request: {', '.join(adapter.leave_out)}",)
    return replace(found, notes=notes)


def _silent(answers: Sequence[Answer]) -> bool:
    return all(answer.status.startswith(NO_ANSWER) for answer in answers)


def _columns(chart: Chart, cases: Sequence[Case], answers: Sequence[Answer], adapter: Adapter) -> dict[str, list[str]]:
    """Cases and answers as a table, without points that the platform never answers."""
    names = list(dict.fromkeys(name for case in cases for name in case.given))
    columns = {"case_id": [case.id for case in cases], **{name: [case.given.get(name, "") for case in cases] for name in names}}
    stated = {
        "expected_status": [_status(case, found, adapter) for case, found in zip(cases, answers, strict=True)],
    }
    if adapter.total and chart.has_points:
        stated["expected_total"] = [found.total for found in answers]
    if adapter.level:
        stated["expected_level"] = [found.level for found in answers]
    for parameter in chart.parameters:
        if parameter.role == "scored" and chart.has_points:
            stated[EXPECTED_POINTS_PREFIX + parameter.id] = [found.points.get(parameter.id, "") for found in answers]
    return {**columns, **{name: column for name, column in stated.items() if not name.startswith(EXPECTED_POINTS_PREFIX) or any(column)}}


def _status(case: Case, found: Answer, adapter: Adapter) -> str:
    """The status that the platform gives. Refusing a partial set counts as "partial" where the adapter says so."""
    if adapter.refuses_partial and found.status.casefold() == "refused" and case.expected.get("expected_status") == "partial":
        return "partial"
    return found.status
