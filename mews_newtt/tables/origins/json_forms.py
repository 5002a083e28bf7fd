"""Reads lines of JSON by their form: lines with the same names in the same order are cut into cells as one column of texts.

A form is a pattern made from a line that the strict reader has read. It matches only flat objects without escapes and without a name twice, so that
a line that matches it means the same to every reader of JSON. Every other line is for the strict reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

BLOCK = 8 << 20  # bytes that are read together
MOST_FORMS = 8  # of one source
MOST_NAMES = 60  # of one form
_TEXT = r'"([^"\\\x00-\x1f]*)"'
_DIGITS = r"0|-?[1-9][0-9]{0,17}|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)"  # -0 is an integer that Python writes as 0
_CELL = rf"(?:{_TEXT}|({_DIGITS}|true|false)|null)"
_NAME = re.compile(r'[^"\\\x00-\x1f]+')
_SIGNS = re.compile(r"[\\.+*?()|\[\]{}^$]")


class Form(NamedTuple):
    """The names of a line in their order, and the pattern of such lines."""

    names: tuple[str, ...]
    pattern: str


class Fast(NamedTuple):
    """Lines of one form, with their numbers in the file."""

    form: Form
    lines: pl.Series
    numbers: npt.NDArray[np.int64]

    def frame(self) -> pl.DataFrame:
        """The cells of these lines: texts as they are, numbers with their digits, null as none."""
        cut = self.lines.str.extract_groups(self.form.pattern).struct.unnest()
        return cut.select(pl.coalesce(str(2 * place + 1), str(2 * place + 2)).alias(name) for place, name in enumerate(self.form.names))


def form_of(value: Any) -> Form | None:
    """The form of a line that was read; None where it holds objects or lists, or names that are written with escapes."""
    if type(value) is not dict or not 0 < len(value) <= MOST_NAMES or any(type(cell) in (dict, list) for cell in value.values()):
        return None
    if not all(_NAME.fullmatch(name) for name in value):
        return None
    cells = (f'"{_SIGNS.sub(_escaped, name)}"[ \\t]*:[ \\t]*{_CELL}' for name in value)
    return Form(tuple(value), r"^[ \t]*\{[ \t]*" + r"[ \t]*,[ \t]*".join(cells) + r"[ \t]*\}[ \t\r]*$")


def _escaped(sign: re.Match[str]) -> str:
    return "\\" + sign[0]


def blocks_of(stream: BinaryIO, longest: int) -> Iterator[bytes]:
    """A stream in parts that end where a line does. A line that is longer than `longest` ends the parts, and is given as far as it was read."""
    rest = b""
    while part := stream.read(BLOCK):
        rest += part
        end = rest.rfind(b"\n") + 1
        if end:
            yield rest[:end]
            rest = rest[end:]
        if len(rest) > longest:
            break
    if rest:
        yield rest


class Forms:
    """The forms of one source: found while its lines are read."""

    def __init__(self) -> None:
        self.known: list[Form] = []

    def split(self, block: bytes, before: int, longest: int, strict: Callable[[int, bytes], Any]) -> Iterator[Fast]:
        """The lines of a block that have a form. `strict` takes each other line, with its number, and returns its value; it raises what is wrong.

        longest : bytes of a line; where one is longer, the strict reader takes the block
        """
        body = block.removesuffix(b"\n")
        lines = pl.Series(body.decode("utf-8").split("\n"), dtype=pl.String) if _is_utf8(body) else None
        most = None if lines is None else lines.str.len_bytes().max()
        if lines is None or not isinstance(most, int) or most >= longest:
            for number, line in enumerate(body.split(b"\n"), start=before + 1):
                strict(number, line)
            return
        numbers = np.arange(before + 1, before + 1 + len(lines))
        for form in self.known:
            fast, lines, numbers = _apart(form, lines, numbers)
            yield from fast
        while len(lines):
            value = strict(int(numbers[0]), lines[0].encode("utf-8"))
            lines, numbers = lines[1:], numbers[1:]
            new = form_of(value) if len(self.known) < MOST_FORMS and len(lines) else None
            if new is not None and new not in self.known:
                self.known.append(new)
                fast, lines, numbers = _apart(new, lines, numbers)
                yield from fast


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _apart(form: Form, lines: pl.Series, numbers: npt.NDArray[np.int64]) -> tuple[list[Fast], pl.Series, npt.NDArray[np.int64]]:
    """The lines of a form, and the others."""
    fits = lines.str.contains(form.pattern)
    if not fits.any():
        return [], lines, numbers
    is_of = fits.to_numpy()
    if is_of.all():
        return [Fast(form, lines, numbers)], lines[:0], numbers[:0]
    return [Fast(form, lines.filter(fits), numbers[is_of])], lines.filter(~fits), numbers[~is_of]


def as_one(parts: list[tuple[pl.DataFrame, npt.NDArray[np.int64]]], columns: Mapping[str, Any]) -> tuple[pl.DataFrame, npt.NDArray[np.int64]]:
    """Rows of several forms in the order of their lines, each with every column."""
    frames = [
        frame.select(pl.col(name) if name in frame.columns else pl.lit(None, pl.String).alias(name) for name in columns) for frame, _ in parts
    ]
    numbers = np.concatenate([own for _, own in parts])
    whole = pl.concat(frames)
    if len(parts) > 1:
        order = np.argsort(numbers, kind="stable")
        whole, numbers = whole[order], numbers[order]
    return whole.rechunk(), numbers
