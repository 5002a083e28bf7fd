"""Which kinds of fault single observation sets can never show, in words: a test pack of single sets names them under "not tested"."""

from __future__ import annotations

# By kind. The last three are no kinds of fault: any fault may be there in some rows only.
NOT_IN_SINGLE_SETS: dict[str, str] = {
    "row_before": "a row that gets the readings or the answers of the row before or after it: it needs several rows in their order",
    "carried_forward": "a missing reading filled with an earlier one: it needs several sets of one person",
    "averaged": "the mean of a reading and those before it: it needs several sets of one person",
    "sorted": "totals sorted by themselves: it needs several rows in their order",
    "stale": "a partial set that shows the answers of an earlier one: it needs several sets of one person",
    "held": "a total or a level that never falls: it needs several sets of one person",
    "corrected_late": "a correction that changes no answer: it needs two versions of one set",
    "levels_from_total": "levels by totals of the platform's own: it needs many totals with their levels",
    "points_exchanged": "the points of two rows exchanged beside a right total: it needs the points of each row, and not only total and level",
    "missing_shown_as_normal": "0 points shown for a missing reading: it needs the points of each row, and not only total and level",
    "within_one_place": "a fault in one ward, site or device only: it needs rows from every place",
    "within_a_time": "a fault between two dates only: it needs rows from every time",
    "within_one_interface": "a fault in readings that come by another route than the pack, such as a monitor: the pack must take that route",
}
