"""CSV and its relatives: delimiters, encodings, title lines, units, footers, marks of Excel. Every cell comes out as it is in the file."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

from mews_newtt.tables.origins import SourceSettings, propose_settings, read_source
from tests.origins.support import asked, noted, numbers, opened, refused, rows

WARD = "patient;time;Temp (°C);BP\nP1;02.03.2026 08:00;36,8;162/104\nP2;;37,9;\n"
CELLS = [("P1", "02.03.2026 08:00", "36,8", "162/104"), ("P2", None, "37,9", None)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_encoding_with_a_mark_or_utf_8_is_found_out(encoding: str) -> None:
    table = opened(WARD.encode(encoding))
    assert table.columns == ("patient", "time", "Temp (°C)", "BP")
    assert rows(table) == CELLS
    assert table.settings.delimiter == ";"
    assert numbers(table) == [2, 3]
    assert table.where(3) == "ward.csv, row 3"


@pytest.mark.parametrize(("encoding", "likely"), [("cp1252", "cp1252"), ("latin-1", "cp1252"), ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be")])
def test_another_encoding_is_asked_for(encoding: str, likely: str) -> None:
    fault = asked(WARD.encode(encoding))
    assert (fault.setting, fault.likely) == ("encoding", likely)
    assert str(fault) == (
        f'ward.csv: is not UTF-8 text: see line 1\n    mend: give encoding = "{likely}", which it seems to be, or save it in UTF-8   [error: encoding_needed]'
    )
    assert rows(opened(WARD.encode(encoding), encoding=encoding)) == CELLS


def test_a_text_that_windows_cannot_have_written_is_latin_1() -> None:
    assert asked("a;b\nÄ \x81;1\n".encode("latin-1")).likely == "latin-1"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found_out(delimiter: str, end: str) -> None:
    lines = [["a", "b", "c"], ["1", "x y", "3"], ["4", "", "6"]]
    table = opened(end.join(delimiter.join(line) for line in lines) + end)
    assert (table.columns, rows(table)) == (("a", "b", "c"), [("1", "x y", "3"), ("4", None, "6")])
    assert numbers(table) == [2, 3]


def test_a_decimal_comma_does_not_make_the_comma_the_delimiter() -> None:
    assert rows(opened("Temp;HR\n36,8;84\n37,9;90\n")) == [("36,8", "84"), ("37,9", "90")]


def test_two_possible_delimiters_are_asked_about() -> None:
    text = "Temp, C;HR\n36,8;84\n37,9;90\n"
    fault = asked(text)
    assert fault.problems[0].code == "delimiter_unclear"
    assert fault.problems[0].what == "can be cut into cells at ',' or ';'"
    assert rows(opened(text, delimiter=";")) == [("36,8", "84"), ("37,9", "90")]


def test_a_told_delimiter_is_used_in_a_table_of_one_column() -> None:
    assert rows(opened("words\na,b\nc\n", delimiter=";")) == [("a,b",), ("c",)]


def test_quoted_cells_keep_delimiters_and_line_ends() -> None:
    table = opened('a,b\n"1,5","two\nlines"\n"say ""x""",2\n')
    assert rows(table) == [("1,5", "two\nlines"), ('say "x"', "2")]
    assert numbers(table) == [3, 4]


def test_the_line_of_excel_that_names_the_delimiter_is_no_row() -> None:
    table = opened("sep=|\na|b,c\n1|2\n")
    assert (table.columns, rows(table), numbers(table)) == (("a", "b,c"), [("1", "2")], [3])
    assert noted(table) == {"delimiter_line": 1}


TITLED = 'Ward 5 "East"\nPrinted 02.03.2026\n\npatient,hr,rr\nP1,84,16\nP2,90,17\nTotal 2\n\n'


def test_title_lines_are_asked_about_and_noted() -> None:
    fault = asked(TITLED)
    assert (fault.setting, fault.likely) == ("header_line", 4)
    assert fault.problems[0].what == "lines 1 to 2 are not like the header; line 4 seems to name the columns"
    table = opened(TITLED, header_line=4, footer_lines=1)
    assert rows(table) == [("P1", "84", "16"), ("P2", "90", "17")]
    assert numbers(table) == [5, 6]
    assert noted(table) == {"title_lines": 2, "footer_lines": 1}


def test_a_footer_that_is_not_told_is_refused_with_its_line() -> None:
    problem = refused(TITLED, header_line=4).problems[0]
    assert (problem.code, problem.where) == ("row_ragged", "ward.csv, row 7")
    assert problem.mend.endswith("if it is no row but a footer, give footer_lines")


def test_a_title_above_two_columns_is_a_title() -> None:
    assert asked("Ward 5\npatient,hr\nP1,84\n").likely == 2


def test_blank_lines_before_the_header_are_no_titles() -> None:
    assert rows(opened("\n\na,b\n1,2\n")) == [("1", "2")]


