"""Suggests what the columns of somebody else's table mean, and writes the answers down as a map file. A suggestion is shown, never used silently."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mews_newtt.chart.model import Chart, Observation
from mews_newtt.errors import did_you_mean
from mews_newtt.reading.column_map import ColumnMap
from mews_newtt.reading.column_names import meaning_of
from mews_newtt.reading.columns import EXPECTED, EXPECTED_POINTS_PREFIX, is_reserved
from mews_newtt.reading.values import LABELS

SHOWN = 4  # values of a column that are shown to somebody
# Names that people give to the result of their own system.
TOTALS = ("total", "score", "total_score", "ews", "ews_total", "aggregate", "aggregate_score", "expected_score")
LEVELS = ("level", "escalation", "escalation_level", "risk", "clinical_risk", "response", "zone")


class ColumnSample(NamedTuple):
    """One column of a table: its name, and the different values that some of its rows hold."""

    name: str
    values: tuple[str, ...]

    @property
    def sample(self) -> str:
        return ", ".join(value for value in self.values[:SHOWN] if value) or "no data"


def suggest_columns(chart: Chart, names: Sequence[str]) -> dict[str, str]:
    """Our name for each column whose meaning can be guessed. No name of ours is given to two columns.

    A column with a name of ours keeps it. A column that nothing is known about is left out.
    """
    known = chart.observations
    taken: set[str] = set()
    found: dict[str, str] = {}
    for name in names:
        if name in chart.by_id or is_reserved(name, known):
            found[name] = name
            taken.add(name)
    for name in names:
        if name not in found:
            near = _guess(chart, name, known, taken)
            if near:
                found[name] = near
                taken.add(near)
    return found


def names_chart(chart: Chart, name: str) -> bool:
    """Whether a column is called after a chart, such as NEWS or "NEWS2 total"."""
    own = {plain for each in (chart.id, chart.short_title, *chart.aliases) for plain in (_plain(each), _plain(each).rstrip("0123456789"))}
    return _bare(name).removesuffix("_score").removesuffix("_total") in own


def _bare(name: str) -> str:
    """A column's name in plain form, without what is in brackets."""
    return _plain(name).partition("(")[0].partition("[")[0].rstrip("_")


def _guess(chart: Chart, name: str, known: Mapping[str, Observation], taken: set[str]) -> str | None:
    bare = _bare(name)
    if "expected_total" not in taken and (bare in TOTALS or names_chart(chart, name)):
        return "expected_total"
    if "expected_level" not in taken and bare in LEVELS:
        return "expected_level"
    if chart.has_points and bare.startswith("points_") and bare.removeprefix("points_") in chart.by_id:
        return EXPECTED_POINTS_PREFIX + bare.removeprefix("points_")
    meaning = meaning_of(name, known)
    rows = [row for row in meaning.parameters if row in chart.by_id and row not in taken] if meaning else []
    if rows:
        return rows[0] if len(rows) == 1 else None  # a column for several parameters (both blood pressures in one cell) cannot be read
    return did_you_mean(bare, [each for each in (*LABELS, *EXPECTED) if each not in taken], 0.85)


def _plain(name: str) -> str:
    return name.strip().casefold().replace(" ", "_").replace("-", "_")


def map_file_text(column_map: ColumnMap) -> str:
    """The text of a map file (`--map map.toml`) that `read_map` reads as this map."""
    said = [f"ignore = [{', '.join(map(_quoted, sorted(column_map.ignore)))}]", f"missing = [{', '.join(map(_quoted, sorted(column_map.missing)))}]"]
    tables: list[tuple[str, Mapping[str, Any]]] = [("columns", column_map.columns), ("units", column_map.units)]
    tables += [(f"values.{ours}", pairs) for ours, pairs in column_map.values.items()]
    for name, pairs in tables:
        if pairs:
            said += ["", f"[{name}]", *(f"{_quoted(key)} = {_quoted(value)}" for key, value in pairs.items())]
    return "\n".join(said) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string. It is a JSON string, with one more character escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
