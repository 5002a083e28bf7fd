"""A compiled chart as expressions over the columns of a frame: `score_expressions` adds the result columns, and computes nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import narwhals as nw

from mews_newtt.chart.contexts import matches
from mews_newtt.chart.model import Condition
from mews_newtt.compiled import TOTAL, CompiledChart, Counter, FlagRule
from mews_newtt.compiled.chart import ScopePart
from mews_newtt.engines.base import NO_POINTS
from mews_newtt.engines.expressions.categories import read_categories, with_reasons
from mews_newtt.engines.expressions.counting import Counted, add_up, count_either, count_one_of, count_row, kept
from mews_newtt.engines.expressions.given import Given
from mews_newtt.engines.expressions.numbers import Reader, read_numbers
from mews_newtt.engines.expressions.parts import (
    Part,
    added,
    all_of,
    any_of,
    at_least,
    expression,
    first_of,
    first_true,
    if_else,
    least_of,
    most_of,
    negated,
)
from mews_newtt.engines.expressions.rows import Places, Rows
from mews_newtt.engines.expressions.stages import Stages
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.scoring.result_cells import points_columns, points_names

FAR = 10_000  # more than any total or rank
ODD_COLUMN = "__mews_newtt_odd_row"  # of `score_expressions(..., details=True)`: whether a row holds something that expressions cannot read
FAULTY = "__mews_newtt_faulty_cell:"  # the same: whether a parameter's own cells refuse the row
SINGLE_REACH = 2.0**-23  # a float32 is not further from its shortest decimal, as a share of itself
CANNOT_SCORE = "cannot be scored; score_table gives the reason"


def score_expressions(
    compiled: CompiledChart, frame: Any, columns: Mapping[str, str], *, points: bool = False, flags: bool = True, details: bool = False
) -> Any:
    """A narwhals frame with the result columns added.

    Parameters
    ----------
    columns : by our name (a parameter's id, or `skip_<parameter>`), the name of the frame's column
    details : add the columns ODD_COLUMN and FAULTY + parameter, for callers that have another way to score odd rows and to word refusals
    """
    return score_stages(compiled, Stages(frame), columns, points=points, flags=flags, details=details)


def score_stages(
    compiled: CompiledChart, stages: Stages, columns: Mapping[str, str], *, points: bool = False, flags: bool = True, details: bool = False
) -> Any:
    """`score_expressions` on stages of the caller's own; what their `only` gives."""
    given = read_columns(compiled, stages, columns)
    return _Scored(compiled, stages, given, points).results(flags, details)


def read_columns(compiled: CompiledChart, stages: Stages, columns: Mapping[str, str]) -> dict[str, Given]:
    """What the frame gives for each parameter. All columns are read side by side, in as few stages as the longest needs."""
    schema = stages.frame.collect_schema()

    def reader(name: str) -> Reader:
        own = compiled.parameters[name]
        found = Given(own.classes, own.classes.missing, (own.classes.missing,))
        if name in columns:
            read = read_numbers if own.parameter.observation.numeric else read_categories
            found = yield from read(stages, own, nw.col(columns[name]), schema[columns[name]])
        reasons = columns.get(SKIP_PREFIX + name)
        if reasons is not None:
            found = yield from with_reasons(stages, own, found, nw.col(reasons), schema[reasons])
        return found

    readers = {name: reader(name) for name in compiled.parameters}
    done: dict[str, Given] = {}
    while len(done) < len(readers):
        for name, one in readers.items():
            if name not in done:
                try:
                    next(one)
                except StopIteration as finished:
                    done[name] = finished.value
        stages.next()
    return {name: done[name] for name in readers}


class _Scored:
    """The results, from what is given. A combination is one way that the contexts which are not given can be together."""

    def __init__(self, compiled: CompiledChart, stages: Stages, given: Mapping[str, Given], points: bool):
        self.compiled, self.chart, self.stages, self.given = compiled, compiled.chart, stages, given
        self.counters = tuple(dict.fromkeys([TOTAL, *(rule.counter for rule in compiled.level_rules)]))
        self.scored = points_columns(self.chart) if points else ()
        self.rows = Rows(compiled, self.counters, given, stages, self.scored)
        self.combinations = self.rows.combinations
        self.counted: dict[Places, list[Counted]] = {}
        self._count()
        stages.next()
        self.possible = self._possible()
        self._add_up()
        self.needed, self.by_scored = self._needed()
        stages.next()
        self.point_bounds: dict[str, tuple[Part, Part]] = {}
        for name in self.scored:
            parts = {one: self.rows.view(name, one).points for one in self.combinations}
            low, high = self._least(parts), self._most(parts)
            same = low is high
            low = stages.add(f"points_least:{name}", low)
            self.point_bounds[name] = low, low if same else stages.add(f"points_most:{name}", high)
        self.untold = {name: stages.add(f"untold:{name}", self._untold(name)) for name in dict.fromkeys(name for name, _ in self.chart.above_pairs)}
        stages.next()
        self.refused = stages.add("refused", self._refused())
        self.odd = stages.add("odd", any_of([*(one.odd for one in given.values()), *self.untold.values()]))
        self.missing = {name: stages.add(f"is_missing:{name}", self._missing(name)) for name in compiled.parameters}
        opened = any_of(all_of([self.possible[one], row.open]) for one in self.combinations for row in _distinct(self.counted[one]))
        self.partial = stages.add("partial", any_of([opened, *self.by_scored]))
        stages.next()

    def _count(self) -> None:
        """What every row and group adds, in each combination."""
        chart, rows = self.chart, self.rows
        alone = [name for name in self.compiled.parameters if name not in chart.group_of]
        known: dict[tuple[int, ...], Counted] = {}
        for combination in self.combinations:
            found = []
            for names, count in [((name,), "row") for name in alone] + [(group.parameters, group.kind) for group in chart.groups]:
                members = {name: rows.view(name, combination) for name in names}
                key = tuple(id(view) for view in members.values())
                if key not in known:
                    if count == "row":
                        known[key] = count_row(names[0], members[names[0]])
                    else:
                        label = f"{'_'.join(names)}:{len(known)}"
                        known[key] = kept(self.stages, label, (count_either if count == "either" else count_one_of)(members))
                found.append(known[key])
            self.counted[combination] = found

    def _possible(self) -> dict[Places, Part]:
        """Whether each combination can be: the chart's scope may refuse it. Where it refuses all of them, all can be."""
        rules = self.chart.context_refusals
        if not rules or len(self.combinations) == 1:
            return dict.fromkeys(self.combinations, True)

        def holds(name: str, wanted: Condition, combination: Places) -> Part:
            found = self.rows.context(name, combination)
            values = self.compiled.contexts[name].values
            return any_of(found == place for place, value in enumerate(values) if matches(wanted, value))

        refused = {one: any_of(all_of(holds(name, wanted, one) for name, wanted in rule.when) for rule in rules) for one in self.combinations}
        refused = {one: self.stages.add(f"refused_context:{place}", part) for place, (one, part) in enumerate(refused.items())}
        self.stages.next()
        none = self.stages.add("no_context", all_of(refused.values()))
        self.stages.next()
        return {one: self.stages.add(f"possible:{place}", any_of([none, negated(part)])) for place, (one, part) in enumerate(refused.items())}

    def _add_up(self) -> None:
        """Totals and levels: in each combination, then the least and the most of those that can be."""
        first, *others = self.counted.values()
        shared = [one for one in first if all(any(one is other for other in rows) for rows in others)]
        ends: dict[str, dict[Places, Part]] = {name: {} for name in ("least", "most", "level", "level_max")}
        base = {
            (end, counter): self.stages.add(f"shared_{end}:{counter.name}", add_up(shared, counter, end))
            for end in ("least", "spread")
            for counter in self.counters
        }
        self.stages.next()
        sums: dict[tuple[str, Places, Counter], Part] = {}
        for end in ("least", "spread"):
            for place, combination in enumerate(self.combinations):
                own = [one for one in self.counted[combination] if not any(one is other for other in shared)]
                for counter in self.counters:
                    total = added([base[end, counter], add_up(own, counter, end)])
                    sums[end, combination, counter] = self.stages.add(f"sum_{end}:{place}:{counter.name}", total)
        self.stages.next()
        rules = sorted(self.compiled.level_rules, key=lambda rule: -rule.rank)
        for place, combination in enumerate(self.combinations):
            least = {counter: sums["least", combination, counter] for counter in self.counters}
            most = {counter: added([least[counter], sums["spread", combination, counter]]) for counter in self.counters}
            for end, level, found in (("least", "level", least), ("most", "level_max", most)):
                cases = [(at_least(found[rule.counter], rule.threshold), rule.rank) for rule in rules]
                ends[end][combination] = found[TOTAL]
                ends[level][combination] = self.stages.add(f"{level}:{place}", first_true(cases, 0))
        self.stages.next()
        self.least, self.level = (self.stages.add(name, self._least(ends[name])) for name in ("least", "level"))
        self.most, self.level_max = (self.stages.add(name, self._most(ends[name])) for name in ("most", "level_max"))

    def _least(self, parts: Mapping[Places, Part]) -> Part:
        """The least of what the combinations that can be give."""
        return least_of(if_else(possible, part, FAR) for part, possible in self._alike(parts))

    def _most(self, parts: Mapping[Places, Part]) -> Part:
        return most_of(if_else(possible, part, -FAR) for part, possible in self._alike(parts))

    def _in_all(self, parts: Mapping[Places, Part]) -> Part:
        """Whether a condition holds in every combination that can be."""
        return all_of(any_of([part, negated(possible)]) for part, possible in self._alike(parts))

    def _alike(self, parts: Mapping[Places, Part]) -> list[tuple[Part, Part]]:
        """Each distinct part once, and whether one of its combinations can be. Some combination always can."""
        groups: dict[Any, list[Places]] = {}
        for combination, part in parts.items():
            groups.setdefault(id(part) if isinstance(part, nw.Expr) else (part,), []).append(combination)
        if len(groups) == 1:
            return [(next(iter(parts.values())), True)]
        return [(parts[some[0]], any_of(_distinct(self.possible[one] for one in some))) for some in groups.values()]

    def _needed(self) -> tuple[dict[str, list[Part]], list[Part]]:
        """For each context that can be unknown, the conditions under which a row needs it; and those under which a scored row needs one.

        A row whose contexts are required needs them where they choose between its tables. A row whose contexts are all optional needs them
        only where they change what it counts for.
        """
        open_contexts = self.rows.open_contexts
        needed: dict[str, list[Part]] = {name: [] for name in open_contexts}
        by_scored: list[Part] = []
        for name, own in self.compiled.parameters.items():
            contexts = [one for one in own.contexts if one in open_contexts]
            if not contexts or own.parameter.role == "recorded":
                continue
            deciding = {one: self._deciding(name, one) for one in self.combinations}
            differs = self._differs(deciding)
            if not own.parameter.required:
                differs = all_of([differs, self.rows.view(name, self.combinations[0]).given])
            alone = {}
            for context in contexts:
                place = open_contexts.index(context)
                kept: dict[Places, dict[Places, Part]] = {}
                for one, part in deciding.items():
                    kept.setdefault(one[:place] + one[place + 1 :], {})[one] = part
                changes = any_of(_distinct(self._differs(some) for some in kept.values()))
                alone[context] = self.stages.add(f"needs:{name}:{context}", all_of([differs, changes]))
            differs = self.stages.add(f"differs:{name}", differs)
            self.stages.next()
            together = all_of([differs, negated(any_of(alone.values()))])  # where only several together change the row, each of them is needed
            for context in contexts:
                needed[context] += [alone[context], together]
            if own.parameter.role == "scored":
                by_scored.append(differs)
        return needed, by_scored

    def _deciding(self, name: str, combination: Places) -> Part:
        """The number of a row that differs where an unknown context makes a difference. A row whose group is answered asks for nothing."""
        row = self.rows.view(name, combination)
        if name not in self.chart.group_of or row.deciding is row.answered:
            return row.deciding
        (still_missing,) = (one.missing[name] for one in self.counted[combination] if name in one.missing)
        return if_else(all_of([row.missing, negated(still_missing)]), row.answered, row.deciding)

    def _differs(self, parts: Mapping[Places, Part]) -> Part:
        least, most = self._least(parts), self._most(parts)
        return most > least

    def _missing(self, name: str) -> Part:
        """Whether a parameter is named as missing."""
        cases = [all_of([self.possible[one], row.missing[name]]) for one in self.combinations for row in self.counted[one] if name in row.missing]
        if name in self.rows.open_contexts:
            classes = self.given[name].classes
            not_given = self.given[name].pick([one == classes.missing for one in range(len(classes))])
            cases.append(all_of([not_given, any_of(self.needed[name])]))
        return any_of(_distinct(cases))

    def _refused(self) -> Part:
        by_cell = [self._faulty(name) for name in self.given]
        by_group = [row.refused for rows in self.counted.values() for row in rows]
        by_scope = [self._scope_holds(place) for place, rule in enumerate(self.chart.scope) if rule.refuse]
        return any_of(_distinct([*by_cell, *by_group, *by_scope, *self.untold.values()]))

    def _faulty(self, name: str) -> Part:
        """Whether a parameter's own cells refuse the row."""
        given = self.given[name]
        return any_of([given.odd, given.pick([own.refused for own in given.classes.classes])])

    def _untold(self, name: str) -> Part:
        """Whether floats cannot tell if a reading is above one that it must be above.

        A float32 is read as its shortest decimal. Where it is not a recordable value, expressions have only the float64 next to that.
        """
        parts: list[Part] = []
        for upper, lower in ((self.given[one].numbers, self.given[other].numbers) for one, other in self.chart.above_pairs if one == name):
            if upper and lower and upper.single != lower.single:
                single = upper if upper.single else lower
                close = (upper.read - lower.read).abs() <= single.number.abs() * SINGLE_REACH
                parts.append(all_of([single.finer, close.fill_null(False)]))
        return any_of(parts)

    def _scope_holds(self, place: int) -> Part:
        """Whether readings fulfil every condition of a scope rule."""
        parts = []
        for part, (name, _) in enumerate(self.chart.scope[place].when):
            own = self.compiled.parameters[name]
            parts.append(self.given[name].pick([ScopePart(place, part) in found for found in own.scope]))
        return all_of(parts)

    def _has_reading(self, name: str) -> Part:
        return self.given[name].pick([one.value is not None for one in self.given[name].classes.classes])

    def _flag(self, rule: FlagRule) -> Part:
        """Whether a flag is written."""
        if rule.kind == "own":
            return self._in_all({one: self.rows.view(rule.parameter, one).flags[rule.flag] for one in self.combinations})
        if rule.kind == "assumed":
            return negated(self._has_reading(rule.parameter))
        if rule.kind == "lone":
            return all_of([self._has_reading(rule.parameter), negated(self._has_reading(rule.other))])
        if rule.kind == "out_of_scope":
            return self._scope_holds(rule.rule)
        pairs = [(self.given[one].numbers, self.given[other].numbers) for one, other in self.chart.above_pairs if one == rule.parameter]
        return any_of((upper.read <= lower.read).fill_null(False) for upper, lower in pairs if upper and lower)

    def results(self, flags: bool, details: bool) -> Any:
        """The frame with the result columns."""
        scored = negated(self.refused)
        complete = all_of([scored, negated(self.partial)])
        levels = [level.id for level in self.chart.levels]

        def where(condition: Part, part: Part, kind: Any) -> nw.Expr:
            return nw.when(expression(condition)).then(expression(part).cast(kind))

        def level(rank: Part) -> nw.Expr:
            return first_of([(all_of([scored, rank == place]), nw.lit(name)) for place, name in enumerate(levels)])

        status = nw.when(expression(self.refused)).then(nw.lit("refused")).when(expression(self.partial)).then(nw.lit("partial"))
        columns: dict[str, nw.Expr] = {"score_status": status.otherwise(nw.lit("complete"))}
        if self.chart.has_points:
            columns |= {
                "total": where(complete, self.least, nw.Int16()),
                "total_min": where(scored, self.least, nw.Int16()),
                "total_max": where(scored, self.most, nw.Int16()),
            }
        else:
            columns |= {name: where(False, 0, nw.Int16()) for name in ("total", "total_min", "total_max")}
        columns |= {"level": level(self.level), "level_max": level(self.level_max)}
        columns |= {"level_rank": where(scored, self.level, nw.Int8()), "level_max_rank": where(scored, self.level_max, nw.Int8())}
        skips = self.stages.joins_without_nulls
        columns["missing"] = joined_text([(name, all_of([scored, part])) for name, part in self.missing.items()], skips)
        if flags:
            columns["flags"] = joined_text([(rule.text, all_of([scored, self._flag(rule)])) for rule in self.compiled.flags], skips)
        columns["error"] = joined_text(self._errors(), skips, "; ")
        for name, column in zip(self.scored, points_names(self.chart), strict=False):
            low, high = self.point_bounds[name]
            same = True if low is high else low == high
            columns[column] = where(all_of([scored, same, low != NO_POINTS]), low, nw.Int16())
        if details:
            columns[ODD_COLUMN] = expression(self.odd)
            columns |= {FAULTY + name: expression(self._faulty(name)) for name in self.given}
        return self.stages.only(columns)

    def _errors(self) -> list[tuple[str, Part]]:
        """Why a row is refused: the words, and when they are written."""
        found: list[tuple[str, Part]] = []
        found += [(f"{name}: {CANNOT_SCORE}", any_of([self._faulty(name), self.untold.get(name, False)])) for name in self.given]
        for group in self.chart.groups:
            refused = [row.refused for rows in self.counted.values() for row in rows if set(row.missing) == set(group.parameters)]
            found.append((f"{' and '.join(group.parameters)}: {group.title}: only one of them may be given", any_of(_distinct(refused))))
        for place, rule in enumerate(self.chart.scope):
            if rule.refuse:
                found.append((f"{' and '.join(name for name, _ in rule.when)}: {rule.says}", self._scope_holds(place)))
        return found


def joined_text(parts: Sequence[tuple[str, Part]], skips_nulls: bool, between: str = ";") -> nw.Expr:
    """The texts whose conditions hold, in their order. `skips_nulls`: the backend joins texts and leaves out nulls."""
    conditions = [(expression(part), text) for text, part in parts if part is not False]
    if not conditions:
        return nw.lit("")
    if skips_nulls and len(conditions) > 1:
        return nw.concat_str([nw.when(condition).then(nw.lit(text)) for condition, text in conditions], separator=between, ignore_nulls=True)
    texts = [nw.when(condition).then(nw.lit(between + text)).otherwise(nw.lit("")) for condition, text in conditions]
    return (nw.concat_str(texts) if len(texts) > 1 else texts[0]).str.slice(len(between))


def _distinct(parts: Iterable[Any]) -> list[Any]:
    """Every part once; columns are the same where they are one object."""
    return list({id(part) if isinstance(part, (nw.Expr, Counted)) else part: part for part in parts}.values())
