"""One verdict on a stated score: a file, POST verify, $ews-verify and a file sent through the workbench say the same of the same cells."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from mews_newtt import Chart, charts, load_chart, score
from mews_newtt.chart.model import Group
from mews_newtt.fhir.codes import SCORE
from mews_newtt.fhir.jsontext import read_json, write_json
from mews_newtt.fhir.operations import ews_verify
from mews_newtt.fhir.scored import total_key
from mews_newtt.fhir.write import observations_bundle
from mews_newtt.validation.cases import Pool
from mews_newtt.validation.compare import validate
from mews_newtt.validation.stated import Claim, sum_of_parts, verdict_on
from tests.fhir.support import find, parts
from tests.patience import PATIENCE
from tests.service.support import client
from tests.strategies import made_charts, sets_on

CHARTS = [load_chart("news2"), load_chart("newtt2", "0.1"), load_chart("mewc"), load_chart("meows"), load_chart("npews")]
SETS = {  # a request that holds an impossible reading is refused as a whole; a file has other rows to compare
    chart.id: [given for given in Pool(chart, random=60).sets if score(chart, dict(given), raise_refused=False).status != "refused"] for chart in CHARTS
}
PERSON, TIME = {"reference": "Patient/made-up"}, "2026-11-22T09:30:00+00:00"


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with client(tmp_path_factory.mktemp("data")) as found:
        yield found


def by_file(chart: Chart, given: dict[str, str], stated: dict[str, Any]) -> tuple[str, list[str]]:
    points = {f"expected_points_{name}": [value] for name, value in stated.get("points", {}).items()}
    cells = {"expected_total": [stated.get("total")], "expected_level": [stated.get("level")], **points}
    names = dict.fromkeys([*(p.id for p in chart.parameters), *given])
    found = validate(chart, pa.table({**{name: [given.get(name)] for name in names}, **cells}))
    return found.verdict, sorted(found.kinds)


def by_http(http: Any, chart: Chart, given: dict[str, str], stated: dict[str, Any]) -> tuple[str, list[str]]:
    answer = http.post(f"/v1/charts/{chart.id}/verify?version={chart.version}", json={"observations": given, "stated": stated})
    if answer.status_code == 422:
        assert [one["code"] for one in answer.json()["problems"]] == ["nothing_stated"], answer.text
        return "nothing_compared", []
    return answer.json()["verdict"], sorted({one["kind"] for one in answer.json()["differences"]})


def by_fhir(chart: Chart, given: dict[str, str], stated: dict[str, Any]) -> tuple[str, list[str]]:
    sent = observations_bundle(chart, given, subject=PERSON, effective=TIME)
    total = {"resourceType": "Observation", "status": "final", "subject": PERSON, "effectiveDateTime": TIME, "code": code(total_key(chart))}
    if stated.get("total") is not None:
        total["valueQuantity"] = {"value": stated["total"], "code": "{score}"}
    if stated.get("level") is not None:
        total["interpretation"] = [{"text": stated["level"]}]
    total["component"] = [{"code": code((SCORE, f"{chart.id}-{name}")), "valueInteger": value} for name, value in stated.get("points", {}).items()]
    sent.setdefault("entry", []).append({"resource": {name: value for name, value in total.items() if value != []}})
    found = ews_verify(read_json(write_json(sent)), find, charts(), chart=chart.id, version=chart.version).resource
    return parts(found, "verdict")[0], sorted({one["kind"] for one in parts(found, "difference")} - {"table"})


def by_page(http: Any, chart: Chart, cases: Sequence[tuple[dict[str, str], dict[str, Any]]]) -> tuple[int, list[list[str]]]:
    """A file of many sets, sent through the workbench: how many rows were compared, and the kinds of each row that disagrees."""
    scored = [p.id for p in chart.parameters if p.role == "scored"] if chart.has_points else []
    given_names = list(dict.fromkeys([*(p.id for p in chart.parameters), *(name for readings, _ in cases for name in readings)]))
    names = [*given_names, "expected_total", "expected_level", *(f"expected_points_{name}" for name in scored)]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    for readings, stated in cases:
        cells = [stated.get("total"), stated.get("level"), *(stated.get("points", {}).get(name) for name in scored)]
        writer.writerow([*(readings.get(name, "") for name in given_names), *("" if cell is None else cell for cell in cells)])
    sent = http.post(
        "/workbench/validate",
        data={"chart": f"{chart.id}@{chart.version}"},
        files={"file": ("sets.csv", out.getvalue())},
        headers={"Origin": "http://localhost"},
        follow_redirects=False,
    )
    assert sent.status_code == 303, sent.text
    form = {f"column-{number}": name for number, name in enumerate(names)} | {"do": "run", "anyway": "yes"}
    form |= {f"theirs-{number}-0": "" for number in range(len(names))}  # words that the page would ask about are left as they are
    run = http.post(sent.headers["location"], data=form, headers={"Origin": "http://localhost"}, follow_redirects=False)
    assert run.status_code == 303, run.text
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer = http.get(f"{run.headers['location']}/files/validation.json")
        if answer.status_code == 200:
            found = answer.json()
            kinds: list[list[str]] = [[] for _ in cases]
            for row in found["disagreements"]:
                kinds[row["row"] - 2] = sorted({cell["kind"] for cell in row["cells"]})
            return found["compared"], kinds
        time.sleep(0.1)
    raise AssertionError(answer.text)


def code(key: tuple[str, str]) -> dict[str, Any]:
    return {"coding": [{"system": key[0], "code": key[1]}]}


@st.composite
def stated_sets(draw: st.DrawFn) -> tuple[str, dict[str, str], dict[str, Any]]:
    """A set, whole, with readings left out, or without any; and what is stated of it."""
    chart = draw(st.sampled_from(CHARTS))
    given = dict(draw(st.sampled_from(SETS[chart.id])))
    amount = draw(st.sampled_from(["whole", "partial", "bare"]))
    scored = [p.id for p in chart.parameters if p.role == "scored"]
    if amount == "partial":
        for name in draw(st.lists(st.sampled_from(scored), max_size=3)):
            given.pop(name, None)
    elif amount == "bare":
        given = {name: text for name, text in given.items() if chart.by_id[name].role == "recorded" if name in chart.by_id}
    words = [word for level in chart.levels for name in (level.id, level.title) for word in (name, name.upper(), f" {name} ")]
    stated: dict[str, Any] = {
        "total": draw(st.one_of(st.none(), st.integers(-1, 25), st.sampled_from([5.0, 5.5, 999]))),
        "level": draw(st.one_of(st.none(), st.sampled_from([*words, "purple", "none", "", " "]))),
    }
    if chart.has_points:
        names = draw(st.lists(st.sampled_from(scored), unique=True))
        stated["points"] = {name: draw(st.integers(0, 3)) for name in names}
    return f"{chart.id}@{chart.version}", given, stated


@settings(max_examples=120, deadline=None)
@given(stated_sets())
def test_files_http_and_fhir_give_one_verdict(http: Any, case: tuple[str, dict[str, str], dict[str, Any]]) -> None:
    name, readings, stated = case
    chart = load_chart(*name.split("@"))
    file, fhir = by_file(chart, readings, stated), by_fhir(chart, readings, stated)
    assert by_http(http, chart, readings, stated) == file, case
    assert fhir == file, case


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with client(tmp_path_factory.mktemp("workbench"), job_workers=1) as found:
        yield found


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate,))
@given(st.lists(stated_sets(), min_size=40, max_size=60))
def test_the_workbench_gives_the_verdict_of_a_file_row_by_row(workbench: Any, cases: list[tuple[str, dict[str, str], dict[str, Any]]]) -> None:
    for name in dict.fromkeys(name for name, _, _ in cases):
        chart = load_chart(*name.split("@"))
        mine = [(readings, stated) for one, readings, stated in cases if one == name]
        alone = [by_file(chart, readings, stated) for readings, stated in mine]
        compared, kinds = by_page(workbench, chart, mine)
        assert kinds == [kinds_alone for _, kinds_alone in alone], name
        assert compared == sum(verdict != "nothing_compared" for verdict, _ in alone), name


PARTS = ["respiratory_rate", "oxygen_saturation", "air_or_oxygen", "systolic_bp", "heart_rate", "consciousness", "temperature"]


@pytest.mark.parametrize(
    ("total", "points", "kind"),
    [
        (9, [3, 2, 0, 1, 2, 0, 3], "parts_do_not_add_up"),  # 11
        (11, [3, 2, 0, 1, 2, 0, 3], None),
        (1, [3], "parts_do_not_add_up"),  # what is not stated adds something, never takes away
        (9, [3], None),
        (20, [], None),
    ],
)
def test_a_score_without_its_readings_is_not_compared_but_its_parts_are_added_up(http: Any, total: int, points: list[int], kind: str | None) -> None:
    chart = load_chart("news2")
    stated = {"total": total, "level": "routine", "points": dict(zip(PARTS, points, strict=False))}
    expected = ("disagrees", [kind]) if kind else ("nothing_compared", [])
    assert by_file(chart, {}, stated) == by_http(http, chart, {}, stated) == by_fhir(chart, {}, stated) == expected


def test_where_an_answer_was_asked_for_a_set_without_readings_is_compared_too() -> None:
    """A platform that answers 0 to nothing at all counts what is missing as 0."""
    rows = pa.table({**{name: [""] for name in PARTS}, "expected_total": ["0"]})
    assert validate(load_chart("news2"), rows).verdict == "nothing_compared"
    assert dict(validate(load_chart("news2"), rows, blanks_disagree=True).kinds) == {"total_of_partial": 1}


def test_groups_count_once_in_a_sum() -> None:
    """The worse of two pressures counts; of two ways to give oxygen only one is given."""
    npews, mews = load_chart("npews"), load_chart("mews", "0.1")
    paired = replace(mews, groups=(Group("pressure", "Blood pressure", "either", ("systolic_bp", "diastolic_bp"), ""),))
    scored = [(p.id,) for p in mews.parameters if p.role == "scored"]
    assert ("systolic_bp",) in scored and ("diastolic_bp",) in scored
    assert sum_of_parts(mews, dict.fromkeys(scored, 1)) == (len(scored), len(scored))
    assert sum_of_parts(paired, dict.fromkeys(scored, 1)) == (len(scored) - 1, len(scored) - 1)
    every = {(p.id,): 0 for p in npews.parameters if p.role == "scored"}
    assert sum_of_parts(npews, every) == (0, 0)
    assert sum_of_parts(npews, every | {("oxygen_percent",): 2}) == (2, 2)


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_a_sum_of_some_stated_points_allows_the_total_of_the_set(data: st.DataObject) -> None:
    """On any chart: whichever of a complete set's points are stated, the chart's own total is between the sum's bounds."""
    made = data.draw(made_charts())
    result = score(made.chart, data.draw(sets_on(made, most_open=0)).given, raise_refused=False)
    assume(result.status == "complete" and made.chart.has_points)
    points = {(row.id,): row.points for row in result.parameters if row.points is not None and made.chart.by_id[row.id].role == "scored"}
    stated = data.draw(st.lists(st.sampled_from(sorted(points)), unique=True)) if points else []
    if len(stated) > 1 and not made.chart.groups and data.draw(st.booleans()):  # two rows stated as one, as FHIR's codes of some rows are
        first, second, *stated = stated
        points[first + second] = (points[first] or 0) + (points[second] or 0)
        stated.append(first + second)
    least, most = sum_of_parts(made.chart, {names: points[names] for names in stated})
    assert least <= result.total <= most, (least, most, stated)


