"""The published JSON Schemas (docs/schemas): they are those of the code, they take what it takes, and they refuse misspelt keys."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from mews_newtt import load_chart, score
from mews_newtt.chart.builtin import builtin_observations
from mews_newtt.chart.load import load_chart_file
from mews_newtt.errors import ChartError
from mews_newtt_service.contract.published import SUFFIX, as_text, published

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = published()
VALIDATORS = {name: jsonschema_rs.validator_for(schema) for name, schema in SCHEMAS.items()}
PLANS = [*ROOT.glob("examples/**/*.toml"), *ROOT.glob("tests/vectors/cases/**/*plan*.toml")]
CHARTS = [*ROOT.glob("rules/*/*.toml"), *ROOT.glob("tests/rules_good/*.toml")]
CASES = [(path, case) for path in sorted(ROOT.glob("tests/spec/*/*.toml")) for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]]
CHARTS_OF_CASES = {path: load_chart(f"{path.parent.name}@{path.stem}") for path, _ in CASES}


def as_json(value: Any) -> Any:
    """TOML values as JSON has them."""
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in value]
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def toml(path: Path) -> Any:
    return as_json(tomllib.loads(path.read_text(encoding="utf-8")))


def check(name: str, instance: Any) -> None:
    VALIDATORS[name].validate(instance)


def test_the_files_are_those_of_the_code() -> None:
    files = {path.name.removesuffix(SUFFIX): path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "schemas").glob(f"*{SUFFIX}")}
    assert files == {name: as_text(schema) for name, schema in SCHEMAS.items()}, "run `make contract`"


@pytest.mark.parametrize("path", CHARTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_sound_chart_file_is_valid(path: Path) -> None:
    if path.parent.name != "policies":
        check("chart-file", toml(path))


@pytest.mark.parametrize("change", [{"titel": "x"}, {"status": "trusted"}, {"version": 1}])
def test_what_the_loader_refuses_in_a_key_the_schema_refuses_too(change: dict[str, Any], tmp_path: Path) -> None:
    path = ROOT / "tests" / "rules_good" / "small.toml"
    content = toml(path)
    content["chart"].update(change)
    with pytest.raises(jsonschema_rs.ValidationError):
        check("chart-file", content)
    name, value = next(iter(change.items()))
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.split("=")[0].strip() != name]
    place = lines.index("[chart]") + 1
    (tmp_path / "faulty.toml").write_text("\n".join([*lines[:place], f"{name} = {json.dumps(value)}", *lines[place:]]), encoding="utf-8")
    with pytest.raises(ChartError, match=name):
        load_chart_file(tmp_path / "faulty.toml", builtin_observations())


def test_plans_are_valid_and_misspelt_keys_are_not() -> None:
    plans = [path for path in PLANS if "plans" in path.parts or "map" in path.name]
    assert len(plans) >= 2
    for path in plans:
        check("reading-plan", toml(path))
    with pytest.raises(jsonschema_rs.ValidationError):
        check("reading-plan", {"numbers": {"decimals": ","}})


def test_the_sets_and_scores_of_every_spec_case_are_valid() -> None:
    for path, case in CASES:
        given = as_json(case.get("given", {}))
        try:
            result = score(CHARTS_OF_CASES[path], given)
        except ValueError:
            continue
        known = builtin_observations()
        canonical = {name: known[name].category_by_name.get(str(value).casefold(), value) if name in known else value for name, value in given.items()}
        check("observation-set", canonical)  # the schema has the ids of answers; other spellings are read too
        check("score", json.loads(result.to_json()))
    with pytest.raises(jsonschema_rs.ValidationError):
        check("score", {"status": "partial", "total": 0})
    with pytest.raises(jsonschema_rs.ValidationError):
        check("observation-set", {"heart_rate": -1})
