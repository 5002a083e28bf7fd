"""Jobs of the pages about reading plans: propose a plan for an upload, show how a plan reads it, and read the sets of one person by a plan.

They run in the worker, because a file may be large, and because the patterns of a plan are its writer's.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.columns import rows_without_column
from mews_newtt.reading.plan import SourceSettings, read_plan
from mews_newtt.tables.formats import PACKED
from mews_newtt.tables.origins.settings import settings_of
from mews_newtt.tables.planned.series import planned_sets
from mews_newtt.tables.proposing.draft import Choice, Question
from mews_newtt.tables.proposing.first_sets import read_first_sets
from mews_newtt.tables.proposing.propose import Proposal, propose_plan
from mews_newtt_service.jobs.inputs import PLAN, input_file, plan_file, write_document
from mews_newtt_service.settings import Settings

SETS = 5  # that are shown beside their cells
LOOKED, SERIES = "looked.json", "sets.json"
Progress = Callable[..., None]


class Answers:
    """The answers that a person gave on the page. Questions and answers are known by their words: their numbers change with other answers."""

    def __init__(self, given: Mapping[str, str]):
        self._given = given
        self.asked: dict[str, tuple[Question, int | None]] = {}

    def __call__(self, question: Question) -> int | None:
        key = key_of(question.text)
        wanted = self._given.get(key)
        found = next((place for place, choice in enumerate(question.choices) if key_of(choice.says) == wanted), None)
        self.asked[key] = question, found
        return found


class _Named(NamedTuple):
    """An upload under its own name, and what its folders are called in messages."""

    path: Path
    says: Mapping[str, str]

    def told(self, fault: FileError) -> list[Problem]:
        """The problems of a fault in the caller's own names."""
        theirs = self._theirs
        return [Problem(each.code, theirs(each.where), theirs(each.what), theirs(each.mend)) for each in fault.problems]

    def _theirs(self, text: str) -> str:
        for ours, name in self.says.items():
            text = text.replace(ours, name)
        return text


def key_of(text: str) -> str:
    """A short name for a question or an answer, made from its words."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def look(chart: Chart, parameters: dict[str, Any], folder: Path, out: Path, settings: Settings, progress: Progress) -> int:
    """Propose a plan and read the first sets by it once no question is open; or read them by the plan that was sent."""
    with _named(folder, parameters, settings) as named:
        given = plan_file(folder, parameters)
        document = _with_plan(chart, named, given) if given is not None else _proposed(chart, named, parameters, out)
    if given is not None:
        shutil.copyfile(given, out / PLAN)
    write_document(out / LOOKED, document)
    return int((document["reading"] or {}).get("rows", 0))


def series(chart: Chart, parameters: dict[str, Any], folder: Path, out: Path, settings: Settings, progress: Progress) -> int:
    """Read the sets of one person by a plan."""
    with _named(folder, parameters, settings) as named:
        path = plan_file(folder, parameters)
        assert path is not None
        try:
            found = planned_sets(chart, named.path, read_plan(path, observations=chart.observations, keep_faults=True))
        except FileError as fault:
            raise FileError(named.told(fault)) from None
    write_document(out / SERIES, found._asdict())
    return len(found.rows)


@contextlib.contextmanager
def _named(folder: Path, parameters: Mapping[str, Any], settings: Settings) -> Iterator[_Named]:
    """The upload under the name that its sender gave it, for plans and messages name the file."""
    source = input_file(folder, parameters, settings)
    name = str(parameters["name"])
    plain = Path(name).stem if Path(name).suffix.lower() in PACKED else name  # it is unpacked
    with tempfile.TemporaryDirectory(dir=folder) as own:
        path = Path(own) / plain
        path.symlink_to(source.resolve())
        yield _Named(path, {str(path): name, str(folder / PLAN): "the plan", str(source): name, own: name, PLAN: "the plan"})


def _with_plan(chart: Chart, named: _Named, path: Path) -> dict[str, Any]:
    """How the plan of a caller reads the file, or everything that is wrong with it."""
    document = _empty(path.read_text(encoding="utf-8"))
    return document | _read(chart, named, path)


def _proposed(chart: Chart, named: _Named, parameters: Mapping[str, Any], out: Path) -> dict[str, Any]:
    """The proposed plan with its questions, and what was answered so far."""
    answers = Answers(parameters.get("answers", {}))
    document = {**_empty(""), "proposed": True}
    try:
        known = settings_of(parameters.get("source", {}), "the settings of the file") if parameters.get("source") else SourceSettings()
        proposal = propose_plan(chart, named.path, answers, known=known)
    except FileError as fault:
        return {**document, "problems": _plain(named.told(fault))}
    (out / PLAN).write_text(proposal.text, encoding="utf-8")
    document |= {
        "plan": proposal.text,
        "questions": _questions(proposal, answers),
        "entries": [entry._asdict() for entry in proposal.entries],
        "not_read": dict(proposal.not_read),
        "remarks": list(proposal.remarks),
    }
    return document if proposal.open else document | _read(chart, named, out / PLAN)


def _empty(plan: str) -> dict[str, Any]:
    return {
        "proposed": False,
        "plan": plan,
        "questions": [],
        "entries": [],
        "not_read": {},
        "remarks": [],
        "problems": [],
        "sets": [],
        "columns": [],
        "reading": None,
        "without": [],
    }


def _read(chart: Chart, named: _Named, plan: Path) -> dict[str, Any]:
    """The first sets as they will be read, and what becomes of the whole file."""
    try:
        found = read_first_sets(chart, named.path, read_plan(plan, observations=chart.observations, keep_faults=True), SETS)
    except FileError as fault:
        return {"problems": _plain(_Named(named.path, {str(plan): "the plan", **named.says}).told(fault))}
    found.report.source = named.says[str(named.path)]
    return {
        "sets": [{**one._asdict(), "readings": [reading._asdict() for reading in one.readings]} for one in found.sets],
        "columns": list(found.columns),
        "reading": found.report.to_dict(),
        "without": [p.id for p in rows_without_column(chart, found.columns)],
    }


def _plain(problems: list[Problem]) -> list[dict[str, str]]:
    return [problem.to_dict() for problem in problems]


def _questions(proposal: Proposal, answers: Answers) -> list[dict[str, Any]]:
    """Every question that was asked. One that stays open although it was answered, or that has one answer, is for the plan's own text."""
    still = {question.text for question in proposal.open}
    return [
        {
            "key": key,
            "number": question.number,
            "text": question.text,
            "choices": [_choice(choice) for choice in question.choices],
            "chosen": None if chosen is None else key_of(question.choices[chosen].says),
            "open": question.text in still,
            "by_hand": question.text in still and (chosen is not None or len(question.choices) == 1),
        }
        for key, (question, chosen) in answers.asked.items()
    ]


def _choice(choice: Choice) -> dict[str, str]:
    return {"key": key_of(choice.says), "says": choice.says}
