"""Which version of a chart a name means: by id or alias, by version, content, day and status. Nothing is read from disk here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from mews_newtt.chart.model import STATUSES, Chart
from mews_newtt.chart.not_shipped import unknown_chart
from mews_newtt.chart.site import Doubt, Standing, is_site
from mews_newtt.chart.site_file import NO_SITE_FILE, SiteFile
from mews_newtt.errors import ChartError, ChartNotFound, Problem

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
BY_DATE = "by-date"  # in the place of a version: that of the day of each set; the callers that take it turn it into a day
SHORTEST_PIN = 8  # hex digits of a content hash that may stand for the whole of it


class Known(NamedTuple):
    """What is known of charts beside their files. The keys are the charts' origins.

    doubts     claim a status without proof
    standings  adopted charts: waiting, in force, retired or stopped
    site       which versions the names mean at this site
    """

    doubts: Mapping[str, Doubt] = {}
    standings: Mapping[str, Standing] = {}
    site: SiteFile = NO_SITE_FILE

    def kind(self, chart: Chart) -> str:
        """Where an adopted chart is; `in_force` for one that needs no sign-off."""
        found = self.standings.get(chart.origin)
        return found.kind if found else "in_force"


NOTHING_KNOWN = Known()


def choose(
    versions: Sequence[Chart],
    name: str,
    version: str | None = None,
    minimum_status: str | None = None,
    *,
    sha256: str | None = None,
    on: date | None = None,
    known: Known = NOTHING_KNOWN,
    every: Sequence[Chart] | None = None,
) -> Chart:
    """Of all versions of a chart: the given version or content hash, else the one that the name means on a day (today where none is given).

    A day in the place of the version, such as 2026-01-31, means the version in force on that day.

    `every`: all charts there are, for a site file; without it, the versions.

    Raises ChartNotFound, saying what there is instead.
    """
    candidates = list(versions)
    day = day_asked(version)
    if day is not None:
        found = choose(candidates, name, None, minimum_status, on=day, known=known, every=every)
        require_hash(found, name, sha256)
        return found
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
    if version is not None or sha256 is not None:
        best = best_of([chart for chart in candidates if known.site.holds(chart)] or candidates)
    else:
        best = meant(named_at_site(every if every is not None else candidates, candidates[0].id, known) or candidates, on, known)
    require_status(best, minimum_status)
    require_status(best, known.site.minimum_status)
    return best


def named_at_site(charts: Sequence[Chart], name: str, known: Known) -> list[Chart] | None:
    """The versions that the site file gives a name, all of them in force; None where there is no such file."""
    found = known.site.named(charts, name)
    for chart in found or ():
        problem = known.standings[chart.origin].problem if chart.origin in known.standings else None
        if problem is not None:
            mend = f"{problem.mend}; or choose another version with `mews-newtt site use`"
            raise ChartError(Problem("site_name_not_in_force", f"{known.site.where}, {chart.id} {chart.version}", problem.what, mend))
    return found


def meant(versions: Sequence[Chart], on: date | None = None, known: Known = NOTHING_KNOWN) -> Chart:
    """The best version in force on a day: a site's own that was signed off, then the best status, then the newest.

    Raises
    ------
    ChartError     a site's file claims a status that would make it the best and has no proof of it, or was in force and its sign-off is gone:
                   no other version takes its place
    ChartNotFound  every version waits for its sign-off, was retired, or starts later
    """
    doubts = known.doubts
    usable = [chart for chart in versions if known.kind(chart) in ("in_force", "stopped")]
    retired = [chart for chart in versions if known.kind(chart) == "retired"]
    if not usable or (retired and not any(is_site(Path(chart.origin).parent.parent) for chart in usable)):
        problems = [known.standings[chart.origin].problem for chart in retired or versions]
        last = problems[-1]
        assert last is not None  # a chart that waits or was retired has one
        builtin = f"; to use one that comes with this software, name it in {known.site.where or 'a site file'}" if usable else ""
        raise ChartNotFound(last._replace(mend=last.mend + builtin))
    begun = in_force(usable, on)
    signed = [chart for chart in begun if chart.origin in known.standings]
    best = best_of(signed or begun)
    if any(chart.origin in doubts for chart in usable):
        claimed = [replace(chart, status=doubts[chart.origin].claimed) if chart.origin in doubts else chart for chart in usable]
        wanted = best_of(in_force(claimed, on))
        if wanted.origin in doubts and wanted.origin != best.origin:
            problem = doubts[wanted.origin].problem
            mend = f"{problem.mend}; to use another version, write {best.id}@{best.version}"
            raise ChartError(problem._replace(mend=mend, warning=False))
    stopped = known.standings.get(best.origin)
    if stopped is not None and stopped.kind == "stopped" and stopped.problem is not None:
        raise ChartError(stopped.problem)
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


def day_asked(version: str | None) -> date | None:
    """The day that is given in the place of a version: versions are numbers with points, days are written 2026-01-31. None for a version.

    Raises ChartNotFound for a day that does not exist, and for `by-date`, which only scoring of sets with a time can turn into a day.
    """
    if version is None or "-" not in version:
        return None
    where = f"version {version[:40]!r}"
    if version == BY_DATE:
        what = "is taken where sets with a time are scored or verified, and not here"
        raise ChartNotFound(Problem("version_by_date", where, what, "give a version, or a day such as 2026-01-31"))
    try:
        if not _DAY.fullmatch(version):
            raise ValueError(version)
        return date.fromisoformat(version)
    except ValueError:
        mend = "write a version such as 1.0, or a day such as 2026-01-31: then the version in force on that day is taken"
        raise ChartNotFound(Problem("version_unknown", where, "is no version and no day", mend)) from None


def require_hash(chart: Chart, name: str, sha256: str | None) -> None:
    """Raise ChartNotFound if the chart has another content hash than the one asked for."""
    if sha256 is not None and not has_hash(chart, sha256):
        what = f"{chart.id} {chart.version} has the content hash {chart.sha256}, not {sha256}"
        raise ChartNotFound(Problem("hash_unknown", f"chart {name!r}", what, "look at what changed, then pin the new hash"))


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
