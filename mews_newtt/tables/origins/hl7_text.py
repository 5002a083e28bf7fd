"""The text of HL7 v2: messages, segments, fields, components and escapes. It knows no message type.

The two HL7 packages for Python were last released in 2022 and 2024; these are the few lines of the syntax that readings need.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.origins.settings import SettingNeeded

_FRAME = re.compile(rb"[\x0b\x1c]")  # the bytes that MLLP puts around a message
_ENDS = re.compile(r"\r\n|\r|\n")
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_ESCAPE = re.compile(r"\\([^\\]*)\\")
_TIME = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\.\d{1,6})?([+-]\d{4})?")
NULL = '""'  # says that a value is to be deleted
CHARSETS = {"": "utf-8", "ASCII": "utf-8", "UNICODE UTF-8": "utf-8", "8859/1": "latin-1", "8859/2": "iso8859-2", "8859/15": "iso8859-15"}


class Marks(NamedTuple):
    """The characters that separate, as the MSH segment of a message names them."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    part: str = "&"


class Segment(NamedTuple):
    """One segment: its line in the source, its name and its fields; `field(1)` is the first one behind the name."""

    line: int
    name: str
    fields: list[str]
    marks: Marks

    def field(self, number: int) -> str:
        return self.fields[number] if number < len(self.fields) else ""

    def repeated(self, number: int) -> list[str]:
        return self.field(number).split(self.marks.repetition) if self.field(number) else []

    def components(self, text: str) -> list[str]:
        """The components of a field, with their escapes read."""
        return [plain(part, self.marks) for part in text.split(self.marks.component)]


class Message(NamedTuple):
    """A message: its header segment, and the segments behind it."""

    header: Segment
    segments: list[Segment]


def decoded(body: bytes, told: str | None, name: str) -> str:
    """The text of messages. Without a setting it is UTF-8, or what MSH-18 says."""
    plain_body = _FRAME.sub(b"", body).removeprefix(b"\xef\xbb\xbf")
    if told:
        try:
            return plain_body.decode(told)
        except UnicodeDecodeError as fault:
            what = f"is not text in {told}: see byte {fault.start + 1}"
            raise FileError(Problem("encoding_wrong", name, what, "give the encoding of the sender")) from None
    try:
        return plain_body.decode()
    except UnicodeDecodeError:
        pass
    head = plain_body[:3].decode("latin-1")
    mark = plain_body[3:4].decode("latin-1") if head == "MSH" else "|"
    said = plain_body.decode("latin-1").replace("\n", "\r").split("\r", 1)[0].split(mark)
    charset = CHARSETS.get(said[17].split("~")[0].strip() if len(said) > 17 else "", "utf-8")
    if charset != "utf-8":
        return plain_body.decode(charset)
    mend = 'give encoding = "cp1252" or "latin-1" if it is Western European text, or what the sender uses'
    raise SettingNeeded(Problem("encoding_needed", name, "is not UTF-8 text, and MSH-18 names no other encoding", mend), "encoding", "cp1252")


def messages(text: str, name: str, others: dict[str, int]) -> Iterator[Message]:
    """The messages of a text. Segments of batches (FHS, BHS, BTS, FTS) are counted in `others`."""
    marks = Marks()
    header: Segment | None = None
    segments: list[Segment] = []
    for line, row in enumerate(_ENDS.split(text), start=1):
        if not row.strip():
            continue
        if row[:3] == "MSH":
            marks = _marks(row, f"{name}, line {line}")
        fields = row.split(marks.field)
        if not _NAME.fullmatch(fields[0]):
            what = f"does not start with the name of a segment: {fields[0][:10]!r}"
            raise FileError(Problem("hl7_segment", f"{name}, line {line}", what, "a line end inside a field must be written \\.br\\ or \\X0D\\"))
        segment = Segment(line, fields[0], [fields[0], marks.field, *fields[1:]] if fields[0] == "MSH" else fields, marks)
        if segment.name == "MSH":
            if header:
                yield Message(header, segments)
            header, segments = segment, []
        elif segment.name in ("FHS", "BHS", "BTS", "FTS"):
            others[segment.name] = others.get(segment.name, 0) + 1
        elif header is None:
            what = f"has a segment {segment.name} before the first MSH"
            raise FileError(Problem("hl7_header", f"{name}, line {line}", what, "send whole messages"))
        else:
            segments.append(segment)
    if header:
        yield Message(header, segments)


def _marks(row: str, where: str) -> Marks:
    field, rest = row[3:4], row[4:]
    signs = rest.split(field, 1)[0] if field else ""
    if not field or field.isalnum() or not 4 <= len(signs) <= 5 or len({field, *signs}) != len(signs) + 1:
        raise FileError(Problem("hl7_header", where, f"has an MSH segment without its separators: {row[:9]!r}", "start it with MSH|^~\\&|"))
    return Marks(field, *signs[:4])


def plain(text: str, marks: Marks) -> str:
    """A text with its escapes read: separators, line ends, characters by their bytes. Highlighting is dropped; what is not known stays."""
    if marks.escape not in text:
        return text
    known = {"F": marks.field, "S": marks.component, "T": marks.part, "R": marks.repetition, "E": marks.escape, ".br": "\n", "H": "", "N": ""}

    def one(found: re.Match[str]) -> str:
        inside = found[1]
        if inside in known:
            return known[inside]
        if inside[:1] == "X" and re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", inside[1:]):
            raw = bytes.fromhex(inside[1:])
            try:
                return raw.decode()
            except UnicodeDecodeError:
                return raw.decode("latin-1")
        return found[0]

    pattern = _ESCAPE if marks.escape == "\\" else re.compile(f"{re.escape(marks.escape)}([^{re.escape(marks.escape)}]*){re.escape(marks.escape)}")
    return pattern.sub(one, text)


def iso_time(text: str) -> str:
    """A time of HL7 as ISO 8601, as exact as it is; a text of another form stays as it is."""
    found = _TIME.fullmatch(text.strip())
    if not found:
        return text
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    date = "-".join(part for part in (year, month, day) if part)
    if hour is None:
        return date if not fraction and not zone else text
    if minute is None:
        return text
    clock = f"{hour}:{minute}" + (f":{second}{fraction or ''}" if second else "")
    return f"{date}T{clock}" + (f"{zone[:3]}:{zone[3:]}" if zone else "")
