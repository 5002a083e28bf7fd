"""Every table of every chart file against the second transcription as a whole: the same bands in the same contexts, none missing, none extra."""

from __future__ import annotations

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from mews_newtt import charts, load_chart
from mews_newtt.chart.contexts import table_for
from mews_newtt.chart.model import Interval, Table
from tests.test_transcription import CONTEXTS, CSV

# Rows of the files that the transcription does not hold: they come from the prose of its page, and tests/spec has cases for each of them.
FROM_PROSE = {
    "npews": {"pupils", "sepsis_concern", "clinical_intuition", "carer_concern"},
}
NOT_PRINTED = {("npews", "temperature")}  # the transcription holds only the ranges that do something; the one between them is implied


def _lines() -> dict[tuple[str, str, str], list[dict[str, str]]]:
    found: dict[tuple[str, str, str], list[dict[str, str]]] = defaultdict(list)
    with Path(CSV).open(encoding="utf-8", newline="") as stream:
        for line in csv.DictReader(stream):
            found[line["chart"], line["parameter"], line["when"]].append(line)
    return found


LINES = _lines()


def _table(chart_id: str, parameter: str, when: str) -> Table:
    given = {name: Decimal(value) if isinstance(value, int) else value for name, value in CONTEXTS.get(when, {}).items()}
    table = table_for(load_chart(chart_id).by_id[parameter], given)
    assert table is not None and table.applies
    return table


def _edges(line: dict[str, str]) -> Interval:
    low, high = line["low"], line["high"]
    return Interval(Decimal(low) if low else None, line["low_inclusive"] != "n", Decimal(high) if high else None, line["high_inclusive"] != "n")


@pytest.mark.parametrize(("chart_id", "parameter", "when"), sorted(LINES), ids=lambda part: part or "-")
def test_the_table_holds_exactly_the_transcribed_bands(chart_id: str, parameter: str, when: str) -> None:
    lines, table = LINES[chart_id, parameter, when], _table(chart_id, parameter, when)
    observation = load_chart(chart_id).by_id[parameter].observation
    assert {(line["unit"], line["step"]) for line in lines} <= {(observation.unit, str(observation.step)), ("", ""), (observation.unit, "")}
    points = [(int(line["points"]) if line["points"] else None) for line in lines]
    if observation.numeric:
        bands = list(table.bands)
        if (chart_id, parameter) in NOT_PRINTED:
            bands = [band for band in bands if (band.points, band.zone, band.level, band.prompt) != (None, None, None, None)]
            assert len(bands) == len(table.bands) - 1
        assert [band.interval for band in bands] == [_edges(line) for line in lines]
        assert [band.points for band in bands] == points
    else:
        found = {category: band.points for band in table.bands for category in band.categories}
        by_level = {line["value"] for line in lines if line["zone"] == "by level"}  # the delivery level scores, the device adds 0
        assert found == {line["value"]: 0 if line["value"] in by_level else worth for line, worth in zip(lines, points, strict=True)}


def test_no_row_or_context_of_a_file_is_left_out_of_the_transcription() -> None:
    for chart in charts():
        for parameter in chart.parameters:
            if parameter.role == "recorded" or parameter.id in FROM_PROSE.get(chart.id, ()):
                continue
            whens = [when for chart_id, name, when in LINES if (chart_id, name) == (chart.id, parameter.id)]
            read = [table for table in parameter.tables if table.applies]
            assert whens, f"{chart.id} {parameter.id} stands in no transcription"
            assert len(whens) == len(read), (chart.id, parameter.id, whens)
            assert {id(_table(chart.id, parameter.id, when)) for when in whens} == {id(table) for table in read}
