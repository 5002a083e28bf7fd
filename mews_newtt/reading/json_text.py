"""Strict JSON: the one reader for observation sets, FHIR resources, lines of a file and HTTP bodies.

It refuses what JSON readers treat differently: a name given twice in one object, NaN and Infinity, half of a surrogate pair, text that is not
UTF-8, numbers that are too large to hold, and very deep nesting. Numbers with a decimal point keep the digits they are written with.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NoReturn

from mews_newtt.errors import ObservationError, Problem, short

MOST_DEPTH = 100  # levels of nesting; FHIR resources use about twenty
WINDOW = 1 << 16  # characters of an array that are looked at together, at first
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?', re.DOTALL)  # possessive, and to the end where none closes it: linear for every text
_AS_SQUARE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_BLANKS = re.compile(r"[ \t\n\r]*+")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # some editors on Windows put it before UTF-8

ReadNumber = Callable[[str], Any]


class JsonError(ObservationError):
    """A text that is not JSON as it is read here; nothing was read from it."""


class _NameTwice(Exception):
    """A name that is given twice in one object."""


class _TooManyNames(Exception):
    """An object with more names than the caller allows; holds the number and the limit."""


_FAULTS = (_NameTwice, _TooManyNames, ValueError, RecursionError, InvalidOperation)  # UnicodeError is a ValueError


def read_json(
    text: str | bytes,
    where: str,
    hint: str,
    *,
    depth: int = MOST_DEPTH,
    most_names: int | None = None,
    number: ReadNumber = Decimal,
    nan: bool = False,
) -> Any:
    """The value of a JSON text.

    Parameters
    ----------
    where, hint : the place that a fault names, and what it advises
    depth : the most levels of nesting
    most_names : the most names of one object; without it there is no limit
    number : reads a number with a decimal point or an exponent; a ValueError of it is a fault of the text
    nan : NaN and Infinity are read as floats (Python writes NaN for a missing value); otherwise they are faults

    Raises
    ------
    JsonError  one problem; codes: not_utf8, not_json, name_twice, json_too_deep, too_many_names
    """
    try:
        body = text.encode("utf-8") if isinstance(text, str) else bytes(text)
        _check_depth(body, depth, where)
        found = _decoder(most_names, number, nan).decode(_decoded(body))
        _check_characters(body, found)
    except _FAULTS as fault:
        raise _error(fault, where, hint, depth) from None
    return found


def read_object(text: str | bytes, where: str, hint: str, **options: Any) -> dict[str, Any]:
    """The same for a text that must hold an object; another value is a JsonError with the code not_an_object."""
    found = read_json(text, where, hint, **options)
    if not isinstance(found, dict):
        raise JsonError(Problem("not_an_object", where, "is not a JSON object", hint))
    return found


def read_items(
    body: bytes, where: str, hint: str, *, depth: int, most: int, most_names: int | None = None, number: ReadNumber = Decimal
) -> Iterator[Any]:
    """The items of a JSON array, one after the other, each read as `read_json` does. Nothing is read ahead, so that the caller can stop.

    Parameters
    ----------
    depth : the most levels of nesting inside one item
    most : the most characters of one item; more is a JsonError with the code body_too_large
    """
    decoder = _decoder(most_names, number, False)
    try:
        text = _decoded(body)
        at = _after_blanks(text, 0) + 1  # behind the bracket
        if text[_after_blanks(text, at) : _after_blanks(text, at) + 1] == "]":
            _check_end(text, _after_blanks(text, at) + 1)
            return
        window, begins, size = text[at : at + WINDOW], at, WINDOW
        while True:
            start = _after_blanks(window, at - begins)
            last = begins + len(window) >= len(text)
            try:
                found, end = decoder.raw_decode(window, start)
                end = _after_blanks(window, end)
                whole = end < len(window) and (window[end] in ",]" or last)  # a number may be cut in two: 12. of 12.5
            except (json.JSONDecodeError, StopIteration) as fault:
                if last:
                    raise json.JSONDecodeError(getattr(fault, "msg", "Expecting value"), text, begins + getattr(fault, "pos", start)) from None
                whole = False
            if not whole:  # the item may go on behind the window
                if last:
                    raise json.JSONDecodeError("Expecting ',' delimiter", text, len(text))
                if at == begins:
                    if size > most:
                        raise _too_long(most, where)
                    size *= 4
                begins, window = at, text[at : at + size]
                continue
            if end - start > most:
                raise _too_long(most, where)
            item = window[start:end].encode("utf-8")
            _check_depth(item, depth, where)
            _check_characters(item, found)
            yield found
            at, size = begins + end + 1, WINDOW
            if window[end] == "]":
                _check_end(text, at)
                return
            if window[end] != ",":
                raise json.JSONDecodeError("Expecting ',' delimiter", text, begins + end)
    except _FAULTS as fault:
        raise _error(fault, where, hint, depth) from None


def is_array(body: bytes) -> bool:
    """Whether a text starts as a JSON array does."""
    return body.lstrip(b" \t\n\r")[:1] == b"["


def float_or_exact(text: str) -> float | Decimal:
    """A number as a float if the float has the same digits (the scorer remembers those); otherwise as a Decimal."""
    near = float(text)
    return near if repr(near) == text else Decimal(text)


@lru_cache(maxsize=16)
def _decoder(most_names: int | None, number: ReadNumber, nan: bool) -> json.JSONDecoder:
    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        names = dict(found)
        if len(names) < len(found):
            raise _NameTwice(next(name for name, times in Counter(name for name, _ in found).items() if times > 1))
        if most_names is not None and len(names) > most_names:
            raise _TooManyNames(len(names), most_names)
        return names

    return json.JSONDecoder(parse_float=number, parse_constant=float if nan else _no_constant, object_pairs_hook=pairs)


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number of JSON")


def _decoded(body: bytes) -> str:
    return body.removeprefix(_BYTE_ORDER_MARK).decode("utf-8")


def _after_blanks(text: str, start: int) -> int:
    """The place behind the blanks that begin at `start`."""
    found = _BLANKS.match(text, start)
    return found.end() if found else start


def _check_end(text: str, at: int) -> None:
    if _after_blanks(text, at) < len(text):
        raise json.JSONDecodeError("Extra data", text, _after_blanks(text, at))


def _check_characters(body: bytes, found: Any) -> None:
    """Escapes can spell half of a surrogate pair, which no UTF-8 text can hold."""
    if _SURROGATE.search(body):
        json.dumps(found, ensure_ascii=False, default=str).encode("utf-8")


def _check_depth(body: bytes, depth: int, where: str) -> None:
    if body.count(b"[") + body.count(b"{") > depth and _is_deeper(body, depth):
        raise _too_deep(depth, where)


def _is_deeper(body: bytes, depth: int) -> bool:
    """Whether brackets outside strings are nested deeper: each round removes the innermost pairs. (Unpaired brackets are no JSON anyway.)"""
    marks = _STRINGS.sub(b"", body).translate(_AS_SQUARE, _NO_BRACKETS)
    for _ in range(depth):
        fewer = marks.replace(b"[]", b"")
        if len(fewer) == len(marks):
            break
        marks = fewer
    return b"[]" in marks or marks.count(b"[") > depth


def _too_deep(depth: int, where: str) -> JsonError:
    return JsonError(Problem("json_too_deep", where, f"is nested deeper than {depth}", "send flat objects"))


def _too_long(most: int, where: str) -> JsonError:
    return JsonError(Problem("body_too_large", where, f"has an item of more than {most:,} characters", "send smaller sets"))


def _error(fault: Exception, where: str, hint: str, depth: int) -> JsonError:
    """What went wrong, without quoting the text: it may hold what is known of a person."""
    if isinstance(fault, JsonError):
        return fault
    if isinstance(fault, _NameTwice):
        return JsonError(Problem("name_twice", short(str(fault)), "is given twice", "give each name once"))
    if isinstance(fault, _TooManyNames):
        what = "has an object of {:,} names; {:,} are read".format(*fault.args)
        return JsonError(Problem("too_many_names", where, what, "send the readings only"))
    if isinstance(fault, UnicodeDecodeError):
        return JsonError(Problem("not_utf8", where, "is not UTF-8 text", "write the JSON in UTF-8"))
    if isinstance(fault, RecursionError):
        return _too_deep(depth, where)
    return JsonError(Problem("not_json", where, f"is not JSON: {_says(fault)}", hint))


def _says(fault: Exception) -> str:
    if isinstance(fault, json.JSONDecodeError):
        place = f"line {fault.lineno}, column {fault.colno}" if "\n" in fault.doc else f"character {fault.colno}"
        return f"{fault.msg} at {place}"
    if isinstance(fault, UnicodeEncodeError):
        return "it holds half of a surrogate pair"
    if isinstance(fault, InvalidOperation):
        return "a number is too large"
    return "a number is too long" if "digit" in str(fault) else str(fault)[:100]
