"""Reads policy files, strictly: every fault of a file is named at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from mews_newtt.chart.builtin import builtin_rules
from mews_newtt.chart.model import STATUSES
from mews_newtt.chart.read_parts import read_source, read_timing
from mews_newtt.chart.toml import TableReader, read_toml
from mews_newtt.episode.policy import LateEntry, LevelTimes, Policy, Schedule
from mews_newtt.errors import FileError, Problem, did_you_mean

FOLDER = "policies"
LEAST_MINUTES = 1  # between two times of a schedule
MOST_HOURS = 100_000  # more than eleven years: longer is a slip, and could not be added to every time
STARTS = ("birth", "given")


def load_policy(name: str | Path, version: str | None = None, rules: Path | None = None) -> Policy:
    """A policy by its id (its newest version), by `id@version`, or by the path of its file.

    Raises FileError: there is no such policy, or its file has faults; all of them are named.
    """
    if isinstance(name, Path) or str(name).endswith(".toml"):
        return read_policy(Path(name))
    wanted, _, pinned = str(name).partition("@")
    version = version or pinned or None
    files = policy_files(rules)
    known = sorted({path.parent.name for path in files})
    if wanted not in known:
        near = did_you_mean(wanted, known)
        mend = (f"did you mean {near!r}? " if near else "") + ("policies: " + ", ".join(known) if known else "there is none in this folder")
        raise FileError(Problem("policy_unknown", f"policy {wanted!r}", "there is no such policy", mend))
    versions = [path for path in files if path.parent.name == wanted]
    chosen = [path for path in versions if version is None or path.stem == version]
    if not chosen:
        mend = "versions: " + ", ".join(path.stem for path in versions)
        raise FileError(Problem("policy_unknown", f"policy {wanted!r}, version {version!r}", "there is no such version", mend))
    return read_policy(max(chosen, key=_version))


def policy_files(rules: Path | None = None) -> list[Path]:
    """The files of all policies, `policies/<id>/<version>.toml`: those of a site's folder, or those of the package."""
    return sorted(((rules or builtin_rules()) / FOLDER).glob("*/*.toml"))


def _version(path: Path) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in path.stem.split("."))


def read_policy(path: Path) -> Policy:
    """Read one policy file. Raises FileError with every fault in it."""
    problems: list[Problem] = []
    content = read_toml(path, problems)
    policy = None if content is None else _policy(TableReader(content, str(path), problems), path)
    if policy is not None and not problems:
        problems += _faults(policy, path)
    if problems or policy is None:
        raise FileError(problems)
    return policy


def _policy(top: TableReader, path: Path) -> Policy | None:
    head = top.table("policy")
    if head is None:
        top.fault("key_missing", "needs the table [policy]", "add [policy] with id, version, title, status, charts")
        return None
    sources = tuple(read_source(reader) for reader in top.tables("sources"))
    levels = tuple(_level(reader) for reader in top.tables("levels"))
    schedules = tuple(_schedule(reader) for reader in top.tables("schedules"))
    late = top.table("late_entry")
    policy = Policy(
        id=head.take("id", str, "", required=True),
        version=head.take("version", str, "", required=True),
        title=head.take("title", str, "", required=True),
        status=head.take("status", str, "", required=True),
        status_says=head.take("status_says", str, ""),
        charts=head.texts("charts"),
        says=head.take("says", str, ""),
        notes=head.texts("notes"),
        known_missing=head.texts("known_missing"),
        sources=sources,
        levels=levels,
        schedules=schedules,
        late_entry=None if late is None else _late(late),
        origin=str(path),
    )
    head.finish()
    top.finish()
    return policy


def _level(reader: TableReader) -> LevelTimes:
    level = LevelTimes(
        level=reader.take("id", str, "", required=True),
        reobserve=read_timing(reader, "reobserve"),
        review=read_timing(reader, "review"),
        source=reader.take("source", str, "", required=True),
    )
    reader.finish()
    return level


