"""Columns of numbers, and of text that holds numbers, as expressions. docs/reading-rules.md says what is a number and what is missing.

A float is compared with the float at which its class begins. Text of up to 15 plain digits, and a decimal of so many, is the float of the same
shortest decimal. What is longer, has a unit, an exponent or any other mark is odd: expressions do not read it.
"""

from __future__ import annotations

from collections.abc import Generator

import narwhals as nw

from mews_newtt.compiled import CompiledParameter
from mews_newtt.engines.expressions.given import ODD, Given, Numbers
from mews_newtt.engines.expressions.parts import Part, all_of, any_of, choose, literal
from mews_newtt.engines.expressions.stages import Stages
from mews_newtt.engines.floats import first_float, first_single
from mews_newtt.reading.values import MISSING_WORDS, NOISE

BLANKS = " \t\r\n"
PLAIN_NUMBER = r"^-?(?:[0-9]{1,15}|[0-9]{1,9}\.[0-9]{1,6}|[0-9]{1,6}\.[0-9]{1,9}|[0-9]{1,3}\.[0-9]{1,12})$"  # 15 digits, as float64 holds them
NO_PART_OF_A_NUMBER = r"[^0-9.-]"  # some backends let `$` match before a line end
WIDEST = 10**15 // NOISE // 2  # steps; beyond that floats no longer tell a recordable value from one with noise
WIDEST_SINGLE = 10**6  # the same for float32, for recordable values; it tells apart decimals of six digits
FINEST_SINGLE = 10**4 - 1  # the same for float32, for values with noise, which have three digits more
INTEGERS = (nw.Int8, nw.Int16, nw.Int32, nw.Int64, nw.UInt8, nw.UInt16, nw.UInt32, nw.UInt64, nw.Int128, nw.UInt128)
WIDE = (nw.Int64, nw.UInt64)
WIDEST_EXACT = 2**53  # up to here float64 holds every whole number
TEXTS = (nw.String, nw.Categorical, nw.Enum)

Reader = Generator[None, None, Given]  # it pauses where it needs the columns that it has added, and returns what it found


def trimmed(stages: Stages, column: nw.Expr) -> nw.Expr:
    """Text without blanks around it; no value is the empty text."""
    return stages.strip(column.cast(nw.String()).fill_null(""), BLANKS)


def is_blank(text: nw.Expr) -> nw.Expr:
    return text.str.to_lowercase().is_in(sorted(MISSING_WORDS))


def without_nan(column: nw.Expr) -> nw.Expr:
    return nw.when(~column.is_nan()).then(column)


def unreadable(stages: Stages, own: CompiledParameter, column: nw.Expr, fault: int) -> Reader:
    """A column of which every value is a fault, or odd."""
    classes = own.classes
    without = stages.add(f"class:{own.id}", choose([(column.is_null(), classes.missing)], fault))
    yield
    return Given(classes, without, (classes.missing, fault))


def read_numbers(stages: Stages, own: CompiledParameter, column: nw.Expr, kind: nw.dtypes.DType) -> Reader:
    """The column of a numeric parameter."""
    name = own.id
    if isinstance(kind, nw.Boolean):  # true and false are no numbers
        return (yield from unreadable(stages, own, column, own.classes.fault))
    if isinstance(kind, nw.Decimal):
        text = column.cast(nw.String()).fill_null("")
        text = stages.column(f"digits:{name}", nw.when(text.str.contains(r"\.")).then(stages.strip(text, "0", start=False)).otherwise(text))
        yield
        column = stages.strip(text, ".", start=False)
    elif isinstance(kind, nw.Float64):
        column = without_nan(column)
    elif isinstance(kind, nw.Float32):
        column = without_nan(column).cast(nw.Float64())
    elif isinstance(kind, INTEGERS):
        if stages.casts_only_exactly and isinstance(kind, WIDE):  # beyond WIDEST all numbers are alike
            column = column.clip(0 if isinstance(kind, nw.UInt64) else -WIDEST_EXACT, WIDEST_EXACT)
        column = column.cast(nw.Float64())
    elif not isinstance(kind, TEXTS):
        return (yield from unreadable(stages, own, column, ODD))
    odd: Part = False
    if isinstance(kind, (*TEXTS, nw.Decimal)):
        text = stages.column(f"text:{name}", trimmed(stages, column))
        yield
        plain = text.str.contains(PLAIN_NUMBER) & ~text.str.contains(NO_PART_OF_A_NUMBER)
        column = nw.when(plain).then(text).otherwise(nw.lit(None, nw.String())).cast(nw.Float64())
        odd = stages.add(f"no_number:{name}", ~plain & ~is_blank(text))
    number = stages.column(f"number:{name}", column)
    yield
    numbers, too_wide = yield from _forms(stages, own, number, isinstance(kind, nw.Float32), isinstance(kind, INTEGERS))
    odd = any_of([odd, too_wide])
    missing = own.classes.missing
    if not isinstance(odd, nw.Expr):
        return Given(own.classes, missing, (missing,), numbers)
    # The number of an odd row does not count.
    without = stages.column(f"class:{name}", nw.when(odd).then(literal(ODD)).when(number.is_null()).then(literal(missing)))
    number = stages.column(f"good_number:{name}", nw.when(~odd).then(numbers.number))
    yield
    return Given(own.classes, without, (missing, ODD), numbers._replace(number=number))


