"""Every reason to refuse or doubt a chart: small broken files in rules_bad/, the made-up chart with one fault each, and the words of the message.

A file in rules_bad/ starts with what it shows, the code, the place and the words that the message must hold. Those in rules_good/ look odd and are right.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mews_newtt.chart.load import read_chart
from mews_newtt.chart.load_observations import load_observations
from mews_newtt.errors import ChartError, Problem

MADE_UP = Path(__file__).parent / "made_up"
GOOD = (MADE_UP / "demo" / "1.0.toml").read_text(encoding="utf-8")
BAD = sorted((Path(__file__).parent / "rules_bad").glob("*.toml"))
RIGHT = sorted((Path(__file__).parent / "rules_good").glob("*.toml"))
OBSERVATIONS = load_observations(MADE_UP / "parameters.toml")

# code, what to change, into what, words of the message
FAULTS = [
    ("unknown_key", 'short_title = "Demo"', 'short_titel = "Demo"', ["chart, short_titel"], ["short_titel", "write 'short_title'"]),
    ("key_missing", 'licence = "CC0-1.0"\n', "", ["chart"], ["needs the key 'licence'"]),
    ("wrong_type", 'id = "demo"\nversion = "1.0"', 'id = "demo"\nversion = 1.0', ["version"], ["Decimal('1.0')", "text in quotes"]),
    ("not_allowed", 'status = "local"', 'status = "lokal"', ["status"], ["'lokal'", "write 'local'"]),
    ("not_allowed", 'between_bands = "higher"', 'between_bands = "lower"', ["between_bands"], ["'lower'", "higher"]),
    ("bad_id", 'id = "demo"\nversion', 'id = "Demo 1"\nversion', ["[chart], id"], ["Demo 1", "hyphens"]),
    ("bad_version", 'version = "1.0"', 'version = "one"', ["[chart], version"], ["'one'", "numbers with dots"]),
    ("code_check_digit", 'licence = "CC0-1.0"', 'licence = "CC0-1.0"\nsnomed_total = "9999100"', ["snomed_total"], ["9999100", "check digit"]),
    ("id_twice", 'id = "oil"\ntitle = "Oil"\n', 'id = "watch"\ntitle = "Oil"\n', ["level watch"], ["stands 2 times"]),
    ("unknown_source", 'id = "gait"\nrole = "scored"\nsource = "S1"', 'id = "gait"\nrole = "scored"\nsource = "S2"', ["parameter gait"], ["'S2'", "write 'S1'"]),
    ("source_not_cited", "[[zones]]\nid = \"white\"", '[[sources]]\nid = "S9"\ncite = "x"\n\n[[zones]]\nid = "white"', ["source S9"], ["nothing cites"]),
    ("unknown_parameter", 'id = "gait"\nrole', 'id = "gate"\nrole', ["parameters["], ["'gate' is not in any parameters.toml", "write 'gait'"]),
    ("unknown_parameter", 'parameters = ["left_wheel", "right_wheel"]', 'parameters = ["left_wheel", "front_wheel"]', ["group wheels"], ["front_wheel"]),
    ("unknown_zone", 'points = 3, zone = "red",    printed', 'points = 3, zone = "rad",    printed', ["parameter tick_rate", "band 3 (61 or more)"], ["'rad'", "write 'red'"]),
    ("unknown_level", '{ is = ["worried", "upset"], level = "rewind" }', '{ is = ["worried", "upset"], level = "rewnd" }', ["keeper_concern"], ["'rewnd'", "write 'rewind'"]),
    ("unknown_category", '{ is = ["worried", "upset"], level', '{ is = ["woried", "upset"], level', ["keeper_concern"], ["'woried'", "write 'worried'"]),
    ("unknown_category", '{ is = ["worried", "upset"], level', '{ is = ["zzz", "upset"], level', ["keeper_concern"], ["'zzz'", "use one of: none, worried, upset"]),
    ("category_hole", 'bands = [{ is = "none" }, { is = ["worried", "upset"], level = "rewind" }]', 'tables = [{ when = { kind = "toy" }, bands = [{ is = "none" }] }, { when = { kind = ["clockwork", "garden"] }, bands = [{ is = "none" }, { is = ["worried", "upset"], level = "rewind" }] }]', ["keeper_concern, tables[1]"], ["no band for upset, worried", "same categories"]),
    ("unknown_category", 'spring = "new" }', 'spring = "shiny" }', ["when spring"], ["'shiny'", "old, new"]),
    ("category_without_band", '{ is = "wobbly", points = 1, zone = "orange" }, { is = "stuck", points = 3, zone = "red", level = "rewind" }', '', ["parameter gait"], ["no band for wobbly, stuck: a set with one of them is refused"]),
    ("bad_condition", "age_winters = { from = 10 } }", 'age_winters = "old" }', ["parameter tick_rate, tables[3]", "when age_winters"], ["asks a number for a category"]),
    ("bad_count", '{ points = 3, at_least = 1 }', '{ points = 3, zone = "red", at_least = 1 }', ["level rewind"], ["a zone or points"]),
    ("bad_count", '{ points = 3, at_least = 1 }', "{ points = 3, at_least = 0 }", ["level rewind"], ["counts nothing"]),
    ("group_too_small", 'parameters = ["left_wheel", "right_wheel"]', 'parameters = ["left_wheel"]', ["group wheels"], ["fewer than two"]),
    ("group_not_scored", 'parameters = ["left_wheel", "right_wheel"]', 'parameters = ["left_wheel", "keeper_concern"]', ["group wheels"], ["keeper_concern is not scored"]),
    ("scope_of_everything", 'when = { kind = "garden" }\n', "", ["scope[1]"], ["has no condition"]),
    ("no_bands", 'bands = [{ is = "none" }, { is = ["worried", "upset"], level = "rewind" }]\n', "", ["keeper_concern"], ["has no bands"]),
    ("bands_twice", "bands = [{ to = 24.0,", "tables = [{ applies = false }]\nbands = [{ to = 24.0,", ["shell_warmth"], ["both bands and tables"]),
    ("recorded_gives", 'id = "kind"\nrole = "recorded"', 'id = "kind"\nbands = [{ is = "toy", points = 1 }]\nrole = "recorded"', ["kind"], ["recorded only but gives points"]),
    ("trigger_gives_points", '{ is = ["worried", "upset"], level', '{ is = ["worried", "upset"], points = 1, level', ["keeper_concern"], ["a trigger gives points"]),
    ("points_missing", "{ from = 5, points = 0, zone", "{ from = 5, zone", ["left_wheel"], ["no points on a chart that sums points"]),
    ("points_out_of_range", "{ below = 5, points = 2", "{ below = 5, points = -2", ["left_wheel"], ["gives -2 points"]),
    ("skip_points", 'id = "keeper_concern"\n', 'id = "keeper_concern"\nskips = [{ code = "K", says = "x", points = 1 }]\n', ["keeper_concern"], ["only skips of a scored"]),
    ("id_twice", '{ code = "T1", says', '{ code = "t1", says = "x" }, { code = "T1", says', ["parameter tick_rate"], ["skip code 't1' stands 2 times"]),
    ("skip_points", 'id = "kind"\n', 'id = "kind"\nskips = [{ code = "K", says = "x", points = 1 }]\n', ["parameter kind"], ["only skips of a scored"]),
    ("skip_points", '{ code = "T1", says', '{ code = "T0", says = "x", points = 101 }, { code = "T1", says', ["parameter"], ["skip T0 gives 101 points"]),
    ("bad_assumed", 'assumed = "old"', 'assumed = "rusty"', ["spring, assumed"], ["'rusty'", "assumed_because"]),
    ("band_overlap", "{ from = 20, to = 60,", "{ from = 20, to = 61,", ["band 3 (61 or more)"], ["a reading of 61 is in band 2 (20 to 61) as well", "start this band after 61"]),
    ("band_gap", "{ from = 20, to = 60,", "{ from = 20, to = 59,", ["band 3 (61 or more)"], ["leaves recordable values", "one step (1) after 59"]),
    ("band_open_end", "{ from = 5, points = 0", "{ from = 5, to = 9, points = 0", ["left_wheel"], ["highest no upper one"]),
    ("band_empty", "{ from = 20, to = 60,", "{ from = 20, to = 10,", ["band 2 (20 to 10)"], ["holds no value"]),
    ("bad_band", '{ is = "none" }, { is', '{ to = 1 }, { is', ["keeper_concern"], ["needs `is`"]),
    ("bad_band", "{ below = 5, points = 2,", '{ is = "flat", points = 2,', ["left_wheel"], ["needs edges"]),
    ("edge_twice", "{ below = 5, points = 2,", "{ below = 5, to = 5, points = 2,", ["left_wheel"], ["both to and below"]),
    ("edge_not_recordable", "{ below = 5, points = 2, zone = \"red\" }, { from = 5,", "{ below = 5.5, points = 2, zone = \"red\" }, { from = 5.5,", ["left_wheel"], ["5.5 is not a multiple of the recording step 1"]),
    ("bands_not_applied", 'when = { gait = "steady" }\napplies = false\n\n[[parameters]]\nid = "oil_percent"', 'when = { gait = "steady" }\napplies = false\nbands = [{ below = 1, points = 1 }]\n\n[[parameters]]\nid = "oil_percent"', ["oil_drops"], ["bands and applies = false"]),
    ("context_hole", "age_winters = { from = 10 } }", "age_winters = { from = 11 } }", ["tick_rate"], ["no table", "age_winters = 10"]),
    ("context_overlap", "age_winters = { from = 10 } }", "age_winters = { from = 9 } }", ["tick_rate"], ["tables [1, 3]", "age_winters = 9"]),
    ("context_of_context", 'id = "spring"\nrole = "recorded"\nsource = "S1"\n', 'id = "spring"\nrole = "recorded"\nsource = "S1"\ntables = [{ when = { kind = "toy" }, applies = false }, { when = { kind = ["clockwork", "garden"] }, applies = false }]\n', ["spring"], ["tables of its own contexts"]),
    ("points_fall_outwards", "{ to = 19,            points = 2, zone = \"orange\"", "{ to = 18, points = 1, zone = \"orange\" }, { from = 19, to = 19, points = 3, zone = \"red\"", ["tick_rate"], ["points fall while moving outwards", 'points_may_fall = ["tick_rate"]']),
    ("no_quiet_band", '{ below = 4, points = 1, zone = "orange" }, { from = 4, points = 0, zone = "white" }', '{ below = 4, points = 1, zone = "white" }, { from = 4, points = 0, zone = "orange" }', ["right_wheel"], ["least in points, zone and level at once"]),
    ("level_unreachable", 'id = "rewind"\ntitle = "Rewind"\nsource = "S1"\ntotal = { from = 6 }', 'id = "never"\ntitle = "Never"\nsource = "S1"\n\n[[levels]]\nid = "rewind"\ntitle = "Rewind"\nsource = "S1"\ntotal = { from = 6 }', ["level never"], ["nothing reaches"]),
    ("bad_total", "total = { from = 3, to = 5 }", "total = { above = 2, to = 5 }", ["level oil, total"], ["over 2 to 5", "whole numbers"]),
    ("bad_total", "total = { from = 3, to = 5 }", "total = { from = 3, below = 6 }", ["level oil, total"], ["3 to under 6"]),
    ("total_gap", "total = { from = 3, to = 5 }", "total = { from = 4, to = 5 }", ["level oil"], ["do not start one above"]),
    ("total_open_end", "total = { from = 6 }", "total = { from = 6, to = 9 }", ["level rewind"], ["ends at a total of 9"]),
    ("not_toml", 'status = "local"', "status = local", [], ["not valid TOML", "line"]),
]  # fmt: skip


def findings(text: str, folder: Path) -> list[Problem]:
    path = folder / "demo.toml"
    path.write_text(text, encoding="utf-8")
    return read_chart(path, OBSERVATIONS)[1]


def test_the_chart_without_a_fault_is_clean(tmp_path: Path) -> None:
    assert findings(GOOD, tmp_path) == []


@pytest.mark.parametrize(("code", "old", "new", "where", "words"), FAULTS, ids=[f"{fault[0]} {place}" for place, fault in enumerate(FAULTS)])
def test_fault_is_found_placed_and_mended(tmp_path: Path, code: str, old: str, new: str, where: list[str], words: list[str]) -> None:
    assert old in GOOD
    found = [problem for problem in findings(GOOD.replace(old, new, 1), tmp_path) if problem.code == code]
    assert found, f"{code} was not found"
    assert all(part in found[0].where for part in ["demo.toml", *where]), found[0]
    assert all(word in str(found[0]) for word in words), found[0]
    assert found[0].mend
    assert len({problem.where for problem in found}) == len(found), "a place is told twice"


def expected(path: Path) -> dict[str, str]:
    """What the first lines of a bad file say that its message must hold."""
    return dict(re.findall(r"(?m)^# (code|where|says): (.+)$", path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_file_has_its_one_fault(path: Path) -> None:
    wanted, (chart, found) = expected(path), read_chart(path, OBSERVATIONS)
    assert {problem.code for problem in found} == {wanted["code"]}, found
    assert (chart is None) == (not found[0].warning)
    assert path.name in found[0].where and wanted["where"] in found[0].where
    assert all(word in str(found[0]) for word in wanted["says"].split(" | ")), found[0]


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_a_chart_that_only_looks_odd_is_accepted_without_a_word(path: Path) -> None:
    chart, found = read_chart(path, OBSERVATIONS)
    assert chart is not None and found == []


def test_a_chart_on_zones_cannot_reach_levels_by_totals(tmp_path: Path) -> None:
    text = re.sub(r"points = \d, ", "", GOOD.replace("{ points = 3, at_least = 1 }, ", "").replace(", points = 2 }, { code", " }, { code"))
    text = re.sub(r"points = \d ", 'zone = "white" ', text)
    assert "total_without_points" in {problem.code for problem in findings(text, tmp_path)}


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace('zone = "red",    printed', 'zone = "rad",    printed').replace('level = "rewind" }]', 'level = "rewnd" }]').replace("{ from = 20, to = 60,", "{ from = 20, to = 59,")
    assert {"unknown_zone", "unknown_level", "band_gap"} <= {problem.code for problem in findings(text, tmp_path)}


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ('[a]\ntitle = "A"\nstep = 0\n', "step_not_positive", ["[a]", "has the step 0"]),
        ('[a]\ntitle = "A"\nunit = "x"\nstep = -0.1\n', "step_not_positive", ["[a]", "has the step -0.1"]),
        ('[a]\ntitle = "A"\nsnomed = ["1003681000000107"]\n', "code_check_digit", ["1003681000000107"]),
        ('[a]\ntitle = "A"\nloinc = ["8867-5"]\n', "code_check_digit", ["8867-5"]),
        ('[a]\ntitle = "A"\nunit = "x"\ncategories = [{ id = "b", title = "B" }]\n', "unit_of_categories", ["[a]"]),
        ('[a]\ntitle = "A"\ncategories = [{ id = "b", title = "B", synonyms = ["C"] }, { id = "c", title = "C" }]\n', "name_twice", ["'c'"]),
        ('[a]\ntitle = "A"\nunit = "x"\nabove = ["b"]\n', "bad_above", ["[a]", "'b'"]),
        ('[a]\ntitle = "A"\nother_units = [{ ucum = "u", scale = 0 }]\n', "scale_zero", ["[a], u"]),
        ('[a]\ntitle = "A"\nother_units = [{ ucum = "u", scale = "five" }]\n', "wrong_type", ["'five'", "5/9"]),
        ('[a]\ntitel = "A"\n', "unknown_key", ["write 'title'"]),
    ],
)
def test_faults_of_a_parameters_file(tmp_path: Path, text: str, code: str, words: list[str]) -> None:
    path = tmp_path / "parameters.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ChartError) as fault:
        load_observations(path)
    found = [problem for problem in fault.value.problems if problem.code == code]
    assert found and all(word in str(found[0]) for word in words), fault.value


def test_files_that_are_no_text_or_not_there(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'title = "caf\xe9"')
    assert read_chart(tmp_path / "latin.toml", OBSERVATIONS)[1][0].code == "not_utf8"
    assert read_chart(tmp_path / "none.toml", OBSERVATIONS)[1][0].code == "file_unreadable"
    (tmp_path / "empty.toml").write_text("")
    assert "key_missing" in {problem.code for problem in read_chart(tmp_path / "empty.toml", OBSERVATIONS)[1]}


def test_every_code_that_a_chart_check_can_give_has_a_bad_file() -> None:
    """A check without a bad file could be dead."""
    package = Path(__file__).parents[1] / "mews_newtt" / "chart"
    sources = [*(package / name for name in ("toml.py", "load.py", "load_observations.py")), *package.glob("check*.py")]
    given = {code for path in sources for code in re.findall(r'(?:Problem|fault)\(\s*f?"([a-z_]+)"', path.read_text(encoding="utf-8"))}
    shown = {fault[0] for fault in FAULTS} | {expected(path)["code"] for path in BAD}
    shown |= set(re.findall(r'"([a-z_]+)"', Path(__file__).read_text(encoding="utf-8").split("def findings")[1]))
    assert given - shown == {"empty_chart"}, given - shown


def test_a_bad_chart_exits_2_with_its_fault(tmp_path: Path) -> None:
    path = tmp_path / "demo.toml"
    path.write_text(GOOD.replace("{ from = 20, to = 60,", "{ from = 20, to = 59,"), encoding="utf-8")
    for arguments in (["check", str(path)], ["score", str(path), "--obs", "tick_rate=40"]):
        done = subprocess.run([sys.executable, "-m", "mews_newtt", *arguments, "--rules", str(MADE_UP)], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "leaves recordable values" in done.stdout + done.stderr and "Traceback" not in done.stderr
