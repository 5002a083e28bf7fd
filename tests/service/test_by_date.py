"""The service and FHIR by date: each set on the version that was in force on its day, as `score --by-date` has it; and a day in the place of a version."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import load_chart, score
from mews_newtt.chart.catalogue import catalogue
from mews_newtt.chart.timeline import charts_by_date
from mews_newtt.errors import ChartNotFound
from mews_newtt.fhir.jsontext import write_json
from tests.adoption.support import change_over, command
from tests.fhir.support import bundle, coded, observation, quantity

from .support import client, codes

pytest.importorskip("fastapi")
GIVEN = {"respiratory_rate": 16, "heart_rate": 110, "temperature": 36.8, "consciousness": "alert"}
BEFORE, AFTER = "2026-05-31T23:59:00+02:00", "2026-06-01T00:30:00+02:00"  # in UTC the second is still of May: a day counts as it is written
VERSIONS = {BEFORE: "1.0", AFTER: "2.0"}
TOTALS = {"1.0": 0, "2.0": 2}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = change_over(tmp_path / "site")
    monkeypatch.setenv("MEWS_NEWTT_RULES", str(folder))
    return folder


@pytest.fixture
def http(site: Path, tmp_path: Path) -> Iterator[Any]:
    with client(tmp_path / "data") as found:
        yield found


def observed(when: str | None, *others: dict[str, Any], **more: Any) -> dict[str, Any]:
    sent = [
        observation(coded("9279-1"), valueQuantity=quantity(16, "/min"), effective=when, **more),
        observation(coded("8867-4"), valueQuantity=quantity(110, "/min"), effective=when, **more),
        observation(coded("8310-5"), valueQuantity=quantity(36.8, "Cel"), effective=when, **more),
    ]
    return bundle(*sent, *others)


def fhir(http: Any, operation: str, sent: dict[str, Any]) -> Any:
    headers = {"content-type": "application/fhir+json"}
    return http.post(f"/fhir/R4/$ews-{operation}?chart=made-up&version=by-date", content=write_json(sent), headers=headers)


def test_a_day_in_the_place_of_a_version(site: Path) -> None:
    timeline = charts_by_date(catalogue(), "made-up")
    for when, version in VERSIONS.items():
        day = when[:10]
        assert load_chart(f"made-up@{day}").version == load_chart("made-up", day).version == timeline.of(when).version == version
        assert load_chart("made-up", day, sha256=timeline.of(when).sha256).version == version
    code, said = command("score", "made-up@2026-05-31", "--obs", "heart_rate=110")
    assert code == 0 and "version 1.0" in said
    with pytest.raises(ChartNotFound, match="hash_unknown"):
        load_chart("made-up", "2026-05-31", sha256=load_chart("made-up@2.0").sha256)
    for wrong in ("2026-02-30", "20260530-", "by-date", "2026-W05-1", "-"):
        with pytest.raises(ChartNotFound, match=r"such as 2026-01-31"):
            load_chart("made-up", wrong)


@pytest.mark.parametrize("when", VERSIONS)
def test_one_set_is_scored_and_verified_on_the_version_of_its_day(when: str, http: Any) -> None:
    version = VERSIONS[when]
    told = http.post("/v1/charts/made-up/score?version=by-date", json={**GIVEN, "observed_at": when})
    assert (told.json()["chart"]["version"], told.json()["total"]) == (version, TOTALS[version])
    assert told.headers["mews-newtt-chart"] == f"made-up@{version}"
    assert http.post(f"/v1/charts/made-up/score?version={when[:10]}", json=GIVEN).json()["total"] == TOTALS[version]
    stated = {"observations": {**GIVEN, "observed_at": when}, "stated": {"total": TOTALS[version]}}
    assert http.post("/v1/charts/made-up/verify?version=by-date", json=stated).json()["verdict"] == "agrees"
    other = {**stated, "stated": {"total": 2 - TOTALS[version]}}
    assert http.post("/v1/charts/made-up/verify?version=by-date", json=other).json()["verdict"] == "disagrees"


@pytest.mark.parametrize("observed_at", [None, "", "yesterday", 17, {"value": 1}])
def test_a_set_without_a_day_is_refused_and_never_guessed(observed_at: object, http: Any) -> None:
    answer = http.post("/v1/charts/made-up/score?version=by-date", json={**GIVEN, "observed_at": observed_at})
    assert answer.status_code == 422 and codes(answer) == ["observed_at_needed"]


def test_many_sets_each_on_its_own_version(http: Any) -> None:
    sets = [{**GIVEN, "observed_at": when} for when in (AFTER, BEFORE, "no day")]
    told = http.post("/v1/charts/made-up/score-many?version=by-date", json=sets).json()
    assert told["chart"]["version"] == "2.0"
    seen = [(one["chart"]["version"], one["status"], one["total"]) for one in told["results"]]
    assert seen == [("2.0", "complete", 2), ("1.0", "complete", 0), ("2.0", "refused", None)]
    lines = "".join(json.dumps(one) + "\n" for one in sets)
    ndjson = {"content": lines, "headers": {"content-type": "application/x-ndjson"}}
    answer = http.post("/v1/charts/made-up/score-many?version=by-date", **ndjson)
    assert [json.loads(line) for line in answer.text.splitlines()] == told["results"]
    assert codes(http.post("/v1/charts/made-up/score-many?version=by-date&on_bad_row=error", json=sets)) == ["observed_at_needed"]


@pytest.mark.parametrize("path", ["score-file", "verify-file"])
def test_where_one_version_is_needed_by_date_is_refused_with_the_way_out(path: str, http: Any) -> None:
    answer = http.post(f"/v1/charts/made-up/{path}?version=by-date", content="heart_rate\n110\n", headers={"content-type": "text/csv"})
    assert answer.status_code == 404 and codes(answer) == ["version_by_date"]


@pytest.mark.parametrize("when", VERSIONS)
def test_fhir_scores_on_the_version_of_the_day_of_the_round(when: str, http: Any) -> None:
    version = VERSIONS[when]
    wanted = score(load_chart("made-up", version), {**GIVEN, "consciousness": None})
    told = fhir(http, "score", observed(when))
    assert told.status_code == 200, told.text
    assert told.headers["mews-newtt-chart"] == f"made-up@{version}"
    assert wanted.total == TOTALS[version] and told.json()["entry"][0]["resource"]["valueQuantity"]["value"] == wanted.total
    many = fhir(http, "score-many", observed(when, subject={"reference": "Patient/1"}))
    assert many.status_code == 200 and many.headers["mews-newtt-chart"] == f"made-up@{version}"


def test_fhir_takes_the_day_of_the_round_and_not_of_other_readings(http: Any) -> None:
    """A height of a later day is no reading of this chart: the round is of May."""
    height = observation(coded("8302-2"), valueQuantity=quantity(160, "cm"), effective="2026-07-01T08:00:00Z")
    sent = observed(BEFORE, height)
    told = fhir(http, "score", sent)
    assert told.status_code == 200, told.text
    assert told.headers["mews-newtt-chart"] == "made-up@1.0"


def test_fhir_without_a_time_is_refused(http: Any) -> None:
    told = fhir(http, "score", observed(None))
    assert told.status_code == 422 and "observed_at_needed" in told.text
