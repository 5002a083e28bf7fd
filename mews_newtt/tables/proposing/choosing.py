"""Which column or code is a reading: written with the reason where one is found by its name; asked where a part of a name says so, or several do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.reading.column_names import BY_A_GUESS, Meaning
from mews_newtt.reading.plan.model import AMOUNTS, OXYGEN_READING
from mews_newtt.reading.values import Reading, read
from mews_newtt.tables.proposing.column import Column
from mews_newtt.tables.proposing.draft import Change, Choice, Draft
from mews_newtt.tables.proposing.names import joined

PAIR = re.compile(r"(?:[^\d/]*\s)?\d{2,3}\s*/\s*\d{2,3}(?!\d|\s*/)\D*")
PAIR_PATTERN = r"(?P<{0}>\d+)\s*/\s*(?P<{1}>\d+)"
MOST_NAMED = 8  # columns that one question names


class Found(NamedTuple):
    """A column or a code that may be a reading, and why it may be none. `column` holds its cells, for a code those of its rows."""

    column: Column
    meaning: Meaning
    why_not: str | None
    is_code: bool = False

    @property
    def sure(self) -> bool:
        return self.meaning.whole and self.why_not is None

    @property
    def says(self) -> str:
        called = f" ({self.column.called})" if self.column.called and self.column.called != self.column.name else ""
        return f"{'code' if self.is_code else 'column'} {self.column.name}{called}"

    @property
    def kind(self) -> str:
        return "code" if self.is_code else "column"

    def leave(self) -> Change:
        """The change that leaves it alone."""
        return Change("long", "ignore", [self.column.name]) if self.is_code else Change("ignore", "", [self.column.name])


Reads = tuple[str, ...]  # what one column holds: a reading, or two in each cell


def choose_sources(chart: Chart, found: Mapping[Reads, Sequence[Found]], draft: Draft) -> None:
    """Write what each column or code is.

    Parameters
    ----------
    found : for what a name means on this chart (several parameters where one column may hold them together), the columns or codes
    """
    readings: dict[str, list[tuple[Found, Reads]]] = {}
    for wanted, alike in found.items():
        for one in alike:
            reads = _one_of(chart, one, wanted, draft)
            for ours in reads:
                readings.setdefault(ours, []).append((one, reads))
    by_part: list[tuple[Found, Reads]] = []
    asked = set[tuple[str, ...]]()
    for ours, those in readings.items():
        likely = [(one, reads) for one, reads in those if one.why_not is None]
        if likely:
            for one, _ in those:
                if one.why_not is not None and not any(one is other for other, _ in likely):
                    _leave(one, one.why_not, draft)
        else:
            likely = _doubtful(chart, ours, those, draft)
        names = tuple(one.column.name for one, _ in likely)
        if len(likely) > 1 and names not in asked:
            asked.add(names)
            together = [name for name, others in readings.items() if others == those]
            _several(chart, together, likely, draft)
        elif len(likely) == 1:
            one, reads = likely[0]
            if ours != reads[0]:
                continue  # written with the first of the two that each cell holds
            if one.sure or one.why_not is not None:
                for change in _changes(chart, one, reads, draft):
                    draft.say(*change, _why(chart, one, reads))
            else:
                by_part.append((one, reads))
    _by_part(chart, by_part, draft)


def _one_of(chart: Chart, one: Found, wanted: Reads, draft: Draft) -> Reads:
    """The one parameter that a name with several meanings means, or the two that each cell holds."""
    if len(wanted) == 1:
        return wanted
    column, known = one.column, chart.observations
    if len(wanted) == 2 and all(known[name].numeric for name in wanted):
        share = column.share(cell for cell in column.cells if PAIR.fullmatch(cell))
        if share >= 0.5:
            return wanted
    if not column.cells:
        draft.not_read[one.says if one.is_code else column.name] = "every cell is blank"
        return ()
    if one.why_not is not None:
        _leave(one, one.why_not, draft)
        return ()
    wanted = tuple(name for name in wanted if name in chart.by_id or name in AMOUNTS)
    choices = [Choice(f"it is {known[name].title}") for name in wanted]
    alone = Choice("it is something else: leave it alone", (one.leave(),))
    chosen = draft.ask(column.name, f"{one.says}, with cells such as {column.examples()}: what is it?", *choices, alone)
    if chosen is alone:
        _leave(one, "left alone", draft)
        return ()
    return (wanted[choices.index(chosen)],)


def _leave(one: Found, why: str, draft: Draft) -> None:
    draft.say(*one.leave())
    draft.not_read[one.says if one.is_code else one.column.name] = why


def _doubtful(chart: Chart, ours: str, those: list[tuple[Found, Reads]], draft: Draft) -> list[tuple[Found, Reads]]:
    """Columns that may be no reading of this moment, where no other column is the reading."""
    title = chart.observations[ours].title
    choices = [Choice(f"{one.says} is {title}") for one, _ in those]
    none = Choice("none of them: leave them alone" if len(those) > 1 else "no: leave it alone", tuple(one.leave() for one, _ in those))
    named = joined([f"{one.says} ({one.why_not})" for one, _ in those])
    chosen = draft.ask(ours, f"Only {named} could be {title}. Is it?", none, *choices)
    found = [] if chosen is none else [those[choices.index(chosen)]]
    for one, reads in those:
        if (one, reads) not in found:
            _leave(one, one.why_not or "left alone", draft)
    return found


def _changes(chart: Chart, one: Found, reads: Reads, draft: Draft) -> list[Change]:
    """What the plan says where one column alone holds a reading."""
    name, known = one.column.name, chart.observations
    if len(reads) > 1:
        return [Change("cells", "", {one.kind: name, "pattern": PAIR_PATTERN.format(*reads)})]
    changes = [] if name == reads[0] else [Change("codes" if one.is_code else "columns", name, reads[0])]
    has_own = one.is_code and "unit" in draft.tables.get("long", {})
    if one.meaning.unit and known[reads[0]].numeric and not has_own:
        changes.append(Change("units", reads[0], one.meaning.unit))
    return changes


def _why(chart: Chart, one: Found, reads: Reads) -> str:
    called = f" ({one.column.called})" if one.column.called and not one.is_code else ""
    by = f"by its name{called}" if one.meaning.whole else f"by words of its name{called}"
    if one.meaning.misspelt:
        by = f"{BY_A_GUESS}: its name{called} is nearly a known one"
    column = one.column
    if not column.cells:
        return f"{by}; every cell is blank"
    if len(reads) > 1:
        share = column.share(cell for cell in column.cells if PAIR.fullmatch(cell))
        return f"{by}; {round(100 * share)}% of its cells are pairs such as {column.examples()}"
    if one.is_code:
        return by
    readable = column.share(cell for cell in column.cells if isinstance(read(chart.observations[reads[0]], cell), Reading))
    return f"{by}; {f'{round(100 * readable)}% of its cells fit, ' if readable >= 0.5 else 'cells '}such as {column.examples()}"


def _by_part(chart: Chart, those: list[tuple[Found, Reads]], draft: Draft) -> None:
    """Columns of which a part of the name is like a reading, and no other column is: one question for all of them."""
    for start in range(0, len(those), MOST_NAMED):
        part = those[start : start + MOST_NAMED]
        titles = [" and ".join(chart.observations[name].title for name in reads) for _, reads in part]
        named = joined([f"{one.says}, such as {one.column.examples()}, as {title}" for (one, _), title in zip(part, titles, strict=True)])
        changes = [change for one, reads in part for change in _changes(chart, one, reads, draft)]
        yes = Choice("yes" if len(part) == 1 else "yes, all of them", tuple(changes))
        no = Choice("no: leave it alone" if len(part) == 1 else "no: leave them all alone", tuple(one.leave() for one, _ in part))
        if draft.ask("columns", f"By a part of the name: read {named}. Is that right?", yes, no) is no:
            for one, _ in part:
                _leave(one, "left alone", draft)


def _several(chart: Chart, together: list[str], those: list[tuple[Found, Reads]], draft: Draft) -> None:
    """One reading in several columns: which of them counts is asked."""
    titles = joined([chart.observations[ours].title for ours in together])
    pairs = tuple(
        Change("cells", "", {one.kind: one.column.name, "pattern": PAIR_PATTERN.format(*reads)}) for one, reads in those if len(reads) > 1
    )
    choices = []
    both = ("where two are given they must be equal, else the row is refused", "equal"), ("the first that is not blank counts", "first")
    for says, choose in both:
        changes = [change for ours in together for change in _choice_between(chart, ours, those, choose)]
        choices.append(Choice(says, (*pairs, *changes)))
    for one, reads in those[:MOST_NAMED]:
        others = [other.leave() for other, _ in those if other is not one]
        says = f"only {one.says}: leave the other{'s' if len(those) > 2 else ''} alone"
        choices.append(Choice(says, (*_changes(chart, one, reads, draft), *others)))
    named = joined([f"{one.says} ({one.column.examples()})" for one, _ in those[:MOST_NAMED]])
    chosen = draft.ask(together[0], f"{named} all seem to be {titles}. Which counts?", *choices)
    if choices.index(chosen) > 1:
        for one, _ in those:
            if one is not those[choices.index(chosen) - 2][0]:
                _leave(one, "left alone", draft)


def _choice_between(chart: Chart, ours: str, those: list[tuple[Found, Reads]], choose: str) -> list[Change]:
    known, table = chart.observations[ours], f"readings.{ours}"
    with_units = known.numeric and any(one.meaning.unit for one, _ in those)
    sources: list[Any] = []
    for one, _ in those:
        unit = {"unit": one.meaning.unit or known.unit} if with_units else {}
        sources.append({one.kind: one.column.name, **unit} if unit or one.is_code else one.column.name)
    return [Change(table, "from", sources), Change(table, "choose", choose)]


def ask_amounts(amounts: list[str], draft: Draft, *, stated: bool) -> None:
    """Whether an amount of oxygen may say air or oxygen: only a person can allow that."""
    theirs = {ours: name for table in ("columns", "codes") for name, ours in draft.tables.get(table, {}).items()}
    named = joined([f"{theirs[name]} ({name.replace('_', ' ')})" if name in theirs and theirs[name] != name else name for name in amounts])
    also = ", beside the column that says so itself" if stated else ""
    yes = Choice("yes: a flow of 0 or 21% is air, and more is oxygen", (Change(OXYGEN_READING, "from", amounts),))
    draft.ask(OXYGEN_READING, f"May {named} say whether it is air or oxygen{also}?", yes, Choice("no: it is not used"))


