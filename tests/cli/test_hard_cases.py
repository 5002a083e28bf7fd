"""The command where files, pipes and people are at their worst: always a clear word and exit 2, never a traceback, never half a file."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import ROOT, environment, run
from tests.patience import PATIENCE

HEADER = "case_id,respiratory_rate,oxygen_saturation,air_or_oxygen,systolic_bp,heart_rate,consciousness,temperature"
WELL = "1,18,97,air,120,80,A,36.8"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def table(folder: Path, text: str | bytes = f"{HEADER}\n{WELL}\n", name: str = "ward.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def shell(command: str) -> subprocess.CompletedProcess[str]:
    """Run a shell line in which MEWS stands for the command."""
    line = command.replace("MEWS", f"'{sys.executable}' -m mews_newtt")
    done = subprocess.run(["sh", "-c", line], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr, done.stderr
    return done


# Tables as the world has them


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("\n", ["is empty"], id="a line end only"),
        pytest.param("   \n1\n", ["is empty"], id="a blank header"),
        pytest.param("heart_rate;temperature\n80;36,8\n", ["row 2", "column temperature", "36,8", "decimal point: 36.8"], id="decimal comma"),
        pytest.param("Heart_Rate,temperature\n80,36.8\n", ["Heart_Rate", "looks like heart_rate"], id="capitals"),
        pytest.param(" heart_rate,temperature\n80,36.8\n", ["heart_rate"], id="a blank before the name"),
        pytest.param('"heart_rate","remark"\n80,"two\nlines"\nfast,x\n', ["row 4", "'fast' is not a number"], id="the row number counts lines"),
        pytest.param(f"{HEADER}\n{WELL}\n\n\n2,18,97,air,120,80,A,x\n", ["row 5", "'x' is not a number"], id="empty lines between"),
        pytest.param(f"{HEADER}\n{WELL}\n1,18\n", ["row 3", "2 cells", "header has 8"], id="a short row"),
        pytest.param("heart_rate\n" + "9" * 5000 + "\n", ["row 2", "is not a number"], id="a number of 5000 digits"),
        pytest.param("heart_rate,remark\n80," + "x" * 1_100_000 + "\n", ["ward.csv"], id="a cell of a million letters"),
        pytest.param("heart_rate,expected_totl\n80,1\n", ["expected_totl", "expected_total"], id="misspelt expected result"),
        pytest.param("heart_rate,skip_systolc_bp\n80,U4\n", ["skip_systolc_bp", "skip_systolic_bp"], id="misspelt skip reason"),
        pytest.param("heart_rate,case_id,case_id\n80,1,2\n", ["case_id", "stands 2 times"], id="label twice"),
        pytest.param("heart_rate,x,x\n80,1,2\n", ["x", "stands 2 times"], id="unknown column twice"),
        pytest.param("systolic_bp,skip_systolic_bp\n120,asleep\n", ["row 2", "a reading (120) and a skip reason (asleep)"], id="reading and skip"),
        pytest.param("age_years,heart_rate\n15,80\n", ["row 2", "column age_years", "under 16"], id="out of scope"),
        pytest.param("\ufeff".encode() + b"heart_rate,x\r\n80,\xe9\r\n", ["not UTF-8", "after row"], id="not UTF-8 further down"),
        pytest.param(b"PK\x03\x04\x14\x00\x00\x00", ["mend:"], id="a spreadsheet"),
    ],
)
def test_bad_tables(tmp_path: Path, text: str | bytes, words: list[str]) -> None:
    source, output = table(tmp_path, text), tmp_path / "out.csv"
    ran = run("score", "news2", source, "-o", output)
    assert ran.code == 2, ran
    for word in [*words, "mend:"]:
        assert word in ran.err
    assert sorted(os.listdir(tmp_path)) == ["ward.csv"], "something was left beside the input"
    assert len(ran.err) < 2000


def test_every_fault_of_a_row_is_told_at_once(tmp_path: Path) -> None:
    said = run("score", "news2", table(tmp_path, f"{HEADER}\n1,x,197,steam,120,80,Q,98.6\n")).err
    assert said.count("row 2, column") == 5 == said.count("mend:")


def test_every_fault_of_a_header_is_told_at_once(tmp_path: Path) -> None:
    said = run("score", "news2", table(tmp_path, "hr,temprature,consciousness,consciousness\n80,36,A,A\n")).err
    assert said.count("mend:") == 3


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{HEADER}\r\n{WELL}\r\n".replace(",", ";"),
        "\ufeff" + f"{HEADER}\n{WELL}".replace(",", "|"),
        "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in (HEADER, WELL)),
        f"{HEADER}\r\n{WELL}\r\n\r\n",
    ],
    ids=["mark, semicolons and CRLF", "mark and bars", "everything quoted", "empty line at the end"],
)
def test_tables_that_are_fine(tmp_path: Path, text: str) -> None:
    output = tmp_path / "out.csv"
    ran = run("score", "news2", table(tmp_path, text), "-o", output)
    assert ran.code == 0, ran.err
    found = rows(output.read_text(encoding="utf-8"))
    assert [(row["case_id"], row["score_status"], row["total"]) for row in found] == [("1", "complete", "0")]


def test_header_only_from_standard_input_and_as_json() -> None:
    assert run("score", "news2", "-", stdin=HEADER.encode()).out.count("\n") == 1
    ran = run("score", "news2", "-", "--json", stdin=HEADER.encode())
    assert (ran.code, ran.out) == (0, "")
    assert run("score", "news2", "-", stdin=b"").code == 2


def test_cells_that_look_like_formulas_or_hold_marks_travel_unchanged(tmp_path: Path) -> None:
    cells = ['=1+1', 'two\nlines', 'a "quoted" word', "x,y;z", "Zoë 子", ""]
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerows([["heart_rate", "remark"], *([80, cell] for cell in cells)])
    ran = run("score", "news2", "-", stdin=stream.getvalue().encode())
    assert [row["remark"] for row in rows(ran.out)] == cells


# Maps


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("columns = 3", ["columns", "write a table"]),
        ('[columns]\npulse = 3', ["columns, pulse", "write text in quotes"]),
        ('[columms]\npulse = "heart_rate"', ["columms", "write 'columns'"]),
        ('[values.hart_rate]\n"1" = "2"', ["hart_rate", "is not a parameter of any chart"]),
        ("[columns", ["is not valid TOML"]),
        ('[columns]\na = "heart_rate"\na = "temperature"', ["is not valid TOML"]),
    ],
)
def test_bad_map_files(tmp_path: Path, content: str, words: list[str]) -> None:
    mapped = table(tmp_path, content, "map.toml")
    ran = run("score", "news2", table(tmp_path), "--map", mapped)
    assert (ran.code, ran.out) == (2, "")
    for word in ["mend:", *words]:
        assert word in ran.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--map", "heart_rate"], ["--map heart_rate", "is not theirs=ours"]),
        (["--map", "no-such.toml"], ["no-such.toml", "No such file"]),
        (["--map", "heart_rate=systolic_bp"], ["systolic_bp", "stands 2 times"]),
        (["--map", "case_id=zzz"], ["zzz", "is not a parameter of any chart"]),
        (["--map", "case_id=x", "--map", "case_id=y"], ["is mapped to 'x' already"]),
        (["--unit", "temperature"], ["--unit temperature", "is not parameter=unit"]),
        (["--unit", "temprature=C"], ["temprature", "is not a parameter"]),
        (["--unit", "temperature=stones"], ["row 2, column temperature", "is given in 'stones'", "[degF]"]),
        (["--ignore", "nowt"], ["--ignore nowt", "there is no such column"]),
        (["--on-bad-row", "maybe"], ["invalid choice"]),
        (["--min-status", "golden"], ["there is no such status"]),
    ],
)
def test_bad_options(tmp_path: Path, options: list[str], words: list[str]) -> None:
    ran = run("score", "news2", table(tmp_path), "-o", tmp_path / "out.csv", *options)
    assert ran.code == 2
    for word in words:
        assert word in ran.err
    assert not (tmp_path / "out.csv").exists()


def test_a_mark_for_missing_holds_only_where_declared(tmp_path: Path) -> None:
    text = f"{HEADER}\n1,18,97,air,120,-,A,36.8\n"
    assert "leave it blank" in run("score", "news2", table(tmp_path, text)).err
    assert rows(run("score", "news2", table(tmp_path, text), "--missing", "-").out)[0]["missing"] == "heart_rate"


# Outputs


def test_an_output_through_a_link_reaches_the_file_behind_it(tmp_path: Path) -> None:
    target, link = tmp_path / "real.csv", tmp_path / "link.csv"
    target.write_text("old")
    link.symlink_to(target)
    assert run("score", "news2", table(tmp_path), "-o", link).code == 0
    assert link.is_symlink() and target.read_text().startswith("case_id")


def test_input_and_output_are_told_apart_through_links(tmp_path: Path) -> None:
    source = table(tmp_path)
    (tmp_path / "soft.csv").symlink_to(source)
    os.link(source, tmp_path / "hard.csv")
    for name in ("soft.csv", "hard.csv", "ward.csv"):
        assert "is both input and output" in run("score", "news2", source, "-o", tmp_path / name).err
    assert source.read_text() == f"{HEADER}\n{WELL}\n"


def test_a_special_file_is_never_replaced_by_a_plain_one(tmp_path: Path) -> None:
    """As root, `-o /dev/null` would otherwise put a plain file where the machine's null device was. Tried on a pipe of our own."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        ran = run("score", "news2", table(tmp_path), "-o", pipe)
        assert stat.S_ISFIFO(pipe.lstat().st_mode), "the pipe was replaced"
        assert ran.code == 0 and os.read(reader, 1_000_000).startswith(b"case_id"), ran.err
    finally:
        os.close(reader)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    source = table(tmp_path)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    ran = run("score", "news2", source, "-o", closed / "out.csv")
    assert ran.code == 2 and "Permission denied" in ran.err and "permissions" in ran.err


