"""Receives uploads: the body, or one part of a form, is written to disk as it arrives and never held in memory."""

from __future__ import annotations

import errno
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import anyio.to_thread
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from mews_newtt.tables import formats
from mews_newtt.tables.origins.settings import ORIGINS
from mews_newtt.tables.sources import HEAD
from mews_newtt_service.jobs.queue import Queue, new_id
from mews_newtt_service.problems import ServiceError, refuse
from mews_newtt_service.request_helpers import media_type

FORMATS = formats.BY_MEDIA_TYPE
SUFFIXES = {suffix: kind for suffix, kind in formats.BY_SUFFIX.items() if kind in FORMATS.values()}  # no JSON array: it is a body of its own
# What a reading plan reads besides. A plan finds out by the content what JSON is.
OF_PLANS = {suffix: kind for kind, about in ORIGINS.items() for suffix in about.suffixes if suffix.count(".") == 1} | SUFFIXES
PACKED = {"gzip": ".gz", "x-gzip": ".gz", "zstd": ".zst"}
FLUSH_BYTES = 1 << 20  # so many bytes are gathered before they are written
FIELD_BYTES = 64 * 1024
MOST_PARTS = 20
TEXTS = ("map", "plan")  # parts of a form that are kept beside the file


class Upload(NamedTuple):
    """A complete uploaded file: the id of its future job, its name and kind, and the other fields of the form."""

    job_id: str
    name: str
    stored: str
    format: str
    bytes: int
    sha256: str
    fields: dict[str, str]


async def receive_upload(request: Request, *, any_kind: bool = False) -> Upload:
    """The body, or the form's part `file`, in a new job's folder. `any_kind`: also what only a reading plan reads, with or without a plan.

    Raises
    ------
    ServiceError  400 a broken form, 413 too large, 415 a kind of file that the service does not read, 429 over the quota of the client,
        507 the disk is full
    """
    request.app.state.stopping.refuse_long_work()
    queue: Queue = request.app.state.queue
    job_id = new_id()
    room = await anyio.to_thread.run_sync(queue.room, request.scope["client_id"])
    length = request.headers.get("content-length", "")
    if room <= 0 or (length.isdigit() and int(length) > room):
        raise queue.full()
    kind = media_type(request)
    form = kind == "multipart/form-data"
    if not form and kind not in FORMATS:
        raise refuse(
            415,
            "unsupported_media_type",
            "Content-Type",
            f"is {kind[:60]!r}",
            "send one of: " + ", ".join([*FORMATS, "multipart/form-data"]),
            Accept=", ".join(FORMATS),
        )
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding != "identity" and (form or encoding not in PACKED):
        raise refuse(
            415,
            "unsupported_encoding",
            "Content-Encoding",
            f"is {encoding[:60]!r}",
            "use gzip or zstd, or none",
            Accept_Encoding="gzip, zstd, identity",
        )
    try:
        folder = await anyio.to_thread.run_sync(queue.make_folder, job_id)
        try:
            if length.isdigit():
                await anyio.to_thread.run_sync(queue.require_disk, int(length))
            sink = _Form(request, folder) if form else _Raw(folder)
            try:
                async for chunk in request.stream():
                    sink.take(chunk)
                    if sink.size + len(sink.waiting) > room:
                        raise queue.full()
                    if len(sink.waiting) >= FLUSH_BYTES:
                        await anyio.to_thread.run_sync(queue.require_disk, len(sink.waiting))
                        await anyio.to_thread.run_sync(sink.write)
                await anyio.to_thread.run_sync(sink.end)
            finally:
                sink.close()
            return _named(sink, job_id, folder, FORMATS.get(kind), PACKED.get(encoding, ""), any_kind)
        except BaseException:
            queue.drop_folder(job_id)
            raise
    except OSError as fault:
        raise disk_refusal(fault) from None


