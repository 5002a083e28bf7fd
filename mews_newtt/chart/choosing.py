"""Which version of a chart a name means: by id or alias, by version, content, day and status. Nothing is read from disk here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from mews_newtt.chart.model import STATUSES, Chart
from mews_newtt.chart.not_shipped import unknown_chart
from mews_newtt.chart.site import Doubt
from mews_newtt.errors import ChartError, ChartNotFound, Problem

SHORTEST_PIN = 8  # hex digits of a content hash that may stand for the whole of it
NO_DOUBTS: Mapping[str, Doubt] = {}


def choose(
    versions: Sequence[Chart],
    name: str,
    version: str | None = None,
    minimum_status: str | None = None,
    *,
    sha256: str | None = None,
    on: date | None = None,
    doubts: Mapping[str, Doubt] = NO_DOUBTS,
) -> Chart:
    """Of all versions of a chart: the given version or content hash, else the one that the name means on a day (today where none is given).

    Raises ChartNotFound, saying what there is instead.
    """
    candidates = list(versions)
    if version is not None:
        have = ", ".join(chart.version for chart in candidates)
        candidates = [chart for chart in candidates if chart.version == version]
        if not candidates:
            raise ChartNotFound(Problem("version_unknown", f"chart {name!r}, version {version}", "there is no such version", f"versions: {have}"))
    if sha256 is not None:
        candidates = [chart for chart in candidates if has_hash(chart, sha256)]
        if not candidates:
            where = f"chart {name!r}" + (f", version {version}" if version else "")
            raise ChartNotFound(
                Problem("hash_unknown", where, f"no such chart has the content hash {sha256}", "look at what changed, then pin the new hash")
            )
    best = best_of(candidates) if version is not None or sha256 is not None else meant(candidates, on, doubts)
    require_status(best, minimum_status)
    return best


def meant(versions: Sequence[Chart], on: date | None = None, doubts: Mapping[str, Doubt] = NO_DOUBTS) -> Chart:
    """The best version in force on a day: of the best status, then the newest.

    If a site's file claims a status that would make it the best, and has no proof of it, no other version takes its place: a ChartError.
    """
    best = best_of(in_force(versions, on))
    if any(chart.origin in doubts for chart in versions):
        claimed = [replace(chart, status=doubts[chart.origin].claimed) if chart.origin in doubts else chart for chart in versions]
        wanted = best_of(in_force(claimed, on))
        if wanted.origin in doubts and wanted.origin != best.origin:
            problem = doubts[wanted.origin].problem
            mend = f"{problem.mend}; to use another version, write {best.id}@{best.version}"
            raise ChartError(problem._replace(mend=mend, warning=False))
    return best


def named(charts: Sequence[Chart], name: str) -> list[Chart]:
    """The charts that go by an id, an alias or a short title. Raises ChartNotFound where there is none, or more than one id."""
    found = [chart for chart in charts if chart.id == name]
    if not found:
        wanted = name.casefold()
        found = [chart for chart in charts if wanted in map(str.casefold, (chart.id, chart.short_title, *chart.aliases))]
    ids = sorted({chart.id for chart in found})
    if not found:
        raise ChartNotFound(unknown_chart(name, list(dict.fromkeys(chart.id for chart in charts))))
    if len(ids) > 1:
        mend = "write one of: " + ", ".join(ids)
        raise ChartNotFound(Problem("alias_ambiguous", f"chart {name!r}", "several charts go by that name", mend))
    return sorted(found, key=lambda chart: version_key(chart.version))


def best_of(candidates: Iterable[Chart]) -> Chart:
    """The best status, then the newest in force, then the highest version."""
    return max(candidates, key=lambda chart: (STATUSES.index(chart.status), chart.effective_from or "", version_key(chart.version)))


def in_force(versions: Sequence[Chart], on: date | None = None) -> list[Chart]:
    """The versions of a chart that are in force on a day; today where none is given.

    A version starts on its `effective_from`; without that it has no start. It ends when a version starts that supersedes it and has an
    equal or better status.
    """
    day = (on or date.today()).isoformat() if any(chart.effective_from for chart in versions) else ""
    begun = [chart for chart in versions if not chart.effective_from or chart.effective_from <= day]
    if not begun:
        first = min(versions, key=lambda chart: chart.effective_from or "")
        what, mend = (
            f"no version is in force on {day}",
            f"version {first.version} is from {first.effective_from}; to use it before, write {first.id}@{first.version}",
        )
        raise ChartNotFound(Problem("not_in_force", f"chart {first.id!r}", what, mend))
    gone = {
        old.version for new in begun for old in begun if new.supersedes == old.version and STATUSES.index(new.status) >= STATUSES.index(old.status)
    }
    return [chart for chart in begun if chart.version not in gone] or begun


def has_hash(chart: Chart, prefix: str) -> bool:
    """Whether a chart's content hash starts so; a pin needs some digits to be one."""
    wanted = prefix.casefold()
    if len(wanted) < SHORTEST_PIN or set(wanted) - set("0123456789abcdef"):
        mend = f"write at least the first {SHORTEST_PIN} digits of a chart's sha256"
        raise ChartNotFound(Problem("bad_hash", f"sha256 {prefix!r}", "is no content hash", mend))
    return chart.sha256.startswith(wanted)


def require_status(chart: Chart, minimum_status: str | None) -> None:
    """Raise ChartNotFound if the chart is trusted less than asked for."""
    if minimum_status is None:
        return
    if minimum_status not in STATUSES:
        raise ChartNotFound(
            Problem("status_unknown", f"minimum status {minimum_status!r}", "there is no such status", "write one of: " + ", ".join(STATUSES))
        )
    if STATUSES.index(chart.status) < STATUSES.index(minimum_status):
        raise ChartNotFound(
            Problem(
                "status_too_low",
                f"chart {chart.id} {chart.version}",
                f"is {chart.status}; {minimum_status} or better was asked for",
                "use a chart of that status, or ask for less",
            )
        )


def version_key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
