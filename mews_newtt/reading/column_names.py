"""What the name of somebody else's column may mean: its words are compared with the names of the observations.

The words are data: `also_called` and `looks_like` in `rules/parameters.toml`. Files, frames, JSON sets and the service's pages all ask here.
A meaning found here is never used silently: it is suggested to the user, or it is an error.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache
from typing import NamedTuple

from mews_newtt.chart.model import Observation

NEAR = 0.85  # how alike two spellings must be
LONG = 6  # letters that a word needs to be compared by its spelling, and to be found inside a longer word
LONGEST = 200  # characters of a name that are looked at
MOST_REMEMBERED = 4096
# A name with one of these words holds something about a reading, not the reading: the time of it, its unit, its place.
_ABOUT = re.compile(
    "times?|dates?|datetime|timestamp|units?|uom|site|comments?|notes?|remarks?|reason|ids?|name|by|user|method|author|points|pts|expected|version"
)
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[^\W\d_]+|\d+|%")


BY_A_GUESS = "by a guess"  # how the reason for reading a column begins where its name is only nearly a name that is known


class Meaning(NamedTuple):
    """What a name may mean: parameters (several where one column may hold them together), and the unit it names, if not their own."""

    parameters: tuple[str, ...]
    whole: bool  # all of the name says so; else some of its words do
    unit: str | None = None
    foreign: bool = False  # the name ends in a unit that the parameters do not have, as `Age (hours)` and `RR (mmHg)` do
    misspelt: bool = False  # it is only nearly a name that is known


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in small letters: `RespRate`, `Resp. rate` and `resp_rate` have the same ones."""
    plain = unicodedata.normalize("NFKC", name.replace("º", " ").replace("°", " ").replace("˚", " ")).replace("°", " ")
    words = (word.casefold() for word in _WORD.findall(plain))
    return tuple("o2" if word == "02" else word for word in words)  # the zero of `Sp02` is meant for a letter


def is_about(words: Iterable[str]) -> bool:
    """Whether a name of these words says something about a reading (`temp_site`, `time of pulse`), not the reading itself."""
    return any(_ABOUT.fullmatch(word) for word in words)


def meaning_of(name: str, known: Mapping[str, Observation]) -> Meaning | None:
    """What the name of a column, or of a reading in a set, may mean among the known observations; None where it is like none of them."""
    return _index(tuple(map(_names_of, known.values()))).meaning(name)


def meant_parameter(name: str, known: Mapping[str, Observation]) -> str | None:
    """The one parameter that a name most likely means, to suggest it."""
    found = meaning_of(name, known)
    return found.parameters[0] if found else None


class _Names(NamedTuple):
    """What of an observation matters here; equal for equal observations, so that an index is built once."""

    id: str
    title: str
    also_called: tuple[str, ...]
    looks_like: tuple[str, ...]
    own_units: tuple[str, ...]
    other_units: tuple[tuple[str, tuple[str, ...]], ...]


def _names_of(observation: Observation) -> _Names:
    return _Names(
        observation.id,
        observation.title,
        observation.also_called,
        observation.looks_like,
        (observation.unit, *observation.unit_names),
        tuple((unit.ucum, (unit.ucum, *unit.names)) for unit in observation.other_units),
    )


def _joined(name: str) -> str:
    return "".join(words_of(name))


