"""Which policy a name means: those of a site's own folders count before those of the package. A name is never the path of a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from mews_newtt.chart.catalogue import site_folders
from mews_newtt.episode.policy import Policy
from mews_newtt.episode.read_policy import FOLDER, load_policy
from mews_newtt.errors import FileError, ObservationError, Problem

_NAME = re.compile(r"([A-Za-z0-9_-]{1,60})(?:[@|]([0-9A-Za-z._-]{1,20}))?", re.ASCII)


def policy_named(name: str, folders: Iterable[Path] = ()) -> Policy:
    """A policy by its id (its newest version), `id@version` or `id|version`.

    Parameters
    ----------
    folders : folders of a site's own charts, beside those of the environment. The first of them that has the policy counts

    Raises FileError: no such policy, a name that is none, or faults of its file.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise FileError(Problem("policy_unknown", f"policy {name[:60]!r}", "is no name of a policy", "write its id, or id@version"))
    for folder in (*folders, *site_folders()):
        if (folder / FOLDER / found[1]).is_dir():
            return load_policy(found[1], found[2], rules=folder)
    return load_policy(found[1], found[2])


def schedules_named(texts: Iterable[str]) -> Mapping[str, datetime | None]:
    """Schedules as text: their names, each with its start after a bar if it does not start at birth: `one-infection-risk-factor|2026-11-20T08:00Z`.

    Raises ObservationError: a start that is not a time, or a schedule that is named twice.
    """
    found: dict[str, datetime | None] = {}
    problems = []
    for text in texts:
        name, bar, start = text.partition("|")
        try:
            when = datetime.fromisoformat(start) if bar else None
        except ValueError:
            problems.append(Problem("not_a_time", f"schedule {name[:60]!r}", f"starts at {start[:40]!r}", "write it like 2026-11-22T09:30:00Z"))
            continue
        if name in found:
            problems.append(Problem("schedule_twice", f"schedule {name[:60]!r}", "is named twice", "name it once"))
        found[name] = when
    if problems:
        raise ObservationError(problems)
    return found
