"""The events of a job as server-sent events. Where they come from, and what is promised: docs/decisions/0019-events.md."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mews_newtt_service.jobs.queue import Job, Queue
from mews_newtt_service.jobs.tracks import EVENTS_FILE
from mews_newtt_service.problems import ServiceError

NDJSON, EVENT_STREAM = "application/x-ndjson", "text/event-stream"
END = "end"  # id and kind of the last event of a stream
LOOK_SECONDS, LONGEST_WAIT = 0.5, 50.0  # a stream that waits longer for its job ends, and its reader comes again
RETRY_MILLISECONDS = 2_000
PART_BYTES = 1 << 16


async def events_answer(request: Request, queue: Queue, job: Job) -> Response:
    """The events after `Last-Event-ID`; 204, on which a reader stops for good, where nothing will follow."""
    last = request.headers.get("last-event-id", "").strip()
    if last == END and job.ended:
        return Response(None, 204)
    return EventStream(request, queue, job, last)


class SharedLook:
    """Looks at the queue for all streams of this process that wait: twice a second, once for each job, however many streams wait for it."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._asked: set[str] = set()
        self._next: asyncio.Task[dict[str, Job]] | None = None

    async def at(self, job_id: str) -> Job | None:
        """The job as it is in half a second at most; None if it is gone. Raises ServiceError if the database cannot be reached."""
        self._asked.add(job_id)
        if self._next is None:
            self._next = asyncio.get_running_loop().create_task(self._look())
            self._next.add_done_callback(lambda done: done.cancelled() or done.exception())  # its streams may all have ended
        found = await asyncio.shield(self._next)  # others wait for it too
        return found.get(job_id)

    async def _look(self) -> dict[str, Job]:
        await anyio.sleep(LOOK_SECONDS)
        asked, self._asked, self._next = self._asked, set(), None
        return await anyio.to_thread.run_sync(self._all, asked)

    def _all(self, asked: set[str]) -> dict[str, Job]:
        return {name: job for name in asked if (job := self._queue.get(name)) is not None}


class EventStream(Response):
    """Waits for the job, sends its events and the event `end`. If the job fails, `end` says why.

    A stream is one of the uploads and streams that a client may have at once. It ends without `end`, so that its reader comes again, after a long
    wait, when the service is about to stop, and when the database or the file is away.
    """

    def __init__(self, request: Request, queue: Queue, job: Job, last: str):
        super().__init__(None, 200, {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}, EVENT_STREAM)
        del self.headers["content-length"]
        self.request, self.queue, self.job, self.last = request, queue, job, last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.request.app.state.concurrency.slot(scope["client_id"]):
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            with contextlib.suppress(ServiceError, FileNotFoundError):  # the database is away, or somebody deletes the job now
                async for text in self._texts():
                    if "sent_method" in scope:  # HEAD wants the headers only, and must not wait for the job
                        break
                    await send({"type": "http.response.body", "body": text.encode("utf-8", "replace"), "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    async def _texts(self) -> AsyncIterator[str]:
        yield f"retry: {RETRY_MILLISECONDS}\n\n"
        until = time.monotonic() + LONGEST_WAIT
        job: Job | None = self.job
        while job is not None and not job.ended:
            if time.monotonic() >= until or self.request.app.state.stopping.draining:
                return
            yield ": waiting\n\n"
            job = await self.request.app.state.shared_look.at(job.id)
            if await self.request.is_disconnected():
                return
        if job is None:
            return
        folder = next((file["folder"] for file in job.files if file["name"] == EVENTS_FILE), None)
        if folder is not None:
            parts = _parts(self.queue.path(job.id, f"{folder}/{EVENTS_FILE}"), self.last)
            while part := await anyio.to_thread.run_sync(next, parts, ""):
                yield part
        yield _event(END, END, json.dumps({"state": job.state, "problems": job.problems}, ensure_ascii=False))


def _parts(path: Path, last: str) -> Iterator[str]:
    """The events after the one with this id, in parts of some size; all of them where it is not there."""
    start = _after(path, last) if last else 0
    part: list[str] = []
    size = 0
    with path.open("rb") as file:
        file.seek(start)
        for line in file:
            event = json.loads(line)
            part.append(_event(event["id"], event["event"], line.decode().rstrip("\n")))
            size += len(part[-1])
            if size > PART_BYTES:
                yield "".join(part)
                part, size = [], 0
    if part:
        yield "".join(part)


def _after(path: Path, last: str) -> int:
    """Where the first event with this id ends in the file, in bytes; 0 where there is none."""
    place = 0
    with path.open("rb") as file:
        for line in file:
            place += len(line)
            if json.loads(line)["id"] == last:
                return place
    return 0


def _event(name: str, kind: str, data: str) -> str:
    return f"id: {name}\nevent: {kind}\ndata: {data}\n\n"
