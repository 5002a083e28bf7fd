"""FHIR and HL7: codes of the rules need no entry; other codes are named by what the source calls them."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from mews_newtt.chart.model import Chart
from mews_newtt.reading.coded_names import coded_names
from mews_newtt.reading.plan.model import AMOUNTS, OXYGEN_READING
from mews_newtt.tables.origins.long_table import codes_of_row, split_code
from mews_newtt.tables.planned.coded import BESIDE
from mews_newtt.tables.proposing.choosing import ask_amounts
from mews_newtt.tables.proposing.column import Column
from mews_newtt.tables.proposing.draft import Draft
from mews_newtt.tables.proposing.long import cells_of_codes, name_codes

USED = {"subject", "time", "code", "value", "unit", "status", *BESIDE}


def look_at_codes(chart: Chart, frame: pl.DataFrame, columns: Mapping[str, Column], draft: Draft) -> None:
    """Write which codes are read, and ask about those that the rules do not know."""
    names, unknown = coded_names(chart), dict[str, str]()
    for code, other_codes, text in frame.select("code", "other_codes", "text").unique(maintain_order=True).iter_rows():
        ours = None
        for each in codes_of_row(code, other_codes):
            key = split_code(each)
            ours = ours or names.parameter.get(key) or names.category.get(key, (None,))[0]
        if ours is None and code:
            unknown.setdefault(code, text or "")
        elif ours is not None:
            draft.coded_parameters.append(ours)
    read = [chart.observations[ours].title for ours in dict.fromkeys(draft.coded_parameters)]
    if read:
        draft.remarks.append(f"Read by the codes of the rules, without an entry here: {', '.join(read)}.")
    name_codes(chart, unknown, cells_of_codes(frame, "code", "value"), draft)
    amounts = [name for name in AMOUNTS if name in draft.coded_parameters]
    if amounts and OXYGEN_READING in chart.by_id and OXYGEN_READING not in draft.tables:
        ask_amounts(amounts, draft, stated=OXYGEN_READING in draft.coded_parameters)
    for name in (one for one in columns if one not in USED):
        if columns[name].cells:
            draft.not_read[name] = "no part of a reading"
