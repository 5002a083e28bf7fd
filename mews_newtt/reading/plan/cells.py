"""One cell of somebody else's file to readings, as a plan says. Each distinct cell is read once; `tables/planned/` does the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from mews_newtt.chart.model import Observation
from mews_newtt.errors import Problem, short
from mews_newtt.reading.plan.checks import overlap
from mews_newtt.reading.plan.model import UNIT_PREFIX, Cell, Plan, Where
from mews_newtt.reading.plan.numbers import Range, in_our_form, range_of
from mews_newtt.reading.plan.patterns import LONGEST_CELL
from mews_newtt.reading.rows import given_of_cell, spellings
from mews_newtt.reading.values import NOT_READ, Reading, is_missing, read

NO_PATTERN = "no pattern of the plan matches it"
TOO_LONG = f"it is longer than {LONGEST_CELL:,} characters, which no reading is"


class Target(NamedTuple):
    """What a whole cell is read as: `out` is the column that is made, `ours` its parameter or label, `unit` of this column alone."""

    out: str
    ours: str
    unit: str | None = None


class Piece(NamedTuple):
    """What a cell gives one column that is made.

    text : as the rules of reading take it; None for no reading
    how : blank, mark (of a missing value), label, number, converted, word, range or refused
    detail : the unit that was converted, what a word means, what stands for a range, or the reason of a refusal
    """

    out: str
    text: str | None
    how: str
    detail: str = ""


# For a range: the number that may stand for it, or why none may. Bounds are exact, in the parameter's own unit.
OneBand = Callable[[str, Decimal | None, bool, Decimal | None, bool], tuple[Decimal | None, str]]


def refused(where: Where, cell: str | None, what: str) -> str:
    """The text of a cell that is not read: it names the source's cell, and refuses the row where it is scored."""
    quoted = f"{short(cell or '')!r}"
    return f"{NOT_READ}{where.says}: {what if quoted in what else f'{quoted}: {what}'}"


