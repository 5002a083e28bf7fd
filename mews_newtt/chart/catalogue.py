"""Which charts there are: the built-in ones and those in a site's own folders; found by id, alias, version and status."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from mews_newtt.chart.builtin import builtin_rules as builtin_rules
from mews_newtt.chart.choosing import Known, choose, day_asked, has_hash, meant, named, named_at_site, require_hash, version_key
from mews_newtt.chart.choosing import best_of as best_of
from mews_newtt.chart.choosing import in_force as in_force
from mews_newtt.chart.choosing import require_status as require_status
from mews_newtt.chart.load import load_chart_file
from mews_newtt.chart.load_observations import load_observations
from mews_newtt.chart.model import Chart, Observation, Status
from mews_newtt.chart.sign_offs import sign_off_path
from mews_newtt.chart.site import LIST_FILE, Doubt, Standing, chart_files, is_site, proven, record_path, require_folder, require_whole, standing
from mews_newtt.chart.site import SIGN_OFF_SUFFIX as SIGN_OFF_SUFFIX
from mews_newtt.chart.site_file import NO_SITE_FILE, SITE_FILE, SiteFile, merged, read_site_file
from mews_newtt.errors import ChartError, ChartNotFound, Problem

FOLDERS_VARIABLE = "MEWS_NEWTT_RULES"  # folders of a site's own charts, separated like PATH
CONFIG_VARIABLE = "MEWS_NEWTT_CONFIG"  # a TOML file whose `rules` lists such folders, read where the other variable is not set


def site_folders() -> tuple[Path, ...]:
    """The site's folders: those of the environment variable MEWS_NEWTT_RULES, or else of the file that MEWS_NEWTT_CONFIG names."""
    said = os.environ.get(FOLDERS_VARIABLE, "")
    config = os.environ.get(CONFIG_VARIABLE, "")
    if not said and config:
        path = Path(config)
        folders = read_site_file(path).folders or ((path.parent.resolve(),) if path.name == SITE_FILE else ())
        if not folders:
            raise ChartError(Problem("key_missing", f"{path}, rules", "names no folder", 'write rules = ["folder", ...]'))
        return folders
    found = tuple(Path(part) for part in said.split(os.pathsep) if part)
    if said and not found:
        raise ChartError(Problem("folder_missing", FOLDERS_VARIABLE, f"is {said!r} and names no folder", "name a folder, or do not set it"))
    return found


def site_file(folders: Iterable[Path]) -> SiteFile:
    """What the site files say: the one that MEWS_NEWTT_CONFIG names, and `site.toml` in each of the site's folders."""
    config = os.environ.get(CONFIG_VARIABLE, "")
    paths = [Path(config)] if config else []
    paths += [path for folder in folders if is_site(folder) and (path := folder / SITE_FILE).is_file()]
    return merged(read_site_file(path) for path in dict.fromkeys(path.resolve() for path in paths))


