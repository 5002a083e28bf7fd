"""Questions about cells of numbers: how they are written, their units, marks for no reading, and values that can hardly be."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from mews_newtt.chart.model import Chart, Observation
from mews_newtt.chart.units import unit_said
from mews_newtt.reading.plan import Plan
from mews_newtt.reading.values import Reading, read
from mews_newtt.tables.origins.workbook import made_a_date
from mews_newtt.tables.planned.coded import NO_UNIT
from mews_newtt.tables.proposing.doubts import OF_DEVICES, Doubt, Doubts, quoted, without
from mews_newtt.tables.proposing.draft import Change, Choice, Draft
from mews_newtt.tables.proposing.names import rows_said

DECIMAL = re.compile(r"[+-]?\d+([,·])\d+")
THOUSANDS = re.compile(r"[1-9]\d{0,2},\d{3}")
RANGE = re.compile(r"\s*(?:[<>≤≥]=?\s*\d.*|\d+(?:[.,]\d+)?\s*(?:-|–|to)\s*\d.*)")
SIGNS = re.compile(r"""(=?["'*†‡^~]+)?([+-]?\d+(?:[.,]\d+)?)\s*(["'*†‡^~]+)?""")
# Words and signs that people write where they took no reading.
NOTHING = {
    "-", "--", "---", ".", "..", "?", "*", "x", "xx", "/", "_", "n/a", "na", "n.a.", "n.a", "nr", "n/r", "nd", "n/d", "nil", "none", "null",
    "blank", "not recorded", "not done", "not taken", "not assessed", "not measured", "not obtained", "not applicable", "not available",
    "not known", "unknown", "not asked", "not tested", "missing", "unable", "unable to obtain", "unable to take", "unable to measure",
    "declined", "refused", "patient refused", "declined by patient", "omitted", "missed", "no reading", "no value", "no data", "#n/a",
    "off ward", "awaiting", "pending", "tbc", "nicht gemessen", "brak",
}  # fmt: skip
MAY_BE_WORDS = {"-", "--", "x", "xx", "nil", "none", "na", "/", "unknown", "blank"}  # of a reading that is said in words
MARK_NUMBERS = re.compile(r"-\d+(\.0+)?|0+(\.0+)?|9{2,4}(\.9|\.0+)?|8{3,4}(\.8|\.0+)?")  # numbers that programs write for no reading
ASKED_ALONE = 25  # cells of one reading that go into the plan


def missing(doubts: Sequence[Doubt]) -> tuple[Change, ...]:
    """The changes that make cells marks for no reading."""
    return tuple(Change("missing", doubt.ours, [doubt.cell]) for doubt in doubts)


def about_numbers(chart: Chart, plan: Plan, doubts: Doubts, draft: Draft) -> Doubts:
    """How numbers are written, once for all columns. What is left is about single readings."""
    refused = [doubt for doubt in doubts if doubt.refused and chart.observations[doubt.ours].numeric]
    used = set[Doubt]()
    marks: dict[str, list[Doubt]] = {}
    for doubt in refused:
        if (found := DECIMAL.fullmatch(doubt.cell)) and found[1] not in plan.numbers.decimal:
            marks.setdefault(found[1], []).append(doubt)
    for mark, cells in marks.items():
        used.update(cells)
        decimal = sorted({*([] if mark == "," and not draft.points else ["."]), *draft.tables.get("numbers", {}).get("decimal", []), mark})
        sure = mark == "," and not draft.points and not any(THOUSANDS.fullmatch(one.cell) for one in cells)
        if sure:
            draft.say("numbers", "decimal", decimal, f"a comma before the last digits, as in {cells[0].cell!r}, and no number with a point")
            continue
        yes = Choice("before the tenths, as in 36.8", (Change("numbers", "decimal", decimal),))
        draft.ask("numbers", f"What is the sign {mark!r} in numbers such as {_some(cells)}?", yes, Choice("something else: such rows are refused"))
    signs = [doubt for doubt in refused if doubt not in used and (found := SIGNS.fullmatch(doubt.cell)) and (found[1] or found[3])]
    if signs:
        used.update(signs)
        found_signs = sorted(
            {sign for one in signs if (found := SIGNS.fullmatch(one.cell)) for sign in (found[1], found[3]) if sign}, key=len, reverse=True
        )
        yes = Choice("they mean nothing: take them off", (Change("numbers", "strip", found_signs),))
        text = f"What do the signs around numbers mean, such as {_some(signs)}?"
        draft.ask("numbers", text, Choice("they mean something: such rows are refused"), yes)
    ranges = [] if plan.numbers.ranges else [one for one in refused if one not in used and RANGE.fullmatch(one.cell) and not made_a_date(one.cell)]
    if ranges:
        used.update(ranges)
        yes = Choice("read them where all values of the range get the same points on the chart", (Change("numbers", "ranges", True),))
        draft.ask("numbers", f"There are ranges, such as {_some(ranges)}. What is done with them?", yes, Choice("such rows are refused"))
    return without(doubts, used)


def _some(doubts: Sequence[Doubt]) -> str:
    cells = list(dict.fromkeys(f"{one.cell!r} ({one.where.says})" for one in doubts))
    return ", ".join(cells[:4]) + (f" and {len(cells) - 4} more" if len(cells) > 4 else "")


def about_units(chart: Chart, doubts: Doubts, draft: Draft) -> Doubts:
    """Values without a unit, and units that nobody here knows."""
    used = set[Doubt]()
    for ours in dict.fromkeys(doubt.ours for doubt in doubts):
        observation = chart.observations[ours]
        names = [observation.unit, *(other.ucum for other in observation.other_units)]
        bare = [doubt for doubt in doubts if doubt.ours == ours and doubt.why.endswith(NO_UNIT)]
        if bare:
            used.update(bare)
            units = [Choice(f"they are in {unit_said(name)}", (Change("units", ours, name),)) for name in names]
            rows = sum(doubts[doubt] for doubt in bare)
            text = f"{observation.title}: {rows_said(rows)} {'has' if rows == 1 else 'have'} a value without a unit."
            draft.ask(ours, f"{text} Which unit is meant?", *units, Choice("not known: such rows are refused"))
        strange = {doubt.unit for doubt in doubts if doubt.ours == ours and doubt.refused and doubt.unit and observation.numeric}
        for unit in sorted(one for one in strange if observation.unit_named(one) is None):
            those = [doubt for doubt in doubts if doubt.ours == ours and doubt.unit == unit]
            used.update(those)
            units = [Choice(f"it means {unit_said(name)}", (Change("long", "units", {unit: name}),)) for name in names]
            text = f"{observation.title} ({those[0].where.says}): the unit {unit!r} is not known here, as in {those[0].cell!r}. What does it mean?"
            draft.ask(ours, text, *units, Choice("not known: such rows are refused"))
    return without(doubts, used)


def about_marks(chart: Chart, doubts: Doubts, draft: Draft) -> Doubts:
    """Words, and numbers of programs, that stand where no reading was taken: one question for all columns."""
    left = doubts
    words = Doubts({doubt: count for doubt, count in doubts.items() if doubt.refused and _is_nothing(chart, doubt)})
    if words:
        left = without(left, words)
        yes, refuse = Choice("no reading was taken", missing(list(words))), Choice("not known: such rows are refused")
        draft.ask("missing", f"There are cells with {quoted(words)}. Do they mean that there is no reading?", yes, refuse)
    numbers = Doubts({doubt: count for doubt, count in left.items() if chart.observations[doubt.ours].numeric and _is_mark(doubt)})
    if numbers:
        left = without(left, numbers)
        yes = Choice("no reading was taken", missing(list(numbers)))
        refuse = Choice("they are numbers like others: impossible ones refuse the row, and the rest is scored and flagged")
        draft.ask("missing", f"There are numbers that may stand for no reading: {quoted(numbers)}. Do they?", yes, refuse)
    return _about_other_words(chart, left, draft)


def _is_nothing(chart: Chart, doubt: Doubt) -> bool:
    word = doubt.cell.casefold().strip()
    return word in NOTHING and (chart.observations[doubt.ours].numeric or word not in MAY_BE_WORDS)


def _is_mark(doubt: Doubt) -> bool:
    return bool(MARK_NUMBERS.fullmatch(doubt.cell) or doubt.cell in OF_DEVICES or (doubt.refused and doubt.cell == "127"))


def _about_other_words(chart: Chart, doubts: Doubts, draft: Draft) -> Doubts:
    """Other cells of numbers that cannot be read: one question, and no guess."""
    words = Doubts()
    for doubt, count in doubts.items():
        if not doubt.refused or not chart.observations[doubt.ours].numeric or doubt.why == "is impossible":
            continue
        if made_a_date(doubt.cell):
            remark = f"{doubt.where.says}: {doubt.cell[:60]!r} looks like a reading that Excel turned into a date."
            remark += " Its row is refused: correct the file."
            draft.remarks += [remark] if remark not in draft.remarks else []
            continue
        words[doubt] = count
    dates = [doubt for doubt in doubts if doubt.refused and made_a_date(doubt.cell) and chart.observations[doubt.ours].numeric]
    if words:
        those = [doubt for doubt, _ in words.most_common()]
        refuse, yes = Choice("not that, or not known: such rows are refused"), Choice("no reading was taken", missing(those[:ASKED_ALONE]))
        text = f"There are cells that are no numbers: {quoted(words)}. Do they mean that there is no reading?"
        draft.ask("missing", text, refuse, yes)
    return without(without(doubts, words), dates)


def about_values(chart: Chart, frame: pl.DataFrame, plan: Plan, doubts: Doubts, draft: Draft) -> Doubts:
    """Numbers that are impossible, or can hardly be: another unit, a slip, or no reading. One question for each reading."""
    used = set[Doubt]()
    for ours in dict.fromkeys(doubt.ours for doubt in doubts if chart.observations[doubt.ours].numeric):
        observation = chart.observations[ours]
        own = Doubts({doubt: count for doubt, count in doubts.items() if doubt.ours == ours})
        used.update(own)
        cells = list(dict.fromkeys(doubt.cell for doubt in own))
        impossible = [doubt for doubt in own if doubt.refused]
        kept = "they are readings: they are scored, and flagged as implausible"
        if impossible:
            kept = "they are slips: such rows are refused"
            if len(impossible) < len(own):
                kept = "they are slips: impossible ones refuse the row, others are flagged"
        units = _other_units(observation, plan, cells, ours)
        choices = [Choice(kept), Choice("no reading was taken", missing([doubt for doubt, _ in own.most_common(ASKED_ALONE)]))]
        choices = [*units, *choices] if units and len(cells) > 1 else [*choices, *units]
        be = "cannot be" if len(impossible) == len(own) else "can hardly be"
        draft.ask(ours, f"{observation.title}: {quoted(own)} {be}. What are they?", *choices)
    return without(doubts, used)


def _other_units(observation: Observation, plan: Plan, cells: Sequence[str], ours: str) -> list[Choice]:
    """Units in which all of the cells can be."""
    said, found = plan.column_map.units.get(ours) or observation.unit, []
    for unit in (observation.unit, *(other.ucum for other in observation.other_units)):
        others = [read(observation, (cell.replace(",", "."), unit)) for cell in cells]
        if unit != said and all(isinstance(one, Reading) and not any(flag.startswith("implausible") for flag in one.flags) for one in others):
            found.append(Choice(f"the whole column is in {unit_said(unit)}", (Change("units", ours, unit),)))
    return found
