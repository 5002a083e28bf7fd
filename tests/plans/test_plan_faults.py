"""A plan with mistakes: every fault at once, each with its place and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from mews_newtt import FileError, read_plan
from mews_newtt.cli import main

pytest.importorskip("polars")
from tests.plans.support import scored


def codes(caught: pytest.ExceptionInfo[FileError]) -> list[str]:
    return [problem.code for problem in caught.value.problems]


def said(folder: Path, text: str) -> str:
    path = folder / "plan.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError) as caught:
        read_plan(path)
    return str(caught.value)


WRONG = r"""
[columns]
HR = "heart_rat"
Temp = "temperature"
Pulse = "heart_rate"
[units]
temperature = "inch"
[patterns.consciousness]
'(?i)al.*' = "alert"
'(?i).*t' = "voice"
'nobody writes this' = "pain"
'(' = "pain"
[missing]
consciousness = ["A"]
[[cells]]
column = "Obs"
pattern = '(?P<temperature>[0-9.]+) C'
[numbers]
decimals = ","
[sets]
window = "soon"
"""


def test_every_fault_of_the_plan_and_of_the_file_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, source = tmp_path / "plan.toml", tmp_path / "source.csv"
    plan.write_text(WRONG, encoding="utf-8")
    source.write_text("patient_id,observed_at,HR,Temp,Pulse,Obs,consciousness\nP1,2026-03-02,80,37,81,37.1 C,alert\n", encoding="utf-8")
    assert main(["score", "news2", str(source), "--plan", str(plan)]) == 2
    text = capsys.readouterr().err
    for words in (
        "[columns], HR: 'heart_rat' is not a parameter of any chart\n    mend: did you mean 'heart_rate'?",
        "temperature would be read from 2 places\n    mend: keep one, or say which counts: [readings.temperature]",
        "'inch' does not convert to Cel, the unit of temperature\n    mend: allowed: Cel, [degF], K",
        "'(' is not a pattern",
        "'nobody writes this': matches no cell of the file",
        "matches 'alert', and so does",
        "missing, 'A': is a word of consciousness too, where it means 'alert'",
        "decimals: is not a key of this table\n    mend: write 'decimal'",
        "window: is 'soon'\n    mend: write it as \"5 min\"",
    ):
        assert words in text, words
    assert "Traceback" not in text


def test_a_pattern_may_match_nothing_where_the_plan_allows_it(tmp_path: Path) -> None:
    plan = "unused_patterns = true\n[patterns.consciousness]\n'sleepy' = \"voice\"\n"
    assert scored(tmp_path, "news2", "heart_rate,consciousness\n80,alert\n", plan).column("consciousness") == ["alert"]


def test_patterns_that_match_one_cell_with_different_results(tmp_path: Path) -> None:
    plan = r"""
