"""Checks, before the work, that no file that a command writes is one that it reads, or is written twice."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.formats import STDIO


def check_apart(read: Iterable[str | Path | None], written: Iterable[str | Path | None]) -> None:
    """Raise FileError where a command would write over what it reads, or write two things into one file or both to standard output.

    None stands for a file that was not asked for. Pipes and devices may be the same.
    """
    inputs = [Path(one) for one in read if one is not None and str(one) != STDIO]
    problems: list[Problem] = []
    before: list[Path] = []
    for output in (Path(one) for one in written if one is not None):
        if any(_same(output, one) for one in inputs):
            problems.append(Problem("output_is_input", str(output), "is read by this command, and would be written over", "write another file"))
        if any(_same(output, one) for one in before):
            where = "standard output" if str(output) == STDIO else str(output)
            problems.append(Problem("output_twice", where, "would be written twice by this command", "name two files"))
        before.append(output)
    if problems:
        raise FileError(problems)


def _same(one: Path, other: Path) -> bool:
    if STDIO in (str(one), str(other)):
        return str(one) == str(other)
    if one.exists() and other.exists():
        return one.is_file() and one.samefile(other)
    return one.resolve() == other.resolve()
