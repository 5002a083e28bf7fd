"""The only place for sentences about scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mews_newtt.chart.model import number

if TYPE_CHECKING:
    from mews_newtt.scoring.levels import Reason
    from mews_newtt.scoring.result import ParameterScore, Score

_FLAGS = {
    "converted": "{title}: {given} was converted exactly to {value}",
    "float_noise": "{title}: {given} carries binary noise and was read as {value}",
    "finer_than_recorded": "{title}: {given} is finer than it is recorded; it was not rounded",
    "between_bands": "{title}: {given} lies between two printed bands; the higher score was taken ({band})",
    "implausible": "{title}: {given} is implausible; confirm the reading",
    "not_read": "{title}: {given} was given but is not read in this context",
    "skipped": "{title}: not taken, reason {skipped}",
    "lone": "{title}: recorded without its counterpart",
}


def count(amount: int, noun: str) -> str:
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"


def parameter_says(row: ParameterScore) -> str:
    if row.skipped is not None:
        points = f": {count(row.points, 'point')}" if row.points is not None else ""
        return f"{row.title}: skipped ({row.skipped}){points}"
    if row.value is None:
        if not row.missing:
            return f"{row.title}: not given, not required"
        bounds = "" if row.points_max is None else f": {row.points_min} to {count(row.points_max, 'point')} still possible"
        return f"{row.title}: missing{bounds}"
    reading = f"{row.title} {number(row.value, row.unit)}"
    if row.band is None:
        bounds = "" if row.points_max is None else f": {row.points_min} to {count(row.points_max, 'point')}, its table is not known"
        return f"{reading}{bounds}"
    gives = []
    if row.points is not None:
        gives.append(count(row.points, "point"))
    if row.band.zone:
        gives.append(f"{row.band.zone} zone")
    if row.band.level:
        gives.append(f"raises the level to {row.band.level}")
    if row.band.prompt:
        gives.append(row.band.prompt)
    table = f" of {row.table.title}" if row.table and row.table.title else ""
    where = f" is in {row.band.printed}{table}" if row.band.interval else ""
    return f"{reading}{where}: {', '.join(gives) or 'gives nothing'}"


def _as_given(row: ParameterScore) -> str:
    """The reading as it was given, with the unit it was given in."""
    given, unit = row.given or "", row.unit_given or row.unit
    return given if row.unit_given and given.endswith(row.unit_given) else number(given, unit)


def warnings(score: Score) -> list[str]:
    rows = {row.id: row for row in score.parameters}
    says = []
    for flag in score.flags:
        code, _, name = flag.partition(":")
        parameter = score.chart.by_id[name]
        if code == "assumed":
            says.append(f"{parameter.title}: not given; {parameter.assumed} was read, because {parameter.assumed_because}")
        elif code == "out_of_scope":
            says += [rule.says for rule in score.chart.scope if not rule.refuse and rule.when[0][0] == name]
        else:
            row = rows[name]
            says.append(
                _FLAGS[code].format(
                    title=row.title,
                    given=_as_given(row),
                    value=number(row.value, row.unit),
                    band=row.band.printed if row.band else "",
                    skipped=row.skipped,
                )
            )
    says += [f"{row.title} {number(row.value, row.unit)}: {row.band.prompt}" for row in score.parameters if row.band and row.band.prompt]
    says += [f"{name} is not on this chart and was left out" for name in score.not_on_chart]
    return says


def reason_says(reason: Reason) -> str:
    rows = [reason.chart.by_id[name].title for name in reason.parameters]
    if reason.kind == "total":
        is_ = "is" if reason.certain else "is at least"
        return f"the total {is_} {reason.total}, in {reason.reached.total}"
    if reason.rule is not None:
        rule = reason.rule
        what = f"at {count(rule.points, 'point')} or more" if rule.points is not None else f"in the {rule.zone} zone or worse"
        return f"{count(len(rows), 'row')} {what} ({', '.join(rows)}); {rule.at_least} is enough"
    return f"{rows[0]}: {reason.reading}"


def score_says(score: Score) -> str:
    """One sentence for a person: chart, status, total or bounds, level."""
    head = f"{score.chart.short_title} ({score.chart.status})"
    if score.status == "refused":
        return f"{head}: refused; " + "; ".join(f"{p.where}: {p.what}" for p in score.problems)
    titles = {level.id: level.title for level in score.chart.levels}
    level, highest = titles[score.level or ""], titles[score.level_max or ""]
    reach = f"level {level}" if level == highest else f"level at least {level}, at most {highest}"
    if score.status == "complete":
        total = f"total {score.total}, " if score.total is not None else ""
        return f"{head}: complete; {total}{reach}"
    bounds = f"no total, between {score.total_min} and {score.total_max}; " if score.total_min is not None else ""
    return f"{head}: partial; {bounds}{reach}"
