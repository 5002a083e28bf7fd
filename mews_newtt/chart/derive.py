"""From published reference ranges to the bounds of a working chart; no clinical number stands here.

How: each range (median and two outer centiles) becomes a split-normal curve, with its own spread below and above the
median; the ranges of a sign are mixed with equal weight; a bound is the recordable value whose tail, with half a
recording step of continuity correction, comes closest to the share wanted. Run `python -m mews_newtt.chart.derive`.

The ranges, shares and steps are in `rules/reference_ranges.toml`. Shares are estimates, so they are plain floats;
bounds are recordable values and stay exact decimals.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from statistics import NormalDist
from typing import Any, NamedTuple

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


def read_ranges(path: Path) -> dict[str, Any]:
    """A reference ranges file, decimals kept exact."""
    return tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)


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
            found.append(Bound(side, points, value, sign.share_at_or_beyond(value, side)))
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
    """The total to the share of the cohort that has it, were the signs independent."""
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
        lines.append(f"{name} {ranges['signs'][name]['unit']}: " + ", ".join(says))
    totals = total_distribution(bounds)
    published = ranges["published_totals"]
    lines.append("share of the cohort by total, signs taken as independent (published):")
    lines += [f"  {total}: {totals[int(total)]:.0%} ({share:.0%})" for total, share in published["at"].items()]
    for least, share in published["at_least"].items():
        beyond = sum(part for total, part in totals.items() if total >= int(least))
        lines.append(f"  {least} or more: {beyond:.0%} ({share:.0%})")
    return "\n".join(lines)


def main() -> None:
    from mews_newtt.chart.catalogue import builtin_rules

    print(describe(read_ranges(builtin_rules() / RANGES_FILE)))


if __name__ == "__main__":
    main()
