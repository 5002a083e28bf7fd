"""Diagnosis: faulty platforms built elsewhere are recognised, in words, and never with more confidence than the table allows."""

from __future__ import annotations

import os
from collections import Counter
from random import Random
from typing import Any

import pytest

from mews_newtt import score
from mews_newtt.chart.catalogue import catalogue, charts, load_chart
from mews_newtt.chart.model import Chart
from mews_newtt.validation.diagnose import Diagnosis, diagnose
from mews_newtt.validation.faults import Fault, all_answers, faults_of
from mews_newtt.validation.mutants import COMPLETE, MutantScorer, sheet_of_sets
from tests.validation.platforms import Answer, Platform, broken, content_of, edge_set, one_set, right, table_with

SHIPPED = [f"{chart.id}@{chart.version}" for chart in charts()]
OF_CARE = ("mews", "newtt2", "news2")


class Probe:
    """Sets by which effects are compared, beside the edges and away from them."""

    def __init__(self, chart: Chart, seed: int = 99, amount: int = 1200):
        content, rng = content_of(chart.id, chart.version), Random(seed)
        self.chart, self.sets = chart, [edge_set(content, rng) for _ in range(amount)]
        self.scorer = MutantScorer(chart, sheet_of_sets([{n: str(v) for n, v in s.items()} for s in self.sets], catalogue().observations))

    def same_effect(self, fault: Fault, answers: list[Answer]) -> bool:
        """Whether a fault answers as a platform did for the probe's sets."""
        found = all_answers(self.scorer, fault)
        for row, (total, level) in enumerate(answers):
            says = int(found.total[row]) if found.status[row] == COMPLETE and self.chart.has_points else None
            partial = found.status[row] != COMPLETE  # what stands for a missing row in a level is the platform's own affair
            if says != total or (not partial and self.chart.levels[found.level[row]].id != level):
                return False
        return True


def diagnosed(chart: Chart, platform: Platform, sets: list[dict[str, Any]]) -> Diagnosis:
    return diagnose(chart, table_with(sets, [platform.answer(given) for given in sets]))


def measure(chart: Chart, seeds: range, rows: int) -> tuple[Counter[str], list[str]]:
    """Verdicts on random platforms: right, tied (the file cannot tell), unseen (no disagreement), missed, and wrong with confidence."""
    content, probe = content_of(chart.id, chart.version), Probe(chart)
    counts: Counter[str] = Counter()
    told: list[str] = []
    for seed in seeds:
        rng = Random(seed)
        platform = broken(content, rng)._replace(counted=rng.random() < 0.5)
        sets = [one_set(content, rng) for _ in range(rows)]
        found = diagnosed(chart, platform, sets)
        if not found.disagreements:
            counts["unseen"] += 1
            continue
        without = right(content)._replace(counted=platform.counted)
        if all(platform.answer(given) == without.answer(given) for given in sets):
            platform = without  # no row shows the bug: what is left to find is how it treats partial sets
        first = found.findings[0].faults if found.findings else ()
        answers = [platform.answer(given) for given in probe.sets]
        inside = any(probe.same_effect(fault, answers) for fault in first)
        if found.certain and not (inside and probe.same_effect(first[0], answers)):
            counts["confident and wrong"] += 1
            told.append(f"{chart.id} {seed}: {platform.bug}: {found.words}")
        if inside:
            counts["tied" if found.ties else "right"] += 1
        else:
            counts["missed"] += 1
            told.append(f"{chart.id} {seed}: {platform.bug}: {found.words}")
    return counts, told


def test_the_plain_scorer_agrees_where_nothing_is_wrong() -> None:
    for name in SHIPPED:
        chart, content, rng = load_chart(name), content_of(name), Random(5)
        found = diagnosed(chart, right(content), [edge_set(content, rng) for _ in range(300)])
        assert found.rows > 100, name
        assert found.disagreements == 0, name


