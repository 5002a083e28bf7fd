"""`derive`: the built-in chart comes out exactly; other cohorts give charts of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from mews_newtt import load_chart, score
from mews_newtt.chart import derive
from mews_newtt.chart.catalogue import builtin_rules, catalogue
from mews_newtt.chart.checks import check_chart
from mews_newtt.errors import ChartError
from tests.cli.command import run

TEXT = (builtin_rules() / derive.RANGES_FILE).read_text(encoding="utf-8")


def test_the_built_in_ranges_give_the_built_in_chart_to_the_last_bit() -> None:
    ranges = derive.read_ranges(builtin_rules() / derive.RANGES_FILE)
    name, _, version = ranges["frame"].partition("@")
    like = load_chart(name, version)
    chart, left_out = derive.derive_chart(ranges, like, catalogue().observations)
    assert chart.sha256 == like.sha256
    assert left_out == ()


def test_the_command_says_so() -> None:
    done = run("derive")
    assert done.code == 0
    assert "this is exactly mews 0.1" in done.out
    assert "2 or more: 19% (18%)" in done.out


def other_cohort(tmp_path: Path) -> Path:
    """Made-up ranges of two signs."""
    path = tmp_path / "ranges.toml"
    path.write_text(
        'ranges_source = "COHORT"\nouter_centiles = [0.03, 0.97]\n[[sources]]\nid = "COHORT"\ncite = "Made up."\n'
        '[signs.heart_rate]\nstep = 1\nsides = ["low", "high"]\ntails = [{ points = 1, share = 0.05 }, { points = 3, share = 0.01 }]\n'
        "ranges = [{ median = 70, low = 50, high = 90 }]\n"
        '[signs.temperature]\nstep = 0.1\nsides = ["high"]\ntails = [{ points = 2, share = 0.05 }]\n'
        "ranges = [{ median = 36.5, low = 36.0, high = 37.0 }]\n",
        encoding="utf-8",
    )
    return path


def test_another_cohort_gives_a_chart_that_stands_every_check(tmp_path: Path) -> None:
    named = ("--like", "mews", "--id", "made-up", "--chart-version", "1.0", "--title", "Made up")
    done = run("derive", other_cohort(tmp_path), *named, "-o", tmp_path / "site")
    assert done.code == 0, done.err
    assert "left out, for want of ranges: respiratory_rate" in done.out
    chart = load_chart("made-up", folders=[tmp_path / "site"])
    assert (chart.status, chart.id) == ("derived", "made-up")
    assert not check_chart(chart, "")
    assert [p.id for p in chart.parameters if p.role == "scored"] == ["temperature", "heart_rate"]
    assert {chart.by_id["heart_rate"].source} == {"COHORT"}
    whole = {"heart_rate": 70, "temperature": 36.5, "consciousness": "alert", "concern": "none"}
    assert score(chart, whole).total == 0
    assert score(chart, {**whole, "heart_rate": 110, "temperature": 38}).total == 5
    assert sum(
        derive.total_distribution({s.id: derive.derive_bounds(s) for s in derive.signs(derive.read_ranges(other_cohort(tmp_path)))}).values()
    ) == pytest.approx(1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("median = 82, low = 63", "median = 62, low = 63"),
        ("[0.03, 0.97]", "[0.97, 0.03]"),
        ("share = 0.10", "share = 0.7"),
        ("step = 0.1", "step = 0"),
        ('sides = ["low"]', 'sides = ["left"]'),
        ("[signs.heart_rate]", "[signs.heart_rat]"),
        ("step = 0.1", "step = 0.5"),
        ('unit = "Cel"', 'unit = "[degF]"'),
        ("median = 82, low = 63", "median = nan, low = 63"),
        ("median = 82, low = 63", "median = 1e300, low = 63"),
        ("median = 82, low = 63", "median = 82, low = -63"),
        ("median = 82, low = 63", "median = inf, low = 63"),
        ("[0.03, 0.97]", "[nan, 0.97]"),
        ("[0.03, 0.97]", "[1e-400, 0.97]"),
        ("share = 0.10", "share = nan"),
        ("share = 0.10", "share = 1e-400"),
        ("share = 0.10", "share = 0.001"),
        ('sides = ["low"]', 'sides = [["low"]]'),
        ('sides = ["low"]', "sides = 7"),
        ("low = 95,  high = 138", 'low = "95",  high = 138'),
    ],
)
def test_slips_in_a_ranges_file_are_told(old: str, new: str, tmp_path: Path) -> None:
    path = tmp_path / "ranges.toml"
    assert old in TEXT
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ChartError, match="bad_ranges"):
        derive.derive_chart(derive.read_ranges(path), load_chart("mews", "0.1"), catalogue().observations)


def test_ranges_of_ones_own_never_take_the_name_of_another_chart(tmp_path: Path) -> None:
    done = run("derive", other_cohort(tmp_path), "--like", "mews", "-o", tmp_path)
    assert done.code == 2
    assert "name_needed" in done.err
    assert run("derive", other_cohort(tmp_path)).code == 2


@pytest.mark.parametrize(
    "named", [("--id", "mews", "--title", "Ours"), ("--id", "england-mews", "--title", "Ours"), ("--id", "ours", "--title", "NEWS2")]
)
def test_ranges_of_ones_own_never_take_a_built_in_name_even_when_it_is_given(named: tuple[str, ...], tmp_path: Path) -> None:
    done = run("derive", other_cohort(tmp_path), "--like", "mews@0.1", *named, "--chart-version", "0.3", "-o", tmp_path / "site")
    assert done.code == 2
    assert "name_of_builtin" in done.err and "--id" in done.err
    assert not (tmp_path / "site").exists()


def test_swapped_tails_are_told_and_nothing_is_written(tmp_path: Path) -> None:
    path = other_cohort(tmp_path)
    text = (
        path.read_text(encoding="utf-8")
        .replace("points = 1, share = 0.05", "points = 1, share = 0.01")
        .replace("points = 3, share = 0.01", "points = 3, share = 0.05")
    )
    path.write_text(text, encoding="utf-8")
    done = run("derive", path, "--like", "mews@0.1", "--id", "ours", "--chart-version", "1", "--title", "Ours", "-o", tmp_path / "site")
    assert done.code == 2
    assert "3 points for 0.05 of the cohort, and 1 for 0.01" in done.err and "swapped" in done.err
    assert not (tmp_path / "site").exists()
