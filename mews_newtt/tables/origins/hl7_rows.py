"""Reads HL7 v2 results (ORU) as a source: one or many messages become a long table with one row for each OBX segment.

Nothing is decided here about what a reading means. Results that were deleted or posted wrongly have their rows too, with their status.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.fhir_parts import LOINC, MDC, SNOMED
from mews_newtt.reading.plan import SourceSettings
from mews_newtt.tables.origins.hl7_text import NULL, Message, Segment, decoded, iso_time, messages
from mews_newtt.tables.origins.long_table import COLUMNS, LongRow, code_text, joined
from mews_newtt.tables.origins.settings import SettingNeeded
from mews_newtt.tables.origins.source_table import Notes, SourceBatch, SourceTable, batches_of

RESULTS = ("ORU", "OUL")  # types of messages that carry results
SYSTEMS = {"LN": LOINC, "SCT": SNOMED, "MDC": MDC}  # HL7 table 0396, where FHIR has another name for it
TIMES = ("DT", "TM", "TS", "DTM")
CODED = ("CE", "CWE", "CNE", "CF")
WORDS = ("NM", "ST", "TX", "FT", "IS", "ID", "SI", "")
READ = ("MSH", "PID", "OBR", "OBX")


class _Place(NamedTuple):
    """What the segments before an OBX say about it."""

    subject: str | None = None
    encounter: str | None = None
    time: str | None = None


def read_hl7(body: bytes, settings: SourceSettings, name: str) -> SourceTable:
    """The messages of a file as a source."""
    text = decoded(body, settings.encoding, name)

    def rows(notes: Notes) -> Iterator[tuple[int, LongRow]]:
        others: dict[str, int] = {}
        for message in messages(text, name, others):
            kind = message.header.components(message.header.field(9))
            if kind[0] not in RESULTS:
                notes.add("message_not_read", f"messages of the type {'^'.join(kind[:2])} are not read", message.header.line)
                continue
            yield from _message_rows(message, settings.identifier, name, notes)
        for segment, times in others.items():
            notes.add("segment_not_read", f"segments {segment} are not read", times=times)

    opening = Notes()
    found = Notes()
    if next(rows(found), None) is None:
        others = "; ".join(note.what for note in found) or "no message"
        raise FileError(Problem("nothing_read", name, f"holds no result ({others})", "export messages of the type ORU^R01"))

    def batches(notes: Notes) -> Iterator[SourceBatch]:
        yield from batches_of(COLUMNS, rows(notes))

    return SourceTable(name, replace(settings, kind="hl7"), COLUMNS, "line", tuple(opening), batches)


def _message_rows(message: Message, identifier: str | None, name: str, notes: Notes) -> Iterator[tuple[int, LongRow]]:
    header = message.header
    control, issued = header.field(10) or None, _time(header, header.field(7))
    place = _Place()
    unread = Counter[str]()
    for segment in message.segments:
        if segment.name == "PID":
            place = _Place(_subject(segment, identifier, name, notes))
        elif segment.name == "PV1":
            place = place._replace(encounter=segment.components(segment.field(19))[0] or None)
            unread[segment.name] += 1
        elif segment.name == "OBR":
            place = place._replace(time=_time(segment, segment.field(7)))
        elif segment.name == "OBX":
            for row in _result(segment, place, name, notes):
                yield segment.line, row._replace(id=control, issued=issued)
        else:
            unread[segment.name] += 1
    for each, times in unread.items():
        of = "segments PV1 are not read but for the visit number" if each == "PV1" else f"segments {each} are not read"
        notes.add("segment_not_read", of, header.line, times)


def _subject(segment: Segment, wanted: str | None, name: str, notes: Notes) -> str | None:
    """Authority and number of the patient's identifier: the one that the settings want, or the only one."""
    found = [parts for text in segment.repeated(3) if text != NULL and (parts := segment.components(text))[0]]
    named = [(parts[0], _part(parts, 3, segment), _part(parts, 4, segment)) for parts in found]
    if wanted:
        named = [each for each in named if wanted in each[1:]]
        if not named:
            notes.add("subject_missing", f"patients without an identifier {wanted}", segment.line)
    elif len(set(named)) > 1:
        kinds = [kind or authority for _, authority, kind in named]
        said = ", ".join(kind or "without a name" for kind in kinds)
        mend = "give identifier = the type or the authority that all messages have" + (f', such as "{kinds[0]}"' if kinds[0] else "")
        where = f"{name}, line {segment.line}, PID-3"
        options = tuple((kind, f"such as {number}") for kind, (number, _, _) in zip(kinds, named, strict=True) if kind)
        raise SettingNeeded(Problem("identifier_needed", where, f"has several identifiers: {said}", mend), "identifier", kinds[0] or None, options)
    if not named:
        return None
    number, authority, _ = named[0]
    return f"{authority}|{number}" if authority else number


