"""Platforms that score NEWS2."""

from __future__ import annotations

from decimal import Decimal

from tests.platforms import faults as f
from tests.platforms.faults import EARLIER, IGNORED, MISSING_AS_0, USED, at, edge, said
from tests.platforms.platform import Platform, Says
from tests.platforms.scorer import Answer, Readings, Worths
from tests.platforms.sets import Row

VITALS = ("respiratory_rate", "oxygen_saturation", "air_or_oxygen", "systolic_bp", "heart_rate", "consciousness", "temperature")
COLOURS = {"routine": "green", "low": "yellow", "low-medium": "amber", "medium": "orange", "high": "red"}


def news(name: str, says: str, **rest: object) -> Platform:
    return Platform("news2-" + name, "news2", says, **rest)  # type: ignore[arg-type]  # a declaration names its fields


def everyone_on_oxygen(readings: Readings) -> None:
    if readings.get("air_or_oxygen") == "oxygen":
        readings["spo2_scale"] = "2"


def upward_only(readings: Readings, worths: Worths) -> Worths:
    """Low values were not built: a rate or a pulse scores only where it is high."""
    if readings.get("heart_rate", 99) < 70 and "heart_rate" in worths:
        worths["heart_rate"] = (0, 0, 0)
    return worths


def worst_three(row: Row, answer: Answer) -> int:
    """The sum of the three worst rows."""
    return sum(sorted(answer.points.values())[-3:])


def sticky(rows: list[Row], answers: list[Answer]) -> list[Answer]:
    """A level never falls within a stay: the alarm latches."""
    order = list(COLOURS)
    worst: dict[str, str] = {}
    found = [answer.copy() for answer in answers]
    for row, answer in zip(rows, found, strict=True):
        if answer.level is not None:
            answer.level = worst[row.person] = max(answer.level, worst.get(row.person, "routine"), key=order.index)
    return found


def points_exchanged(rows: list[Row], answers: list[Answer]) -> list[Answer]:
    """The export writes the points of two rows into each other's columns; the total is right."""
    found = [answer.copy() for answer in answers]
    for answer in found:
        first, second = answer.points.pop("heart_rate", None), answer.points.pop("respiratory_rate", None)
        answer.points |= {name: points for name, points in (("respiratory_rate", first), ("heart_rate", second)) if points is not None}
    return found


def gaps_scaled_up(rows: list[Row], answers: list[Answer]) -> list[Answer]:
    """A set with gaps has the sum scaled up to seven rows."""
    found = [answer.copy() for answer in answers]
    for answer in found:
        if answer.open and answer.points:
            answer.total = round(answer.sum * 7 / len(answer.points))
    return found


def gaps_total_0(rows: list[Row], answers: list[Answer]) -> list[Answer]:
    """A set with gaps has the total 0 and the lowest level, as the field's default says."""
    found = [answer.copy() for answer in answers]
    for answer in found:
        if answer.open:
            answer.total, answer.level = 0, "routine"
    return found


