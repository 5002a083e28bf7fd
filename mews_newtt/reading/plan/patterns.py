"""Patterns of a plan: regular expressions of Python, matched in a time that is bounded whatever the pattern and the cell are.

Python's own matcher tries every way to cut a cell into the parts of a pattern. For some patterns, such as `(a+)+x`, these are more ways than a
lifetime has seconds, and a plan may come from anybody over HTTP. So the ways are counted first. Where they are few, Python's matcher is used.
Else a matcher that looks at each place of the pattern at each letter at most once: slower on most cells, and never slow.
"""

from __future__ import annotations

import re
import re._compiler as sre_compile  # type: ignore[import-not-found]  # the parts of a pattern are known to Python's own parser alone
import re._constants as sre  # type: ignore[import-not-found]  # private modules have no types; see above
import re._parser as sre_parse  # type: ignore[import-not-found]  # as above
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from typing import Any

LONGEST_PATTERN = 1000  # characters
LONGEST_CELL = 1000  # characters of a cell that a pattern is tried on; a reading is far shorter
MOST_PARTS = 2000  # parts of a pattern once its repetitions are written out
FEW_WAYS = 100_000  # ways through a pattern that Python's matcher may try on one cell: some milliseconds
_ANCHORS = {sre.AT_BEGINNING, sre.AT_END, sre.AT_BEGINNING_STRING, sre.AT_END_STRING, sre.AT_BOUNDARY, sre.AT_NON_BOUNDARY}
_LETTERS = {sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.ANY_ALL, sre.IN}
_REPEATS = {sre.MAX_REPEAT, sre.MIN_REPEAT}
_LOOKS = {sre.ASSERT, sre.ASSERT_NOT}

Part = tuple[Any, Any]  # what a part of a pattern is, and what it holds, as Python's parser gives them


class PatternError(ValueError):
    """A pattern that is none, or that cannot be matched in a bounded time. The text says what is wrong; `mend` what to do."""

    def __init__(self, what: str, mend: str):
        super().__init__(what)
        self.mend = mend


class _Program:
    """Steps of the slower matcher. Each is (kind, what): `leaf` a part without choices, `split` two next steps by rank, `jump`, `save` and `end`."""

    def __init__(self, flags: int):
        self.flags = flags
        self.steps: list[tuple[str, Any]] = []

    def _step(self, kind: str, what: Any = None) -> int:
        if len(self.steps) >= MOST_PARTS:
            what = f"repeats its parts too often: it has more than {MOST_PARTS} parts once they are written out"
            raise PatternError(what, "repeat fewer times, or use + or *")
        self.steps.append((kind, what))
        return len(self.steps) - 1

    def add(self, parts: Sequence[Part], flags: int) -> None:
        for kind, what in parts:
            if kind in _LETTERS or kind is sre.AT or kind in _LOOKS:
                self._step("leaf", _compiled((kind, what), flags))
            elif kind is sre.SUBPATTERN:
                group, on, off, inner = what
                self._around(group, inner, (flags | on) & ~off)
            elif kind is sre.BRANCH:
                self._branch(what[1], flags)
            elif kind in _REPEATS:
                self._repeat(what, flags, greedy=kind is sre.MAX_REPEAT)
            else:
                raise AssertionError(kind)  # refused before

    def _around(self, group: int | None, inner: Sequence[Part], flags: int) -> None:
        if group is not None:
            self._step("save", 2 * group)
        self.add(inner, flags)
        if group is not None:
            self._step("save", 2 * group + 1)

    def _branch(self, choices: Sequence[Sequence[Part]], flags: int) -> None:
        jumps = []
        for choice in choices[:-1]:
            split = self._step("split")
            self.add(choice, flags)
            jumps.append(self._step("jump"))
            self.steps[split] = ("split", (split + 1, len(self.steps)))
        self.add(choices[-1], flags)
        for jump in jumps:
            self.steps[jump] = ("jump", len(self.steps))

    def _repeat(self, what: tuple[int, int, Sequence[Part]], flags: int, *, greedy: bool) -> None:
        least, most, inner = what
        for _ in range(least):
            self.add(inner, flags)
        if most is sre.MAXREPEAT:
            split = self._step("split")
            self.add(inner, flags)
            self._step("jump", split)
            self._rank(split, len(self.steps), greedy)
            return
        splits = []
        for _ in range(most - least):
            splits.append(self._step("split"))
            self.add(inner, flags)
        for split in splits:
            self._rank(split, len(self.steps), greedy)

    def _rank(self, split: int, after: int, greedy: bool) -> None:
        self.steps[split] = ("split", (split + 1, after) if greedy else (after, split + 1))

    def match(self, text: str) -> dict[int, int] | None:
        """Where the groups begin and end if the whole text matches. A step that failed at a letter fails there again, so none is tried twice."""
        length, steps = len(text), self.steps
        tried = bytearray(len(steps) * (length + 1))
        left: list[tuple[int, int, Any]] = [(0, 0, None)]
        while left:
            step, at, saved = left.pop()
            while True:
                place = step * (length + 1) + at
                if tried[place]:
                    break
                tried[place] = 1
                kind, what = steps[step]
                if kind == "leaf":
                    found = what.match(text, at)
                    if found is None:
                        break
                    step, at = step + 1, found.end()
                elif kind == "save":
                    step, saved = step + 1, (what, at, saved)
                elif kind == "split":
                    left.append((what[1], at, saved))
                    step = what[0]
                elif kind == "jump":
                    step = what
                elif at == length:
                    return _places(saved)
                else:
                    break
        return None


