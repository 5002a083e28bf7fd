"""Reads a context in words: "pregnant", "on oxygen and SpO2 scale 2", "up to 48 hours after birth"; and names of parameters as people write them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mews_newtt.adoption.words import Unreadable, plain, read_interval, read_reading
from mews_newtt.chart.model import Condition, Interval, Observation
from mews_newtt.errors import did_you_mean

_AFTER_BIRTH = re.compile(r"(?P<range>.+?)\s*(?:hours?|hrs?|h)?\s+(?:after|since|from)\s+(?:the\s+)?(?:birth|delivery)")
_HOURS = re.compile(r"(?<=\d)\s*(?:hours?|hrs?|h)\b")
_HOURS_SINCE_BIRTH = "hours_since_birth"


def parameter_named(said: str, observations: Mapping[str, Observation]) -> str | None:
    """The id of an observation, from its id, its title in any case, or a name that columns may have; None where it is none, or several."""
    name = plain(said)
    if name in observations:
        return name
    wanted = _loose(name)
    for names in (lambda one: (one.id, one.title), lambda one: one.also_called):
        found = [one.id for one in observations.values() if wanted in map(_loose, names(one))]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _loose(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", plain(name).casefold()).strip()


def read_context(text: str, observations: Mapping[str, Observation]) -> tuple[tuple[str, Condition], ...]:
    """A context: `name = value`, a category's own words, or hours after birth; several joined by `and`.

    Raises Unreadable for words that mean nothing here, or more than one thing.
    """
    whole = plain(text)
    try:
        return (_condition(whole, observations),)  # words that hold an `and` of their own
    except Unreadable:
        parts = [part for part in re.split(r";|,|\s+and\s+", whole) if part.strip()]
    found: dict[str, Condition] = {}
    for part in parts:
        name, wanted = _condition(part.strip(), observations)
        if name in found:
            raise Unreadable(f"{observations[name].title} is named twice in {text!r}", "name it once")
        found[name] = wanted
    return tuple(found.items())


def _condition(said: str, observations: Mapping[str, Observation]) -> tuple[str, Condition]:
    name, sign, value = (piece.strip() for piece in said.partition("="))
    if sign and not (name.endswith(("<", ">")) or not value):
        own = parameter_named(name, observations)
        if own is None:
            near = did_you_mean(name, [*observations, *(one.title for one in observations.values())])
            mend = f"write {near!r}" if near else "name a parameter of this chart, or add it under [New observations]"
            raise Unreadable(f"this program does not know {name!r}", mend)
        read = read_reading(value, observations[own])
        return own, read if isinstance(read, Interval) else frozenset(read)
    birth = _AFTER_BIRTH.fullmatch(said.casefold())
    if birth and _HOURS_SINCE_BIRTH in observations:
        return _HOURS_SINCE_BIRTH, read_interval(_HOURS.sub("", birth["range"]))
    return _category(said, observations)


def _category(said: str, observations: Mapping[str, Observation]) -> tuple[str, Condition]:
    """Categories named by their own words alone: only where one observation has them."""
    words = [_loose(word) for word in re.split(r"\s+or\s+", said.casefold())]
    found: list[tuple[str, frozenset[str]]] = []
    for one in observations.values():
        names = {_loose(name): category.id for category in one.categories for name in (category.id, category.title, *category.synonyms)}
        if words and all(word in names for word in words):
            found.append((one.id, frozenset(names[word] for word in words)))
    if len(found) == 1:
        return found[0]
    if found:
        says = " or ".join(f"{observations[name].title} = {said}" for name, _ in found[:4])
        raise Unreadable(f"{said!r} may mean {says}", "write it with the parameter's name, an equals sign and the value")
    raise Unreadable(
        f"this program does not know {said!r}",
        "write it like: pregnant; on oxygen; up to 48 hours after birth; or: Parameter = value. What is new goes under [New observations]",
    )
