"""`mews-newtt check`: the exit code, the words, and the line of a fault."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mews_newtt import charts
from mews_newtt.chart.load import read_chart
from mews_newtt.chart.load_observations import load_observations
from mews_newtt.cli.check import check_file, line_of
from tests.cli.command import ROOT, run

MADE_UP = ROOT / "tests" / "made_up"
GOOD = (MADE_UP / "demo" / "1.0.toml").read_text(encoding="utf-8")
# A swap that leaves the chart usable but odd: the rows of a table look exchanged.
ODD = ("{ to = 19,            points = 2,", '{ to = 18, points = 1, zone = "orange" }, { from = 19, to = 19, points = 3,')


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site's own folder with the made-up chart in it."""
    return Path(shutil.copytree(MADE_UP, tmp_path / "site"))


def broken(site: Path, *changes: tuple[str, str]) -> Path:
    text = GOOD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = site / "demo" / "1.0.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_shipped_is_clean() -> None:
    files = sorted((ROOT / "rules").glob("*/*.toml"))
    ran = run("check", *files, ROOT / "rules" / "parameters.toml")
    assert ran.code == 0
    for chart in charts():
        assert f"ok: {chart.id} {chart.version}, status {chart.status}, {len(chart.parameters)} parameters, " in ran.out
        assert chart.sha256[:12] in ran.out
    assert f"parameters.toml: ok: {len(load_observations(ROOT / 'rules' / 'parameters.toml'))} observations" in ran.out


def test_one_is_one() -> None:
    assert "1 levels" not in run("check", *(ROOT / "rules").glob("*/*.toml")).out


def test_a_warning_alone_exits_1(site: Path) -> None:
    ran = run("check", broken(site, ODD))
    assert ran.code == 1
    assert "[warning: points_fall_outwards]" in ran.out
    assert "ok, 1 warning: demo 1.0, status local" in ran.out


def test_every_fault_at_once_each_with_line_and_mend(site: Path) -> None:
    path = broken(site, ("{ from = 20, to = 60,", "{ from = 20, to = 59,"), ('level = "rewind" }]', 'level = "rewnd" }]'))
    ran = run("check", path)
    assert ran.code == 2
    assert f"{path}:57, parameter tick_rate, tables[1], band 3 (61 or more): leaves recordable values" in ran.out
    assert "    mend: start it one step (1) after 59, or at the same edge   [error: band_gap]" in ran.out
    assert f"{path}:118, parameter gait, band 3 (stuck): level 'rewnd' is not on this chart" in ran.out
    assert f"{path}: cannot be used: 2 errors" in ran.out


def test_the_worst_of_several_files_gives_the_exit_code(site: Path) -> None:
    path = broken(site, ("{ from = 20, to = 60,", "{ from = 20, to = 59,"))
    ran = run("check", path, ROOT / "rules" / "parameters.toml")
    assert ran.code == 2
    assert "cannot be used: 1 error\n" in ran.out
    assert "parameters.toml: ok: " in ran.out


def test_findings_as_json(site: Path) -> None:
    path = broken(site, ("{ from = 20, to = 60,", "{ from = 20, to = 59,"))
    ran = run("check", "--json", path)
    assert ran.code == 2
    (finding,) = json.loads(ran.out)
    assert finding["file"] == str(path)
    assert (finding["line"], finding["code"], finding["warning"]) == (57, "band_gap", False)
    assert all(finding[key] for key in ("where", "what", "mend"))
    assert json.loads(run("check", "--json", ROOT / "rules" / "parameters.toml").out) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"[chart]\nid = demo\n", ":2: is not valid TOML: "),
        (b'[chart]\nid = "caf\xe9"\n', "byte 17: is not UTF-8 text"),
        (b"", "needs the key 'version'"),
        (None, "No such file or directory"),
    ],
    ids=["no TOML", "not UTF-8", "empty", "not there"],
)
def test_files_that_cannot_be_read(tmp_path: Path, text: bytes | None, says: str) -> None:
    path = tmp_path / "x.toml"
    if text is not None:
        path.write_bytes(text)
    ran = run("check", path)
    assert ran.code == 2
    assert says in ran.out
    assert "cannot be used" in ran.out


def test_a_folder_is_no_chart_file(tmp_path: Path) -> None:
    assert run("check", tmp_path).code == 2


def test_a_chart_of_nothing_is_told_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(GOOD.split("[[sources]]")[0], encoding="utf-8")
    problems = read_chart(path, {})[1]
    assert [(problem.code, problem.what) for problem in problems] == [
        ("empty_chart", f"has no {what}") for what in ("parameters", "levels", "sources")
    ]


def test_a_site_folder_brings_its_own_observations_from_any_folder(site: Path) -> None:
    for cwd, path in ((site, "demo/1.0.toml"), (site / "demo", "1.0.toml"), (site.parent, "site/demo/1.0.toml")):
        ran = run("check", path, cwd=cwd)
        assert ran.code == 0, ran.out
        assert "ok: demo 1.0" in ran.out


def test_a_chart_under_another_name_than_its_own_is_refused_as_the_catalogue_does(site: Path) -> None:
    shutil.copy(site / "demo" / "1.0.toml", site / "demo" / "9.9.toml")
    ran = run("check", site / "demo" / "9.9.toml")
    assert ran.code == 2
    assert "holds demo 1.0" in ran.out
    assert "name it demo/1.0.toml" in ran.out
    assert run("charts", "--rules", site).code == 2


def test_a_chart_outside_any_rules_folder_may_have_any_name(tmp_path: Path) -> None:
    path = shutil.copy(charts()[0].origin, tmp_path / "draft.toml")
    assert check_file(Path(path), [])[1] == []


def test_a_parameters_file_is_read_as_one(site: Path) -> None:
    path = site / "parameters.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("step = 0.1", "step = 0"), encoding="utf-8")
    ran = run("check", path)
    assert ran.code == 2
    assert f"{path}:9, [shell_warmth]: has the step 0" in ran.out


TEXT = """\
[chart]
id = "demo"
[[parameters]]  # one
id = "a"
bands = [{ to = 1, printed = "} { ]" }, # { not a band
  { from = 2 }]
[[parameters]]
id = 'b'
[[parameters.tables]]
title = "x"
bands = [
  { to = 1 },
  { from = 2, points = 1 },
]
[[parameters.tables]]
[[parameters.tables.bands]]
to = 1
[[parameters.tables.bands]]
from = 2
[[levels]]
id = "low"
total = { from = 0 }
"""


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("chart", 1), ("[chart], id", 2), ("parameters[1] a", 3), ("parameter a, band 1 (1 or less)", 5), ("parameter a, band 2 (2 or more)", 6),
        ("parameters[2] b, tables[1], bands[2], points", 13), ("parameter b, tables[2], band 2 (2 or more)", 18), ("parameter b, tables[2]", 15),
        ("parameter b, no such part", 7), ("level low, total", 22), ("levels[1] low, total, frm", 22), ("level high", None), ("levels[9]", None),
        ("group x", None), ("", None), ("parameter a, band 9", 3),
    ],
)  # fmt: skip
def test_the_line_of_a_place(where: str, line: int | None) -> None:
    assert line_of(TEXT.split("\n"), where) == line


def test_no_lines_no_line() -> None:
    assert line_of([], "chart") is None
    assert line_of([], "", "is not valid TOML: x (at line 7, column 2)") == 7
