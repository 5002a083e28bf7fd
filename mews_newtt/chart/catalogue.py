"""Which charts there are: the built-in ones and those in a site's own folders; found by id, alias, version and status."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import date
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path
from typing import Any

from mews_newtt.chart.load import load_chart_file
from mews_newtt.chart.load_observations import load_observations
from mews_newtt.chart.model import STATUSES, Chart, Observation, Status
from mews_newtt.chart.toml import read_toml
from mews_newtt.errors import ChartError, ChartNotFound, Problem

FOLDERS_VARIABLE = "MEWS_NEWTT_RULES"  # folders of a site's own charts, separated like PATH
CONFIG_VARIABLE = "MEWS_NEWTT_CONFIG"  # a TOML file whose `rules` lists such folders, read where the other variable is not set
SIGN_OFF_SUFFIX = ".signoff.toml"  # stands beside a chart file and is none
NEAR = 0.75  # how alike a name must be to be suggested: chart names are short, and a wrong suggestion is a wrong chart
EQUAL = 0.01  # names whose likeness differs by no more are as near as each other
SHORTEST_PIN = 8  # hex digits of a content hash that may stand for the whole of it


@lru_cache(maxsize=1)
def builtin_rules() -> Path:
    """The folder of the charts that come with the package: inside it in a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "rules"
    return inside if inside.is_dir() else package.parent / "rules"


def site_folders() -> tuple[Path, ...]:
    """The site's folders: those of the environment variable MEWS_NEWTT_RULES, or else of the file that MEWS_NEWTT_CONFIG names."""
    named = os.environ.get(FOLDERS_VARIABLE, "")
    config = os.environ.get(CONFIG_VARIABLE, "")
    if not named and config:
        return _configured(Path(config))
    return tuple(Path(part) for part in named.split(os.pathsep) if part)


def _configured(path: Path) -> tuple[Path, ...]:
    """The folders a configuration file lists; relative ones lie beside it."""
    problems: list[Problem] = []
    content = read_toml(path, problems)
    listed = (content or {}).get("rules", [])
    if not problems and not (isinstance(listed, list) and all(isinstance(part, str) for part in listed)):
        problems.append(Problem("wrong_type", f"{path}, rules", f"is {listed!r}", 'write rules = ["folder", ...]'))
    if problems:
        raise ChartError(problems)
    return tuple(path.parent / part for part in listed)


class Catalogue:
    """The charts of some folders, each `<folder>/<chart id>/<version>.toml`; later folders add, none overrides.

    A folder may hold a `parameters.toml` with observations of its own; it cannot redefine one that exists.
    """

    def __init__(self, folders: Sequence[Path]):
        self.folders = tuple(folders)
        self.observations = self._observations()
        self._loaded: dict[tuple[Path, int, int], Chart] = {}

    def _observations(self) -> dict[str, Observation]:
        known: dict[str, Observation] = {}
        for folder in self.folders:
            if not folder.is_dir():
                raise ChartError(Problem("folder_missing", str(folder), "is not a folder", f"check {FOLDERS_VARIABLE} or --rules"))
            path = folder / "parameters.toml"
            if path.is_file():
                for name, observation in load_observations(path).items():
                    if known.setdefault(name, observation) != observation:
                        raise ChartError(
                            Problem(
                                "parameter_redefined",
                                f"{path}, [{name}]",
                                "is defined already, differently",
                                "give the site's own observation its own name",
                            )
                        )
        return known

    def files(self) -> dict[str, list[Path]]:
        """Chart id to its files, by folder and file name; nothing is read."""
        found: dict[str, list[Path]] = {}
        for folder in self.folders:
            for path in sorted(folder.glob("*/*.toml")):
                if not path.name.endswith(SIGN_OFF_SUFFIX):
                    found.setdefault(path.parent.name, []).append(path)
        return found

    def load(self, path: Path) -> Chart:
        """One chart file, read once and again when it has changed on disk."""
        key = (path, *_stamp(path))
        if key not in self._loaded:
            chart = load_chart_file(path, self.observations)
            if path.parent.parent in self.folders and (path.parent.name, path.stem) != (chart.id, chart.version):
                raise ChartError(Problem("file_misnamed", str(path), f"holds {chart.id} {chart.version}", f"name it {chart.id}/{chart.version}.toml"))
            self._loaded[key] = chart
        return self._loaded[key]

    def charts(self) -> list[Chart]:
        """Every version of every chart, by id, then version."""
        loaded = [self.load(path) for paths in self.files().values() for path in paths]
        return sorted(loaded, key=lambda chart: (chart.id, version_key(chart.version)))

    def find(
        self, name: str, version: str | None = None, minimum_status: str | None = None, *, sha256: str | None = None, on: date | None = None
    ) -> Chart:
        """The chart of that id or alias: the given version or content hash, else the best one in force on a day (today where none is given).

        Best is: of the best status, then the newest. Raises ChartNotFound, saying what there is instead.
        """
        candidates = self.versions(name)
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
                    Problem("hash_unknown", where, f"no such chart has the content hash {sha256}", "look at what changed, then pin anew")
                )
        best = best_of(candidates) if version is not None or sha256 is not None else best_of(in_force(candidates, on))
        require_status(best, minimum_status)
        return best

    def versions(self, name: str) -> list[Chart]:
        """Every version of the chart of that id or alias, oldest first.

        Raises ChartNotFound, saying what there is instead.
        """
        files = self.files()
        candidates = [self.load(path) for path in files.get(name, ())]
        if not candidates:
            wanted = name.casefold()
            every = self.charts()
            candidates = [c for c in every if wanted in map(str.casefold, (c.id, c.short_title, *c.aliases))]
        if not candidates:
            raise ChartNotFound(_unknown_chart(name, list(files)))
        if len({chart.id for chart in candidates}) > 1:
            raise ChartNotFound(
                Problem(
                    "alias_ambiguous",
                    f"chart {name!r}",
                    "several charts go by that name",
                    "write one of: " + ", ".join(sorted({chart.id for chart in candidates})),
                )
            )
        self._refuse_twins(candidates)
        return sorted(candidates, key=lambda chart: version_key(chart.version))

    def _refuse_twins(self, candidates: Iterable[Chart]) -> None:
        seen: dict[str, Chart] = {}
        for chart in candidates:
            twin = seen.setdefault(chart.version, chart)
            if twin.sha256 != chart.sha256:
                raise ChartError(
                    Problem(
                        "version_twice",
                        chart.origin,
                        f"is {chart.id} {chart.version}, as is {twin.origin}, but says something else",
                        "give one of them another version",
                    )
                )


