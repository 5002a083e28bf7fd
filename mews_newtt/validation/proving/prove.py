"""`prove`: holds every engine to the reference on the combinations of a chart's classes, and counts what was compared with what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mews_newtt import __version__
from mews_newtt.chart.model import Chart
from mews_newtt.engines import ENGINES
from mews_newtt.engines.base import STATUSES
from mews_newtt.errors import FileError, Problem
from mews_newtt.validation.proving.recorded import words
from mews_newtt.validation.proving.scorers import (
    NUMBERS,
    REFERENCE,
    TEXT,
    Columns,
    Difference,
    Encoder,
    by_engine,
    by_reference,
    difference,
    differing,
)
from mews_newtt.validation.proving.sets import Places, Sets

MOST = 12_000_000  # combinations of one chart that are all tried
SAMPLE = 300_000  # sets drawn at random
REFERENCE_MOST = 1_000_000  # sets of each part that the reference scores too
SHOWN = 5  # differences that are kept of one chart
Progress = Callable[[int, float | None], None]


@dataclass
class Part:
    """The sets of one kind: how many there are, of which status, how many the reference scored too, and for how many two scorers differ."""

    name: str
    sets: int = 0
    complete: int = 0
    partial: int = 0
    refused: int = 0
    by_reference: int = 0
    differences: int = 0

    def to_dict(self) -> dict[str, Any]:
        counts = {status: getattr(self, status) for status in STATUSES}
        return {"part": self.name, "sets": self.sets, **counts, "by_reference": self.by_reference, "differences": self.differences}


@dataclass
class Proof:
    """What was tried of one chart, and the first sets for which two scorers differ."""

    chart: Chart
    engines: tuple[str, ...]
    seed: int
    most: int
    combinations: int  # of all classes that do not refuse the set
    alike: int  # of the groups of classes that count alike
    parts: list[Part] = field(default_factory=list)
    shown: list[Difference] = field(default_factory=list)

    @property
    def differences(self) -> int:
        return sum(part.differences for part in self.parts)

    def to_dict(self) -> dict[str, Any]:
        return {
            "chart": f"{self.chart.id}@{self.chart.version}",
            "sha256": self.chart.sha256,
            "software": __version__,
            "engines": list(self.engines),
            "seed": self.seed,
            "most": self.most,
            "combinations": self.combinations,
            "combinations_alike": self.alike,
            "parts": [part.to_dict() for part in self.parts],
            "differences": self.differences,
            "shown": [one.to_dict() for one in self.shown],
        }

    @property
    def says(self) -> list[str]:
        return words(self.to_dict())


class _Plan(NamedTuple):
    """One part that is to be tried."""

    name: str
    kinds: tuple[str, ...]
    sets: Callable[[], Iterator[Places]]
    amount: int


def prove(
    chart: Chart,
    *,
    engines: Sequence[str] = ENGINES,
    most: int = MOST,
    sample: int = SAMPLE,
    reference: int = REFERENCE_MOST,
    seed: int = 0,
    progress: Progress | None = None,
) -> Proof:
    """Score the combinations of a chart's classes by every engine and by the reference, and compare every result column.

    Parameters
    ----------
    engines : which engines; each is asked with points and without
    most : try every combination where there are at most so many: of all classes, else of the classes that count alike
    sample : how many sets are drawn at random besides
    reference : how many sets of each part the reference scores too; where a part has more, those are drawn at random
    seed : of what is drawn
    progress : called with the number of sets that are done, and the share

    Source
    ------
    docs/decisions/0016-every-combination.md says why these sets are enough, and for what they are not.
    """
    _refuse(engines, most, sample, reference)
    sets = Sets(chart)
    every, alike = (prod(len(choice) for choice in choices) for choices in (sets.scorable, sets.alike))
    found = Proof(chart, tuple(engines), seed, most, every, alike)
    encoder = Encoder(chart, sets.tried)
    plans = _plans(sets, most, sample, seed)
    total, done = sum(plan.amount * len(plan.kinds) for plan in plans), 0
    for number, plan in enumerate(plans):
        part = Part(plan.name)
        found.parts.append(part)
        share = min(1.0, reference / max(1, plan.amount * len(plan.kinds)))
        random = np.random.default_rng([seed, number])
        for places in plan.sets():
            for kind in plan.kinds:
                held = places if kind == TEXT else places[:, encoder.fits(places)]
                if not held.shape[1]:
                    continue
                asked = np.flatnonzero(random.random(held.shape[1]) < share) if share < 1 else np.arange(held.shape[1])
                _compare(found, part, encoder, held, kind, asked)
                done += held.shape[1]
                if progress is not None:
                    progress(done, min(1.0, done / total))
    return found


def _plans(sets: Sets, most: int, sample: int, seed: int) -> list[_Plan]:
    found = [
        _Plan("values", (NUMBERS, TEXT), sets.values, _amount(sets.values())),
        _Plan("pairs", (NUMBERS,), sets.pairs, _amount(sets.pairs())),
        _Plan("orders", (NUMBERS,), sets.orders, _amount(sets.orders())),
    ]
    for name, choices in (("classes", sets.scorable), ("alike", sets.alike)):
        amount = prod(len(choice) for choice in choices)
        if amount <= most:
            found.append(_Plan(name, (NUMBERS,), lambda choices=choices: sets.product(choices), amount))  # type: ignore[misc]
            break
    found.append(_Plan("drawn", (NUMBERS,), lambda: sets.drawn(sample, seed), sample))
    return [plan for plan in found if plan.amount]


def _amount(blocks: Iterator[Places]) -> int:
    return sum(block.shape[1] for block in blocks)


def _compare(found: Proof, part: Part, encoder: Encoder, places: Places, kind: str, asked: npt.NDArray[np.int64]) -> None:
    """Score one chunk by all, and keep the sets for which they differ. `asked`: the sets that the reference scores."""
    chart, table = found.chart, encoder.table(places, kind)
    scored: dict[str, Columns] = {}
    for engine in found.engines:
        for points in (True, False):
            scored[engine if points else f"{engine} without points"] = by_engine(chart, engine, table, points)
    first = scored[found.engines[0]]
    bad = np.zeros(places.shape[1], np.bool_)
    for columns in list(scored.values())[1:]:
        bad |= differing(first, columns)
    if len(asked):
        defined = by_reference(chart, encoder.rows(places[:, asked], kind), first)
        bad[asked] |= differing({name: column.take(asked) for name, column in first.items()}, defined)
    part.sets += places.shape[1]
    statuses = first["score_status"]
    for status, many in zip(statuses.dictionary.to_pylist(), np.bincount(statuses.indices.to_numpy(), minlength=len(STATUSES)).tolist(), strict=True):
        setattr(part, status, getattr(part, status) + many)
    part.by_reference += len(asked)
    part.differences += int(bad.sum())
    for place in np.flatnonzero(bad)[: SHOWN - len(found.shown)].tolist():
        one = places[:, [place]]
        answers: dict[str, Columns] = {}
        for who, columns in scored.items():
            answers[who] = {name: column.slice(place, 1) for name, column in columns.items()}
        answers[REFERENCE] = by_reference(chart, encoder.rows(one, kind), first)
        found.shown.append(difference(next(encoder.rows(one, TEXT)), kind, answers))


def _refuse(engines: Sequence[str], most: int, sample: int, reference: int) -> None:
    """Refuse what would prove nothing."""
    unknown = [name for name in engines if name not in ENGINES]
    if unknown or not engines:
        named = ", ".join(unknown)
        what = f"there is no engine {named}" if named else "no engine is named"
        raise FileError(Problem("no_such_engine", "engines", what, f"choose from {', '.join(ENGINES)}"))
    for name, value in (("most", most), ("sample", sample), ("reference", reference)):
        if value < 0:
            raise FileError(Problem("bad_count", name, f"{value} is no number of sets", "give 0 or more"))
