"""What Polars does not do for JSON: find a name given twice, read an array of sets, and name the line of a fault."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.json_text import JsonError, read_object
from mews_newtt.tables.json_bytes import ENDED, PART, SLOTS, STATE_SIZE, line_to_check, lines_of_array
from mews_newtt.tables.loops import FEW, numba_is_loaded

BLOCK = 8 << 20  # bytes looked at together
NEW_LINE = b"\n"

KINDS = {bool: "true or false", int: "a number or text", float: "a number or text", str: "a number or text", list: "a list", dict: "an object"}


def name_twice(path: Path, name: str, row: str = "line") -> Problem | None:
    """The first line that holds a name twice. Polars would keep one of the two values in silence."""
    hashes, done = np.zeros(SLOTS, np.uint64), 0
    with path.open("rb") as stream:
        for block in _whole_lines(stream):
            if len(block) < BLOCK and len(block) > FEW and not done and not numba_is_loaded():
                return _line_by_line(block, name, row)  # a small file: done before numba is loaded
            data, used, end = np.frombuffer(block, np.uint8), np.zeros(SLOTS, np.int64), -1
            while True:
                start, end = line_to_check(data, end + 1, hashes, used)
                if start < 0:
                    break
                problem = _twice(block[start:end])
                if problem:
                    return _placed(problem, f"{name}, {row} {done + block.count(NEW_LINE, 0, start) + 1}")
            done += block.count(b"\n")
    return None


def _line_by_line(block: bytes, name: str, row: str) -> Problem | None:
    for number, line in enumerate(block.split(NEW_LINE), start=1):
        problem = _twice(line) if line.strip() else None
        if problem:
            return _placed(problem, f"{name}, {row} {number}")
    return None


def _whole_lines(stream: BinaryIO) -> Iterator[bytes]:
    """A stream in blocks that end where a line does."""
    rest: list[bytes] = []
    while block := stream.read(BLOCK):
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join([*rest, block[:end]])
            rest = []
        rest.append(block[end:])
    if any(rest):
        yield b"".join(rest)


def _twice(line: bytes) -> Problem | None:
    """The fault of a line that Polars would not see; it finds the others itself."""
    try:
        read_object(line, "the line", "", nan=True)
    except JsonError as fault:
        return next((problem for problem in fault.problems if problem.code in ("name_twice", "json_too_deep")), None)
    return None


def _placed(problem: Problem, where: str) -> Problem:
    return problem._replace(where=f"{where}, column {problem.where}" if problem.code == "name_twice" else where)


class ArrayLines(io.RawIOBase):
    """The elements of a JSON array, one per line; a file that holds no array is passed on unchanged."""

    def __init__(self, stream: BinaryIO, name: str):
        self._stream, self._name = stream, name
        self._state = np.zeros(STATE_SIZE, np.int64)
        self._array: bool | None = None

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        if self._array is None and block.strip():
            self._array = block.lstrip().startswith(b"[")
        if not self._array:
            return block
        out = np.empty(len(block), np.uint8)
        whole = lines_of_array(np.frombuffer(block, np.uint8), out, self._state)
        if not whole or (not block and self._state[PART] != ENDED):
            what = "is not a JSON array of objects" if not whole else "is a JSON array that does not end"
            raise FileError(Problem("not_json", self._name, what, "write [{...}, {...}], or one JSON object in each line as .ndjson"))
        return out.tobytes()


def json_problem(path: Path, name: str, row: str = "line") -> Problem | None:
    """The first line that is not a JSON object, or whose value is of another kind than those before it; None where there is none."""
    seen: dict[str, str] = {}
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            where = f"{name}, {row} {number}"
            try:
                found = read_object(line.rstrip(), where, "write one JSON object in each line, in UTF-8", number=_finite)
            except JsonError as fault:
                return _placed(fault.problems[0], where)._replace(code="not_ndjson")
            for key, value in found.items():
                kind = KINDS.get(type(value), "nothing")
                if value is not None and seen.setdefault(key, kind) != kind:
                    return Problem("kinds_differ", f"{where}, column {key}", f"is {kind} after {seen[key]}", "write values of one kind in a column")
    return None


def _finite(text: str) -> Any:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is not a number of JSON that can be held")
    return number
