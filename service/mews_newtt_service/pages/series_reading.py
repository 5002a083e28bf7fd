"""How the sets of a series are read: under our own names, by a plan that was sent, or by a plan that is proposed for what was sent."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import anyio.to_thread
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from mews_newtt.chart.model import Chart
from mews_newtt.drawn.places import BREAK_HOURS
from mews_newtt.errors import ColumnError, FileError, MewsNewttError, Problem
from mews_newtt.reading.times import DATES
from mews_newtt.tables.series import NAME, PlannedSets, Series, read_series, series_of_planned
from mews_newtt_service.jobs.plans import look
from mews_newtt_service.jobs.plans import series as read_by_plan
from mews_newtt_service.jobs.queue import Job, Queue
from mews_newtt_service.jobs.submit import finished, raise_failed, submit
from mews_newtt_service.jobs.uploads import FIELD_BYTES, plain_name, stored_name
from mews_newtt_service.settings import Settings

MOST_BYTES = 1 << 20
MOST_HERE = 64 << 10  # bytes of text that a plan reads in a thread of this process; a worker reads more
BREAKS = {"6": 6.0, "12": 12.0, "24": 24.0, "never": None}  # hours, by the value of the form
SETS, LOOKED = "sets.json", "looked.json"
PASTED = "pasted.csv"
Found = TypeVar("Found")
Work = Callable[..., int]  # of `jobs/plans.py`
# What another way of reading cannot change: the page asks about these, or the sets must be corrected.
FINAL = frozenset(
    (
        *("time_blank", "time_twice", "time_day_or_month", "time_without_hour", "time_without_offset"),
        *("several_people", "nothing_sent", "body_too_large", "too_many_rows", "too_many_columns", "file_empty"),
    )
)


class Sent(NamedTuple):
    """What the form holds. pasted: the text that the page shows again; by_name: the name of a file that was chosen."""

    pasted: str
    content: bytes
    name: str
    plan: str
    answers: Mapping[str, str]
    dates: str
    twice: str
    file_order: bool
    true_time: bool
    breaks: str
    wants: str

    @property
    def break_hours(self) -> float | None:
        return BREAKS.get(self.breaks, BREAK_HOURS)


class Looked(NamedTuple):
    """A series, or the questions that must be answered first. reading: how a plan read the file; entries, plan: what was proposed."""

    series: Series | None
    reading: Mapping[str, Any] | None = None
    questions: Sequence[Mapping[str, Any]] = ()
    entries: Sequence[Mapping[str, str]] = ()
    plan: str = ""


async def sent_in(form: FormData) -> Sent:
    """What was pasted, chosen and answered."""
    plan = await _plan_sent(form)
    pasted, content, name = await _sent(form)

    def text(field: str) -> str:
        found = form.get(field, "")
        return found[:64] if isinstance(found, str) else ""

    answers = {name.removeprefix("q-")[:16]: text(name)[:16] for name in form if name.startswith("q-")}
    breaks = text("breaks") if text("breaks") in BREAKS else f"{BREAK_HOURS:g}"
    order = text("file_order") == "yes", text("columns") == "time"
    return Sent(pasted, content, name, plan, answers, text("dates"), text("twice"), *order, breaks, text("do"))


def pasted_alone(text: str) -> Sent:
    """A text as somebody would have pasted it, without any answer."""
    return Sent(text, text.encode(), PASTED, "", {}, "", "", file_order=False, true_time=False, breaks=f"{BREAK_HOURS:g}", wants="")


async def read_sent(request: Request, chart: Chart, sent: Sent) -> Looked:
    """The series as it can be read. Names that are not ours lead to a proposed plan; where that reads no more, the first reading counts.

    Raises ColumnError and FileError as `read_series`.
    """
    if sent.plan:
        return await _by_plan(request, chart, sent, sent.plan)
    fault: MewsNewttError | None = None
    series: Series | None = None
    try:
        dates = sent.dates if sent.dates in DATES else ""
        read = partial(read_series, chart, sent.content, dates=dates, file_order=sent.file_order, twice=sent.twice)
        series = await _apart(request, read)
    except (ColumnError, FileError) as found:
        fault = found
        if {problem.code for problem in fault.problems} & FINAL:
            raise
    if fault is None and series is not None and not series.unread:
        return Looked(series)
    proposed = await _proposed(request, chart, sent)
    if proposed is not None:
        return proposed
    if fault is not None:
        raise fault
    return Looked(series)


async def _proposed(request: Request, chart: Chart, sent: Sent) -> Looked | None:
    """The series by a proposed plan, or its questions. None where a proposal reads no more, or cannot read the file."""
    stored = stored_name(sent.name, sent.content)
    parameters = {"input": stored, "name": sent.name, "answers": dict(sent.answers), "source": {}}
    try:
        by_worker = not sent.pasted or len(sent.content) > MOST_HERE  # no plain text: a workbook, or another kind that a worker unpacks
        if by_worker:
            found = await _worked(request, "plan", chart, parameters, {stored: sent.content}, LOOKED)
        else:
            found = await _apart(request, partial(_here, request.app.state.settings, look, chart, parameters, {stored: sent.content}, LOOKED))
        if found["problems"] or not _reads_more(found) or any(question["by_hand"] for question in found["questions"]):
            return None
        questions, entries, plan = found["questions"], found["entries"], found["plan"]
        if any(question["open"] for question in questions):
            return Looked(None, questions=questions, entries=entries)
        if by_worker:
            looked = await _by_plan(request, chart, sent, plan)
            return looked._replace(questions=questions, entries=entries, plan=plan)
        files = {stored: sent.content, "plan.toml": plan.encode()}
        read = await _apart(request, partial(_here, request.app.state.settings, read_by_plan, chart, parameters, files, SETS))
    except MewsNewttError as fault:
        if {problem.code for problem in fault.problems} & FINAL:
            raise
        return None
    return Looked(await _series(chart, sent, read), read["reading"], questions, entries, plan)


async def _apart(request: Request, work: Callable[[], Found]) -> Found:
    """Work of up to some seconds, in a thread: other clients never wait for it. Raises ServiceError as other uploads do: 429 where too many run."""
    with request.app.state.concurrency.slot(request.scope["client_id"]):
        return await anyio.to_thread.run_sync(work)


def _reads_more(found: Mapping[str, Any]) -> bool:
    """Whether a proposal reads a column that the chart's own names do not."""
    return any(entry["table"] in ("columns", "cells", "codes", "long") for entry in found["entries"])


