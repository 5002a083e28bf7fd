"""Platforms that score the newborn chart."""

from __future__ import annotations

from decimal import Decimal

from tests.platforms import faults as f
from tests.platforms.faults import EARLIER, IGNORED, MISSING_AS_0, WIDE, at, edge, said
from tests.platforms.platform import Platform, Says
from tests.platforms.scorer import Answer
from tests.platforms.sets import Row

SCORED = (
    "temperature",
    "respiratory_rate",
    "heart_rate",
    "oxygen_saturation",
    "blood_glucose",
    "grunting",
    "colour",
    "neurology",
    "feeding",
    "parental_concern",
)
OWN_WORDS = {"white": "Normal", "yellow": "Review", "pink": "Urgent", "purple": "Emergency"}
PURPLE = [
    ("respiratory_rate", 0),
    ("heart_rate", 0),
    ("oxygen_saturation", 0),
    ("blood_glucose", 0),
    ("grunting", 1),
    ("colour", 2),
    ("neurology", 2),
]


def newborn(name: str, says: str, **rest: object) -> Platform:
    return Platform("newtt2-" + name, "newtt2", says, **rest)  # type: ignore[arg-type]  # a declaration names its fields


def by_total(row: Row, answer: Answer) -> str:
    """The level follows from the points, as on every other chart that the vendor has."""
    total = answer.sum
    return "purple" if total >= 4 else "pink" if total >= 2 else "yellow" if total == 1 else "white"


