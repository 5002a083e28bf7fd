"""The platforms are well made: right ones agree with the chart, faulty ones disagree, declarations can be judged. Deep: the judge itself."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from mews_newtt.cli import main as command
from tests.platforms import judge
from tests.platforms.catalogue import PLATFORMS
from tests.platforms.files import FORMS, write, wrong_rows
from tests.platforms.platform import Platform, right_answers, scorer_of
from tests.platforms.second import SECOND
from tests.platforms.sets import VERSIONS, sets_of

FAULTY = [p for p in PLATFORMS.values() if p.faulty]
RIGHT = [p for p in PLATFORMS.values() if not p.faulty]
ENOUGH = 0.85  # of the platforms are right or rightly silent
EVERY = 16


def names(platform: Platform) -> str:
    return platform.name


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("platform", RIGHT, ids=names)
def test_a_right_platform_agrees_with_the_chart_on_every_row(
    platform: Platform, form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "platform.csv"
    assert write(platform, form, file, count=700) == 0
    assert command(["validate", platform.chart, str(file), "--no-diagnosis"]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("platform", [p for p in FAULTY if p.one_row], ids=names)
def test_a_faulty_platform_disagrees_with_the_chart_on_some_row(platform: Platform) -> None:
    assert any(wrong_rows(platform, *platform.answers(count), "points") for count in (300, None))


def test_names_are_unique_and_say_their_chart() -> None:
    assert all(name == platform.name and name.startswith(platform.chart + "-") for name, platform in PLATFORMS.items())


@pytest.mark.parametrize("chart", VERSIONS)
def test_each_chart_has_enough_platforms(chart: str) -> None:
    assert sum(p.chart == chart for p in PLATFORMS.values()) >= 25


@pytest.mark.parametrize("platform", [*FAULTY, *SECOND.values()], ids=names)
def test_a_declaration_can_be_judged(platform: Platform) -> None:
    known = {p["id"] for p in scorer_of(platform.chart).parameters}
    parts = [part for answer in platform.right for part in answer] + list(platform.near)
    assert platform.says and not platform.says.endswith(".")
    assert platform.right or platform.silence, "say what a diagnosis may say, or that silence is right"
    assert all(answer for answer in platform.right), "an answer without parts is said by every text"
    assert all(part.about or part.words for part in parts)
    assert {name for part in parts for name in part.about} | set(platform.names) <= known
    assert not any(part.said_in("", frozenset()) for part in parts)
    for part in parts:
        for word in part.words:
            re.compile(word)


@pytest.mark.parametrize("chart", VERSIONS)
def test_sets_are_the_same_each_time_and_mostly_well(chart: str) -> None:
    rows = sets_of(chart, 400, 1)
    assert sets_of.__wrapped__(chart, 400, 1) == rows
    answers = right_answers(chart, rows)
    persons = Counter(row.person for row in rows)
    assert sum(many > 1 for many in persons.values()) > len(persons) / 2
    assert any(answer.open for answer in answers), "no set has a gap"
    low = sum(answer.total is not None and answer.total <= 3 for answer in answers)
    assert low > len(rows) / 2
    assert max(answer.total or 0 for answer in answers) >= 7


def test_the_judge_tells_its_judgements_apart() -> None:
    platform = PLATFORMS["news2-edge-oxygen"]

    def of(words: str, *, certain: bool = True, named: tuple[str, ...] = ("oxygen_saturation",), wrong: int = 100) -> str:
        return judge.judged(platform, judge.Verdict(False, certain, words, frozenset(named), words), wrong)

    assert of("Oxygen saturation: 1 point seems to reach up to 94% instead of 95%") == judge.RIGHT
    assert (
        of("Oxygen saturation: 1 point seems to reach up to 94%; and heart rate is ignored", named=("oxygen_saturation", "heart_rate"))
        == judge.PARTLY
    )
    assert of("Heart rate: 1 point seems to start at 94 /min", named=("heart_rate",)) == judge.WRONG
    assert of("Heart rate: 1 point seems to start at 94 /min. That is not certain", certain=False, named=("heart_rate",)) == judge.MISLED
    assert of("No fault known here explains most of it", certain=False, named=()) == judge.SILENT
    assert of("No fault known here explains most of it", certain=False, named=(), wrong=3) == judge.RIGHTLY_SILENT
    noise = PLATFORMS["news2-noise"]
    assert (
        judge.judged(noise, judge.Verdict(False, True, "Heart rate is ignored", frozenset({"heart_rate"}), "Heart rate is ignored"), 50)
        == judge.WRONG
    )
    right = PLATFORMS["mews-right"]
    assert judge.judged(right, judge.Verdict(False, False, "", frozenset(), ""), 0) == judge.WRONG


def test_numbers_of_rows_are_not_taken_for_numbers_of_a_chart() -> None:
    assert "118" not in judge.without_counts("1 point seems to reach up to 94%; explains 118 of 118 disagreements, but 118 rows that agree contradict it.")


@pytest.mark.deep
def test_the_diagnosis_names_most_faults_and_is_never_certain_and_wrong(tmp_path: Path) -> None:
    """Every sixteenth platform, and some of the second set; all of them take half an hour: `python -m tests.platforms.judge`, and the table in docs/diagnosis.md."""
    out, chosen = tmp_path / "out.tsv", sorted(PLATFORMS)[::EVERY]
    judge.main([str(out), "--form", "points", "--jobs", "2", "--only", *chosen])
    lines = [line.split("\t") for line in out.read_text(encoding="utf-8").splitlines()]  # also of platforms whose names begin so
    found = Counter(line[2] for line in lines)
    assert {line[0] for line in lines} >= set(chosen)
    assert not [line[0] for line in lines if line[2] in (judge.CRASH, judge.WRONG)]
    assert found[judge.RIGHT] + found[judge.RIGHTLY_SILENT] >= ENOUGH * len(lines), found

    second = tmp_path / "second.tsv"
    judge.main([str(second), "--set", "second", "--form", "level", "--jobs", "2", "--only", *sorted(SECOND)[::EVERY]])
    judged = [line.split("\t")[2] for line in second.read_text(encoding="utf-8").splitlines()]
    assert len(judged) >= len(SECOND) // EVERY
    assert judge.CRASH not in judged and judge.WRONG not in judged
