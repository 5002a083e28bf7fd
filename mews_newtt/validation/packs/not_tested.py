"""What a pack cannot show, in sentences: the pack's files, the page and the terminal say it."""

from __future__ import annotations

from collections.abc import Sequence

from mews_newtt.scoring.wording import count
from mews_newtt.validation.faults import NOT_IN_SINGLE_SETS, Fault

UNITS = "readings in another unit with the unit stated: a pack states no units"
OF_MEMORY = frozenset(("row_before", "carried_forward", "averaged"))  # kinds that a series of one person shows


def not_tested(*, finer: int = 0, no_room: int = 0, memory: Sequence[Fault] | None) -> list[str]:
    """The sentences for one pack.

    Parameters
    ----------
    finer : faults that no set with recordable readings showed, of a pack that holds no finer readings
    no_room : faults that the full pack shows, and for which a pack of few cases had no room
    memory : the faults of memory that the series of the pack does not show; None where the pack has no series
    """
    found = [UNITS]
    if finer:
        faults = "1 fault that shows" if finer == 1 else f"{finer} faults that show"
        found.append(f"{faults} only in readings finer than recorded, such as rounding before scoring: the full pack has such readings")
    if no_room:
        found.append(f"{count(no_room, 'fault')} more that the full pack shows: so few cases have no room for them")
    if memory is None:
        found.append("faults of memory: this pack has no series of sets of one person, as the full pack has")
    for kind, says in NOT_IN_SINGLE_SETS.items():
        if memory is None or kind not in OF_MEMORY:
            found.append(says)
    rows = list(dict.fromkeys(name.replace("_", " ") for fault in memory or () for name in fault.parameters))
    return [*found, *([f"faults of memory in these rows, which the series of one person does not show: {', '.join(rows)}"] if rows else [])]
