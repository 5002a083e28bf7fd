"""Which charts there are: the built-in ones and those in a site's own folders; found by id, alias, version and status."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from mews_newtt.chart.load import load_chart_file
from mews_newtt.chart.load_observations import load_observations
from mews_newtt.chart.model import STATUSES, Chart, Observation
from mews_newtt.errors import ChartError, ChartNotFound, Problem, did_you_mean

FOLDERS_VARIABLE = "MEWS_NEWTT_RULES"  # folders of a site's own charts, separated like PATH


@lru_cache(maxsize=1)
def builtin_rules() -> Path:
    """The folder of the charts that come with the package: inside it in a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "rules"
    return inside if inside.is_dir() else package.parent / "rules"


def site_folders() -> tuple[Path, ...]:
    """The folders named by the environment variable MEWS_NEWTT_RULES."""
    named = os.environ.get(FOLDERS_VARIABLE, "")
    return tuple(Path(part) for part in named.split(os.pathsep) if part)


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
                found.setdefault(path.parent.name, []).append(path)
        return found

    def load(self, path: Path) -> Chart:
        """One chart file, read once and again when it has changed on disk."""
        try:
            found = path.stat()
            key = (path, found.st_mtime_ns, found.st_size)
        except OSError:
            key = (path, 0, 0)
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

    def find(self, name: str, version: str | None = None, minimum_status: str | None = None) -> Chart:
        """The chart of that id or alias: the given version, else the best status, then the newest version.

        Raises ChartNotFound, saying what there is instead.
        """
        files = self.files()
        candidates = [self.load(path) for path in files.get(name, ())]
        if not candidates:
            wanted = name.casefold()
            every = self.charts()
            candidates = [c for c in every if wanted in map(str.casefold, (c.id, c.short_title, *c.aliases))]
        if not candidates:
            near = did_you_mean(name, list(files), 0.6)
            raise ChartNotFound(
                Problem(
                    "chart_unknown",
                    f"chart {name!r}",
                    "there is no such chart",
                    (f"did you mean {near!r}? " if near else "") + "charts: " + ", ".join(files),
                )
            )
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
        if version is not None:
            have = ", ".join(chart.version for chart in candidates)
            candidates = [chart for chart in candidates if chart.version == version]
            if not candidates:
                raise ChartNotFound(Problem("version_unknown", f"chart {name!r}, version {version}", "there is no such version", f"versions: {have}"))
        best = max(candidates, key=lambda chart: (STATUSES.index(chart.status), chart.effective_from or "", version_key(chart.version)))
        require_status(best, minimum_status)
        return best

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
def _catalogue(folders: tuple[Path, ...]) -> Catalogue:
    return Catalogue(folders)


def catalogue(folders: Iterable[str | Path] = ()) -> Catalogue:
    """The built-in charts, those of MEWS_NEWTT_RULES and those of the given folders."""
    return _catalogue((builtin_rules(), *site_folders(), *map(Path, folders)))


def load_chart(chart: str | Path, version: str | None = None, minimum_status: str | None = None, *, folders: Iterable[str | Path] = ()) -> Chart:
    """One chart, by id or alias, or from a file.

    Parameters
    ----------
    chart : a chart's id, alias or short title, or the path of a chart file (ends in .toml)
    version : that version only; without it the best status, then the newest
    minimum_status : refuse a chart trusted less than this (local, derived, secondary, transcribed, verified)
    folders : folders of the site's own charts, beside those of the environment variable MEWS_NEWTT_RULES

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
        require_status(found, minimum_status)
        return found
    return shelf.find(str(chart), version, minimum_status)


def charts(*, folders: Iterable[str | Path] = ()) -> list[Chart]:
    """Every version of every chart there is, by id, then version."""
    return catalogue(folders).charts()
