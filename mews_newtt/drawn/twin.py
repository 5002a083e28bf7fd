"""A series of scores as a table, for readers who cannot see the drawing: every value, what it gives, totals, levels, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence

from mews_newtt.chart.model import Chart
from mews_newtt.chart.units import as_written
from mews_newtt.chart.words import band_gives
from mews_newtt.drawn.places import Taken
from mews_newtt.drawn.words import safe, title_at, unit_of, value_said
from mews_newtt.scoring.result import ParameterScore, Score
from mews_newtt.scoring.wording import completeness, count


def total_words(score: Score) -> str:
    if score.status == "refused":
        return "refused"
    if score.total is not None:
        return str(score.total)
    return "none" if score.total_min is None else f"{score.total_min} to {score.total_max}"


def level_words(score: Score) -> str:
    """The level reached; of a partial set the levels it may have reached."""
    if score.level is None or score.level_max is None:
        return "not known"
    titles = {level.id: level.title for level in score.chart.levels}
    least, most = titles[score.level], titles[score.level_max]
    return least if least == most else f"at least {least}, at most {most}"


def change_of(previous: Score | None, score: Score) -> str:
    """Whether the level rose or fell since the set before: certainly, or as far as a partial set can tell."""
    if previous is None or None in (previous.level, previous.level_max, score.level, score.level_max):
        return ""
    rank = score.chart.level_rank
    before, before_most = rank[previous.level or ""], rank[previous.level_max or ""]
    now, now_most = rank[score.level or ""], rank[score.level_max or ""]
    if now > before_most:
        return "▲ rises"
    if now > before:
        return "▲ may rise"
    return "▼ falls" if now_most < before else ""


def given_words(row: ParameterScore | None) -> str:
    """The reading, or why there is none."""
    if row is None:
        return "refused"
    if row.skipped is not None:
        return f"not taken: {row.skipped}"
    if row.value is None:
        return "missing" if row.missing else "not given"
    return value_said(row.value)


def twin_html(chart: Chart, sets: Sequence[tuple[str, Score] | Taken], *, ordered: bool = True, name: str = "The series") -> str:
    """One row a set, one column a parameter; no cell is empty. Rises and falls are named only where the sets are in order of time."""
    taken = [Taken(*each) for each in sets]
    shown = [p for p in chart.parameters if p.role != "recorded" or any(_row(t.score, p.id).value is not None for t in taken if t.score.parameters)]
    heads = "".join(f'<th scope="col">{safe(p.title)}{f" ({safe(unit_of(p))})" if unit_of(p) else ""}</th>' for p in shown)
    total = '<th scope="col">Total</th>' if chart.has_points else ""
    body, previous = [], None
    for when, score, _, replaced in taken:
        cells = "".join(f"<td>{safe(_cell(score, p.id))}" for p in shown)  # HTML ends a cell itself: 500 sets are 40 kB shorter
        rises = change_of(previous, score) if ordered and not replaced else ""
        says = level_words(score) + (f" ({rises})" if rises else "")
        when += " (replaced)" if replaced else ""
        body.append(
            f'<tr><th scope="row">{safe(when)}</th>'
            + (f"<td>{safe(total_words(score))}" if chart.has_points else "")
            + f"<td>{safe(says)}<td>{safe(set_words(score))}<td>{safe(look_at(score))}{cells}</tr>"
        )
        previous = previous if replaced else score
    return (
        f'<div class="mn-scroll" tabindex="0" role="region" aria-label="{safe(name)} as a table"><table class="mn-twin"><thead><tr>'
        '<th scope="col">Taken</th>'
        f'{total}<th scope="col">Level</th><th scope="col">Set</th>'
        f'<th scope="col">Look at</th>{heads}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'
    )


def _row(score: Score, name: str) -> ParameterScore:
    return next(row for row in score.parameters if row.id == name)


def set_words(score: Score) -> str:
    """How complete a set is, in the library's words, and what it lacks."""
    if score.status == "refused":
        return "refused: " + "; ".join(f"{title_at(score.chart, problem.where)} {as_written(problem.what)}" for problem in score.problems)
    titles = [score.chart.by_id[name].title for name in score.missing]
    return completeness(score) + (f"; missing: {', '.join(titles)}" if titles and score.status == "partial" else "")


def look_at(score: Score) -> str:
    """Every warning about a set."""
    return "nothing was scored" if score.status == "refused" else as_written("; ".join(score.warnings)) or "no warning"


def _cell(score: Score, name: str) -> str:
    if not score.parameters:
        return "refused"
    row = _row(score, name)
    says = given_words(row)
    if row.value is not None and isinstance(row.value, str):
        says = next((category.title for category in score.chart.by_id[name].observation.categories if category.id == row.value), row.value)
    if row.band is not None:  # prompts are warnings, which have a column of their own
        gives = [each for each in band_gives(row.band, score.chart) if each != row.band.prompt]
    else:
        gives = [count(row.points, "point")] if row.points is not None else []
    return f"{says} ({', '.join(gives)})" if gives else says
