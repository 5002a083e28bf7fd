"""Verification: the verdict on one stated score, and the validation of many with its diagnosis."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, create_model

from mews_newtt_service.contract.parts import Answer, ChartIdentity, Count, Engine, ParameterId, Request
from mews_newtt_service.contract.reading import ReadingReport
from mews_newtt_service.contract.scores import OneScore


class Stated(Request):
    """What a platform states of a set. At least one of them must be stated."""

    total: float | None = None
    level: Annotated[str | None, Field(description="id or title of the level")] = None
    points: Annotated[dict[str, float | None] | None, Field(description="points by parameter id")] = None


def stated_set_model(sets: type[Request]) -> type[Request]:
    """`StatedSet`: a set, and what is stated of it."""
    words = "An observation set, and what a platform states of it."
    return create_model("StatedSet", __base__=Request, __doc__=words, observations=(sets, ...), stated=(Stated, ...))


class Difference(Answer):
    """One stated thing that differs from the chart's answer."""

    kind: Annotated[str, Field(description="stable code of the kind of difference")]
    where: Annotated[str, Field(description="total, level, or the id of a parameter")]
    stated: Annotated[float | str, Field(description="as it was sent; a number with a point as text, with its digits")]
    computed: float | str | None
    says: str


class Verdict(Answer):
    """Whether a stated score agrees with the chart."""

    verdict: Annotated[
        Literal["agrees", "disagrees", "nothing_compared"], Field(description="nothing_compared: there is no reading, so no score to compare with")
    ]
    differences: list[Difference]
    computed: OneScore
    engine_version: Engine


class Source(Answer):
    """What was validated."""

    name: str
    sha256: str | None
    bytes: Count | None
    kind: Literal["file", "endpoint"]
    rows: Count


class RowTitle(Answer):
    """A row of the chart that no column was read for."""

    parameter: ParameterId
    title: str


class ColumnCounts(Answer):
    """Cells of one expected column. `lower` and `higher`: stated numbers and levels below and above the chart's."""

    compared: Count
    agreed: Count
    disagreed: Count
    blank: Count
    lower: Count
    higher: Count


class KindCount(Answer):
    """How many cells disagree in one way."""

    kind: str
    cells: Count
    says: str


class Matrix(Answer):
    """How often each pair of a stated (row) and a computed (column) answer occurs."""

    expected: list[str]
    computed: list[str]
    counts: list[list[Count]]


class EdgeCounts(Answer):
    """Rows beside an edge between two bands."""

    table: Count
    band: Count
    says: str
    rows_below: Count
    disagreed_below: Count
    rows_above: Count
    disagreed_above: Count


class BandCounts(Answer):
    """Rows in one band."""

    table: Count
    band: Count
    says: str
    rows: Count
    disagreed: Count


class RowCounts(Answer):
    """Where on one row of the chart answers disagree."""

    parameter: ParameterId
    title: str
    known: bool
    rows: Count
    disagreed: Count
    edges: list[EdgeCounts]
    bands: list[BandCounts]


class Item(Answer):
    """One thing of the chart that rows may exercise."""

    kind: str
    says: str
    rows: Count
    disagreed: Count


class Exercised(Answer):
    """What of the chart the rows exercise."""

    exercised: Count
    not_exercised: Count
    items: list[Item]


class WrongCell(Answer):
    """One stated cell that disagrees."""

    column: str
    kind: str
    expected: str
    computed: str
    says: str


class Disagreement(Answer):
    """One row that disagrees, with the chart's reasons. `row` is the number that a spreadsheet shows."""

    row: Count
    case_id: str | None
    cells: list[WrongCell]
    given: dict[str, str]
    read: Annotated[dict[str, str], Field(description="the readings as the chart reads them, in its units and by the ids of answers")]
    says: str
    why: list[str]


class MistakeKind(Answer):
    """One mistake that a platform may make."""

    id: str
    kind: str
    words: str
    parameters: list[ParameterId]


class Finding(Answer):
    """One explanation: mistakes that the table cannot tell apart."""

    faults: list[MistakeKind]
    kind: str
    explains: Count
    of: Count
    breaks: Count
    words: str


class TellingCase(Answer):
    """A set that two explanations answer differently."""

    given: dict[str, str]
    answers: list[str]
    says: str


class ColumnFinding(Answer):
    """What one stated column says by itself. `follows`: it follows from the columns before it, and needs no mistake of its own."""

    column: str
    against: Annotated[str, Field(description="what it is compared with: the chart, the stated points, or the stated total and points")]
    rows: Count
    disagreements: Count
    certain: bool
    follows: bool
    findings: list[Finding]


