"""What can go wrong, told so that the reader can mend it.

MewsNewttError            every error of this package; carries its problems
├── ChartError            a chart file that breaks a check
├── ChartNotFound         no chart of that name, version or status
├── ObservationError      an observation set that cannot be scored (also a ValueError)
└── FileError             a file that cannot be read or written as asked
    └── ColumnError       a column that no chart can use as it stands
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple


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
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ChartError(MewsNewttError):
    """A chart file breaks one or more checks."""


class ChartNotFound(MewsNewttError, LookupError):
    """No chart has that name and version, or none has the wanted status."""


class ObservationError(MewsNewttError, ValueError):
    """An observation set cannot be scored; nothing was scored."""


class FileError(MewsNewttError):
    """A file cannot be read, or written, as asked."""


class ColumnError(FileError):
    """A column is misnamed, doubled or of a kind no reading can have."""


def did_you_mean(word: str, known: Sequence[str], cutoff: float = 0.75) -> str | None:
    """The known name nearest to a mistyped one, or None."""
    plain = {_plain(name): name for name in known}
    near = get_close_matches(_plain(word), plain, 1, cutoff)
    return plain[near[0]] if near else None


def _plain(name: str) -> str:
    return name.casefold().replace("-", "_").replace(" ", "_")
