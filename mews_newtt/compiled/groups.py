"""Groups: parameters that count once. What every combination of their members' contributions counts for together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import NamedTuple

from mews_newtt.chart.model import Group
from mews_newtt.compiled.contributions import Bounds, Contribution, each

Contributions = Sequence[Sequence[Contribution | None]]  # by context code and class


class Member(NamedTuple):
    """The part of a contribution that matters to its group."""

    bounds: Bounds | None
    missing: bool
    given: bool


class GroupContribution(NamedTuple):
    """What a group contributes: its bounds (None: it does not count), which members stay missing, and whether it refuses the set."""

    bounds: Bounds | None
    missing: tuple[bool, ...]
    refused: bool


@dataclass(frozen=True)
class CompiledGroup:
    """One group, looked up by the sum of its members' numbers."""

    group: Group
    number: Mapping[str, tuple[tuple[int, ...], ...]]  # by parameter, context code and class
    contributions: tuple[GroupContribution, ...]


def compile_group(group: Group, of_members: Mapping[str, Contributions]) -> CompiledGroup:
    """Every combination of what the members contribute, counted once."""
    members = {name: [[member_of(one) for one in row] for row in of_members[name]] for name in group.parameters}
    distinct = {name: list(dict.fromkeys(one for row in rows for one in row)) for name, rows in members.items()}
    numbers = {}
    for place, name in enumerate(group.parameters):
        radix = prod(len(distinct[other]) for other in group.parameters[place + 1 :])
        found = {one: number * radix for number, one in enumerate(distinct[name])}
        numbers[name] = tuple(tuple(found[one] for one in row) for row in members[name])
    return CompiledGroup(group, numbers, tuple(count_group(group, chosen) for chosen in product(*distinct.values())))


def count_group(group: Group, members: Sequence[Member]) -> GroupContribution:
    """A group as one row: the worst of `either`, the given one of `one_of`. Two given where one may be refuse the set."""
    refused = group.kind == "one_of" and sum(member.given for member in members) > 1
    missing = tuple(member.missing for member in members)
    bounds = [member.bounds for member in members if member.bounds is not None]
    if not bounds:
        return GroupContribution(None, missing, refused)
    if group.kind == "either":
        least, most = each(max, (one.least for one in bounds)), each(max, (one.most for one in bounds))
        return GroupContribution(Bounds(least, most, all(one.resolved for one in bounds)), missing, refused)
    # A reading answers the group; without one, a skip that scores does. A skip beside a reading only says why the other is none.
    resolved = [member for member in members if member.bounds is not None and member.bounds.resolved]
    answers = [member.bounds for member in resolved if member.given] or [member.bounds for member in resolved]
    answered = [one for one in answers if one is not None]
    if answered:
        least = each(max, (one.least for one in answered))
        return GroupContribution(Bounds(least, least, all(one.resolved for one in answered)), (False,) * len(missing), refused)
    least, most = each(min, (one.least for one in bounds)), each(max, (one.most for one in bounds))
    return GroupContribution(Bounds(least, most, all(one.resolved for one in bounds)), missing, refused)


def member_of(found: Contribution | None) -> Member:
    """What a contribution is to its group. A refused reading is none."""
    return Member(found.bounds, found.missing, found.given) if found is not None and not found.refused else Member(None, False, False)