def not_shipped() -> list[dict[str, Any]]:
    """Charts that are known and not here, as `rules/not_shipped.toml` lists them."""
    entries: list[dict[str, Any]] = (read_toml(builtin_rules() / "not_shipped.toml", []) or {}).get("not_shipped", [])
    return entries


def _unknown_chart(name: str, ids: Sequence[str]) -> Problem:
    wanted = name.casefold().replace("-", " ")
    entry = next((one for one in not_shipped() if wanted in (one["id"].replace("-", " "), *one.get("names", ()))), None)
    where, listed = f"chart {name!r}", "charts: " + ", ".join(ids)
    if entry is not None:
        return Problem(
            "chart_unknown", where, f"is not here: {entry['title']}. {entry['why']}", f"{entry.get('instead', entry['mend']).rstrip('.')}. {listed}"
        )
    likeness = {one: SequenceMatcher(None, name.casefold(), one).ratio() for one in ids}
    best = max(likeness.values(), default=0)
    alike = [one for one in ids if likeness[one] >= max(NEAR, best - EQUAL)]  # all that are as near: one alone may be the wrong chart
    near = " or ".join(map(repr, alike))
    return Problem("chart_unknown", where, "there is no such chart", (f"did you mean {near}? " if near else "") + listed)


def best_of(candidates: Iterable[Chart]) -> Chart:
    """The best status, then the newest in force, then the highest version."""
    return max(candidates, key=lambda chart: (STATUSES.index(chart.status), chart.effective_from or "", version_key(chart.version)))


def in_force(versions: Sequence[Chart], on: date | None = None) -> list[Chart]:
    """The versions of a chart that are in force on a day; today where none is given.

    One is from its `effective_from` (from ever, where it has none) until a version that supersedes it and is trusted no less.
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


@lru_cache(maxsize=16)
def _catalogue(folders: tuple[Path, ...], _observed: tuple[tuple[int, int], ...]) -> Catalogue:
    return Catalogue(folders)


def catalogue(folders: Iterable[str | Path] = ()) -> Catalogue:
    """The built-in charts, those of the site's folders and those of the given ones; files that changed are read anew."""
    every = tuple(dict.fromkeys((builtin_rules(), *site_folders(), *map(Path, folders))))
    return _catalogue(every, tuple(_stamp(folder / "parameters.toml") for folder in every))


def _stamp(path: Path) -> tuple[int, int]:
    """What changes when a file does."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def load_chart(
    chart: str | Path,
    version: str | None = None,
    minimum_status: Status | None = None,
    *,
    folders: Iterable[str | Path] = (),
    sha256: str | None = None,
    on: date | None = None,
) -> Chart:
    """One chart, by id or alias, or from a file.

    Parameters
    ----------
    chart : a chart's id, alias or short title, `id@version`, or the path of a chart file (ends in .toml)
    version : that version only; without it the best status, then the newest that is in force
    minimum_status : refuse a chart trusted less than this (local, derived, secondary, transcribed, verified)
    folders : folders of the site's own charts, beside those of the environment variable MEWS_NEWTT_RULES
    sha256 : the content that is meant, by its hash or the first digits of it (8 or more)
    on : the day on which the chart must be in force, where no version is given; without it, today

    Raises
    ------
    ChartNotFound  no such chart, version or status
    ChartError     the file breaks a check; every fault is named
    """
    shelf = catalogue(folders)
    if str(chart).endswith(".toml"):
        found = shelf.load(Path(chart))
        if version is not None and found.version != version:
            raise ChartNotFound(Problem("version_unknown", str(chart), f"is version {found.version}, not {version}", "leave the version out"))
        if sha256 is not None and not has_hash(found, sha256):
            raise ChartNotFound(
                Problem("hash_unknown", str(chart), f"has the content hash {found.sha256}, not {sha256}", "look at what changed, then pin anew")
            )
        require_status(found, minimum_status)
        return found
    name, at, pinned = str(chart).partition("@")
    if at and not (name and pinned):
        raise ChartNotFound(Problem("bad_chart_name", f"chart {str(chart)!r}", "is not id@version", "write it as ID@VERSION, or the id alone"))
    if at and version not in (None, pinned):
        mend = "leave one of them out"
        raise ChartNotFound(Problem("version_twice", f"chart {str(chart)!r}", f"names version {pinned}, and the version is given as {version}", mend))
    return shelf.find(name, pinned or version, minimum_status, sha256=sha256, on=on)


def charts(*, folders: Iterable[str | Path] = ()) -> list[Chart]:
    """Every version of every chart there is, by id, then version."""
    return catalogue(folders).charts()
