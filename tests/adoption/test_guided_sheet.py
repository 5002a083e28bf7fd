"""A sheet as people fill it who have read only the guide: titles, words, two pulse tables by hours since birth, new observations, the head filled once."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from mews_newtt import load_chart, score
from mews_newtt.adoption.adopt import Adoption, adopt
from mews_newtt.adoption.context_words import parameter_named, read_context
from mews_newtt.adoption.grid import csv_text, read_grid
from mews_newtt.adoption.guide import write_sheet
from mews_newtt.adoption.layout import Line, lay_out
from mews_newtt.adoption.new_observations import PREFIX
from mews_newtt.adoption.reading import sheet_of
from mews_newtt.adoption.words import Unreadable, read_interval, read_reading, read_total
from mews_newtt.chart.builtin import builtin_rules
from mews_newtt.chart.catalogue import catalogue
from mews_newtt.chart.load_observations import load_observations
from mews_newtt.chart.model import Interval
from tests.adoption.support import in_force

KNOWN = catalogue().observations
BANDS: list[Line] = [
    ["Respiratory rate", "", "less than or equal to 8", "2"],
    ["respiratory rate", "", "9\u201320", "0"],
    ["RESPIRATORY RATE", "", "at least 21", "2"],
    ["Pulse", "up to 48 hours after birth", "below 50", "2"],
    ["Pulse", "up to 48 hours after birth", "50-120", "0"],
    ["Pulse", "up to 48 hours after birth", "121+", "2"],
    ["Pulse", "48 hours or more after birth", "<50", "2"],
    ["Pulse", "48 hours or more after birth", "50 - 100", "0"],
    ["Pulse", "48 hours or more after birth", "over 100", "2"],
    ["Oxygen saturation", "", "95-100", "0"],
    ["Oxygen saturation", "", "below 95", "2"],
    ["Blood loss", "", "up to 500", "0"],
    ["Blood loss", "", "more than 500", "2"],
    ["Lochia", "", "Normal", "-"],
    ["Lochia", "", "heavy", "", "", "ESCALATE"],
]


def guided(who: str, on: str, *, lead: bool, bands: list[Line] = BANDS) -> list[Line]:
    """The sheet of the lead, or that of the second person, who leaves the head empty. All numbers are made up."""

    def head(*lines: Line) -> list[Line]:
        return list(lines) if lead else []

    return [
        ["mews-newtt transcription sheet (format 1)"],
        ["A new chart", ""],
        [],
        *(["[Document]"], ["item", "value"]),
        *head(["document", "A made-up table"], ["edition", "1"], ["licence", "made up"]),
        *(["transcribed by", who], ["transcribed on", on], []),
        *(["[Chart]"], ["item", "value"], ["overlaps", "Higher score"]),
        *head(["chart id", "pulse-tables"], ["version", "1.0"], ["title", "Made-up"], ["short title", "Pulse tables"], ["scope", "Nobody"]),
        *([], ["[New observations]"], ["title", "kind", "unit", "step", "lowest", "highest", "answers"]),
        *head(["Blood loss", "number", "mL", "10", "0", "5000", ""], ["Lochia", "answers", "", "", "", "", "Normal; Heavy"]),
        *([], ["[Zones]"], ["id", "title", "colour"], []),
        *(["[Parameters]"], ["parameter", "role", "required", "source", "snomed", "assumed", "assumed because", "note"]),
        *head(["Respiratory rate", "Scored", "yes"], ["PULSE", "scored", "Yes"], ["Oxygen saturation", "scored", "yes"]),
        *head(
            ["Blood loss", "scored", "no"], ["lochia", "Trigger", "no"], ["Hours since birth", "recorded", "no"], ["Patient group", "recorded", "no"]
        ),
        *([], ["[Bands]"], ["parameter", "when", "reading", "points", "zone", "level", "prompt", "printed"], *bands, []),
        *(["[Skips]"], ["parameter", "code", "says", "points"], [], ["[Contexts]"], ["parameter", "when", "title", "snomed"], []),
        *(["[Groups]"], ["id", "title", "kind", "parameters", "source"], []),
        *(["[Levels]"], ["level", "title", "total", "counts", "observe again", "observe minutes", "review", "review minutes", "response", "source"]),
        *(["routine", "Routine", "below 3"], ["escalate", "Escalate", "3+"], []),
        *(["[Scope]"], ["when", "then", "says", "source"], *head(["child or newborn", "not for", "for mothers only"]), []),
        *(["[Other sources]"], ["id", "cite", "doi", "took", "transcribed"]),
    ]


def both(folder: Path, bands: list[Line] = BANDS, *, write: bool = True) -> Adoption:
    texts = [csv_text(guided("Zoë Lead", "2026-01-12", lead=True)), csv_text(guided("Ben Example", "2026-01-13", lead=False, bands=bands))]
    files = [folder / "lead.csv", folder / "second.csv"]
    for file, text, encoding in zip(files, texts, ("cp1252", "utf-16"), strict=True):
        file.write_bytes(text.removeprefix("\ufeff").encode(encoding))
    return adopt(files, folder / "site", catalogue(), write=write)


def test_the_guided_table_becomes_a_chart_in_force(tmp_path: Path) -> None:
    found = both(tmp_path)
    assert found.problems == [] and found.differences == []
    in_force(found)
    chart = load_chart("pulse-tables", folders=[tmp_path / "site"])
    assert [table.when[0][1] for table in chart.by_id["heart_rate"].tables] == [
        Interval(high=Decimal(48), high_included=False),
        Interval(Decimal(48), True, Decimal(48), True),
        Interval(low=Decimal(48), low_included=False),
    ]
    well = {"respiratory_rate": 16, "oxygen_saturation": 100, "heart_rate": 110}
    assert [score(chart, {**well, "hours_since_birth": hours}).total for hours in ("47.9", "48", "48.1")] == [0, 2, 2]
    assert score(chart, {**well, "hours_since_birth": 3, "site_blood_loss": 600, "site_lochia": "heavy"}).level == "escalate"
    assert {name for name in chart.observations if name.startswith("site_")} == {"site_blood_loss", "site_lochia"}


def test_no_observation_that_ships_has_a_name_of_a_site() -> None:
    assert not [name for name in load_observations(builtin_rules() / "parameters.toml") if name.startswith(PREFIX)]


def test_a_slip_in_a_band_of_the_second_sheet_is_named(tmp_path: Path) -> None:
    found = both(tmp_path, [*BANDS[:1], ["respiratory rate", "", "9-21", "0"], ["Respiratory rate", "", "at least 22", "2"], *BANDS[3:]])
    assert found.chart is None and len(found.differences) == 2
    assert not (tmp_path / "site").exists()


def test_a_try_writes_nothing(tmp_path: Path) -> None:
    assert both(tmp_path, write=False).chart is not None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lead.csv", "second.csv"]


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("pregnant", {"patient_group": frozenset({"pregnant"})}),
        ("Pregnant, not in labour", {"patient_group": frozenset({"pregnant"})}),
        ("on oxygen", {"air_or_oxygen": frozenset({"oxygen"})}),
        ("pregnant or postnatal", {"patient_group": frozenset({"pregnant", "postnatal"})}),
        ("pregnant and on oxygen", {"patient_group": frozenset({"pregnant"}), "air_or_oxygen": frozenset({"oxygen"})}),
        ("up to 48 hours after birth", {"hours_since_birth": Interval(high=Decimal(48))}),
        ("over 48 h since birth", {"hours_since_birth": Interval(low=Decimal(48), low_included=False)}),
        ("24-48 hours after the birth", {"hours_since_birth": Interval(Decimal(24), True, Decimal(48), True)}),
        ("Patient group = child", {"patient_group": frozenset({"child"})}),
        (
            "age_years = 1 to 4 and air_or_oxygen = air",
            {"age_years": Interval(Decimal(1), True, Decimal(4), True), "air_or_oxygen": frozenset({"air"})},
        ),
    ],
)
def test_contexts_in_words(said: str, wanted: object) -> None:
    assert dict(read_context(said, KNOWN)) == wanted


@pytest.mark.parametrize(
    ("said", "why"), [("none", "may mean"), ("tired", "does not know"), ("Mood = low", "does not know"), ("pregnant and child", "named twice")]
)
def test_contexts_that_mean_nothing_or_two_things_are_refused(said: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_context(said, KNOWN)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("95-100", "95 or more"),
        ("below 2", "under 2"),
        ("less than or equal to 6", "6 or less"),
        ("greater than or equal to 6", "6 or more"),
        ("92–94", "92 to 94"),
    ],
)
def test_ranges_as_printed(said: str, wanted: str) -> None:
    assert str(read_reading(said, KNOWN["oxygen_saturation"])) == wanted


def test_totals_are_whole_numbers_from_0_on() -> None:
    assert read_total("below 3") == Interval(Decimal(0), True, Decimal(2), True) == read_interval("0-2")
    assert read_total("over 2") == read_interval("3+")


@pytest.mark.parametrize(
    ("said", "wanted"), [("Respiratory Rate", "respiratory_rate"), ("PULSE", "heart_rate"), ("heart-rate", "heart_rate"), ("Rhythm", None)]
)
def test_parameters_by_title(said: str, wanted: str | None) -> None:
    assert parameter_named(said, KNOWN) == wanted


def test_a_blank_sheet_and_a_sheet_for_the_next_edition(tmp_path: Path) -> None:
    blank = sheet_of(read_grid(write_sheet(None, tmp_path)[0]), KNOWN)
    assert {problem.code for problem in blank.problems} == set()
    filled = sheet_of(read_grid(write_sheet(load_chart("mews"), tmp_path, next_edition=True)[0]), KNOWN)
    assert filled.problems == [] and filled.by is None
    assert len(filled.rows["Bands"]) == sum(len(table.bands) for p in load_chart("mews").parameters for table in p.tables)


def ods(lines: list[Line], inside: str = "", style: str = "") -> bytes:
    """A small OpenDocument spreadsheet; `inside` replaces the cell that says A made-up table."""
    names = ("office", "table", "text", "style")
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in names)

    def cell(value: object) -> str:
        if inside and value == "A made-up table":
            return inside
        text = str(value or "").replace("&", "&amp;").replace("<", "&lt;")
        return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>' if text else "<table:table-cell/>"

    rows = "".join(f"<table:table-row>{''.join(map(cell, line))}<table:table-cell/></table:table-row>" for line in lines)
    body = f'<office:body><office:spreadsheet><table:table table:name="Transcription">{rows}</table:table></office:spreadsheet></office:body>'
    styles = f"<office:automatic-styles>{style}</office:automatic-styles>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("content.xml", f'<?xml version="1.0"?><office:document-content {spaces}>{styles}{body}</office:document-content>')
    return out.getvalue()


def test_an_open_document_sheet_is_read_like_csv(tmp_path: Path) -> None:
    lines = guided("Zoë Lead", "2026-01-12", lead=True)
    (tmp_path / "a.ods").write_bytes(ods(lines))
    (tmp_path / "a.csv").write_text(csv_text(lines), encoding="utf-8", newline="")
    one, other = (sheet_of(read_grid(tmp_path / name), KNOWN) for name in ("a.ods", "a.csv"))
    assert one.problems == other.problems == []
    assert [row.values for row in one.rows["Bands"]] == [row.values for row in other.rows["Bands"]]


RAISED = '<style:style style:name="T1" style:family="text"><style:text-properties style:text-position="super 58%"/></style:style>'
ODD = {
    "cell_rich_text": '<table:table-cell office:value-type="string"><text:p>A table<text:span text:style-name="T1">1</text:span></text:p></table:table-cell>',
    "cell_formula": '<table:table-cell table:formula="of:=1+1" office:value-type="string"><text:p>2</text:p></table:table-cell>',
    "cell_comment": '<table:table-cell office:value-type="string"><office:annotation><text:p>see</text:p></office:annotation><text:p>A</text:p></table:table-cell>',
}


@pytest.mark.parametrize("code", ODD)
def test_what_is_odd_in_an_open_document_cell_is_refused_or_named(code: str, tmp_path: Path) -> None:
    (tmp_path / "a.ods").write_bytes(ods(guided("Zoë Lead", "2026-01-12", lead=True), ODD[code], RAISED))
    found = sheet_of(read_grid(tmp_path / "a.ods"), KNOWN).problems
    assert [problem.code for problem in found] == [code]
    assert found[0].warning is (code == "cell_comment")


def test_a_comment_on_a_cell_of_a_workbook_is_named(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    for line in guided("Zoë Lead", "2026-01-12", lead=True):
        book.active.append([str(value) if value else None for value in line] or [None])
    book.active["B6"].comment = openpyxl.comments.Comment("see page 2", "Zoë")
    book.save(path)
    found = sheet_of(read_grid(path), KNOWN).problems
    assert [(problem.code, problem.warning) for problem in found] == [("cell_comment", True)]


def test_a_structure_sheet_takes_nothing_over_about_whom_the_chart_is_for() -> None:
    chart = load_chart("mews")
    lines = [str(cell) for line in lay_out(chart, filled=False).lines for cell in line if cell]
    assert chart.scope_says not in lines
    assert not [rule.says for rule in chart.scope if rule.says in lines]
    assert date.today().isoformat() not in lines