def _places(saved: Any) -> dict[int, int]:
    found: dict[int, int] = {}
    while saved is not None:
        mark, at, saved = saved
        found.setdefault(mark, at)  # the last time through counts
    return found


def _compiled(part: Part, flags: int) -> re.Pattern[str]:
    state = sre_parse.State()
    state.flags = flags
    compiled: re.Pattern[str] = sre_compile.compile(sre_parse.SubPattern(state, [part]), flags)
    return compiled


def _ways(parts: Sequence[Part], length: int) -> int:
    """At most how many ways there are through these parts in a text of this length; a huge number where nobody can say."""
    ways = 1
    for kind, what in parts:
        if kind is sre.SUBPATTERN:
            ways *= _ways(what[3], length)
        elif kind is sre.BRANCH:
            ways *= sum(_ways(choice, length) for choice in what[1])
        elif kind in _REPEATS:
            least, most, inner = what
            often, each = min(int(most), length), _ways(inner, length)
            if each == 1 and _is_one_letter(inner):
                ways *= max(1, often - min(least, often) + 1)
            else:
                ways *= sum(each**times for times in range(min(least, often), often + 1)) if often <= 8 else FEW_WAYS + 1
        elif kind in _LOOKS:
            ways *= _ways(what[1], length)
        if ways > FEW_WAYS:
            return FEW_WAYS + 1
    return ways


def _is_one_letter(parts: Sequence[Part]) -> bool:
    return len(parts) == 1 and parts[0][0] in _LETTERS


def _check(parts: Sequence[Part], named: Set[int], *, looking: bool = False, again: bool = False) -> None:
    """Refuse parts that make the time of a match unbounded in every way of matching, parts about whose meaning matchers differ, and readings in
    a repetition (`again`), of which all but the last would be passed over.

    named : the numbers of the groups that are readings
    """
    for kind, what in parts:
        if kind in (sre.GROUPREF, sre.GROUPREF_EXISTS):
            raise PatternError("refers back to one of its groups: the time to match it has no bound", "write the pattern without a reference")
        if kind in (sre.ATOMIC_GROUP, sre.POSSESSIVE_REPEAT):
            raise PatternError("has a part that gives nothing back, (?>...) or *+", "write it as a plain group, or as a plain repetition")
        if kind is sre.SUBPATTERN:
            if looking and what[0] is not None:
                raise PatternError("has a group inside a look ahead or behind", "write (?:...) there")
            if again and what[0] in named:
                says = "has a named group inside a repetition: of several readings in a cell only the last would be read"
                raise PatternError(says, "write the group once for each reading")
            _check(what[3], named, looking=looking, again=again)
        elif kind is sre.BRANCH:
            for choice in what[1]:
                _check(choice, named, looking=looking, again=again)
        elif kind in _REPEATS:
            if what[1] is sre.MAXREPEAT and what[2].getwidth()[0] == 0:
                raise PatternError("repeats a part that can match nothing", "write the repeated part so that it takes at least one letter")
            _check(what[2], named, looking=looking, again=again or int(what[1]) > 1)
        elif kind in _LOOKS:
            _check(what[1], named, looking=True, again=again)
            if _ways(what[1], LONGEST_CELL) > FEW_WAYS:
                raise PatternError("looks ahead or behind for something with more than one open repetition", "look for something simpler")
        elif kind not in _LETTERS and not (kind is sre.AT and what in _ANCHORS):
            raise PatternError(f"has a part that is not supported here: {kind}", "write it with letters, groups, choices and repetitions")


@dataclass(frozen=True)
class Pattern:
    """A pattern of whole cells. Made by `pattern_of`.

    text : as the plan writes it; groups : the names of its groups, with their numbers
    """

    text: str
    groups: dict[str, int]
    _fast: re.Pattern[str] = field(repr=False, compare=False)
    _parts: Any = field(repr=False, compare=False)
    _slow: _Program = field(repr=False, compare=False)

    def match(self, cell: str) -> dict[str, str | None] | None:
        """The text of each named group if the whole cell matches; None where it does not, or is longer than any reading."""
        if len(cell) > LONGEST_CELL:
            return None
        if _ways(self._parts, len(cell)) <= FEW_WAYS:
            found = self._fast.fullmatch(cell)
            return found.groupdict() if found else None
        places = self._slow.match(cell)
        if places is None:
            return None
        return {name: cell[places[2 * group] : places[2 * group + 1]] if 2 * group + 1 in places else None for name, group in self.groups.items()}


def pattern_of(text: str) -> Pattern:
    """A pattern from its text.

    Raises
    ------
    PatternError  it is no regular expression, or none that can be matched in a bounded time
    """
    if len(text) > LONGEST_PATTERN:
        raise PatternError(f"is longer than {LONGEST_PATTERN} characters", "write a shorter one")
    try:
        fast = re.compile(text)
        parsed = sre_parse.parse(text)
    except re.error as fault:
        place = "" if fault.pos is None else f" (at character {fault.pos + 1})"
        raise PatternError(f"is not a pattern: {fault.msg}{place}", "correct the pattern; write it in single quotes") from None
    except (RecursionError, OverflowError):
        raise PatternError("is not a pattern: its groups are nested too deeply, or it repeats too often", "write a simpler one") from None
    _check(parsed, set(fast.groupindex.values()))
    program = _Program(parsed.state.flags)
    program.add(parsed, parsed.state.flags)
    program.steps.append(("end", None))
    return Pattern(text, dict(fast.groupindex), fast, parsed, program)
