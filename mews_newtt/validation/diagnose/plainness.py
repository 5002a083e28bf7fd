"""Which of several faults that fit equally well is the plainest: it is named first."""

from __future__ import annotations

from mews_newtt.validation.faults import KINDS, REACH, Fault

ORDER = {kind: float(rank) for rank, kind in enumerate(KINDS)}
ALWAYS_THE_SAME = ("level_fixed", "total_fixed")
FAR = ORDER["parameter_ignored"] + 0.5  # an edge far away is less plain than a whole band that gives something else


def plainness(fault: Fault) -> tuple[float, float]:
    """Smaller is plainer: the number of faults, then the kind, then how much is changed."""
    if fault.joined:
        return (float(len(fault.joined)) * 1000, sum(plainness(each)[0] for each in fault.joined))
    if fault.kind == "edge_moved":
        return (ORDER["edge_moved"] if abs(fault.by) <= REACH else FAR, float(abs(fault.by)))
    if fault.kind == "band_worth":
        return (ORDER["band_worth"], float(not _like_another_band(fault)))
    if fault.kind in ALWAYS_THE_SAME:
        return (-1.0, 0.0)  # whatever else fits, this is what every row shows
    if fault.kind == "range_worth":
        return (ORDER["range_worth"] + fault.by / 100, 0.0)
    return (ORDER[fault.kind], 0.0)


def _like_another_band(fault: Fault) -> bool:
    """Whether a changed band gives what another band of the chart gives: the same points in the same zone."""
    site, chart = fault.site, fault.chart
    if site is None or site.table is None or site.band is None or not chart.zones:
        return True
    bands = chart.by_id[site.parameter].tables[site.table].bands
    own = bands[site.band]
    others = (band for parameter in chart.parameters for table in parameter.tables for band in table.bands if band is not own)
    return any(chart.severity(band) == chart.severity(own) for band in others)
