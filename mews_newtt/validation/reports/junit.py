"""junit.xml for CI systems: one test case for each expected column, or one error where nothing was compared."""

from __future__ import annotations

import re
from itertools import islice
from xml.etree import ElementTree

from mews_newtt import __version__
from mews_newtt.validation.result import Validation

SHOWN = 20  # rows listed in a failure; disagreements.csv has more
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(found: Validation, run_on: str | None = None) -> str:
    """JUnit XML: a testsuite named after chart and version; properties say what was compared."""
    chart = found.chart
    compared = [(name, column) for name, column in found.by_column.items() if column.compared]
    failures = sum(column.disagreed > 0 for _, column in compared)
    errors = int(not compared)
    counts = {"tests": str(len(compared) + errors), "failures": str(failures), "errors": str(errors)}
    root = ElementTree.Element("testsuites", {"name": "mews-newtt validate", **counts})
    suite = ElementTree.SubElement(root, "testsuite", {"name": f"{chart.id}@{chart.version}", **counts, "skipped": "0", "time": "0"})
    stamp = _STAMP.match(run_on or "")
    if stamp:
        suite.set("timestamp", stamp[0])
    properties = ElementTree.SubElement(suite, "properties")
    facts = {
        "chart.id": chart.id,
        "chart.title": chart.title,
        "chart.version": chart.version,
        "chart.status": chart.status,
        "chart.sha256": chart.sha256,
        "source.name": found.source.name,
        "source.sha256": found.source.sha256 or "",
        "engine.version": __version__,
        "run.on": run_on or "",
        "rows.without.column": ", ".join(found.without_column),
        "rows": str(found.rows),
        "rows.compared": str(found.compared),
        "rows.agreed": str(found.agreed),
        "rows.disagreed": str(found.disagreed),
        "verdict": found.verdict,
    }
    for name, value in facts.items():
        ElementTree.SubElement(properties, "property", {"name": name, "value": _clean(value)})
    if found.verdict in ("nothing_compared", "unfinished"):
        case = ElementTree.SubElement(suite, "testcase", {"classname": f"validate.{chart.id}", "name": "compared", "time": "0"})
        ElementTree.SubElement(case, "error", {"message": _clean(found.says), "type": found.verdict})
    for name, column in compared:
        case = ElementTree.SubElement(suite, "testcase", {"classname": f"validate.{chart.id}", "name": _clean(name), "time": "0"})
        if column.disagreed:
            message = f"{column.disagreed} of {column.compared} cells disagree"
            failure = ElementTree.SubElement(case, "failure", {"message": message, "type": "disagreement"})
            failure.text = _clean("\n".join(_rows(found, name)))
    if found.diagnosis is not None:
        ElementTree.SubElement(suite, "system-out").text = _clean(found.diagnosis.words)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _rows(found: Validation, name: str) -> list[str]:
    cells = ((row.row, cell) for row in found.disagreements for cell in row.cells if cell.column == name)
    lines = [f"row {row}: stated {cell.expected or 'nothing'}, the chart gives {cell.computed}; {cell.says}" for row, cell in islice(cells, SHOWN)]
    if len(lines) < found.by_column[name].disagreed:
        lines.append(f"{len(lines)} of {found.by_column[name].disagreed} are listed here; disagreements.csv has more")
    return lines


def _clean(text: str) -> str:
    """Text with a replacement for characters that XML cannot hold."""
    return _NOT_XML.sub("�", text)
