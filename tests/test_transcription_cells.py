"""Every table of every chart file against the second transcription as a whole: the same bands in the same contexts, none missing, none extra."""

from __future__ import annotations

import pytest

from mews_newtt import charts, load_chart
from mews_newtt.chart.contexts import table_for
from mews_newtt.chart.model import Table
from tests.transcriptions import TABLES, Key, Row


def _table(key: Key) -> Table:
    chart = load_chart(key.chart, key.version)
    table = table_for(chart.by_id[key.parameter], key.values({p.id: p.observation for p in chart.parameters}))
    assert table is not None and table.applies
    return table


@pytest.mark.parametrize(("key", "rows"), TABLES.items(), ids=map(str, TABLES))
def test_the_table_holds_exactly_the_transcribed_bands(key: Key, rows: list[Row]) -> None:
    table, observation = _table(key), load_chart(key.chart, key.version).by_id[key.parameter].observation
    assert {(row.unit, row.step) for row in rows} <= {(observation.unit, str(observation.step)), ("", ""), (observation.unit, "")}
    if observation.numeric:
        assert [(band.interval, band.points, band.zone, band.level, band.prompt) for band in table.bands] == [(row.interval, *row.gives) for row in rows]
    else:
        found = {category: (band.points, band.zone, band.level, band.prompt) for band in table.bands for category in band.categories}
        assert found == {row.category: row.gives for row in rows}


def test_no_row_or_context_of_a_file_is_left_out_of_the_transcription() -> None:
    for chart in charts():
        for parameter in chart.parameters:
            if parameter.role == "recorded":
                continue
            keys = [key for key in TABLES if key[:3] == (chart.id, chart.version, parameter.id)]
            read = [table for table in parameter.tables if table.applies]
            assert {id(_table(key)) for key in keys} == {id(table) for table in read}, f"{chart.id} {chart.version}, {parameter.id}: {keys}"
            assert len(keys) == len(read)


def test_every_transcribed_table_belongs_to_a_chart() -> None:
    assert {key[:2] for key in TABLES} == {(chart.id, chart.version) for chart in charts()}
    assert all(key.parameter in load_chart(key.chart, key.version).by_id for key in TABLES)