class CellReader:
    """Reads cells of known places.

    targets : what whole cells of a column or code are read as
    outs : for a place with patterns, the column that is made of each group
    one_band : what may stand for a range on the chart
    overlaps : faults of patterns that match one cell with different results; used: the places of patterns that matched
    """

    def __init__(
        self,
        plan: Plan,
        known: Mapping[str, Observation],
        targets: Mapping[Where, Sequence[Target]],
        outs: Mapping[Where, Mapping[str, str]],
        one_band: OneBand,
    ):
        self.plan, self.known, self.targets, self.outs, self.one_band = plan, known, targets, outs, one_band
        self.cells: dict[Where, list[Cell]] = {}
        for cell in plan.cells:
            self.cells.setdefault(cell.where, []).append(cell)
        self.overlaps: dict[tuple[str, str], Problem] = {}
        self.used: set[str] = set()
        self.filled: set[Where] = set()  # places that had a cell

    def makes(self, where: Where) -> tuple[str, ...]:
        """The columns that cells of this place may fill."""
        return tuple(dict.fromkeys([*(target.out for target in self.targets.get(where, ())), *self.outs.get(where, {}).values()]))

    def read(self, where: Where, cell: str | None, unit: str | None = None) -> tuple[Piece, ...]:
        """What one cell gives; `unit` is the cell of a unit column beside it."""
        cell = None if cell is None else cell.strip()
        unit = None if unit is None or is_missing(unit) else unit.strip()
        if cell:
            self.filled.add(where)
        if cell and len(cell) > LONGEST_CELL and not cell.startswith(NOT_READ):
            return tuple(Piece(out, refused(where, cell, TOO_LONG), "refused", TOO_LONG) for out in self.makes(where))
        whole = self.targets.get(where, ())
        patterns = self.cells.get(where, ())
        if not patterns:
            return tuple(self._piece(target, where, cell, cell, unit) for target in whole)
        outs = self.outs[where]
        nothing = [target for target in outs.values() if target not in [one.out for one in whole]]
        hits = [(pattern, match) for pattern in patterns if cell and (match := pattern.pattern.match(cell)) is not None]
        if not hits:
            read = [self._piece(target, where, cell, cell, unit) for target in whole]
            if whole or is_missing(cell) or not any(self.plan.column_map.marks(ours).isdisjoint(spellings(cell)) for ours in outs):
                how = "blank" if is_missing(cell) else "mark"
                return (*read, *(Piece(out, None, how) for out in nothing))
            return tuple(Piece(out, refused(where, cell, NO_PATTERN), "refused", NO_PATTERN) for out in outs.values())
        readings = []
        for pattern, groups in hits:
            self.used.add(pattern.place)
            pieces = []
            for ours, out in outs.items():
                own = groups.get(UNIT_PREFIX + ours)
                part = groups.get(ours)
                pieces.append(Piece(out, None, "blank") if part is None else self._piece(Target(out, ours), where, part.strip(), cell, own or unit))
            readings.append(tuple(pieces))
        if any(pieces != readings[0] for pieces in readings[1:]):
            first, second = hits[0][0].place, hits[1][0].place
            self.overlaps.setdefault((first, second), overlap(first, second, short(cell or "")))
            why = "two patterns of the plan match it with different results"
            return tuple(Piece(out, refused(where, cell, why), "refused", why) for out in outs.values())
        left = [Piece(target.out, None, "blank") for target in whole if target.out not in outs.values()]
        return (*readings[0], *left)

    def _piece(self, target: Target, where: Where, part: str | None, cell: str | None, unit: str | None) -> Piece:
        """A whole cell, or a part of it, as one reading."""
        ours, said = target.ours, self.plan.column_map
        observation = self.known.get(ours)
        if part is not None and part.startswith(NOT_READ):  # refused before it came here, with its reason
            return Piece(target.out, part, "refused", part.removeprefix(NOT_READ))
        if observation is None:
            text = given_of_cell(ours, part, said._replace(units={}))
            return Piece(target.out, None if text is None or not str(text).strip() else str(text), "blank" if text is None else "label")
        how, detail, text = "number", "", part
        table = said.values.get(ours, {})
        meant = next((spelt for spelt in spellings(part) if spelt in table), None)
        if meant is not None:
            how, detail, text = "word", table[meant], table[meant]
        elif not said.marks(ours).isdisjoint(spellings(part)):
            return Piece(target.out, None, "mark")
        elif text is None or is_missing(text):
            return Piece(target.out, None, "blank")
        else:
            found = self._word(ours, text)
            if found is not None:
                how, detail, text = "word", found, found
                if not found:
                    why = "two patterns of the plan match it with different results"
                    return Piece(target.out, refused(where, cell, why), "refused", why)
        problem: Problem | None = None
        if observation.numeric and how == "number":
            formed = text if self.plan.numbers.plain else in_our_form(text, self.plan.numbers, ours)
            if isinstance(formed, Problem):
                problem = formed
            else:
                text = formed
        # the unit of the row itself counts; what the plan says is for rows without one
        unit = unit or target.unit or said.units.get(ours) if observation.numeric else None
        reading = problem or read(observation, (text, unit.strip()) if unit else text)
        if isinstance(reading, Reading):
            if not observation.numeric:
                known = observation.category_by_name.get(str(text).casefold()) == text
                return Piece(target.out, str(reading.value), how if how == "word" or known else "word", str(reading.value))
            with_unit = f"{text} {unit.strip()}" if unit and reading.unit_given else text
            return Piece(target.out, with_unit, "converted" if "converted" in reading.flags else how, reading.unit_given or detail)
        if reading is None:
            return Piece(target.out, None, "blank")
        if self.plan.numbers.ranges and observation.numeric:
            bounds = range_of(part or "", self.plan.numbers, ours)
            if bounds is not None:
                return self._range(target, observation, bounds, where, cell, unit)
        text = f"{text} {unit.strip()}" if unit and text else text
        why = reading.what.removeprefix(f"{short(text or '')!r} ")
        if reading.code == "reading_impossible":
            return Piece(target.out, text, "refused", "is impossible")  # the scorer says it in its own words
        if problem is None and text == cell and where.name == ours:
            return Piece(target.out, text, "refused", why)  # the same words as without a plan
        return Piece(target.out, refused(where, cell, reading.what), "refused", why)

    def _word(self, ours: str, text: str) -> str | None:
        """What the patterns of a parameter say that a word means; None where none matches, empty where two contradict."""
        hits = [word for word in self.plan.words.get(ours, ()) if word.pattern.match(text) is not None]
        self.used.update(word.place for word in hits)
        if len({word.meaning for word in hits}) > 1:
            first, second = hits[0], next(word for word in hits if word.meaning != hits[0].meaning)
            self.overlaps.setdefault((first.place, second.place), overlap(first.place, second.place, short(text)))
            return ""
        return hits[0].meaning if hits else None

    def _range(self, target: Target, observation: Observation, bounds: Range, where: Where, cell: str | None, unit: str | None) -> Piece:
        """A range is read where every value of it means the same for the chart; one of them then stands for it."""
        ends: list[Decimal | None] = []
        for text in (bounds.low, bounds.high):
            reading = None if text is None else read(observation, (text, unit.strip()) if unit else text)
            if isinstance(reading, Problem):
                return Piece(target.out, refused(where, cell, reading.what), "refused", "the bound of a range is no reading")
            value = None if reading is None else reading.value
            if value is not None and not isinstance(value, Decimal):
                why = "the bound has no exact decimal in the unit of the chart"
                return Piece(target.out, refused(where, cell, why), "refused", why)
            ends.append(value)
        value, why = self.one_band(target.ours, ends[0], bounds.low_included, ends[1], bounds.high_included)
        if value is None:
            return Piece(target.out, refused(where, cell, why), "refused", why)
        return Piece(target.out, format(value, "f"), "range", format(value, "f"))

    def unmatched(self) -> list[Problem]:
        """Patterns that matched no cell, although their columns have cells."""
        if self.plan.unused_patterns:
            return []
        mend = "correct the pattern, take it out, or allow it with unused_patterns = true"
        places = [cell.place for cell in self.plan.cells] + [word.place for words in self.plan.words.values() for word in words]
        return [Problem("pattern_unused", place, "matches no cell of the file", mend) for place in places if place not in self.used]