def _here(settings: Settings, work: Work, chart: Chart, parameters: dict[str, Any], files: Mapping[str, bytes], result: str) -> dict[str, Any]:
    """What a worker would do, in this process: the text is short, and every pattern of a proposed plan is ours. Nothing is kept."""
    with tempfile.TemporaryDirectory(dir=settings.data_folder) as name:
        folder, out = Path(name), Path(name) / "out"
        out.mkdir()
        for file, content in files.items():
            (folder / file).write_bytes(content)
        work(chart, parameters, folder, out, settings, lambda *_, **__: None)
        found: dict[str, Any] = json.loads((out / result).read_text(encoding="utf-8"))
        return found


async def _series(chart: Chart, sent: Sent, found: Mapping[str, Any]) -> Series:
    planned = PlannedSets(found["columns"], found["rows"], found["reading"])
    return await anyio.to_thread.run_sync(partial(series_of_planned, chart, planned, file_order=sent.file_order, twice=sent.twice))


async def _by_plan(request: Request, chart: Chart, sent: Sent, plan: str) -> Looked:
    """The series as the plan reads it. A worker reads it, as it reads every file with a plan; nothing of it is kept."""
    stored = stored_name(sent.name, sent.content)
    files = {stored: sent.content, "plan.toml": plan.encode()}
    found = await _worked(request, "series", chart, {"input": stored, "name": sent.name}, files, SETS)
    return Looked(await _series(chart, sent, found), found["reading"])


async def _worked(
    request: Request, kind: str, chart: Chart, parameters: Mapping[str, Any], files: Mapping[str, bytes], result: str
) -> dict[str, Any]:
    """What a worker wrote about the sets. Everything of the job is removed."""
    queue: Queue = request.app.state.queue
    with request.app.state.concurrency.slot(request.scope["client_id"]):
        job = await submit(request, kind, chart, parameters=parameters, files=files)
        try:
            job = await finished(request, job.id)
            await anyio.to_thread.run_sync(raise_failed, queue, job)
            return await anyio.to_thread.run_sync(_result, queue, job, result)
        finally:
            await anyio.to_thread.run_sync(queue.forget, job.id)


def _result(queue: Queue, job: Job, name: str) -> dict[str, Any]:
    known = next(file for file in job.files if file["name"] == name)
    found: dict[str, Any] = json.loads(queue.path(job.id, f"{known['folder']}/{name}").read_text(encoding="utf-8"))
    return found


async def _sent(form: FormData) -> tuple[str, bytes, str]:
    """The text that the page shows again, the bytes to read, and their name: those of the file if one was chosen, else what was pasted."""
    text, file = form.get("sets"), form.get("file")
    pasted = text.replace("\r\n", "\n") if isinstance(text, str) else ""
    if isinstance(file, UploadFile) and file.filename:
        content = await file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise FileError(Problem("body_too_large", "the file", f"is larger than {MOST_BYTES:,} bytes", "validate large files instead"))
        if not content:
            raise FileError(Problem("file_empty", "the file", "is empty", "choose a file with a first line of column names"))
        try:
            shown = content.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError:
            shown = ""
        return "" if "\x00" in shown else shown, content, plain_name(file.filename)
    if not pasted.strip():
        raise FileError(Problem("nothing_sent", NAME, "is empty", "paste rows with a first line of column names, or choose a file"))
    return pasted, pasted.encode("utf-8", "replace"), PASTED


async def _plan_sent(form: FormData) -> str:
    """The reading plan: the file if one was chosen, else what was pasted; "" where there is none."""
    text, file = form.get("plan"), form.get("plan_file")
    if isinstance(file, UploadFile) and file.filename:
        content = await file.read(FIELD_BYTES + 1)
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise FileError(Problem("not_utf8", "the plan", "is not UTF-8 text", "choose the TOML file of a reading plan")) from None
    plan = text.replace("\r\n", "\n") if isinstance(text, str) else ""
    if len(plan.encode()) > FIELD_BYTES:
        raise FileError(Problem("body_too_large", "the plan", f"is larger than {FIELD_BYTES:,} bytes", "choose the TOML file of a reading plan"))
    return plan if plan.strip() else ""
