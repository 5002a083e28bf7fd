"""Parts of a table, counted apart and joined, give what the whole table gives: that is how frames in partitions are validated."""

from __future__ import annotations

import pickle
from typing import Any

import polars as pl
import pytest

from mews_newtt import load_chart
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.validation.collect import Collector, Limits, Part
from mews_newtt.validation.compare import diagnosed, validate
from mews_newtt.validation.comparer import Comparer
from mews_newtt.validation.result import Origin, Validation
from tests.validation.stated_rows import stated

WHERE = Origin("a table", kind="table")


def joined(name: str, pieces: list[pl.DataFrame], limits: Limits | None = None) -> Validation:
    chart = load_chart(name)
    whole = Collector(Comparer(chart, pieces[0].columns, ColumnMap(), False), 0)
    for piece in pieces:
        comparer = Comparer(chart, piece.columns, ColumnMap(), False)
        collector = Collector(comparer, 0, limits)
        collector.add(comparer.compare(piece))
        collector.worst = None
        sent = pickle.loads(pickle.dumps(collector.part()))
        assert isinstance(sent, Part)
        whole.join(sent)
    return whole.finish(WHERE)


@pytest.mark.parametrize("name", ["news2", "meows", "npews"])
def test_parts_joined_are_the_whole(name: str) -> None:
    frame = stated(name, 300)
    whole = validate(load_chart(name), frame, source=WHERE)
    found = joined(name, [frame[:1], frame[1:140], frame[140:140], frame[140:]])
    assert whole.disagreed > 100 and whole.agreed > 0
    assert found.to_dict() == whole.to_dict()
    assert found.disagreements[-1].case_id == f"SYNTHETIC-{found.disagreements[-1].row - 1}"
    samples: list[Any] = [pl.from_arrow(one.sample[0]) for one in (found, whole)]
    assert samples[0].equals(samples[1]) and found.sample[2]  # Polars: NaN is NaN


def test_what_a_part_leaves_out_is_said() -> None:
    frame = stated("news2", 300)
    whole = validate(load_chart("news2"), frame, source=WHERE)
    found = joined("news2", [frame[:150], frame[150:]], Limits(listed=5, wrong=20, right=20, written=0))
    assert (found.disagreed, dict(found.kinds)) == (whole.disagreed, dict(whole.kinds))
    assert len(found.disagreements) == 10 and not found.listed_all
    assert [one.row > 150 for one in found.disagreements] == [False] * 5 + [True] * 5
    diagnosis = diagnosed(found).diagnosis
    assert diagnosis is not None and diagnosis.sampled