@pytest.mark.parametrize("name", OF_CARE)
def test_random_faulty_platforms(name: str) -> None:
    counts, told = measure(load_chart(name), range(5), 1000)
    assert counts["confident and wrong"] == 0, told
    assert counts["missed"] <= 1, told


PLATFORMS = int(os.environ.get("MEWS_NEWTT_PLATFORMS", "2"))  # a chart; the figures of docs/diagnosis.md are of 60


@pytest.mark.deep
@pytest.mark.parametrize("name", SHIPPED)
def test_random_faulty_platforms_deep(name: str) -> None:
    counts, told = measure(load_chart(name), range(52_000, 52_000 + PLATFORMS), 4000)  # seeds that nothing was tuned on
    share = counts["right"] / max(1, counts["right"] + counts["missed"])
    print(name, dict(counts), f"right where the table can tell: {share:.1%}", *told, sep="\n  ")
    assert counts["confident and wrong"] == 0, told
    assert counts["right"] >= 0.95 * (counts["right"] + counts["missed"]), told


def test_two_faults_at_once_are_told_as_a_pair() -> None:
    chart, content, rng = load_chart("mews", "0.1"), content_of("mews", "0.1"), Random(21)
    rows = {parameter["id"]: parameter["bands"] for parameter in content["parameters"] if "bands" in parameter}
    rows["heart_rate"][2]["to"], rows["heart_rate"][3]["from"] = 109, 110  # 107 in the chart
    rows["systolic_bp"][3]["points"] = 0  # 1 in the chart
    found = diagnosed(chart, right(content), [one_set(content, rng) for _ in range(1500)])
    first = found.findings[0]
    assert first.kind == "pair" and first.explains == first.of and not first.breaks
    assert not found.certain, "other pairs were not all tried"
    assert {"edge:heart_rate.0.2:+3", "band:systolic_bp.0.3:points=0"} <= {half.id for half in first.faults[0].joined}


def test_one_row_cannot_tell_faults_apart_and_a_further_set_is_named() -> None:
    chart = load_chart("mews", "0.1")
    calm = {
        "respiratory_rate": 16,
        "oxygen_saturation": 97,
        "temperature": "36.8",
        "heart_rate": 107,
        "systolic_bp": 118,
        "diastolic_bp": 70,
        "consciousness": "alert",
        "concern": "none",
    }
    found = diagnose(chart, table_with([calm], [(0, "routine")]))
    assert found.disagreements == 1 and not found.certain and found.ties
    assert found.telling_case is not None and found.telling_case["answers"][0] != found.telling_case["answers"][1]
    assert "cannot tell" in found.words


def quiet_table(name: str, values: list[int], wrong: set[int]) -> Any:
    """Otherwise quiet sets of `mews` with one heart rate each; the platform gives one point less to the wrong ones."""
    chart = load_chart("mews", "0.1")
    quiet = {
        "respiratory_rate": 16,
        "oxygen_saturation": 97,
        "temperature": "36.8",
        "systolic_bp": 118,
        "diastolic_bp": 70,
        "consciousness": "alert",
        "concern": "none",
    }
    sets = [{**quiet, name: value} for value in values]
    found = [score(chart, given) for given in sets]
    return table_with(sets, [((one.total or 0) - (value in wrong), one.level) for one, value in zip(found, values, strict=True)])


def test_a_stretch_that_was_not_tried_leaves_it_uncertain() -> None:
    """106 to 113 tried without 108 and 109: the edge at 110, or single readings gone wrong."""
    chart = load_chart("mews", "0.1")
    around = [51, 52, 53, 54, 63, 64, 65, 66, 112, 113, 114, 115, 116, 117, 118, 119]  # nothing is wrong at the other edges
    full = diagnose(chart, quiet_table("heart_rate", [*around, 106, 107, 108, 109, 110, 111] * 2, {107, 108, 109}))
    assert full.certain and full.findings[0].faults[0].id == "edge:heart_rate.0.2:+3"
    gaps = diagnose(chart, quiet_table("heart_rate", [*around, 106, 109, 110, 111] * 2, {109}))
    assert not gaps.certain and (gaps.thin or gaps.ties)


