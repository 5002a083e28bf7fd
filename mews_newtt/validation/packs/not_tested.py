"""What a pack cannot show, in sentences: the pack's files, the page and the terminal say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mews_newtt.validation.packs.memory import MemoryFault

UNITS = "readings in another unit with the unit stated: a pack states no units"
ELSEWHERE: Mapping[str, str] = {  # kinds of fault that no set and no series of one person can show
    "wards": "faults of one ward, one site or one device: the cases come from nowhere",
    "times": "faults of some dates or hours, of time zones, and of sets that arrive late or twice",
    "persons": "readings of one person that end in the sets of another",
}
MEMORY = "faults of memory (readings or answers carried over from earlier sets): a full pack has a series that shows them"


def not_tested(*, finer: int, series: bool, memory: Sequence[MemoryFault] = ()) -> list[str]:
    """The sentences for one pack.

    Parameters
    ----------
    finer : faults that no set with recordable readings showed, of a pack that holds no finer readings
    series : whether the pack has a series of one person; memory: the faults of memory that the series does not show
    """
    found = [UNITS]
    if finer:
        faults = "1 fault that shows" if finer == 1 else f"{finer} faults that show"
        found.append(f"{faults} only in readings finer than recorded, such as rounding before scoring: the full pack has such readings")
    if not series:
        found.append(MEMORY)
    found += [f"a platform that remembers earlier sets in this way: {fault.words}" for fault in memory if series]
    return [*found, *ELSEWHERE.values()]