class Catalogue:
    """The charts of some folders, each `<folder>/<chart id>/<version>.toml`; later folders add, none overrides.

    A folder may hold a `parameters.toml` with observations of its own; it cannot redefine one that exists.
    """

    def __init__(self, folders: Sequence[Path]):
        self.folders = tuple(folders)
        self.observations = self._observations()
        self.doubts: dict[str, Doubt] = {}  # by the chart's origin: files read so far that claim a status without proof
        self.standings: dict[str, Standing] = {}  # by the chart's origin: adopted charts read so far
        self._loaded: dict[tuple[Any, ...], Chart] = {}

    def _observations(self) -> dict[str, Observation]:
        known: dict[str, Observation] = {}
        for folder in self.folders:
            require_folder(folder)
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

    def files(self, *, filling: Path | None = None) -> dict[str, list[Path]]:
        """Chart id to its files, by folder and file name; nothing is read.

        Raises ChartError if a site's folder is not whole. The folder that is being filled with its first chart may still be empty.
        """
        found: dict[str, list[Path]] = {}
        for folder in self.folders:
            files = chart_files(folder)
            if is_site(folder) and (files or folder != filling):
                require_whole(folder, files)
            for path in files:
                found.setdefault(path.parent.name, []).append(path)
        return found

    def load(self, path: Path) -> Chart:
        """One chart file, read once and again when it has changed on disk. Its status is `local` where it claims another without proof."""
        chart = self._read(path)
        if path.parent.parent in self.folders and (path.parent.name, path.stem) != (chart.id, chart.version):
            raise ChartError(Problem("file_misnamed", str(path), f"holds {chart.id} {chart.version}", f"name it {chart.id}/{chart.version}.toml"))
        return chart

    def _read(self, path: Path) -> Chart:
        today = date.today()
        beside = (path, record_path(path), sign_off_path(path), path.parent.parent / LIST_FILE)
        key = (path, today, *map(_stamp, beside))
        if key not in self._loaded:
            chart = load_chart_file(path, self.observations)
            self.doubts.pop(chart.origin, None)
            self.standings.pop(chart.origin, None)
            if is_site(path.parent.parent):
                chart, doubt = proven(chart, path)
                if doubt is not None:
                    self.doubts[chart.origin] = doubt
                    chart = replace(chart, signed=f"NOT PROVEN: {chart.status_says}")
                found = standing(chart, path, today)
                if found is not None:
                    self.standings[chart.origin] = found
                    chart = replace(chart, signed=found.says)
            self._loaded[key] = chart
        return self._loaded[key]

    @property
    def known(self) -> Known:
        """What is known of the charts read so far, and what the site files say."""
        return Known(self.doubts, self.standings, site_file(self.folders))

    def charts(self, *, filling: Path | None = None) -> list[Chart]:
        """Every version of every chart, by id, then version."""
        loaded = [self.load(path) for paths in self.files(filling=filling).values() for path in paths]
        return sorted(loaded, key=lambda chart: (chart.id, version_key(chart.version)))

    def find(
        self, name: str, version: str | None = None, minimum_status: str | None = None, *, sha256: str | None = None, on: date | None = None
    ) -> Chart:
        """The chart of that id or alias: the given version or content hash, else the best one in force on a day (today where none is given).

        A day in the place of the version, such as 2026-01-31, says the same as `on`.

        Best is: of the best status, then the newest. Raises ChartNotFound, saying what there is instead.
        """
        known = self.known
        day = day_asked(version)
        if day is not None:
            found = self.find(name, None, minimum_status, on=day)
            require_hash(found, name, sha256)
            return found
        if known.site.names is not None and version is None and sha256 is None:  # the site file says what the name means
            every = self.charts()
            named_here = named_at_site(every, name, self.known) or []
            return choose(named_here, name, minimum_status=minimum_status, on=on, known=self.known, every=every)
        versions = self.versions(name)
        return choose(versions, name, version, minimum_status, sha256=sha256, on=on, known=self.known)

    def meant(self, versions: Sequence[Chart], on: date | None = None) -> Chart:
        """Of these versions, the best one in force on a day."""
        return meant(versions, on, self.known)

    def named(self, name: str) -> list[Chart]:
        """The versions among which a name chooses by the day: those that the site file names, else all of them."""
        if site_file(self.folders).names is None:
            return self.versions(name)
        every = self.charts()
        return named_at_site(every, name, self.known) or []

    def versions(self, name: str) -> list[Chart]:
        """Every version of the chart of that id or alias, oldest first.

        Raises ChartNotFound, saying what there is instead.
        """
        files = self.files()
        if name in files:
            self._refuse_hidden(name, files)
        found = named([self.load(path) for path in files[name]] if name in files else self.charts(), name)
        self._refuse_twins(found, site_file(self.folders))
        return found

    def _refuse_hidden(self, name: str, files: dict[str, list[Path]]) -> None:
        """A site's file of this chart under another name would be ignored. A file that cannot be read is reported under its own name."""
        for path in (path for folder, paths in files.items() if folder != name for path in paths if is_site(path.parent.parent)):
            try:
                hidden = self._read(path).id == name
            except ChartError:
                continue
            if hidden:
                self.load(path)

    def _refuse_twins(self, candidates: Iterable[Chart], site: SiteFile) -> None:
        seen: dict[str, Chart] = {}
        for chart in candidates:
            twin = seen.setdefault(chart.version, chart)
            if twin.sha256 != chart.sha256 and not (site.holds(twin) or site.holds(chart)):  # a site file says which one is meant
                raise ChartError(
                    Problem(
                        "version_twice",
                        chart.origin,
                        f"is {chart.id} {chart.version}, as is {twin.origin}, but says something else",
                        "give one of them another version",
                    )
                )


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
    version : that version only, or a day such as 2026-01-31: the version in force on it. Without it the best status, then the newest in force
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
                Problem(
                    "hash_unknown", str(chart), f"has the content hash {found.sha256}, not {sha256}", "look at what changed, then pin the new hash"
                )
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


def chart_to_look_at(chart: str, folders: Iterable[str | Path] = ()) -> Chart:
    """One chart by name or file, for comparing, drawing and signing: also one that the site's least status or site file does not allow for scores."""
    name, at, version = chart.partition("@")
    if chart.endswith(".toml") or not at:
        return load_chart(chart, folders=folders)
    shelf = catalogue(folders)
    return choose(shelf.versions(name), name, version or None, known=shelf.known._replace(site=NO_SITE_FILE))


def charts(*, folders: Iterable[str | Path] = ()) -> list[Chart]:
    """Every version of every chart there is, by id, then version."""
    return catalogue(folders).charts()
