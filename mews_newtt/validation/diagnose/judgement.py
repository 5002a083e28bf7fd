"""How sure a verdict is: certain, shown by too few readings, or tied with other faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mews_newtt.chart.model import Chart
from mews_newtt.validation.diagnose.certainty import enough, equally_good, finer_readings
from mews_newtt.validation.diagnose.search import Hypothesis
from mews_newtt.validation.faults import Fault
from mews_newtt.validation.mutants import Sheet


@dataclass
class Judgement:
    """certain, thin, ties, finer, telling_case : as in `Diagnosis`."""

    certain: bool = False
    thin: bool = False
    ties: list[Fault] = field(default_factory=list)
    finer: list[Fault] = field(default_factory=list)
    telling_case: dict[str, Any] | None = None


def judged(chart: Chart, best: Hypothesis, equal: list[Fault], sheet: Sheet, disagreements: int) -> Judgement:
    """How sure the best explanation is, with the faults that fit equally well but answer some set differently.

    Where the table holds readings finer than recorded, a fault that differs only on such readings is a tie as well.
    """
    perfect = best.explains == disagreements and not best.breaks
    thin = perfect and not enough(chart, best.fault, sheet, best.explained)
    others = equally_good(chart, equal)
    fine = finer_readings(chart, sheet)
    counts = [fault for fault in others.finer if fine and _about(fine, equal[0], fault)]
    ties = [*others.recordable, *counts]
    finer = [fault for fault in others.finer if fault not in counts]
    drawn = best.fault.kind == "range_worth" and best.fault.by > 1  # several ranges drawn after the answers fit any table
    certain = perfect and not thin and not best.fault.joined and not ties and not drawn
    return Judgement(certain, thin, ties, finer, others.distinguishing_case)


def _about(names: frozenset[str], *faults: Fault) -> bool:
    """Whether faults are about any of these parameters; a fault that names none is about all of them."""
    return any(not fault.parameters or not names.isdisjoint(fault.parameters) for fault in faults)
