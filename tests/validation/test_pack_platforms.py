"""Full packs against platforms that know nothing of the mutants: those of `tests/platforms`, and those of `vendor_faults.py`.

Every faulty platform whose fault a set or the series of a pack can show must answer some case wrongly, in its total or its level.
"""

from __future__ import annotations

import copy
from datetime import datetime
from decimal import Decimal
from functools import cache

import pytest

from mews_newtt import Chart, load_chart
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.validation.packs import Case
from tests.platforms.catalogue import PLATFORMS
from tests.platforms.platform import Platform
from tests.platforms.scorer import Answer, Scorer, content_of
from tests.platforms.sets import VERSIONS, Row
from tests.validation.made_packs import pack_of
from tests.validation.vendor_faults import VENDORS, Vendor

# Not seen by design: the fault is in some place or time only, or changes nothing that a platform shows
NOT_SHOWN = {"news2-points-in-wrong-columns": "totals and levels are right; `pack --points` asks for the points too"}
QUICK = ("mews", "news2")  # the others are deep: their packs take longer


@cache
def cases_of(name: str) -> list[tuple[Case, Row]]:
    """The cases that a plain scorer can read (no reasons for no reading, nothing impossible), and each as a row of a platform."""
    chart = load_chart(name, VERSIONS[name])
    scorer = Scorer(content_of(name, VERSIONS[name]))
    found = []
    for case in pack_of(f"{name}@{VERSIONS[name]}").cases:
        if any(part.startswith(SKIP_PREFIX) for part in case.given):
            continue
        row = Row(case.person or case.id, "one", "by hand", datetime.fromisoformat(case.taken_at or "2025-01-06T08:00:00Z"), readings_of(chart, case))
        if right(case, scorer.answer(row.readings)):
            found.append((case, row))
    return found


def readings_of(chart: Chart, case: Case) -> dict[str, Decimal | str]:
    return {name: Decimal(text) if chart.by_id[name].observation.numeric else text for name, text in case.given.items()}


def right(case: Case, answer: Answer) -> bool:
    """Whether an answer is what the pack expects. A tester writes `refused` where a platform gives no score."""
    wanted = case.expected
    if answer.refused or wanted["expected_status"] == "refused":
        return answer.refused and wanted["expected_status"] == "refused"
    total = "" if answer.total is None else str(answer.total)
    return total == wanted["expected_total"] and (answer.level or "") == wanted["expected_level"]


def answers_of(platform: Platform | Vendor, rows: list[Row]) -> list[Answer]:
    content = copy.deepcopy(content_of(platform.chart, VERSIONS[platform.chart]))
    if platform.edit is not None:
        platform.edit(content)
    scorer = Scorer(content)
    seen = platform.sees(rows) if platform.sees else [row.readings for row in rows]
    said = [scorer.answer(readings, platform.count) for readings in seen]
    return platform.turn(rows, said) if platform.turn is not None else said


def shown(platform: Platform | Vendor) -> list[str]:
    """The cases that a platform answers wrongly."""
    cases = cases_of(platform.chart)
    rows = [copy.deepcopy(row) for _, row in cases]
    answers = answers_of(platform, rows)
    return [case.id for (case, _), answer in zip(cases, answers, strict=True) if not right(case, answer)]


def of_charts(platforms: list[Platform] | list[Vendor]) -> list[object]:
    return [pytest.param(each, id=each.name, marks=() if each.chart in QUICK else pytest.mark.deep) for each in platforms]


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.deep) for name in VERSIONS])
def test_most_cases_can_be_read_by_a_plain_scorer(name: str) -> None:
    pack = pack_of(f"{name}@{VERSIONS[name]}")
    assert len(cases_of(name)) > 0.75 * len(pack.cases)


@pytest.mark.parametrize("platform", of_charts([p for p in PLATFORMS.values() if p.faulty and p.one_row and p.where is None]))
def test_a_faulty_platform_fails_the_full_pack(platform: Platform) -> None:
    assert shown(platform) or platform.name in NOT_SHOWN, platform.says


@pytest.mark.parametrize("vendor", of_charts(list(VENDORS)))
def test_a_vendors_mistake_fails_the_full_pack(vendor: Vendor) -> None:
    assert shown(vendor), vendor.name
