"""House names and near names of columns: a row of the chart that has no column is never passed over while a column beside may hold it."""

from __future__ import annotations

import pytest

from mews_newtt import ColumnError, load_chart
from mews_newtt.chart.model import Chart
from mews_newtt.reading.column_names import meaning_of
from mews_newtt.reading.columns import ColumnMap, check_columns

NEWS2, NEWTT2, NPEWS, MEWS = load_chart("news2", "2017.1"), load_chart("newtt2", "0.1"), load_chart("npews"), load_chart("mews", "0.1")

# chart: parameter: what people call its column
HEADERS: dict[str, dict[str, str]] = {
    "news2": {
        "respiratory_rate": "RespRate|Resp. rate|RR|R.R.|RR/min|RRpm|Resps|resp_freq|Respirations (/min)|Breaths per minute|respiratoryRate|"
        "vitals.respiratory_rate|Respiratory Rate [breaths/min]|obs_rr|RESP_RATE_VALUE|resperatory_rate|Respiration Rate|RespRateNum",
        "oxygen_saturation": "SpO2 %|SpO2_pct|SpO₂|O2 Sats|Sats|Sats on air|oxygen sats %|Sp02|Ox sat|PulseOx|Pulse oximetry (%)|SaO2|spo2Value|"
        "saturaton|Peripheral O2 saturation|SATS_%|min_spo2",
        "air_or_oxygen": "O2?|Air/O2|On oxygen Y/N|Supp O2|supplementalOxygen|Room air|O2_flow|O2 flow (L/min)|FiO2|oxygen_flow|oxygen_device|Oxygen "
        "delivery device|oxcode|Inspired O2|Suppl. oxygen|O2 therapy",
        "spo2_scale": "oxsatscale|SpO2 Scale Used|Scale (1/2)|NEWS2 scale|O2 scale|hypercapnic scale",
        "temperature": "tempF|Temp °C|Temp (°C)|Temp ºC|TEMPF|T °C|T(C)|BodyTemp|bodyTemperatureCelsius|Temperature [degF]|temprature|Ear temp|tympanic|"
        "temp_fahrenheit|Temp.|Obs - Temperature",
        "systolic_bp": "NIBP Systolic|BP|B/P|Blood pressure (systolic)|SBP mmHg|sbp_mmHg|SysBP|BPs|bps|Systole|NIBP-Sys|systolc|Sys. BP|BP_high|"
        "ABP systolic|Blood Pressure|nibpSystolic|Systolic (mm[Hg])",
        "heart_rate": "hr_bpm|HR_bpm|HRbpm|Pulse|Pulse (beats per min)|heartRate|Heart-Rate|heart rate bpm|mHR|ECG rate|puls|hart_rate|pulse_rate_bpm|"
        "Maternal pulse|HR.|Heart beats/min|Radial pulse",
        "consciousness": "AVPU_score|AVPU|ACVPU|A/C/V/P/U|GCS|Glasgow Coma Scale|Conscious level|LOC|Level of consciousness (AVPU)|ConsciousState|"
        "consiousness|avpuScore|AVCPU|Alert?",
    },
    "newtt2": {
        "blood_glucose": "BSL|BGL|BM|Glucose|blood sugar (mmol/L)|BM (mmol)|gluc_mmol|glucose mg/dL|heel prick glucose|BG|TBG|GLU_POC|True blood glucose|"
        "Bld Glucose|glucoseLevel|Dextrostix",
        "parental_concern": "Parent concern|Concern?|parents worried|ParentalConcern|Mother's concern",
        "colour": "Skin color|Baby colour|skinColour|Colour of baby",
        "grunting": "Grunting?|grunt|Resp grunt",
        "feeding": "Feeds|feedingStatus|Feeding (well/reluctant)",
        "neurology": "Neuro|neuro_state|Tone|AVPU_score",
        "temperature": "Baby temp axilla|Axillary temp",
    },
    "mews": {
        "concern": "Midwife concern|staffConcern|Concerns|worried|Nurse concern|Woman's concern|CONCERN_FLAG|Family worry|Any concerns?",
        "diastolic_bp": "Diastolic|diaBP|DBP (mmHg)|bpd|NIBP Dia|Blood pressure diastolic|diastolicBloodPressure",
    },
    "npews": {
        "capillary_refill": "CRT|cap refill (s)|CapRefill|cap. return",
        "age_years": "Age|Age (months)|age_yrs|Pt age|ageMonths",
        "respiratory_distress": "WOB|Resp effort|Work of Breathing",
        "carer_concern": "Parent/carer concern|carer worried",
        "oxygen_percent": "FiO2 (%)|O2 percent",
    },
}
CHARTS = {"news2": NEWS2, "newtt2": NEWTT2, "mews": MEWS, "npews": NPEWS}
TABLE = [
    pytest.param(CHARTS[chart], parameter, header, id=f"{chart}: {header}")
    for chart, rows in HEADERS.items()
    for parameter, headers in rows.items()
    for header in headers.split("|")
]
ORDINARY = (
    "ward|site|nhs_number|comment|device_id|sex|NEWS score|NEWS2|MEWS|mews_total|ews|Total score|expected_status|points_heart_rate|HR points|temp_site|"
    "Temperature time|time of pulse|resp unit|Oxygen comment|weight|Height (cm)|parity|gravida|gestation|Gestational age|birthweight|bed|Room|"
    "Hospital number|MRN|first_name|Surname|dob|postcode|consultant|specialty|admission_date|outcome|status|version|entered by|recorded_by|"
    "diagnosis|plan|escalated to|next obs|risk|band|zone|trigger|lochia|wound|uterus|reflexes|proteinuria|urinalysis|blood loss (ml)|Hb|lactate|"
    "breasts|fundal height|delivery_mode|mode of delivery|station|apgar_1|shift|source|file|row|index|uuid|ethnicity|language|smoker|BMI|heart rhythm"
)


