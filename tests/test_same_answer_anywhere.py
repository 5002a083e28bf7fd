"""The same input and the same chart give the same bytes, whatever environment, folder or decimal context the caller has."""

from __future__ import annotations

import decimal
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mews_newtt import ChartError, ObservationSet, charts, load_chart, score
from mews_newtt.chart.builtin import builtin_rules
from mews_newtt.chart.catalogue import Catalogue
from mews_newtt.reading.columns import check_columns

SETS: list[dict[str, Any]] = [
    {"respiratory_rate": 18, "temperature": "38.125", "systolic_bp": 1.0e2, "fetal_heart_rate": 140, "heart_rate": "100.625"},
    {"temperature": "100.625 [degF]", "systolic_bp": "16 kPa", "blood_glucose": "45 mg/dL", "oxygen_percent": {"value": "0.2125", "unit": "1"}},
    {"age_years": "12.0625", "temperature": 36.799999999, "capillary_refill": "2.5", "oxygen_flow": "1e30"},
    {"respiratory_rate": "40.5", "heart_rate": 131, "consciousness": "V"},
    {"temperature": "45.0001"},
    {"consciousness": decimal.Decimal("1234.0")},
]
STRANGE = [
    decimal.Context(prec=2),
    decimal.Context(prec=1, rounding=decimal.ROUND_UP),
    decimal.Context(prec=3, traps=[decimal.Inexact, decimal.Rounded, decimal.FloatOperation]),
    decimal.Context(prec=9, Emax=2, Emin=-2, traps=[decimal.Overflow, decimal.Underflow, decimal.Subnormal, decimal.InvalidOperation]),
]


def in_context(context: decimal.Context, work: Callable[[], Any]) -> Any:
    with decimal.localcontext(context):
        return work()


def everything() -> list[Any]:
    """All that a caller can ask of every chart, from the files on."""
    shelf = Catalogue([builtin_rules()])
    found: list[Any] = []
    for chart in shelf.charts():
        found += [chart.sha256, [str(band.interval) for p in chart.parameters for table in p.tables for band in table.bands]]
        found += [score(chart, some, raise_refused=False).to_json() for some in SETS]
    for some in SETS[:4]:
        found.append({name: str(value) for name, value in ObservationSet(some).values.items()})
    return found


@pytest.mark.parametrize("context", STRANGE, ids=["two digits", "one digit, upwards", "traps", "small exponents"])
def test_the_callers_decimal_context_changes_nothing(context: decimal.Context) -> None:
    wanted = in_context(decimal.Context(prec=60), everything)
    assert in_context(context, everything) == wanted
    assert in_context(decimal.DefaultContext, everything) == wanted
    assert json.loads(wanted[2])["chart"]["id"] == charts()[0].id


@pytest.mark.parametrize("context", STRANGE, ids=["two digits", "one digit, upwards", "traps", "small exponents"])
def test_nor_does_it_change_a_table(context: decimal.Context) -> None:
    pa = pytest.importorskip("pyarrow")
    from mews_newtt.tables.table import score_table

    table = pa.table({"temperature": ["38.125", "36.05", "100.625 [degF]", None], "age_years": ["12.0625", None, "0.9", "3"], "heart_rate": [100.625, 90, 1, 300]})

    def scored() -> Any:
        return [score_table(Catalogue([builtin_rules()]).find(name), table).to_pylist() for name in ("news2", "npews")]

    assert in_context(context, scored) == in_context(decimal.Context(prec=60), scored)


def test_what_the_environment_names_after_loading_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The definitions a chart scores by are those it was loaded with."""
    chart, others = load_chart("news2"), [load_chart("npews"), load_chart("newtt2", "0.1")]
    site = tmp_path / "site"
    site.mkdir()
    (site / "mood").mkdir()
    copied = (builtin_rules() / "modified-ews" / "2001.1.toml").read_text(encoding="utf-8").replace('"modified-ews"', '"mood"')
    (site / "mood" / "2001.1.toml").write_text(re.sub(r"(?m)^(short_title|aliases) = .*\n", "", copied), encoding="utf-8")
    (site / "parameters.toml").write_text('[mood]\ntitle = "Mood"\nstep = 1\n', encoding="utf-8")
    sets = [*SETS, {"mood": 3}, {"heart_rate": 80, "mood": 3}]

    def asked() -> list[Any]:
        new = [replace(one, title=one.title) for one in (chart, *others)]  # has looked nothing up yet
        found: list[Any] = [score(one, some, raise_refused=False).to_json() for one in new for some in sets]
        found.append([ObservationSet(some).values for some in SETS[:4]])
        return [*found, check_columns(["heart_rate", "fetal_heart_rate", "ward"], new[0])]

    before = asked()
    for folders in (site, tmp_path / "gone"):
        monkeypatch.setenv("MEWS_NEWTT_RULES", str(folders))
        assert asked() == before
    monkeypatch.setenv("MEWS_NEWTT_RULES", str(site))
    with_mood = load_chart("npews")
    monkeypatch.delenv("MEWS_NEWTT_RULES")
    result = score(with_mood, {"mood": 3, "heart_rate": 80})
    assert result.not_on_chart == ("mood",)
    assert ObservationSet({"mood": 3}, observations=with_mood.observations).values == {"mood": 3}


WATCHED = """
import os, sys
from mews_newtt import charts, score
from mews_newtt.errors import ObservationError

class Untouchable(dict):
    def __getattribute__(self, name):
        raise AssertionError("the environment is read: " + name)

watched = False
def watch(event, arguments):
    if watched and (event == "open" or event.startswith(("os.", "import", "socket.", "subprocess."))):
        raise AssertionError(f"{event} {arguments}")

sys.addaudithook(watch)
loaded = charts()
os.environ, watched = Untouchable(), True
for chart in loaded:
    for given in SETS:
        result = score(chart, given, raise_refused=False)
        result.to_json(), repr(result), result.says, result.warnings, result.reasons
    try:
        score(chart, {"no_such": 1})
    except ObservationError as fault:
        str(fault)
watched = False
print(len(loaded))
"""


def test_scoring_opens_no_file_and_reads_no_environment() -> None:
    """All that a score needs comes with the chart. An audit hook sees every file, import and system call that Python makes for it."""
    code = WATCHED.replace("SETS", repr([*SETS[:5], {"temperatur": 37, "heart_rate": "eighty"}]))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 1


@pytest.mark.parametrize(
    ("chart", "words"),
    [("news2", "'news2' is a name, not a chart"), (Path("x/1.toml"), "'x/1.toml' is a name, not a chart"), (None, "is a NoneType, not a chart"), ({"id": "news2"}, "is a dict, not a chart")],
)
def test_what_is_no_chart_is_told_with_what_to_give(chart: Any, words: str) -> None:
    with pytest.raises(ChartError) as caught:
        score(chart, {"heart_rate": 80})
    assert words in str(caught.value) and "load_chart" in str(caught.value)
    with pytest.raises(ChartError):
        score(chart, {"heart_rate": 80}, raise_refused=False)
    if "pyarrow" in sys.modules:
        from mews_newtt import score_table

        with pytest.raises(ChartError, match="not a chart"):
            score_table(chart, sys.modules["pyarrow"].table({"heart_rate": [80]}))