def disk_refusal(fault: OSError) -> ServiceError:
    """The answer to a failed write."""
    if fault.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return refuse(507, "disk_full", "the service's data folder", "is full; nothing was kept", "try again later", Retry_After="60")
    return refuse(503, "storage_unavailable", "the service's data folder", "cannot be written", "tell whoever runs the service", Retry_After="60")


class _Raw:
    """Writes the body of a request into a file."""

    def __init__(self, folder: Path):
        self._file: BinaryIO | None = (folder / "upload").open("wb")
        self._digest = hashlib.sha256()
        self.waiting = bytearray()
        self.size = 0
        self.name = ""
        self.kind = ""
        self.fields: dict[str, str] = {}

    def take(self, chunk: bytes) -> None:
        self.waiting += chunk

    def write(self) -> None:
        if self._file is not None:
            self._file.write(self.waiting)
        self._digest.update(self.waiting)
        self.size += len(self.waiting)
        self.waiting.clear()

    def end(self) -> None:
        self.write()
        self.close()

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class _Form(_Raw):
    """Reads a multipart form: writes its part `file` into a file, and keeps the other parts as short texts."""

    def __init__(self, request: Request, folder: Path):
        _, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary", b"")
        if not boundary or len(boundary) > 70:
            raise _malformed("has no boundary")
        super().__init__(folder)
        self._part = ""
        self._parts = 0
        self._header = [b"", b""]
        self._headers: dict[bytes, bytes] = {}
        self._text = bytearray()
        self._files = 0
        self._whole = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_part_data": self._data,
                "on_part_end": self._finish,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._opened,
                "on_end": self._ended,
            },
        )

    def take(self, chunk: bytes) -> None:
        if chunk:
            try:
                self._parser.write(chunk)
            except FormParserError:
                raise _malformed("breaks off or is not a form") from None

    def end(self) -> None:
        if not self._whole:
            raise _malformed("ends before its last boundary")
        if self._files != 1:
            raise _malformed("has no part named 'file'" if not self._files else "has several parts named 'file'")
        super().end()

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise _malformed(f"has more than {MOST_PARTS} parts")
        self._headers, self._text = {}, bytearray()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0] += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._header[0].lower()] = self._header[1][:2000]
        self._header = [b"", b""]

    def _opened(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._part = options.get(b"name", b"").decode("utf-8", "replace")
        if self._part == "file":
            self._files += 1
            self.name = options.get(b"filename", b"").decode("utf-8", "replace")
            self.kind = self._headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part == "file":
            self.waiting += data[start:end]
            return
        self._text += data[start:end]
        if len(self._text) > FIELD_BYTES:
            raise refuse(
                413, "body_too_large", f"form part {self._part[:40]}", f"is larger than {FIELD_BYTES:,} bytes", "send files as the part 'file'"
            )

    def _finish(self) -> None:
        if self._part != "file":
            try:
                self.fields[self._part] = self._text.decode("utf-8")
            except UnicodeDecodeError:
                raise refuse(400, "not_utf8", f"form part {self._part[:40]}", "is not UTF-8 text", "send text in UTF-8") from None

    def _ended(self) -> None:
        self._whole = True


def _malformed(what: str) -> ServiceError:
    return refuse(400, "malformed_multipart", "form", what, "send multipart/form-data with one part named 'file'")


def _named(sink: _Raw, job_id: str, folder: Path, kind: str | None, packed: str, any_kind: bool) -> Upload:
    """Rename the upload by its kind of file. The name that the form gives it is used in messages, and to find the kind."""
    name = plain_name(sink.name)
    # A browser sends a blank part where no file is chosen.
    fields = {part: text for part, text in sink.fields.items() if part not in TEXTS or text.strip()}
    upload = folder / "upload"
    with upload.open("rb") as start:
        magic = start.read(HEAD)
    magic_packed = PACKED.get(formats.packing_of(magic) or "", "")
    if packed and packed != magic_packed:
        raise refuse(400, "not_readable", "body", "is not packed as Content-Encoding says", "leave the header out, or pack the body")
    if kind is None:
        kind = _kind(name, magic, sink.kind, of_plans=any_kind or "plan" in fields)
    if kind is None and any_kind:
        kind = formats.kind_of(magic)  # the readers of plans find out the rest by the content
    if kind is None:
        mend = f"name the file {formats.any_of(formats.KINDS[each].suffix for each in dict.fromkeys(FORMATS.values()))}"
        raise refuse(400, "format_unknown", name, "does not say what it is", f"{mend} ({' or '.join(formats.PACKED)} may follow)")
    about = ORIGINS[kind]
    if magic_packed and not about.text:
        raise refuse(400, "format_packed", name, f"is a packed {about.title} file", f"{about.title} packs its own columns: send it as it is")
    stored = f"input{about.suffix}{magic_packed}"
    if {"map", "plan"} <= fields.keys():
        raise refuse(400, "map_and_plan", "form part map", "is given beside a plan", "put everything into the plan: a map file is a part of it")
    upload.rename(folder / stored)
    for part in TEXTS:
        if part in fields:
            (folder / f"{part}.toml").write_text(fields[part], encoding="utf-8")
    return Upload(job_id, name, stored, kind, sink.size, sink.sha256, fields)


def _kind(name: str, magic: bytes, sent_as: str, *, of_plans: bool) -> str | None:
    """What kind a file is, by its name, or by its first bytes where they say so whatever its name is."""
    suffixes = [suffix.lower() for suffix in Path(name).suffixes if suffix.lower() not in formats.PACKED]
    known = OF_PLANS if of_plans else SUFFIXES
    kind = known.get(suffixes[-1]) if suffixes else FORMATS.get(sent_as)
    return begun if not formats.KINDS[begun := formats.kind_of(magic)].text else kind


def stored_name(name: str, content: bytes) -> str:
    """Under which name a file of any kind is stored that a reading plan reads."""
    packed = PACKED.get(formats.packing_of(content[:HEAD]) or "", "")
    kind = _kind(plain_name(name), content[:HEAD], "", of_plans=True) or formats.kind_of(content[:HEAD])
    return f"input{ORIGINS[kind].suffix}{packed}"


def plain_name(name: str) -> str:
    """The name of a file as messages call it: no folder, and no sign that means something elsewhere."""
    return re.sub(r"[^\w. -]", "_", name.replace("\\", "/").rpartition("/")[2])[:100] or "input"


def keep_text(folder: Path, part: str, text: str) -> str:
    """Keep a map or a plan under a name made from its content, so that a later one does not change that of a queued job. Returns the name."""
    name = f"{part}-{hashlib.sha256(text.encode()).hexdigest()[:16]}/{part}.toml"
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return name


async def keep_json(request: Request, rows: list[Any]) -> Upload:
    """Observation sets of a JSON array as an NDJSON file of a new job. ServiceError: 503 the service is about to stop, 507 the disk is full."""
    return await _keep(request, "array", "ndjson", lambda: "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows))


async def keep_csv(request: Request, name: str, text: str) -> Upload:
    """A CSV text as a file of a new job, under the name that messages call it. ServiceError: as `keep_json`."""
    return await _keep(request, name, "csv", lambda: text)


async def _keep(request: Request, name: str, kind: str, make: Callable[[], str]) -> Upload:
    request.app.state.stopping.refuse_long_work()
    queue: Queue = request.app.state.queue
    job_id = new_id()

    def write() -> Upload:
        content = make().encode("utf-8", "replace")
        folder = queue.make_folder(job_id)
        stored = f"input.{kind}"
        (folder / stored).write_bytes(content)
        return Upload(job_id, name, stored, kind, len(content), hashlib.sha256(content).hexdigest(), {})

    try:
        return await anyio.to_thread.run_sync(write)
    except OSError as fault:
        queue.drop_folder(job_id)
        raise disk_refusal(fault) from None
