"""`mews-newtt adopt --try`: shows a chart that two sheets describe, what it changes, and what it gives for example sets. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from mews_newtt.adoption.doubts import chart_before
from mews_newtt.chart.clinical_order import in_lines
from mews_newtt.chart.compare import compare
from mews_newtt.chart.contexts import table_for
from mews_newtt.chart.model import Band, Chart, Interval, Parameter
from mews_newtt.cli.drawing import draw_chart
from mews_newtt.errors import ObservationError
from mews_newtt.scoring.reference import score


def show_try(chart: Chart, others: Sequence[Chart], examples: Path | None) -> None:
    """Draw the chart, its differences from the one whose place it takes, and the scores of example sets."""
    draw_chart(chart)
    before = chart_before(chart, others)
    if before is None:
        print("\nIt takes the place of no other chart.")
    else:
        print(f"\nWhat changes from {before.id} {before.version} ({before.status}):")
        for line in in_lines(compare(before, chart)):
            print(f"  {line}")
    print("\nExamples:")
    for says, given in example_sets(chart):
        print(f"  {says}: {', '.join(f'{chart.by_id[name].title} {value}' for name, value in given.items())}")
        try:
            print(f"    {score(chart, given).says}")
        except ObservationError as fault:
            print(f"    {fault.problems[0].where}: {fault.problems[0].what}")
    if examples is not None:
        from mews_newtt.tables.planned.table import open_planned  # batch extra

        with open_planned(chart, examples, None, None) as table:
            for chunk, frame in table.frames():
                for place, row in enumerate(frame.iter_rows(named=True)):
                    given = {name: value for name, value in row.items() if name in chart.observations and value not in (None, "")}
                    try:
                        print(f"  {chunk.place_of(place)}: {score(chart, given).says}")
                    except ObservationError as fault:
                        print(f"  {chunk.place_of(place)}: {fault.problems[0].where}: {fault.problems[0].what}")
    print("\nThis was a try: nothing was written.")


def example_sets(chart: Chart) -> list[tuple[str, Mapping[str, Any]]]:
    """A set of the least severe readings, one of the most severe, and the least severe set with each row at its worst."""
    contexts = {name: _context(chart, chart.by_id[name]) for name in chart.context_ids}
    well, ill = ({**contexts, **_set(chart, contexts, worst)} for worst in (False, True))
    single = [(f"Only {p.title} at its worst", {**well, p.id: ill[p.id]}) for p in chart.parameters if p.id in ill and ill[p.id] != well.get(p.id)]
    return [("Everything normal", well), ("Everything at its worst", ill), *single]


def _set(chart: Chart, contexts: Mapping[str, Any], worst: bool) -> dict[str, Any]:
    found = {}
    for parameter in chart.parameters:
        table = table_for(parameter, contexts)
        if parameter.role == "recorded" or table is None or not table.bands or not table.applies or parameter.id in contexts:
            continue
        if (group := chart.group_of.get(parameter.id)) is not None and group.kind == "one_of" and group.parameters[0] != parameter.id:
            continue
        found[parameter.id] = _value((max if worst else min)(table.bands, key=chart.severity), parameter)
    return found


def _context(chart: Chart, parameter: Parameter) -> Any:
    """A value that chooses the first table of a row that depends on it, or its own least severe value."""
    for other in chart.parameters:
        for table in other.tables:
            wanted = dict(table.when).get(parameter.id)
            if wanted is not None and table.applies:
                return _inside(wanted, parameter) if isinstance(wanted, Interval) else sorted(wanted)[0]
    return parameter.category_ids[0]


def _value(band: Band, parameter: Parameter) -> Any:
    return _inside(band.interval, parameter) if band.interval else band.categories[0]


def _inside(interval: Interval, parameter: Parameter) -> Decimal:
    """A recordable value of a range."""
    step = parameter.observation.step
    if interval.low is None:
        edge = interval.high if interval.high is not None else Decimal(0)
        return edge if interval.high_included else edge - step
    if interval.high is None:
        return interval.low if interval.low_included else interval.low + step
    middle = (interval.low + interval.high) / 2 // step * step
    return middle if interval.contains(middle) else interval.low if interval.low_included else interval.low + step
