"""Makes the page of a report: one file without scripts that opens offline, prints on A4 and works with screen readers. All text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from mews_newtt.chart.model import Chart
from mews_newtt.drawn.colours import colours_css
from mews_newtt.drawn.page import stamp_html
from mews_newtt.drawn.sheet import css
from mews_newtt.drawn.words import safe

DASH = "–"  # a cell that has no number


class Column(NamedTuple):
    """The head of a column of a table. number: right-aligned."""

    title: str
    number: bool = True


@cache
def report_css() -> str:
    """The style of every report of this package, beside `css`."""
    return files("mews_newtt.drawn").joinpath("report.css").read_text(encoding="utf-8")


def page_html(title: str, product: str, says: str, charts: Sequence[Chart], engine: str, sections: Iterable[str]) -> str:
    """A whole page: the stamp that every printed sheet repeats, a head, and sections of HTML that is safe already.

    title, product, says : words, for the title, and for the two lines of the head
    engine : who made the page, said in the stamp
    """
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{safe(title)}</title>\n<style>{css()}{colours_css(charts)}{report_css()}</style>\n</head>\n<body>\n"
        f"{stamp_html(charts, f'{engine}.')}\n"
        '<a class="skip" href="#main">Skip to the summary</a>\n'
        f'<header>\n<p class="product">{safe(product)}</p>\n<p>{safe(says)}</p>\n</header>\n<main id="main">\n'
        + "\n".join(sections)
        + f"\n</main>\n<footer><p>{safe(engine)}. For testing. Not a medical device, and not for care.</p></footer>\n</body>\n</html>\n"
    )


def section_html(ident: str, title: str, *parts: str) -> str:
    """A section with its heading; empty where there is nothing to say."""
    inside = "\n".join(part for part in parts if part)
    return f'<section aria-labelledby="{safe(ident)}">\n<h2 id="{safe(ident)}">{safe(title)}</h2>\n{inside}\n</section>' if inside else ""


def paragraphs_html(lines: Iterable[str], style: str = "") -> str:
    """One paragraph for each line."""
    attribute = f' class="{safe(style)}"' if style else ""
    return "".join(f"<p{attribute}>{safe(line)}</p>" for line in lines)


def list_html(lines: Iterable[str]) -> str:
    entries = "".join(f"<li>{safe(line)}</li>" for line in lines)
    return f"<ul>{entries}</ul>" if entries else ""


def facts_html(facts: Iterable[tuple[str, str]]) -> str:
    """Names and what they are, one below the other."""
    return "<dl>" + "".join(f"<div><dt>{safe(name)}</dt><dd>{safe(says)}</dd></div>" for name, says in facts) + "</dl>"


def table_html(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> str:
    """A table; the first cell of each row is its head. A cell of None is shown as a dash. Without rows there is no table."""
    body = "".join(_row(columns, row) for row in rows)
    if not body:
        return ""
    heads = "".join(f'<th scope="col"{_style(column)}>{safe(column.title)}</th>' for column in columns)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{safe(caption)}"><table><caption>{safe(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(columns: Sequence[Column], row: Sequence[object]) -> str:
    cells = "".join(f"<td{_style(column)}>{safe(cell_words(value))}</td>" for column, value in zip(columns[1:], row[1:], strict=True))
    return f'<tr><th scope="row">{safe(cell_words(row[0]))}</th>{cells}</tr>'


def cell_words(value: object) -> str:
    """A number as people write it, and a dash for none."""
    if value is None:
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.1f}" if isinstance(value, float) else str(value)


def _style(column: Column) -> str:
    return ' class="n"' if column.number else ""


def share_words(part: int, whole: int) -> str:
    """A share in per cent with one decimal; a dash where there is nothing to divide by. Only everything is 100.0%, and only nothing is 0.0%."""
    if not whole:
        return DASH
    tenths = round(1000 * part / whole)
    if part not in (0, whole):
        tenths = min(max(tenths, 1), 999)
    return f"{tenths / 10:.1f}%"


def duration_words(minutes: float | None) -> str:
    """Minutes in words: 45 min, 3 h 20 min, 2 d 4 h."""
    if minutes is None:
        return DASH
    whole = round(minutes)
    if whole < 60:
        return f"{whole} min"
    if whole < 48 * 60:
        return f"{whole // 60} h" + (f" {whole % 60} min" if whole % 60 else "")
    hours = round(minutes / 60)
    return f"{hours // 24:,} d" + (f" {hours % 24} h" if hours % 24 else "")
