"""A second set of platforms, with faults as vendors make them, written after the list of faults had been read.

They are no proof from outside, as those in `on_mews.py` and its neighbours are: they are judged apart (`--written inside`), and they must
never make a verdict that is certain and wrong.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.platforms import faults as f
from tests.platforms.faults import MISSING_AS_0, at, edge, said
from tests.platforms.platform import Platform, Says
from tests.platforms.scorer import Answer, Content, Readings, Worths
from tests.platforms.sets import Row

NEWS2_LEVELS = ("routine", "low", "low-medium", "medium", "high")


def platform(chart: str, name: str, says: str, **rest: Any) -> Platform:
    return Platform(f"{chart}-x-{name}", chart, says, **rest)


def copied(source: str, target: str) -> Any:
    """Both rows are bound to the same reading."""

    def one(readings: Readings) -> None:
        if source in readings and target in readings:
            readings[target] = readings[source]

    return f.each(one)


def plus(name: str, by: str) -> Any:
    return f.read_as(name, lambda value: value + Decimal(by))


def words(**of: str) -> Any:
    return f.level_is(lambda row, a: of.get(str(a.level).replace("-", "_"), str(a.level)))


def exchanged_tables(name: str, one: int, other: int) -> Any:
    """Two columns of the printed table are exchanged."""

    def edit(content: Content) -> None:
        tables = [table for table in f.row_of(content, name)["tables"] if "bands" in table]
        tables[one]["bands"], tables[other]["bands"] = tables[other]["bands"], tables[one]["bands"]

    return edit


def same_table(name: str, of: int, into: int) -> Any:
    def edit(content: Content) -> None:
        tables = f.row_of(content, name)["tables"]
        tables[into]["bands"] = tables[of]["bands"]

    return edit


def high_side_gives_0(*names: str) -> Any:
    """Only low values were built."""

    def edit(content: Content) -> None:
        for name in names:
            for bands in f.tables_of(content, name):
                normal = next(place for place, band in enumerate(bands) if not band["points"])
                for band in bands[normal + 1 :]:
                    band["points"] = 0
                    band.pop("zone", None)

    return edit


def oxygen_adds_two(readings: Readings, worths: Worths) -> Worths:
    if readings.get("air_or_oxygen") == "oxygen" and "temperature" in worths:
        points, zone, level = worths["temperature"]
        worths["temperature"] = (points + 2, zone, level)
    return worths


def days_only(readings: Readings) -> None:
    """Hours since birth are worked out from two dates, without the time of day."""
    if "hours_since_birth" in readings:
        readings["hours_since_birth"] = Decimal(int(readings["hours_since_birth"] // 24) * 24)


def oxygen_counts_on_scale_1(readings: Readings, worths: Worths) -> Worths:
    if readings.get("spo2_scale") == "2" and "air_or_oxygen" in worths:
        worths["air_or_oxygen"] = (0, 0, 0)
    return worths


def percent_as_flow(readings: Readings) -> None:
    """One field for the amount: a percentage is read as litres."""
    if "oxygen_percent" in readings and readings.get("oxygen_device") in ("nasal_prongs", "face_mask", "head_box", "non_rebreather"):
        readings["oxygen_flow"] = readings.pop("oxygen_percent")


def no_amount_is_none(readings: Readings) -> None:
    """An amount that nobody wrote down is the least one."""
    if readings.get("oxygen_device") in ("nasal_prongs", "face_mask", "head_box", "non_rebreather") and not (
        {"oxygen_percent", "oxygen_flow"} & readings.keys()
    ):
        readings["oxygen_flow"] = Decimal("0.5")


def single_three_is_medium(row: Row, answer: Answer) -> str:
    return "medium" if answer.level == "low-medium" else str(answer.level)


def needs_points(row: Row, answer: Answer) -> str:
    """A trigger escalates only where some row gives a point."""
    return "escalate" if (answer.sum >= 2 or (answer.level == "escalate" and answer.sum >= 1)) else "routine"


def last_digit(row: Row, answer: Answer) -> int:
    return int(answer.total) % 10


def from_february(place: int, row: Row) -> bool:
    return row.taken_at.month >= 2


def by_hand(place: int, row: Row) -> bool:
    return row.device == "by hand"


PLATFORMS: list[Platform] = [
    platform(
        "mews",
        "old-in-one-ward",
        "Delivery suite still runs the working chart's version 0.1",
        edit=f.whole("mews", "0.1"),
        where=lambda place, row: row.ward == "Delivery suite",
        right=((Says((), (r"0\.1",)), Says((), ("Delivery suite",))),),
        near=(Says((), ("Delivery suite",)),),
    ),
    platform(
        "mews",
        "oxygen-scores",
        "oxygen gives 2 points, as in the adult score, and escalates",
        count=oxygen_adds_two,
        right=(said("air_or_oxygen", r"2 points"),),
        names=("air_or_oxygen", "temperature"),
    ),
    platform(
        "mews",
        "confusion-alert",
        "new confusion is not in the vendor's list of AVPU and is stored as alert",
        sees=f.read_as("consciousness", lambda c: "alert" if c == "confusion" else c),
        right=(said("consciousness", "confusion"),),
    ),
    platform(
        "mews",
        "hour-lost",
        "hours since birth are one less in summer: one clock is in UTC",
        sees=plus("hours_since_birth", "-1"),
        right=(said((), r"hours|birth", r"49|one (hour|less)|1 (hour|less)|an hour"),),
        names=("heart_rate", "hours_since_birth"),
    ),
    platform(
        "mews",
        "dates-only",
        "hours since birth are worked out from dates without times",
        sees=f.each(days_only),
        right=(said((), r"hours|birth", r"whole days|cut off|24|round|72"),),
        names=("heart_rate", "hours_since_birth"),
    ),
    platform(
        "mews",
        "breaths-default",
        "a missing respiratory rate is taken for 16",
        sees=f.filled({"respiratory_rate": Decimal(16)}),
        right=(said("respiratory_rate", MISSING_AS_0),),
    ),
    platform(
        "mews",
        "by-hand-warmer",
        "temperatures taken by hand get half a degree more, as if from the axilla",
        sees=plus("temperature", "0.5"),
        where=by_hand,
        right=((Says(("temperature",), (r"0\.5|higher|lower|edges",)), Says((), ("by hand",))),),
        near=(Says((), ("by hand",)), Says(("temperature",))),
    ),
    platform(
        "mews",
        "systolic-twice",
        "both pressures are bound to the systolic field",
        sees=copied("systolic_bp", "diastolic_bp"),
        right=(said(("systolic_bp", "diastolic_bp"), r"scored by|copied|same field|bound to"),),
        near=(Says(("diastolic_bp",)),),
        names=("systolic_bp", "diastolic_bp"),
    ),
    platform(
        "mews",
        "triggers-need-a-point",
        "oxygen, consciousness and concern escalate only where the total is 1 or more",
        turn=f.level_is(needs_points),
        right=(said((), r"trigger|by itself|raise", r"total|point"),),
        silence=True,
    ),
    platform(
        "mews",
        "concern-always",
        "any text in the field of concern counts as concern, 'none' too",
        sees=f.read_as("concern", lambda c: "present"),
        right=(said("concern", r"present|always|none"),),
    ),
    platform(
        "mews",
        "pulse-exclusive-high",
        "the code asks pulse > 113 for the first point",
        edit=f.edits(f.moved("heart_rate", 113, 114, 0), f.moved("heart_rate", 113, 114, 1)),
        right=(edge("heart_rate", 113, 114),),
    ),
    platform(
        "newtt2",
        "cell-temperatures",
        "36.4 is typed for 36.5, and 37.6 for 37.5",
        edit=f.edits(f.moved("temperature", "36.5", "36.4"), f.moved("temperature", "37.5", "37.6")),
        right=((Says(("temperature",), (at("36.4", "36.3"),)), Says(("temperature",), (at("37.6", "37.7"),))),),
        near=(Says(("temperature",)),),
    ),
    platform(
        "newtt2",
        "comma-lost",
        "the decimal comma of glucose is lost: 2,4 arrives as 24",
        sees=f.read_as("blood_glucose", lambda g: g * 10),
        right=(said("blood_glucose", r"decimal|ten times|0 points|ignor|as if"),),
    ),
    platform(
        "newtt2",
        "grunting-upside-down",
        "yes and no of grunting are exchanged",
        sees=f.read_as("grunting", lambda g: "no" if g == "present" else "present"),
        right=(said("grunting", r"exchang|swap|wrong way|instead|(no|present)[^.;]*taken for"),),
    ),
    platform(
        "newtt2",
        "pale-2",
        "pale gives 2 points and is pink",
        edit=f.category("colour", "pale", points=2, zone="pink"),
        right=(said("colour", "pale"),),
    ),
    platform(
        "newtt2",
        "feeding-parents",
        "the answers on feeding and on parents are exchanged",
        sees=f.steps(
            f.read_as("feeding", {"well": "none", "reluctant": "some", "not_feeding": "high"}.get),
            f.read_as("parental_concern", {"none": "well", "some": "reluctant", "high": "not_feeding"}.get),
            f.exchanged("feeding", "parental_concern"),
        ),
        right=(said(("feeding", "parental_concern"), "exchang"),),
        silence=True,
        one_row=False,
    ),
    platform(
        "newtt2",
        "neurology-assumed",
        "nobody ticked neurology: responsive is stored",
        sees=f.filled({"neurology": "responsive"}),
        right=(said("neurology", MISSING_AS_0 + "|missing[^.;]*responsive|responsive[^.;]*missing"),),
    ),
    platform(
        "newtt2",
        "float-edge",
        "38.0 is stored as 37.999999: 38.0 is still yellow",
        edit=lambda content: f.bands(
            "temperature",
            {"below": "36.0", "points": 2, "zone": "pink"},
            {"from": "36.0", "to": "36.4", "points": 1, "zone": "yellow"},
            {"from": "36.5", "to": "37.5", "points": 0, "zone": "white"},
            {"above": "37.5", "to": "38.0", "points": 1, "zone": "yellow"},
            {"above": "38.0", "points": 2, "zone": "pink"},
        )(content),
        right=(said("temperature", at("38", "38.0", "38.1", "37.9")),),
    ),
    platform(
        "newtt2",
        "glucose-whole",
        "glucose is rounded to whole mmol/L",
        sees=f.read_as("blood_glucose", f.rounded),
        right=(said("blood_glucose", r"round|whole"),),
        near=(Says(("blood_glucose",)),),
    ),
    platform(
        "newtt2",
        "pink-over-purple",
        "the list of levels has pink above purple: a set with a pink row is pink",
        turn=f.level_is(
            lambda row, a: (
                "pink" if a.level == "purple" and any(p == 2 for n, p in a.points.items() if n in ("feeding", "parental_concern")) else a.level
            )
        ),
        right=(said((), "purple", "pink"),),
        silence=True,
    ),
    platform(
        "newtt2",
        "breaths-by-hand-half",
        "breaths counted by hand are those of half a minute",
        sees=f.read_as("respiratory_rate", lambda r: f.rounded(r / 2)),
        where=by_hand,
        right=((Says(("respiratory_rate",), (r"half|30 sec|not doubled|halv",)), Says((), ("by hand",))),),
        near=(Says((), ("by hand",)), Says(("respiratory_rate",))),
    ),
    platform(
        "news2",
        "single-three-medium",
        "one row with 3 points raises medium",
        turn=f.level_is(single_three_is_medium),
        right=(said((), r"low.to.medium|3 points", "medium"),),
    ),
    platform(
        "news2",
        "air-oxygen-reversed",
        "air and oxygen are coded the wrong way round",
        sees=f.read_as("air_or_oxygen", lambda o: "air" if o == "oxygen" else "oxygen"),
        right=(said("air_or_oxygen", r"exchang|swap|wrong way|(air|oxygen)[^.;]*taken for"),),
        names=("air_or_oxygen", "oxygen_saturation", "spo2_scale"),
    ),
    platform(
        "news2",
        "cold-strict",
        "the code asks temp < 35.0 for 3 points",
        edit=f.other_side("temperature", "35.0"),
        right=(said("temperature", at("35", "35.0", "34.9")),),
        silence=True,
    ),
    platform(
        "news2",
        "scale-2-always-oxygen",
        "scale 2 has one table for everybody: the one on oxygen",
        edit=same_table("oxygen_saturation", 2, 1),
        right=(said("oxygen_saturation", r"scale 2", r"oxygen"), said("oxygen_saturation", r"scale 2, breathing air", r"93|95|97")),
        names=("oxygen_saturation", "air_or_oxygen", "spo2_scale"),
        near=(Says(("oxygen_saturation",)),),
    ),
    platform(
        "news2",
        "voice-1",
        "AVPU has points of an older score: confusion and voice 1, pain 2, unresponsive 3",
        edit=f.edits(
            f.category("consciousness", "confusion", points=1),
            f.category("consciousness", "voice", points=1),
            f.category("consciousness", "pain", points=2),
        ),
        right=(said("consciousness", r"1 point", r"voice|confusion"),),
        near=(Says(("consciousness",)),),
    ),
    platform(
        "news2",
        "last-digit",
        "the total has one digit: 12 is shown as 2",
        turn=f.total_is(last_digit),
        right=(said((), r"total", r"last digit|one digit|\b10\b|digit"),),
        near=(Says((), ("total",)),),
        silence=True,
    ),
    platform(
        "news2",
        "words-of-urgency",
        "levels are the vendor's: none, ward, urgent, urgent, emergency",
        turn=words(routine="none", low="ward", low_medium="urgent", medium="urgent", high="emergency"),
        right=(said((), r"word|name|own|value"),),
        near=(Says((), ("urgent|emergency|ward",)),),
    ),
    platform(
        "news2",
        "no-medium",
        "there are three levels: medium is shown as low to medium",
        turn=f.level_is(lambda row, a: "low-medium" if a.level == "medium" else a.level),
        right=(said((), "medium", r"never|instead|merged"),),
    ),
    platform(
        "news2",
        "oxygen-free-on-scale-2",
        "oxygen gives nothing on scale 2",
        count=oxygen_counts_on_scale_1,
        right=(said("air_or_oxygen", r"scale 2|scale"),),
        near=(Says(("air_or_oxygen",)),),
        names=("air_or_oxygen", "spo2_scale", "oxygen_saturation"),
    ),
    platform(
        "news2",
        "scale-1-since-upgrade",
        "since the upgrade on 1 February everybody is on scale 1",
        edit=f.always_table("oxygen_saturation", 0),
        where=from_february,
        right=((Says((), (r"scale[ _][12]",)), Says((), (r"Feb|2026-0[12]|from|since",))),),
        near=(Says((), (r"scale[ _][12]",)),),
        names=("air_or_oxygen", "spo2_scale", "oxygen_saturation"),
    ),
    platform(
        "news2",
        "high-at-7-or-three",
        "a single 3 raises high",
        turn=f.level_is(lambda row, a: "high" if 3 in a.points.values() else a.level),
        right=(said((), r"3 points|single", "high"), said((), "low to medium", "high")),
    ),
    platform(
        "news2",
        "pulse-from-patient-before",
        "a missing pulse keeps that of the patient before",
        sees=f.carried("heart_rate", by_person=False),
        right=(said("heart_rate", r"last|before|previous"),),
        silence=True,
    ),
    platform(
        "news2",
        "fever-and-pressure",
        "temperature is rounded to whole degrees and systolic pressure is not scored when high",
        sees=f.read_as("temperature", f.rounded),
        edit=f.cell("systolic_bp", 4, points=0),
        right=((Says(("temperature",), ("round|whole",)), Says(("systolic_bp",), ("0 points|ignor",))),),
        near=(Says(("temperature",), ("round|whole",)), Says(("systolic_bp",))),
    ),
    platform(
        "npews",
        "percent-as-litres",
        "one field holds the amount of oxygen: a percentage is read as litres a minute",
        sees=f.each(percent_as_flow),
        right=(said("oxygen_percent", r"4 points|always|flow|L/min|ignor"),),
        near=(Says(("oxygen_percent",)),),
        names=("oxygen_percent", "oxygen_flow", "oxygen_device"),
    ),
    platform(
        "npews",
        "no-amount-is-little",
        "an amount of oxygen that nobody wrote down counts as the least",
        sees=f.each(no_amount_is_none),
        right=(said((), r"missing|blank", r"oxygen"),),
        silence=True,
        names=("oxygen_percent", "oxygen_flow", "oxygen_device"),
    ),
    platform(
        "npews",
        "columns-exchanged",
        "the pulse columns of 1 to 4 and of 5 to 12 years are exchanged",
        edit=exchanged_tables("heart_rate", 1, 2),
        right=(said("heart_rate", r"1 to 4|5 to 12", r"exchang|swap|used|table"),),
        near=(Says(("heart_rate",)),),
        names=("heart_rate", "age_years"),
    ),
    platform(
        "npews",
        "high-pressure-0",
        "a high systolic pressure gives nothing at any age",
        edit=high_side_gives_0("systolic_bp"),
        right=(said("systolic_bp", r"0 points"),),
        near=(Says(("systolic_bp",)),),
    ),
    platform(
        "npews",
        "carer-high",
        "concern of carers, medium, raises high",
        edit=f.category("carer_concern", "medium", level="high"),
        right=(said("carer_concern", "medium|high"),),
    ),
    platform(
        "npews",
        "voice-is-alert",
        "a response to voice raises nothing",
        edit=f.category("consciousness", "voice", level=None),
        right=(said("consciousness", "voice"),),
    ),
    platform(
        "npews",
        "teen-from-12",
        "the table of 13 and over begins in the 13th year of life, at 12",
        sees=f.read_as("age_years", lambda y: y + 1 if 12 <= y < 13 else y),
        right=(said((), r"\bage\b|years", at(12)),),
        names=("age_years", "heart_rate", "respiratory_rate", "systolic_bp"),
    ),
    platform(
        "npews",
        "bands-by-month",
        "months are cut off from the age at the last birthday, and infants are 1 year old",
        sees=f.read_as("age_years", lambda y: max(Decimal(1), y)),
        right=(said((), r"1 year|under 1"),),
        names=("age_years", "heart_rate", "respiratory_rate", "systolic_bp"),
    ),
    platform("npews", "total-cap-12", "the total stops at 12", turn=f.total_is(lambda row, a: min(a.total, 12)), right=(said((), "total", at(12)),)),
    platform("npews", "emergency-from-12", "emergency starts at 12", edit=f.level_from("emergency", 12), right=(said((), "emergency", at(12)),)),
]
SECOND: dict[str, Platform] = {p.name: p for p in PLATFORMS}