def test_one_row_is_no_evidence() -> None:
    found = diagnose(load_chart("mews", "0.1"), quiet_table("heart_rate", [106, 107, 108, 109], {107}))
    assert found.findings and not found.certain


def test_levels_of_sets_that_lack_a_reading_do_not_hide_a_fault_elsewhere() -> None:
    """A platform with a fault, and a rule of its own for what is missing: the fault is named, without certainty."""
    chart, content, rng = load_chart("mews", "0.1"), content_of("mews", "0.1"), Random(5)
    platform = moved_heart_rate(content)
    sets = [one_set(content, rng, 0.05) for _ in range(1500)]
    levels = [level.id for level in chart.levels]
    answers = [platform.answer(given) for given in sets]
    found = diagnose(chart, table_with(sets, [(total, level if total is not None else levels[-1]) for total, level in answers]))
    assert found.findings[0].faults[0].id == "edge:heart_rate.0.2:+3" and not found.findings[0].breaks
    assert found.set_aside and not found.certain and "partial sets" in found.words


@pytest.mark.parametrize("name", SHIPPED)
def test_a_platform_whose_level_of_a_partial_set_is_that_of_what_is_there(name: str) -> None:
    """No disagreement where what is missing may count for nothing; on a chart where it cannot, the rule is named, beside another fault too."""
    chart, content, rng = load_chart(name), content_of(name), Random(6)
    sets = [one_set(content, rng, 0.05) for _ in range(300)]
    found = diagnosed(chart, right(content)._replace(counted=True), sets)
    assert bool(found.disagreements) == any(fault.kind == "partial_level" for fault in faults_of(chart))
    if not found.disagreements:
        return
    assert found.findings[0].kind == "partial_level"
    assert (found.findings[0].explains, found.findings[0].breaks) == (found.disagreements, 0)
    content["parameters"] = [p for p in content["parameters"] if p["id"] != "heart_rate"]
    both = diagnosed(chart, right(content)._replace(counted=True), sets)
    assert any({half.id for half in fault.joined} == {"ignored:heart_rate", "level-of-what-is-there"} for fault in both.findings[0].faults), both.words
    assert not both.certain


def test_a_blank_total_beside_a_level_says_that_there_is_none() -> None:
    """A missing heart rate passes for complete and other missing readings do not: not every missing reading is counted as 0."""
    chart, content, rng = load_chart("npews"), content_of("npews"), Random(6)
    sets = [one_set(content, rng, 0.05) for _ in range(300)]
    next(p for p in content["parameters"] if p["id"] == "heart_rate")["required"] = False
    found = diagnosed(chart, right(content)._replace(counted=True), sets)
    assert any("missing:heart_rate" in [half.id for half in fault.joined] for fault in found.findings[0].faults), found.words
    assert not found.certain
    answers = [right(content)._replace(counted=True).answer(given) for given in sets]
    half = [(None, level) if place % 2 else (total, level) for place, (total, level) in enumerate(answers)]
    kept = diagnose(chart, table_with(sets, half))  # totals are left out of complete sets as well: a blank says nothing
    assert kept.findings[0].faults[0].id == "missing:*"


def moved_heart_rate(content: Any) -> Platform:
    rows = {parameter["id"]: parameter["bands"] for parameter in content["parameters"] if "bands" in parameter}
    rows["heart_rate"][2]["to"], rows["heart_rate"][3]["from"] = 109, 110  # 107 in the chart
    return right(content)


def test_the_many_moves_of_one_edge_crowd_no_other_fault_out() -> None:
    """On a chart of zones one edge may be moved to a hundred places that answer alike; the others are compared all the same."""
    chart, content, rng = load_chart("meows"), content_of("meows"), Random(1025)
    next(p for p in content["parameters"] if p["id"] == "respiratory_rate")["bands"][1]["zone"] = "red"
    found = diagnosed(chart, right(content), [one_set(content, rng) for _ in range(600)])
    assert found.disagreements and not found.certain and found.ties