def test_two_rows_stated_as_one_leave_the_other_rows_open() -> None:
    assert sum_of_parts(load_chart("news2"), {("respiratory_rate", "oxygen_saturation"): 1}) == (1, 1 + 2 + 3 + 3 + 3 + 3)


def test_a_row_that_need_not_be_given_may_add_nothing() -> None:
    chart = load_chart("news2")
    own = chart.by_id["respiratory_rate"]
    tables = tuple(replace(table, bands=tuple(band for band in table.bands if band.points)) for table in own.tables)
    for required, least in ((True, 1), (False, 0)):
        alone = replace(chart, parameters=(replace(own, required=required, tables=tables),), groups=())
        assert sum_of_parts(alone, {}) == (least, 3)
    beside = replace(chart, parameters=(replace(own, tables=(*tables, replace(tables[0], applies=False, bands=()))),), groups=())
    assert sum_of_parts(beside, {}) == (0, 3)  # in a context in which the row does not apply it gives nothing


def test_where_readings_may_be_elsewhere_only_what_they_cannot_make_right_disagrees() -> None:
    """A part of the readings: bounds 3 to 20, level low-medium to high."""
    result = score(load_chart("news2"), {"respiratory_rate": 8})

    def kinds(elsewhere: bool, **stated: Any) -> tuple[str, list[str], int]:
        points = stated.pop("points", {})
        claims = [Claim(holds, raw, holds) for holds, raw in stated.items()] + [Claim("points", raw, name, (name,)) for name, raw in points.items()]
        found = verdict_on(result, claims, elsewhere=elsewhere)
        return found.says, [one.kind for one in found.differences], len(found.not_compared)

    assert (result.total_min, result.total_max, result.level, result.level_max) == (3, 20, "low-medium", "high")
    assert kinds(False, total=7, level="high") == ("disagrees", ["total_of_partial", "level_of_partial"], 0)
    assert kinds(True, total=7, level="high") == ("nothing_compared", [], 2)
    assert kinds(True, total=2, level="routine") == ("disagrees", ["outside_bounds", "level_of_partial"], 0)
    assert kinds(True, total=7, points={"respiratory_rate": 3, "heart_rate": 1}) == ("agrees", [], 2)
    assert kinds(True, total=7, points={"respiratory_rate": 2}) == ("disagrees", ["points"], 1)
    assert kinds(True, total=3, points={"respiratory_rate": 3, "heart_rate": 1}) == ("disagrees", ["parts_do_not_add_up"], 1)
