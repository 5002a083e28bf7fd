"""Platforms that score the children's chart."""

from __future__ import annotations

import random
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from tests.platforms import faults as f
from tests.platforms.faults import EARLIER, IGNORED, MISSING_AS_0, NO_LEVEL, USED, WIDE, at, edge, said
from tests.platforms.platform import Edit, Platform, Says
from tests.platforms.scorer import Answer, Readings, Worths
from tests.platforms.sets import Row

AGED = ("age_years", "respiratory_rate", "heart_rate", "systolic_bp")
OXYGEN = ("oxygen_device", "oxygen_percent", "oxygen_flow")
SCORED = (
    "respiratory_rate",
    "respiratory_distress",
    "oxygen_saturation",
    "oxygen_device",
    "oxygen_percent",
    "oxygen_flow",
    "heart_rate",
    "systolic_bp",
    "capillary_refill",
)
MACHINES = ("high_flow", "bipap", "cpap")


def child(name: str, says: str, **rest: object) -> Platform:
    return Platform("npews-" + name, "npews", says, **{"rows": 2500, **rest})  # type: ignore[arg-type]  # a declaration names its fields


def fever_counts(readings: Readings, worths: Worths) -> Worths:
    """Temperature scores 1 point outside the white range, as on older charts."""
    if "temperature" in readings and not 36 <= readings["temperature"] < 38:
        worths["temperature"] = (1, 0, 0)
    return worths


def machine_by_flow(readings: Readings) -> None:
    """High flow is one more device that scores by its flow."""
    if readings.get("oxygen_device") == "high_flow":
        readings["oxygen_device"] = "nasal_prongs"


def device_adds(readings: Readings, worths: Worths) -> Worths:
    """Any device adds 1 point of its own to the points of the amount."""
    if readings.get("oxygen_device", "air") not in ("air", *MACHINES) and "oxygen_device" in worths:
        worths["oxygen_device"] = (1, 0, 0)
    return worths


def mask_as_machine(readings: Readings) -> None:
    """A non-rebreather mask is scored as a machine."""
    if readings.get("oxygen_device") == "non_rebreather":
        readings["oxygen_device"] = "high_flow"


def sepsis_counts(readings: Readings, worths: Worths) -> Worths:
    """Any suspicion of sepsis adds 2 points."""
    if "sepsis_concern" in worths and readings["sepsis_concern"] != "none":
        worths["sepsis_concern"] = (2, 0, worths["sepsis_concern"][2])
    return worths


def without_pressure(rows: list[Row], answers: list[Answer]) -> list[Answer]:
    """A set that lacks only blood pressure has a total."""
    found = [answer.copy() for answer in answers]
    for answer in found:
        if answer.open == ("systolic_bp",):
            answer.total = answer.sum
    return found


def any_age_table(number: int) -> Edit:
    return f.edits(*[f.always_table(name, number) for name in ("respiratory_rate", "heart_rate", "systolic_bp")])


