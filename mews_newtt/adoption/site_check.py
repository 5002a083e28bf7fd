"""What an upgrade of this software would change at a site: what each name means by the site file, and what it would mean without it."""

from __future__ import annotations

from typing import NamedTuple

from mews_newtt.chart.catalogue import Catalogue
from mews_newtt.chart.choosing import meant
from mews_newtt.chart.compare import Comparison, compare
from mews_newtt.chart.model import Chart
from mews_newtt.errors import ChartError, ChartNotFound, Problem


class Offered(NamedTuple):
    """A name at the site: what it means, and what it would mean without the site file (None: the same)."""

    name: str
    now: Chart | None
    offered: Comparison | None
    problems: tuple[Problem, ...] = ()


def check_site(shelf: Catalogue) -> list[Offered]:
    """Every name of the site file, or every chart where there is no site file, with what an upgrade would change or has broken."""
    charts = shelf.charts()
    names = shelf.known.site.names
    found = []
    for name in names if names is not None else dict.fromkeys(chart.id for chart in charts):
        try:
            now = shelf.find(name)
        except (ChartError, ChartNotFound) as fault:
            found.append(Offered(name, None, None, fault.problems))
            continue
        found.append(Offered(name, now, _offered(shelf, charts, now) if names is not None else None))
    return found


def not_named(shelf: Catalogue) -> list[str]:
    """Charts that are there, and that the site file does not name."""
    names = shelf.known.site.names
    return [] if names is None else sorted({chart.id for chart in shelf.charts()} - set(names))


def _offered(shelf: Catalogue, charts: list[Chart], now: Chart) -> Comparison | None:
    """The newest version that could take the name: a better status, or as good and newer."""
    others = [chart for chart in charts if chart.id == now.id and shelf.known.kind(chart) == "in_force"]
    try:
        best = meant(others, known=shelf.known._replace(standings={}))
    except (ChartError, ChartNotFound):
        return None
    return None if best.sha256 == now.sha256 else compare(now, best)
