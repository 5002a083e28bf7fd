"""What a diagnosis says: the explanations that fit best, and how sure they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mews_newtt.scoring.wording import count
from mews_newtt.validation.faults import Fault
from mews_newtt.validation.within import Within

MOST_EXPLAINED = 0.9  # share of the disagreements that a verdict explains; a fault that explains less is not put first
FEW_ROWS = 2  # so few rows are said before the fault
MOST_TABLES, MOST_STRETCHES = 40, 60  # of the contrast table that are written into report.json


@dataclass
class Finding:
    """One explanation: faults that the table cannot tell apart, and how many disagreements they explain and agreements they break."""

    faults: tuple[Fault, ...]
    explains: int
    of: int
    breaks: int

    @property
    def kind(self) -> str:
        return self.faults[0].kind

    @property
    def words(self) -> str:
        first = self.faults[0]
        if len(first.joined) < 2:
            return f"{first.words}; explains {self.explains:,} of {count(self.of, 'disagreement')}, {self._against} it"
        named = "; ".join(f"({number}) {fault.words}" for number, fault in enumerate(first.joined, start=1))
        effect = f"together they explain {self.explains:,} of {count(self.of, 'disagreement')}, {self._against} them"
        return f"{len(first.joined)} faults at once: {named}; {effect}"

    @property
    def _against(self) -> str:
        """Which rows speak against the explanation."""
        if not self.breaks:
            return "and no row that agrees contradicts"
        return f"but {count(self.breaks, 'row')} that {'agrees contradicts' if self.breaks == 1 else 'agree contradict'}"

    def to_dict(self) -> dict[str, Any]:
        return {
            "faults": [fault.to_dict() for fault in self.faults],
            "kind": self.kind,
            "explains": self.explains,
            "of": self.of,
            "breaks": self.breaks,
            "words": self.words,
        }


@dataclass
class ColumnFinding:
    """What one stated column says by itself.

    column : its name, such as `expected_total`
    against : what it is compared with, in words: the chart, the stated points, or the stated total and points
    rows, disagreements : rows that state something in it, and those that disagree with `against`
    findings : the faults that explain them, the best first
    certain : as in `Diagnosis`, of this column alone
    follows : it disagrees with the chart, but follows from the columns before it: it needs no fault of its own
    """

    column: str
    against: str
    rows: int
    disagreements: int
    findings: list[Finding] = field(default_factory=list)
    certain: bool = False
    follows: bool = False

    @property
    def words(self) -> str:
        """What the column says, in a sentence."""
        name = self.column.removeprefix("expected_").replace("_", " ")
        if not self.findings or 2 * (self.findings[0].explains - self.findings[0].breaks) <= self.disagreements:
            return f"Stated {name}, against {self.against}: no fault known here explains {count(self.disagreements, 'disagreement')}."
        return f"Stated {name}, against {self.against}: {self.findings[0].words}."

    @property
    def explained(self) -> bool:
        """Whether the best finding explains everything and breaks nothing."""
        return bool(self.findings) and self.findings[0].explains == self.disagreements and not self.findings[0].breaks

    def to_dict(self) -> dict[str, Any]:
        return {
            "column": self.column,
            "against": self.against,
            "rows": self.rows,
            "disagreements": self.disagreements,
            "certain": self.certain,
            "follows": self.follows,
            "findings": [finding.to_dict() for finding in self.findings],
        }


class Stretch(NamedTuple):
    """Readings of one parameter next to each other that differ from the chart by the same points.

    low, high : the first and the last reading that were seen, as text; the same for one reading or a category
    points : the chart's points there; difference : the most frequent stated minus true points; mean : their mean
    rows : rows that can be counted for it; wrong : those that differ
    """

    low: str
    high: str
    points: int | None
    difference: int
    mean: float
    rows: int
    wrong: int

    def to_dict(self) -> dict[str, Any]:
        return self._asdict()


@dataclass
class TableContrast:
    """Stated minus true points of one table of a parameter, by stretches of readings.

    table : its number among the parameter's tables; title : the parameter's title, with the table's
    stated : taken from the parameter's stated points; else estimated from totals
    """

    parameter: str
    table: int
    title: str
    unit: str
    stated: bool
    stretches: list[Stretch]

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "stretches": [stretch.to_dict() for stretch in self.stretches[:MOST_STRETCHES]]}


@dataclass
class Diagnosis:
    """The best explanations of a platform's disagreements.

    rows, disagreements : rows that state something, and those that disagree, among the rows looked at
    certain : one single fault explains everything, breaks nothing, has no equal, and the table shows enough of it
    ties : other faults that fit equally well and differ from the verdict on some recordable reading
    finer : the same, but they differ only on readings finer than recorded
    telling_case : the distinguishing case: a set that the verdict and the first of `ties` answer differently
    sampled : not all rows were looked at; hypotheses : how many faults and pairs were tried
    set_aside : levels of partial sets that the verdict ignores, because no known fault reproduces those too
    thin : insufficient evidence: one explanation fits, but too few readings show it
    unexplained : rows that disagree only in something the diagnosis does not look at
    not_made : why there is no diagnosis, in a sentence
    settle_first : what the user must settle before the verdict means anything, in a sentence; "" where there is nothing
    by_column : what each stated column says by itself, in the order points, total, level
    within : where the disagreements gather; if it leads, everything else here is of the rows in that place alone
    contrast : for each parameter and table, where the stated points differ from the chart's
    """

    rows: int
    disagreements: int
    findings: list[Finding] = field(default_factory=list)
    certain: bool = False
    ties: list[Fault] = field(default_factory=list)
    finer: list[Fault] = field(default_factory=list)
    telling_case: dict[str, Any] | None = None
    sampled: bool = False
    hypotheses: int = 0
    set_aside: int = 0
    thin: bool = False
    unexplained: int = 0
    not_made: str = ""
    settle_first: str = ""
    by_column: dict[str, ColumnFinding] = field(default_factory=dict)
    contrast: list[TableContrast] = field(default_factory=list)
    within: Within | None = None

    @property
    def words(self) -> str:
        """The verdict in sentences."""
        return f"{self.settle_first} {self._of_platform}" if self.settle_first else self._of_platform

    @property
    def _of_platform(self) -> str:
        if self.not_made:
            return self.not_made
        return self._whole if self.within is None else self.within.around(self._whole)

    @property
    def _whole(self) -> str:
        if not self.unexplained:
            return self._verdict
        rows = f"{count(self.unexplained, 'row')} disagree{'s' if self.unexplained == 1 else ''}"
        says = (
            f"{rows} only in the stated status, in answers that were left out, or in points that do not add up. The diagnosis does not look at those."
        )
        return f"{self._verdict} {says}" if self.disagreements else says

    @property
    def _verdict(self) -> str:
        if not self.disagreements:
            return "No disagreement to explain."
        apart = self._by_column()
        if apart:
            return apart
        every = "the one disagreement" if self.disagreements == 1 else f"the {self.disagreements:,} disagreements"
        if not self.findings:
            return f"No fault known here explains {every}."
        best = self.findings[0]
        rest = best.of - best.explains
        if 2 * (best.explains - best.breaks) <= best.of:  # a fit by chance must not read like a finding
            most = "most of " if self.disagreements > 1 else ""
            return f"No fault known here explains {most}{every}. The nearest, which is no verdict: {best.words}."
        if rest and best.explains < MOST_EXPLAINED * best.of:
            stay = f"{count(rest, 'disagreement')} {'stays' if rest == 1 else 'stay'} unexplained, so this may not be the answer"
            return f"No fault known here explains all of {every}. The nearest leaves {rest:,} of them: {best.words}. {stay}."
        return f"{self._first}{self._how_sure}"

    @property
    def _first(self) -> str:
        """The first sentence: what is set aside and how few rows show it are said before the fault."""
        best, before = self.findings[0], ""
        if self.set_aside:
            sets = "the level of 1 partial set" if self.set_aside == 1 else f"the levels of {self.set_aside:,} partial sets"
            before = f"Apart from {sets}, which no known fault reproduces: "
        elif best.explains <= FEW_ROWS:
            before = f"Only {count(best.explains, 'row')} {'shows' if best.explains == 1 else 'show'} it: "
        elif len(best.faults[0].joined) > 1 and (best.breaks or best.explains < best.of):
            before = "Perhaps "  # several faults that do not fit every row may be one fault of a kind that is not known here
        text = before + best.words
        return text[:1].upper() + text[1:] + "."

    @property
    def _how_sure(self) -> str:
        best = self.findings[0]
        rest = best.of - best.explains
        if self.certain:
            same = f" The same to the recording step: {self.finer[0].words}." if self.finer else ""
            return f" No other fault known here does as well.{same}"
        doubt = f" That is not certain: {self._left_open}." if rest or best.breaks else ""
        if self.ties:
            others = "one other fault" if len(self.ties) == 1 else f"{len(self.ties)} other faults, such as"
            case = f" This set would: {self.telling_case['says']}." if self.telling_case else ""
            return f"{doubt} This table cannot tell it from {others}: {self.ties[0].words}.{case}"
        if self.thin:
            return " That is not certain: the table has too few readings to rule out a wrong answer to single readings."
        if doubt:
            return doubt
        columns = [found for found in self.by_column.values() if found.disagreements]
        if len(best.faults[0].joined) > 1 and len(columns) > 1 and all(found.explained for found in columns):
            return " The stated columns show each fault by itself."
        return " That is not certain."

    @property
    def _left_open(self) -> str:
        """What the best explanation does not explain, and what speaks against it."""
        best = self.findings[0]
        rest = best.of - best.explains
        stay = [f"{count(rest, 'disagreement')} {'stays' if rest == 1 else 'stay'} unexplained"] if rest else []
        agree = [f"{count(best.breaks, 'row')} that {'agrees' if best.breaks == 1 else 'agree'} would not"] if best.breaks else []
        return ", and ".join([*stay, *agree])

    def _by_column(self) -> str:
        """Each column for itself, where the columns together have no verdict and some column has one."""
        best = self.findings[0] if self.findings else None
        if best is not None and best.explains >= MOST_EXPLAINED * best.of and 20 * best.breaks <= best.of:
            return ""
        own = [found for found in self.by_column.values() if found.disagreements]
        if len(own) < 2 or not any(found.explained and found.disagreements > FEW_ROWS for found in own):
            return ""
        return "The stated columns differ for different reasons. " + " ".join(found.words for found in own)

    def to_dict(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "disagreements": self.disagreements,
            "hypotheses": self.hypotheses,
            "sampled": self.sampled,
            "certain": self.certain,
            "set_aside": self.set_aside,
            "thin": self.thin,
            "unexplained": self.unexplained,
            "not_made": self.not_made,
            "settle_first": self.settle_first,
            "words": self.words,
            "findings": [finding.to_dict() for finding in self.findings],
            "ties": [fault.to_dict() for fault in self.ties],
            "finer": [fault.to_dict() for fault in self.finer],
            "telling_case": self.telling_case,
            "within": self.within and self.within.to_dict(),
            "by_column": [found.to_dict() for found in self.by_column.values()],
            "contrast": [table.to_dict() for table in self.contrast[:MOST_TABLES]],
        }