@pytest.mark.parametrize(("chart", "parameter", "header"), TABLE)
def test_a_column_that_may_be_a_row_without_a_column_is_an_error_that_names_both(chart: Chart, parameter: str, header: str) -> None:
    others = [p.id for p in chart.parameters if p.id != parameter]
    with pytest.raises(ColumnError) as caught:
        check_columns([*others, header, "ward"], chart)
    (problem,) = caught.value.problems
    assert problem.where == f"column {header}" and parameter in problem.what
    assert "--map" in problem.mend and parameter in problem.mend and f"--ignore {header!r}" in problem.mend


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
def test_the_way_out_works(chart: Chart) -> None:
    for parameter, headers in HEADERS[chart.id].items():
        others = [p.id for p in chart.parameters if p.id != parameter]
        for header in headers.split("|"):
            assert check_columns([*others, header], chart, ColumnMap({header: parameter}))[-1] == parameter
            assert check_columns([*others, header], chart, ColumnMap(ignore=frozenset({header})))[-1] == ""


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
def test_ordinary_columns_raise_no_alarm(chart: Chart) -> None:
    names = ["heart_rate", *ORDINARY.split("|")]
    assert check_columns(names, chart) == names


def test_the_age_is_ordinary_on_a_chart_without_it() -> None:
    assert check_columns(["heart_rate", "age", "Age (years)", "patient_age"], MEWS)


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
def test_a_table_with_every_row_of_the_chart_has_nothing_to_mistake(chart: Chart) -> None:
    every = [p.id for p in chart.parameters]
    headers = [header for rows in HEADERS.values() for headers in rows.values() for header in headers.split("|")]
    names = list(dict.fromkeys([*every, *headers]))
    assert check_columns(names, chart) == names


@pytest.mark.parametrize(
    ("header", "unit"), [("tempF", "temperature=[degF]"), ("Temperature [°F]", "temperature=[degF]"), ("T (F)", "temperature=[degF]"), ("temp_c", None)]
)
def test_a_unit_in_the_name_is_part_of_the_way_out(header: str, unit: str | None) -> None:
    with pytest.raises(ColumnError) as caught:
        check_columns(["heart_rate", header], NEWS2)
    mend = caught.value.problems[0].mend
    assert ("--unit" in mend) == (unit is not None) and (unit or "") in mend


def test_one_column_for_two_pressures_names_both() -> None:
    with pytest.raises(ColumnError) as caught:
        check_columns(["heart_rate", "BP"], MEWS)
    assert "systolic_bp or diastolic_bp" in str(caught.value) and "a column each" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "parameters", "whole"),
    [
        ("temprature", ("temperature",), True),  # a slip of the whole name
        ("ward temprature morning", ("temperature",), False),  # of one of its words
        ("heart_rate", ("heart_rate",), True),
        ("monitor heart rate", ("heart_rate",), False),
    ],
)
def test_whether_the_whole_name_or_a_word_of_it_names_the_parameter(name: str, parameters: tuple[str, ...], whole: bool) -> None:
    meaning = meaning_of(name, load_chart("news2").observations)
    assert meaning is not None and (meaning.parameters, meaning.whole) == (parameters, whole)
