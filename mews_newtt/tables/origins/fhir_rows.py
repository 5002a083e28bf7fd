"""Reads FHIR R4 as a source: Bundles and lines of resources, of many patients, become a long table with one row for each reading.

Nothing is decided here about what a reading means. Void Observations have their rows too: a plan leaves them out by their status.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import chain
from typing import Any

from mews_newtt.errors import FileError, Problem, at_most
from mews_newtt.reading.fhir_parts import Faults, Holder, Resource, entries, key_of, subject_key, tail_of
from mews_newtt.reading.json_text import JsonError, is_array, read_items, read_object
from mews_newtt.reading.plan import SourceSettings
from mews_newtt.tables.origins.json_rows import LONGEST_LINE, placed
from mews_newtt.tables.origins.long_table import COLUMNS, SEVERAL, LongRow, code_text, joined
from mews_newtt.tables.origins.source_table import Notes, Opened, SourceBatch, SourceTable, batches_of

_IS_FHIR = re.compile(rb'\s*\[?\s*\{(?:[^{}\[\]"]|"(?:[^"\\]|\\.)*")*?"resourceType"\s*:\s*"', re.DOTALL)
_ANYWHERE = re.compile(rb'"resourceType"\s*:\s*"(?:Bundle|Observation|Patient)"')
HELD = 500_000_000  # bytes of a Bundle, which is read as a whole
TIMES = ("effectiveDateTime", "effectiveInstant")
NOT_READ_VALUES = ("valueRange", "valueRatio", "valueSampledData")
_HINT = "send FHIR R4 JSON: a Bundle, or one resource in each line"
Placed = tuple[int, str, Resource, str]  # the number of an entry, its place, the resource and its fullUrl
Aliases = Mapping[str, str]


def is_fhir(head: bytes) -> bool:
    """Whether JSON that starts so is FHIR: its first object has a resourceType."""
    return bool(_IS_FHIR.match(head) or _ANYWHERE.search(head[:4096]))


def read_fhir(opened: Opened, settings: SourceSettings, name: str) -> SourceTable:
    """Bundles, Observations and other resources, as one JSON text, as an array, or one in each line."""
    with opened() as stream:
        lines = _is_lines(stream, name)

    def rows(notes: Notes) -> Iterator[tuple[int, LongRow]]:
        seen = 0
        for one, aliases in _lines(opened, name) if lines else _whole(opened, name):
            for row in _resource_rows(one, aliases, name, notes):
                seen += 1
                yield row
        if not seen:
            others = ", ".join(note.what for note in notes) or "no resource"
            raise FileError(Problem("nothing_read", name, f"holds no Observation ({others})", "export the Observations too"))

    next(rows(Notes()))  # a file without any is refused at once

    def batches(notes: Notes) -> Iterator[SourceBatch]:
        yield from batches_of(COLUMNS, rows(notes))

    return SourceTable(name, replace(settings, kind="fhir"), COLUMNS, "line" if lines else "entry", (), batches)


def _is_lines(stream: Any, name: str) -> bool:
    """Whether each line is a resource: the first one that is not blank is an object of its own."""
    while line := stream.readline(LONGEST_LINE):
        text = line.strip().removeprefix(b"\xef\xbb\xbf")
        if not text:
            continue
        if len(line) == LONGEST_LINE or is_array(text):
            return False
        try:
            read_object(text, name, _HINT)
        except JsonError:
            return False
        return bool(_next_text(stream))  # one line alone is read as a whole, so that its entries are counted
    return False


def _next_text(stream: Any) -> bytes:
    while part := stream.read(1 << 16):
        if part.strip():
            return bytes(part)
    return b""


def _lines(opened: Opened, name: str) -> Iterator[tuple[Placed, Aliases]]:
    with opened() as stream:
        number = 0
        while line := stream.readline(LONGEST_LINE):
            number += 1
            where = f"{name}, line {number}"
            if len(line) == LONGEST_LINE:
                raise FileError(Problem("line_too_long", where, f"has more than {LONGEST_LINE:,} bytes", _HINT))
            text = line.strip().removeprefix(b"\xef\xbb\xbf") if number == 1 else line.strip()
            if not text:
                continue
            try:
                body = read_object(text, where, _HINT)
            except JsonError as fault:
                raise FileError(placed(fault, where)) from None
            for _, place, resource, url, aliases in _unpacked(body, number, where):
                yield (number, place, resource, url), aliases


def _whole(opened: Opened, name: str) -> Iterator[tuple[Placed, Aliases]]:
    with opened() as stream:
        body = stream.read(HELD + 1)
    if len(body) > HELD:
        raise FileError(Problem("file_too_large", name, f"is one JSON text of more than {HELD:,} bytes", "write one resource in each line (NDJSON)"))
    try:
        array = is_array(body.removeprefix(b"\xef\xbb\xbf"))
        bodies = read_items(body, name, _HINT, depth=100, most=LONGEST_LINE) if array else [read_object(body, name, _HINT)]
        done = 0
        for one in bodies:
            last = done
            for number, place, resource, url, aliases in _unpacked(one, done + 1, name):
                last = number
                yield (number, place, resource, url), aliases
            done = max(last, done + 1)
    except JsonError as fault:
        raise FileError(placed(fault, name)) from None


def _unpacked(body: Any, number: int, where: str) -> Iterator[tuple[int, str, Resource, str, Aliases]]:
    """A resource alone, or the entries of a Bundle, numbered from `number` on."""
    if not isinstance(body, dict):
        raise FileError(Problem("not_an_object", where, "holds something else than a resource", _HINT))
    if body.get("resourceType") != "Bundle":
        if not isinstance(body.get("resourceType"), str):
            raise FileError(Problem("resource_type_missing", where, "does not say what it is", "send its resourceType, such as Observation"))
        yield number, where, body, "", {}
        return
    faults = Faults()
    loose = list(entries(body, "Bundle", faults))
    errors = [problem._replace(where=f"{where}, {problem.where}") for problem in faults if not problem.warning]
    if errors:
        raise FileError(at_most(errors, where))
    aliases = {url: tail_of(resource) for _, resource, url in loose if url and tail_of(resource)}
    for place, resource, url in loose:
        entry = int(place.rsplit("[", 1)[1].split("]")[0])
        yield number + entry, f"{where}, {place}", resource, url, aliases


def _resource_rows(one: Placed, aliases: Aliases, name: str, notes: Notes) -> Iterator[tuple[int, LongRow]]:
    number, place, body, _ = one
    kind = body["resourceType"]
    if kind != "Observation":
        notes.add("resource_not_read", f"{kind} is no Observation and is not read", number)
        inside = Faults().objects(body, "contained", place)
        if any(one.get("resourceType") == "Observation" for _, one in inside):
            notes.add("not_read", f"Observations inside another resource ({kind}) are not read", number)
        return
    yield from _observation_rows(number, place, body, Holder(body, aliases), None, notes)


def _observation_rows(number: int, place: str, body: Resource, holder: Holder, outer: LongRow | None, notes: Notes) -> Iterator[tuple[int, LongRow]]:
    """The rows of an Observation: its own value, its components, and the Observations contained in it."""
    faults = Faults()
    row = _frame(body, place, holder, outer, faults)
    elsewhere = any(subject_key(link, holder, where, faults) not in ("", row.subject) for where, link in faults.objects(body, "focus", place))
    parts = list(faults.objects(body, "component", place))
    rows = []
    if elsewhere:
        notes.add("not_read", "Observations whose focus is not the patient are not read", number)
    elif not faults.other_rules(body, place):
        if parts or body.get("hasMember") or outer is None or _values(body):
            rows = _valued(body, place, row, faults, number, notes, alone=not parts and not body.get("hasMember"))
        for count, (where, part) in enumerate(parts, start=1):
            if not faults.other_rules(part, where):
                named = row._replace(set_id=str(count), **_codes(part, where, faults))
                rows += _valued(part, where, named, faults, number, notes, alone=True)
            if "component" in part:
                faults.add("not_read", f"{where}.component", "a component has none of its own", "send one level of components")
    if faults:
        for problem in faults:
            notes.add("not_read", f"an Observation, or a part of one, is not read: {_path(problem.where)} {problem.what}", number)
    for each in rows:
        yield number, each
    if outer is None:
        for where, inner in Faults().objects(body, "contained", place):
            if inner.get("resourceType") == "Observation":
                yield from _observation_rows(number, where, inner, holder, row, notes)


def _path(where: str) -> str:
    """The last part of a place, without the numbers that only say which one of many it is."""
    return re.sub(r"\[\d+\]", "", where.rsplit(", ", 1)[-1]).replace("Bundle.entry.resource", "Observation")


def _frame(body: Resource, place: str, holder: Holder, outer: LongRow | None, faults: Faults) -> LongRow:
    """What all rows of an Observation have in common."""
    subject = subject_key(faults.object(body, "subject", place), holder, f"{place}.subject", faults)
    period = faults.object(body, "effectivePeriod", place)
    events = faults.object(body, "effectiveTiming", place).get("event")
    times = chain((faults.text(body, key, place) for key in TIMES), (faults.text(period, end, place) for end in ("end", "start")))
    last = max((event for event in events if isinstance(event, str)), default="") if isinstance(events, list) else ""
    stay = faults.text(faults.object(body, "encounter", place), "reference", place)
    return LongRow(
        subject=subject or (outer.subject if outer else None),
        time=next((text for text in times if text), "") or last or (outer.time if outer else None),
        status=faults.text(body, "status", place) or None,
        id=faults.text(body, "id", place) or None,
        issued=faults.text(body, "issued", place) or (outer.issued if outer else None),
        encounter=holder.aliases.get(stay, stay) or (outer.encounter if outer else None),
        **_codes(body, place, faults),
    )


def _codes(body: Resource, place: str, faults: Faults) -> dict[str, str | None]:
    concept = faults.object(body, "code", place)
    found = [(_coding_text(coding), coding) for _, coding in faults.objects(concept, "coding", f"{place}.code")]
    codes = [text for text, _ in found if text]
    displays = [coding["display"] for _, coding in found if isinstance(coding.get("display"), str)]
    texts = [text for text in (faults.text(concept, "text", f"{place}.code"), *displays) if text]
    return {"code": codes[0] if codes else None, "other_codes": joined(codes[1:]), "text": texts[0] if texts else None}


def _coding_text(coding: Mapping[str, Any]) -> str | None:
    key = key_of(coding)
    if key:
        return code_text(*key)
    return coding["code"] if isinstance(coding.get("code"), str) else None


def _values(body: Resource) -> list[str]:
    return [key for key in body if key.startswith("value") and body[key] is not None]


def _valued(body: Resource, place: str, row: LongRow, faults: Faults, number: int, notes: Notes, *, alone: bool) -> list[LongRow]:
    """The row of one code with its value; none for a panel, whose values are in its parts. Two values are not read."""
    values = _values(body)
    absent = faults.object(body, "dataAbsentReason", place)
    if not values and not absent and not alone:
        return []
    if len(values) > 1:
        faults.add("value_twice", place, f"has {' and '.join(values)}", "give one value")
        return []
    reason = _concept(absent, f"{place}.dataAbsentReason", faults) if absent else None
    row = row._replace(absent=" ".join(each for each in reason if each) or None if reason else None)
    if not values:
        return [row]
    before = len(faults)
    read = _value(values[0], body, place, faults)
    if len(faults) > before:
        return []
    if not row.time:
        notes.add("time_missing", "readings without a time", number)
    if not row.subject:
        notes.add("subject_missing", "readings that do not say whose they are", number)
    return [row._replace(**read)]


def _value(key: str, body: Resource, place: str, faults: Faults) -> dict[str, str | None]:
    where = f"{place}.{key}"
    if key == "valueQuantity":
        return _quantity(faults.object(body, key, place), where, faults)
    if key == "valueCodeableConcept":
        words, codes = _concept(faults.object(body, key, place), where, faults)
        if not words and not codes:
            faults.add("unknown_category", where, "has neither a code nor words", "send the code of the answer")
        return {"value": words or codes, "value_code": codes}
    if key in ("valueString", "valueDateTime", "valueTime"):
        return {"value": faults.text(body, key, place)}
    found = body[key]
    if key == "valueBoolean" and isinstance(found, bool):
        return {"value": "true" if found else "false"}
    if key == "valueInteger" and isinstance(found, int) and not isinstance(found, bool):
        return {"value": str(found)}
    what = "is not read" if key in NOT_READ_VALUES or isinstance(found, dict) else "is not of its type"
    faults.add("value_not_read", where, what, "send valueQuantity, or valueCodeableConcept for a category")
    return {}


def _quantity(quantity: Resource, where: str, faults: Faults) -> dict[str, str | None]:
    number = quantity.get("value")
    if isinstance(number, bool) or not isinstance(number, (int, Decimal)):
        faults.add("not_a_number", f"{where}.value", "is no number", "send the number, or dataAbsentReason without a value")
        return {}
    comparator = faults.text(quantity, "comparator", where)
    code, words = faults.text(quantity, "code", where).strip(), faults.text(quantity, "unit", where).strip()
    unit = code or words
    return {"value": f"{comparator}{number}", "unit": unit or None, "unit_text": words if words and words != unit else None}


def _concept(concept: Resource, where: str, faults: Faults) -> tuple[str | None, str | None]:
    """The words of a CodeableConcept, and its codes."""
    found = list(faults.objects(concept, "coding", where))
    codes = [text for _, coding in found if (text := _coding_text(coding))]
    displays = [coding["display"] for _, coding in found if isinstance(coding.get("display"), str) and coding["display"].strip()]
    text = faults.text(concept, "text", where).strip()
    return text or joined(dict.fromkeys(displays), SEVERAL), joined(codes)
