"""Platforms that score the maternity chart."""

from __future__ import annotations

import random
from decimal import Decimal

from tests.platforms import faults as f
from tests.platforms.faults import IGNORED, MISSING_AS_0, NO_LEVEL, WIDE, at, edge, said
from tests.platforms.platform import Platform, Says
from tests.platforms.scorer import Answer, Readings, Worths
from tests.platforms.sets import Row

SCORED = ("respiratory_rate", "oxygen_saturation", "temperature", "heart_rate", "systolic_bp", "diastolic_bp")
CONTEXT = ("heart_rate", "patient_group", "hours_since_birth")


def mews(name: str, says: str, **rest: object) -> Platform:
    return Platform("mews-" + name, "mews", says, **rest)  # type: ignore[arg-type]  # a declaration names its fields


def triggers_as_points(readings: Readings, worths: Worths) -> Worths:
    """Each trigger that is reached counts as 2 points of another row, as the vendor's sum has it."""
    for name in ("air_or_oxygen", "consciousness", "concern"):
        if name in worths and worths[name][2]:
            worths[name] = (2, 0, worths[name][2])
    return worths


def two_rows_needed(row: Row, answer: Answer) -> str:
    """Escalates only where two parameters are outside, or a trigger is reached."""
    reached = (
        row.readings.get("air_or_oxygen") == "oxygen"
        or row.readings.get("concern") == "present"
        or row.readings.get("consciousness", "alert") != "alert"
    )
    return "escalate" if reached or sum(points > 0 for points in answer.points.values()) >= 2 else "routine"


def a_level_at_random(row: Row, answer: Answer) -> str:
    return random.Random(row.person + str(row.taken_at)).choice(["routine", "escalate"])


