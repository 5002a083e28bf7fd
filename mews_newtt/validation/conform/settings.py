"""What an adapter holds: the places and words of requests and answers. `adapter_file.py` reads it from TOML, `adapter_checks.py` finds its faults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.validation.conform.placeholders import FIRST_TIME, names_in

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
HIDDEN = "***"
NO_ANSWER = "no answer"
JSON, FORM, QUERY = "json", "form", "query"  # how a request holds its readings
EACH, ONE = "each", "one"  # whose sets the cases are: each of another person, or all of one


class Limits(NamedTuple):
    """How fast a platform may be asked."""

    per_second: float = 5.0
    at_once: int = 1
    timeout_seconds: float = 10.0
    retries: int = 3


class Answer(NamedTuple):
    """What a platform answered, as text; blank where it does not say. `status` is complete, partial, refused or another word.

    there : which of total, level, status and points.<parameter> the answer has at all, if only as null; None where it has no scores to look for
    keys : the paths of what it holds, for messages
    words : its own words for level and status, before the adapter's tables
    why : what it says about a refusal
    """

    status: str = ""
    total: str = ""
    level: str = ""
    points: Mapping[str, str] = {}
    there: frozenset[str] | None = None
    keys: tuple[str, ...] = ()
    words: Mapping[str, str] = {}
    why: str = ""


class Settings(NamedTuple):
    """The content of an adapter file. The ${VARIABLES} and {placeholders} are not yet filled in."""

    name: str = "platform"
    method: str = "POST"
    body: str = JSON
    path: str = ""
    headers: Mapping[str, str] = {}
    fields: Mapping[str, str] = {}  # our name: its path in the request
    reading: str = ""  # the path of every other reading, with {parameter}
    sent_names: Mapping[str, str] = {}  # our name: what {parameter} is in a request
    constants: Mapping[str, Any] = {}
    always: tuple[str, ...] = ()  # constants that do not depend on a reading beside them
    units: Mapping[str, str] = {}
    values: Mapping[str, Mapping[str, Any]] = {}
    leave_out: tuple[str, ...] = ()
    cannot_send: tuple[str, ...] = ()  # parameters, or parameter=value
    numbers_as_text: bool | frozenset[str] = False
    nulls: bool = False  # a missing reading is sent as null
    person: str = EACH
    first_time: datetime | None = FIRST_TIME  # None: now
    minutes_between: int = 60
    run: str = ""
    total: str = "total"
    level: str = "level"
    status: str = "status"
    error: str = "error"
    points: str = "points.{parameter}"
    points_at: Mapping[str, str] = {}  # our name: the path of its points
    names: Mapping[str, str] = {}  # our name: what {parameter} is in an answer
    levels: Mapping[str, str] = {}
    statuses: Mapping[str, str] = {}
    refused_codes: tuple[int, ...] = (400, 422)
    refuses_partial: bool = False
    limits: Limits = Limits()
    stated: frozenset[str] = frozenset()  # the keys of [response] that the file has

    @property
    def says_who(self) -> bool:
        """Whether requests name the person."""
        texts = (self.path, *self.headers.values(), *self.constants.values())
        return any(names_in(text) & {"person_id", "person_number"} for text in texts)

    def place(self, name: str) -> str:
        """The path of a reading in the request; blank where it has none."""
        if name in self.fields:
            return self.fields[name]
        if self.reading:
            return "" if name.startswith(SKIP_PREFIX) else self.reading.replace("{parameter}", self.sent_names.get(name, name))
        if name.startswith(SKIP_PREFIX) and self.sent_names:
            return self.sent_names.get(name, "")  # a platform with names of its own has its own for this too
        return "" if self.fields else self.sent_names.get(name, name)

    def points_path(self, name: str) -> str:
        """The path of a parameter's points in the answer; blank where the platform does not give them."""
        if self.points_at:
            return self.points_at.get(name, "")
        return self.points.replace("{parameter}", self.names.get(name, name))

    def sends(self, name: str, text: str) -> bool:
        """Whether the request can hold this reading."""
        return name not in self.cannot_send and f"{name}={text}" not in self.cannot_send and bool(self.place(name))

    def can_send(self, given: Mapping[str, str]) -> bool:
        """Whether the request can hold every reading of a case, or may leave it out."""
        return all(not text or name in self.leave_out or self.sends(name, text) for name, text in given.items())
