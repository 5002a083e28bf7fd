"""`conform`: sends the cases of a pack to a platform and compares its answers like a file of scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import EXPECTED_POINTS_PREFIX
from mews_newtt.tables.summary import Progress
from mews_newtt.validation.compare import validate
from mews_newtt.validation.conform.adapter import Adapter
from mews_newtt.validation.conform.found import Held, silent
from mews_newtt.validation.conform.sending import Sending, sending_of
from mews_newtt.validation.conform.settings import Answer, Settings
from mews_newtt.validation.conform.side_by_side import side_by_side
from mews_newtt.validation.exercised import PLURAL, gaps
from mews_newtt.validation.file_side import NOTHING_OPEN
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

    Raises
    ------
    FileError  what `gives` names is in no answer, or no level is a level of the chart
    """
    adapter = Adapter(total="total" if "total" in gives else "", level="level" if "level" in gives else "")

    def ask(case: Case) -> Answer:
        return adapter.read(dict(answer(case.given)), chart)

    return compare_answers(chart, ask, cases if cases is not None else pack_cases(chart, seed), Origin(name, kind="endpoint"), adapter)


def pack_cases(chart: Chart, seed: int = 0, manual: bool = False) -> list[Case]:
    """The cases of a pack."""
    return make_pack(chart, seed=seed, manual=manual).cases


def compare_answers(
    chart: Chart,
    ask: Ask,
    cases: Sequence[Case],
    source: Origin,
    adapter: Settings | None = None,
    progress: Progress | None = None,
    *,
    of_pack: bool = True,
    own_words: bool = False,
) -> Validation:
    """Ask every case, as many at once as the adapter allows, and compare the answers in the order of the cases.

    Parameters
    ----------
    of_pack : the cases are a whole test pack, so that what has no case is due to the adapter
    own_words : the platform has words of its own for levels; if none of them is known, nothing is compared

    Raises
    ------
    FileError  no case can be sent, nobody answers, or the adapter's paths or words are found in no answer
    """
    adapter = adapter or Adapter()
    sending = sending_of(chart, adapter, cases, source.name)
    answers = _answers(ask, sending, adapter, progress)
    if silent(answers):
        cases_asked = "no case" if len(answers) == len(sending.cases) else f"none of the first {len(answers)} cases"
        says = f"answered {cases_asked}: {answers[0].status}"
        raise FileError(Problem("endpoint_silent", source.name, says, "check the address, the adapter and the platform"))
    first = Held(chart, adapter, sending.cases, answers).check(source.name, own_words)
    table = pl.DataFrame(_columns(chart, sending.cases, answers, adapter, list(dict.fromkeys(name for case in cases for name in case.given))))
    found = validate(chart, table.to_arrow(), source=source, blanks_disagree=True)
    notes = tuple(note for note in found.notes if "blank and state nothing" not in note)
    said = sending.says()
    if of_pack and (sending.held_back or sending.changed):
        said += _untested(found)
    notes = (*notes, *sending.notes(adapter))
    # Impossible readings are no fault of a file here: a pack holds them to be refused, and of a file only what can be scored is sent.
    return replace(found, notes=notes, said_first=(*said, *first), file_side=NOTHING_OPEN)


def _answers(ask: Ask, sending: Sending, adapter: Settings, progress: Progress | None) -> list[Answer]:
    """The answers in the order of the cases; only the first ones where these are all silent."""
    answers: list[Answer] = []
    for answer in side_by_side(ask, sending.in_order(), adapter.limits.at_once):
        answers.append(answer)
        if len(answers) == SILENT and silent(answers):
            break  # a platform that hangs would cost a timeout for every case
        if progress is not None:
            progress(len(answers), len(answers) / len(sending.cases))
    return answers


def _untested(found: Validation) -> list[str]:
    """What of the chart no case reached, as one sentence."""
    counts = {kind: (seen, of) for kind, (seen, of) in gaps(found.exercised.items()).items() if seen < of}
    listed = ", ".join(f"{of - seen:,} of {of:,} {PLURAL[kind]}" for kind, (seen, of) in counts.items())
    return [f"That leaves untested: {listed}."] if listed else []


def _columns(chart: Chart, cases: Sequence[Case], answers: Sequence[Answer], adapter: Settings, names: Sequence[str]) -> dict[str, list[str]]:
    """Cases and answers as a table, without points that the platform never answers.

    Parameters
    ----------
    names : the readings that the cases had before some were left out
    """
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


def _status(case: Case, found: Answer, adapter: Settings) -> str:
    """The status that the platform gives. Refusing a partial set counts as "partial" where the adapter says so."""
    if adapter.refuses_partial and found.status.casefold() == "refused" and case.expected.get("expected_status") == "partial":
        return "partial"
    return found.status
