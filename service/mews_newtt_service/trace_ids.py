"""Ids of distributed traces: the header `traceparent` as W3C Trace Context (level 1) has it. What is not exactly so counts as not sent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

HEADER = b"traceparent"
_PARTS = re.compile(rb"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)


class Trace(NamedTuple):
    """Where a request or job belongs in a trace. Every part is lower-case hexadecimal, of 32, 16 and 2 digits."""

    trace_id: str
    span_id: str
    flags: str

    @property
    def header(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


def trace_of(text: bytes) -> Trace | None:
    """The trace that a header's value names; None if it is not valid. Later versions of the format may say more after the four parts."""
    found = _PARTS.fullmatch(text)
    if found is None or (found[1] == b"00" and found[5] is not None):
        return None
    return Trace(found[2].decode(), found[3].decode(), found[4].decode())


def trace_of_headers(headers: Iterable[tuple[bytes, bytes]]) -> Trace | None:
    """The trace of a request. A header that is sent twice is not valid."""
    sent = [value for name, value in headers if name == HEADER]
    return trace_of(sent[0]) if len(sent) == 1 else None