class Stretch(Answer):
    """Neighbouring readings that differ from the chart by the same points. `wrong`: how many of the rows differ."""

    low: str
    high: str
    points: Annotated[int | None, Field(description="the chart's points there")]
    difference: Annotated[int, Field(description="the most frequent stated minus true points")]
    mean: Annotated[float, Field(description="the mean of stated minus true points")]
    rows: Count
    wrong: Count


class TableContrast(Answer):
    """Stated minus true points of one table of a parameter, by stretches of readings. `stated`: from stated points; else estimated from totals."""

    parameter: ParameterId
    table: Count
    title: str
    unit: str
    stated: bool
    stretches: list[Stretch]


class Within(Answer):
    """Where the disagreements are. `leads`: the diagnosis is of the rows in this place alone."""

    words: str
    column: str
    rows: Count
    disagreements: Count
    rows_elsewhere: Count
    disagreements_elsewhere: Count
    chance: Annotated[float, Field(description="how likely chance alone gathers disagreements like this, corrected for the places tried")]
    sampled: bool
    leads: bool
    says: str


class UnreadCells(Answer):
    """Cells of one column that cannot be read for one reason. `row`: the first of them."""

    column: str
    parameter: ParameterId
    title: str
    code: str
    what: str
    mend: str
    cells: Count
    row: Count
    example: str
    disagree: Count
    says: str


class UnknownWords(Answer):
    """Words of one column that no map knows, with how often each occurs and, where that is plain, what each may mean."""

    column: str
    ours: str
    title: str
    allowed: list[str]
    words: dict[str, Count]
    guesses: dict[str, str]
    row: Count
    more: Count
    cells: Count
    says: str


class YourFile(Answer):
    """What the user's own file leaves open: to be settled before anything is said about the platform."""

    columns_not_read: list[str]
    columns_in_doubt: dict[str, str]
    cells_not_read: list[UnreadCells]
    unknown_words: list[UnknownWords]
    rows_with_such_cells: Count
    of_these_counted_as_disagreements: Count
    map_to_paste: Annotated[str, Field(description="lines of a map file for the unknown words; empty where there are none")]
    says: list[str]


class Diagnosis(Answer):
    """The mistakes that explain the disagreements best, and how sure that is."""

    rows: Count
    disagreements: Count
    hypotheses: Count
    sampled: bool
    certain: bool
    set_aside: Count
    thin: bool
    unexplained: Count
    not_made: Annotated[str, Field(description="why there is no diagnosis; empty where there is one")]
    settle_first: Annotated[str, Field(description="what of the own file must be settled first; empty where there is nothing")]
    words: str
    findings: list[Finding]
    ties: list[MistakeKind]
    finer: list[MistakeKind]
    telling_case: TellingCase | None
    within: Annotated[Within | None, Field(description="where the disagreements are; null where they are everywhere")]
    by_column: Annotated[list[ColumnFinding], Field(description="what each stated column says by itself")]
    contrast: Annotated[list[TableContrast], Field(description="where the stated points differ from the chart's")]


class DrawnBand(Answer):
    """One band of a row that is drawn. `differs`: the platform differs from the chart here."""

    readings: str
    gives: list[str]
    colour: str
    differs: bool


class Drawing(Answer):
    """One table of a row: the bands of the chart, and those that the platform seems to have."""

    title: str
    says: str
    chart: list[DrawnBand]
    platform: list[DrawnBand]


class Card(Answer):
    """One suspected mistake. `together`: how many mistakes have these counts together."""

    words: str
    leads: bool
    explains: Count
    of: Count
    contradicts: Count
    together: Count
    drawings: list[Drawing]


class Validation(Answer):
    """What comparing many stated scores with the chart found. Counts are of all rows; only lists are capped."""

    schema_version: Literal[1]
    chart: ChartIdentity
    source: Source
    rows_without_column: list[RowTitle]
    your_file: YourFile
    verdict: Literal["agrees", "disagrees", "nothing_compared", "unfinished"]
    says: str
    rows: Count
    compared: Count
    agreed: Count
    disagreed: Count
    complete: Count
    partial: Count
    refused: Count
    rows_without_readings: Count
    by_column: dict[str, ColumnCounts]
    kinds: list[KindCount]
    matrix: Annotated[Matrix | None, Field(description="totals; null where none were stated")]
    level_matrix: Annotated[Matrix | None, Field(description="levels; null where none were stated")]
    by_parameter: list[RowCounts]
    exercised: Exercised
    ignored_columns: list[str]
    notes: list[str]
    reading: Annotated[ReadingReport | None, Field(description="with a reading plan: what became of every column and code")] = None
    disagreements: list[Disagreement]
    disagreements_listed: Count
    diagnosis: Diagnosis | None
    cards: Annotated[list[Card], Field(description="the suspected mistakes one by one, with the rows of the chart that they change")]
    letter: Annotated[str, Field(description="a text to send to the vendor; empty where nothing was found")]
    engine_version: Engine
