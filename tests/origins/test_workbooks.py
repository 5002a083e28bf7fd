"""Workbooks: which sheet, what its cells say as text, and what a table cannot hold. Excel by openpyxl, OpenDocument by its own XML."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
import pytest

from mews_newtt.tables.origins.workbook import address, cell_text, made_a_date, number_text, percent_text
from tests.origins.support import asked, noted, numbers, ods_number, ods_row, ods_text, opened, refused, rows, spreadsheet, workbook

HEAD = ["patient", "time", "temp", "BP", "ok"]


def test_cells_are_text_with_the_fewest_digits_and_iso_times() -> None:
    moment = datetime(2026, 3, 2, 8, 5)
    table = opened(workbook([HEAD, ["P1", moment, 36.8, "162/104", True], ["P2", date(2026, 3, 2), 120.0, 1e-7, None], ["P3", time(8, 5), 0, -0.5, " "]]), "w.xlsx")
    assert table.columns == tuple(HEAD)
    assert rows(table) == [
        ("P1", "2026-03-02T08:05:00", "36.8", "162/104", "true"),
        ("P2", "2026-03-02", "120", "0.0000001", None),
        ("P3", "08:05:00", "0", "-0.5", None),
    ]
    assert numbers(table) == [2, 3, 4]
    assert table.where(3) == "w.xlsx, sheet Sheet1, row 3"


def test_a_number_that_excel_stores_with_all_its_digits_is_the_short_one() -> None:
    body = workbook([["a", "b"], [36.8, "x"]])
    assert b"36.8" in body or rows(opened(body, "w.xlsx")) == [("36.8", "x")]
    assert number_text(repr(float("36.799999999999997"))) == "36.8"
    assert [number_text(digits) for digits in ("1E+3", "-0.0", "100", "5.50", "inf")] == ["1000", "0", "100", "5.5", "inf"]


def test_a_percentage_is_given_as_it_is_shown() -> None:
    def percent(book: Any) -> None:
        book["Sheet1"]["B2"].number_format = "0%"

    table = opened(workbook([["p", "SpO2"], ["P1", 0.98], ["P2", 97]], change=percent), "w.xlsx")
    assert rows(table) == [("P1", "98%"), ("P2", "97")]
    assert noted(table) == {"percent_cells": 1}
    assert percent_text("0.985") == "98.5%"


def test_a_pressure_of_which_excel_made_a_date_can_be_told() -> None:
    def as_month(book: Any) -> None:
        book["Sheet1"]["B3"].number_format = "mmm-yy"

    table = opened(workbook([["p", "BP"], ["P1", "104/66"], ["P2", date(1980, 2, 1)]], change=as_month), "w.xlsx")
    assert rows(table) == [("P1", "104/66"), ("P2", "1980-02-01")]
    assert noted(table) == {"dates_among_others": 1}
    assert table.notes[-1].places == (3,)
    assert "'BP'" in table.notes[-1].what
    assert [made_a_date(text) for text in ("Feb-80", "12-Mar", "1980-02-01", "2-Dec-2026", "1980-02-01T00:00:00")] == [True] * 5
    assert [made_a_date(text) for text in ("104/66", "80", "February", "2026-03-02T08:00:00", "Feb-1980x")] == [False] * 5


def test_a_column_of_dates_alone_is_not_noted() -> None:
    assert noted(opened(workbook([["p", "day"], ["P1", date(2026, 3, 2)], ["P2", date(2026, 3, 3)]]), "w.xlsx")) == {}


def test_several_sheets_are_asked_about() -> None:
    body = workbook([["a", "b"], [1, 2]], [["c", "d"], [3, 4], [5, 6]], [], names=["Notes", "Ward 5", "Empty"])
    fault = asked(body, "w.xlsx")
    assert (fault.setting, fault.likely) == ("sheet", "Ward 5")
    assert fault.problems[0] == (
        "sheet_needed", "w.xlsx", "has several sheets: 'Notes' (2 rows), 'Ward 5' (3 rows)", 'give the one with the readings, such as sheet = "Ward 5"', False,
    )
    table = opened(body, "w.xlsx", sheet="Ward 5")
    assert rows(table) == [("3", "4"), ("5", "6")]
    assert [note.what for note in table.notes] == ["the other sheet 'Notes' is not read", "the empty sheet 'Empty' is not read"]
    assert refused(body, "w.xlsx", sheet="Ward").problems[0].mend == "its sheets are 'Notes', 'Ward 5', 'Empty'"


def test_the_only_visible_sheet_is_read_and_the_hidden_one_noted() -> None:
    def hide(book: Any) -> None:
        book["Old"].sheet_state = "hidden"

    table = opened(workbook([["a", "b"], [1, 2]], [["c", "d"], [3, 4]], names=["Now", "Old"], change=hide), "w.xlsx")
    assert rows(table) == [("1", "2")]
    assert [note.what for note in table.notes] == ["the hidden sheet 'Old' is not read"]


def test_a_workbook_whose_cells_are_all_hidden_asks_for_the_sheet() -> None:
    def hide(book: Any) -> None:
        book["Old"].sheet_state = "hidden"

    assert asked(workbook([], [["c", "d"], [3, 4]], names=["Now", "Old"], change=hide), "w.xlsx").likely == "Old"


def test_titles_blank_rows_and_footers_of_a_sheet() -> None:
    page = [["Ward 5"], [], HEAD, ["P1", None, 36.8, None, None], [], ["P2", None, 37, None, None], ["2 patients"]]
    body = workbook(page)
    assert asked(body, "w.xlsx").likely == 3
    table = opened(body, "w.xlsx", header_line=3, footer_lines=1)
    assert rows(table) == [("P1", None, "36.8", None, None), ("P2", None, "37", None, None)]
    assert numbers(table) == [4, 6]
    assert noted(table) == {"title_lines": 1, "footer_lines": 1}


def test_a_row_of_units_in_a_sheet_is_asked_about() -> None:
    body = workbook([HEAD, [None, None, "°C", "mmHg", None], ["P1", None, 36.8, "118/72", None], ["P2", None, 37, "120/80", None]])
    fault = asked(body, "w.xlsx")
    assert (fault.setting, fault.likely) == ("skip_lines", 1)
    assert numbers(opened(body, "w.xlsx", skip_lines=1)) == [3, 4]


def merge(area: str) -> Any:
    return lambda book: book["Sheet1"].merge_cells(area)


def test_merged_cells_are_refused_with_their_places() -> None:
    body = workbook([["a", "b"], ["P1", 1], [None, 2], ["P2", 3]], change=merge("A2:A3"))
    assert refused(body, "w.xlsx").problems[0] == (
        "cells_merged", "w.xlsx, sheet Sheet1", "has merged cells: A2:A3",
        'take the merging away; or give merged_cells = "fill" if each of the cells means the value shown', False,
    )
    table = opened(body, "w.xlsx", merged_cells="fill")
    assert rows(table) == [("P1", "1"), ("P1", "2"), ("P2", "3")]
    assert noted(table) == {"cells_filled": 1}


def test_a_merged_title_does_no_harm() -> None:
    body = workbook([["Ward 5", None], ["a", "b"], ["P1", 1]], change=merge("A1:B1"))
    assert rows(opened(body, "w.xlsx", header_line=2)) == [("P1", "1")]


def broken(book: Any) -> None:
    for place, text in (("B3", "#N/A"), ("B4", "#DIV/0!")):
        cell = book["Sheet1"][place]
        cell.value, cell.data_type = text, "e"


def test_errors_of_formulas_are_refused_or_kept_as_text() -> None:
    body = workbook([["p", "hr"], ["P1", 84], ["P2", 0], ["P3", 0]], change=broken)
    assert refused(body, "w.xlsx").problems[0] == (
        "formula_errors", "w.xlsx, sheet Sheet1", "has errors of formulas: #N/A in B3, #DIV/0! in B4",
        'mend the formulas; or give formula_errors = "keep": then the cells hold this text, which the plan can name as a missing mark', False,
    )
    table = opened(body, "w.xlsx", formula_errors="keep")
    assert rows(table) == [("P1", "84"), ("P2", "#N/A"), ("P3", "#DIV/0!")]
    assert noted(table) == {"formula_errors": 2}


def test_an_error_in_a_title_does_no_harm() -> None:
    def title(book: Any) -> None:
        book["Sheet1"]["A1"].value, book["Sheet1"]["A1"].data_type = "#REF!", "e"

    assert rows(opened(workbook([["x"], ["p", "hr"], ["P1", 84]], change=title), "w.xlsx", header_line=2)) == [("P1", "84")]


def test_a_formula_that_was_never_calculated_is_no_blank() -> None:
    def formula(book: Any) -> None:
        book["Sheet1"]["B2"] = "=80+4"

    problem = refused(workbook([["p", "hr"], ["P1", 0], ["P2", 90]], change=formula), "w.xlsx").problems[0]
    assert problem[:3] == ("formula_not_calculated", "w.xlsx, sheet Sheet1", "has formulas without a stored result: B2")


def test_hidden_rows_and_columns_are_read_and_noted() -> None:
    def hide(book: Any) -> None:
        book["Sheet1"].row_dimensions[3].hidden = True
        book["Sheet1"].column_dimensions["B"].hidden = True

    table = opened(workbook([["p", "hr"], ["P1", 84], ["P2", 90]], change=hide), "w.xlsx")
    assert rows(table) == [("P1", "84"), ("P2", "90")]
    assert noted(table) == {"hidden_rows": 1, "hidden_column": 1}


def test_struck_out_cells_are_noted() -> None:
    def strike(book: Any) -> None:
        book["Sheet1"]["B2"].font = openpyxl.styles.Font(strike=True)

    assert noted(opened(workbook([["p", "hr"], ["P1", 84], ["P2", 90]], change=strike), "w.xlsx")) == {"struck_out": 1}


def test_a_value_below_no_name_is_refused_with_its_cell() -> None:
    problem = refused(workbook([["p", "hr"], ["P1", 84, "see notes"]]), "w.xlsx").problems[0]
    assert (problem.code, problem.what) == ("column_unnamed", "has a value in cell C2, whose column has no name")


def test_one_stray_cell_far_away_costs_nothing() -> None:
    def stray(book: Any) -> None:
        book["Sheet1"].cell(1_048_576, 16_384).number_format = "0.0"

    assert rows(opened(workbook([["p", "hr"], ["P1", 84]], change=stray), "w.xlsx")) == [("P1", "84")]


def test_a_workbook_is_known_by_its_content_whatever_its_name() -> None:
    assert rows(opened(workbook([["p", "hr"], ["P1", 84]]), "export.csv")) == [("P1", "84")]


@pytest.mark.parametrize(("row", "column", "name"), [(1, 1, "A1"), (12, 26, "Z12"), (3, 27, "AA3"), (1, 16_384, "XFD1")])
def test_addresses(row: int, column: int, name: str) -> None:
    assert address(row, column) == name


DATE = '<table:table-cell office:value-type="date" office:date-value="1980-02-01"><text:p>Feb 80</text:p></table:table-cell>'
CLOCK = '<table:table-cell office:value-type="time" office:time-value="PT08H05M00S"><text:p>08:05</text:p></table:table-cell>'


def test_an_open_document_gives_its_exact_values() -> None:
    page = '<table:table table:name="Ward">{}</table:table>'.format(
        "".join((
            ods_row(ods_text("patient"), ods_text("temp"), ods_text("spo2"), ods_text("BP"), ods_text("at")),
            ods_row(ods_text("P1"), ods_number("36.80"), ods_number("0.98", "percentage"), ods_text("104/66"), CLOCK),
            ods_row(ods_text("a<text:s text:c=\"2\"/>b"), ods_number("1.2E2"), "<table:table-cell/>", DATE, "<table:table-cell/>"),
            '<table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>',
        ))
    )
    table = opened(spreadsheet(page), "w.ods")
    assert rows(table) == [("P1", "36.8", "98%", "104/66", "08:05:00"), ("a  b", "120", None, "1980-02-01", None)]
    assert noted(table) == {"percent_cells": 1, "dates_among_others": 1}


def test_equal_rows_of_an_open_document_are_all_read() -> None:
    page = '<table:table table:name="W">{}</table:table>'.format(ods_row(ods_text("p"), ods_text("hr")) + ods_row(ods_text("x"), ods_number("84"), more='table:number-rows-repeated="3"'))
    assert rows(opened(spreadsheet(page), "w.ods")) == [("x", "84")] * 3


def test_errors_merged_and_open_formulas_of_an_open_document_are_refused_together() -> None:
    error = '<table:table-cell table:formula="of:=1/0" office:value-type="string" calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>'
    merged = '<table:table-cell table:number-columns-spanned="2" office:value-type="float" office:value="1"><text:p>1</text:p></table:table-cell><table:covered-table-cell/>'
    page = '<table:table table:name="W">{}</table:table>'.format(
        ods_row(ods_text("a"), ods_text("b")) + ods_row(error, '<table:table-cell table:formula="of:=1+1"/>') + ods_row(merged)
    )
    fault = refused(spreadsheet(page), "w.ods")
    assert [(problem.code, problem.what) for problem in fault.problems] == [
        ("cells_merged", "has merged cells: A3:B3"),
        ("formula_errors", "has errors of formulas: #DIV/0! in A2"),
        ("formula_not_calculated", "has formulas without a stored result: B2"),
    ]


def test_an_open_document_with_a_password_is_refused() -> None:
    assert refused(spreadsheet("", "<manifest:encryption-data/>"), "w.ods").problems[0].code == "workbook_password"


def page(name: str, *lines: str, more: str = "") -> str:
    return f'<table:table table:name="{name}" {more}>{"".join(lines)}</table:table>'


def test_what_is_hidden_or_struck_out_in_an_open_document_is_noted() -> None:
    struck = '<table:table-cell table:style-name="struck" office:value-type="boolean" office:boolean-value="true"/>'
    remark = '<table:table-cell office:value-type="string"><office:annotation><text:p>a remark</text:p></office:annotation><text:p>a<text:tab/>b<text:line-break/>c<text:span>d</text:span>e</text:p><text:p>f</text:p></table:table-cell>'
    seen = page(
        "Now", '<table:table-column table:number-columns-repeated="2"/><table:table-column table:visibility="collapse"/>', ods_row(ods_text("p"), ods_text("ok"), ods_text("note")),
        ods_row(ods_text("P1"), struck, remark, more='table:visibility="filter"'),
    )
    table = opened(spreadsheet(seen + page("Old", ods_row(ods_text("x")), more='table:style-name="hidden"')), "w.ods")
    assert rows(table) == [("P1", "true", "a\tb\ncde\nf")]
    assert noted(table) == {"sheet_not_read": 1, "struck_out": 1, "hidden_column": 1, "hidden_rows": 1}


def test_cells_repeated_in_an_open_document_are_all_read() -> None:
    twice = '<table:table-cell table:number-columns-repeated="2" office:value-type="float" office:value="84"/>'
    assert rows(opened(spreadsheet(page("W", ods_row(ods_text("p"), ods_text("a"), ods_text("b")), ods_row(ods_text("P1"), twice))), "w.ods")) == [("P1", "84", "84")]


def test_a_row_repeated_without_end_is_refused() -> None:
    body = spreadsheet(page("W", ods_row(ods_text("p"), ods_text("hr")), ods_row(ods_text("x"), ods_number("84"), more='table:number-rows-repeated="1000000"')))
    assert refused(body, "w.ods").problems[0][:3] == ("sheet_too_large", "w.ods, sheet W", "has 1,000,000 equal rows from row 2 on")


@pytest.mark.parametrize("content", ["<no xml", '<!DOCTYPE x [<!ENTITY a "b">]><x/>'])
def test_an_open_document_that_is_no_document_is_refused(content: str) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("content.xml", content)
    assert refused(body.getvalue(), "w.ods").problems[0].code == "not_readable"


def test_warnings_of_openpyxl_reach_nobody() -> None:
    body = io.BytesIO(workbook([["p", "hr"], ["P1", 84]]))
    changed = io.BytesIO()
    with zipfile.ZipFile(body) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = content.replace(b"</worksheet>", b'<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"/></extLst></worksheet>')
            new.writestr(name, content)
    assert rows(opened(changed.getvalue(), "w.xlsx")) == [("P1", "84")]  # a warning is an error in these tests


def test_lengths_of_time_and_empty_results_of_formulas() -> None:
    assert cell_text(timedelta(hours=26, minutes=5)) == "26:05:00"

    def formula(book: Any) -> None:
        book["Sheet1"]["B2"] = '=""'

    body, changed = io.BytesIO(workbook([["p", "hr"], ["P1", 0]], change=formula)), io.BytesIO()
    with zipfile.ZipFile(body) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                assert b'<c r="B2"><f>' in content
                content = content.replace(b'<c r="B2"><f>""</f><v />', b'<c r="B2" t="str"><f>""</f><v></v>').replace(b'<c r="B2"><f>""</f><v/>', b'<c r="B2" t="str"><f>""</f><v></v>')
            new.writestr(name, content)
    assert rows(opened(changed.getvalue(), "w.xlsx")) == [("P1", None)]
