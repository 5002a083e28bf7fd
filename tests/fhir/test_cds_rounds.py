"""CDS Hooks: the newest round by a stated window and the caller's clock, the panel in the search, and everything left out or not read on the card."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from mews_newtt import ObservationError, charts, load_chart
from mews_newtt.fhir.cds import cards, population, services
from mews_newtt.fhir.jsontext import read_json, write_json
from mews_newtt.fhir.write import observations_bundle
from tests.fhir.support import LOINC, MEWS, MOTHER, SNOMED, TIME, Resource, chart_named, coded, observation, quantity
from tests.fhir.test_cds_cards import UNWELL, call

NOW = datetime(2026, 11, 22, 9, 45, tzinfo=UTC)
SERVED = [load_chart(name) for name in dict.fromkeys(chart.id for chart in charts()) if population(load_chart(name))]


def at(code: str, value: Any, time: str, unit: str = "/min") -> Resource:
    return observation(coded(code), effective=time, valueQuantity=quantity(value, unit))


def card(request: Resource, chart: str = MEWS, now: datetime | None = None) -> Resource:
    found: list[Resource] = cards(chart_named(chart), read_json(write_json(request)), now=now)["cards"]
    assert len(found) == 1
    return found[0]


def searched(chart: Any) -> set[str]:
    """The codes that the prefetch of a chart asks for, as a FHIR server would take them: codes of an Observation, not of its components."""
    query = next(each for each in services([chart])["services"])["prefetch"]["observations"]
    return set(unquote(query.split("code=")[1].split("&")[0]).split(","))


@pytest.mark.parametrize("chart", SERVED, ids=lambda chart: chart.id)
def test_the_search_finds_every_reading_of_a_chart_as_record_systems_keep_them(chart: Any) -> None:
    asked = searched(chart)
    whole = {p.id: p.category_ids[0] if not p.observation.numeric else str(p.tables[0].bands[0].interval.high or 1) for p in chart.parameters if p.tables}  # type: ignore[union-attr]
    record = [entry["resource"] for entry in observations_bundle(chart, whole, subject=MOTHER, effective=TIME)["entry"]]
    missed = [each["code"]["text"] for each in record if not any(f"{coding['system']}|{coding['code']}" in asked for coding in each["code"]["coding"])]
    assert not missed
    if {"systolic_bp", "diastolic_bp"} & chart.by_id.keys():
        assert asked >= {f"{SNOMED}|75367002", f"{LOINC}|85354-9", f"{LOINC}|55284-4", "urn:iso:std:iso:11073:10101|150020"}
    assert (f"{LOINC}|3151-8" in asked) == ("air_or_oxygen" in chart.by_id or "oxygen_flow" in chart.by_id)


def test_a_round_spread_over_seconds_is_one_set() -> None:
    """Each device has its own second: what matters must not hang on the last one."""
    spread = [at("8867-4", 150, "2026-11-22T09:30:00Z"), at("59408-5", 80, "2026-11-22T09:30:05Z", "%"), at("8310-5", 37, "2026-11-22T09:30:30Z", "Cel")]
    together = [{**each, "effectiveDateTime": TIME} for each in spread]
    one, other = card(call(MEWS, {}, *spread)), card(call(MEWS, {}, *together))
    assert (one["summary"], one["indicator"]) == (other["summary"], other["indicator"])
    assert one["indicator"] == "critical"
    assert "Readings of one round, from 2026-11-22T09:30:00Z to 2026-11-22T09:30:30Z." in one["detail"]


def test_the_window_is_stated_in_the_context() -> None:
    older = at("9279-1", 24, "2026-11-22T08:30:00+00:00")
    rest = {name: value for name, value in UNWELL.items() if name != "respiratory_rate"}
    request = call(MEWS, rest, older)
    assert "partial set" in card(request)["summary"]
    detail = card(request)["detail"]
    assert "- Respiratory rate of 2026-11-22T08:30:00+00:00 left out: 1 h or more before the newest reading; a round lasts 30 min" in detail
    request["context"]["windowMinutes"] = 60
    assert "total 4" in card(request)["summary"]
    request["context"]["windowMinutes"] = "an hour"
    with pytest.raises(ObservationError, match="whole minutes"):
        card(request)


def test_earlier_rounds_are_one_line_of_the_card() -> None:
    earlier = [at("9279-1", 40, f"2026-11-{day}T09:30:00Z") for day in (19, 20, 21)]
    detail = card(call(MEWS, UNWELL, *earlier))["detail"]
    assert "3 readings of rows that this round has too left out: 24 h or more before the newest reading" in detail


def test_the_card_says_how_old_the_readings_are() -> None:
    request = call(MEWS, UNWELL | {"concern": "none"})
    assert "old" not in card(request)["detail"], "without a clock nothing is said of it"
    assert f"Readings of {TIME}, 15 min old." in card(request, now=NOW)["detail"]
    assert "old" not in card(request, now=NOW)["summary"]
    late = card(request, now=NOW + timedelta(days=3))
    assert late["summary"].endswith("total 4, level Escalate; readings 3 days old")


def test_calm_readings_that_are_old_are_no_good_news() -> None:
    well = UNWELL | {"concern": "none", "heart_rate": 80, "respiratory_rate": 16, "systolic_bp": 118}
    request = call(MEWS, well)
    assert [card(request, now=NOW + timedelta(hours=hours))["indicator"] for hours in (0, 23, 25, 24 * 365 * 6)] == ["info", "info", "warning", "warning"]


def test_readings_of_the_future_are_left_out_and_told() -> None:
    ahead = at("9279-1", 60, "2099-01-01T00:00:00Z")
    found = card(call(MEWS, UNWELL, ahead), now=NOW)
    assert "total 4" in found["summary"]
    assert "later than now" in found["detail"]
    only = card(call(MEWS, {}, ahead), now=NOW)
    assert "cannot be scored" in only["summary"] and "2099-01-01T00:00:00Z left out: later than now" in only["detail"]


def test_nothing_but_readings_that_cannot_be_placed_is_a_card_and_nothing_at_all_is_none() -> None:
    timeless = observation(coded("9279-1"), effective=None, valueQuantity=quantity(24, "/min"))
    found = card(call(MEWS, {}, timeless))
    assert "cannot be scored" in found["summary"] and "1 observation without a time left out: Respiratory rate" in found["detail"]
    weight = observation(coded("27113001", text="Body weight"), valueQuantity=quantity(70, "kg"))
    assert cards(chart_named(MEWS), call(MEWS, {}, weight)) == {"cards": []}


def test_what_was_not_read_is_on_the_card() -> None:
    device = observation({"coding": [{"system": "urn:iso:std:iso:11073:10101", "code": "151666", "display": "MDC_RESP_RATE"}]}, valueQuantity=quantity(40, "/min"))
    rest = {name: value for name, value in UNWELL.items() if name != "respiratory_rate"}
    found = card(call(MEWS, rest, device))
    assert "Not final: 'MDC_RESP_RATE' (151666) was not read and may be Respiratory rate" in found["detail"]
    only = card(call(MEWS, {}, device))
    assert "cannot be scored" in only["summary"] and "'MDC_RESP_RATE' (151666) was not read" in only["detail"].replace("\\", "")


def test_a_calm_card_with_a_doubt_is_a_warning() -> None:
    well = UNWELL | {"concern": "none", "heart_rate": 80, "respiratory_rate": 16, "systolic_bp": 118}
    rest = {name: value for name, value in well.items() if name != "consciousness"}
    seen = observation(coded("11454-6"), valueCodeableConcept={"text": "Alert"})
    assert card(call(MEWS, well))["indicator"] == "info"
    found = card(call(MEWS, rest, seen))
    assert found["indicator"] == "warning" and "may be Level of consciousness" in found["detail"]


def test_readings_dated_by_the_day_are_told() -> None:
    dated = call(MEWS, UNWELL | {"concern": "none"}, effective="2026-11-22")
    found = card(dated, now=NOW)
    assert "Not final: the readings are dated by the day only and may be hours apart" in found["detail"]


def test_a_summary_is_cut_to_what_cds_hooks_allows() -> None:
    chart = chart_named(MEWS)
    found = cards(replace(chart, short_title="x" * 200), read_json(write_json(call(MEWS, UNWELL))))["cards"][0]
    assert len(found["summary"]) == 139 and found["summary"].endswith("…")


def test_a_level_between_the_first_and_the_highest_is_a_warning() -> None:
    well = {
        "respiratory_rate": 44, "oxygen_saturation": 98, "temperature": "36.9", "heart_rate": 132, "grunting": "no", "colour": "pink",
        "neurology": "responsive", "feeding": "well", "parental_concern": "none",
    }  # fmt: skip
    levels = [card(call("newtt2@0.1", well | more), "newtt2@0.1")["indicator"] for more in ({}, {"parental_concern": "some"}, {"colour": "blue"})]
    assert levels == ["info", "warning", "critical"]


def test_a_page_that_ends_within_the_round_is_not_enough() -> None:
    link = [{"relation": "next", "url": "https://ward.example/2"}]
    within, beyond = (at("9279-1", 24, time) for time in ("2026-11-22T09:10:00+00:00", "2026-11-22T08:10:00+00:00"))
    rest = {name: value for name, value in UNWELL.items() if name != "respiratory_rate"}
    assert "cannot be scored" in card(call(MEWS, rest, within, link=link))["summary"]
    assert "cannot be scored" not in card(call(MEWS, rest, beyond, link=link))["summary"]
    unsorted = call(MEWS, rest, beyond, link=link)
    unsorted["prefetch"]["observations"]["entry"].reverse()
    assert "cannot be scored" in card(unsorted)["summary"]
