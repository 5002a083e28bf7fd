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