PLATFORMS: list[Platform] = [
    child("right", "scores as the chart says", faulty=False),
    child("right-decimals", "scores right and writes totals with a decimal", turn=f.total_is(lambda row, a: f"{a.total}.0"), faulty=False),
    child(
        "edge-pulse-teens",
        "for 13 and over, a pulse of 110 is where points begin, and the chart has 100",
        edit=f.moved("heart_rate", 100, 110, 3),
        right=(edge("heart_rate", 110, 109),),
        names=AGED,
    ),
    child(
        "edge-breaths-infants",
        "under 1 year the fastest band begins at 80 where the chart has 70",
        edit=f.moved("respiratory_rate", 70, 80, 0),
        right=(edge("respiratory_rate", 80, 79),),
        names=AGED,
    ),
    child(
        "strict-150",
        "under 1 year a pulse of 150 counts as normal",
        edit=f.other_side("heart_rate", 150, 0),
        right=(edge("heart_rate", 150, 151),),
        names=AGED,
    ),
    child(
        "saturation-92",
        "a saturation of 92 counts as 91 does",
        edit=f.bands(
            "oxygen_saturation",
            {"to": 92, "points": 4, "zone": "pink"},
            {"above": 92, "below": 95, "points": 1, "zone": "yellow"},
            {"from": 95, "points": 0, "zone": "white"},
        ),
        right=(said("oxygen_saturation", at(92, 93)),),
    ),
    child(
        "cell-distress",
        "moderate distress gives 4 points",
        edit=f.category("respiratory_distress", "moderate", points=4),
        right=(said("respiratory_distress", r"moderate"), said("respiratory_distress", r"4 points?[^.;]*instead of 2")),
    ),
    child(
        "garbled-table",
        "from 1 to 4 years a pulse under 60 gives 2 points: the document's text was garbled",
        edit=f.cell("heart_rate", 0, 1, points=2),
        right=(said("heart_rate", r"2 points?[^.;]*instead of 4|(under|below|less than) 60"),),
        names=AGED,
        silence=True,
    ),
    child(
        "wrong-pressure-column",
        "the column of 5 to 12 years holds the pressures of 13 and over",
        edit=lambda content: f.row_of(content, "systolic_bp")["tables"][2].__setitem__(
            "bands", f.row_of(content, "systolic_bp")["tables"][3]["bands"]
        ),
        right=(said("systolic_bp", r"5 to 12[^.;]*13|13[^.;]*5 to 12"),),
        near=said("systolic_bp"),
        names=AGED,
    ),
    child(
        "points-0-1-2-3",
        "pink gives 3 points, as on other charts",
        edit=f.every_point(lambda p: 3 if p == 4 else p),
        right=(said((), r"3 points?", WIDE),),
        near=said((), r"3 points?[^.;]*instead of 4"),
        names=(*SCORED, "age_years"),
    ),
    child(
        "years-rounded",
        "age is rounded to whole years before the table is chosen: 4.6 is 5",
        sees=f.read_as("age_years", lambda a: a.quantize(Decimal(1), ROUND_HALF_UP)),
        right=(said((), r"\bage\b|years", r"round"),),
        names=AGED,
        near=said((), r"\bage\b"),
    ),
    child(
        "months-as-years",
        "age arrives in months and is read as years",
        sees=f.read_as("age_years", lambda a: (a * 12).quantize(Decimal(1), ROUND_FLOOR)),
        right=(said((), r"\bage\b", r"month|× ?12|12 times|unit"),),
        names=AGED,
        near=said((), r"\bage\b|13 years"),
    ),
    child(
        "age-next-birthday",
        "age is counted by calendar years, so everybody is one year older",
        sees=f.read_as("age_years", lambda a: a + 1),
        right=(said((), r"\bage\b|years", r"\b1\b|one|older|more"),),
        names=AGED,
        near=said((), r"\bage\b"),
    ),
    child(
        "one-table-for-all",
        "every child has the table of 5 to 12 years",
        edit=any_age_table(2),
        right=(said((), r"5 to 12", USED), said((), r"\bage\b", r"ignor|always|same|everybody|as if it were")),
        names=AGED,
        near=said((), r"\bage\b"),
    ),
    child(
        "two-is-a-teenager",
        "the oldest table begins at 12",
        sees=f.read_as("age_years", lambda a: Decimal(13) if 12 <= a < 13 else a),
        right=(said((), r"\bage\b|13 years", at(12)),),
        names=AGED,
        near=said((), r"\bage\b"),
    ),
    child(
        "high-flow-by-flow",
        "high flow is scored by its flow, like nasal prongs",
        sees=f.each(machine_by_flow),
        right=(said("oxygen_device", r"high.flow"),),
        names=OXYGEN,
        near=said((), r"high.flow"),
    ),
    child(
        "cpap-0",
        "CPAP gives no points: it was not in the list of the first release",
        edit=f.category("oxygen_device", "cpap", points=0),
        right=(said("oxygen_device", r"\bcpap"),),
        names=OXYGEN,
    ),
    child(
        "machines-as-air",
        "high flow, BiPAP and CPAP are not known and read as air",
        sees=f.read_as("oxygen_device", lambda d: "air" if d in MACHINES else d),
        right=((Says(("oxygen_device",), (r"high.flow|bipap|cpap",)),), said("oxygen_device", IGNORED)),
        names=OXYGEN,
    ),
    child(
        "device-adds-1",
        "each oxygen device adds 1 point of its own to that of the amount",
        count=device_adds,
        right=(said("oxygen_device", r"1 point"),),
        names=OXYGEN,
        near=said("oxygen_device"),
    ),
    child(
        "percent-as-fraction",
        "FiO2 is turned into a fraction on the way in: 40% arrives as 0.4",
        sees=f.read_as("oxygen_percent", lambda v: v / 100),
        right=(said("oxygen_percent", r"fraction|unit|100|(always|every|all|any)[^.;]*1 point|1 point[^.;]*(always|every|all)|lowest"),),
        names=OXYGEN,
        near=said("oxygen_percent"),
    ),
    child(
        "flow-in-ml",
        "flow under 2 L/min gives nothing: low flow was thought harmless",
        edit=f.cell("oxygen_flow", 0, points=0, zone="white"),
        right=(said("oxygen_flow", r"0 points?[^.;]*instead of 1|(under|below|less than) 2"),),
        names=OXYGEN,
    ),
    child(
        "flow-rounded",
        "flow is rounded to whole litres before it is scored",
        sees=f.read_as("oxygen_flow", f.rounded),
        right=(said("oxygen_flow", r"round|whole"), said("oxygen_flow", at("1.5", "5.5"))),
        names=OXYGEN,
        near=said("oxygen_flow"),
        silence=True,
    ),
    child(
        "refill-over-3",
        "slow refill is over 3 seconds, not 3 and over",
        edit=f.bands("capillary_refill", {"to": 3, "points": 0, "zone": "white"}, {"above": 3, "points": 2, "zone": "orange"}),
        right=(edge("capillary_refill", 3, 4),),
    ),
    child(
        "refill-ignored",
        "capillary refill is optional on the form and not in the sum",
        count=f.counts("capillary_refill", lambda readings, points: 0),
        right=(said("capillary_refill", IGNORED), said("capillary_refill", r"3 or more: seems to give 0 points")),
    ),
    child(
        "temperature-scores",
        "temperature outside the white range scores 1 point",
        count=fever_counts,
        right=(said("temperature", r"1 point|scored|counts?|adds?|point"),),
    ),
    child("pupils-ignored", "pupils raise nothing", edit=f.no_trigger("pupils"), right=(said("pupils", NO_LEVEL),), silence=True),
    child(
        "carer-ignored",
        "what carers say is stored and raises nothing",
        edit=f.no_trigger("carer_concern"),
        right=(said("carer_concern", NO_LEVEL),),
    ),
    child(
        "sepsis-high",
        "suspected sepsis raises the level to high, as in the hospital's own policy",
        edit=f.category("sepsis_concern", "sepsis", level="high"),
        right=(said("sepsis_concern", r"high"),),
    ),
    child(
        "voice-medium",
        "a response to voice raises to medium only",
        edit=f.category("consciousness", "voice", level="medium"),
        right=(said("consciousness", r"voice|medium"),),
        silence=True,
    ),
    child(
        "no-triggers-at-all",
        "the level follows from the total alone",
        edit=f.edits(*[f.no_trigger(name) for name in ("consciousness", "pupils", "sepsis_concern", "clinical_intuition", "carer_concern")]),
        right=(said((), r"trigger|only the total|total alone|raise|concern", r"ignor|no |not|never|alone|only"),),
        names=("consciousness", "pupils", "sepsis_concern", "clinical_intuition", "carer_concern"),
    ),
    child("high-from-8", "the level high begins at 8", edit=f.level_from("high", 8), right=(said((), r"high", at(8)),)),
    child(
        "levels-one-late",
        "every level begins one point late",
        edit=f.edits(f.level_from("low", 2), f.level_from("medium", 6), f.level_from("high", 10), f.level_from("emergency", 14)),
        right=(said((), r"low", at(2)), said((), r"medium", at(6)), said((), r"levels?", r"every|all|each|1|one")),
        near=said((), r"low|medium|high|emergency|level"),
    ),
    child("gaps-as-0", "missing readings count 0", turn=f.gaps_count_nothing, right=(said((), MISSING_AS_0),), names=SCORED),
    child(
        "distress-normal-if-missing",
        "a missing respiratory distress is stored as none",
        sees=f.filled({"respiratory_distress": "none"}),
        right=(said("respiratory_distress", r"missing|blank|no reading|not given"),),
    ),
    child(
        "mean-of-three",
        "pulse is the mean of the last three readings: a smoothing filter is on",
        sees=f.mean_of_last("heart_rate", 3),
        right=(said("heart_rate", r"mean|average|smooth|last"),),
        near=said("heart_rate"),
        names=AGED,
        one_row=False,
    ),
    child(
        "random-totals",
        "totals are random: a demonstration stub was shipped",
        turn=f.total_is(lambda row, a: random.Random(row.person + str(row.taken_at)).randint(0, 12)),
        silence=True,
        one_row=False,
    ),
    child(
        "line-late",
        "each line bears the answers of the line before: the export joined by position, off by one",
        turn=f.late_in_file,
        right=(said((), EARLIER + "|shift|off by one"),),
        one_row=False,
    ),
    child(
        "two-faults",
        "age is rounded to whole years, and refill of 3 seconds is normal",
        sees=f.read_as("age_years", lambda a: a.quantize(Decimal(1), ROUND_HALF_UP)),
        edit=f.bands("capillary_refill", {"to": 3, "points": 0, "zone": "white"}, {"above": 3, "points": 2, "zone": "orange"}),
        right=((Says((), (r"\bage\b|years", "round")), Says(("capillary_refill",), (at(3, 4),))),),
        near=(Says((), (r"\bage\b", "round")), Says(("capillary_refill",), (at(3, 4),))),
        names=(*AGED, "capillary_refill"),
    ),
    child(
        "five-and-a-half",
        "the table of 5 to 12 years begins at 5.5: the age was rounded when the code was written, and the limit with it",
        sees=f.read_as("age_years", lambda a: Decimal(4) if 5 <= a < Decimal("5.5") else a),
        right=(said((), r"\bage\b|years", at("5.5")),),
        near=said((), r"\bage\b|years"),
        names=AGED,
    ),
    child(
        "non-rebreather-4",
        "a non-rebreather mask always gives 4 points, as a machine does",
        sees=f.each(mask_as_machine),
        right=(said("oxygen_device", r"non.rebreather"),),
        names=OXYGEN,
    ),
    child(
        "teen-ward",
        "one ward, the Day unit, uses the table of 13 and over for everybody",
        edit=any_age_table(3),
        where=lambda place, row: row.ward == "Day unit",
        right=((Says((), (r"13 years", USED)), Says((), (r"Day unit",))),),
        near=(Says((), (r"13 years|\bage\b",)), Says((), (r"Day unit",))),
        names=AGED,
    ),
    child(
        "pressure-optional",
        "blood pressure is optional on the vendor's form: without it the total is shown",
        turn=without_pressure,
        right=(said("systolic_bp", r"missing|blank|no reading|not given"),),
    ),
    child(
        "refill-half", "capillary refill counts 1 point", edit=f.cell("capillary_refill", 1, points=1), right=(said("capillary_refill", r"1 point"),)
    ),
    child(
        "sepsis-points",
        "suspected sepsis adds 2 points to the total",
        count=sepsis_counts,
        right=(said("sepsis_concern", r"points?"),),
        near=said("sepsis_concern"),
        silence=True,
    ),
]
