"""Every reason to refuse a chart. Each check yields Problems; none stops at the first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from mews_newtt.chart.check_bands import check_bands, check_contexts
from mews_newtt.chart.check_levels import check_levels
from mews_newtt.chart.check_names import (
    CheckContext,
    bad_code,
    check_head,
    check_names,
    check_parameters,
    check_sources,
    check_unique,
)
from mews_newtt.chart.check_rows import check_categories_read, check_direction, check_gives, check_quiet_band
from mews_newtt.chart.codes import loinc_answer_is_sound, loinc_is_sound, snomed_is_sound
from mews_newtt.chart.model import Chart, Observation
from mews_newtt.chart.observation import plain_unit
from mews_newtt.errors import Problem


def check_observation(observation: Observation, place: str) -> list[Problem]:
    """Faults of one entry of a parameters.toml."""
    found = []
    if observation.numeric:
        if observation.step <= 0:
            found.append(Problem("step_not_positive", place, f"has the step {observation.step}", "write the smallest recordable difference"))
        spellings = ((observation.unit, *observation.unit_names), *((unit.ucum, *unit.names) for unit in observation.other_units))
        names = Counter(name for unit in spellings for name in {plain_unit(spelling) for spelling in unit})
    else:
        if observation.unit:
            found.append(Problem("unit_of_categories", place, "has categories and a unit", "keep one of them"))
        names = Counter(name.casefold() for c in observation.categories for name in {c.id.casefold(), *map(str.casefold, c.synonyms)})
    for name, times in names.items():
        if times > 1:
            found.append(Problem("name_twice", place, f"gives the name {name!r} to two things", "keep it with one of them"))
    found += [
        Problem("scale_zero", f"{place}, {unit.ucum}", "has the scale 0", "write the exact factor")
        for unit in observation.other_units
        if unit.scale == 0
    ]
    codes = [*observation.snomed, *(c.snomed for c in observation.categories if c.snomed)]
    found += [bad_code(place, "SNOMED CT", code) for code in codes if not snomed_is_sound(code)]
    answers = [c.loinc for c in observation.categories if c.loinc]
    found += [bad_code(place, "LOINC", code) for code in observation.loinc if not loinc_is_sound(code)]
    found += [bad_code(place, "LOINC", code) for code in answers if not loinc_answer_is_sound(code)]
    return found


def check_chart(chart: Chart, place: str, points_may_fall: frozenset[str] = frozenset()) -> list[Problem]:
    """Every fault and warning of a chart whose file has the right structure."""
    context = CheckContext(chart, place, points_may_fall)
    found = [problem for check in _NAMES_FIRST for problem in check(context)]
    if not found:  # names hold; now what they say together
        found = [problem for check in _THEN_MEANING for problem in check(context)]
    return found


_NAMES_FIRST: tuple[Callable[[CheckContext], Iterator[Problem]], ...] = (
    check_head,
    check_unique,
    check_sources,
    check_names,
    check_parameters,
    check_bands,
)
_THEN_MEANING: tuple[Callable[[CheckContext], Iterator[Problem]], ...] = (
    check_contexts,
    check_direction,
    check_quiet_band,
    check_gives,
    check_categories_read,
    check_levels,
)
