"""What a chart's own bands would give a healthy cohort: each row against the published ranges, and the totals to expect.

The ranges stand in `rules/reference_ranges.toml`; the curves are those of `derive`. Shares are estimates for one cohort with independent signs,
so they can cast doubt on a row, and never prove one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mews_newtt.chart.derive import STANDARD, Sign, SplitNormal, signs
from mews_newtt.chart.model import Chart, Interval, Parameter, Table
from mews_newtt.errors import ChartError, Problem


def value_at(curve: SplitNormal, share: float) -> float:
    """The value below which this share of the cohort lies."""
    z = STANDARD.inv_cdf(share)
    return curve.median + z * (curve.sigma_low if z < 0 else curve.sigma_high)


def expected_points(table: Table, sign: Sign) -> dict[int, float]:
    """Points to the share of the cohort that a table gives them to, with half a recording step of continuity correction."""
    found: dict[int, float] = {}
    for band in table.bands:
        if band.interval is not None and band.points is not None:
            found[band.points] = found.get(band.points, 0.0) + _share(band.interval, sign)
    return dict(sorted(found.items()))


def expected_totals(chart: Chart, ranges: Mapping[str, Any]) -> dict[int, float]:
    """The total to the share of the cohort that has it, if the signs were independent.

    Of a row with several tables the first is taken that has a range of its own in the file, else its first table.

    Raises
    ------
    ChartError  a scored row that the ranges know nothing of
    """
    totals = {0: 1.0}
    for parameter, table, sign in held(chart, ranges):
        if table is not _first(parameter, ranges, chart):
            continue
        wider: dict[int, float] = {}
        for total, share in totals.items():
            for points, more in expected_points(table, sign).items():
                wider[total + points] = wider.get(total + points, 0.0) + share * more
        totals = wider
    return dict(sorted(totals.items()))


def held(chart: Chart, ranges: Mapping[str, Any]) -> list[tuple[Parameter, Table, Sign]]:
    """Each table of the chart's scored rows that can be compared with the ranges, with the curves of its period or of the whole sign."""
    known = {sign.id: sign for sign in signs(ranges)}
    missing = [p.id for p in chart.parameters if p.role == "scored" and p.id not in known]
    if missing:
        where, what = f"chart {chart.id} {chart.version}", f"the ranges have no entry for {', '.join(missing)}"
        raise ChartError(Problem("no_ranges", where, what, "add their ranges, or choose a chart whose scored rows they hold"))
    found: list[tuple[Parameter, Table, Sign]] = []
    for parameter in chart.parameters:
        if parameter.role == "scored":
            own = _own_ranges(chart, parameter, ranges)
            tables = [table for table in parameter.tables if not own or table.title in own]
            found += [(parameter, table, _narrowed(known[parameter.id], own.get(table.title), ranges)) for table in tables]
    return found


def describe(chart: Chart, ranges: Mapping[str, Any]) -> str:
    """Every row's shares, the values at the tails where a table has a range of its own, and the totals beside the published ones."""
    lines = []
    for parameter, table, sign in held(chart, ranges):
        title = f"{parameter.id}{f' ({table.title})' if table.title else ''}"
        shares = ", ".join(f"{points} to {share:.1%}" for points, share in expected_points(table, sign).items())
        lines.append(f"{title}: points {shares}")
        if table.title in _own_ranges(chart, parameter, ranges):
            tails = sorted({share for _, share in sign.tails} | {1 - share for _, share in sign.tails})
            values = ", ".join(f"{value_at(sign.curves[0], share):.1f} at {share:.0%}" for share in tails)
            lines.append(f"  the range of this period gives {values}")
    totals, published = expected_totals(chart, ranges), ranges.get("published_totals", {})
    lines.append("share of the cohort by total, signs taken as independent (published):")
    for total, share in published.get("at", {}).items():
        lines.append(f"  {total}: {totals.get(int(total), 0.0):.0%} ({share:.0%})")
    for least, share in published.get("at_least", {}).items():
        lines.append(f"  {least} or more: {sum(part for total, part in totals.items() if total >= int(least)):.0%} ({share:.0%})")
    return "\n".join(lines)


def _own_ranges(chart: Chart, parameter: Parameter, ranges: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = ranges.get("tables", {}).get(chart.id, {}).get(parameter.id, {})
    return found if any(table.title in found for table in parameter.tables) else {}


def _first(parameter: Parameter, ranges: Mapping[str, Any], chart: Chart) -> Table:
    own = _own_ranges(chart, parameter, ranges)
    return next((table for table in parameter.tables if table.title in own), parameter.tables[0])


def _narrowed(sign: Sign, one: Mapping[str, Any] | None, ranges: Mapping[str, Any]) -> Sign:
    """A sign with the curve of one range only."""
    if one is None:
        return sign
    settings = {"ranges": [one], "tails": [{"points": p, "share": s} for p, s in sign.tails], "sides": sign.sides, "step": sign.step}
    return signs({"outer_centiles": ranges["outer_centiles"], "signs": {sign.id: settings}})[0]


def _share(interval: Interval, sign: Sign) -> float:
    below_low = 0.0 if interval.low is None else 1 - sign.share_at_or_beyond(interval.low, "high")
    below_high = 1.0 if interval.high is None else sign.share_at_or_beyond(interval.high, "low")
    return below_high - below_low
