"""Small expressions from smaller ones. A part is an expression, or a plain value where every row has the same: then nothing is computed."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any

import narwhals as nw

Part = nw.Expr | int | bool
SMALL = nw.Int16()  # of every number that is computed on the way


def literal(value: Any, kind: Any = SMALL) -> nw.Expr:
    return nw.lit(value, dtype=kind)


def expression(part: Part) -> nw.Expr:
    """A part as an expression."""
    if isinstance(part, nw.Expr):
        return part
    return nw.lit(part) if isinstance(part, bool) else literal(part)


def choose(cases: Sequence[tuple[nw.Expr, Part]], otherwise: Part) -> Part:
    """The value of the first condition that holds; the last condition is never null. Conditions that would give what follows anyway are left out."""
    cases = list(cases)
    while cases and _same(cases[-1][1], otherwise):
        cases.pop()
    if not cases:
        return otherwise
    (condition, value), *rest = cases
    if not rest and isinstance(value, bool) and isinstance(otherwise, bool):
        return condition if value else ~condition  # a condition that is never null is its own answer
    chain = nw.when(condition).then(expression(value))
    for condition, value in rest:
        chain = chain.when(condition).then(expression(value))
    return chain.otherwise(expression(otherwise))


def if_else(condition: Part, then: Part, otherwise: Part) -> Part:
    if not isinstance(condition, nw.Expr):
        return then if condition else otherwise
    return choose([(condition, then)], otherwise)


def first_true(cases: Iterable[tuple[Part, int]], otherwise: int) -> Part:
    """The value of the first condition that holds; a condition can be a plain value."""
    kept: list[tuple[nw.Expr, Part]] = []
    for condition, value in cases:
        if isinstance(condition, nw.Expr):
            kept.append((condition, value))
        elif condition:
            return choose(kept, value)
    return choose(kept, otherwise)


def first_of(cases: Iterable[tuple[Part, nw.Expr]]) -> nw.Expr:
    """The value of the first condition that holds; null where none does."""
    chain: Any = nw
    for condition, value in cases:
        if condition is not False:
            chain = chain.when(expression(condition)).then(value)
    found: nw.Expr = chain
    return found


def _same(one: Part, other: Part) -> bool:
    return one is other or (not isinstance(one, nw.Expr) and not isinstance(other, nw.Expr) and one == other)


def added(parts: Iterable[Part]) -> Part:
    """The sum of numbers."""
    found, constant = _split(parts)
    total = sum(constant)
    return reduce(operator.add, [*found, literal(total)] if total else found) if found else total


def difference(one: Part, other: Part) -> Part:
    return one if not isinstance(other, nw.Expr) and other == 0 else one - other


def any_of(parts: Iterable[Part]) -> Part:
    """Whether one of some conditions holds. None of them may be null."""
    found, constant = _split(parts)
    return True if any(constant) else reduce(operator.or_, found) if found else False


def all_of(parts: Iterable[Part]) -> Part:
    """Whether all of some conditions hold. None of them may be null."""
    found, constant = _split(parts)
    return False if not all(constant) else reduce(operator.and_, found) if found else True


def negated(part: Part) -> Part:
    return ~part if isinstance(part, nw.Expr) else not part


def least_of(parts: Iterable[Part]) -> Part:
    """The least of some numbers. None of them may be null."""
    return _extreme(parts, min, nw.min_horizontal)


def most_of(parts: Iterable[Part]) -> Part:
    """The greatest of some numbers. None of them may be null."""
    return _extreme(parts, max, nw.max_horizontal)


def at_least(part: Part, number: int) -> Part:
    return part >= number


def _extreme(parts: Iterable[Part], plain: Callable[..., int], horizontal: Callable[..., nw.Expr]) -> Part:
    found, constant = _split(parts)
    if constant:
        if not found:
            return plain(constant)
        found.append(literal(plain(constant)))
    return found[0] if len(found) == 1 else horizontal(*found)


def _split(parts: Iterable[Part]) -> tuple[list[nw.Expr], list[int]]:
    """The distinct columns and the plain values among some parts."""
    found: list[nw.Expr] = []
    constant: list[int] = []
    for part in parts:
        if isinstance(part, nw.Expr):
            found.append(part)
        else:
            constant.append(part)
    return found, constant
