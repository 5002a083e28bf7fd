"""Charts and scores as values: compared by content, hashed, pickled, copied, shown, and handed to pydantic, FastAPI and Dask."""

from __future__ import annotations

import asyncio
import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import cloudpickle
import pytest
from dask.base import tokenize

from mews_newtt import Chart, Score, charts, load_chart, score

MEWS, NEWS2 = load_chart("mews"), load_chart("news2")
WELL: dict[str, Any] = {
    "respiratory_rate": 18, "oxygen_saturation": 97, "air_or_oxygen": "air", "systolic_bp": 120, "heart_rate": 131, "consciousness": "alert",
    "temperature": 36.8,
}  # fmt: skip
RESULT = score(NEWS2, WELL)
REFUSED = score(NEWS2, {"temperature": 98.6}, raise_refused=False)
VALUES: list[Any] = [
    NEWS2, RESULT, REFUSED, *RESULT.parameters, *RESULT.reasons, *NEWS2.parameters, *NEWS2.levels, *NEWS2.zones, *NEWS2.sources, *NEWS2.scope,
    *MEWS.groups, *NEWS2.parameters[0].tables, *NEWS2.parameters[0].tables[0].bands, NEWS2.parameters[0].observation,
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_equals_its_copies_and_is_hashed_alike(value: Any) -> None:
    copies = [copy.copy(value), copy.deepcopy(value), *(pickle.loads(pickle.dumps(value, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1))]
    for other in copies:
        assert other == value and hash(other) == hash(value) and type(other) is type(value)
    assert value != "text" and not isinstance(value, tuple)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_cannot_be_changed(value: Any) -> None:
    name = fields(value)[0].name
    with pytest.raises(FrozenInstanceError):
        setattr(value, name, None)
    with pytest.raises(FrozenInstanceError):
        delattr(value, name)


@pytest.mark.parametrize("value", [*VALUES, *charts()], ids=lambda value: type(value).__name__)
def test_its_repr_has_at_most_three_lines(value: Any) -> None:
    assert repr(value) and len(repr(value).splitlines()) <= 3
    if isinstance(value, Chart | Score):
        assert len(repr(value)) < 500


def test_charts_are_equal_if_they_say_the_same() -> None:
    assert MEWS != NEWS2
    assert replace(NEWS2, origin="elsewhere.toml", known=()) == NEWS2
    changed = replace(NEWS2, title="Another title")
    assert changed != NEWS2 and changed.sha256 != NEWS2.sha256
    assert {NEWS2: 1}[copy.deepcopy(NEWS2)] == 1


def test_scores_differ_where_anything_differs() -> None:
    assert score(NEWS2, WELL) == RESULT
    assert score(NEWS2, {**WELL, "temperature": "36.80"}) != RESULT, "given in other digits"
    assert score(NEWS2, {**WELL, "heart_rate": 80}) != RESULT


@pytest.mark.parametrize("value", [NEWS2, MEWS, RESULT, REFUSED, score(load_chart("npews"), {"heart_rate": 90})], ids=lambda value: type(value).__name__)
def test_a_notebook_shows_it_as_html(value: Any) -> None:
    shown = value._repr_html_()
    assert "Not a medical device" in shown and "<script" not in shown
    chart = value if isinstance(value, Chart) else value.chart
    assert chart.sha256 in shown


def test_a_notebook_runs_nothing_that_a_set_or_a_chart_holds() -> None:
    evil = "<script>alert(1)</script>"
    for value in (replace(NEWS2, title=evil, short_title=evil), score(replace(NEWS2, short_title=evil), {"skip_heart_rate": evil})):
        assert "<script" not in value._repr_html_()


@pytest.mark.parametrize("value", [RESULT, REFUSED], ids=lambda value: value.status)
def test_pydantic_takes_a_score_and_writes_it(value: Score) -> None:
    pydantic = pytest.importorskip("pydantic")
    adapter = pydantic.TypeAdapter(Score)
    assert adapter.validate_python(value) is value
    assert adapter.dump_python(value) == value.to_dict()
    assert adapter.dump_json(value).decode() == pydantic.TypeAdapter(dict).dump_json(value.to_dict()).decode()
    assert adapter.json_schema() == {"title": "Score", "type": "object"}
    with pytest.raises(pydantic.ValidationError):
        adapter.validate_python({"status": "complete", "total": 0})
    chart = pydantic.TypeAdapter(Chart)
    assert chart.validate_python(NEWS2) is NEWS2 and chart.dump_python(NEWS2)["sha256"] == NEWS2.sha256


def test_fastapi_answers_with_a_score() -> None:
    fastapi = pytest.importorskip("fastapi")
    httpx = pytest.importorskip("httpx")
    app = fastapi.FastAPI()

    @app.get("/score", response_model=Score)
    def get() -> Score:
        return RESULT

    async def ask() -> list[Any]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            return [(await client.get(path)).json() for path in ("/score", "/openapi.json")]

    with ThreadPoolExecutor(1) as thread:  # a test with a browser may have left a running loop on this one
        answer, described = thread.submit(asyncio.run, ask()).result()
    assert answer == RESULT.to_dict()
    assert "/score" in described["paths"]


def test_dask_and_cloudpickle_know_a_chart_again() -> None:
    assert cloudpickle.loads(cloudpickle.dumps(RESULT)) == RESULT
    assert tokenize(NEWS2) == tokenize(copy.deepcopy(NEWS2)) != tokenize(MEWS)