def test_a_line_of_units_is_asked_about() -> None:
    text = "patient,hr,temp\n,bpm,°C\nP1,84,36.8\nP2,90,\n"
    fault = asked(text)
    assert (fault.setting, fault.likely) == ("skip_lines", 1)
    assert fault.problems[0] == (
        "header_rows",
        "ward.csv",
        "line 2 has words where the lines below have values: the columns may have two lines of names, or of units",
        "give skip_lines = 1 if line 1 has the names, header_line = 2 if line 2 has them, or skip_lines = 0 if line 2 is a row",
        False,
    )
    assert rows(opened(text, skip_lines=1)) == [("P1", "84", "36.8"), ("P2", "90", None)]
    assert noted(opened(text, skip_lines=1)) == {"lines_skipped": 1}
    assert rows(opened(text, skip_lines=0))[0] == (None, "bpm", "°C")


def test_a_line_of_groups_above_the_names_is_asked_about() -> None:
    text = ",Blood pressure,,Rate,\npatient,sys,dia,hr,rr\nP1,118,72,84,16\n"
    fault = asked(text)
    assert (fault.setting, fault.likely) == ("header_line", 2)
    assert opened(text, header_line=2).columns == ("patient", "sys", "dia", "hr", "rr")


def test_one_missing_mark_in_the_first_row_is_no_second_header() -> None:
    assert len(rows(opened("patient,hr,temp\nP1,NR,36.8\nP2,90,37.1\n"))) == 2


def test_a_file_without_names_is_asked_about() -> None:
    text = "P1,84,36.8\nP2,90,37.1\n"
    fault = asked(text)
    assert (fault.setting, fault.likely) == ("header_line", None)
    table = opened(text, header_line=0)
    assert (table.columns, rows(table)[0], numbers(table)) == (("column 1", "column 2", "column 3"), ("P1", "84", "36.8"), [1, 2])


def test_a_header_line_without_cells_is_refused() -> None:
    assert refused("a,b\n1,2\n", header_line=7).problems[0].code == "header_line"


def test_names_that_are_there_twice_get_numbers() -> None:
    table = opened("a,v,v,v (1)\n1,2,3,4\n")
    assert table.columns == ("a", "v (2)", "v (3)", "v (1)")
    assert noted(table) == {"column_twice": 1}


def test_a_delimiter_at_the_end_of_each_line_makes_no_column() -> None:
    assert rows(opened("a;b;\n1;2;\n3;4;\n")) == [("1", "2"), ("3", "4")]


def test_a_value_in_a_column_without_a_name_is_refused() -> None:
    problem = refused("a;b;\n1;2;\n3;4;5\n").problems[0]
    assert problem[:3] == ("column_unnamed", "ward.csv, row 3", "has a cell in column 3, which has no name")


def test_marks_of_excel_stay_and_are_noted() -> None:
    table = opened("a,b\n'36.8,1\n37,2\n'x,3\n")
    assert rows(table)[0] == ("'36.8", "1")
    assert noted(table) == {"excel_text_marks": 2}
    note = next(iter(table.notes))
    assert note.places == (2,)


def test_the_other_mark_of_excel(tmp_path: Path) -> None:
    from tests.origins.support import VECTORS

    table = read_source(VECTORS / "c04_excel_text_marks.csv")
    assert rows(table)[1][1] == '="36.8"'
    assert noted(table) == {"excel_text_marks": 3}


@pytest.mark.parametrize("name", ["ward.csv", "ward.csv.gz", "ward"])
def test_a_packed_source_is_unpacked_whatever_its_name(name: str) -> None:
    assert rows(opened(gzip.compress(WARD.encode()), name)) == CELLS


def test_a_path_can_be_read_again_and_again(tmp_path: Path) -> None:
    (tmp_path / "ward.csv").write_text(WARD, encoding="utf-8")
    with read_source(tmp_path / "ward.csv") as table:
        assert rows(table) == rows(table) == CELLS


def test_a_large_file_comes_in_batches_with_its_line_numbers() -> None:
    text = "a,b\n" + "".join(f"{number},x{number}\n" for number in range(2, 900_002))
    table = opened(text)
    batches = list(table.batches())
    assert len(batches) > 1
    assert [number for batch in batches for number in batch.numbers.to_pylist()] == list(range(2, 900_002))
    assert all(batch.numbers.to_pylist() == [int(cell) for cell in batch.rows.column(0).to_pylist()] for batch in batches)


def test_settings_are_proposed_with_questions() -> None:
    settings, questions = propose_settings(io.BytesIO(TITLED.replace("East", "Süd").encode("cp1252")), name="ward.csv")
    assert [question.setting for question in questions] == ["encoding", "header_line"]
    assert settings.given() == {"kind": "csv", "encoding": "cp1252", "delimiter": ",", "header_line": 4}
    assert propose_settings(io.BytesIO(b"1,2\n3,4\n"))[0].given() == {}, "nothing speaks for a header line"


def test_settings_that_were_found_out_read_the_same_table() -> None:
    table = opened(WARD)
    assert table.settings == SourceSettings(kind="csv", encoding="utf-8", delimiter=";", header_line=1)
    assert rows(opened(WARD, **table.settings.given())) == CELLS
