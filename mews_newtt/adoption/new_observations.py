"""Observations that a sheet brings with it: kept apart from the built-in ones by their names, and written into the site's folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from mews_newtt.chart.checks import check_observation
from mews_newtt.chart.load_observations import load_observations
from mews_newtt.chart.model import Category, Interval, Observation
from mews_newtt.chart.write import text
from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.atomic import whole_file

PREFIX = "site_"  # no observation that comes with this software starts so


def site_name(title: str) -> str:
    """The name of a site's own observation, from its title."""
    return PREFIX + (re.sub(r"[^a-z0-9]+", "_", title.casefold()).strip("_") or "unnamed")


def observation_of(values: Mapping[str, Any]) -> Observation:
    """An observation from a row of the section: title, kind, unit, step, lowest, highest, answers."""
    answers = values["answers"] or ()
    categories = tuple(Category(re.sub(r"[^a-z0-9]+", "_", one.casefold()).strip("_"), one) for one in answers)
    return Observation(
        id=site_name(values["title"]),
        title=values["title"],
        unit="" if categories else values["unit"] or "",
        step=values["step"] if values["step"] is not None else Decimal(1),
        categories=categories,
        impossible=Interval(values["lowest"], True, values["highest"], True),
        limits_source="the site's own" if values["lowest"] is not None or values["highest"] is not None else "",
    )


def faults_of(observation: Observation, known: Mapping[str, Observation], where: str) -> list[Problem]:
    """What is wrong with a new observation; also a title that a built-in observation has."""
    found = [problem._replace(mend=problem.mend or "correct the row") for problem in check_observation(observation, where)]
    for other in known.values():
        if other.id != observation.id and other.title.casefold() == observation.title.casefold():
            what = f"{observation.title!r} is known already"
            found.append(Problem("observation_known", where, what, "delete the row; use the parameter as it is"))
        if other.id == observation.id and other != observation:
            what = f"{observation.title!r} is in the site's folder already, with another unit, step, limit or answer"
            found.append(Problem("parameter_redefined", where, what, "give it another title, or write the same again"))
    return found


def write_observations(folder: Path, new: Iterable[Observation]) -> None:
    """Add new observations to the `parameters.toml` of a site's folder; those that are there stay as they are."""
    path = folder / "parameters.toml"
    there = load_observations(path) if path.is_file() else {}
    added = [one for one in new if one.id not in there]
    if not added:
        return
    try:
        old = path.read_text(encoding="utf-8") if path.is_file() else "# Observations of this site. Their names start with site_.\n"
    except OSError as fault:
        raise FileError(Problem("file_unreadable", str(path), fault.strerror or "cannot be read", "check its permissions")) from None
    with whole_file(path) as out:
        out.write(old + "".join(f"\n{_toml(one)}" for one in added))


def _toml(one: Observation) -> str:
    lines = [f"[{one.id}]", f"title = {text(one.title)}"]
    if one.numeric:
        lines += [f"unit = {text(one.unit)}", f"step = {one.step}"]
        limits = [f"{key} = {edge}" for key, edge in (("below", one.impossible.low), ("above", one.impossible.high)) if edge is not None]
        lines += [f"impossible = {{ {', '.join(limits)} }}", f"limits_source = {text(one.limits_source)}"] if limits else []
    else:
        answers = "".join(f"  {{ id = {text(c.id)}, title = {text(c.title)} }},\n" for c in one.categories)
        lines.append(f"categories = [\n{answers}]")
    return "\n".join(lines) + "\n"