PLATFORMS: list[Platform] = [
    mews("right", "scores as the chart says", faulty=False),
    mews("right-titles", "scores right and writes levels by their titles", turn=f.level_is(lambda row, a: str(a.level).capitalize()), faulty=False),
    mews(
        "edge-pressure",
        "a systolic pressure of 140 is where hypertension begins in the vendor's mind: 1 point from 140, where the chart has 136",
        edit=f.moved("systolic_bp", 136, 140),
        right=(edge("systolic_bp", 140, 139),),
    ),
    mews(
        "edge-breaths",
        "the code asks rate > 25 where it should ask >= 25",
        edit=f.moved("respiratory_rate", 25, 26),
        right=(edge("respiratory_rate", 25, 26),),
    ),
    mews(
        "edge-diastolic-low",
        "the printed guideline says below 56, and so 56 gives 1 point",
        edit=f.edits(f.moved("diastolic_bp", 57, 56)),
        right=(edge("diastolic_bp", 56, 55),),
    ),
    mews(
        "cell-saturation",
        "93 and 94% give 2 points: the cell was copied from the line below",
        edit=f.cell("oxygen_saturation", 1, points=2),
        right=(
            said("oxygen_saturation", r"2 points?", r"9[34]"),
            said("oxygen_saturation", r"2 points?[^.;]*instead of 1"),
            said("oxygen_saturation", r"2 points?", at(94, 95)),
        ),
    ),
    mews(
        "row-wrong-cells",
        "the temperature row was typed from the adult chart: 36.1 to 38.0 is normal",
        edit=f.row_from("temperature", "news2", "2017.1"),
        right=(said("temperature", r"NEWS2|other chart|another chart|National Early Warning"), (Says(("temperature",), (at("38.0", "38.1"),)),)),
        near=said("temperature"),
    ),
    mews(
        "older-edition", "the whole table is that of the working chart's older version 0.1", edit=f.whole("mews", "0.1"), right=(said((), r"0\.1"),)
    ),
    mews(
        "adult-chart",
        "the hospital's adult module, NEWS2, answers for maternity too",
        edit=f.whole("news2", "2017.1"),
        turn=f.level_is(lambda row, a: "routine" if a.level in ("routine", "low") else "escalate"),
        right=(said((), r"NEWS2|National Early Warning Score 2"),),
    ),
    mews(
        "subbe",
        "the vendor looked MEWS up and built the adult Modified Early Warning Score",
        edit=f.whole("modified-ews", "2001.1"),
        turn=f.level_is(lambda row, a: "escalate" if (a.total or 0) >= 5 else "routine"),
        right=(said((), r"modified"),),
    ),
    mews(
        "pulse-pregnancy-for-all",
        "the pulse table of pregnancy is used after birth too, for ever",
        edit=f.always_table("heart_rate", 0),
        right=(
            said("heart_rate", r"table[^.;]*(pregnan|less than 48)[^.;]*(always|used)|same table|one table|everybody"),
            said((), r"hours|patient group|birth", r"ignor|always|pregnan"),
        ),
        names=CONTEXT,
    ),
    mews(
        "pulse-late-for-all",
        "every woman after birth has the table of more than 48 hours",
        sees=f.read_as("hours_since_birth", lambda h: Decimal(100)),
        right=(said("heart_rate", r"table[^.;]*more than 48[^.;]*(used|always)"), said((), r"hours", r"more than 48|ignor|always|later")),
        names=CONTEXT,
    ),
    mews(
        "hours-as-days",
        "the interface sends days since birth, and the platform reads them as hours",
        sees=f.read_as("hours_since_birth", lambda h: (h / 24).quantize(Decimal("0.1"))),
        right=(said((), r"hours|birth|48", r"days?|24|unit|always|less than 48|divid"),),
        names=CONTEXT,
        near=said("heart_rate"),
    ),
    mews(
        "early-table-to-24",
        "the early table ends 24 hours after birth",
        sees=f.read_as("hours_since_birth", lambda h: h * 2),
        right=(said((), r"hours|birth", at(24)), said((), r"hours|birth", r"doubl|twice|× ?2")),
        names=CONTEXT,
        near=said("heart_rate"),
    ),
    mews(
        "early-table-to-72",
        "the early table ends 72 hours after birth, as the hospital's old chart had it",
        sees=f.read_as("hours_since_birth", lambda h: Decimal(10) if h < 72 else h),
        right=(said((), r"hours|birth", at(72, 71)), said("heart_rate", r"less than 48|table", at(72, 71))),
        names=CONTEXT,
        near=said("heart_rate", r"less than 48|pregnan|table"),
    ),
    mews(
        "points-0-1-3",
        "red bands give 3 points, as in the adult score",
        edit=f.every_point(lambda p: 3 if p == 2 else p),
        right=(said((), r"3 points?", WIDE),),
        near=said((), r"3 points?[^.;]*instead of 2"),
        names=SCORED,
    ),
    mews(
        "amber-only",
        "red and amber give 1 point each: the vendor counts parameters outside the normal",
        edit=f.every_point(lambda p: min(p, 1)),
        right=(said((), r"1 point", WIDE), said((), r"counts? (the )?(rows|parameters)")),
        near=said((), r"1 point\b[^.;]*instead of 2"),
        names=SCORED,
    ),
    mews(
        "diastolic-ignored",
        "only the systolic pressure is scored",
        count=f.counts("diastolic_bp", lambda readings, points: 0),
        right=(said("diastolic_bp", IGNORED),),
        near=said("diastolic_bp"),
    ),
    mews(
        "either-pressure",
        "blood pressure counts once: the worse of systolic and diastolic",
        turn=f.total_is(lambda row, a: a.total - min(a.points.get("systolic_bp", 0), a.points.get("diastolic_bp", 0))),
        right=(said(("systolic_bp", "diastolic_bp"), r"once|worse|worst|higher|max|one of|group|only"),),
        near=(Says(("systolic_bp",)), Says(("diastolic_bp",))),
    ),
    mews(
        "pressures-exchanged",
        "the columns of systolic and diastolic pressure are exchanged",
        sees=f.exchanged("systolic_bp", "diastolic_bp"),
        right=(said(("systolic_bp", "diastolic_bp"), r"exchang|swap"),),
        near=(Says(("systolic_bp",)), Says(("diastolic_bp",))),
    ),
    mews(
        "kilopascal",
        "systolic pressure is converted to kilopascal on the way in, and scored as mmHg",
        sees=f.read_as("systolic_bp", lambda v: (v * Decimal("0.133322")).quantize(Decimal("0.1"))),
        right=(
            said("systolic_bp", r"kPa|kilopascal|unit"),
            said("systolic_bp", r"(always|every|all|any)[^.;]*2 points|2 points[^.;]*(always|every|all|any)"),
        ),
        near=said("systolic_bp"),
    ),
    mews(
        "concern-ignored",
        "worry of the woman or staff is stored and raises nothing",
        edit=f.no_trigger("concern"),
        right=(said("concern", NO_LEVEL),),
    ),
    mews("oxygen-raises-nothing", "oxygen does not escalate", edit=f.no_trigger("air_or_oxygen"), right=(said("air_or_oxygen", NO_LEVEL),)),
    mews(
        "only-unresponsive",
        "only U of ACVPU escalates",
        edit=f.edits(*[f.category("consciousness", which, level=None) for which in ("confusion", "voice", "pain")]),
        right=(said("consciousness", r"confus|voice|pain|ignor|not|does not raise|only unresponsive"),),
        silence=True,  # the states are rare, and one category at a time shows little
    ),
    mews(
        "triggers-as-points",
        "each trigger counts 2 points in the total",
        count=triggers_as_points,
        right=(said(("air_or_oxygen", "consciousness", "concern"), r"points?"), said((), r"triggers?", r"points?")),
        near=(Says(("air_or_oxygen",), (r"points",)), Says(("concern",), (r"points",)), Says(("consciousness",), (r"points",))),
        names=("air_or_oxygen", "consciousness", "concern"),
    ),
    mews("escalates-at-3", "escalation starts at a total of 3", edit=f.level_from("escalate", 3), right=(said((), r"escalate|level", at(3)),)),
    mews("escalates-at-1", "any point escalates", edit=f.level_from("escalate", 1), right=(said((), r"escalate|level", at(1)),)),
    mews(
        "two-rows-needed",
        "escalates only where two parameters are abnormal; one red is not enough",
        turn=f.level_is(two_rows_needed),
        right=(said((), r"two|2", r"parameters|rows|ambers?|readings|count"),),
        near=said((), r"escalate|level"),
    ),
    mews("random-levels", "levels are random: a demonstration stub was shipped", turn=f.level_is(a_level_at_random), silence=True, one_row=False),
    mews(
        "gaps-as-0", "missing readings add nothing and the total is shown", turn=f.gaps_count_nothing, right=(said((), MISSING_AS_0),), names=SCORED
    ),
    mews(
        "carried-from-anyone",
        "a missing value keeps the value of whoever was measured before: a variable is not reset",
        sees=f.carried(*SCORED, by_person=False),
        right=(said((), r"\blast|previous|carried|earlier|row (above|before)"),),
        near=said((), r"missing"),
        names=SCORED,
        one_row=False,
    ),
    mews(
        "since-upgrade",
        "from 1 February on temperature gives 1 point more wherever it gives any: a release went wrong",
        count=f.counts("temperature", lambda readings, points: points + 1 if points else 0),
        where=lambda place, row: row.taken_at.month >= 2,
        right=((Says(("temperature",), (r"points?",)), Says((), (r"Feb|2026-02|02-01|since|taken",))),),
        near=said("temperature"),
    ),
    mews(
        "first-half",
        "the first half of the file was scored by an old server, where pulse gave no points",
        count=f.counts("heart_rate", lambda readings, points: 0),
        where=lambda place, row: place < 500,
        right=((Says(("heart_rate",), (IGNORED,)), Says((), (r"half|first|rows? \d|until|part of",))),),
        near=said("heart_rate"),
        names=CONTEXT,
    ),
    mews(
        "text-totals",
        "totals are written as '3 points'",
        turn=f.total_is(lambda row, a: f"{a.total} points"),
        right=(said((), r"not a (whole )?number|text|points|number"),),
        silence=True,
    ),
    mews(
        "two-faults",
        "diastolic pressure is ignored, and the upper edge of breaths is 24 where the chart has 22",
        edit=f.moved("respiratory_rate", 22, 24),
        count=f.counts("diastolic_bp", lambda readings, points: 0),
        right=((Says(("diastolic_bp",), (IGNORED,)), Says(("respiratory_rate",), (at(23, 24),))),),
        near=(Says(("diastolic_bp",), (IGNORED,)), Says(("respiratory_rate",), (at(23, 24),))),
    ),
    mews(
        "pulse-one-low",
        "one kind of monitor shows the pulse 10 too low, and the platform scores that; the record holds the corrected pulse",
        sees=f.read_as("heart_rate", lambda v: v - 10),
        where=lambda place, row: row.device == "MON-3",
        right=((Says(("heart_rate",), (at(10),)), Says((), (r"MON-3",))),),
        near=(Says(("heart_rate",)), Says((), (r"MON-3",))),
        silence=True,
        names=CONTEXT,
    ),
    mews(
        "labour-unscored",
        "in labour the platform scores the pulse as after birth",
        edit=lambda content: f.row_of(content, "heart_rate")["tables"].__setitem__(
            slice(0, 1),
            [
                {**f.row_of(content, "heart_rate")["tables"][0], "when": {"patient_group": "pregnant"}},
                {**f.row_of(content, "heart_rate")["tables"][3], "when": {"patient_group": "in_labour"}},
            ],
        ),
        right=(said("heart_rate", r"in[ _]labour|labour[^.;]*(more than 48|later)"), said((), r"in labour", r"more than 48|birth|later")),
        names=CONTEXT,
        near=said("heart_rate"),
    ),
    mews(
        "temperature-shift",
        "the ear thermometer's offset of 0.3 is added twice: the platform scores 0.3 more than is recorded",
        sees=f.read_as("temperature", lambda v: v + Decimal("0.3")),
        right=(said("temperature", r"0\.3"), (Says(("temperature",), (at("36.9", "37.0"),)), Says(("temperature",), (at("37.1", "37.2"),)))),
        near=said("temperature"),
    ),
    mews(
        "whole-points-by-one",
        "the row of breathing slid by one cell in the spreadsheet: each band has the points of the next one",
        edit=f.bands(
            "respiratory_rate",
            {"to": 6, "points": 1},
            {"from": 7, "to": 8, "points": 0},
            {"from": 9, "to": 21, "points": 1},
            {"from": 22, "to": 24, "points": 2},
            {"from": 25, "points": 2},
        ),
        right=(
            (Says(("respiratory_rate",), (r"9", r"1 point")), Says(("respiratory_rate",), (r"2[24]", r"2 points"))),
            said("respiratory_rate", r"shift|slid|next band|cells?"),
        ),
        near=said("respiratory_rate"),
    ),
    mews(
        "half-of-saturation",
        "92% gives 1 point and not 2, and 95% gives 1: both edges of saturation were taken from two different drafts",
        edit=f.bands("oxygen_saturation", {"to": 91, "points": 2}, {"from": 92, "to": 95, "points": 1}, {"from": 96, "points": 0}),
        right=((Says(("oxygen_saturation",), (at(91, 92),)), Says(("oxygen_saturation",), (at(95, 96),))),),
        near=said("oxygen_saturation"),
    ),
]
