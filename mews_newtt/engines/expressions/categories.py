"""Columns of categories, and of the reasons why a reading was skipped, as expressions. Names are those of `reading/values.py`."""

from __future__ import annotations

import math
from collections.abc import Iterable

import narwhals as nw

from mews_newtt.compiled import CompiledParameter
from mews_newtt.engines.expressions.given import ODD, Given
from mews_newtt.engines.expressions.numbers import INTEGERS, TEXTS, Reader, is_blank, trimmed, unreadable, without_nan
from mews_newtt.engines.expressions.parts import all_of, any_of, choose, expression, first_of, literal
from mews_newtt.engines.expressions.stages import Stages
from mews_newtt.reading.values import MISSING_WORDS, Reading, read

PRINTED = r"^[ -~]*$"  # text whose letters have the same small form everywhere
CONTROL = r"[^ -~]"  # some backends let `$` match before a line end
NO_REASON = -2  # in place of a class: the cell gives no reason


def read_categories(stages: Stages, own: CompiledParameter, column: nw.Expr, kind: nw.dtypes.DType) -> Reader:
    """The column of a parameter that has categories. Every row has a class, and none a number."""
    name, classes = own.id, own.classes
    if isinstance(kind, TEXTS):
        text = stages.column(f"text:{name}", trimmed(stages, column))
        yield
        small = stages.column(f"small:{name}", text.str.to_lowercase())
        yield
        spelt: dict[int, list[str]] = {}
        for spelling, category in own.parameter.observation.category_by_name.items():
            spelt.setdefault(classes.categories[category], []).append(spelling)
        cases = [(small.is_in(spellings), number) for number, spellings in spelt.items()]
        without, otherwise = choose([(small.is_in(sorted(MISSING_WORDS)), classes.missing), *cases], ODD), ODD
    elif isinstance(kind, nw.Boolean):
        without = choose([(column.is_null(), classes.missing), (column, _class(own, True))], _class(own, False))
        otherwise = classes.fault
    elif isinstance(kind, (*INTEGERS, nw.Float64, nw.Float32)):
        number = column if isinstance(kind, INTEGERS) else without_nan(column)
        numbered: dict[int, list[float]] = {}
        for value in _numbers(own, isinstance(kind, INTEGERS)):
            numbered.setdefault(_class(own, value), []).append(value)
        cases = [(expression(any_of([number == value for value in values])), place) for place, values in numbered.items()]
        without, otherwise = choose([(number.is_null(), classes.missing), *cases], classes.fault), classes.fault
    else:
        return (yield from unreadable(stages, own, column, ODD))
    without = stages.add(f"class:{name}", without)
    yield
    return Given(classes, without, tuple(dict.fromkeys((*classes.categories.values(), classes.missing, otherwise))))


def _class(own: CompiledParameter, raw: object) -> int:
    return own.classes.of_reading(read(own.parameter.observation, raw))


def _numbers(own: CompiledParameter, whole: bool) -> Iterable[float]:
    """The numbers that are read as one of the categories."""
    for spelling in own.parameter.observation.category_by_name:
        try:
            value = float(spelling)
        except ValueError:
            continue
        if math.isfinite(value) and isinstance(read(own.parameter.observation, value), Reading) and (value == int(value) or not whole):
            yield int(value) if whole else value


def with_reasons(stages: Stages, own: CompiledParameter, given: Given, column: nw.Expr, kind: nw.dtypes.DType) -> Reader:
    """What a column of skip reasons adds. A reason counts where there is no reading; beside a reading it is a fault."""
    name, classes = own.id, own.classes
    if isinstance(kind, (*TEXTS, *INTEGERS)):
        text = stages.column(f"reason:{name}", trimmed(stages, column))
        yield
        codes = [(text.str.to_lowercase() == skip.code.casefold(), classes.skips[place]) for place, skip in enumerate(own.parameter.skips, start=1)]
        printed = text.str.contains(PRINTED) & ~text.str.contains(CONTROL)
        reason = choose([(is_blank(text), NO_REASON), *codes, (printed, classes.skips[0])], ODD)
        possible = classes.skips
    else:
        reason, possible = choose([(column.is_null(), NO_REASON)], ODD), ()
    reason = stages.column(f"skip:{name}", expression(reason))
    yield
    numbers, before, none = given.numbers, expression(given.without), reason == NO_REASON
    no_number = True if numbers is None else numbers.number.is_null()
    missing = (before == classes.missing).fill_null(False) if isinstance(given.without, nw.Expr) else no_number
    fault = literal(classes.fault)
    cases = [(reason == ODD, literal(ODD)), (given.odd, before), (all_of([none, no_number]), before), (missing, reason), (~none, fault)]
    without = stages.add(f"unread:{name}", first_of(cases))
    if numbers is not None:
        numbers = numbers._replace(number=stages.column(f"read_number:{name}", nw.when(none).then(numbers.number)))
    yield
    return Given(classes, without, tuple(dict.fromkeys((*given.possible, *possible, classes.fault, ODD))), numbers)
