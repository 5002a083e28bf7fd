"""Names and comments that a reviewer reads: what a column of the statement is called, the words for its classes, and what the chart prints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from mews_newtt.chart.model import Band, Chart, Parameter
from mews_newtt.compiled import CompiledChart, CompiledParameter
from mews_newtt.engines.expressions.categories import NO_REASON
from mews_newtt.engines.expressions.given import ODD

LONGEST_NAME = 63  # PostgreSQL cuts off what is longer
IN_TABLE = "in "  # before the words of a table, in the label of a column for this table alone
CLASS_KINDS = ("class", "unread", "skip")  # columns that hold a class of a parameter

# The parts of the statement, in their order, each with the kinds of columns that belong to it and what it is for.
SECTIONS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "given": (("text", "reason", "small", "number"), "What the table gives."),
    "steps": (("steps",), "The nearest recordable value, counted in steps of recording."),
    "readings": (
        ("read", "noisy", "finer", "class", "no_number", "good_number", "skip", "read_number", "unread"),
        "Readings. A number within 1/1000 of a step of a recordable value is this value; no other number is rounded.",
    ),
    "contexts": (("context_class",), "Readings that choose between several tables of a row."),
    "tables_chosen": (("context",), "Which table of a row counts."),
    "points": (
        ("least", "spread", "counts", "open", "missing", "given", "deciding", "answered", "points", "flag"),
        "What each row of the chart gives at least, and how much more it could give where its reading is missing.",
    ),
    "counted_once": (("least_of", "spread_of", "missing_of", "open_of", "refused_of"), "Rows that count once."),
    "shared": (("shared",), "Sums of the rows that no unknown context changes."),
    "sums": (("sum", "refused_context", "no_context", "possible"), "Sums over all rows."),
    "levels": (("level_of",), "The level that the sums reach: 0 is the lowest."),
    "ends": (
        ("least_total", "most_total", "level", "level_max", "needs", "differs", "points_least", "points_most"),
        "The least and the most that total and level can be.",
    ),
    "judged": (("refused", "partial", "is_missing", "odd", "untold"), "Whether a set is refused, or partial, and what it lacks."),
}
_SECTION_OF = {kind: section for section, (kinds, _) in SECTIONS.items() for kind in kinds}


def kind_of(label: str) -> str:
    """The kind of a column, by the label that the expressions give it."""
    first, _, rest = label.partition(":")
    if rest == "" and first in ("least", "most"):
        return f"{first}_total"
    if first in ("level", "level_max"):
        return "level_of" if rest else first
    for prefix in ("shared_", "sum_"):
        if first.startswith(prefix):
            return prefix[:-1]
    for end in ("least", "spread"):
        if first == end or (first.startswith(f"{end}_") and not first.startswith(f"{end}_of")):
            return end
    return first if first in _SECTION_OF else "flag"


def section_of(label: str) -> str:
    return _SECTION_OF[kind_of(label)]


class Names:
    """The name of every column of the statement. `taken` are names that the table's own columns and the results have."""

    def __init__(self, compiled: CompiledChart, open_contexts: Sequence[str], depends: Mapping[str, Sequence[str]], taken: Iterable[str]):
        self.compiled, self.open_contexts, self.depends = compiled, open_contexts, depends
        self.taken = {name.casefold() for name in taken}
        self.known: dict[str, str] = {}

    def name(self, label: str) -> str:
        """The same name every time; another one for every label."""
        if label not in self.known:
            words = self._words(label)
            found, turn = _word(words), 1
            while found.casefold() in self.taken:
                turn += 1
                found = _word(words, f"_{turn}")
            self.taken.add(found.casefold())
            self.known[label] = found
        return self.known[label]

    def _words(self, label: str) -> str:
        first, *rest = label.split(":")
        kind = kind_of(label)
        if kind in ("least_total", "most_total"):
            return f"{first}_points"
        if kind in ("level", "level_max"):
            return "rank_least" if first == "level" else "rank_most"
        if kind == "level_of":
            return ("rank_least" if first == "level" else "rank_most") + self._if(self.open_contexts, self._place(rest[0]))
        if kind == "sum":
            place, counter = rest
            return self._counter(counter) + ("_least" if first.endswith("least") else "_could_add") + self._if(self.open_contexts, self._place(place))
        if kind == "shared":
            return self._counter(rest[0]) + ("_least" if first.endswith("least") else "_could_add") + "_shared"
        if kind in ("least_of", "spread_of"):
            return f"{rest[0]}_{self._counter(rest[-1])}_" + ("least" if first == "least_of" else "could_add") + f"_{rest[1]}"
        if kind in ("missing_of", "open_of", "refused_of"):
            return "_".join([rest[0], first.removesuffix("_of"), *rest[1:]])
        if not rest:
            return first
        name, *more = rest
        if kind in ("least", "spread"):
            counter = self._counter(first.removeprefix(f"{kind}_"))
            found = f"{name}_{counter}_" + ("least" if kind == "least" else "could_add")
        elif kind == "needs":
            return f"{name}_needs_{more[0]}"
        elif kind in ("refused_context", "possible"):
            return first + self._if(self.open_contexts, self._place(name))
        else:
            found = f"{name}_{_KIND_WORDS.get(first, first)}"
        if more and more[0].startswith(IN_TABLE):
            return f"{found}_by_{more[0].removeprefix(IN_TABLE)}"
        return found + self._if_places(name, more)

    def _counter(self, name: str) -> str:
        kind, sign, number = name.partition(">=")
        if not sign:
            return kind
        chart = self.compiled.chart
        if kind == "zone":
            return "rows_in_" + next(name for name, rank in chart.zone_rank.items() if rank == int(number))
        return f"asks_for_{chart.levels[int(number)].id}" if kind == "level" else f"rows_with_{number}_points"

    def _place(self, text: str) -> Sequence[int]:
        """The places of a combination of contexts, by its number."""
        number, found = int(text), []
        for name in reversed(self.open_contexts):
            count = len(self.compiled.contexts[name].hypothetical)
            found.append(number % count)
            number //= count
        return found[::-1]

    def _if_places(self, name: str, more: Sequence[str]) -> str:
        text = more[0] if more else ""
        own = self.depends.get(name, ())
        return self._if(own, [int(one) for one in text.split("_")]) if text else ""

    def _if(self, contexts: Sequence[str], places: Sequence[int]) -> str:
        """`_if_air`: the values that contexts are taken to have where they are not given."""
        values = [self.compiled.contexts[name].hypothetical[place] for name, place in zip(contexts, places, strict=False)]
        return "_if_" + "_and_".join(str(value) for value in values) if values else ""


