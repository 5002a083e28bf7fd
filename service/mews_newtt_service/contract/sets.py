"""The observation set of a request. Its fields, units, limits and categories come from the catalogue (`rules/parameters.toml`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, create_model

from mews_newtt.chart.interval import Interval, number
from mews_newtt.chart.model import Observation
from mews_newtt.reading.values import LABELS
from mews_newtt_service.contract.parts import Request


class Measured(Request):
    """A reading with its unit."""

    value: float | str | None
    unit: Annotated[str | None, Field(description="UCUM code or an accepted spelling; without it, the unit of the observation")] = None


class Skipped(Request):
    """No reading was taken, and why."""

    skipped: Annotated[str, Field(description="the reason: text, or a code that the chart lists", min_length=1)]


Other = float | str | Measured | Skipped | None


def set_model(observations: Iterable[Observation]) -> type[Request]:
    """`Set`: one field for each observation, and one for each label. What else may be there has the type of a reading."""
    fields: dict[str, Any] = {one.id: (_type(one) | None, Field(None, description=_says(one))) for one in observations}
    fields |= {name: (str | float | None, Field(None, description="a label: it is not scored")) for name in LABELS}
    return create_model(
        "Set",
        __base__=_Set,
        __doc__="Readings of one person at one time, by the ids of observations; what was not observed is null or left out. "
        "`skip_<id>` holds the reason why there is no reading. A number is in the observation's own unit; text may carry a unit.",
        **fields,
    )


class _Set(Request):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Other]


def row_model(sets: type[Request]) -> type[Request]:
    """`StatedRow`: a set with what a platform states of it; `expected_points_<id>` is among what else may be there."""
    status: Any = Literal["complete", "partial", "refused"] | None
    stated = "what the platform states; nothing is compared where it is null"
    return create_model(
        "StatedRow",
        __base__=sets,
        __doc__="An observation set, and beside it what a platform states: `expected_total`, `expected_level`, `expected_status`, "
        "`expected_points_<id>`.",
        expected_total=(float | str | None, Field(None, description=stated)),
        expected_level=(str | None, Field(None, description=f"id or title of a level; {stated}")),
        expected_status=(status, Field(None, description=stated)),
    )


def _type(one: Observation) -> Any:
    if one.numeric:
        return Annotated[float, Field(**_limits(one.impossible))] | str | Measured | Skipped
    return Literal[one.category_ids] | Skipped


def _limits(impossible: Interval) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if impossible.low is not None:
        found["ge" if impossible.low_included else "gt"] = float(impossible.low)
    if impossible.high is not None:
        found["le" if impossible.high_included else "lt"] = float(impossible.high)
    return found


def _says(one: Observation) -> str:
    """Title, unit, step and limits in words."""
    if not one.numeric:
        answers = ", ".join(f"{category.id}: {category.title}" for category in one.categories)
        return f"{one.title}. {answers}. Other accepted spellings are read too."
    parts = [f"{one.title}, in {number('', one.unit).strip()}", f"recorded in steps of {number(one.step)}"]
    if str(one.implausible) != "any":
        parts.append(f"a person is asked to confirm what is not {one.implausible}")
    if one.other_units:
        parts.append("also in " + ", ".join(unit.ucum for unit in one.other_units))
    return "; ".join(parts) + "." + (f" {one.note}" if one.note else "")