PLATFORMS: list[Platform] = [
    news("right", "scores as the chart says", faulty=False),
    news("right-decimals", "scores right and writes totals with a decimal", turn=f.total_is(lambda row, a: f"{a.total}.0"), faulty=False),
    news(
        "edge-oxygen",
        "the configuration screen holds 95 where the chart has 96",
        edit=f.moved("oxygen_saturation", 96, 95, 0),
        right=(edge("oxygen_saturation", 95, 94),),
    ),
    news(
        "edge-strict-temperature",
        "the code asks temp > 39.1 where it should ask >= 39.1",
        edit=f.other_side("temperature", "39.1"),
        right=(said("temperature", at("39.1")), said("temperature", at("39.2"))),
        near=said("temperature", r"39"),
    ),
    news(
        "edge-far-systolic",
        "the upper limit of systolic pressure was typed as 200 where the chart has 220",
        edit=f.moved("systolic_bp", 220, 200),
        right=(edge("systolic_bp", 200, 199),),
        silence=True,  # only people above 200 show it
    ),
    news(
        "edge-fat-finger",
        "the edge 111 of the pulse was typed as 101",
        edit=f.moved("heart_rate", 111, 101),
        right=(edge("heart_rate", 101, 100),),
    ),
    news(
        "cell-respiration",
        "9 to 11 breaths give 2 points, as the row above does for 21 to 24",
        edit=f.cell("respiratory_rate", 1, points=2),
        right=(said("respiratory_rate", r"2 points?", r"9|11"), said("respiratory_rate", r"instead of 1 point")),
    ),
    news(
        "no-confusion",
        "the first edition of the score: AVPU, where new confusion gives nothing",
        edit=f.category("consciousness", "confusion", points=0),
        right=(said("consciousness", "confus"), said("consciousness", r"0 points?[^.;]*instead of 3")),
    ),
    news(
        "row-from-modified-ews",
        "the pulse row was taken over from the hospital's old Modified EWS",
        edit=f.row_from("heart_rate", "modified-ews", "2001.1"),
        right=(
            said("heart_rate", r"modified|other chart|another chart"),
            (Says(("heart_rate",), (at(100, 101),)), Says(("heart_rate",), (at(129, 130),))),
        ),
        near=said("heart_rate"),
    ),
    news(
        "fahrenheit-twice",
        "the interface converts temperature from Fahrenheit although the device sends Celsius",
        sees=f.read_as("temperature", lambda t: (t - 32) * 5 / 9),
        right=(
            said("temperature", r"fahrenheit|°F|unit|convert"),
            said(
                "temperature",
                r"(always|every|all|any)[^.;]*3 points|3 points?[^.;]*(always|every|all|any)|lowest band|as (if|though) (it were )?(very )?(low|cold)",
            ),
        ),
        near=said("temperature"),
    ),
    news(
        "temperature-whole",
        "temperature is stored as a whole number, rounded, before it is scored",
        sees=f.read_as("temperature", f.rounded),
        right=(said("temperature", r"round|whole"),),
        near=said("temperature"),
    ),
    news(
        "temperature-cut",
        "temperature is cut to an integer by the type of the column",
        sees=f.read_as("temperature", f.cut),
        right=(said("temperature", r"cut|trunc|whole|decimals?|rounded down|integer"),),
        near=said("temperature"),
    ),
    news(
        "scale-2-nobody",
        "scale 2 was never built: everybody is scored on scale 1",
        edit=f.always_table("oxygen_saturation", 0),
        right=(said("oxygen_saturation", r"scale[ _][12]", USED), said("spo2_scale", r"scale[ _]1|always|ignor|never|not")),
        names=("spo2_scale", "air_or_oxygen", "oxygen_saturation"),
    ),
    news(
        "scale-2-everybody",
        "a global setting puts the whole hospital on SpO2 scale 2",
        sees=f.each(lambda readings: readings.update(spo2_scale="2")),
        right=(said("oxygen_saturation", r"scale 2", USED), said("spo2_scale", r"2")),
        names=("spo2_scale", "air_or_oxygen", "oxygen_saturation"),
    ),
    news(
        "scale-2-on-oxygen",
        "whoever is on oxygen is put on scale 2, without a clinician's decision",
        sees=f.each(everyone_on_oxygen),
        right=(said(("oxygen_saturation", "air_or_oxygen"), r"scale 2", r"(on|is) oxygen", USED), said("spo2_scale", r"(on|is) oxygen", "2")),
        names=("spo2_scale", "air_or_oxygen", "oxygen_saturation"),
        near=said((), r"scale[ _]2"),
    ),
    news(
        "scale-2-without-top",
        "scale 2 scores only low saturation; its upper bands on oxygen were left out",
        edit=lambda content: f.bands(
            "oxygen_saturation",
            {"to": 83, "points": 3},
            {"from": 84, "to": 85, "points": 2},
            {"from": 86, "to": 87, "points": 1},
            {"from": 88, "points": 0},
            table=2,
        )(content),
        right=(said("oxygen_saturation", r"scale 2", r"(air|0 points|upper|high|93|ignor|not)"),),
        names=("spo2_scale", "air_or_oxygen", "oxygen_saturation"),
        near=said("oxygen_saturation"),
    ),
    news(
        "oxygen-ignored",
        "supplemental oxygen is shown on the screen and not counted",
        count=f.counts("air_or_oxygen", lambda readings, points: 0),
        right=(said("air_or_oxygen", IGNORED), said("air_or_oxygen", r"0 points?[^.;]*instead of 2")),
        names=("air_or_oxygen", "oxygen_saturation"),
    ),
    news(
        "no-single-three",
        "one parameter that scores 3 raises nothing: the rule was forgotten",
        edit=f.level_counts("low-medium", []),
        right=(
            said((), r"need[^.;]*(2|two) rows", r"3 points"),
            said((), r"(low.to.medium|low-medium|3 points|single)", r"never|not|ignor|without|left out|\bno "),
        ),
    ),
    news(
        "high-from-8",
        "the level high begins at a total of 8",
        edit=f.level_from("high", 8),
        right=(said((), r"high", at(8)),),
    ),
    news(
        "medium-from-4",
        "the level medium begins at a total of 4",
        edit=f.level_from("medium", 4),
        right=(said((), r"medium", at(4)),),
    ),
    news(
        "own-words",
        "levels are written in the vendor's own words, as colours, and are right otherwise",
        turn=f.level_is(lambda row, a: COLOURS[str(a.level)]),
        right=(said((), r"(word|name|colou?r|called|written|label|value)", r"green|amber|red|yellow"),),
        near=said((), r"green|amber|red"),
    ),
    news(
        "gaps-as-0",
        "what is missing adds nothing, and the sum is shown as the total",
        turn=f.gaps_count_nothing,
        right=(said((), MISSING_AS_0),),
        names=VITALS,
    ),
    news(
        "gaps-as-number-0",
        "a missing pulse is stored as the number 0 and scored as one",
        sees=f.filled({"heart_rate": Decimal(0)}),
        right=(said("heart_rate", r"missing|blank|no reading|not given", r"number 0|value 0|as 0 |reading of 0|3 points|\b0\b"),),
    ),
    news(
        "carried-forward",
        "a gap is filled with the person's last reading",
        sees=f.carried(*VITALS),
        right=(said((), r"\blast|previous|carried|earlier"),),
        names=VITALS,
        near=said((), r"missing"),
        one_row=False,
    ),
    news(
        "one-set-late",
        "the score on the screen is that of the person's set before: the job runs before the new set is saved",
        turn=f.late,
        right=(said((), EARLIER),),
        one_row=False,
    ),
    news(
        "sorted",
        "the export sorted the totals on their own",
        turn=f.sorted_answers(lambda a: (a.total is not None, a.total or 0)),
        right=(said((), r"sort|order|shuffl|another row|other rows|wrong rows?|belong"),),
        one_row=False,
    ),
    news(
        "one-digit",
        "the field for the total holds one digit: 10 and more is written as 9",
        turn=f.total_is(lambda row, a: min(a.total, 9)),
        right=(said((), r"total|score", r"cap|at most|no more than|limit|never (above|more)|highest", at(9)),),
    ),
    news(
        "exchanged",
        "the interface sends pulse as systolic pressure and systolic pressure as pulse",
        sees=f.exchanged("heart_rate", "systolic_bp"),
        right=(said(("heart_rate", "systolic_bp"), r"exchang|swap|mixed|taken for|in place of"),),
        near=(Says(("heart_rate",)), Says(("systolic_bp",))),
    ),
    news(
        "total-without-temperature",
        "points of every row are right, and the sum leaves temperature out",
        turn=f.total_is(lambda row, a: a.total - a.points.get("temperature", 0)),
        right=(said("temperature", IGNORED + "|total|sum"),),
    ),
    news(
        "half-minute",
        "the device counts breaths for 30 seconds and the platform scores that number",
        sees=f.read_as("respiratory_rate", lambda r: f.rounded(r / 2)),
        right=(said("respiratory_rate", r"half|30 s|halv|divid|/ ?2|twice|0\.5"),),
        near=said("respiratory_rate"),
    ),
    news(
        "hot-devices",
        "the monitors MON-2 send a pulse that the platform rounds to tens",
        sees=f.read_as("heart_rate", lambda v: f.rounded(v, "10")),
        where=lambda place, row: row.device == "MON-2",
        right=((Says(("heart_rate",), (r"round|tens?\b|10",)), Says((), (r"MON-2",))),),
        near=(Says((), (r"MON-2",)), Says(("heart_rate",))),
    ),
    news(
        "one-ward",
        "the ward Oak still has an old configuration: systolic pressure from 101 on gives nothing",
        edit=f.cell("systolic_bp", 2, points=0),
        where=lambda place, row: row.ward == "Oak",
        right=((Says(("systolic_bp",), (r"0 points?[^.;]*instead of 1|101|110|111",)), Says((), (r"Oak",))),),
        near=(Says((), (r"Oak",)), Says(("systolic_bp",), (r"0 points?[^.;]*instead of 1|101|110",))),
    ),
    news(
        "finer-readings-fall-through",
        "a temperature with two decimals falls between two bands and gives 0 points",
        count=f.counts("temperature", lambda readings, points: 0 if readings["temperature"] != f.rounded(readings["temperature"], "0.1") else points),
        right=(said("temperature", r"between|gap|finer|decimal"),),
        near=said("temperature"),
        silence=True,  # few rows show it
    ),
    news(
        "noise",
        "midwifes' corrections by hand: 2% of totals differ by one or two, nowhere in particular",
        turn=f.noise(0.02, lambda dice, a: setattr(a, "total", max(0, a.total + dice.choice([-2, -1, 1, 2])))),
        silence=True,
        one_row=False,
    ),
    news(
        "scores-children",
        "the platform scores patients under 16 as well",
        edit=f.never_refuses,
        right=(said((), r"16|refus|under|child|age|not for|scope"),),
        names=("age_years", "patient_group"),
    ),
    news(
        "two-faults",
        "fever begins at 38.5, and scale 2 was never built",
        edit=f.edits(f.moved("temperature", "38.1", "38.6"), f.always_table("oxygen_saturation", 0)),
        right=((Says(("temperature",), (at("38.5", "38.6"),)), Says((), (r"scale[ _][12]", USED))),),
        near=(Says(("temperature",), (at("38.5", "38.6"),)), Says((), (r"scale[ _][12]", USED))),
        names=("spo2_scale", "air_or_oxygen", "oxygen_saturation", "temperature"),
    ),
    news(
        "two-characters",
        "the field for saturation holds two characters, and 100 arrives as 10",
        sees=f.read_as("oxygen_saturation", lambda v: Decimal(10) if v == 100 else v),
        right=(said("oxygen_saturation", at(100)), said("oxygen_saturation", r"two (digits|characters)")),
        names=("spo2_scale", "air_or_oxygen", "oxygen_saturation"),
        near=said("oxygen_saturation"),
    ),
    news(
        "slow-pulse-scores-nothing",
        "only a fast pulse was built: a slow one gives 0",
        count=upward_only,
        right=(
            (Says(("heart_rate",), (r"0 points?|ignor|normal", at(40, 41, 50, 51))),),
            said("heart_rate", r"low|slow", r"0 points?|ignor|normal|not"),
        ),
        near=said("heart_rate"),
    ),
    news(
        "band-that-ends",
        "the last band of the rate of breathing ends at 30: above it the lookup finds nothing and gives 0",
        count=f.counts("respiratory_rate", lambda readings, points: 0 if readings["respiratory_rate"] > 30 else points),
        right=(said("respiratory_rate", at(30, 31), r"0 points|end|above|up to|nothing|normal"),),
        near=said("respiratory_rate"),
    ),
    news(
        "worst-three",
        "the total is the sum of the three worst rows only",
        turn=f.total_is(worst_three),
        right=(said((), r"three|3", r"worst|highest|most"),),
        silence=True,
    ),
    news(
        "latched-levels",
        "a level never falls within a stay: the alarm latches",
        turn=sticky,
        right=(said((), r"level", r"fall|latch|highest|so far|earlier|previous|before|never"),),
        silence=True,
        one_row=False,
    ),
    news(
        "points-in-wrong-columns",
        "the export writes the points of pulse and of breathing into each other's columns, and the total is right",
        turn=points_exchanged,
        right=(said(("heart_rate", "respiratory_rate"), r"exchang|swap|column|each other"),),
        near=(Says(("heart_rate",)), Says(("respiratory_rate",))),
    ),
    news(
        "gaps-scaled-up",
        "a set with gaps shows the sum scaled up to seven rows",
        turn=gaps_scaled_up,
        right=(said((), r"missing|gap|partial|without", r"scal|proportion|mean|average|seven"),),
        near=said((), r"missing|partial|gap"),
        silence=True,
    ),
    news(
        "gaps-total-0",
        "a set with gaps shows the default of the field: 0 and routine",
        turn=gaps_total_0,
        right=(said((), r"missing|gap|partial|incomplete|without", at(0)),),
        names=VITALS,
    ),
    news(
        "air-if-missing",
        "where nobody says air or oxygen, air is taken",
        sees=f.filled({"air_or_oxygen": "air"}),
        right=(said("air_or_oxygen", r"missing|blank|no reading|not given", r"air|0|normal"),),
        names=("air_or_oxygen", "oxygen_saturation"),
    ),
    news(
        "night-thermometer",
        "at night, from 22 to 6, temperature is not scored: it was switched off so as not to wake people",
        count=f.counts("temperature", lambda readings, points: 0),
        where=lambda place, row: row.taken_at.hour >= 22 or row.taken_at.hour < 6,
        right=((Says(("temperature",), (IGNORED,)), Says((), (r"night|hour|22|time of day",))),),
        near=said("temperature"),
        silence=True,
    ),
]
