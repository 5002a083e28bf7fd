"""What the name of a column or of a code says besides the reading: the target, the last one, a limit, somebody else's, a score."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from mews_newtt.chart.model import Chart
from mews_newtt.reading.column_names import Meaning, is_about, meaning_of, words_of

# A name with one of these words holds a number that is like a reading, and is not the reading of this moment.
NOT_NOW = {
    **dict.fromkeys(("target", "goal", "aim", "desired"), "a target"),
    **dict.fromkeys(("previous", "prev", "prior", "last", "next", "baseline", "booking", "admission", "usual", "normal", "preop"), "another time"),
    **dict.fromkeys(("max", "maximum", "min", "minimum", "highest", "lowest", "peak"), "a largest or smallest value"),
    **dict.fromkeys(("avg", "average", "mean", "median"), "a mean value"),
    **dict.fromkeys(("trend", "change", "delta", "difference", "variability"), "a change"),
    **dict.fromkeys(("limit", "limits", "alarm", "alarms", "threshold", "upper", "lower", "high", "low", "range"), "a limit"),
    **dict.fromkeys(("interval", "pattern", "rhythm", "quality", "character", "route", "method", "position"), "something else"),
    **dict.fromkeys(("room", "ambient", "incubator", "cot", "water", "bath", "pool", "warmer", "environment"), "the surroundings"),
    "birth": "the birth",
}
OF_THE_BABY = {"fetal", "foetal", "fetus", "foetus", "baby", "babies", "infant", "neonatal", "newborn", "cord"}
OF_THE_MOTHER = {"mother", "mothers", "maternal", "mum", "mums", "mat"}
SCORE_WORDS = {"score", "scores", "points", "point", "pts", "scoring", "subscore"}
TOTAL_WORDS = {"total", "aggregate", "sum", "overall", "final", "early", "warning", "calculated", "system"}
LEVEL_WORDS = {"level", "risk", "trigger", "escalation", "rag", "band", "category", "zone", "response"}
GLASGOW = {"gcs", "glasgow", "coma"}


def other_than_now(chart: Chart, name: str, meaning: Meaning) -> str | None:
    """Why a column whose name means a number is not that reading of this moment; None where nothing says so."""
    words = set(words_of(name))
    numeric = all(chart.observations[one].numeric for one in meaning.parameters)
    refused = _groups_refused(chart)
    theirs = None
    for those, group, who in ((OF_THE_BABY, "newborn", "a baby"), (OF_THE_MOTHER, "pregnant", "the mother")):
        if numeric and words & those and group in refused:
            theirs = who
    if theirs:
        return f"its name says that it is of {theirs}"
    if meaning.whole:
        return None
    if "pulse" in words and "pressure" in words:
        return "its name says that it is a pulse pressure"
    found = next((what for word, what in NOT_NOW.items() if word in words), None)
    return f"its name says that it is about {found}, not this reading" if found and numeric else None


def _groups_refused(chart: Chart) -> set[str]:
    """Patient groups that the chart is not for."""
    found = set[str]()
    for rule in chart.scope:
        (name, condition), *more = rule.when
        if rule.refuse and name == "patient_group" and not more and isinstance(condition, frozenset):
            found |= condition
    return found


def is_glasgow(name: str) -> bool:
    """Whether a column holds numbers of the Glasgow Coma Scale, which no chart here reads."""
    return bool(GLASGOW & set(words_of(name)))


def about_a_reading(chart: Chart, name: str) -> bool:
    """Whether a name says something about a reading, such as the time of it (`O2 sats time`)."""
    words = words_of(name)
    rest = [word for word in words if not is_about([word])]
    return is_about(words) and bool(rest) and meaning_of(" ".join(rest), chart.observations) is not None


def stated_points(chart: Chart, name: str, cells: Collection[str]) -> str | None:
    """The reading whose points a column seems to hold (`RR score`, `Score RR`, `NEWS_HR`); None for another column."""
    words = words_of(name)
    rest = [word for word in words if word not in SCORE_WORDS | _chart_words(chart)]
    if len(rest) == len(words) or not rest:
        return None
    meaning = meaning_of(" ".join(rest), chart.observations)
    found = [one for one in meaning.parameters if one in chart.by_id] if meaning and meaning.whole else []
    scored = [one for one in found if chart.by_id[one].role == "scored"]
    if len(scored) != 1 or (not SCORE_WORDS & set(words) and not small(cells)):
        return None
    return scored[0]


def small(cells: Collection[str]) -> bool:
    """Whether all cells are points of one reading: whole numbers of one digit."""
    return bool(cells) and all(re.fullmatch(r"\d(?:\.0)?", cell) for cell in cells)


def is_total(chart: Chart, name: str, cells: Collection[str]) -> bool:
    """Whether a column seems to hold the total that another system worked out by this chart."""
    own = _chart_words(chart)
    words = {part for word in words_of(name) for part in _parts(word, own)}
    told = words & (own | {"score", "total", "aggregate"})
    return bool(told) and not _left(words, own) and all(re.fullmatch(r"\d{1,2}(?:\.0)?", cell) for cell in cells)


def is_level(chart: Chart, name: str) -> bool:
    """Whether a column seems to hold the level that another system gave."""
    words = set(words_of(name))
    return bool(words & LEVEL_WORDS) and not _left(words, _chart_words(chart)) - LEVEL_WORDS - {"colour", "color", "clinical"}


def _chart_words(chart: Chart) -> set[str]:
    """Words of the names of the chart. The score of another chart is no score to compare with."""
    return {word for name in (chart.id, chart.short_title, *chart.aliases) for word in words_of(name) if not word.isdigit()} | {"ews"}


def _left(words: set[str], own: set[str]) -> set[str]:
    """What of a name is more than words of scores and numbers."""
    return {word for word in words if not word.isdigit()} - SCORE_WORDS - TOTAL_WORDS - own


def _parts(word: str, own: set[str]) -> list[str]:
    """A word such as `newstotal` in its parts, where it is made of two that are known here."""
    known = SCORE_WORDS | TOTAL_WORDS | own
    return next(([word[:end], word[end:]] for end in range(3, len(word) - 2) if word[:end] in known and word[end:] in known), [word])


def joined(parts: Sequence[str], last: str = "and") -> str:
    """Words as a list in a sentence: a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}" if parts else ""


def rows_said(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def capital(text: str) -> str:
    """A text that begins a sentence."""
    return text[:1].upper() + text[1:]
