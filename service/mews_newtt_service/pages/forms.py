"""Makes the form of a chart, and reads what was filled in as an observation set."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, NamedTuple

from mews_newtt.chart.contexts import Value, can_occur, distinguishable_values, only_table
from mews_newtt.chart.model import Chart, Observation, Parameter
from mews_newtt.chart.units import unit_said
from mews_newtt.scoring.wording import inside_a_sentence

RADIOS = 6  # so many answers or fewer are shown as radio buttons
UNIT, SKIP = "unit_", "skip_"
LONGEST = 200  # characters of a filled-in field that are read


class Field(NamedTuple):
    """One parameter as the form asks for it, with what was filled in."""

    parameter: Parameter
    unit: str
    units: tuple[tuple[str, str], ...]  # value and words; the parameter's own unit first
    hint: str
    answers: tuple[tuple[str, str], ...]
    radios: bool
    value: str
    unit_given: str
    skip: str
    faults: tuple[str, ...]
    asked_with: str = ""  # JSON: another field's answers with which this one is asked; empty where it always is

    @property
    def id(self) -> str:
        return self.parameter.id

    @property
    def title(self) -> str:
        return self.parameter.title


def fields(chart: Chart, filled: Mapping[str, str], faults: Mapping[str, Iterable[str]]) -> list[tuple[str, list[Field]]]:
    """The form's fields by role, in the order of the chart."""
    headings = (("recorded", "About this person"), ("scored", "Readings"), ("trigger", "Triggers and concerns"))
    found = [(title, [_field(chart, p, filled, faults.get(p.id, ())) for p in chart.parameters if p.role == role]) for role, title in headings]
    return [(title, asked) for title, asked in found if asked]


def _field(chart: Chart, parameter: Parameter, filled: Mapping[str, str], faults: Iterable[str]) -> Field:
    observation = parameter.observation
    titles = {category.id: category.title for category in observation.categories}
    answers = tuple((name, titles[name]) for name in parameter.category_ids)
    others = tuple((unit.ucum, unit_said(unit.ucum) or "no unit") for unit in observation.other_units)
    own = unit_said(observation.unit)
    with_which = matters_with(chart, parameter) if parameter.role == "recorded" and not parameter.required else {}
    return Field(
        parameter,
        own,
        (("", own or "no unit"), *others) if others else (),
        _hint(chart, parameter, with_which),
        answers,
        len(answers) <= RADIOS and parameter.role != "recorded",
        filled.get(parameter.id, ""),
        filled.get(UNIT + parameter.id, ""),
        filled.get(SKIP + parameter.id, ""),
        tuple(faults),
        json.dumps(with_which) if with_which else "",
    )


def matters_with(chart: Chart, parameter: Parameter) -> dict[str, list[str]]:
    """Another context's answers ("" for none) with which this optional context can still change a row's bands; empty where it always can."""
    if parameter.id not in chart.context_ids:
        return {}
    for name in chart.context_ids:
        other = chart.by_id[name]
        if name == parameter.id or other.observation.numeric:
            continue
        rest = [one for one in chart.context_ids if one not in (name, parameter.id)]
        asked = [answer for answer in ("", *other.category_ids) if _changes_bands(chart, parameter.id, rest, {name: answer} if answer else {})]
        if len(asked) <= len(other.category_ids):
            return {name: asked}
    return {}


def _changes_bands(chart: Chart, name: str, rest: list[str], fixed: dict[str, Value]) -> bool:
    """Whether another value of a context leads to other bands somewhere."""
    for others in product(*(distinguishable_values(chart, one) for one in rest)):
        stands = fixed | dict(zip(rest, others, strict=True))
        ways = [stands | {name: value} for value in distinguishable_values(chart, name) if can_occur(chart, stands | {name: value})]
        for row in chart.parameters:
            found = [only_table(chart, row, way) for way in ways]
            if len({table and (table.bands, table.applies) for table in found}) > 1:
                return True
    return False


def _hint(chart: Chart, parameter: Parameter, with_which: Mapping[str, list[str]]) -> str:
    """What may be filled in: how exactly it is recorded, and whether it must be given."""
    observation = parameter.observation
    says = []
    if observation.numeric:
        says.append(_precision(observation))
    if not parameter.required:
        says.append("counts only where it is given" if parameter.role != "recorded" else "may be left out")
    for name, answers in with_which.items():
        other = chart.by_id[name]
        titles = {category.id: category.title for category in other.observation.categories}
        says.append(f"matters only if {inside_a_sentence(other.title)} is: " + " or ".join(titles.get(answer, "not given") for answer in answers))
    if parameter.assumed:
        titles = {category.id: category.title for category in observation.categories}
        says.append(f"if it is not given, it is read as: {titles.get(parameter.assumed, parameter.assumed)}")
    text = "; ".join(says)
    return text[:1].upper() + text[1:]


def _precision(observation: Observation) -> str:
    """How exactly a number is recorded. An age is asked in the units that people use for it."""
    if observation.unit == "a":
        others = [unit_said(unit.ucum) for unit in observation.other_units]
        return f"in years; for a baby choose {' or '.join(others)}" if others else "in years"
    places = max(0, -int(observation.step.normalize().as_tuple().exponent))
    return {0: "a whole number", 1: "up to one decimal place"}.get(places, f"up to {places} decimal places")


def filled_in(chart: Chart, form: Mapping[str, Any]) -> dict[str, str]:
    """What the form's own fields hold; anything else that was sent is left out."""
    known = [prefix + parameter.id for parameter in chart.parameters for prefix in ("", UNIT, SKIP)]
    return {name: text.strip()[:LONGEST] for name in known if isinstance(text := form.get(name), str) and text.strip()}


def as_set(chart: Chart, filled: Mapping[str, str]) -> dict[str, Any]:
    """What was filled in, as an observation set."""
    given: dict[str, Any] = {}
    for parameter in chart.parameters:
        value = filled.get(parameter.id)
        unit = filled.get(UNIT + parameter.id)
        if value is not None:
            given[parameter.id] = {"value": value, "unit": unit} if unit else value
        if SKIP + parameter.id in filled:
            given[SKIP + parameter.id] = filled[SKIP + parameter.id]
    return given
