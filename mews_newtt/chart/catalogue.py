"""Which charts there are: the built-in ones and those in a site's own folders; found by id, alias, version and status."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

from mews_newtt.chart.builtin import builtin_rules as builtin_rules
from mews_newtt.chart.choosing import best_of as best_of
from mews_newtt.chart.choosing import choose, has_hash, meant, named, version_key
from mews_newtt.chart.choosing import in_force as in_force
from mews_newtt.chart.choosing import require_status as require_status
from mews_newtt.chart.load import load_chart_file
from mews_newtt.chart.load_observations import load_observations
from mews_newtt.chart.model import Chart, Observation, Status
from mews_newtt.chart.site import SIGN_OFF_SUFFIX as SIGN_OFF_SUFFIX
from mews_newtt.chart.site import Doubt, chart_files, is_site, proven, record_path, require_folder, require_whole
from mews_newtt.chart.toml import TableReader, read_toml
from mews_newtt.errors import ChartError, ChartNotFound, Problem

FOLDERS_VARIABLE = "MEWS_NEWTT_RULES"  # folders of a site's own charts, separated like PATH
CONFIG_VARIABLE = "MEWS_NEWTT_CONFIG"  # a TOML file whose `rules` lists such folders, read where the other variable is not set


def site_folders() -> tuple[Path, ...]:
    """The site's folders: those of the environment variable MEWS_NEWTT_RULES, or else of the file that MEWS_NEWTT_CONFIG names."""
    said = os.environ.get(FOLDERS_VARIABLE, "")
    config = os.environ.get(CONFIG_VARIABLE, "")
    if not said and config:
        return _configured(Path(config))
    found = tuple(Path(part) for part in said.split(os.pathsep) if part)
    if said and not found:
        raise ChartError(Problem("folder_missing", FOLDERS_VARIABLE, f"is {said!r} and names no folder", "name a folder, or do not set it"))
    return found


def _configured(path: Path) -> tuple[Path, ...]:
    """The folders a configuration file lists; relative ones lie beside it."""
    problems: list[Problem] = []
    content = read_toml(path, problems)
    top = TableReader(content or {}, str(path), problems)
    listed = top.texts("rules")
    top.finish()
    if not problems and not listed:
        problems.append(Problem("key_missing", f"{path}, rules", "names no folder", 'write rules = ["folder", ...]'))
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
        self.doubts: dict[str, Doubt] = {}  # by the chart's origin: files read so far that claim a status without proof
        self._loaded: dict[tuple[Path, tuple[int, int], tuple[int, int]], Chart] = {}

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
        key = (path, _stamp(path), _stamp(record_path(path)))
        if key not in self._loaded:
            chart = load_chart_file(path, self.observations)
            self.doubts.pop(chart.origin, None)
            if is_site(path.parent.parent):
                chart, doubt = proven(chart, path)
                if doubt is not None:
                    self.doubts[chart.origin] = doubt
            self._loaded[key] = chart
        return self._loaded[key]

    def charts(self, *, filling: Path | None = None) -> list[Chart]:
        """Every version of every chart, by id, then version."""
        loaded = [self.load(path) for paths in self.files(filling=filling).values() for path in paths]
        return sorted(loaded, key=lambda chart: (chart.id, version_key(chart.version)))

    def find(
        self, name: str, version: str | None = None, minimum_status: str | None = None, *, sha256: str | None = None, on: date | None = None
    ) -> Chart:
        """The chart of that id or alias: the given version or content hash, else the best one in force on a day (today where none is given).

        Best is: of the best status, then the newest. Raises ChartNotFound, saying what there is instead.
        """
        return choose(self.versions(name), name, version, minimum_status, sha256=sha256, on=on, doubts=self.doubts)

    def meant(self, versions: Sequence[Chart], on: date | None = None) -> Chart:
        """Of these versions, the best one in force on a day."""
        return meant(versions, on, self.doubts)

    def versions(self, name: str) -> list[Chart]:
        """Every version of the chart of that id or alias, oldest first.

        Raises ChartNotFound, saying what there is instead.
        """
        files = self.files()
        if name in files:
            self._refuse_hidden(name, files)
        found = named([self.load(path) for path in files[name]] if name in files else self.charts(), name)
        self._refuse_twins(found)
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


def charts(*, folders: Iterable[str | Path] = ()) -> list[Chart]:
    """Every version of every chart there is, by id, then version."""
    return catalogue(folders).charts()
