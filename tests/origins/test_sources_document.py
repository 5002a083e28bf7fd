"""docs/sources.md names everything: kinds, settings, columns and notes. And its example runs."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from mews_newtt.tables.origins import SourceSettings
from mews_newtt.tables.origins.long_table import COLUMNS
from mews_newtt.tables.origins.settings import APPLIES, ORIGINS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
CODE = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "mews_newtt" / "tables" / "origins").glob("*.py")))


def first_cells(section: str) -> set[str]:
    """The names in the first column of the first table of a section."""
    lines = TEXT.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0].splitlines()
    return {name for line in lines if line.startswith("| `") for name in re.findall(r"`(\w+)`", line.split(" | ")[0])}


def test_every_kind_setting_column_and_note_is_named() -> None:
    assert first_cells("Kinds") == set(ORIGINS)
    assert first_cells("Settings") == {each.name for each in fields(SourceSettings)}
    assert first_cells("The long table of FHIR and HL7") == set(COLUMNS)
    notes = set(re.findall(r'(?:notes\.add\(|_add\(notes, )\s*"(\w+)"', CODE))
    assert len(notes) > 20
    assert first_cells("Notes") == notes


def test_each_setting_names_its_kinds() -> None:
    for line in TEXT.split("## Settings\n", 1)[1].split("\n## ", 1)[0].splitlines():
        name = re.match(r"\| `(\w+)` \| ([\w, ]+) \|", line)
        if name and name[1] != "kind":
            assert set(name[2].split(", ")) == {kind for kind, settings in APPLIES.items() if name[1] in settings}, name[1]


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ward.csv").write_bytes("patient;°C\n".encode("cp1252") + b"P1;36,8\n" * 214)
    monkeypatch.chdir(tmp_path)
    exec(TEXT.split("```python\n", 1)[1].split("```", 1)[0])
    assert capsys.readouterr().out == "214 ward.csv, row 2\n"
