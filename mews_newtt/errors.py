"""The errors of this package. Each says what is wrong, where, and what to do.

MewsNewttError            every error of this package; carries its problems
├── ChartError            a chart file that breaks a check
│   └── SiteError         a site's own list or site file that cannot be read, or that contradicts another one
├── ChartNotFound         no chart of that name, version or status
├── ObservationError      an observation set that cannot be scored (also a ValueError)
└── FileError             a file that cannot be read or written as asked
    └── ColumnError       a column that no chart can use as it stands
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

MOST_KINDS = 10  # kinds of further problems that are named
MOST_PROBLEMS = 50  # of one observation set
MORE = ("more_problems", "more_faults")  # codes of the problem that counts the others; FHIR answers have the second
LONGEST_QUOTE = 200  # characters


class Problem(NamedTuple):
    """One fault: a stable code, where it is, what is wrong and how to mend it."""

    code: str
    where: str
    what: str
    mend: str
    warning: bool = False

    def __str__(self) -> str:
        kind = "warning" if self.warning else "error"
        return f"{self.where}: {self.what}\n    mend: {self.mend}   [{kind}: {self.code}]"

    def to_dict(self) -> dict[str, str]:
        return {"code": self.code, "where": self.where, "what": self.what, "mend": self.mend}


class MewsNewttError(Exception):
    """Base of all errors; `problems` holds every fault found, not only the first."""

    def __init__(self, problems: Problem | Iterable[Problem]):
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)

    def __reduce__(self) -> tuple[type[MewsNewttError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)  # so that the problems come back whole from another process


class ChartError(MewsNewttError):
    """A chart file breaks one or more checks."""


class SiteError(ChartError):
    """What a site says its names mean cannot be read, or contradicts itself: no name is sure."""


class ChartNotFound(MewsNewttError, LookupError):
    """No chart has that name and version, or none has the wanted status."""


class ObservationError(MewsNewttError, ValueError):
    """An observation set cannot be scored; nothing was scored."""


class FileError(MewsNewttError):
    """A file cannot be read, or written, as asked."""


class ColumnError(FileError):
    """A column is misnamed, doubled or of a kind no reading can have."""

    def __str__(self) -> str:
        says = super().__str__()
        if "--map" not in says and "--ignore" not in says:
            return says
        return (
            f"{says}\nIn Python, for --map, --unit, --missing and --ignore: "
            "column_map=mews_newtt.read_map(['theirs=ours'], units=['temperature=[degF]'], missing=['NA'], ignore=['theirs'])"
        )


def at_most(problems: Sequence[Problem], where: str, most: int = MOST_PROBLEMS, code: str = "more_problems") -> Sequence[Problem]:
    """The first problems, and one that says how many more there are of each kind: nobody reads thousands, and a caller could ask for millions.

    A list that was shortened before, and has no more problems than `most` beside the count, stays as it is.
    """
    more = problems[most:]
    if not more or (len(more) == 1 and more[0].code in MORE):
        return problems
    kinds = ", ".join(f"{code} ({times:,})" for code, times in Counter(problem.code for problem in more).most_common(MOST_KINDS))
    what = f"has {len(more):,} more faults: {kinds}"
    last = Problem(code, where, what, "mend the ones above first, then try again", all(problem.warning for problem in more))
    return [*problems[:most], last]


def short(text: str) -> str:
    """A caller's text as a message quotes it."""
    return text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + "…"


def did_you_mean(word: str, known: Sequence[str], cutoff: float = 0.75) -> str | None:
    """The known name nearest to a mistyped one, or None."""
    plain = {_plain(name): name for name in known}
    if len(word) > max(map(len, plain), default=0) * (2 / cutoff - 1):
        return None  # too long to be near any of them, and long texts are slow to compare
    near = get_close_matches(_plain(word), plain, 1, cutoff)
    return plain[near[0]] if near else None


def _plain(name: str) -> str:
    return name.casefold().replace("-", "_").replace(" ", "_")
