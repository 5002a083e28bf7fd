"""What the form for a file's columns shows, and what was chosen in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from mews_newtt.chart.model import Chart, Observation, number
from mews_newtt.reading.columns import EXPECTED_POINTS_PREFIX, ColumnMap, is_reserved
from mews_newtt.reading.suggest import ColumnSample
from mews_newtt.reading.values import LABELS, SKIP_PREFIX

MOST_WORDS = 20  # words of one column that the form asks about
LEAVE = "-"  # the choice "do not read this column"
LABEL_WORDS = {
    "case_id": "Name or number of the set",
    "patient_id": "Who it is",
    "observed_at": "When it was measured",
    "recorded_at": "When it was entered",
}


class Meaning(NamedTuple):
    """One column in the form: what it is read as, and what else the form asks about it."""

    column: ColumnSample
    ours: str  # a name of ours, or LEAVE
    own_name: bool  # the column has a name of ours, so it is always read
    own_words: str  # what that name means; empty for a row of the chart
    units: tuple[tuple[str, str], ...]
    unit: str
    unknown: tuple[tuple[str, str], ...]  # values that the parameter does not know, and what each is read as
    answers: tuple[tuple[str, str], ...]


def choices(chart: Chart) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a column may be read as, in groups: the form's value and the words shown for it."""
    scored = [p for p in chart.parameters if p.role == "scored"] if chart.has_points else []
    return [
        ("Readings", [(p.id, p.title) for p in chart.parameters]),
        ("Results of the other system", [("expected_total", "Its total"), ("expected_level", "Its level")]),
        ("Points of the other system", [(EXPECTED_POINTS_PREFIX + p.id, f"Its points of {p.title}") for p in scored]),
        ("Reasons for no reading", [(SKIP_PREFIX + p.id, f"Reason of {p.title}") for p in chart.parameters if p.role != "recorded"]),
        ("Labels", [(name, LABEL_WORDS.get(name, name)) for name in LABELS]),
    ]


class Chosen(NamedTuple):
    """What was chosen in the form. `columns`: our name by column. `units`, `values`: by our name. `missing`: words that mean no reading."""

    columns: Mapping[str, str] = {}
    units: Mapping[str, str] = {}
    values: Mapping[str, Mapping[str, str]] = {}
    missing: frozenset[str] = frozenset()

    @property
    def map(self) -> ColumnMap:
        """The choices as a ColumnMap."""
        return ColumnMap(
            {theirs: ours for theirs, ours in self.columns.items() if ours not in (LEAVE, theirs)},
            {ours: {theirs: answer for theirs, answer in pairs.items() if answer} for ours, pairs in self.values.items() if any(pairs.values())},
            {ours: unit for ours, unit in self.units.items() if unit},
            frozenset(theirs for theirs, ours in self.columns.items() if ours == LEAVE),
            self.missing,
        )


def meanings(chart: Chart, columns: Sequence[ColumnSample], chosen: Chosen) -> list[Meaning]:
    """Every column of the file, with what was chosen for it so far."""
    known = chart.observations
    words = {name: says for _, offered in choices(chart) for name, says in offered if name not in chart.by_id}
    return [_meaning(known, words, column, chosen.columns.get(column.name, LEAVE), chosen) for column in columns]


def _meaning(known: Mapping[str, Observation], words: Mapping[str, str], column: ColumnSample, ours: str, chosen: Chosen) -> Meaning:
    observation = known.get(ours)
    offered: tuple[tuple[str, str], ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    answers: tuple[tuple[str, str], ...] = ()
    if observation is not None and observation.numeric and observation.other_units:
        own = number("", observation.unit).strip()
        offered = (("", own), *((unit.ucum, number("", unit.ucum).strip()) for unit in observation.other_units))
    if observation is not None and not observation.numeric:
        answers = tuple((category.id, category.title) for category in observation.categories)
        values = dict.fromkeys(value.strip() for value in column.values)
        strange = [value for value in values if value and value not in chosen.missing and value.casefold() not in observation.category_by_name]
        unknown = tuple((value, chosen.values.get(ours, {}).get(value, "")) for value in strange[:MOST_WORDS])
    own_name = column.name in known or is_reserved(column.name, known)
    own_words = words.get(column.name, "") or (known[column.name].title if column.name in known else column.name)
    return Meaning(column, ours, own_name, own_words, offered, chosen.units.get(ours, ""), unknown, answers)


def words_left(chart: Chart, columns: Sequence[ColumnSample], chosen: Chosen) -> dict[str, list[str]]:
    """By title of a row of the chart: words that were left without a meaning. A set that holds one is refused."""
    left: dict[str, list[str]] = {}
    for each in meanings(chart, columns, chosen):
        words = [theirs for theirs, answer in each.unknown if not answer]
        if words:
            left.setdefault(chart.observations[each.ours].title, []).extend(words)
    return left


def seen(left: Mapping[str, Sequence[str]]) -> str:
    """A text that is the same for the same words. The form sends it back to show that its user saw them; it fits into a field."""
    return sha256(repr(sorted(left.items())).encode()).hexdigest()[:16]
