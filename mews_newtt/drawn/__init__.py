"""Charts and series of scores drawn as HTML and SVG text, for reports and pages. Words from outside are escaped; nothing is fetched."""

from mews_newtt.drawn.chart_sheet import chart_svg
from mews_newtt.drawn.colours import Paint, colours_css, paint
from mews_newtt.drawn.marks import Mark, Marks, marks_of
from mews_newtt.drawn.page import chart_html, levels_html, rows_html, sources_html, stamp_html, standing_html
from mews_newtt.drawn.report import report_css
from mews_newtt.drawn.series import series_html, series_svg
from mews_newtt.drawn.sheet import css, stamp_css

__all__ = [
    "Mark",
    "Marks",
    "Paint",
    "chart_html",
    "chart_svg",
    "colours_css",
    "css",
    "levels_html",
    "marks_of",
    "paint",
    "report_css",
    "rows_html",
    "series_html",
    "series_svg",
    "sources_html",
    "stamp_css",
    "stamp_html",
    "standing_html",
]
