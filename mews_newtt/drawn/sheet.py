"""The style of drawn charts and series, as one text for a file or a `<style>` element. No fetched font, no motion."""

from __future__ import annotations

_CSS = """
.mn-chart,.mn-series{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;color:#212b32;line-height:1.4}
.mn-chart h1,.mn-chart h2,.mn-chart h3,.mn-chart h4,.mn-chart h5{line-height:1.25;margin:0}
.mn-chart p{margin:0 0 .4rem}
.mn-standing{border-left:8px solid #005eb8;background:#fff;padding:1rem 1.25rem;margin-bottom:1.5rem}
.mn-status-secondary,.mn-status-derived,.mn-status-local{border-left-color:#d5281b}
.mn-title{margin-bottom:.6rem}
.mn-standing .mn-title{margin-bottom:.6rem}
.mn-meta{font-size:.875rem;color:#425563}
.mn-hash{overflow-wrap:anywhere;font-family:ui-monospace,Consolas,monospace;font-size:.8125rem}
.mn-list{margin:0;padding-left:1.2rem}
.mn-chart .mn-role,.mn-series .mn-role{margin:1.5rem 0 .6rem;font-size:1.25rem}
.mn-row{display:grid;grid-template-columns:13rem minmax(0,1fr);gap:.25rem 1.25rem;border-top:1px solid #aeb7bd;padding:.65rem 0;break-inside:avoid}
.mn-chart .mn-row-head :is(h2,h3,h4,h5,h6){font-size:1.0625rem;font-weight:600}
.mn-unit{font-weight:400;color:#425563;font-size:.9375rem}
.mn-table+.mn-table{margin-top:.6rem}
.mn-context{font-weight:600;font-size:.9375rem}
.mn-row-body{container-type:inline-size;min-width:0}
.mn-bands{display:flex;list-style:none;margin:0;padding:0 1px 1px 0}
.mn-answers{flex-wrap:wrap}
.mn-band{flex:1 1 0;min-width:0;border:1px solid #4c6272;margin:0 -1px -1px 0;padding:.35rem .5rem;overflow-wrap:anywhere}
.mn-answers .mn-band{flex:1 1 7.5rem;max-width:18rem}
.mn-band,.mn-mark-hit{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.mn-band>span{display:block}
.mn-printed{font-weight:600}
.mn-points,.mn-gives,.mn-wording{font-size:.9375rem}
.mn-marked{outline:4px solid #212b32;outline-offset:-4px;padding:.5rem .6rem}
.mn-band>.mn-mark,.mn-mark{display:inline-block;margin-top:.25rem;padding:.1rem .45rem;font-weight:600;font-size:.9375rem;border:2px solid #212b32}
.mn-mark-hit{background:#212b32;color:#fff}
.mn-mark-fault{background:#fff;color:#a2180d;border-color:#a2180d}
.mn-mark-note{background:#fff;color:#212b32;border-style:dashed}
.mn-edge{flex:0 1 6.5rem;min-width:0;display:flex;flex-direction:column;justify-content:center;padding:.2rem .35rem;margin:0 2px}
.mn-edge{border:solid #a2180d;border-width:0 5px}
.mn-edge .mn-mark{border:0;padding:0;margin:0}
.mn-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.mn-scroll{overflow-x:auto;position:relative}
.mn-scroll:focus-visible{outline:4px solid #212b32;box-shadow:0 0 0 4px #ffeb3b}
.mn-levels,.mn-twin{border-collapse:collapse;width:100%;margin:0}
.mn-twin{font-size:.9375rem}
.mn-twin tbody th{white-space:nowrap}
.mn-levels :is(th,td),.mn-twin :is(th,td){border-bottom:1px solid #aeb7bd;padding:.4rem .75rem .4rem 0;font-size:inherit}
.mn-levels :is(th,td),.mn-twin :is(th,td){text-align:left;vertical-align:top}
.mn-series svg{display:block;max-width:none}
.mn-sheet{direction:rtl}
.mn-columns{direction:ltr;display:flex;min-width:100%;width:max-content}
.mn-labels{position:sticky;left:0;z-index:1;flex:none;background:#fff;box-shadow:3px 0 4px -2px #768692}
.mn-print{display:none}
.mn-legend{font-size:.875rem;margin-top:.75rem}
.mn-legend ul{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(19rem,100%),1fr));gap:.2rem 1.25rem}
.mn-legend li{margin:0;display:grid;grid-template-columns:30px minmax(0,1fr);gap:.5rem}
.mn-legend svg{margin-top:.15rem;print-color-adjust:exact;-webkit-print-color-adjust:exact}
@media (max-width:40em){
.mn-row{grid-template-columns:minmax(0,1fr)}
}
@container (max-width:29rem){
.mn-numeric{flex-direction:column-reverse}
.mn-answers{flex-direction:column;flex-wrap:nowrap}
.mn-bands .mn-band{max-width:none;flex:0 0 auto;display:flex;flex-wrap:wrap;gap:0 .75rem;align-items:baseline}
.mn-numeric .mn-edge{border-width:4px 0;margin:2px 0}
}
@media print{
.mn-chart{font-size:10pt}
.mn-row{grid-template-columns:10rem minmax(0,1fr);padding:.3rem 0}
.mn-band{padding:.15rem .3rem}
.mn-scroll{overflow:visible}
.mn-sheet.mn-scroll{position:absolute;left:-200in;height:0;overflow:hidden}
.mn-print{display:block}
.mn-series .mn-printed-sheet{break-inside:avoid;width:100%;height:auto;max-height:154mm;overflow:hidden}
.mn-printed-sheet+.mn-printed-sheet{break-before:page}
.mn-legend{font-size:8pt;break-inside:avoid}
.mn-role,.mn-context{break-after:avoid}
.mn-levels tr,.mn-twin tr{break-inside:avoid}
.mn-twin{font-size:7pt;table-layout:fixed;overflow-wrap:anywhere}
.mn-twin :is(th,td){padding:.15rem .2rem .15rem 0}
.mn-twin tbody th{white-space:normal}
}
"""
# A table's head is what browsers repeat on every printed sheet, so the page becomes a table with the stamp as its head.
_STAMP = """
.mn-stamp{display:none}
@media print{
body:has(>.mn-stamp){display:table;table-layout:fixed;width:100%}
.mn-stamp{display:table-header-group;break-inside:avoid}
.mn-stamp p{font:8pt/1.3 system-ui,sans-serif;color:#212b32;max-width:none;margin:0 0 6pt;padding:0 0 3pt}
.mn-stamp p{border-bottom:1px solid #212b32;overflow-wrap:anywhere}
}
"""


def css() -> str:
    """Style of everything this package draws; the zones' colours come from `colours_css`."""
    return _CSS.lstrip() + stamp_css()


def stamp_css() -> str:
    """Style of the stamp alone (`stamp_html`)."""
    return _STAMP.lstrip()
