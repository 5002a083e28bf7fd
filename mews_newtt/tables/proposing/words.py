"""Questions about words that no category of a reading has. Words that seem to mean the same are one question, with every word that it covers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from mews_newtt.chart.model import Chart, Observation
from mews_newtt.reading.plan.model import OXYGEN_READING
from mews_newtt.reading.values import Reading, read
from mews_newtt.tables.proposing.doubts import REFUSE, Doubt, Doubts, quoted, without
from mews_newtt.tables.proposing.draft import Change, Choice, Draft
from mews_newtt.tables.proposing.marks import missing
from mews_newtt.tables.proposing.names import capital, joined

MOST_ASKED = 6  # words of one reading, without a likely meaning, that are asked about one by one
STEM = 4  # words that begin alike from which on a pattern is offered
# An amount of oxygen in words: litres per minute, or percent. Each is one reading of a cell.
AMOUNTS = (
    (re.compile(r"(?i)\d+(\.\d+)? ?L\b.*"), r"(?i)(?P<oxygen_flow>[0-9.]+) ?L\b.*", "oxygen_flow"),
    (re.compile(r"(?i)[A-Za-z ]+ \d+(\.\d+)? ?L(/min)?"), r"(?i)[A-Za-z ]+ (?P<oxygen_flow>[0-9.]+) ?L(/min)?", "oxygen_flow"),
    (re.compile(r"\d+(\.\d+)?%.*"), r"(?P<oxygen_percent>[0-9.]+)%.*", "oxygen_percent"),
)
YES = {"yes", "y", "true", "ja", "j", "oui", "t", "tak", "si", "on", "present", "1", "1.0", "checked", "ticked"}
NO = {"no", "n", "false", "nein", "non", "f", "nie", "off", "absent", "0", "0.0", "unchecked", "nil", "none", "not present"}
LETTERS = (("y", "n"), ("t", "f"), ("j", "n"), ("1", "0"), ("1.0", "0.0"))
NEGATED = {"not", "no", "non", "never", "less", "reduced", "previously", "was", "isn't", "query", "?"}
NOT_SURE = r"(?:not?|non|never|less|reduced|but|if|when|then|only|to|was|previously)"  # words that may turn what stands beside them


def about_words(chart: Chart, doubts: Doubts, draft: Draft) -> None:
    """Ask what words mean."""
    for ours in dict.fromkeys(doubt.ours for doubt in doubts if chart.observations[doubt.ours].categories):
        observation = chart.observations[ours]
        left = Doubts({doubt: count for doubt, count in doubts.items() if doubt.ours == ours})
        left = _about_amounts(chart, observation, left, draft)
        left = _about_yes_and_no(observation, left, draft)
        groups: dict[str, Doubts] = {}
        for doubt, count in left.items():
            likely = _likely(observation, doubt.cell)
            if likely is not None:
                groups.setdefault(likely, Doubts())[doubt] = count
        if groups:
            _about_likely(observation, groups, left, draft)
        for those in groups.values():
            left = without(left, those)
        _one_by_one(observation, left, draft)


def _about_likely(observation: Observation, groups: dict[str, Doubts], every: Doubts, draft: Draft) -> None:
    """Words with a likely meaning: one question for all of them."""
    table = f"values.{observation.id}"
    cells = {likely: list(dict.fromkeys(doubt.cell for doubt in those)) for likely, those in groups.items()}
    where = next(iter(every)).where.says
    exact = [Change(table, cell, likely) for likely, those in cells.items() for cell in those]
    patterns, begins = list(exact), list[str]()
    for likely, those in cells.items():
        found = _stem(those, [doubt.cell for doubt in every if doubt.cell not in those])
        if found:
            first, written = found
            begins.append(f"{first!r} means {likely}")
            covered = [cell for cell in those if re.fullmatch(written, cell)]
            patterns = [change for change in patterns if change.key not in covered] + [Change(f"patterns.{observation.id}", written, likely)]
    choices = []
    if len(groups) == 1:
        ((likely, only),) = groups.items()
        mean = "it means" if len(cells[likely]) == 1 else "they all mean"
        text = f"what {'does' if len(cells[likely]) == 1 else 'do'} {quoted(only, places=False)} mean?"
        names = [likely, *(name for name in observation.category_ids if name != likely)]
        choices += [Choice(f"{mean} {name}", tuple(Change(table, cell, name) for cell in cells[likely])) for name in names]
    else:
        text = f"read {joined([f'{quoted(own, places=False)} as {likely}' for likely, own in groups.items()])}. Is that right?"
        choices.append(Choice("yes, all of them", tuple(exact)))
    if begins:
        choices.insert(1, Choice(f"the same, and so does every other cell that begins with it: {joined(begins)}", tuple(patterns)))
    if len(groups) == 1:
        choices.append(Choice("no reading was taken", missing(list(only))))
    choices.append(Choice(f"{REFUSE}: say under [{table}] what each means" if len(exact) > 1 else REFUSE))
    draft.ask(observation.id, f"{capital(where)} ({observation.title}): {text}", *choices)


def _stem(cells: Sequence[str], others: Sequence[str]) -> tuple[str, str] | None:
    """The first word that many cells begin with, and a pattern of it, which matches none of the others."""
    firsts = Counter(re.split(r"[^\w]+", cell.strip().casefold())[0] for cell in cells)
    first, _ = firsts.most_common(1)[0]
    if not first.isalpha() or len(first) < STEM:
        return None
    pattern = rf"(?i)(?!.*\b{NOT_SURE}\b){first}\b.*"
    covered = [cell for cell in cells if re.fullmatch(pattern, cell)]
    if len(covered) < STEM or any(re.fullmatch(pattern, cell) for cell in others):
        return None
    return first, pattern


def _about_yes_and_no(observation: Observation, doubts: Doubts, draft: Draft) -> Doubts:
    """Yes and no, where a reading has two categories."""
    if len(observation.category_ids) != 2:
        return doubts
    said = {doubt.cell.casefold() for doubt in doubts}
    # a letter alone may be the start of another word, such as N for nasal: both of a pair must be there, and no word beside them
    words = {word for word in YES | NO if len(word) > 1} & said
    usable = words or {letter for pair in LETTERS if set(pair) <= said for letter in pair}
    those = Doubts({doubt: count for doubt, count in doubts.items() if doubt.cell.casefold() in usable})
    if not those:
        return doubts
    no, yes = observation.category_ids
    table = f"values.{observation.id}"
    cells = list(dict.fromkeys(doubt.cell for doubt in those))
    straight = {cell: yes if cell.casefold() in YES else no for cell in cells}
    other = {cell: no if meaning == yes else yes for cell, meaning in straight.items()}
    choices = []
    for meanings in (straight, other):
        says = joined([f"{cell!r} means {meaning}" for cell, meaning in meanings.items()])
        choices.append(Choice(says, tuple(Change(table, cell, meaning) for cell, meaning in meanings.items())))
    where = next(iter(those)).where
    if observation.id == OXYGEN_READING and re.search(r"(?i)\bair\b", where.name) and not re.search(r"(?i)o2|oxygen", where.name):
        choices.reverse()
    text = f"{capital(where.says)} ({observation.title}): what do {quoted(those, places=False)} mean?"
    draft.ask(observation.id, text, *choices, Choice("no reading was taken", missing(list(those))), Choice(REFUSE))
    return without(doubts, those)


def _one_by_one(observation: Observation, doubts: Doubts, draft: Draft) -> None:
    """Words without a likely meaning."""
    by_cell: dict[str, list[Doubt]] = {}
    for doubt, _ in doubts.most_common():
        by_cell.setdefault(doubt.cell, []).append(doubt)
    for place, (cell, those) in enumerate(by_cell.items()):
        own = Doubts({doubt: doubts[doubt] for doubt in those})
        where = those[0].where.says
        if place >= MOST_ASKED:
            rest = Doubts({doubt: doubts[doubt] for each in list(by_cell)[place:] for doubt in by_cell[each]})
            text = f"{capital(where)} ({observation.title}): more words have no meaning here: {quoted(rest, places=False)}."
            say = f"say what each means: add lines under [values.{observation.id}]; until then such rows are refused"
            draft.ask(observation.id, f"{text} What about them?", Choice(say), Choice("no reading was taken", missing(list(rest))))
            return
        meanings = [Choice(f"it means {name}", (Change(f"values.{observation.id}", cell, name),)) for name in observation.category_ids]
        text = f"{capital(where)} ({observation.title}): what does {quoted(own, places=False)} mean?"
        draft.ask(observation.id, text, Choice(REFUSE), *meanings, Choice("no reading was taken", missing(those)))


def _about_amounts(chart: Chart, observation: Observation, doubts: Doubts, draft: Draft) -> Doubts:
    """Amounts of oxygen where air or oxygen is asked for."""
    if observation.id != OXYGEN_READING:
        return doubts
    found = {doubt: pattern for doubt in doubts for form, pattern, name in AMOUNTS if name in chart.observations and form.fullmatch(doubt.cell)}
    if not found:
        return doubts
    where = next(iter(found)).where
    entry = {"code" if where.is_code else "column": where.name, "patterns": list(dict.fromkeys(found.values()))}
    amounts = list(dict.fromkeys(name for _, pattern, name in AMOUNTS if pattern in found.values()))
    yes = Choice("yes: a flow above 0, or more than 21%, is oxygen", (Change("cells", "", entry), Change(OXYGEN_READING, "from", amounts)))
    named = quoted(Doubts({doubt: doubts[doubt] for doubt in found}), places=False)
    text = f"{capital(where.says)} holds amounts: {named}. May they say whether it is air or oxygen?"
    draft.ask(OXYGEN_READING, text, yes, Choice("no: such rows are refused"))
    return without(doubts, found)


def _likely(observation: Observation, cell: str) -> str | None:
    """The one category that a part of a cell names: `Alert (A)`, `A - Alert`, `Responds to voice`."""
    parts = [part for part in re.split(r"[()\[\]/,;:.&+]|\s-\s|\s+", cell) if part]
    if NEGATED & {part.casefold() for part in parts}:
        return None
    found = {str(one.value) for part in parts if isinstance(one := read(observation, part), Reading)}
    return found.pop() if len(found) == 1 else None
