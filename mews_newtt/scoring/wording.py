"""The only place for sentences about scores: rows, reasons, warnings and results in words. `chart/words.py` has the words for parts of a chart."""

from __future__ import annotations

from mews_newtt.chart.contexts import holds
from mews_newtt.chart.model import Band, is_above, number
from mews_newtt.chart.words import band_gives
from mews_newtt.chart.words import count as count
from mews_newtt.scoring.parts import ReasonParts, RowParts, ScoreParts

_FLAGS = {
    "converted": "{title}: {given} was converted exactly to {value}",
    "float_noise": "{title}: {given} carries binary noise and was read as {value}",
    "finer_than_recorded": "{title}: {given} is finer than it is recorded; it was not rounded",
    "between_bands": "{title}: {given} lies between two printed bands; the higher score was taken ({band})",
    "implausible": "{title}: {read} is implausible; confirm the reading{unit}",
    "not_read": "{title}: {given} was given but is not read in this context",
    "skipped": "{title}: not taken, reason {skipped}",
    "lone": "{title}: recorded without its counterpart",
}


def parameter_says(row: RowParts) -> str:
    if row.skipped is not None:
        points = f": {count(row.points, 'point')}" if row.points is not None else ""
        return f"{row.title}: skipped ({row.skipped}){points}"
    if row.value is None:
        if not row.missing:
            return f"{row.title}: not given, not required"
        bounds = "" if row.points_max is None else f": {row.points_min} to {count(row.points_max, 'point')} still possible"
        return f"{row.title}: missing{bounds}"
    reading = f"{row.title} {number(row.value, row.unit)}"
    if row.possible:
        return f"{reading}: {_in_possible_tables(row)}"
    if row.band is None:
        return reading
    table = f" of {row.table.title}" if row.table and row.table.title else ""
    where = f" is in {row.band.printed}{table}" if row.band.interval else ""
    return f"{reading}{where}: {_gives(row.band)}"


def _gives(band: Band) -> str:
    return ", ".join(band_gives(band)) or "gives nothing"


def _in_possible_tables(row: RowParts) -> str:
    """What a reading gives in each table that is still possible: `1 point (in pregnancy) or 2 points (later)`."""
    titles: dict[str, list[str]] = {}
    for table, band in row.possible:
        titles.setdefault(_gives(band) if band else "not read", []).append(table.title)
    return " or ".join(f"{gives} ({'; '.join(names)})" for gives, names in titles.items())


def inside_a_sentence(title: str) -> str:
    """A title as it is written after other words: `Level of consciousness (ACVPU)` becomes `level of consciousness`, `SpO2 scale` stays."""
    title = title.partition(" (")[0]
    first = title.partition(" ")[0]
    return title[:1].lower() + title[1:] if first[1:].islower() else title


def _as_given(row: RowParts) -> str:
    """The reading as it was given, with the unit it was given in."""
    given, unit = row.given or "", row.unit_given or row.unit
    return given if row.unit_given and given.endswith(row.unit_given) else number(given, unit)


def warnings(score: ScoreParts[RowParts]) -> list[str]:
    rows = {row.id: row for row in score.parameters}
    values = {row.id: row.value for row in score.parameters if row.value is not None}
    says: list[str] = []
    for flag in score.flags:
        code, _, name = flag.partition(":")
        parameter = score.chart.by_id[name]
        if code == "assumed":
            says.append(f"{parameter.title}: not given; {parameter.assumed} was read, because {parameter.assumed_because}")
        elif code == "not_above":
            row = rows[name]
            for other in parameter.observation.above:
                if other in rows and not is_above(row.value, rows[other].value):
                    low, high = number(row.value, row.unit), number(rows[other].value, rows[other].unit)
                    says.append(f"{row.title}: {low} is not above {rows[other].title} {high}; confirm both readings, they may be exchanged")
        elif code == "out_of_scope":
            says += [rule.says for rule in score.chart.scope if not rule.refuse and rule.when[0][0] == name and holds(rule, values)]
        else:
            row = rows[name]
            says.append(
                _FLAGS[code].format(
                    title=row.title,
                    given=_as_given(row),
                    read=f"{_as_given(row)}, read as {number(row.value, row.unit)}," if "converted" in row.flags else _as_given(row),
                    unit=" and its unit" if parameter.observation.other_units else "",
                    value=number(row.value, row.unit),
                    band=row.band.printed if row.band else "",
                    skipped=row.skipped,
                )
            )
    says += [f"{row.title} {number(row.value, row.unit)}: {row.band.prompt}" for row in score.parameters if row.band and row.band.prompt]
    says += [f"{name} is not on this chart and was left out" for name in score.not_on_chart]
    return says


def reason_says(reason: ReasonParts) -> str:
    rows = [reason.chart.by_id[name].title for name in reason.parameters]
    if reason.kind == "total":
        is_ = "is" if reason.certain else "is at least"
        return f"the total {is_} {reason.total}; this level is for {reason.reached.total}"
    if reason.rule is not None:
        rule = reason.rule
        what = f"at {count(rule.points, 'point')} or more" if rule.points is not None else f"in the {rule.zone} zone or worse"
        return f"{count(len(rows), 'row')} {what} ({', '.join(rows)}); {rule.at_least} is enough"
    return f"{rows[0]}: {reason.reading}"


def completeness(score: ScoreParts[RowParts]) -> str:
    """How complete a set is: `complete` only where nothing of the chart is missing, triggers included."""
    if score.status != "complete" or not score.missing:
        return score.status
    names = ", ".join(inside_a_sentence(score.chart.by_id[name].title) for name in score.missing)
    return f"{'total' if score.chart.has_points else 'scored rows'} complete; not given: {names}"


def score_says(score: ScoreParts[RowParts]) -> str:
    """One sentence for a person: chart, status, total or bounds, level."""
    head = f"{score.chart.short_title} ({score.chart.status})"
    if score.status == "refused":
        return f"{head}: refused; " + "; ".join(f"{p.where}: {p.what}" for p in score.problems)
    titles = {level.id: level.title for level in score.chart.levels}
    level, highest = titles[score.level or ""], titles[score.level_max or ""]
    reach = f"level {level}" if level == highest else f"level at least {level}, at most {highest}"
    if score.status == "complete":
        total = f"total {score.total}, " if score.total is not None else ""
        return f"{head}: {completeness(score)}; {total}{reach}"
    bounds = f"no total, between {score.total_min} and {score.total_max}; " if score.total_min is not None else ""
    return f"{head}: partial; {bounds}{reach}"