PLATFORMS: list[Platform] = [
    newborn("right", "scores as the chart says", faulty=False),
    newborn(
        "right-level-titles",
        "scores right and writes the titles of levels",
        turn=f.level_is(lambda row, a: {"white": "Nothing outside the white zone"}.get(str(a.level), f"{str(a.level).capitalize()} zone reached")),
        faulty=False,
    ),
    newborn(
        "strict-60-breaths",
        "a rate of 60 counts as fast: the code asks < 60 where it should ask <= 60",
        edit=f.other_side("respiratory_rate", 60),
        right=(edge("respiratory_rate", 60),),
    ),
    newborn("strict-160-beats", "a pulse of 160 counts as fast", edit=f.other_side("heart_rate", 160), right=(edge("heart_rate", 160),)),
    newborn(
        "edge-pulse-180",
        "the pink band of a fast pulse begins at 180 where the chart has 175",
        edit=f.moved("heart_rate", 175, 180),
        right=(edge("heart_rate", 180, 179),),
    ),
    newborn(
        "edge-cold",
        "cold begins below 36.0: the band from 36.0 to 36.4 gives 0 points, as printed green",
        edit=f.cell("temperature", 1, points=0, zone="white"),
        right=(said("temperature", at("36.0"), r"0 points"), said("temperature", r"0 points?[^.;]*instead of 1")),
    ),
    newborn(
        "edge-fever",
        "fever is typed as 38.5",
        edit=f.moved("temperature", "38.0", "38.5"),
        right=(edge("temperature", "38.5", "38.4"),),
    ),
    newborn(
        "adult-saturation",
        "the saturation row is that of the adult score: 96 and more is normal",
        edit=f.row_from("oxygen_saturation", "mews", "0.2"),
        right=(said("oxygen_saturation", at(92, 93)), said("oxygen_saturation", r"other chart|another chart|MEWS|maternity")),
        near=said("oxygen_saturation"),
    ),
    newborn(
        "colour-blind",
        "blue and pale are stored as one category, pale",
        sees=f.read_as("colour", lambda c: "pale" if c == "blue" else c),
        right=(said("colour", r"blue", r"pale|1 point"), said("colour", r"1 point[^.;]*instead of 2")),
    ),
    newborn(
        "purple-3",
        "the purple zone gives 3 points",
        edit=f.edits(*[f.cell(name, place, points=3) for name, place in PURPLE]),
        right=(said((), r"3 points", WIDE),),
        near=said((), r"3 points?[^.;]*instead of 2"),
        names=SCORED,
    ),
    newborn(
        "older-edition",
        "grunting is pink, as in the working chart's version 0.1",
        edit=f.whole("newtt2", "0.1"),
        right=(said((), r"0\.1"), said("grunting", "pink")),
    ),
    newborn(
        "shifted-points",
        "the points column slid by one: yellow gives 2, pink and purple 3",
        edit=f.every_point(lambda p: p + 1 if p else 0),
        right=(said((), r"1 (point )?(more|higher)|one (point )?more|shift|slid|3 points|2 points instead of 1", WIDE),),
        near=said((), r"(3 points?[^.;]*instead of 2|2 points?[^.;]*instead of 1)"),
        names=SCORED,
    ),
    newborn(
        "only-abnormal-counted",
        "the total is the number of rows outside white",
        edit=f.every_point(lambda p: min(p, 1)),
        right=(said((), r"1 point|number of|at most|count", WIDE),),
        near=said((), r"1 point\b[^.;]*instead of 2"),
        names=SCORED,
    ),
    newborn(
        "glucose-ignored",
        "blood glucose is on another form and never reaches the score",
        sees=f.gone("blood_glucose"),
        right=(said("blood_glucose", IGNORED),),
    ),
    newborn(
        "glucose-always",
        "a baby without a glucose is scored as glucose 0",
        sees=f.filled({"blood_glucose": Decimal(0)}),
        right=(said("blood_glucose", r"missing|blank|no reading|not given|not measured|\b0\b|without"),),
    ),
    newborn(
        "glucose-mg",
        "the meter sends mmol/L, and the platform converts it as mg/dL",
        sees=f.read_as("blood_glucose", lambda g: (g / Decimal("18.0156")).quantize(Decimal("0.01"))),
        right=(
            said("blood_glucose", r"mg|unit|convert"),
            said("blood_glucose", r"(always|every|all|any)[^.;]*2 points|2 points[^.;]*(always|every|all|any)"),
        ),
        near=said("blood_glucose"),
    ),
    newborn(
        "temperature-whole",
        "temperature is rounded to half degrees, as the old thermometers showed",
        sees=f.read_as("temperature", lambda t: f.rounded(t, "0.5")),
        right=(said("temperature", r"round|half|0\.5"),),
        near=said("temperature"),
    ),
    newborn(
        "feeding-normal",
        "not feeding is read as feeding well: the parser looks for 'feeding'",
        sees=f.read_as("feeding", lambda c: "well" if c == "not_feeding" else c),
        right=(said("feeding", r"not feeding|not_feeding", r"0 points|well|normal"), said("feeding", r"0 points?[^.;]*instead of 2")),
    ),
    newborn(
        "parents-ignored",
        "what parents say is not scored",
        count=f.counts("parental_concern", lambda readings, points: 0),
        right=(said("parental_concern", IGNORED + r"|no points"), said("parental_concern", r"some[^.;]*0 points", r"high[^.;]*0 points")),
    ),
    newborn(
        "parents-unzoned",
        "parental concern gives points and never a level",
        edit=f.edits(f.cell("parental_concern", 1, zone="white"), f.cell("parental_concern", 2, zone="white")),
        right=(said("parental_concern", r"level|zone|raise|instead of \d points? and"),),
        silence=True,
    ),
    newborn(
        "levels-by-total",
        "levels follow from the total",
        turn=f.level_is(by_total),
        right=(said((), r"level", r"total|points"),),
        near=said((), r"level|zone|purple|pink"),
    ),
    newborn(
        "pink-needs-two",
        "the pink level needs two rows in pink",
        edit=f.level_counts("pink", [{"zone": "pink", "at_least": 2}]),
        right=(said((), r"pink", r"2|two"),),
    ),
    newborn(
        "no-purple",
        "the purple level was never built",
        edit=f.level_counts("purple", []),
        right=(said((), r"purple", r"never|not|ignor|missing|without|instead|no "),),
    ),
    newborn(
        "own-words",
        "levels are in the vendor's own words",
        turn=f.level_is(lambda row, a: OWN_WORDS[str(a.level)]),
        right=(said((), r"word|name|called|written|label|value", r"Normal|Review|Urgent"),),
    ),
    newborn("gaps-as-0", "missing rows count as 0 and the total is shown", turn=f.gaps_count_nothing, right=(said((), MISSING_AS_0),), names=SCORED),
    newborn(
        "saturation-missing-worst",
        "a missing saturation is scored as 0%",
        sees=f.filled({"oxygen_saturation": Decimal(0)}),
        right=(said("oxygen_saturation", r"missing|blank|no reading|not given", r"2 points|\b0\b|worst|number"),),
    ),
    newborn(
        "cap-6",
        "the total is capped at 6",
        turn=f.total_is(lambda row, a: min(a.total, 6)),
        right=(said((), r"total|score", r"cap|at most|no more than|limit|never", at(6)),),
    ),
    newborn(
        "double-breathing",
        "respiratory rate is added twice: it is on two pages of the form",
        turn=f.total_is(lambda row, a: a.total + a.points.get("respiratory_rate", 0)),
        right=(said("respiratory_rate", r"twice|double|two times|× ?2|2 ×"),),
        near=said("respiratory_rate"),
    ),
    newborn(
        "grunting-no-points",
        "grunting shows in red and has no points",
        edit=f.category("grunting", "present", points=0),
        right=(said("grunting", IGNORED + "|0 points?[^.;]*instead of 2"),),
    ),
    newborn(
        "saturation-offset",
        "one kind of monitor shows 2% less than it measures, and the platform corrects all by 2",
        sees=f.read_as("oxygen_saturation", lambda v: min(Decimal(100), v + 2)),
        right=(said("oxygen_saturation", r"\b2\b|offset|added|more|higher|shift|88|93"),),
    ),
    newborn(
        "one-ward-feeding",
        "Transitional care has feeding switched off",
        count=f.counts("feeding", lambda readings, points: 0),
        where=lambda place, row: row.ward == "Transitional care",
        right=((Says(("feeding",), (IGNORED,)), Says((), (r"Transitional",))),),
        near=(Says(("feeding",)), Says((), (r"Transitional",))),
    ),
    newborn(
        "by-hand-late",
        "sets typed by hand bear the total of the person's set before",
        turn=f.late,
        where=lambda place, row: row.device == "by hand",
        right=((Says((), (EARLIER,)), Says((), (r"by hand",))),),
        near=(Says((), (r"by hand",)), Says((), (r"previous|set before|earlier",))),
        silence=True,
        one_row=False,
    ),
    newborn(
        "noise",
        "3% of totals are wrong by one, anywhere",
        turn=f.noise(0.03, lambda dice, a: setattr(a, "total", max(0, a.total + dice.choice([-1, 1])))),
        silence=True,
        one_row=False,
    ),
]
