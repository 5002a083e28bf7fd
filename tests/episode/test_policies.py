"""Policies: those that come with the package are sound, and every fault of a file is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from mews_newtt import FileError, load_chart
from mews_newtt.episode import Entry, follow, load_policy, policy_files
from mews_newtt.episode.policy import require_for
from tests.episode.test_follow import EIGHT, HOUR, WELL

GOOD = """
[policy]
id = "ward"
version = "1"
title = "Intervals of a ward"
status = "local"
charts = ["news2"]
[[sources]]
id = "W"
cite = "The ward's own policy"
[[levels]]
id = "routine"
reobserve = { says = "every 6 hours", within_minutes = 360 }
source = "W"
[[levels]]
id = "low"
reobserve = { says = "every 4 hours", within_minutes = 240 }
source = "W"
[[levels]]
id = "low-medium"
reobserve = { says = "every hour", within_minutes = 60 }
source = "W"
[[levels]]
id = "medium"
reobserve = { says = "every 30 minutes", within_minutes = 30 }
source = "W"
[[levels]]
id = "high"
reobserve = { says = "all the time" }
source = "W"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "ward.toml"
    path.write_text(text, encoding="utf-8")
    return path


def codes(folder: Path, text: str) -> list[str]:
    with pytest.raises(FileError) as fault:
        require_for(load_policy(written(folder, text)), load_chart("news2"))
    return [problem.code for problem in fault.value.problems]


@pytest.mark.parametrize("path", policy_files(), ids=lambda path: path.parent.name)
def test_each_policy_of_the_package_fits_its_charts(path: Path) -> None:
    policy = load_policy(path)
    assert policy.id == path.parent.name and policy.version == path.stem
    for name in policy.charts:
        require_for(policy, load_chart(name))


def test_a_site_names_its_own_intervals_and_the_earliest_time_counts(tmp_path: Path) -> None:
    policy = load_policy(written(tmp_path, GOOD))
    due = follow(load_chart("news2"), [Entry(WELL, EIGHT)], policies=[policy]).due
    assert due is not None and due.at == EIGHT + 6 * HOUR
    assert [reason.says for reason in due.reasons] == ["every 6 hours", "12-hourly"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('id = "low-medium"', 'id = "lowmedium"', "level_unknown"),
        ('id = "low-medium"', 'id = "low"', "id_twice"),
        ("within_minutes = 30 ", "within_minutes = 90 ", "wait_grows"),
        ("within_minutes = 30 ", "within_minutes = 0 ", "time_not_positive"),
        ("within_minutes = 30 ", 'within_minutes = "30" ', "wrong_type"),
        ("within_minutes = 30 ", "within_minutes = 99999999999 ", "time_not_positive"),
        ("within_minutes = 30 ", "in_minutes = 30 ", "unknown_key"),
        ('status = "local"', 'status = "sure"', "status_unknown"),
        ('charts = ["news2"]', 'charts = ["mews"]', "policy_of_another_chart"),
        ('charts = ["news2"]', "", "key_missing"),
        ('id = "W"', 'id = "V"', "source_unknown"),
        ('title = "Intervals of a ward"', "", "key_missing"),
        ("[policy]", "[police]", "key_missing"),
        ('"every hour"', '"every hour', "not_toml"),
    ],
)
def test_every_fault_of_a_file_is_named(tmp_path: Path, old: str, new: str, code: str) -> None:
    assert GOOD.count(old) >= 1
    assert code in codes(tmp_path, GOOD.replace(old, new, 1))


def test_a_level_that_is_left_out_is_a_gap(tmp_path: Path) -> None:
    start = GOOD.index('[[levels]]\nid = "medium"')
    assert codes(tmp_path, GOOD[:start] + GOOD[GOOD.index('[[levels]]\nid = "high"') :]) == ["level_missing"]


SCHEDULE = '\n[[schedules]]\nid = "s"\ntitle = "S"\nstarts = "birth"\nat_hours = [1, 2]\nsays = "x"\nsource = "W"\n'


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("at_hours = [1, 2]", "at_hours = [2, 1]", "wrong_type"),
        ("at_hours = [1, 2]", "at_hours = [0, 1]", "wrong_type"),
        ("at_hours = [1, 2]", "then_every_hours = 2", "key_missing"),
        ("at_hours = [1, 2]", "", "key_missing"),
        ("at_hours = [1, 2]", "at_hours = [1, 2]\nuntil_hours = 1", "time_after_end"),
        ("at_hours = [1, 2]", "until_hours = -1", "time_not_positive"),
        ("at_hours = [1, 2]", "at_hours = [1, inf]", "wrong_type"),
        ("at_hours = [1, 2]", "at_hours = [nan]", "wrong_type"),
        ("at_hours = [1, 2]", "at_hours = [1e30]", "wrong_type"),
        ("at_hours = [1, 2]", "then_every_hours = 1e-12\nuntil_hours = 5", "time_not_positive"),
        ('source = "W"', 'source = "W"\n[late_entry]\nafter_minutes = 999999999999\nsays = "x"\nsource = "W"', "time_not_positive"),
        ('starts = "birth"', 'starts = "dawn"', "wrong_type"),
    ],
)
def test_every_fault_of_a_schedule_is_named(tmp_path: Path, old: str, new: str, code: str) -> None:
    assert load_policy(written(tmp_path, GOOD + SCHEDULE)).schedules
    assert code in codes(tmp_path, GOOD + SCHEDULE.replace(old, new))


@pytest.mark.parametrize("name", ["nice-newborns", "nothing", "nice-newborn@9.9"])
def test_an_unknown_policy_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(FileError) as fault:
        load_policy(name)
    assert "nice-newborn" in str(fault.value) or "0.1" in str(fault.value)
