"""Which of several faults that fit equally well is the plainest: it is named first."""

from __future__ import annotations

from mews_newtt.validation.faults import KINDS, REACH, Fault

ORDER = {kind: float(rank) for rank, kind in enumerate(KINDS)}
FAR = ORDER["parameter_ignored"] + 0.5  # an edge far away is less plain than a whole band that gives something else


def plainness(fault: Fault) -> tuple[float, float]:
    """Smaller is plainer: the number of faults, then the kind, then how much is changed."""
    if fault.joined:
        return (float(len(fault.joined)) * 1000, sum(plainness(each)[0] for each in fault.joined))
    if fault.kind == "edge_moved":
        return (ORDER["edge_moved"] if abs(fault.by) <= REACH else FAR, float(abs(fault.by)))
    if fault.kind == "range_worth":
        return (ORDER["range_worth"] + fault.by / 100, 0.0)
    return (ORDER[fault.kind], 0.0)