class _Index:
    """The names of some observations, ready to be looked up."""

    def __init__(self, every: Iterable[_Names]):
        self.whole: dict[str, list[str]] = {}
        self.inside: dict[str, list[str]] = {}
        self.units: dict[str, dict[str, str | None]] = {}
        self.every_unit: set[str] = set()
        self.seen: dict[str, Meaning | None] = {}
        every = tuple(every)
        for names in every:
            for name in (names.id, names.title, *names.also_called):
                _add(self.whole, _joined(name), names.id)
        self.spelt = [name for name in self.whole if len(name) >= LONG]
        for names in every:
            for name in names.looks_like:
                _add(self.whole, _joined(name), names.id)
            several = (name for name in names.also_called if len(words_of(name)) > 1)
            for name in (names.id, *names.looks_like, *several):
                _add(self.inside, _joined(name), names.id)
            units: dict[str, str | None] = {_joined(unit): None for unit in names.own_units}
            for ucum, others in names.other_units:
                units |= {_joined(unit): ucum for unit in others if _joined(unit)}
            units.pop("", None)
            self.units[names.id] = units
            self.every_unit |= units.keys()
        self.long = [name for name in self.inside if len(name) >= LONG or (len(name) > 3 and any(map(str.isdigit, name)))]

    def meaning(self, name: str) -> Meaning | None:
        if name not in self.seen:
            if len(self.seen) >= MOST_REMEMBERED:
                self.seen.clear()
            self.seen[name] = self._meaning(words_of(name[:LONGEST]))
        return self.seen[name]

    def _meaning(self, words: tuple[str, ...]) -> Meaning | None:
        text = "".join(words)
        found = self._whole(words, text)
        if found or is_about(words) or not text:
            return found
        return self._inside(words, text) or self._spelt(words, text)

    def _whole(self, words: tuple[str, ...], text: str) -> Meaning | None:
        """A name, alone or with a unit behind it (`tempF`, `hr_bpm`, `T (C)`)."""
        if text in self.whole:
            return Meaning(tuple(self.whole[text]), True)
        ends = ["".join(words[:end]) for end in range(len(words) - 1, 0, -1)]  # a name of one letter only where it is a word
        for start in [*ends, *(text[:end] for end in range(len(text) - 1, 1, -1))]:
            parameters = self.whole.get(start, ())
            rest = text[len(start) :]
            if any(rest in self.units[parameter] for parameter in parameters) or (parameters and rest in self.every_unit):
                unit = next((self.units[parameter][rest] for parameter in parameters if rest in self.units[parameter]), None)
                return Meaning(tuple(parameters), True, unit, all(rest not in self.units[parameter] for parameter in parameters))
        return None

    def _inside(self, words: tuple[str, ...], text: str) -> Meaning | None:
        """The longest name among the words, a long one also within a word; where several parameters have it, those that other words name too."""
        found: dict[str, tuple[int, int]] = {name: (0, 0) for name in self.long if name in text}
        for start in range(len(words)):
            for end in range(start + 1, len(words) + 1):
                part = "".join(words[start:end])
                if part in self.inside:
                    found[part] = (start, end)
        if not found:
            return None
        best = max(found, key=len)
        parameters = self.inside[best]
        for other in found:
            parameters = [name for name in parameters if name in self.inside[other]] or parameters
        start, end = found[best]
        rest = [*words[:start], *words[end:]] if end else []
        units = (self.units[parameter].get(part) for parameter in parameters for part in (*rest, "".join(rest)))
        return Meaning(tuple(parameters), False, next(filter(None, units), None))

    def _spelt(self, words: tuple[str, ...], text: str) -> Meaning | None:
        """A spelling mistake: in the name, in the name before a unit, or in a long word of it."""
        tries = [text, *("".join(words[:end]) for end in range(len(words) - 1, 0, -1)), *words]
        for part in dict.fromkeys(one for one in tries if len(one) >= LONG - 1):
            near = get_close_matches(part, self.spelt, 1, NEAR)
            if near and near[0][0] == part[0]:  # hardly anybody mistypes the first letter
                return Meaning(tuple(self.whole[near[0]]), SequenceMatcher(None, text, near[0]).ratio() >= NEAR, misspelt=True)
        return None


def _add(into: dict[str, list[str]], name: str, parameter: str) -> None:
    if name and parameter not in into.setdefault(name, []):
        into[name].append(parameter)


@lru_cache(maxsize=16)
def _index(every: tuple[_Names, ...]) -> _Index:
    return _Index(every)
