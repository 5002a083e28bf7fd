"""Draws the summary of a scored file: totals, levels and missing readings as bars. SVG as text, PNG with matplotlib."""

from __future__ import annotations

from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.atomic import whole_path
from mews_newtt.tables.summary import Summary

WIDTH, MARGIN, NAMES, ROW, GAP = 760, 24, 210, 24, 34
INK, SOFT, LINE, BAR = "#1b2733", "#5a6b7b", "#d5dde5", "#2f6f9f"


class Panel(NamedTuple):
    """One set of bars: a title, and a name and a count for each."""

    title: str
    bars: list[tuple[str, int]]


def panels(chart: Chart, summary: Summary) -> list[Panel]:
    """What is drawn; a chart without points has no totals."""
    found = []
    if summary.totals:
        totals = range(min(summary.totals), max(summary.totals) + 1)
        found.append(Panel("Totals of complete sets", [(str(total), summary.totals[total]) for total in totals]))
    levels = [(level.title, summary.levels[level.id]) for level in chart.levels]
    found.append(Panel("Levels certainly reached", levels))
    titles = {p.id: p.observation.title for p in chart.parameters}
    missing = [(titles.get(name, name), count) for name, count in summary.to_dict()["missing"].items()]
    found.append(Panel("Missing readings by parameter", missing or [("none", 0)]))
    return found


def heading(chart: Chart, summary: Summary) -> tuple[str, str]:
    """The two lines above the bars."""
    counts = ", ".join(f"{summary.status[status]:,} {status}" for status in ("complete", "partial", "refused"))
    return f"{chart.title}, version {chart.version}, status {chart.status}", f"{summary.rows:,} observation sets: {counts}"


def check_picture(path: Path) -> None:
    """Refuse a picture that cannot be drawn, before the work and not after it."""
    if path.suffix.lower() not in (".svg", ".png"):
        raise FileError(Problem("picture_unknown", f"--plot {path}", "is neither SVG nor PNG", "name it .svg or .png"))
    if path.suffix.lower() == ".png" and find_spec("matplotlib") is None:
        needs = "a PNG needs matplotlib, which is not installed"
        raise FileError(Problem("extra_missing", f"--plot {path}", needs, "name it .svg, or pip install matplotlib"))


def draw(chart: Chart, summary: Summary, path: Path) -> None:
    """Write the picture; the name's ending says which kind."""
    check_picture(path)
    if path.suffix.lower() == ".png":
        _png(chart, summary, path)
        return
    with whole_path(path) as beside:
        beside.write_text(svg(chart, summary), encoding="utf-8")


def svg(chart: Chart, summary: Summary) -> str:
    """The picture as SVG text. Every bar has its count beside it, so nothing depends on colour or length alone."""
    title, counts = heading(chart, summary)
    parts = [_text(MARGIN, 36, title, 16, INK, "600"), _text(MARGIN, 58, counts, 13, SOFT)]
    y = 96
    for panel in panels(chart, summary):
        parts.append(_text(MARGIN, y, panel.title, 14, INK, "600"))
        y += 12
        most = max((count for _, count in panel.bars), default=0) or 1
        room = WIDTH - 2 * MARGIN - NAMES - 90
        for name, count in panel.bars:
            width = max(room * count / most, 1.5 if count else 0)
            parts.append(_text(MARGIN + NAMES - 10, y + 16, _short(name), 12, INK, anchor="end"))
            parts.append(f'<rect x="{MARGIN + NAMES}" y="{y + 4}" width="{width:.1f}" height="{ROW - 8}" rx="2" fill="{BAR}"/>')
            parts.append(_text(MARGIN + NAMES + width + 8, y + 16, _counted(count, summary.rows), 12, SOFT))
            y += ROW
        parts.append(f'<line x1="{MARGIN + NAMES}" x2="{MARGIN + NAMES}" y1="{y - ROW * len(panel.bars)}" y2="{y}" stroke="{LINE}"/>')
        y += GAP
    height = y - GAP + MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="Helvetica, Arial, sans-serif"><title>{escape(title)}: {escape(counts)}</title>'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(parts)}</svg>\n'
    )


def _text(x: float, y: float, words: str, size: int, colour: str, weight: str = "400", anchor: str = "start") -> str:
    place = f'x="{x:.1f}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{colour}" text-anchor="{anchor}"'
    return f"<text {place}>{escape(words)}</text>"


def _short(name: str, most: int = 32) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _counted(count: int, rows: int) -> str:
    if not count:
        return "0"
    percent = 100 * count / rows
    return f"{count:,} (under 0.1%)" if percent < 0.1 else f"{count:,} ({percent:.1f}%)"


def _png(chart: Chart, summary: Summary, path: Path) -> None:
    from matplotlib.figure import Figure  # no extra of ours: who wants PNG installs it

    drawn = panels(chart, summary)
    rows = [max(len(panel.bars), 1) for panel in drawn]
    figure = Figure(figsize=(8.5, 1.2 + 0.26 * sum(rows) + 0.7 * len(rows)), layout="constrained", dpi=120)
    title, counts = heading(chart, summary)
    figure.suptitle(f"{title}\n{counts}", fontsize=10, color=INK)
    for axes, panel in zip(figure.subplots(len(drawn), 1, height_ratios=rows, squeeze=False)[:, 0], drawn, strict=True):
        names, counted = [_short(name) for name, _ in panel.bars], [count for _, count in panel.bars]
        bars = axes.barh(range(len(names)), counted, color=BAR, height=0.7)
        labels = [_counted(count, summary.rows) for count in counted]
        axes.bar_label(bars, labels=labels, padding=4, fontsize=8, color=SOFT)
        axes.set_yticks(range(len(names)), names, fontsize=8)
        axes.set_title(panel.title, loc="left", fontsize=9, color=INK)
        axes.set_xlim(0, max([*counted, 1]) * 1.22)
        axes.invert_yaxis()
        axes.xaxis.set_visible(False)
        for side in ("top", "right", "bottom"):
            axes.spines[side].set_visible(False)
    with whole_path(path) as beside:
        figure.savefig(beside, format="png")