def _schedule(reader: TableReader) -> Schedule:
    hours = reader.take("at_hours", list, [])
    if not all(_is_wait(one) for one in hours) or hours != sorted(set(hours)):
        mend = f"write hours in rising order, such as [1, 2]: at least a minute, at most {MOST_HOURS:,} hours"
        reader.fault("wrong_type", f"is {hours!r}", mend, "at_hours")
        hours = []
    schedule = Schedule(
        id=reader.take("id", str, "", required=True),
        title=reader.take("title", str, "", required=True),
        starts=reader.take("starts", str, "", required=True),
        at=tuple(_hours(one) for one in hours),
        every=_positive(reader, "then_every_hours"),
        until=_positive(reader, "until_hours"),
        says=reader.take("says", str, "", required=True),
        source=reader.take("source", str, "", required=True),
    )
    if schedule.starts not in STARTS:
        reader.fault("wrong_type", f"is {schedule.starts!r}", "write one of: " + ", ".join(STARTS), "starts")
    if schedule.every is not None and schedule.until is None:
        reader.fault("key_missing", "has then_every_hours without until_hours", "say until when, or leave both out")
    if not schedule.at and schedule.until is None:
        reader.fault("key_missing", "names no time", "add at_hours or until_hours")
    if schedule.until is not None and schedule.at and schedule.at[-1] > schedule.until:
        reader.fault("time_after_end", "has a time after until_hours", "correct one of them", "at_hours")
    reader.finish()
    return schedule


def _positive(reader: TableReader, key: str) -> timedelta | None:
    value = reader.take(key, Decimal)
    if value is not None and not _is_wait(value):
        reader.fault("time_not_positive", f"is {value}", f"write at least a minute and at most {MOST_HOURS:,} hours", key)
        return None
    return None if value is None else _hours(value)


def _is_wait(hours: object) -> bool:
    """Whether these are hours of a schedule: at least a minute, so that `then_every_hours` comes to an end, and no more than any schedule has."""
    number = isinstance(hours, int | Decimal) and not isinstance(hours, bool)
    return number and Decimal(hours).is_finite() and LEAST_MINUTES <= Decimal(hours) * 60 <= MOST_HOURS * 60  # type: ignore[arg-type]  # a number


def _hours(hours: int | Decimal) -> timedelta:
    return timedelta(microseconds=int(Decimal(hours) * 3_600_000_000))


def _late(reader: TableReader) -> LateEntry | None:
    minutes = reader.take("after_minutes", int, required=True)
    if minutes is not None and not 0 <= minutes <= MOST_HOURS * 60:
        reader.fault("time_not_positive", f"is {minutes}", f"write minutes from 0 to {MOST_HOURS * 60:,}", "after_minutes")
        minutes = 0
    late = LateEntry(timedelta(minutes=minutes or 0), reader.take("says", str, "", required=True), reader.take("source", str, "", required=True))
    reader.finish()
    return late


def _faults(policy: Policy, path: Path) -> Iterator[Problem]:
    where = str(path)
    if policy.status not in STATUSES:
        yield Problem("status_unknown", where, f"has the status {policy.status!r}", "use one of: " + ", ".join(STATUSES))
    if path.parents[1].name == FOLDER and (path.parent.name, path.stem) != (policy.id, policy.version):
        yield Problem("file_name", where, f"holds {policy.id} {policy.version}", f"name it {policy.id}/{policy.version}.toml")
    if not policy.charts:
        yield Problem("key_missing", where, "names no chart", 'add charts = ["..."] to [policy]')
    if not (policy.levels or policy.schedules or policy.late_entry):
        yield Problem("policy_empty", where, "gives no time", "add [[levels]], [[schedules]] or [late_entry]")
    known, used = {source.id for source in policy.sources}, {*(one.source for one in policy.levels), *(one.source for one in policy.schedules)}
    used |= {policy.late_entry.source} if policy.late_entry else set()
    for name in sorted(used - known):
        yield Problem("source_unknown", where, f"cites {name!r}, which is not among its sources", "add it to [[sources]]")
    for name in sorted(known - used):
        yield Problem("source_unused", where, f"lists the source {name!r}, and nothing cites it", "take it out, or cite it")
    for kind, ids in (("level", [one.level for one in policy.levels]), ("schedule", [one.id for one in policy.schedules])):
        for name in sorted({one for one in ids if ids.count(one) > 1}):
            yield Problem("id_twice", where, f"has the {kind} {name!r} more than once", "keep one")
