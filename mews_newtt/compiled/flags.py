"""Which flags a set can have, and in which order they are written."""

from __future__ import annotations

from typing import Literal, NamedTuple

from mews_newtt.chart.model import Chart

OWN_FLAGS = ("converted", "float_noise", "finer_than_recorded", "implausible", "between_bands", "not_read", "skipped")
Kind = Literal["own", "assumed", "lone", "not_above", "out_of_scope"]


class FlagRule(NamedTuple):
    """One flag and when it is written.

    `own`: the parameter's contribution, or the form of its reading, has `flag`. `assumed`: a context with an assumed value has no reading.
    `lone`: the parameter has a reading, `other` has none. `not_above`: its number is not above the number of some parameter that it must
    be above (`chart.above_pairs`). `out_of_scope`: the scope rule at place `rule` holds, and only flags.
    """

    kind: Kind
    flag: str
    parameter: str
    other: str = ""
    rule: int = -1

    @property
    def text(self) -> str:
        return f"{self.flag}:{self.parameter}"


def flag_rules(chart: Chart) -> tuple[FlagRule, ...]:
    """Every flag that a set can have, in the order in which they are written."""
    found = [FlagRule("own", flag, p.id) for p in chart.parameters for flag in OWN_FLAGS]
    found += [FlagRule("assumed", "assumed", p.id) for p in chart.parameters if p.assumed is not None]
    found += [FlagRule("lone", "lone", name, other) for name, other in counterparts(chart)]
    found += [FlagRule("not_above", "not_above", name) for name in dict.fromkeys(name for name, _ in chart.above_pairs)]
    found += [FlagRule("out_of_scope", "out_of_scope", rule.when[0][0], rule=place) for place, rule in enumerate(chart.scope) if not rule.refuse]
    return tuple(found)


def counterparts(chart: Chart) -> tuple[tuple[str, str], ...]:
    """Parameters that are recorded together, such as the two pressures: each with its other."""
    return tuple((p.id, other) for p in chart.parameters if (other := p.observation.recorded_with) is not None and other in chart.by_id)