def test_the_mode_of_an_output_is_that_of_any_new_file(tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    shell(f"umask 027; MEWS score news2 '{table(tmp_path)}' -o '{output}'")
    assert stat.S_IMODE(output.stat().st_mode) == 0o640


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs a device that is always full")
@pytest.mark.parametrize("command", ["score news2 '{table}'", "score news2 '{table}' --json", "score news2 --obs heart_rate=80 --json", "charts --json", "charts", "charts show news2"])
def test_a_full_disk_is_told_by_every_command(tmp_path: Path, command: str) -> None:
    """The shell opens the device; the command never has its name."""
    done = shell(f"MEWS {command.format(table=table(tmp_path))} > /dev/full")
    assert done.returncode == 2 and "No space left" in done.stderr


@pytest.mark.parametrize("command", ["score news2 '{table}' >&-", "score news2 --obs heart_rate=80 >&-", "charts >&-", "score news2 - <&-"])
def test_closed_standard_streams(tmp_path: Path, command: str) -> None:
    done = shell("MEWS " + command.format(table=table(tmp_path)))
    assert done.returncode == 2 and "mend:" in done.stderr


def test_a_closed_error_stream_does_not_hide_the_result(tmp_path: Path) -> None:
    done = shell(f"MEWS score news2 '{table(tmp_path)}' 2>&-")
    assert done.returncode == 0 and rows(done.stdout)[0]["total"] == "0"


@pytest.mark.parametrize("command", ["score news2 '{table}'", "charts", "charts show npews", "charts show npews --json", "diff news2 npews"])
def test_a_reader_that_leaves_is_no_error(tmp_path: Path, command: str) -> None:
    source = table(tmp_path, f"{HEADER}\n" + f"{WELL}\n" * 3000)
    shell(f"MEWS {command.format(table=source)} | head -1")


def test_names_with_blanks_and_letters_of_all_kinds(tmp_path: Path) -> None:
    folder = tmp_path / "Ward 7 – Zoë"
    folder.mkdir()
    ran = run("score", "news2", table(folder, name="a b.csv"), "-o", folder / "é.csv")
    assert ran.code == 0 and (folder / "é.csv").exists()


def test_output_is_utf8_whatever_the_terminal_says(tmp_path: Path) -> None:
    source = table(tmp_path, f"{HEADER},remark\n{WELL},Zoë\n")
    ran = run("score", "news2", source, "-o", tmp_path / "out.csv", PYTHONIOENCODING="", LC_ALL="C", PYTHONUTF8="0")
    assert ran.code == 0, ran.err
    assert "Zoë" in (tmp_path / "out.csv").read_text(encoding="utf-8")
    for arguments in (["score", "news2", "--obs", "temperature=36.8", "--explain"], ["charts", "show", "npews"], ["charts"], ["score", "news2", source]):
        ran = run(*arguments, PYTHONIOENCODING="ascii:strict", LC_ALL="C", PYTHONUTF8="0")
        assert ran.code == 0, ran.err


# One set


def test_options_of_files_are_not_passed_over_in_silence() -> None:
    for options in (["--map", "a=b"], ["--points"], ["--on-bad-row", "report"], ["--missing", "NA"], ["--unit", "temperature=[degF]"], ["--ignore", "x"]):
        ran = run("score", "news2", *options, "--obs", "temperature=36.8")
        assert ran.code == 2 and options[0] in ran.err, options


@pytest.mark.parametrize("name", ["news2@", "@2017.1", "", "/", "../news2", "news2@2017.1@x"])
def test_names_that_name_no_chart(name: str) -> None:
    ran = run("score", name, "--obs", "heart_rate=80")
    assert (ran.code, ran.out) == (2, "") and "mend:" in ran.err


def test_a_site_folder_by_option_and_environment(tmp_path: Path) -> None:
    made_up = ROOT / "tests" / "made_up"
    assert run("score", "tortoise", "--rules", made_up, "--obs", "gait=S").code == 0
    assert run("score", "tortoise", "--obs", "gait=S", MEWS_NEWTT_RULES=str(made_up)).code == 0
    ran = run("charts", "--rules", tmp_path / "nowhere")
    assert ran.code == 2 and "is not a folder" in ran.err


def test_explain_and_json_say_the_same() -> None:
    given = ["--obs", "respiratory_rate=25", "oxygen_saturation=91", "skip_heart_rate=asleep", "temperature=36.799999"]
    words, found = run("score", "news2", *given, "--explain").out, json.loads(run("score", "news2", *given, "--json").out)
    assert found["says"] in words
    for says in [*found["warnings"], *(reason["says"] for reason in found["reasons"]), *(row["says"] for row in found["parameters"] if row["value"])]:
        assert says in words


def test_large_output_leaves_no_part_behind_when_the_last_row_fails(tmp_path: Path) -> None:
    source = table(tmp_path, f"{HEADER}\n" + f"{WELL}\n" * 3000 + "1,18,97,air,120,80,A,x\n")
    ran = run("score", "news2", source, "-o", tmp_path / "out.csv")
    assert ran.code == 2 and "row 3002" in ran.err and os.listdir(tmp_path) == ["ward.csv"]