def _forms(stages: Stages, own: CompiledParameter, number: nw.Expr, single: bool, whole: bool) -> Generator[None, None, tuple[Numbers, Part]]:
    """How the numbers are compared and in which form they are; and whether a number is too large to tell.

    Recordable values are compared as the floats nearest to them, which division gives exactly.
    """
    name, step = own.id, own.parameter.observation.step
    multiple, scale = step.as_integer_ratio()
    cuts = tuple(((first_single if single else first_float)(cut), False) for cut in own.classes.cuts)
    if whole and multiple == 1:
        return Numbers(number, cuts, single, False, False, number), _beyond(own, number, WIDEST)
    steps = stages.column(f"steps:{name}", (number * (scale / multiple) + 0.5).floor())
    yield

    def nearest(value: nw.Expr) -> nw.Expr:
        return value.cast(nw.Float32()).cast(nw.Float64()) if single else value

    exactly = stages.divides_exactly
    recordable = _quotient(steps, multiple, scale, exactly)
    low, high = (_quotient(steps * float(NOISE) + one, multiple, scale * NOISE, exactly) for one in (-1.0, 1.0))
    exact = number == nearest(recordable)
    near = (number >= nearest(low)) & (number <= nearest(high))
    there = ~number.is_null()
    finer = stages.column(f"finer:{name}", (there & ~exact & ~near).fill_null(False))
    noisy = stages.column(f"noisy:{name}", (there & ~exact & near).fill_null(False))
    read = stages.column(f"read:{name}", nw.when(exact | near).then(recordable).otherwise(number))
    yield
    too_wide = _beyond(own, number, WIDEST_SINGLE if single else WIDEST)
    if stages.compares_as_printed:  # float noise is taken off first; then the edges of the chart are the cuts
        return Numbers(read, tuple((float(edge.at), edge.beyond) for edge in own.classes.edges), single, noisy, finer, read), too_wide
    if single:
        too_wide = any_of([too_wide, all_of([finer | noisy, _beyond(own, number, FINEST_SINGLE)])])
    return Numbers(number, cuts, single, noisy, finer, read), too_wide


def _beyond(own: CompiledParameter, number: nw.Expr, steps: int) -> Part:
    """Whether a number is more than so many steps away from 0. Never where the limits of the parameter refuse such numbers anyway."""
    readings, cuts = own.classes.classes[: own.classes.readings], own.classes.cuts
    widest = steps * own.parameter.observation.step
    sides: list[Part] = []
    if not (readings[-1].refused and cuts[-1].at <= widest):
        sides.append((number > float(widest)).fill_null(False))
    if not (readings[0].refused and cuts[0].at >= -widest):
        sides.append((number < -float(widest)).fill_null(False))
    return any_of(sides)


def _quotient(numerator: nw.Expr, multiple: int, scale: int, exactly: bool) -> nw.Expr:
    """Whole numbers over a whole number, rounded once."""
    product = numerator * float(multiple) if multiple != 1 else numerator
    if scale == 1:
        return product
    return product / float(scale) if exactly else product / (numerator * 0.0 + float(scale))
