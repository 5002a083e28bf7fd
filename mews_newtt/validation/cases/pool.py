"""Observation sets that could show a fault: one reading changed, totals next to thresholds, partial, skipped, refused, and some at random.

The same seed gives the same pool. Which of its sets a test pack needs is decided elsewhere, by the faults that they show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from random import Random

from mews_newtt.chart.model import Band, Chart, Interval, Parameter, Table
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.validation.cases.values import Given, Setting, as_text, baseline_set, edge_values, middle, settings, unknown_words

RAISED = 4  # other parameters raised at once, at most
RANDOM = 1500
FALLBACK = 4000  # random sets for faults that the pool does not show


class Pool:
    """Candidate sets of a chart; `others` are charts whose edges are tried too."""

    def __init__(self, chart: Chart, others: Sequence[Chart] = (), seed: int = 0, random: int = RANDOM):
        self.chart = chart
        self.others = [other for other in others if [p.id for p in other.parameters] == [p.id for p in chart.parameters]]
        self.settings = settings(chart)
        self.baselines = [baseline_set(chart, setting) for setting in self.settings]
        self.seed = seed
        self.random = Random(seed)
        self.amount = random
        self._edges: dict[str, list[str]] = {}
        self._middles: dict[tuple[str, int], str] = {}
        found: dict[tuple[tuple[str, str], ...], Given] = {}
        for given in self._all():
            found.setdefault(tuple(sorted(given.items())), given)
        self.sets = list(found.values())

    def _all(self) -> Iterator[Given]:
        for setting, baseline in zip(self.settings, self.baselines, strict=True):
            yield dict(baseline)
            for parameter in self.chart.parameters:
                yield from self._singles(setting, baseline, parameter)
        for number, (setting, baseline) in enumerate(zip(self.settings, self.baselines, strict=True)):
            yield from self._near_thresholds(setting, baseline, number)
        yield from self._partial()
        yield from self._contexts()
        yield from self._refused()
        yield from self._at_random()

    def values(self, setting: Setting, parameter: Parameter) -> list[str]:
        """Readings of a parameter that are worth trying in one setting."""
        if parameter.role == "recorded" or parameter.id in setting.given:
            return []
        if not parameter.observation.numeric:
            return list(parameter.category_ids)
        found = self._edges.get(parameter.id)
        if found is None:
            whole, fine = edge_values(parameter, self._tables(parameter))
            found = self._edges[parameter.id] = [*whole, *fine]
        return found

    def middle(self, parameter: Parameter, band: Band) -> str:
        found = self._middles.get((parameter.id, id(band)))
        if found is None:
            found = self._middles[parameter.id, id(band)] = middle(parameter, band)
        return found

    def _tables(self, parameter: Parameter) -> list[Table]:
        """All tables of a parameter, since a platform may use a wrong one, and those of the other charts."""
        found = [table for table in parameter.tables if table.bands]
        for other in self.others:
            found += [table for table in other.by_id[parameter.id].tables if table.bands]
        return [*dict.fromkeys(found)]

    def _singles(self, setting: Setting, baseline: Given, parameter: Parameter) -> Iterator[Given]:
        table = setting.tables[parameter.id]
        for value in self.values(setting, parameter):
            yield self.put(baseline, parameter, value)
        if table is not None:
            for band in table.bands:
                yield self.put(baseline, parameter, self.middle(parameter, band))
        for skip in parameter.skips:
            without = {name: text for name, text in baseline.items() if name != parameter.id}
            yield without | {SKIP_PREFIX + parameter.id: skip.code}

    def put(self, given: Given, parameter: Parameter, value: str) -> Given:
        """The set with one reading changed. In a group that allows one reading, the others are taken out."""
        group = self.chart.group_of.get(parameter.id)
        found = dict(given)
        if group is not None and group.kind == "one_of":
            found = {name: text for name, text in found.items() if name not in group.parameters}
        found[parameter.id] = value
        return found

    def _near_thresholds(self, setting: Setting, baseline: Given, turn: int) -> Iterator[Given]:
        """Each band of a parameter, with some others raised so that totals and counts are next to their thresholds."""
        chart = self.chart
        contributions = sorted(
            {chart.severity(b)[:2] for t in setting.tables.values() if t is not None for b in t.bands if any(chart.severity(b)[:2])}
        )
        rows = [p for p in chart.parameters if p.role == "scored" and p.id in baseline and p.id not in setting.given]
        for number, parameter in enumerate(rows):
            others = [*rows[number + 1 :], *rows[:number]]
            others = others[turn % len(others) :] + others[: turn % len(others)] if others else []
            table = setting.tables[parameter.id]
            bands = [self.middle(parameter, band) for band in table.bands] if table is not None else []
            for contribution in contributions:
                candidates = [(p, at) for p in others if (at := self._band_of(setting, p, contribution))]
                for many in range(1, 1 + min(RAISED, len(candidates))):
                    raised = dict(baseline)
                    for other, at in candidates[:many]:
                        raised = self.put(raised, other, at)
                    for value in bands:
                        yield self.put(raised, parameter, value)
            for one, two in pairwise(contributions):
                pairs = [(p, at) for p, contribution in zip(others, (one, two, one), strict=False) if (at := self._band_of(setting, p, contribution))]
                raised = dict(baseline)
                for other, at in pairs:
                    raised = self.put(raised, other, at)
                for value in bands:
                    yield self.put(raised, parameter, value)

    def _band_of(self, setting: Setting, parameter: Parameter, contribution: tuple[int, ...]) -> str | None:
        table = setting.tables[parameter.id]
        for band in table.bands if table is not None else ():
            if self.chart.severity(band)[:2] == contribution:
                return self.middle(parameter, band)
        return None

    def _partial(self) -> Iterator[Given]:
        """One parameter missing, alone and with another raised; only one parameter given; none given."""
        yield {}
        for setting, baseline in zip(self.settings, self.baselines, strict=True):
            for name in baseline:
                without = {other: text for other, text in baseline.items() if other != name}
                yield without
                for parameter in self.chart.parameters:
                    table = setting.tables[parameter.id]
                    if parameter.id in without and parameter.id not in setting.given and table is not None and table.bands:
                        worst = max(table.bands, key=self.chart.severity)
                        yield self.put(without, parameter, self.middle(parameter, worst))
                        yield {**{n: baseline[n] for n in setting.given if n in baseline}, parameter.id: self.middle(parameter, worst)}

    def _contexts(self) -> Iterator[Given]:
        """Every recordable value next to an edge between contexts, and every category of a context, with readings that depend on it."""
        for name in self.chart.context_ids:
            parameter = self.chart.by_id[name]
            if parameter.observation.numeric:
                conditions = [w for p in self.chart.parameters for t in p.tables for other, w in t.when if other == name and isinstance(w, Interval)]
                edges = {edge for wanted in conditions for edge in (wanted.low, wanted.high) if edge is not None}
                step, possible = parameter.observation.step, parameter.observation.impossible
                near = {edge + k * part for edge in edges for k in (-1, 0, 1) for part in (step, step / 2)}
                values = [as_text(value) for value in sorted(near) if possible.contains(value)]
            else:
                values = list(parameter.category_ids)
            for value in values:
                for setting, baseline in zip(self.settings, self.baselines, strict=True):
                    if setting.values[name] != self.settings[0].values[name]:
                        continue  # another setting covers it, which differs in this context alone
                    for row in self.chart.parameters:
                        for table in row.tables:
                            if any(other == name for other, _ in table.when):
                                for band in table.bands:
                                    if row.id not in setting.given:
                                        yield self.put({**baseline, name: value}, row, self.middle(row, band))

    def _refused(self) -> Iterator[Given]:
        """Sets to refuse: impossible readings, categories the chart does not accept, two readings where one is allowed, and sets out of scope."""
        if not self.settings:
            return
        for baseline in (self.baselines[0], self.baselines[-1]):
            for parameter in self.chart.parameters:
                yield from (self.put(baseline, parameter, value) for value in (*impossible_values(parameter), *unknown_words(parameter)))
            for rule in self.chart.scope:
                choices = []
                for name, wanted in rule.when:
                    if isinstance(wanted, Interval):
                        choices.append((name, [as_text(v) for v in inside(wanted, self.chart.by_id[name])]))
                    else:
                        choices.append((name, sorted(wanted)))
                for turn in range(max((len(values) for _, values in choices), default=0)):
                    outside = {**baseline, **{name: values[turn % len(values)] for name, values in choices if values}}
                    yield outside
                    for name, _ in choices:  # one answer changed: a set next to those out of scope
                        yield from ({**outside, name: category} for category in self.chart.by_id[name].category_ids)
            for group in self.chart.groups:
                if group.kind == "one_of" and any(name in baseline for name in group.parameters):
                    tables = {name: next((t for t in self.chart.by_id[name].tables if t.bands), None) for name in group.parameters}
                    yield {**baseline, **{n: middle(self.chart.by_id[n], table.bands[0]) for n, table in tables.items() if table is not None}}

    def _at_random(self) -> Iterator[Given]:
        rng = self.random
        for _ in range(self.amount):
            number = rng.randrange(len(self.settings))
            setting, given = self.settings[number], dict(self.baselines[number])
            for parameter in self.chart.parameters:
                if parameter.id not in given or parameter.id in setting.given or rng.random() < 0.55:
                    continue
                if rng.random() < 0.06:
                    del given[parameter.id]
                    continue
                values = self.values(setting, parameter)
                if values:
                    given[parameter.id] = rng.choice(values)
            yield given

    def random_sets(self) -> list[Given]:
        """Random sets where contexts, scope and reasons for no reading vary too: a fallback for faults that the pool does not show."""
        rng, chart = Random(self.seed), self.chart
        values = {p.id: list(dict.fromkeys(self._anything(p))) for p in chart.parameters}
        found: dict[tuple[tuple[str, str], ...], Given] = {}
        for _ in range(FALLBACK):
            given = dict(rng.choice(self.baselines))
            lively, lacking = rng.choice((0.1, 0.3, 0.7)), rng.choice((0.0, 0.1, 0.4))
            for parameter in chart.parameters:
                chance = rng.random()
                if chance < lacking:
                    given.pop(parameter.id, None)
                    if parameter.skips and rng.random() < 0.3:
                        given[SKIP_PREFIX + parameter.id] = rng.choice(parameter.skips).code
                elif chance < lacking + lively and values[parameter.id]:
                    given = self.put(given, parameter, rng.choice(values[parameter.id]))
            found.setdefault(tuple(sorted(given.items())), given)
        return list(found.values())

    def _anything(self, parameter: Parameter) -> Iterator[str]:
        """Every answer of a parameter, or readings next to each of its edges anywhere on the chart."""
        if not parameter.observation.numeric:
            yield from parameter.observation.category_ids
            return
        whole, fine = edge_values(parameter, [table for table in parameter.tables if table.bands])
        yield from (*whole, *fine)
        whens = [when for p in self.chart.parameters for table in p.tables for when in table.when]
        whens += [when for rule in self.chart.scope for when in rule.when]
        for name, wanted in whens:
            if name == parameter.id and isinstance(wanted, Interval):
                yield from (as_text(value) for value in inside(wanted, parameter))


def impossible_values(parameter: Parameter) -> Iterable[str]:
    """The first recordable values outside the possible range."""
    possible, step = parameter.observation.impossible, parameter.observation.step
    if parameter.observation.numeric and possible.low is not None:
        yield as_text(possible.low - step)
    if parameter.observation.numeric and possible.high is not None:
        yield as_text(possible.high + step)


def inside(wanted: Interval, parameter: Parameter) -> list[Decimal]:
    """Recordable values in a range, at its ends where it has ends."""
    step = parameter.observation.step
    ends = [edge + k * step for edge in (wanted.low, wanted.high) if edge is not None for k in (-1, 0, 1)]
    return [value for value in dict.fromkeys(ends) if wanted.contains(value) and parameter.observation.impossible.contains(value)]
