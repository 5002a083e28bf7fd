"""`mews-newtt check`: every fault of chart files, with its place and what to do."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from mews_newtt.chart.catalogue import catalogue
from mews_newtt.chart.load import read_chart
from mews_newtt.chart.load_observations import load_observations
from mews_newtt.chart.site import proven
from mews_newtt.cli.options import add_rules
from mews_newtt.errors import ChartError, Problem
from mews_newtt.scoring.wording import count


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Check chart files (and parameters.toml): every fault at once, with its place and what to do. "
        "Exit 0 clean, 1 warnings only, 2 a file that cannot be used."
    )
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path)
    parser.add_argument("--json", action="store_true", help="findings as JSON")
    add_rules(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    worst = 0
    findings = []
    for path in arguments.files:
        verdict, problems = check_file(path, arguments.rules)
        lines = _lines(path) if problems else []
        if any(not problem.warning for problem in problems):
            worst = 2
        elif problems:
            worst = max(worst, 1)
        for problem in problems:
            line = line_of(lines, _inside(path, problem), problem.what)
            findings.append({"file": str(path), "line": line, "warning": problem.warning, **problem.to_dict()})
            if not arguments.json:
                says = str(problem)
                print(f"{path}:{line}{says.removeprefix(str(path))}" if line and says.startswith(str(path)) else says)
        if not arguments.json:
            print(f"{path}: {verdict}")
    if arguments.json:
        print(json.dumps(findings, ensure_ascii=False, indent=2))
    return worst


def check_file(path: Path, folders: list[Path]) -> tuple[str, list[Problem]]:
    """One sentence on a chart file or a parameters.toml, and every finding in it."""
    if path.name == "parameters.toml":
        try:
            return f"ok: {count(len(load_observations(path)), 'observation')}", []
        except ChartError as fault:
            return f"cannot be used: {count(len(fault.problems), 'error')}", list(fault.problems)
    place = path.resolve()
    home = place.parent.parent  # a chart inside a site's folder is read with that folder's observations
    built_in, *others = (folder.resolve() for folder in catalogue(folders).folders)
    own = [home] if (home / "parameters.toml").is_file() and home not in (built_in, *others) else []
    chart, problems = read_chart(path, catalogue([*folders, *own]).observations)
    if chart is not None and home in (built_in, *others, *own) and (place.parent.name, place.stem) != (chart.id, chart.version):
        problems.append(Problem("file_misnamed", str(path), f"holds {chart.id} {chart.version}", f"name it {chart.id}/{chart.version}.toml"))
        chart = None
    if chart is None:
        return f"cannot be used: {count(sum(not problem.warning for problem in problems), 'error')}", problems
    if place.parent.parent != built_in:
        chart, doubt = proven(chart, path)
        problems += [doubt.problem] if doubt else []
    doubts = f", {count(len(problems), 'warning')}" if problems else ""
    bands = sum(len(table.bands) for parameter in chart.parameters for table in parameter.tables)
    counts = ", ".join((count(len(chart.parameters), "parameter"), count(bands, "band"), count(len(chart.levels), "level")))
    return f"ok{doubts}: {chart.id} {chart.version}, status {chart.status}, {counts}, sha256 {chart.sha256[:12]}", problems


# The line of a fault: found by the key path in the text of the file, or not at all.

_HEADER = re.compile(r"\s*\[\[?\s*([\w.-]+)\s*\]\]?\s*(#.*)?$")
_ID = re.compile(r"""\s*id\s*=\s*["']([^"']*)["']""")


def line_of(lines: list[str], where: str, what: str = "") -> int | None:
    """The line, counted from 1, of a place such as `parameters[2] heart_rate, bands[1]`; None where it is not found."""
    stated = re.search(r"\(at line (\d+)", what)
    if stated:
        return int(stated[1])
    first, *rest = where.split(", ")
    start = _section(lines, first)
    if start is None:
        return None
    end = _end(lines, start, first)
    for part in rest:
        table, band = re.match(r"tables\[(\d+)\]$", part), re.match(r"bands?(?: |\[)(\d+)", part)
        if table:
            headers = [n for n in range(start, end) if (h := _HEADER.match(lines[n])) and h[1].endswith(".tables")]
            if int(table[1]) > len(headers):
                return start + 1  # tables written inline
            start = headers[int(table[1]) - 1]
            end = headers[int(table[1])] if int(table[1]) < len(headers) else end
        elif band:
            found = _band_line(lines[start:end], int(band[1]))
            return start + 1 + found if found is not None else start + 1
        else:
            named = [n for n in range(start, end) if re.match(rf"\s*{re.escape(part)}\s*=", lines[n])]
            if named:
                return named[0] + 1
    return start + 1


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError):
        return []


def _inside(path: Path, problem: Problem) -> str:
    return problem.where.removeprefix(str(path)).removeprefix(", ")


def _section(lines: list[str], first: str) -> int | None:
    """The line of the header that a place starts with: by its number, by the id under it, or by its name."""
    headers = [(n, header[1]) for n, line in enumerate(lines) if (header := _HEADER.match(line))]
    numbered, named = re.match(r"(\w+)\[(\d+)\]", first), re.match(r"(parameter|level|group|source|zone) (\S+)$", first)
    if numbered:
        same = [n for n, header in headers if header == numbered[1]]
        return same[int(numbered[2]) - 1] if int(numbered[2]) <= len(same) else None
    if named:
        for start in [n for n, header in headers if header == f"{named[1]}s"]:
            ids = [found[1] for line in lines[start : _end(lines, start, first)] if (found := _ID.match(line))]
            if ids[:1] == [named[2]]:
                return start
        return None
    return next((n for n, header in headers if header == first.strip("[]")), None)


def _end(lines: list[str], start: int, first: str) -> int:
    """The line after a section: the next header that is not a sub-table of it."""
    header = _HEADER.match(lines[start])
    name = header[1] if header else first
    later = ((n, found[1]) for n in range(start + 1, len(lines)) if (found := _HEADER.match(lines[n])))
    return next((n for n, other in later if not other.startswith(f"{name}.")), len(lines))


def _band_line(lines: list[str], number: int) -> int | None:
    """In which of these lines the band of that number begins: its brace in the list, or its [[...bands]] header."""
    headers = [n for n, line in enumerate(lines) if (header := _HEADER.match(line)) and header[1].endswith(".bands")]
    if headers:
        return headers[number - 1] if number <= len(headers) else None
    seen, depth, inside = 0, 0, False
    for n, line in enumerate(lines):
        text = re.sub(r'"(\\.|[^"\\])*"|\'[^\']*\'', "", line).split("#", 1)[0]
        opens = re.search(r"\bbands\s*=\s*\[", text) if not inside else None
        if opens:
            inside, text = True, text[opens.end() :]
        for sign in text if inside else "":
            if sign == "{":
                depth += 1
                seen += depth == 1
                if depth == 1 and seen == number:
                    return n
            elif sign == "}":
                depth -= 1
            elif sign == "]" and depth == 0:
                return None
    return None
