"""The long table that FHIR resources and HL7 messages become: one row for each reading, with the same columns from both."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

# What each status means for a reading. FHIR's words, and the letters of HL7 v2 (table 0085).
FINAL = ("final", "amended", "corrected", "F", "C", "A", "U")
NOT_YET_FINAL = ("registered", "preliminary", "unknown", "P", "R", "S", "I", "B", "V")
VOID = ("entered-in-error", "cancelled", "D", "W", "X", "N", "O")
BETWEEN = "\n"  # between several codes in one cell; no code holds a line end
SEVERAL = "; "


class LongRow(NamedTuple):
    """One reading as the source has it; None where the source says nothing.

    subject : whose it is: a reference (`Patient/1`), or the authority and the number of an identifier (`HOSP|123`)
    time : when it was observed, as ISO 8601; a period counts from its end
    code : system and code of the first coding (`http://loinc.org|8867-4`); the code alone where no system is named
    other_codes : further codings of the same thing, one in each line
    text : what the source calls it
    value : the reading: digits as written, with < or > before them where the source has a comparator; words of an answer
    value_code : system and code of an answer, one in each line
    unit, unit_text : the unit's code, else its words; and its words where they differ from the code
    status : final, F, entered-in-error, W ... as the source has it; rows that are void are here too
    absent : why there is no value
    id : of the resource, or of the message
    set_id : of the part of it: the number of a component, or OBX-1
    sub_id : OBX-4, where several segments belong together
    issued : when this version was made available
    encounter : the stay that it belongs to
    """

    subject: str | None = None
    time: str | None = None
    code: str | None = None
    other_codes: str | None = None
    text: str | None = None
    value: str | None = None
    value_code: str | None = None
    unit: str | None = None
    unit_text: str | None = None
    status: str | None = None
    absent: str | None = None
    id: str | None = None
    set_id: str | None = None
    sub_id: str | None = None
    issued: str | None = None
    encounter: str | None = None


COLUMNS = LongRow._fields


def status_means(status: str | None) -> str | None:
    """`final`, `open` or `void`; None for a status that nobody knows, or none at all."""
    return "final" if status in FINAL else "open" if status in NOT_YET_FINAL else "void" if status in VOID else None


def code_text(system: str | None, code: str) -> str:
    return f"{system}|{code}" if system else code


def split_code(text: str) -> tuple[str, str]:
    """System and code of `system|code`; an empty system where none is named."""
    system, _, code = text.rpartition("|")
    return system, code


def codes_of_row(code: str | None, other_codes: str | None) -> list[str]:
    """All codes of a row, the first one first."""
    return [each for each in (code, *(other_codes or "").split(BETWEEN)) if each]


def joined(texts: Iterable[str], between: str = BETWEEN) -> str | None:
    return between.join(texts) or None
