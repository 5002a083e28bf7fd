"""Faults in bands that a chart prints in several tables: who types a band wrongly for one context often has it wrong in the others too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from mews_newtt.chart.model import Chart, Table
from mews_newtt.validation.faults.fault import Fault, with_parameter


def with_copies(chart: Chart, faults: Iterable[Fault]) -> Iterator[Fault]:
    """Each fault and, where other tables of its parameter hold the same bands, the same fault in all of them."""
    for fault in faults:
        yield fault
        site = fault.site
        if site is None or site.table is None or len(own := chart.by_id[site.parameter].tables) < 2:
            continue
        changed = fault.chart.by_id[site.parameter]
        before, after = own[site.table], changed.tables[site.table]
        tables = [_as(table, before, after) if number != site.table else after for number, table in enumerate(own)]
        touched = [number for number, table in enumerate(tables) if table is not None]
        if len(touched) > 1 and touched[0] == site.table:
            everywhere = tuple(table or own[number] for number, table in enumerate(tables))
            used = with_parameter(fault.chart, replace(changed, tables=everywhere))
            words = f"{fault.words}, and in {'the other table' if len(touched) == 2 else f'{len(touched) - 1} other tables'} with that band"
            yield fault._replace(form=f"{fault.form}:alike", words=words, chart=used)


def _as(table: Table, before: Table, after: Table) -> Table | None:
    """Another table with the bands changed that `before` and `after` differ in; None where it does not hold them all."""
    if not table.applies or not table.bands:
        return None
    if len(before.bands) != len(after.bands):
        return replace(table, bands=after.bands) if table.bands == before.bands else None
    new = {old: band for old, band in zip(before.bands, after.bands, strict=True) if old != band}
    return replace(table, bands=tuple(new.get(band, band) for band in table.bands)) if set(new) <= set(table.bands) else None
