"""The site file, `site.toml`: which version and content each chart name means at a site, and which status is the least that it accepts.

An upgrade of this software cannot change what a name means at a site that has such a file. What the file names and is not there is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mews_newtt.chart.model import STATUSES, Chart
from mews_newtt.chart.toml import TableReader, read_toml
from mews_newtt.errors import ChartError, ChartNotFound, Problem, SiteError

SITE_FILE = "site.toml"


class Pin(NamedTuple):
    """A version of a chart and its content hash."""

    version: str
    sha256: str


class SiteFile(NamedTuple):
    """What the site files say together. `names` is None where no file names charts: then every chart there is may be named."""

    paths: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()
    minimum_status: str | None = None
    names: Mapping[str, tuple[Pin, ...]] | None = None

    @property
    def where(self) -> str:
        return ", ".join(map(str, self.paths))

    def named(self, charts: Sequence[Chart], name: str) -> list[Chart] | None:
        """The versions that a name means at this site, oldest first in the file; None where the site file leaves names open.

        Only the charts that the file names are looked at, so a chart that comes with a later version of this software cannot take a name.

        Raises
        ------
        ChartError     the file names a version or content that is not there
        ChartNotFound  the file does not name such a chart
        """
        if self.names is None:
            return None
        if name in self.names:
            return self.pinned(charts, name)
        wanted = name.casefold()
        found = [
            versions
            for chart_id in self.names
            if (versions := [chart for chart in charts if any(_is(pin, chart, chart_id) for pin in self.names[chart_id])])
            and any(wanted in map(str.casefold, (chart.id, chart.short_title, *chart.aliases)) for chart in versions)
        ]
        if len(found) > 1:
            ids = " or ".join(versions[0].id for versions in found)
            raise ChartNotFound(Problem("alias_ambiguous", f"chart {name!r}", "several charts go by that name", f"write {ids}"))
        if found:
            return self.pinned(charts, found[0][0].id)
        mend = "write one of: " + (", ".join(sorted(self.names)) or "none") + "; or add it with `mews-newtt site use CHART@VERSION`"
        raise ChartNotFound(Problem("name_not_in_site_file", f"chart {name!r}", f"is not named in {self.where}", mend))

    def pinned(self, charts: Sequence[Chart], chart_id: str) -> list[Chart]:
        """The charts that the file names for an id. Raises ChartError for one that is not there."""
        found, missing = [], []
        for pin in (self.names or {})[chart_id]:
            same = [chart for chart in charts if _is(pin, chart, chart_id)]
            if same:
                found.append(same[0])
                continue
            others = [chart.sha256[:12] for chart in charts if (chart.id, chart.version) == (chart_id, pin.version)]
            what = f"names version {pin.version} with the content {pin.sha256[:12]}"
            what += f"; the version there has the content {' and '.join(others)}" if others else ", which is not there"
            mend = "put the chart's file back; or choose another version with `mews-newtt site use`"
            missing.append(Problem("site_name_missing", f"{self.where}, {chart_id}", what, mend))
        if missing:
            raise ChartError(missing)
        return found

    def holds(self, chart: Chart) -> bool:
        """Whether the file names exactly this version and content."""
        return any(_is(pin, chart, chart.id) for pin in (self.names or {}).get(chart.id, ()))


NO_SITE_FILE = SiteFile()


def _is(pin: Pin, chart: Chart, chart_id: str) -> bool:
    return (chart.id, chart.version, chart.sha256) == (chart_id, *pin)


def read_site_file(path: Path) -> SiteFile:
    """A site file; its folders are relative to it. Raises SiteError with every fault."""
    problems: list[Problem] = []
    content = read_toml(path, problems)
    top = TableReader(content or {}, str(path), problems)
    folders = top.texts("rules")
    least = top.take("minimum_status", str)
    if least is not None and least not in STATUSES:
        top.fault("status_unknown", f"is {least!r}", "write one of: " + ", ".join(STATUSES), "minimum_status")
    given = top.take("names", dict)
    names: dict[str, tuple[Pin, ...]] = {}
    for name in given or {}:
        pins = []
        if not isinstance(given[name], list) or not given[name]:
            top.fault("wrong_type", "is no list of versions", f"write [[names.{name}]] with version and sha256 below it", f"names.{name}")
            continue
        for number, entry in enumerate(given[name], start=1):
            reader = TableReader(entry, f"{path}, names.{name}[{number}]", problems)
            pin = Pin(*(reader.take(key, str, "", required=True) for key in Pin._fields))
            if len(pin.sha256) != 64 and not problems:
                reader.fault("bad_hash", f"is {pin.sha256!r}", "write the whole hash; `mews-newtt site use` does it", "sha256")
            reader.finish()
            pins.append(pin)
        names[name] = tuple(pins)
    top.finish()
    if not problems and not folders and least is None and given is None:
        problems.append(Problem("key_missing", f"{path}, rules", "names no folder", 'write rules = ["folder", ...]'))
    if problems:
        raise SiteError(problems)
    return SiteFile((path,), tuple((path.parent / part).resolve() for part in folders), least, names if given is not None else None)


def merged(files: Iterable[SiteFile]) -> SiteFile:
    """What several site files say together: the strictest status, all names. Raises SiteError if two say different things of a name."""
    whole = NO_SITE_FILE
    for one in files:
        if whole.paths and one.paths[0] in whole.paths:
            continue
        twice = [name for name, pins in (one.names or {}).items() if (whole.names or {}).get(name, pins) != pins]
        if twice:
            what = f"says something else of {', '.join(twice)} than {whole.where}"
            raise SiteError(Problem("site_files_differ", str(one.paths[0]), what, "name the chart in one site file only"))
        least = max(
            (status for status in (whole.minimum_status, one.minimum_status) if status),
            key=lambda status: [str(one) for one in STATUSES].index(status),
            default=None,
        )
        names = None if whole.names is None and one.names is None else {**(whole.names or {}), **(one.names or {})}
        whole = SiteFile((*whole.paths, *one.paths), tuple(dict.fromkeys((*whole.folders, *one.folders))), least, names)
    return whole