def _part(parts: list[str], number: int, segment: Segment) -> str:
    """A component; of one with parts, the first."""
    return parts[number].split(segment.marks.part)[0] if number < len(parts) else ""


def _time(segment: Segment, text: str) -> str | None:
    first = segment.components(text)[0]
    return iso_time(first) if first and first != NULL else None


def _result(segment: Segment, place: _Place, name: str, notes: Notes) -> Iterator[LongRow]:
    """The rows of one OBX segment: one for each repetition of its value."""
    kind, names = segment.field(2).strip(), segment.components(segment.field(3))
    codes = [code_text(SYSTEMS.get(system, system) or None, code) for code, _, system in _triples(names) if code]
    texts = [words for _, words, _ in _triples(names) if words]
    unit = segment.components(segment.field(6)) if segment.field(6) != NULL else [""]
    code, words = unit[0], unit[1] if len(unit) > 1 else ""
    row = LongRow(
        subject=place.subject,
        time=_time(segment, segment.field(14)) or place.time,
        code=codes[0] if codes else None,
        other_codes=joined(codes[1:]),
        text=texts[0] if texts else None,
        unit=code or words or None,
        unit_text=words if words and code and words != code else None,
        status=segment.field(11) or None,
        set_id=segment.field(1) or None,
        sub_id=segment.field(4) or None,
        encounter=place.encounter,
    )
    if not row.subject:
        notes.add("subject_missing", "results that do not say whose they are", segment.line)
    if not row.time:
        notes.add("time_missing", "results without a time", segment.line)
    values = segment.repeated(5)
    if len(values) > 1:
        notes.add("value_repeated", "results with several values: each is a row of its own", segment.line)
    if not any(value for value in values):
        yield row
        return
    for value in values:
        if value == NULL:
            notes.add("value_deleted", 'results whose value is "": it was deleted, so they have none', segment.line)
            yield row
            continue
        read = _value(kind, value, segment)
        if read is None:
            notes.add("not_read", f"results of the type {kind} are not read: {row.text or row.code or 'without a name'}", segment.line)
        else:
            yield row._replace(value=read[0], value_code=read[1])


def _triples(parts: list[str]) -> Iterator[tuple[str, str, str]]:
    """Code, words and system: the first three components, and the next three for another code of the same thing."""
    filled = [*parts, *[""] * 6]
    yield filled[0], filled[1], filled[2]
    if filled[3] or filled[4]:
        yield filled[3], filled[4], filled[5]


def _value(kind: str, text: str, segment: Segment) -> tuple[str | None, str | None] | None:
    """The value and its code; None for a type that is not read."""
    parts = segment.components(text)
    if kind in CODED:
        found = list(_triples(parts))
        codes = [code_text(SYSTEMS.get(system, system) or None, code) for code, _, system in found if code]
        words = next((each for _, each, _ in found if each), None) or _original_text(parts)
        return (words or next((code for code, _, _ in found if code), None), joined(codes)) if words or codes else None
    if kind == "SN":
        return _structured(parts), None
    if kind in TIMES:
        return iso_time(parts[0]), None
    if kind in WORDS:
        return segment.marks.component.join(parts), None
    return None


def _original_text(parts: list[str]) -> str | None:
    return parts[8] if len(parts) > 8 and parts[8] else None


def _structured(parts: list[str]) -> str:
    """A structured number: a comparator, a number, and a mark with a second number. `<^35` is <35, and `^120^/^80` is 120/80."""
    return "".join(part.strip() for part in parts[:4])
