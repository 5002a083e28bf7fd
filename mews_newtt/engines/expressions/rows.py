"""What each row of the chart contributes to each set, as expressions: one view for each way that the contexts which choose it can be.

A context that is not given can have several values. A row that depends on it is worked out once for each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import narwhals as nw

from mews_newtt.compiled import CompiledChart, CompiledParameter, Contribution, Counter
from mews_newtt.compiled.flags import OWN_FLAGS
from mews_newtt.engines.base import NO_POINTS
from mews_newtt.engines.expressions.given import Given
from mews_newtt.engines.expressions.parts import Part, all_of, any_of, choose
from mews_newtt.engines.expressions.stages import Stages

FORM_FLAGS = ("float_noise", "finer_than_recorded")
Places = tuple[int, ...]


def open_contexts(compiled: CompiledChart) -> tuple[str, ...]:
    """The contexts that can be unknown, because the chart assumes nothing for them."""
    return tuple(name for name, context in compiled.contexts.items() if context.parameter.assumed is None)


def depends_on(compiled: CompiledChart) -> dict[str, tuple[str, ...]]:
    """For each parameter, the contexts that can be unknown and make a difference to its row, itself among them."""
    unknown = open_contexts(compiled)
    return {name: tuple(one for one in unknown if one in own.contexts or one == name) for name, own in compiled.parameters.items()}


@dataclass(frozen=True)
class View:
    """One row, in one way that its contexts can be."""

    least: Mapping[Counter, Part]
    spread: Mapping[Counter, Part]  # how much more it could be; 0 for a reading
    counts: Part  # whether it counts at all
    open: Part  # it counts, and a scored reading is missing from it
    missing: Part
    given: Part
    points: Part  # NO_POINTS for none
    flags: Mapping[str, Part]
    deciding: Part  # equal where an unknown context makes no difference
    answered: Part  # the same where another row has answered its group


class Rows:
    """Every view of every row. `depends` names the contexts that may be unknown and make a difference to a row, in the chart's order."""

    def __init__(self, compiled: CompiledChart, counters: Sequence[Counter], given: Mapping[str, Given], stages: Stages, points: Sequence[str]):
        self.compiled, self.counters, self.given, self.stages, self.with_points = compiled, counters, given, stages, points
        self.open_contexts = open_contexts(compiled)
        self.combinations = list(product(*(range(len(compiled.contexts[name].hypothetical)) for name in self.open_contexts)))
        self.depends = depends_on(compiled)
        self.context_classes = self._context_classes()
        self.codes: dict[tuple[str, Places], Part] = {}
        self.views: dict[tuple[str, Places], View] = {}
        self.columns: dict[tuple[str, Places | None, str], Part] = {}
        stages.next()
        for name in compiled.parameters:
            for places in self.places(name):
                self.codes[name, places] = stages.add(f"context:{name}:{_label(places)}", self._code(name, places))
        stages.next()
        for name in compiled.parameters:
            for places in self.places(name):
                self.views[name, places] = self._view(compiled.parameters[name], places)
        stages.next()

    def places(self, name: str) -> list[Places]:
        """Every way that the contexts of a row can be where they are not given."""
        return list(product(*(range(len(self.compiled.contexts[one].hypothetical)) for one in self.depends[name])))

    def view(self, name: str, combination: Places) -> View:
        """The row as it is in one combination of the values of all contexts that may be unknown."""
        return self.views[name, tuple(combination[self.open_contexts.index(one)] for one in self.depends[name])]

    def context(self, name: str, combination: Places) -> Part:
        """The class of a context; where it is not given, the one that it has in this combination."""
        place = combination[self.open_contexts.index(name)] if name in self.open_contexts else None
        return self.context_classes[name, place]

    def unknown(self, name: str) -> Part:
        """Whether a context is neither given nor assumed."""
        classes = self.given[name].classes
        return name in self.open_contexts and self.given[name].pick([one in classes.unread for one in range(len(classes))])

    def _context_classes(self) -> dict[tuple[str, int | None], Part]:
        found: dict[tuple[str, int | None], Part] = {}
        for name, context in self.compiled.contexts.items():
            places = range(len(context.hypothetical)) if name in self.open_contexts else [None]
            for place in places:
                label = f"context_class:{name}:{_label(() if place is None else (place,))}"
                found[name, place] = self.stages.add(label, self.given[name].pick(self._by_class(name, context.class_of, place)))
        return found

    def _by_class(self, name: str, values: Sequence[int], place: int | None) -> list[int]:
        """Values by class, where a parameter that is not given is taken to have one of its hypothetical values."""
        classes = self.given[name].classes
        found = list(values)
        if place is not None:
            for unread in classes.unread:
                found[unread] = values[classes.hypothetical[unread, place]]
        return found

    def _code(self, name: str, places: Places) -> Part:
        """The context code of a row. Every context is known here."""
        total: Part = 0
        radices = self.compiled.radices(self.compiled.parameters[name].contexts)
        for context, radix in radices.items():
            place = places[self.depends[name].index(context)] if context in self.depends[name] else None
            one = self.context_classes[context, place]
            total = total + one * radix
        return total

    def _view(self, own: CompiledParameter, places: Places) -> View:
        name, label = own.id, f"{own.id}:{_label(places)}"
        place = places[self.depends[name].index(name)] if name in self.depends[name] else None
        given = self.given[name]
        known = self._known_codes(own)
        deciding = self.compiled.deciding_numbers(name) if own.contexts and own.parameter.role != "recorded" else ([], [])

        def column(kind: str, tables: dict[int, list[int | bool]]) -> Part:
            """A column for what the tables give; one column where two would be the same."""
            alike = all(values == tables[known[0]] for values in tables.values())
            key = (name, None if alike else places, str(tables[known[0]] if alike else tables))
            if key not in self.columns:
                self.columns[key] = self.stages.add(f"{kind}:{label}", self._choose(name, places, tables, given))
            return self.columns[key]

        def field(kind: str, value: Callable[[Contribution], int | bool]) -> Part:
            return column(kind, {code: self._by_class(name, [value(one) for one in _contributions(own, code)], place) for code in known})

        def least(counter: Counter) -> Callable[[Contribution], int]:
            return lambda one: counter.amount(one.bounds.least) if one.bounds else 0

        def spread(counter: Counter) -> Callable[[Contribution], int]:
            return lambda one: counter.amount(one.bounds.most) - counter.amount(one.bounds.least) if one.bounds else 0

        def has(flag: str) -> Callable[[Contribution], bool]:
            return lambda one: flag in one.flags or flag in one.form_flags

        def number(numbers: list[list[int]]) -> dict[int, list[int | bool]]:
            return {code: list(numbers[code]) if numbers else [0] * len(own.classes) for code in known}

        alone, answered = (number(numbers) for numbers in deciding)
        return View(
            {counter: field(f"least_{counter.name}", least(counter)) for counter in self.counters},
            {counter: field(f"spread_{counter.name}", spread(counter)) for counter in self.counters},
            field("counts", lambda one: one.bounds is not None),
            field("open", lambda one: one.bounds is not None and not one.bounds.resolved),
            field("missing", lambda one: one.missing),
            field("given", lambda one: one.given),
            field("points", lambda one: NO_POINTS if one.points is None else one.points) if name in self.with_points else NO_POINTS,
            {flag: self._flag(flag, field(flag, has(flag)), given) for flag in OWN_FLAGS},
            column("deciding", alone),
            column("answered", answered),
        )

    def _flag(self, flag: str, kept: Part, given: Given) -> Part:
        if flag == "converted":
            return False
        if flag in FORM_FLAGS:
            form: Part = False if given.numbers is None else given.numbers.noisy if flag == "float_noise" else given.numbers.finer
            return all_of([kept, form])
        return kept

    def _known_codes(self, own: CompiledParameter) -> list[int]:
        """The context codes in which every context of the row is known."""
        codes = list(product(*(range(size) for size in own.shape)))
        return [code for code, numbers in enumerate(codes) if all(one < size - 1 for one, size in zip(numbers, own.shape, strict=True))]

    def _choose(self, name: str, places: Places, tables: Mapping[int, list[int | bool]], given: Given) -> Part:
        """The value of each row by its context code and class."""
        code = self.codes[name, places]
        if not isinstance(code, nw.Expr):
            return given.pick(tables[code])
        groups: dict[tuple[int | bool, ...], list[int]] = {}
        for one, values in tables.items():
            groups.setdefault(tuple(values), []).append(one)
        *rare, (most, _) = sorted(groups.items(), key=lambda group: len(group[1]))
        cases = [(any_of([code == one for one in ones]), given.pick(values)) for values, ones in rare]
        return choose([(condition, value) for condition, value in cases if isinstance(condition, nw.Expr)], given.pick(most))


def _contributions(own: CompiledParameter, code: int) -> list[Contribution]:
    found = own.contributions[code]
    return [Contribution() if one is None or one.refused else one for one in found]


def _label(places: Places) -> str:
    return "_".join(map(str, places))
