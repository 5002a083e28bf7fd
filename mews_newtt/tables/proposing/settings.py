"""Questions about a file as a whole, before a cell of it is read: encoding, delimiter, header, sheet, path, identifier, errors and merged cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError
from mews_newtt.reading.column_names import meaning_of
from mews_newtt.reading.plan import SourceSettings
from mews_newtt.tables.formats import LONGEST_MAGIC, packing_of
from mews_newtt.tables.origins import SettingNeeded, read_source
from mews_newtt.tables.proposing.draft import Change, Choice, Draft

# What a workbook is refused for, and the setting that a person may give instead of mending the workbook.
OF_WORKBOOKS = {
    "formula_errors": ("formula_errors", "keep", "read them as text: you then say what this text means"),
    "cells_merged": ("merged_cells", "fill", "each cell of a merged area has the value that is shown"),
}
ENCODINGS = ("cp1252", "cp1250", "iso-8859-15", "mac_roman", "cp437", "cp1251", "cp1253", "cp1254")
MOST_CHOICES = 6
LOOKED_AT = 12  # lines at the start that may name the columns


def ask_settings(chart: Chart, path: Path, draft: Draft, known: SourceSettings) -> tuple[SourceSettings, dict[str, str]] | None:
    """The settings of the source, and what its columns are called; None where it cannot be read before a person has answered.

    Raises FileError where it cannot be read whatever the settings are.
    """
    given, names = known, dict[str, str]()
    for name, value in known.given().items():
        draft.say("source", name, value, "as given")
    for _ in range(10):  # each setting is asked about once
        try:
            with read_source(path, given) as source:
                return source.settings, names
        except SettingNeeded as question:
            answered = _ask(chart, path, given, question, names, draft)
        except FileError as fault:
            answered = _of_a_workbook(fault, given, draft)
        if answered is None:
            return None
        given = answered
    return None


def _ask(chart: Chart, path: Path, given: SourceSettings, question: SettingNeeded, names: dict[str, str], draft: Draft) -> SourceSettings | None:
    """One setting: its likely values as choices."""
    problem = question.problems[0]
    made = _choices(chart, path, given, question)
    other = Choice(f"something else: write {question.setting} under [source], then propose the plan again from it (--plan)")
    text = f"{problem.where} {problem.what}. {ASKED.get(problem.code, 'What is it?')}"
    if not made:
        draft.ask("the file", text, other)
        draft.must_answer()
        return None
    chosen = draft.ask("the file", text, *(choice for choice, _ in made), other)
    found = next((settings for choice, settings in made if choice is chosen), None)
    if found is None:
        draft.must_answer()  # nobody can read on before it is written
        return None
    if found.header_line == 0:
        names.update(_both_lines(path, given, question))
    return found


ASKED = {
    "encoding_needed": "In which encoding do its letters look right?",
    "delimiter_unclear": "What stands between its cells?",
    "header_missing": "Which columns has it?",
    "header_unclear": "Which line names the columns?",
    "header_rows": "Which line names the columns?",
    "sheet_needed": "Which sheet has the readings?",
    "identifier_needed": "Which of them says whose the readings are?",
    "json_path_needed": "Which list holds the readings?",
}
Made = list[tuple[Choice, SourceSettings]]


def _choices(chart: Chart, path: Path, given: SourceSettings, question: SettingNeeded) -> Made:
    setting, likely, code = question.setting, question.likely, question.problems[0].code
    if setting == "encoding":
        return _encodings(path, given, str(likely))
    if code == "header_missing":
        return [_made(given, "no line names them: in the plan they are called column 1, column 2 and so on", header_line=0)]
    if code == "header_unclear" and isinstance(likely, int):
        near = [likely, *(number for number in range(likely + 1, max(0, likely - 3), -1) if number != likely)]
        names = {number: _names_at(path, given, number) for number in near}
        return [_made(given, f"line {number}: {_shown(names[number])}", header_line=number) for number in near if names[number]]
    if code == "header_rows":
        return _two_lines(path, given, question)
    options = list(question.options) or ([(likely, "")] if likely is not None else [])
    if setting == "sheet":
        options.sort(key=lambda option: -_meant(chart, path, replace(given, sheet=str(option[0]))))
    return [_made(given, f"{value!r}{f': {says}' if says else ''}", **{setting: value}) for value, says in options[:MOST_CHOICES]]


def _made(given: SourceSettings, says: str, **settings: object) -> tuple[Choice, SourceSettings]:
    changes = tuple(Change("source", name, value) for name, value in settings.items())
    return Choice(says, changes), replace(given, **settings)  # type: ignore[arg-type]  # by name


def _encodings(path: Path, given: SourceSettings, likely: str) -> Made:
    """Encodings that can read the start of the file, each with a line that they read differently."""
    if packing_of(path.read_bytes()[:LONGEST_MAGIC]):
        return [_made(given, likely, encoding=likely)]
    head, seen = path.read_bytes()[:200_000], set[str]()
    found: Made = []
    line = next((one for one in head.splitlines() if any(byte > 127 for byte in one)), b"")
    for encoding in dict.fromkeys((likely, *ENCODINGS)):
        try:
            text = line.decode(encoding) if not encoding.startswith("utf-16") else head.decode(encoding, "ignore").splitlines()[0]
            head.decode(encoding, "strict" if not encoding.startswith("utf-16") else "ignore")
        except (UnicodeDecodeError, IndexError):
            continue
        if text not in seen and _around(text).isprintable():
            seen.add(text)
            found.append(_made(given, f"{encoding}: {_around(text)}", encoding=encoding))
    return found[:MOST_CHOICES]


def _around(text: str) -> str:
    """The part of a line with its first letter that is not ASCII."""
    place = next((number for number, letter in enumerate(text) if ord(letter) > 127), 0)
    return text[max(0, place - 20) : place + 20].strip()


def _first_lines(path: Path, given: SourceSettings) -> dict[int, list[str]]:
    """The first lines of the source as cells, by their numbers."""
    found: dict[int, list[str]] = {}
    try:
        with read_source(path, replace(given, header_line=0, skip_lines=0)) as source:
            for batch in source.batches():
                for number, row in zip(batch.numbers.to_pylist(), batch.rows.to_pylist(), strict=True):
                    found[number] = [str(cell or "").strip() for cell in row.values()]
                    if len(found) >= LOOKED_AT:
                        return found
    except FileError:
        pass  # lines of different widths; the choices are then without their cells
    return found


def _names_at(path: Path, given: SourceSettings, number: int) -> list[str]:
    """The names of the columns, if this line has them."""
    try:
        with read_source(path, replace(given, header_line=number, skip_lines=0, formula_errors=None, merged_cells=None)) as source:
            return list(source.columns)
    except FileError:
        return _first_lines(path, given).get(number, [])


def _shown(cells: Sequence[str]) -> str:
    named = [cell for cell in cells if cell]
    return ", ".join(cell[:20] for cell in named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "")


def _two_lines(path: Path, given: SourceSettings, question: SettingNeeded) -> Made:
    """Two lines that may name the columns, or name them and give their units."""
    first, second = (int(number) for number, _ in question.options)
    lines = _first_lines(path, given)
    upper, lower = (_shown(lines.get(number) or _names_at(path, given, number)) for number in (first, second))
    one = _made(given, f"line {first}: {upper}. Line {second} is no row (units)", header_line=first, skip_lines=second - first)
    other = _made(given, f"line {second}: {lower}", header_line=second, skip_lines=0)
    says = f"lines {first} and {second} together: in the plan they are called column 1, column 2 and so on"
    both = _made(given, says, header_line=0, skip_lines=second)
    row = _made(given, f"line {first}: {upper}. Line {second} is a row of readings", header_line=first, skip_lines=0)
    gaps = any(not cell for cell in lines.get(first, []))  # a name that stands above several columns
    return [both, other, one, row] if gaps else [one, other, both, row]


def _both_lines(path: Path, given: SourceSettings, question: SettingNeeded) -> dict[str, str]:
    """What columns are called by two lines; a name above several columns counts for each of them."""
    if question.problems[0].code != "header_rows":
        return {}
    lines = _first_lines(path, given)
    first, second = (lines.get(int(number), []) for number, _ in question.options)
    found, above = {}, ""
    for place, (upper, lower) in enumerate(zip(first, second, strict=False), start=1):
        above = upper or (above if lower else "")
        found[f"column {place}"] = f"{above} {lower}".strip()
    return found


def _of_a_workbook(fault: FileError, given: SourceSettings, draft: Draft) -> SourceSettings | None:
    """Ask about errors of formulas and merged cells; None where the person has to correct the workbook. Raises every other fault."""
    if any(problem.code not in OF_WORKBOOKS for problem in fault.problems):
        raise fault
    settings = given
    for problem in fault.problems:
        setting, value, says = OF_WORKBOOKS[problem.code]
        settings = replace(settings, **{setting: value})  # type: ignore[arg-type]  # by name
        yes = Choice(says, (Change("source", setting, value),))
        no = Choice("the workbook is wrong: correct it there, then propose the plan again")
        if draft.ask("the file", f"{problem.where} {problem.what}. What do they mean?", yes, no) is no:
            draft.must_answer()
            return None
    return settings


def _meant(chart: Chart, path: Path, settings: SourceSettings) -> int:
    """How many columns of a sheet are called like a reading of the chart."""
    try:
        with read_source(path, replace(settings, formula_errors="keep", merged_cells="fill")) as source:
            return sum(1 for name in source.columns if meaning_of(name, chart.observations) is not None)
    except FileError:
        return 0  # a sheet without a clear header