_KIND_WORDS = {
    "number": "number",
    "small": "text",
    "read": "reading",
    "class": "is",
    "unread": "is",
    "read_number": "number_counted",
    "good_number": "number_read",
    "skip": "skip",
    "context_class": "chooses",
    "context": "table",
    "is_missing": "is_missing",
    "noisy": "has_float_noise",
    "finer": "is_finer",
}


def _word(text: str, ending: str = "") -> str:
    """A name of small letters, digits and _, cut after a word where it is too long."""
    found = re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")
    if len(found) + len(ending) > LONGEST_NAME:
        found = found[: LONGEST_NAME - len(ending) + 1].rpartition("_")[0]
    return found + ending


def class_words(own: CompiledParameter) -> dict[int, str]:
    """The word that stands for each class of a parameter in the statement."""
    classes = own.classes
    found = {number: name for name, number in classes.categories.items()}
    found |= {classes.missing: "(not given)", classes.fault: "(refused)", ODD: "(cannot be read)", NO_REASON: "(no reason)"}
    reasons = ["(skipped)", *(f"(skipped: {skip.code})" for skip in own.parameter.skips)]
    return found | dict(zip(classes.skips, reasons, strict=True))


def printed_rows(chart: Chart, parameter: Parameter) -> list[tuple[str, str]]:
    """What the chart prints for a parameter: for each of its tables its words, and a line with its bands."""
    found = []
    unit = f" ({_UNITS.get(parameter.observation.unit, parameter.observation.unit)})" if parameter.observation.unit else ""
    for table in parameter.tables:
        bands = "; ".join(_band(chart, band) for band in table.bands) if table.applies else "not read"
        title = f", {_when(table.when, table.title)}" if table.when else ""
        found.append((_when(table.when, table.title) if table.when else "", f"{parameter.title}{unit}{title}: {bands}"))
    return found


_UNITS = {"Cel": "°C", "mm[Hg]": "mmHg", "a": "years"}


def _when(when: Iterable[tuple[str, object]], title: str) -> str:
    return title or " and ".join(f"{name} {'/'.join(sorted(wanted)) if isinstance(wanted, frozenset) else wanted}" for name, wanted in when)


def table_words(own: CompiledParameter) -> dict[int, str]:
    """What each code of a row's contexts chooses."""
    return {code: _when(table.when, table.title) for code, table in enumerate(own.tables) if table is not None and table.when}


def said_together(words: Mapping[int, str]) -> str:
    """`3 is scale 2; 0, 1 are scale 1`: numbers with the same words once."""
    numbers: dict[str, list[str]] = {}
    for number, word in words.items():
        numbers.setdefault(word, []).append(str(number))
    return "; ".join(f"{', '.join(some)} {'is' if len(some) == 1 else 'are'} {word}" for word, some in numbers.items())


def _band(chart: Chart, band: Band) -> str:
    gives = [f"{band.points}" if band.points is not None else "", band.zone or "", f"level {band.level}" if band.level else ""]
    return f"{band.printed or band.reads} gives {', '.join(one for one in gives if one) or 'nothing'}"
