"""A made-up month of two wards, made from the chart itself: `python examples/episodes/month.py FILE [CHART] [PEOPLE]`.

Every reading is drawn from a band of the chart, so no clinical number is written here. The same chart gives the same file. Nobody in it exists.
Ward B falls behind for a week. Three people have a story: made-up-1 stays well, made-up-2 gets worse while a set comes late, and
made-up-3 has a set without a reading, an entry that was corrected, and no set after that.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from mews_newtt import load_chart, score
from mews_newtt.chart.model import Band, Chart, Parameter, Table

START, DAYS = datetime(2026, 11, 2, 6, 0), 28
BEHIND = (START + timedelta(days=14), START + timedelta(days=21))  # when ward B is late
HEAD = ("patient_id", "ward", "set_id", "observed_at", "recorded_at", "reviewed_at", "void")
USUAL = timedelta(hours=6)  # where the chart gives no time to the next set
BEYOND = 6  # recording steps into a band without an end
Row = dict[str, object]


class Person:
    """Somebody made up. away: how many bands each row of the chart is from its best one, now."""

    def __init__(self, name: str, chart: Chart, rng: Random):
        self.name, self.chart, self.rng = name, chart, rng
        self.upward = {p.id: rng.random() < 0.7 for p in chart.parameters}  # whether readings get worse by rising

    def readings(self, worse: int) -> Row:
        """A set in which so many rows are one or two bands from their best one."""
        rows = [p for p in self.chart.parameters if p.role != "recorded" and p.required]
        bad = set(self.rng.sample([p.id for p in rows], min(worse, len(rows))))
        given: Row = {**contexts(self.chart)}
        for p in rows:
            table = next(t for t in p.tables if all(isinstance(wanted, frozenset) and given.get(name) in wanted for name, wanted in t.when))
            given[p.id] = self.reading(p, table, self.rng.choice((1, 1, 2)) if p.id in bad else 0)
        return given

    def reading(self, p: Parameter, table: Table, away: int) -> object:
        bands = list(table.bands)
        if not p.observation.numeric:
            ordered = sorted(bands, key=self.chart.severity)
            return self.rng.choice(ordered[min(away, 1, len(ordered) - 1)].categories)
        least = bands.index(best(self.chart, table))
        place = least + away if self.upward[p.id] else least - away
        band = bands[min(max(place, 0), len(bands) - 1)]
        assert band.interval is not None, "a numeric row has ranges"
        step, possible = Decimal(p.observation.step), p.observation.impossible
        edges = [edge for edge in (band.interval.low, band.interval.high) if edge is not None]
        low = min(edges) if band.interval.low is not None else max(edges[0] - BEYOND * step, possible.low or edges[0])
        high = max(edges) if band.interval.high is not None else min(edges[0] + BEYOND * step, possible.high or edges[0])
        return low + step * self.rng.randint(0, int((high - low) / step))


def contexts(chart: Chart) -> dict[str, str]:
    """The answers that choose the first table of every row of the chart: they are the same for everybody."""
    found: dict[str, str] = {}
    for p in chart.parameters:
        for name, wanted in p.tables[0].when if p.tables else ():
            if isinstance(wanted, frozenset) and (chart.by_id[name].role == "recorded"):
                found.setdefault(name, min(wanted))
    return found


def best(chart: Chart, table: Table) -> Band:
    return min(table.bands, key=chart.severity)


def course(person: Person, ward: str, start: datetime, plan: list[int], late: dict[int, timedelta]) -> Iterator[Row]:
    """One set after another: `plan` says how many rows are worse in each, `late` which sets come how much too late."""
    chart, rng, taken = person.chart, person.rng, start
    for number, worse in enumerate(plan):
        given = person.readings(worse)
        level = score(chart, given).level
        rank = chart.level_rank[level or chart.levels[0].id]
        row: Row = {"patient_id": person.name, "ward": ward, "set_id": number + 1, "observed_at": taken, **given}
        row["recorded_at"] = taken + timedelta(minutes=rng.choice((1, 2, 2, 3, 5, 25)))
        if rank > 0:
            row["reviewed_at"] = taken + timedelta(minutes=rng.randint(5, 40) * (1 if rank > 1 else 2))
        yield row
        wait = chart.levels[rank].reobserve
        hours = timedelta(minutes=wait.within_minutes) if wait is not None and wait.within_minutes else USUAL if not rank else timedelta(hours=1)
        taken += hours - timedelta(minutes=rng.randint(0, 15)) + late.get(number + 1, timedelta())


def month(chart: Chart, people: int) -> Iterator[Row]:
    """The rows of everybody, person by person."""
    rng = Random(20261102)
    yield from course(Person("made-up-1", chart, rng), "A", START + timedelta(days=12), [0, 0, 0, 1, 0, 0, 0], {})
    yield from course(Person("made-up-2", chart, rng), "B", START + timedelta(days=15), [0, 0, 1, 2, 4, 5, 5, 3, 2, 1, 0, 0], {4: timedelta(hours=3)})
    yield from third(chart, rng)
    for number in range(4, people + 1):
        ward = rng.choice("AB")
        start = START + timedelta(minutes=rng.randrange((DAYS - 3) * 24 * 60))
        plan, worse = list[int](), 0
        for _ in range(rng.randint(6, 16)):
            worse = max(0, min(4, worse + rng.choice((-2, -1, 0, 0, 0, 1))))
            plan.append(worse)
        for row in course(Person(f"made-up-{number}", chart, rng), ward, start, plan, lateness(rng, ward, start, len(plan))):
            if rng.random() < 0.06:
                row[rng.choice([p.id for p in chart.parameters if p.role == "scored" and p.required])] = ""
            yield row


def lateness(rng: Random, ward: str, start: datetime, sets: int) -> dict[int, timedelta]:
    """Which sets come late: some, and many where ward B is behind."""
    behind = ward == "B" and BEHIND[0] - timedelta(days=1) <= start < BEHIND[1]
    share = 0.55 if behind else 0.12
    return {number: timedelta(minutes=rng.randint(20, 150)) for number in range(2, sets + 1) if rng.random() < share}


def third(chart: Chart, rng: Random) -> Iterator[Row]:
    """Somebody with a slip of the pen that is corrected, a missing reading, and no set after that."""
    rows = list(course(Person("made-up-3", chart, rng), "A", START + timedelta(days=26), [0, 1, 0, 0], {}))
    numeric = next(p.id for p in chart.parameters if p.role == "scored" and p.observation.numeric and p.required)
    slip = Person("made-up-3", chart, rng).readings(len(chart.parameters))
    taken = rows[2]["recorded_at"]
    assert isinstance(taken, datetime), "rows have times"
    yield from rows[:2]
    yield {**rows[2], numeric: slip[numeric]}
    yield {**rows[2], "recorded_at": taken + timedelta(minutes=14)}
    yield {**rows[3], numeric: ""}


def main(path: Path, chart: Chart, people: int) -> None:
    end = START + timedelta(days=DAYS)
    kept = (row for row in month(chart, people) if str(row["recorded_at"]) < str(end))
    rows = sorted(kept, key=lambda row: (str(row["recorded_at"]), str(row["patient_id"])))
    names = [*HEAD, *(p.id for p in chart.parameters if any(p.id in row for row in rows))]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as out:
        lines = csv.DictWriter(out, names, restval="", lineterminator="\n")
        lines.writeheader()
        lines.writerows({name: f"{cell:%Y-%m-%d %H:%M}" if isinstance(cell, datetime) else cell for name, cell in row.items()} for row in rows)


if __name__ == "__main__":
    given = [*sys.argv[1:], *("demo-output/month.csv", "news2", "60")[len(sys.argv) - 1 :]]
    main(Path(given[0]), load_chart(given[1]), int(given[2]))
