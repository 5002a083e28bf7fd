"""From published reference ranges to the bounds of a working chart; this module holds no clinical number.

How: each range (median and two outer centiles) becomes a split-normal curve, with its own spread below and above the
median; the ranges of a sign are mixed with equal weight; a bound is the recordable value whose tail, with half a
recording step of continuity correction, comes closest to the share wanted. Run `mews-newtt derive`.

The ranges, shares and steps are in `rules/reference_ranges.toml`. Shares are estimates, so they are plain floats;
bounds are recordable values and stay exact decimals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist
from typing import Any, NamedTuple

from mews_newtt.chart.builtin import builtin_rules
from mews_newtt.chart.model import Band, Chart, Interval, Observation, Parameter, Source, Table
from mews_newtt.chart.toml import read_toml
from mews_newtt.errors import ChartError, Problem

STANDARD = NormalDist()
RANGES_FILE = "reference_ranges.toml"


class SplitNormal(NamedTuple):
    """A curve with one spread below its median and another above it."""

    median: float
    sigma_low: float
    sigma_high: float

    def share_below(self, value: float) -> float:
        sigma = self.sigma_low if value < self.median else self.sigma_high
        return STANDARD.cdf((value - self.median) / sigma)


class Sign(NamedTuple):
    """One vital sign: its recording step, the curves mixed with equal weight, the tails that give points."""

    id: str
    step: Decimal
    curves: tuple[SplitNormal, ...]
    tails: tuple[tuple[int, float], ...]  # (points, share of the cohort), fewest points first
    sides: tuple[str, ...]  # "low", "high"

    def share_at_or_beyond(self, value: Decimal, side: str) -> float:
        """The share of the cohort whose recorded value is this one or further out on that side."""
        half = self.step / 2
        edge = float(value + half if side == "low" else value - half)
        below = sum(curve.share_below(edge) for curve in self.curves) / len(self.curves)
        return below if side == "low" else 1 - below


class Bound(NamedTuple):
    """From this recorded value on, outwards, a sign gives these points; share is what the bound really cuts off."""

    side: str
    points: int
    value: Decimal
    share: float
    step: Decimal = Decimal(1)


def read_ranges(path: Path) -> dict[str, Any]:
    """A reference ranges file, decimals kept exact; a ChartError with every fault if it is none."""
    problems: list[Problem] = []
    content = read_toml(path, problems) or {}
    if not problems:
        problems += _faults(content, str(path))
    if problems:
        raise ChartError(problems)
    return content


def _faults(content: Mapping[str, Any], place: str) -> list[Problem]:
    """What keeps a ranges file from being read."""
    found = []

    def fault(where: str, what: str, mend: str) -> None:
        found.append(Problem("bad_ranges", f"{place}, {where}", what, mend))

    centiles = content.get("outer_centiles")
    if not (
        isinstance(centiles, list) and len(centiles) == 2 and all(map(_is_number, centiles)) and 0 < float(centiles[0]) < 0.5 < float(centiles[1]) < 1
    ):
        fault("outer_centiles", f"is {centiles!r}", "write the two centiles of low and high as shares, such as [0.03, 0.97]")
    table = content.get("signs")
    if not isinstance(table, dict) or not table:
        fault("signs", "has no signs", "write a table [signs.<parameter>] for each")
        return found
    for name, sign in table.items():
        if not (isinstance(sign, dict) and _is_number(sign.get("step")) and sign["step"] > 0):
            fault(f"signs.{name}, step", "is not a recording step", "write the smallest recordable difference")
            continue
        for number, one in enumerate(_listed(sign.get("ranges")), start=1):
            known = isinstance(one, dict) and all(_is_number(one.get(key)) for key in ("median", "low", "high"))
            if not known or not one["low"] < one["median"] < one["high"]:
                fault(
                    f"signs.{name}, ranges[{number}]", f"is {one!r}", "write { median = ..., low = ..., high = ... }, low under the median under high"
                )
        tails = _listed(sign.get("tails"))
        before = len(found)
        for number, tail in enumerate(tails, start=1):
            whole = isinstance(tail, dict) and isinstance(tail.get("points"), int) and tail["points"] > 0 and _is_number(tail.get("share"))
            if not whole or not 0 < float(tail["share"]) < 0.5:
                fault(f"signs.{name}, tails[{number}]", f"is {tail!r}", "write { points = ..., share = ... }, the share between 0 and 0.5")
        if len(found) == before:
            ordered = sorted(tails, key=lambda tail: int(tail["points"]))
            for fewer, more in pairwise(ordered):
                if fewer["points"] == more["points"] or fewer["share"] <= more["share"]:
                    what = f"{more['points']} points for {more['share']} of the cohort, and {fewer['points']} for {fewer['share']}"
                    fault(f"signs.{name}, tails", what, "give more points to a smaller share; check whether the tails are swapped")
        sides = sign.get("sides")
        if not (isinstance(sides, list) and sides and all(side in ("low", "high") for side in sides) and len(set(sides)) == len(sides)):
            fault(f"signs.{name}, sides", f"is {sign.get('sides')!r}", 'write ["low", "high"], or one of them')
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool) and Decimal(value).is_finite()


def _listed(value: Any) -> list[Any]:
    """The items of a list; one empty item, which is a fault, where there are none."""
    return value if isinstance(value, list) and value else [{}]


def signs(ranges: Mapping[str, Any]) -> list[Sign]:
    """The signs of a reference ranges file as curves."""
    z_low, z_high = (STANDARD.inv_cdf(float(centile)) for centile in ranges["outer_centiles"])
    found = []
    for name, sign in ranges["signs"].items():
        curves = tuple(
            SplitNormal(
                float(one["median"]),
                float(one["low"] - one["median"]) / z_low,
                float(one["high"] - one["median"]) / z_high,
            )
            for one in sign["ranges"]
        )
        tails = tuple(sorted((tail["points"], float(tail["share"])) for tail in sign["tails"]))
        found.append(Sign(name, Decimal(sign["step"]), curves, tails, tuple(sign["sides"])))
    return found


def derive_bounds(sign: Sign) -> list[Bound]:
    """The bounds of one sign, each side from the fewest points outwards."""
    found = []
    for side in sign.sides:
        for points, share in sign.tails:
            value = _closest(sign, side, share)
            found.append(Bound(side, points, value, sign.share_at_or_beyond(value, side), sign.step))
    return found


def _closest(sign: Sign, side: str, share: float) -> Decimal:
    """Walk outwards from the middle while the tail comes closer to the share: it only ever shrinks, so this finds the best."""
    outwards = -sign.step if side == "low" else sign.step
    middle = sum(curve.median for curve in sign.curves) / len(sign.curves)
    value = round(middle / float(sign.step)) * sign.step
    miss = abs(sign.share_at_or_beyond(value, side) - share)
    while (further := abs(sign.share_at_or_beyond(value + outwards, side) - share)) < miss:
        value, miss = value + outwards, further
    return value


def points_distribution(bounds: Sequence[Bound]) -> dict[int, float]:
    """Points of one sign to the share of the cohort that gets them."""
    at_least: dict[int, float] = {0: 1.0}
    for bound in bounds:
        at_least[bound.points] = at_least.get(bound.points, 0.0) + bound.share
    steps = sorted(at_least)
    return {points: at_least[points] - (at_least[steps[place]] if place < len(steps) else 0.0) for place, points in enumerate(steps, start=1)}


def total_distribution(bounds_by_sign: Mapping[str, Sequence[Bound]]) -> dict[int, float]:
    """The total to the share of the cohort that has it, if the signs were independent."""
    totals = {0: 1.0}
    for bounds in bounds_by_sign.values():
        wider: dict[int, float] = {}
        for total, share in totals.items():
            for points, more in points_distribution(bounds).items():
                wider[total + points] = wider.get(total + points, 0.0) + share * more
        totals = wider
    return dict(sorted(totals.items()))


def describe(ranges: Mapping[str, Any]) -> str:
    """Bounds and distribution as text, with the published distribution beside it."""
    bounds = {sign.id: derive_bounds(sign) for sign in signs(ranges)}
    lines = []
    for name, found in bounds.items():
        says = [f"{bound.points} at {'<=' if bound.side == 'low' else '>='} {bound.value} ({bound.share:.1%})" for bound in found]
        unit = ranges["signs"][name].get("unit")
        lines.append(f"{name}{f' {unit}' if unit else ''}: " + ", ".join(says))
    totals = total_distribution(bounds)
    published = ranges.get("published_totals", {})
    at, at_least = ({int(total): share for total, share in published.get(key, {}).items()} for key in ("at", "at_least"))
    lines.append("share of the cohort by total, signs taken as independent" + (" (published):" if published else ":"))
    for total, share in totals.items():
        if total in at or not published:
            lines.append(f"  {total}: {share:.1%}" if not published else f"  {total}: {share:.0%} ({at[total]:.0%})")
    for least, share in at_least.items():
        beyond = sum(part for total, part in totals.items() if total >= least)
        lines.append(f"  {least} or more: {beyond:.0%} ({share:.0%})")
    return "\n".join(lines)


class Derived(NamedTuple):
    """A chart made from ranges, and the scored parameters of the pattern that the ranges know nothing of."""

    chart: Chart
    left_out: tuple[str, ...]


def derive_chart(
    ranges: Mapping[str, Any],
    like: Chart,
    observations: Mapping[str, Observation],
    *,
    id: str | None = None,
    version: str | None = None,
    title: str | None = None,
) -> Derived:
    """A centile chart of the ranges, in the frame of another chart: its triggers, levels, scope and groups.

    Parameters
    ----------
    ranges : a reference ranges file, as `read_ranges` gives it
    like : the chart whose frame is taken; its scored numeric parameters are replaced by the signs of the ranges
    observations : what can be observed, by id
    id, version, title : of a chart for another cohort; left out, they are those of the frame

    Returns
    -------
    The chart, status `derived`, and what was left out because the ranges have no such sign. Its checks are for the caller.

    Source
    ------
    The method is that of the file's sources; no number of it lives in this function.
    """
    cited = str(ranges.get("ranges_source") or "")
    sources = tuple(Source(s.get("id", ""), s.get("cite", ""), s.get("took", ""), s.get("doi")) for s in ranges.get("sources", ()))
    require_fit(ranges, observations)
    made = {sign.id: sign for sign in signs(ranges)}
    numeric = [p.id for p in like.parameters if p.role == "scored" and p.observation.numeric]
    left_out = tuple(name for name in numeric if name not in made)
    derived = {name: Parameter(observations[name], "scored", True, cited, (Table(_bands(derive_bounds(sign))),)) for name, sign in made.items()}
    kept = [p if p.id not in numeric else derived[p.id] for p in like.parameters if p.id not in left_out]
    added = [parameter for name, parameter in derived.items() if name not in numeric]
    ours = id is None or id == like.id
    chart = replace(
        like,
        id=id or like.id,
        version=version or like.version,
        title=title or like.title,
        short_title=like.short_title if ours else title or str(id),
        status="derived",
        aliases=like.aliases if ours else (),
        parameters=(*kept[: len(kept) - _tail(kept)], *added, *kept[len(kept) - _tail(kept) :]),
        groups=tuple(group for group in like.groups if not set(group.parameters) & set(left_out)),
        effective_from=like.effective_from if ours else None,
        supersedes=like.supersedes if ours else None,
        snomed_total=like.snomed_total if ours else None,
        origin="",
    )
    if not ours:
        says = "Computed from reference ranges of another cohort by the published method; nobody's chart."
        notes = (f"Frame (triggers, levels, scope) of {like.id} {like.version}; bounds by `mews-newtt derive`.",)
        chart = replace(chart, status_says=says, notes=notes, known_missing=())
    used = {p.source for p in chart.parameters} | {level.source for level in chart.levels}
    used |= {group.source for group in chart.groups} | {rule.source for rule in chart.scope}
    known: dict[str, Source] = {}
    for source in (*like.sources, *sources) if ours else (*sources, *like.sources):
        known.setdefault(source.id, source)
    sources = tuple(source for name, source in known.items() if name in used)
    return Derived(replace(chart, sources=sources), left_out)


def require_fit(ranges: Mapping[str, Any], observations: Mapping[str, Observation]) -> None:
    """Raise a ChartError if a sign is not measured as its observation is, or cannot be measured at all."""
    found = []
    for name, sign in ranges["signs"].items():
        observation, unit = observations.get(name), sign.get("unit")
        if observation is None or not observation.numeric:
            found.append(Problem("bad_ranges", f"signs.{name}", "is not a numeric observation", "name one of parameters.toml"))
            continue
        if observation.step != sign["step"]:
            found.append(Problem("bad_ranges", f"signs.{name}, step", f"is {sign['step']}", f"write {observation.step}, in which it is recorded"))
        if unit is not None and unit != observation.unit:
            found.append(Problem("bad_ranges", f"signs.{name}, unit", f"is {unit}", f"give the ranges in {observation.unit}"))
        for number, one in enumerate(sign["ranges"], start=1):
            beyond = [one[key] for key in ("low", "median", "high") if not observation.impossible.contains(Decimal(one[key]))]
            if beyond:
                mend = f"check the number and its unit; possible is {observation.impossible}"
                found.append(Problem("bad_ranges", f"signs.{name}, ranges[{number}]", f"{beyond[0]} cannot be measured", mend))
    if found:
        raise ChartError(found)


def _tail(parameters: Sequence[Parameter]) -> int:
    """How many parameters at the end are not scored: new signs go before them."""
    count = 0
    for parameter in reversed(parameters):
        if parameter.role == "scored":
            break
        count += 1
    return count


def _bands(bounds: Sequence[Bound]) -> tuple[Band, ...]:
    """Bounds as the bands of a table, lowest first, printed as charts print them."""
    low = sorted((bound for bound in bounds if bound.side == "low"), key=lambda bound: bound.value)
    high = sorted((bound for bound in bounds if bound.side == "high"), key=lambda bound: bound.value)
    edges = [*((bound.value, bound.points) for bound in low), (None, 0)]
    found = []
    start: Decimal | None = None
    for value, points in edges:  # each low bound is the top of its band
        end = value if value is not None else (high[0].value - high[0].step if high else None)
        found.append(_printed(start, end, points))
        start = end + bounds[0].step if end is not None else None
    for place, bound in enumerate(high):
        end = high[place + 1].value - bound.step if place + 1 < len(high) else None
        found.append(_printed(bound.value, end, bound.points))
    return tuple(found)


def _printed(low: Decimal | None, high: Decimal | None, points: int) -> Band:
    says = f"≤{high}" if low is None else f"≥{low}" if high is None else str(low) if low == high else f"{low}-{high}"
    return Band(interval=Interval(low, True, high, True), points=points, printed=says)


def main() -> None:
    """Print bounds and totals of the ranges that come with the package; `mews-newtt derive` does more."""
    print(describe(read_ranges(builtin_rules() / RANGES_FILE)))


if __name__ == "__main__":
    main()
