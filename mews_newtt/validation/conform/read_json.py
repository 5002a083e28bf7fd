"""Reads the bytes of an answer as JSON. Messages never quote them: they may hold a credential."""

from __future__ import annotations

from mews_newtt.chart.model import Chart
from mews_newtt.reading.json_text import JsonError
from mews_newtt.reading.json_text import read_json as strict_json
from mews_newtt.validation.conform.adapter import Adapter
from mews_newtt.validation.conform.settings import NO_ANSWER, Answer

MOST_BYTES = 1 << 20  # of an answer
_FAULTS = {"name_twice": "the JSON gives a name twice", "json_too_deep": "the JSON is nested too deeply", "not_utf8": "not UTF-8"}


def read_json(content: bytes, adapter: Adapter, chart: Chart, secrets: tuple[str, ...] = ()) -> Answer:
    """The answer in JSON bytes. JSON that readers treat differently (a name given twice, NaN) counts as no answer, as does any other text."""
    try:
        document = strict_json(content, "the answer", "")
    except JsonError as fault:
        return Answer(f"{NO_ANSWER}: {_FAULTS.get(fault.problems[0].code, 'not JSON')}")
    return adapter.read(document, chart, secrets)