[[cells]]
column = "Obs"
patterns = ['(?P<heart_rate>\d+).*', '.* (?P<heart_rate>\d+)']
"""
    with pytest.raises(FileError, match="matches '80 90', and so does") as caught:
        scored(tmp_path, "news2", "Obs\n80 90\n", plan)
    assert codes(caught) == ["patterns_overlap"]
    plan = plan.replace(r"'(?P<heart_rate>\d+).*'", r"'80 (?P<heart_rate>\d+)'")
    assert scored(tmp_path, "news2", "Obs\n80 90\n", plan).column("heart_rate") == ["90"]  # both say the same


def test_a_column_under_our_name_beside_a_mapped_one(tmp_path: Path) -> None:
    plan = '[columns]\nPulse = "heart_rate"\n[times]\n'
    with pytest.raises(FileError, match="heart_rate would be read from it and from column Pulse") as caught:
        scored(tmp_path, "news2", "heart_rate,Pulse\n80,80\n", plan)
    assert "[readings.heart_rate]" in str(caught.value)
    found = scored(tmp_path, "news2", "heart_rate,Pulse\n80,81\n", plan.replace("[columns]", 'ignore = ["heart_rate"]\n[columns]'))
    assert found.column("heart_rate") == ["81"] and found.column("heart_rate (as given)") == ["80"]


def test_a_column_that_is_left_alone_is_not_read_whatever_it_is_called(tmp_path: Path) -> None:
    found = scored(tmp_path, "news2", "heart_rate,respiratory_rate\n80,18\n", 'ignore = ["heart_rate"]\n[times]\n')
    assert "heart_rate" in found.rows[0]["missing"].split(";") and found.column("heart_rate (as given)") == ["80"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[source]\nencoding = "klingon"\n', "'klingon' is no encoding"),
        ("[source]\nheader_line = -1\n", "header_line: is -1"),
        ("[source]\nfoo = 1\n", "foo: is not a key of this table"),
        ('[[cells]]\npattern = "x"\n', "must name a column, or a code"),
        ('[[cells]]\ncolumn = "BP"\npattern = "x"\n', "has no named group, so that nothing is read from it"),
        (
            "[[cells]]\ncolumn = \"BP\"\npattern = '(?P<pulse_rate>x)'\n",
            "'pulse_rate' is not a parameter of any chart\n    mend: did you mean 'heart_rate'?",
        ),
        ("[[cells]]\ncolumn = \"T\"\npattern = '(?P<heart_rate>x)(?P<unit_temperature>C)'\n", "has a unit of temperature and no group temperature"),
        ('[readings.temperature]\nfrom = ["a", "a"]\nchoose = "equal"\n', "column a is named more than once"),
        ('[readings.temperature]\nfrom = ["a"]\nchoose = "best"\n', "choose: is 'best'"),
        ('[readings.temperature]\nfrom = [{ column = "a", unit = "mmHg" }]\nchoose = "first"\n', "'mmHg' does not convert to Cel"),
        ('[air_or_oxygen]\nfrom = "heart_rate"\n', "'heart_rate' does not say air or oxygen"),
        ('[long]\nvalue = "v"\n', "needs the key 'code'"),
        ('[sets]\ndiffering = "mean"\n', "differing: is 'mean'"),
        ('[status]\ncolumn = "s"\n', "says of no word whether its rows count"),
        ('[times]\nformat = "dd/mm"\n', "holds no part of a time"),
        ('[times]\nformat = "%Y-%m-%d %H"\n', "says an hour alone"),
        ('[times]\nformat = "%Y-%m-%d %I:%M"\n', "says an hour of 12 without AM or PM"),
        ('[times]\nformat = "%Y-%m-%d %H:%M %p"\n', "says AM or PM beside an hour of 24"),
        ('[times]\nformat = "%H:%M"\n', "does not say a year"),
        ('[times]\nformat = "%m/%d/%Y %e %H:%M"\n', "says a day twice"),
        ('[times]\nformat = "%Y-%m-%d %H:%M %Z"\n', "'%Z' in '%Y-%m-%d %H:%M %Z' is no part of a time that is read"),
        ('[times]\nformat = "%s"\n', 'write format = "epoch seconds"'),
        ('[times]\nformat = "%Y-%m-%d %:::z"\n', "is no part of a time that is read"),
        ('[age_years]\nborn = "dob"\nformat = "%P"\n', "does not say a year"),
        ('[source]\nencoding = "undefined"\n', "is no encoding of text files"),
        ('[source]\nencoding = "punycode"\n', "is no encoding of text files"),
        ('[source]\nencoding = "cp037"\n', "is no encoding of text files"),
        ('[source]\nencoding = "\\u0000"\n', "is no encoding of text files"),
        ('[source]\ndelimiter = "é"\n', "delimiter: is 'é'"),
        ('[source]\ndelimiter = "\\n"\n', "delimiter: is '\\n'"),
        ("[[cells]]\ncolumn = \"x\"\npattern = '(?P<heart_rate>\\d+)(?P=heart_rate)'\n", "refers back to one of its groups"),
        ('[columns]\na = "heart_rate"\nb = "heart_rate"\n', "[readings.heart_rate]"),
        ('[patterns.consciousness]\n"alert|drowsy" = "voice"\n', "matches 'alert', an accepted word for 'alert', and means 'voice'"),
        ('[patterns.consciousness]\n"drowsy" = "sleepy"\n', "'sleepy' is not one of its answers"),
        ('missing = ["x"]\n[patterns.consciousness]\n"x+" = "voice"\n', "matches 'x' too, a mark for missing"),
        ('[numbers]\nstrip = ["C"]\n', "'C' may be part of a reading"),
        ('[numbers]\ndecimal = ","\nthousands = ","\n', "write one mark that is not the decimal mark"),
    ],
)
def test_what_a_plan_cannot_say(tmp_path: Path, text: str, words: str) -> None:
    assert words in said(tmp_path, text)


@pytest.mark.parametrize(
    ("source", "plan", "words"),
    [
        ("heart_rate\n80\n", '[columns]\nRR = "respiratory_rate"\n[times]\n', "there is no column 'RR' in the file"),
        ("heart_rate\n80\n", '[codes]\nx = "heart_rate"\n', "are only for a file in long format"),
        ("heart_rate\n80\n", "[[cells]]\ncode = \"BP\"\npattern = '(?P<heart_rate>.*)'\n", "are only for a file in long format"),
        ("heart_rate\n80\n", '[long]\nsubject = "heart_rate"\n', "are only for a file in long format"),
        ("heart_rate\n80\n", "[sets]\n", "no column says whose rows these are"),
        ("patient_id,heart_rate\nA,80\n", "[sets]\n", "no column says when the readings were taken"),
        ("heart_rate\n80\n", '[times]\nzone = "Europe/Atlantis"\n', "'Europe/Atlantis' is not a time zone"),
        ("heart_rate\n80\n", '[times]\nzone = ""\n', "'' is not a time zone"),
        ("heart_rate\n80\n", '[times]\nzone = "localtime"\n', "'localtime' is not a time zone"),
        ("heart_rate\n80\n", '[air_or_oxygen]\nfrom = "oxygen_flow"\n', "nothing is read as oxygen_flow"),
        ("heart_rate;x\n80;1\n", "[source]\nheader_line = 9\n", "has no names of columns in line 9"),
        ("heart_rate,é\n80,1\n", '[source]\nencoding = "ascii"\n', "is UTF-8 text, and encoding is ascii"),
        (
            "patient_id,observed_at,code,value\nA,2026-03-02,pulse,80\nA,2026-03-02,resp rate,18\n",
            '[long]\ncode = "code"\nvalue = "value"\n[codes]\npulse = "heart_rate"\n',
            "code resp rate: looks like respiratory_rate and would not be read",
        ),
        (
            "patient_id,observed_at,heart_rate\nA,2026-03-02 08:00,80\nA,2026-03-02T09:00Z,80\n",
            "[sets]\n",
            "some times give an offset from UTC, and others do not",
        ),
    ],
)
def test_a_file_that_does_not_fit_its_plan(tmp_path: Path, source: str, plan: str, words: str) -> None:
    with pytest.raises(FileError) as caught:
        scored(tmp_path, "news2", source, plan)
    assert words in str(caught.value)
    assert not (tmp_path / "out.parquet").exists()


def test_map_names_the_option_for_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text("[sets]\n", encoding="utf-8")
    assert main(["score", "news2", "x.csv", "--map", str(plan)]) == 2
    assert f"name the file with --plan {plan}" in capsys.readouterr().err


def test_sql_names_what_it_cannot_carry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sqlglot")
    plan = tmp_path / "plan.toml"
    plan.write_text('[columns]\nHR = "heart_rate"\n', encoding="utf-8")
    assert main(["sql", "news2", "--dialect", "duckdb", "--plan", str(plan)]) == 0
    assert '"HR"' in capsys.readouterr().out
    plan.write_text('[columns]\nHR = "heart_rate"\n[sets]\n[numbers]\nranges = true\n', encoding="utf-8")
    assert main(["sql", "news2", "--dialect", "duckdb", "--plan", str(plan)]) == 2
    assert "says more than a statement of SQL can carry: [numbers], [sets]" in capsys.readouterr().err


# Every key with a value of another kind: a fault with its place, or a plan that can be used; never anything else.
VALUES = ("1", "-1", "1.5", "nan", "true", '""', '"x"', "[]", "[1]", '["x"]', "[[]]", "{}", "{x = 1}", '{x = "y"}', "2026-01-01", '"\\u0000"', '"{}"', '"%"')
KEYS = (
    "note", "open_questions", "ignore", "missing", "columns", "columns.heart_rate", "units", "units.heart_rate", "values",
    "values.consciousness", "values.consciousness.x", "patterns", "patterns.consciousness", "patterns.consciousness.x", "unused_patterns",
    "cells", "readings", "readings.heart_rate", "readings.heart_rate.from", "air_or_oxygen", "air_or_oxygen.from", "numbers",
    "numbers.decimal", "numbers.thousands", "numbers.strip", "numbers.ranges", "source", "source.kind", "source.encoding",
    "source.delimiter", "source.header_line", "source.skip_lines", "source.footer_lines", "source.sheet", "source.json_path",
    "source.formula_errors", "source.merged_cells", "source.identifier", "long", "long.code", "long.value", "long.unit", "long.subject",
    "long.time", "long.ignore", "long.units", "codes", "codes.x", "times", "times.columns", "times.format", "times.zone", "sets",
    "sets.window", "sets.differing", "status", "status.column", "status.void", "status.counts", "hours_since_birth",
    "hours_since_birth.born", "age_years", "age_years.format",
)  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_a_key_with_any_value_is_a_plan_or_a_fault(tmp_path: Path, key: str) -> None:
    for value in VALUES:
        try:
            scored(tmp_path, "mews", "patient_id,observed_at,heart_rate\nP1,2026-03-02T08:00,80\n", f"{key} = {value}\n")
        except FileError as fault:
            problems = fault.problems
        else:
            problems = ()
        assert all(problem.what and problem.mend for problem in problems), (key, value, problems)


def test_a_plan_of_thousands_of_patterns_is_refused_at_once(tmp_path: Path) -> None:
    many = "[patterns.consciousness]\n" + "".join(f"'word {number}' = \"voice\"\n" for number in range(5000))
    assert "has 5,000 patterns, more than 1,000" in said(tmp_path, many)
