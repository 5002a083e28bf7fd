"""Sets that show faults of totals, of limits and of skip reasons: every row at its worst, readings beyond the likely, ages beside a limit of scope."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from mews_newtt.chart.model import Chart, Interval, Parameter
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.validation.cases.values import Given, Setting, as_text, middle

Put = Callable[[Given, Parameter, str], Given]


def further(chart: Chart, settings: Sequence[Setting], baselines: Sequence[Given], put: Put) -> Iterator[Given]:
    """The sets, for each setting or for the first one. `put` gives a set with one reading changed."""
    for setting, baseline in zip(settings, baselines, strict=True):
        yield _worst(chart, setting, baseline, put)
        for parameter in chart.parameters:
            table = setting.tables[parameter.id]
            if table is not None and table.bands and parameter.id not in setting.given and parameter.role != "recorded":
                yield from (put(baseline, parameter, as_text(value)) for value in unlikely_values(parameter))
    for setting, baseline in list(zip(settings, baselines, strict=True))[:1]:
        for parameter in chart.parameters:
            if parameter.id not in setting.given and any(skip.points is not None for skip in parameter.skips):
                yield {**{n: text for n, text in baseline.items() if n != parameter.id}, SKIP_PREFIX + parameter.id: "not done"}
        for rule in chart.scope:
            for name, wanted in rule.when:
                if isinstance(wanted, Interval):
                    yield from ({**baseline, name: as_text(value)} for value in _beside(wanted, chart.by_id[name]))


def unlikely_values(parameter: Parameter) -> list[Decimal]:
    """The first recordable readings beyond what is likely, and possible all the same."""
    observation = parameter.observation
    if not observation.numeric:
        return []
    ends = ((observation.implausible.low, -observation.step), (observation.implausible.high, observation.step))
    values = [end - end % observation.step + by for end, by in ends if end is not None]
    return [value for value in values if observation.impossible.contains(value) and not observation.implausible.contains(value)]


def _worst(chart: Chart, setting: Setting, baseline: Given, put: Put) -> Given:
    """Every row at its most points: the highest total of the setting."""
    found = dict(baseline)
    for parameter in chart.parameters:
        table = setting.tables[parameter.id]
        if table is not None and table.bands and parameter.role == "scored" and parameter.id in baseline and parameter.id not in setting.given:
            found = put(found, parameter, middle(parameter, max(table.bands, key=chart.severity)))
    return found


def _beside(wanted: Interval, parameter: Parameter) -> list[Decimal]:
    """Values at the ends of a range and on both sides: a step, a half, most of one, and one away."""
    step, possible = parameter.observation.step, parameter.observation.impossible
    far = (step, Decimal(1) / 2, Decimal(9) / 10, Decimal(1))
    ends = [edge for edge in (wanted.low, wanted.high) if edge is not None]
    values = {edge + way * by for edge in ends for by in (Decimal(0), *far) for way in (-1, 1)}
    return sorted(value for value in values if possible.contains(value))
