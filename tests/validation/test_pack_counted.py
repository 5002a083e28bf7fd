"""What a pack claims, counted again by the plain reference scorer alone."""

from __future__ import annotations

import os
from random import Random

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from mews_newtt.chart.catalogue import charts, load_chart
from mews_newtt.chart.model import Chart
from mews_newtt.scoring.reference import score
from mews_newtt.tables.table import score_table
from mews_newtt.validation.faults import Fault
from mews_newtt.validation.packs import Pack, make_pack, pack_faults
from tests.batch.batch_support import tidy_value
from tests.strategies import made_chart
from tests.validation.made_packs import pack_of
from tests.validation.misread import WAYS, Misreader, Shown

QUICK = [("mews@0.2", False), ("mews@0.2", True), ("newtt2@0.2", False), ("news2@2017.1", False)]
SHIPPED = [(f"{chart.id}@{chart.version}", manual) for chart in charts() for manual in (False, True)]
LONG = [one for one in SHIPPED if one not in QUICK and not (one[0].startswith("npews@") and one[1])]  # half a minute more
MOST_PROVEN = int(os.environ.get("MEWS_NEWTT_PROVEN", "6"))  # mutants called equivalent that are looked at, of a chart; 1000: all of them


def right(chart: Chart, given: dict[str, str]) -> Shown:
    found = score(chart, dict(given), raise_refused=False)
    return found.status == "refused", found.total, found.level


def counted(chart: Chart, pack: Pack, faults: list[Fault]) -> set[str]:
    """The mutants that some case shows."""
    wanted = [(case.given, right(chart, case.given)) for case in pack.cases]
    found = set()
    for fault in faults:
        platform = Misreader(chart, fault)
        if any(platform.shows(given) != answer for given, answer in wanted):
            found.add(fault.id)
    return found


@pytest.mark.parametrize(("name", "manual"), [*QUICK, *(pytest.param(*one, marks=pytest.mark.deep) for one in LONG)])
def test_the_kill_rate_stated_is_the_one_counted_by_the_reference(name: str, manual: bool) -> None:
    chart, pack = load_chart(name), pack_of(name, manual=manual)
    found = counted(chart, pack, pack_faults(chart, None))
    unseen = {entry["id"] for entry in (*pack.equivalent, *pack.alive)}
    assert not found & {entry["id"] for entry in pack.equivalent}
    assert found == {fault.id for fault in pack_faults(chart, None)} - unseen
    assert len(found) == pack.killed == round(pack.kill_rate * (pack.made - len(pack.equivalent)))
    for case in pack.cases:  # and what each case says is expected
        status, total, level = right(chart, case.given)
        said = case.expected
        assert (said["expected_status"] == "refused", said["expected_total"], said["expected_level"]) == (
            status,
            "" if total is None else str(total),
            level or "",
        )


def random_sets(chart: Chart, rng: Random, rows: int) -> dict[str, list[str | None]]:
    """Complete and partial sets: readings at, beside and between edges, any word, contexts and rows missing or skipped; by column."""
    found: dict[str, list[str | None]] = {}
    lacking = rng.choices((0.0, 0.0, 0.08, 0.4), k=rows)
    for parameter in chart.parameters:
        values = [tidy_value(chart, parameter.id, rng) for _ in range(300)]
        texts = [value if isinstance(value, str) else f"{value:f}" for value in values if value is not None]
        texts += [] if parameter.observation.numeric else list(parameter.observation.category_ids)
        given = rng.choices(texts, k=rows)
        found[parameter.id] = [None if rng.random() < lacking[row] else text for row, text in enumerate(given)]
        if parameter.skips:
            codes = [skip.code for skip in parameter.skips]
            reasons = rng.choices([None, "not done", *codes], k=rows)
            found[f"skip_{parameter.id}"] = [reasons[row] if text is None else None for row, text in enumerate(found[parameter.id])]
    for group in chart.groups:
        if group.kind == "one_of":
            for row, kept in enumerate(rng.choices(group.parameters, k=rows)):
                for name in group.parameters:
                    if name != kept and rng.random() < 0.98:
                        found[name][row] = None
    return found


def shown_by_batch(chart: Chart, columns: dict[str, pa.Array]) -> pa.Table:
    return score_table(chart, pa.table(columns), flags=False).select(["score_status", "total", "level"])


def equivalents_answer_alike(seed: int, rows: int, most: int) -> None:
    """On a made-up chart: what is counted is as stated, and random sets never tell what was proven equivalent, changed readings included."""
    chart = made_chart(Random(seed))
    pack = make_pack(chart, others=())
    by_id = {fault.id: fault for fault in pack_faults(chart, ())}
    proven = [by_id[entry["id"]] for entry in pack.equivalent]
    assert counted(chart, pack, list(by_id.values())) == by_id.keys() - {entry["id"] for entry in (*pack.equivalent, *pack.alive)}
    changed = [fault for fault in proven if fault.change is not None]
    rng = Random(seed)
    columns = random_sets(chart, rng, rows)
    sets = [{name: text for name in columns if (text := columns[name][row]) is not None} for row in range(rows)]
    wanted = [right(chart, given) for given in sets]
    for fault in [*rng.sample(changed, min(most, len(changed))), *rng.sample(proven, min(most, len(proven)))]:
        platform = Misreader(chart, fault)
        for given, answer in zip(sets, wanted, strict=True):
            assert platform.shows(given) == answer, (fault.id, given)


@pytest.mark.parametrize("seed", [213, 214])
def test_equivalents_of_made_charts(seed: int) -> None:
    equivalents_answer_alike(seed, 120, 20)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(300, 306))
def test_equivalents_of_many_made_charts(seed: int) -> None:
    equivalents_answer_alike(seed, 400, 40)


@pytest.mark.deep
@pytest.mark.parametrize("name", ["mewc", "meows"])  # npews takes two minutes
def test_what_is_called_equivalent_answers_alike_on_a_hundred_thousand_sets(name: str) -> None:
    """By the batch path, which is held to the reference elsewhere: the reference would take hours."""
    chart = load_chart(name)
    columns = {one: pa.array(texts, pa.string()) for one, texts in random_sets(chart, Random(8), 100_000).items()}
    wanted = shown_by_batch(chart, columns)
    assert {"complete", "partial"} <= set(pc.unique(wanted.column("score_status")).to_pylist())
    refused = pc.equal(wanted.column("score_status"), "refused")
    by_id = {fault.id: fault for fault in pack_faults(chart, None)}
    proven = [by_id[entry["id"]] for entry in pack_of(name).equivalent]
    assert proven
    if len(proven) > MOST_PROVEN:  # one of each kind, and some more at random
        rng, by_kind = Random(9), {fault.kind: fault for fault in proven}
        proven = list({fault.id: fault for fault in [*by_kind.values(), *rng.sample(proven, len(proven))]}.values())[:MOST_PROVEN]
    for fault in proven:
        platform, read = Misreader(chart, fault), dict(columns)
        if fault.change is not None:
            assert platform.kind in (*WAYS, "unit", "taken"), fault.id  # they change each column by itself
            for one in fault.parameters:
                coded = columns[one].dictionary_encode()
                changed = [str(platform.misread({one: text})[one]) for text in coded.dictionary.to_pylist()]
                read[one] = pa.array(changed, pa.string()).take(coded.indices)
        found = shown_by_batch(platform.mutant, read)
        # complete or partial is not displayed where a chart gives no total
        assert pc.all(pc.equal(pc.equal(found.column("score_status"), "refused"), refused)).as_py(), fault.words
        for column in ("total", "level"):
            assert found.column(column).equals(wanted.column(column)), (fault.words, column)
