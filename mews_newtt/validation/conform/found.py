"""Holds an adapter against all answers: a path or a word that no answer has is a fault of the adapter, not of the platform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.scoring.wording import count
from mews_newtt.validation.conform.answers import POINTS, in_our_words
from mews_newtt.validation.conform.settings import NO_ANSWER, Answer, Settings
from mews_newtt.validation.packs import Case, expected_of
from mews_newtt.validation.stated import STATUSES, level_names, plain

SHOWN = 40  # characters of a platform's word
MOST_WORDS = 12
OFF = {"total": 'total = ""', "level": 'level = ""', "status": 'status = ""'}


class Held:
    """Answers held against the paths and words of the adapter.

    Parameters
    ----------
    cases, answers : in the same order
    """

    def __init__(self, chart: Chart, adapter: Settings, cases: Sequence[Case], answers: Sequence[Answer]):
        self.chart, self.adapter = chart, adapter
        self.read = [(case, answer) for case, answer in zip(cases, answers, strict=True) if answer.there is not None]
        self.refused = [(case, answer) for case, answer in zip(cases, answers, strict=True) if answer.status == "refused" and answer.there is None]
        self.complete = [(case, answer) for case, answer in self.read if _expected(chart, case)["expected_status"] == "complete"]
        self.asked = len(answers)

    def check(self, name: str, own_words: bool) -> list[str]:
        """What the user should know before any word about the platform, in sentences.

        Parameters
        ----------
        own_words : the platform has words of its own; then it is a fault of the adapter if none of them is known

        Raises
        ------
        FileError  a path, or every word for levels or statuses, is found in no answer: comparing would blame the platform for the adapter
        """
        words = [*self._unknown_words("level"), *self._unknown_words("status")]
        problems = [*self._paths(), *(words if own_words else [])]
        if problems:
            raise FileError([problem._replace(where=f"{name}, {problem.where}") for problem in problems])
        unknown = [] if own_words else [f"{problem.where} {problem.what}." for problem in words]
        return [
            *self._refused(),
            *unknown,
            *self._not_received(),
            *self._partly(),
            *self._some_words("level"),
            *self._some_words("status"),
            *self._unused(),
        ]

    def _seen(self, key: str) -> int:
        return sum(key in (answer.there or ()) for _, answer in self.read)

    def _paths(self) -> list[Problem]:
        """Paths of the answer that no answer has. A platform may leave the total out of a partial set, so that complete sets must be among them."""
        if not self.complete:
            return []
        wanted = {"total": self.adapter.total if self.chart.has_points else "", "level": self.adapter.level}
        if "status" in self.adapter.stated:
            wanted["status"] = self.adapter.status
        absent = {key: path for key, path in wanted.items() if path and not self._seen(key)}
        mends = {key: f"check the path of {key}; if the platform gives none, write {OFF[key]} under [response]" for key in absent}
        if self.chart.has_points and (self.adapter.points or self.adapter.points_at) and {"points"} & self.adapter.stated:
            scored = [p.id for p in self.chart.parameters if p.role == "scored" and self.adapter.points_path(p.id)]
            if scored and not any(self._seen(POINTS + name) for name in scored):
                absent["points"] = self.adapter.points_path(scored[0])
                mends["points"] = 'check the path of points and [names]; if the platform gives none, write points = "" under [response]'
        keys = list(dict.fromkeys(key for _, answer in self.read for key in answer.keys))
        has = f"the keys that the answers have are: {', '.join(keys)}" if keys else "the answers have no keys at all"
        says = f"was found in no answer ({count(len(self.read), 'answer')} looked at); {has}"
        return [Problem("path_not_found", f"`{path}`", says, mends[key]) for key, path in absent.items()]

    def _words(self, key: str) -> tuple[Counter[str], Counter[str]]:
        """The platform's words for levels or statuses: those that we know, and the others."""
        known, unknown = Counter[str](), Counter[str]()
        table: Mapping[str, str] = self.adapter.levels if key == "level" else self.adapter.statuses
        ours = level_names(self.chart) if key == "level" else STATUSES
        for _, answer in self.read:
            if word := answer.words.get(key, ""):
                mapped = in_our_words(word, table)
                (known if (plain(mapped) if key == "level" else mapped.casefold()) in ours else unknown)[word] += 1
        return known, unknown

    def _unknown_words(self, key: str) -> list[Problem]:
        known, unknown = self._words(key)
        if known or not unknown:
            return []
        path, table = (self.adapter.level, "levels") if key == "level" else (self.adapter.status, "statuses")
        says = f"holds no word for a {key} that the chart knows: {self._listed(unknown)}"
        off = "" if key == "level" else '\nor write status = "" under [response] if it is no status of the set'
        mend = f"put this into the adapter, and check each line, because it is a guess from the answers:\n{self._paste(key, table, unknown)}{off}"
        return [Problem(f"unknown_{table}", f"`{path}`", says, mend)]

    def _some_words(self, key: str) -> list[str]:
        known, unknown = self._words(key)
        if not known or not unknown:
            return []
        table = "levels" if key == "level" else "statuses"
        return [
            f"{count(sum(unknown.values()), 'answer')} of {len(self.read):,} have a word for the {key} that the adapter does not know: "
            f"{self._listed(unknown)}. They count as disagreements. If the word is right, put this into the adapter, and check it:\n"
            f"{self._paste(key, table, unknown)}"
        ]

    def _listed(self, words: Counter[str]) -> str:
        listed = ", ".join(f"{_shown(word)!r} ({times:,})" for word, times in words.most_common(MOST_WORDS))
        return listed + (f" and {len(words) - MOST_WORDS:,} more" if len(words) > MOST_WORDS else "")

    def _paste(self, key: str, table: str, words: Counter[str]) -> str:
        """The table that the adapter lacks, as TOML. What the chart says most often beside a word is the guess for it."""
        lines = [f"[response.{table}]"]
        for word, _ in words.most_common(MOST_WORDS):
            beside = Counter(
                said for case, answer in self.read if answer.words.get(key) == word and (said := _expected(self.chart, case)[f"expected_{key}"])
            )
            ours, times = beside.most_common(1)[0] if beside else ("?", 0)
            lines.append(f'"{_shown(word)}" = "{ours}"   # the chart says so for {times:,} of {words[word]:,} sets with it')
        return "\n".join(lines)

    def _partly(self) -> list[str]:
        """Paths that some answers to complete sets lack."""
        lines = []
        wanted = {"total": self.adapter.total if self.chart.has_points else "", "level": self.adapter.level, "status": self.adapter.status}
        for key, path in wanted.items():
            seen = sum(key in (answer.there or ()) for _, answer in self.complete)
            if path and 0 < seen < len(self.complete):
                lines.append(f"`{path}` was found in {seen:,} of {len(self.complete):,} answers to complete sets.")
        if self.chart.has_points and (self.adapter.points or self.adapter.points_at):
            scored = [p for p in self.chart.parameters if p.role == "scored" and self.adapter.points_path(p.id)]
            absent = [p for p in scored if not self._seen(POINTS + p.id) and any(p.id in case.given for case, _ in self.read)]
            if absent and len(absent) < len(scored):
                listed = ", ".join(f"{p.title} (`{self.adapter.points_path(p.id)}`)" for p in absent)
                lines.append(f"The points of {listed} were found in no answer, and are not compared. Check [names] or the paths of the points.")
        return lines

    def _refused(self) -> list[str]:
        """Refusals of sets that the chart scores, with what the platform says most often about them."""
        scored = [answer for case, answer in self.refused if _expected(self.chart, case)["expected_status"] == "complete"]
        every = len(self.refused) == self.asked
        if not scored and not every:
            return []
        why = Counter(answer.why for answer in (scored or [answer for _, answer in self.refused]) if answer.why)
        says = f" It says most often: {_shown(why.most_common(1)[0][0], 200)!r}." if why else ""
        what = f"all {self.asked:,} sets" if every else f"{count(len(scored), 'set')} that the chart scores"
        return [f"The platform refused {what}.{says} Check the request with --check before you blame the platform."]

    def _not_received(self) -> list[str]:
        """Answers that look as if readings did not arrive: a total that is null for every complete set, points that are null for every reading."""
        lines = []
        if len(self.complete) > 1 and self._seen("total") and not any(answer.total for _, answer in self.complete):
            lines.append(
                f"`{self.adapter.total}` is empty in all {len(self.complete):,} answers to complete sets. The platform may lack a reading: "
                "check the paths and words of the request with --check."
            )
        for parameter in self.chart.parameters:
            key = POINTS + parameter.id
            sent = [answer for case, answer in self.complete if parameter.id in case.given and key in (answer.there or ())]
            if len(sent) > 1 and not any(answer.points.get(parameter.id) for answer in sent):
                others = any(points for answer in sent for points in answer.points.values())
                if others:
                    lines.append(
                        f"The points of {parameter.title} are empty in all {len(sent):,} answers to complete sets. The platform may not receive it: "
                        "check its path in the request with --check."
                    )
        return lines

    def _unused(self) -> list[str]:
        """Words of the adapter that no answer has."""
        known, unknown = self._words("level")
        said = {word.casefold() for word in (*known, *unknown)}
        absent = [word for word in self.adapter.levels if word and word.casefold() not in said and plain(word) not in level_names(self.chart)]
        listed = ", ".join(f"{_shown(word)!r}" for word in absent)
        return [f"No answer has the level word{'s' if len(absent) > 1 else ''} {listed} of the adapter."] if absent and self.read else []


def _expected(chart: Chart, case: Case) -> Mapping[str, str]:
    """What the chart says of a case; cases of a file do not hold all of it."""
    return case.expected if "expected_level" in case.expected else expected_of(chart, case.given)


def _shown(word: str, most: int = SHOWN) -> str:
    """A platform's word as a message and a TOML file may hold it."""
    plain_word = "".join(mark if mark.isprintable() and mark not in "\"'\\" else "?" for mark in word)
    return plain_word if len(plain_word) <= most else plain_word[:most] + "…"


def silent(answers: Sequence[Answer]) -> bool:
    """Whether there is no answer at all."""
    return all(answer.status.startswith(NO_ANSWER) for answer in answers)
