"""Turns the text of a file into UTF-8 on the way, and refuses a file that is not wholly in one encoding."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.origins.settings import SettingNeeded
from mews_newtt.tables.quotes import LINE_FEED
from mews_newtt.tables.sources import PART, stream_of

LOOKED_AT = 1 << 20  # bytes at the start, to guess by
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# How Excel in Europe and the Americas saves "CSV (ANSI)". Bytes that it does not use speak for latin-1.
LIKELY, SECOND = "cp1252", "latin-1"
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


def find_encoding(head: bytes, told: str | None, name: str) -> str:
    """The encoding of a text by its first bytes: what the settings say, a byte order mark, or UTF-8. Raises SettingNeeded for another one."""
    marked = next((encoding for mark, encoding in MARKS if head.startswith(mark)), None)
    if told:
        plain = codecs.lookup(told).name
        if marked and plain.replace("-sig", "") not in (marked, "utf-16" if "16" in marked else marked):
            what = f"starts with the mark of {marked}, and encoding is {told}"
            raise FileError(Problem("encoding_wrong", name, what, f"leave encoding out, or give {marked}"))
        return marked or {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(plain, plain)
    if marked:
        return marked
    likely = _utf_16(head)
    if likely is None and (_utf8_fault(head) is None or _both(head)):
        return "utf-8"  # the reader refuses a file in two encodings, and names both lines
    if likely is None:
        try:
            head.decode(LIKELY)
            likely = LIKELY
        except UnicodeDecodeError:
            likely = SECOND
    line = 1 if "16" in likely else 1 + head.count(b"\n", 0, _utf8_fault(head) or 0)
    what = f"is not UTF-8 text: see line {line}"
    mend = f'give encoding = "{likely}", which it seems to be, or save it in UTF-8'
    raise SettingNeeded(Problem("encoding_needed", name, what, mend), "encoding", likely)


def _utf_16(head: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of plain text is 0."""
    pairs = len(head[:1000]) // 2
    if not pairs:
        return None
    even, odd = head[: 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    return "utf-16-le" if odd > 0.7 * pairs and not even else "utf-16-be" if even > 0.7 * pairs and not odd else None


def _utf8_fault(data: bytes) -> int | None:
    """Where a text stops to be UTF-8; a character that is cut off at its end is none."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError as fault:
        return fault.start
    return None


def _both(head: bytes) -> bool:
    """Whether some lines are UTF-8 beyond ASCII while others are not UTF-8."""
    kinds = {_utf8_fault(line) is None for line in head.split(b"\n")[:-1] if _NOT_ASCII.search(line)}
    return len(kinds) == 2


def as_utf8(stream: BinaryIO, encoding: str, name: str) -> BinaryIO:
    """A text as UTF-8 without a byte order mark. A fault is raised with its line when it is read."""
    if encoding == "utf-8":
        return stream_of(_checked(stream, name))
    wide = "16" in encoding or "32" in encoding
    return stream_of(_wide(stream, encoding, name) if wide else _single(stream, encoding, name))


def whole_lines(stream: BinaryIO, end: bytes = b"\n") -> Iterator[bytes]:
    """A stream in parts that end where a line does."""
    rest: list[bytes] = []
    while part := stream.read(PART):
        cut = part.rfind(end) + len(end)
        if cut >= len(end):
            yield b"".join([*rest, part[:cut]])
            rest = []
        else:
            cut = 0
        rest.append(part[cut:])
    if any(rest):
        yield b"".join(rest)


def _checked(stream: BinaryIO, name: str) -> Iterator[bytes]:
    line, seen = 1, 0
    for part in whole_lines(stream):
        text = part.removeprefix(codecs.BOM_UTF8) if line == 1 else part
        if not text.isascii():
            start = _utf8_fault_of_whole(text)
            if start is not None:
                bad = line + text.count(b"\n", 0, start)
                lines = enumerate(text.split(b"\n"), start=line)
                good = seen or next((number for number, each in lines if _NOT_ASCII.search(each) and _utf8_fault_of_whole(each) is None), 0)
                raise _mixed(name, good, bad) if good else _not_utf8(name, bad)
            seen = seen or line + text.count(b"\n", 0, _first_beyond_ascii(text))
        line += _lines(text)
        yield text


def _lines(text: bytes) -> int:
    """How many line feeds there are: an array counts them faster than `bytes.count`."""
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == LINE_FEED))


def _utf8_fault_of_whole(data: bytes) -> int | None:
    try:
        data.decode()
    except UnicodeDecodeError as fault:
        return fault.start
    return None


def _first_beyond_ascii(text: bytes) -> int:
    found = _NOT_ASCII.search(text)
    return found.start() if found else 0


def _mixed(name: str, good: int, bad: int) -> FileError:
    what = f"line {good} is UTF-8 and line {bad} is not: the file was put together from two encodings"
    return FileError(Problem("encodings_mixed", name, what, "save each part in UTF-8 before they are put together"))


def _not_utf8(name: str, line: int) -> FileError:
    mend = f'give encoding = "{LIKELY}" if it is Western European text of Windows, or save it in UTF-8'
    return SettingNeeded(Problem("encoding_needed", name, f"is not UTF-8 text: see line {line}", mend), "encoding", LIKELY)


def _single(stream: BinaryIO, encoding: str, name: str) -> Iterator[bytes]:
    """A text in which a line ends with the byte of a line feed, as in every encoding that keeps ASCII."""
    line = 1
    for part in whole_lines(stream):
        if not part.isascii():
            for number, each in enumerate(part.split(b"\n"), start=line):
                if _NOT_ASCII.search(each) and _utf8_fault_of_whole(each) is None:
                    what = f"line {number} is UTF-8 text, and encoding is {encoding}"
                    mend = "leave encoding out if the whole file is UTF-8, else save it in one encoding"
                    raise FileError(Problem("encodings_mixed", name, what, mend))
        try:
            yield part.decode(encoding).encode()
        except UnicodeDecodeError as fault:
            raise _wrong(name, encoding, line + part.count(b"\n", 0, fault.start)) from None
        line += part.count(b"\n")


def _wide(stream: BinaryIO, encoding: str, name: str) -> Iterator[bytes]:
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    while True:
        part = stream.read(PART)
        try:
            text = decoder.decode(part, final=not part)
        except UnicodeDecodeError:
            raise _wrong(name, encoding, line) from None
        yield (text.removeprefix("\ufeff") if line == 1 else text).encode()
        line += text.count("\n")
        if not part:
            return


def _wrong(name: str, encoding: str, line: int) -> FileError:
    return FileError(Problem("encoding_wrong", f"{name}, line {line}", f"is not text in {encoding}", "give the encoding that the file was saved in"))
