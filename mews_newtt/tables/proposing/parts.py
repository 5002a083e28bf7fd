"""Cells that hold a reading and something else: words beside a number, an arm or a position beside a pressure, oxygen beside a saturation."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mews_newtt.chart.model import Chart, Observation
from mews_newtt.reading.plan import Plan
from mews_newtt.reading.plan.model import OXYGEN_READING, Where
from mews_newtt.tables.proposing.doubts import Doubt, Doubts, quoted, without
from mews_newtt.tables.proposing.draft import Change, Choice, Draft
from mews_newtt.tables.proposing.names import capital, joined

SATURATION = r"(?i)(?P<oxygen_saturation>\d+)[ %@/(,]+(?:on |in |at )?"
# What is breathed, behind a saturation: the form of it, the reading that it is, its pattern, and its pattern without a group.
BREATHED = (
    (r"(?P<air>R\.?/?A\.?|O/?A|room air|air)", "air_or_oxygen", "", ""),
    (r"(?:O2 )?[0-9.]+ ?L[A-Za-z/ ]*", "oxygen_flow", r"(?:O2 )?(?P<oxygen_flow>[0-9.]+) ?L[A-Za-z/ ]*", r"(?:O2 )?[0-9.]+ ?L[A-Za-z/ ]*"),
    (r"\d{2,3} ?%[A-Za-z0-9 ]*", "oxygen_percent", r"(?P<oxygen_percent>\d+) ?%[A-Za-z0-9 ]*", r"\d+ ?%[A-Za-z0-9 ]*"),
)
NUMBER_AND_WORDS = re.compile(r"(?P<before>[^\d<>≤≥=~+-]*?)\s*(?P<number>\d+(?:[.,]\d+)?)\s*(?P<after>[^\d]*)")
PAIR_AND_WORDS = re.compile(r"(?P<before>[^\d<>≤≥=~+-]*?)\s*(?P<number>\d{2,3}\s*/\s*\d{2,3})\s*(?P<after>[^\d]*)")
# Words beside a number that change nothing about it: the arm, the place, the position, the rhythm, the device.
HARMLESS = {
    "l", "r", "left", "right", "arm", "la", "ra", "lt", "rt", "lying", "sitting", "standing", "supine", "lateral", "tilt", "seated", "semi",
    "recumbent", "reg", "regular", "irreg", "irregular", "manual", "auto", "monitor", "nibp", "cuff", "radial", "apex", "apical", "oral",
    "tympanic", "axilla", "axillary", "ear", "temporal", "forehead", "rectal", "skin", "po", "tm", "ax", "hr", "pulse", "p", "bp", "rr",
    "resps", "resp", "temp", "t", "sats", "sat", "spo", "o",
}  # fmt: skip
MOST_WORDS = 30


def about_parts(chart: Chart, plan: Plan, doubts: Doubts, draft: Draft) -> Doubts:
    """Ask about cells from which a pattern can take the reading. What is left has no number, or cannot be a part of a reading."""
    left = doubts
    for where in dict.fromkeys(doubt.where for doubt in doubts if doubt.refused):
        own = Doubts({doubt: count for doubt, count in left.items() if doubt.where == where and doubt.refused and not doubt.unit})
        readings = list(dict.fromkeys(doubt.ours for doubt in own))
        if not readings or not all(chart.observations[ours].numeric for ours in readings):
            continue
        if readings == ["oxygen_saturation"]:
            used = _about_breathed(chart, plan, where, own, draft)
            left, own = without(left, used), without(own, used)
        left = without(left, _about_words_beside(chart, where, readings, own, draft))
    return left


def _add(where: Where, patterns: list[str]) -> tuple[Change, ...]:
    """The change that adds patterns for one place."""
    return (Change("cells", "", {"code" if where.is_code else "column": where.name, "patterns": patterns}),)


def _about_breathed(chart: Chart, plan: Plan, where: Where, doubts: Doubts, draft: Draft) -> list[Doubt]:
    """Saturation and oxygen in one cell."""
    found: dict[int, list[Doubt]] = {}
    airs = set[str]()
    for doubt in doubts:
        for place, (form, *_) in enumerate(BREATHED):
            if match := re.fullmatch(rf"{SATURATION}{form}\)?", doubt.cell):
                found.setdefault(place, []).append(doubt)
                airs |= {match["air"].upper()} if place == 0 else set()
                break
    if not found:
        return []
    used = [doubt for those in found.values() for doubt in those]
    named = quoted(Doubts({doubt: doubts[doubt] for doubt in used}), places=False)
    amounts = [BREATHED[place][1] for place in found if place]
    air = "|".join(map(_spelt, sorted(airs, key=len, reverse=True)))
    both = [f"{SATURATION}{BREATHED[place][2] or f'(?P<{OXYGEN_READING}>{air})'}" + r"\)?" for place in found]
    alone = [f"{SATURATION}{BREATHED[place][3] or f'(?:{air})'}" + r"\)?" for place in found]
    choices = [Choice("read the saturation alone", _add(where, alone)), Choice("such rows are refused")]
    has_own = OXYGEN_READING in {*plan.column_map.columns.values(), *(plan.long.codes.values() if plan.long else ())}
    if OXYGEN_READING in chart.by_id and not has_own and not _taken(draft, amounts):
        oxygen = (Change(OXYGEN_READING, "from", amounts),) if amounts else ()
        choices.insert(0, Choice("read both: a flow above 0, or more than 21%, is oxygen", (*_add(where, both), *oxygen)))
    draft.ask(str(where.name), f"{capital(where.says)} holds the saturation and what is breathed: {named}. What is read?", *choices)
    return used


def _taken(draft: Draft, amounts: Iterable[str]) -> bool:
    """Whether another column is an amount of oxygen already."""
    return bool({*draft.tables.get("columns", {}).values(), *draft.tables.get("codes", {}).values()} & {*amounts})


def _about_words_beside(chart: Chart, where: Where, readings: list[str], doubts: Doubts, draft: Draft) -> list[Doubt]:
    """Words before or behind a number, or a pair of numbers."""
    form = PAIR_AND_WORDS if len(readings) == 2 else NUMBER_AND_WORDS
    used, before, after, units = list[Doubt](), set[str](), set[str](), set[str]()
    observation = chart.observations[readings[0]]
    for doubt in doubts:
        found = form.fullmatch(doubt.cell)
        if not found or not (found["before"] or found["after"]):
            continue
        unit, rest = _unit_of(observation, found["after"].strip())
        words = {*re.findall(r"\w+", found["before"] + " " + rest)}
        if not (words or (unit and len(readings) == 2)) or any(observation.unit_named(word) not in (None, observation.unit) for word in words):
            continue
        used.append(doubt)
        before.add(found["before"].strip())
        after.add(rest)
        units.add(unit)
    if not used or len(before | after) > MOST_WORDS:
        return []
    number = r"(?P<{}>\d+)\s*/\s*(?P<{}>\d+)".format(*readings) if len(readings) == 2 else rf"(?P<{readings[0]}>\d+(?:[.,]\d+)?)"
    own_units = _either(units, "") if len(readings) == 2 else _either(units, f"?P<unit_{readings[0]}>")
    pattern = rf"(?i){_either(before, '?:')}\s*{number}\s*{own_units}\s*{_either(after, '?:')}" if units - {""} else ""
    pattern = pattern or rf"(?i){_either(before, '?:')}\s*{number}\s*{_either(after, '?:')}"
    pattern = pattern.replace(r"(?i)\s*", "(?i)").removesuffix(r"\s*")
    mean = {word.casefold() for text in before | after for word in re.findall(r"[^\W\d_]+", text)}
    titles = joined([chart.observations[ours].title for ours in readings])
    yes, refuse = Choice("take the numbers alone; these words change nothing", _add(where, [pattern])), Choice("such rows are refused")
    named = quoted(Doubts({doubt: doubts[doubt] for doubt in used if doubt.ours == readings[0]}), places=False)
    text = f"{capital(where.says)} ({titles}) has words beside the numbers: {named}. What is read?"
    draft.ask(str(where.name), text, *((yes, refuse) if mean <= HARMLESS else (refuse, yes)))
    return used


def _unit_of(observation: Observation, text: str) -> tuple[str, str]:
    """A unit at the start of a text, and what is behind it."""
    first, _, rest = text.partition(" ")
    return (first, rest.strip()) if first and observation.unit_named(first) else ("", text)


def _either(words: set[str], group: str) -> str:
    """A group of one of some words, letter by letter; it may be left out where one of them is empty."""
    spelt = sorted({word.casefold() for word in words if word}, key=len, reverse=True)
    if not spelt:
        return ""
    group = group or "?:"
    return f"({group}{'|'.join(map(_spelt, spelt))})" + ("?" if "" in words else "")


def _spelt(text: str) -> str:
    """A text as a pattern, with no more signs than it needs, so that a person can read it."""
    return re.sub(r"([.^$*+?{}\[\]\\|()])", r"\\\1", text)
