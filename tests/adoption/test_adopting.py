"""What adopting refuses, explains and writes; the site's folder afterwards; sign-offs; signatures."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from mews_newtt import load_chart, score
from mews_newtt.adoption.adopt import adopt
from mews_newtt.adoption.doubts import asked
from mews_newtt.adoption.layout import Line
from mews_newtt.adoption.signing import sign_off
from mews_newtt.chart.catalogue import Catalogue, catalogue
from mews_newtt.chart.model import Chart
from mews_newtt.chart.sign_offs import sign_off_path, sign_offs
from mews_newtt.errors import ChartNotFound, FileError
from tests.adoption.support import in_force, lines_of, put_as_adopted, write
from tests.cli.command import run
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "adopting"


def with_item(lines: list[Line], item: str, value: str | None) -> list[Line]:
    """The lines with an item of the head changed, or added to [Chart]."""
    if any(line[:1] == [item] and len(line) == 2 for line in lines):
        return [[item, value] if line[:1] == [item] and len(line) == 2 else line for line in lines]
    at = next(r for r, line in enumerate(lines) if line[:1] == ["chart id"])
    return [*lines[:at], [item, value], *lines[at:]]


def two(folder: Path, chart: Chart, change: object = None) -> list[Path]:
    files = []
    for who, name in enumerate(("a.csv", "b.csv")):
        lines = lines_of(chart, who)
        lines = change(lines) if callable(change) else lines
        at = next(r for r, line in enumerate(lines) if line[:1] == ["chart id"])
        known = [["as printed", key] for key in asked(chart, [], load_chart(chart.id))]  # mews 0.2 has rows that 0.1 has not
        files.append(write(folder / name, [*lines[:at], *known, *lines[at:]]))
    return files


def version(number: str, **more: str) -> object:
    def change(lines: list[Line]) -> list[Line]:
        for item, value in {"version": number, **{key.replace("_", " "): value for key, value in more.items()}}.items():
            lines = with_item(lines, item, value)
        return lines

    return change


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


def codes(found: object) -> set[str]:
    return {problem.code for problem in found.problems}  # type: ignore[attr-defined]


def test_the_name_means_the_adopted_chart_from_then_on_without_a_restart(tmp_path: Path, site: Path) -> None:
    shelf = catalogue([site])
    assert catalogue().find("mews").version == "0.2"
    found = adopt(two(tmp_path, load_chart("mews", "0.1"), version("7.0")), site, shelf)
    assert shelf.find("mews").version == "0.2"  # it waits
    in_force(found)
    assert shelf.find("mews").version == "7.0"
    assert load_chart("mews", folders=[site]).status == "verified"
    result = score(load_chart("England-MEWS", folders=[site]), {"respiratory_rate": 24})
    assert (result.chart.version, result.chart.status) == ("7.0", "verified")
    assert load_chart("mews", "0.1", folders=[site]).status == "derived"


def test_the_record_beside_the_chart_names_people_sheets_and_hashes(tmp_path: Path, site: Path) -> None:
    document = tmp_path / "printed.pdf"
    document.write_bytes(b"printed")
    found = adopt(two(tmp_path, load_chart("mews", "0.1"), version("7.0")), site, catalogue([site]), document=document)
    assert found.chart is not None and found.path is not None
    record = json.loads((site / "mews" / "7.0.adoption.json").read_text(encoding="utf-8"))
    assert record["chart"]["content_sha256"] == found.chart.sha256
    assert [sheet["by"] for sheet in record["sheets"]] == ["Anna Example", "Ben Example"]
    assert len(record["document"]["sha256"]) == 64


def test_adopting_the_same_again_changes_nothing_and_another_content_is_refused(tmp_path: Path, site: Path) -> None:
    files = two(tmp_path, load_chart("mews", "0.1"), version("7.0"))
    first = adopt(files, site, catalogue([site]))
    assert first.path is not None
    before = first.path.read_bytes()
    assert adopt(files, site, catalogue([site])).chart == first.chart
    with pytest.raises(Exception, match="version_exists"):
        adopt(two(tmp_path, load_chart("mews", "0.1"), version("7.0", scope="Others.")), site, catalogue([site]))
    assert first.path.read_bytes() == before


def test_a_version_that_ships_cannot_be_taken(tmp_path: Path, site: Path) -> None:
    found = adopt(two(tmp_path, load_chart("mews", "0.1")), site, catalogue([site]))
    assert found.chart is None
    assert codes(found) == {"version_exists"}


def test_the_name_of_another_chart_cannot_be_taken(tmp_path: Path, site: Path) -> None:
    found = adopt(two(tmp_path, load_chart("mews", "0.1"), version("7.0", short_title="NEWS2")), site, catalogue([site]))
    assert codes(found) == {"alias_taken"}


def test_one_person_cannot_fill_both(tmp_path: Path, site: Path) -> None:
    found = adopt(two(tmp_path, load_chart("mews", "0.1"), version("7.0", transcribed_by="EXAMPLE, Anna")), site, catalogue([site]))
    assert "same_person" in codes(found)
    a, _ = two(tmp_path, load_chart("mews", "0.1"), version("7.0"))
    assert "same_sheet" in codes(adopt([a, shutil.copy(a, tmp_path / "c.csv") and tmp_path / "c.csv"], site, catalogue([site])))


def test_a_day_that_lies_ahead_is_refused(tmp_path: Path, site: Path) -> None:
    found = adopt(two(tmp_path, load_chart("mews", "0.1"), version("7.0")), site, catalogue([site]), today=date(2026, 1, 12))
    assert codes(found) == {"date_ahead"}


@pytest.mark.parametrize("item", ["document", "licence", "transcribed by", "transcribed on", "edition", "version", "title"])
def test_a_head_that_is_not_filled_is_refused(item: str, tmp_path: Path, site: Path) -> None:
    found = adopt(
        two(tmp_path, load_chart("mews", "0.1"), lambda lines: with_item(with_item(lines, "version", "7.0"), item, None)), site, catalogue([site])
    )
    assert found.chart is None
    assert any(problem.code == "cell_empty" and item in problem.where for problem in found.problems)


def test_source_and_licence_may_come_from_the_command_but_never_differ(tmp_path: Path, site: Path) -> None:
    blank = two(
        tmp_path, load_chart("mews", "0.1"), lambda lines: with_item(with_item(with_item(lines, "version", "7.0"), "document", None), "licence", None)
    )
    found = adopt(blank, site, catalogue([site]), source="The printed table, 2026", licence="OGL")
    assert found.chart is not None, found.problems
    assert (found.chart.sources[0].cite, found.chart.licence) == ("The printed table, 2026", "OGL")
    assert "option_differs" in codes(adopt(two(tmp_path, load_chart("mews", "0.1"), version("8.0")), site, catalogue([site]), licence="another"))


def both(tmp_path: Path, site: Path, old: tuple[str, str], new: str, column: int, *more: tuple[str, str]) -> object:
    """The same slip in both sheets: in the band row of a parameter and reading."""

    def change(lines: list[Line]) -> list[Line]:
        lines = with_item(lines, "version", "7.0")
        for item, value in more:
            lines = with_item(lines, item, value)
        return [[*line[:column], new, *line[column + 1 :]] if (line[:1], line[2:3]) == ([old[0]], [old[1]]) else line for line in lines]

    return adopt(two(tmp_path, load_chart("mews", "0.1"), change), site, catalogue([site]))


@pytest.mark.parametrize(
    ("row", "new", "column", "code"),
    [
        (("heart_rate", "54 to 62"), "54 to 61", 2, "band_gap"),
        (("heart_rate", "54 to 62"), "54 to 63", 2, "band_overlap"),
        (("heart_rate", "116 or more"), "0", 3, "points_fall_outwards"),
        (("heart_rate", "54 to 62"), "62 to 54", 2, "band_empty"),
        (("consciousness", "voice"), "escalated", 5, "unknown_level"),
    ],
)
def test_what_both_got_wrong_is_explained_with_its_row_and_never_written(
    row: tuple[str, str], new: str, column: int, code: str, tmp_path: Path, site: Path
) -> None:
    found = both(tmp_path, site, row, new, column)
    assert found.chart is None  # type: ignore[attr-defined]
    told = [problem for problem in found.problems if problem.code == code]  # type: ignore[attr-defined]
    assert told
    assert "row" in told[0].where or "cell" in told[0].where
    assert not list(site.iterdir())


def edge_moved(lines: list[Line], old: dict[str, str], more: str | None = None) -> list[Line]:
    lines = with_item(lines, "version", "7.0")
    if more:
        lines = with_item(lines, "unusual edges", more)
    return [[*line[:2], old[line[2]], *line[3:]] if line[:1] == ["heart_rate"] and len(line) > 2 and line[2] in old else line for line in lines]


def test_an_edge_far_from_the_published_ranges_is_refused_unless_both_say_it_is_printed(tmp_path: Path, site: Path) -> None:
    slip = {"107 to 115": "107 to 200", "116 or more": "201 or more"}  # 115 written as 200 by both
    found = adopt(two(tmp_path, load_chart("mews", "0.1"), lambda lines: edge_moved(lines, slip)), site, catalogue([site]))
    assert codes(found) == {"edge_far_from_ranges"}
    owned = adopt(two(tmp_path, load_chart("mews", "0.1"), lambda lines: edge_moved(lines, slip, "heart_rate")), site, catalogue([site]))
    assert owned.chart is not None
    assert any("heart_rate" in note for note in owned.chart.notes)


def test_a_quiet_band_away_from_the_published_medians_is_refused(tmp_path: Path, site: Path) -> None:
    slip = {"54 to 62": "54 to 82", "63 to 106": "83 to 106"}
    found = adopt(two(tmp_path, load_chart("mews", "0.1"), lambda lines: edge_moved(lines, slip)), site, catalogue([site]))
    assert codes(found) == {"median_scores"}


def test_an_edge_that_cannot_be_measured_is_refused_whatever_they_say(tmp_path: Path, site: Path) -> None:
    slip = {"107 to 115": "107 to 1150", "116 or more": "1151 or more"}
    found = adopt(two(tmp_path, load_chart("mews", "0.1"), lambda lines: edge_moved(lines, slip, "heart_rate")), site, catalogue([site]))
    assert codes(found) == {"edge_impossible"}


# Versions side by side


def test_two_versions_stand_side_by_side_until_the_later_begins(tmp_path: Path, site: Path) -> None:
    for number, more in (("7.0", {}), ("8.0", {"effective_from": "2026-06-01", "supersedes": "7.0"})):
        in_force(adopt(two(tmp_path, load_chart("mews", "0.1"), version(number, **more)), site, catalogue([site])))
    shelf = catalogue([site])
    assert [shelf.find("mews", on=day).version for day in (date(2026, 5, 31), date(2026, 6, 1))] == ["7.0", "8.0"]
    eight = shelf.find("mews", "8.0")
    assert shelf.find("mews", on=date(2026, 5, 31), sha256=eight.sha256[:12]).version == "8.0"
    with pytest.raises(ChartNotFound, match="hash_unknown"):
        shelf.find("mews", sha256="0" * 64)
    with pytest.raises(ChartNotFound, match="bad_hash"):
        shelf.find("mews", sha256="abc")
    with pytest.raises(ChartNotFound, match="hash_unknown"):
        shelf.find("mews", "7.0", sha256=eight.sha256)


def test_what_supersedes_an_unknown_version_is_refused(tmp_path: Path, site: Path) -> None:
    assert codes(adopt(two(tmp_path, load_chart("mews", "0.1"), version("8.0", supersedes="6.5")), site, catalogue([site]))) == {"supersedes_unknown"}


def test_a_less_trusted_version_never_pushes_a_better_one_aside(tmp_path: Path, site: Path) -> None:
    in_force(adopt(two(tmp_path, load_chart("mews", "0.1"), version("7.0")), site, catalogue([site])))
    one = two(tmp_path, load_chart("mews", "0.1"), version("8.0", supersedes="7.0"))[:1]
    found = adopt(one, site, catalogue([site]))
    assert in_force(found).status == "transcribed"
    assert catalogue([site]).find("mews").version == "7.0"


def test_a_site_that_has_only_a_later_version_is_told(tmp_path: Path, site: Path) -> None:
    shutil.copy(ROOT / "rules" / "parameters.toml", site)
    chart = load_chart("mews", "0.1")
    in_force(adopt(two(tmp_path, chart, version("8.0", effective_from="2999-01-01")), site, Catalogue([site])))
    with pytest.raises(ChartNotFound, match="not_in_force"):
        Catalogue([site]).find("mews")


def test_folders_may_come_from_a_configuration_file(tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_force(adopt(two(tmp_path, load_chart("mews", "0.1"), version("7.0")), site, catalogue([site])))
    config = tmp_path / "site.toml"
    config.write_text('rules = ["site"]\n', encoding="utf-8")
    monkeypatch.setenv("MEWS_NEWTT_CONFIG", str(config))
    assert load_chart("mews").version == "7.0"
    monkeypatch.setenv("MEWS_NEWTT_RULES", str(tmp_path / "other"))  # the nearer one counts
    (tmp_path / "other").mkdir()
    put_as_adopted(tmp_path / "other", (EXAMPLES / "made-up-2.0.toml").read_text(encoding="utf-8"))
    assert load_chart("mews").version == "0.2"


def test_a_new_observation_of_the_site_is_seen_without_a_restart(site: Path) -> None:
    assert "site_measure" not in catalogue([site]).observations
    (site / "parameters.toml").write_text('[site_measure]\ntitle = "Made up"\nunit = "1"\nstep = 1\n', encoding="utf-8")
    assert "site_measure" in catalogue([site]).observations


# Sign-offs


def test_a_sign_off_stands_beside_the_chart_and_names_its_content(tmp_path: Path, site: Path) -> None:
    found = adopt(two(tmp_path, load_chart("mews", "0.1"), version("7.0")), site, catalogue([site]))
    assert found.chart is not None and found.path is not None
    before = found.path.read_bytes()
    for name in ('Cara "C" Example', "Dan Example"):
        sign_off(found.chart, found.path, name=name, role="Clinical safety officer", on="2026-01-14")
    sign_off(found.chart, found.path, name="Dan Example", role="Clinical safety officer", on="2026-01-14")
    assert found.path.read_bytes() == before
    assert [one.name for one in sign_offs(found.path)] == ['Cara "C" Example', "Dan Example"]
    assert all(one.holds_for(found.chart) for one in sign_offs(found.path))
    assert not sign_offs(found.path)[0].holds_for(replace(found.chart, title="another"))
    assert catalogue([site]).find("mews").version == "7.0"  # the file beside it is not a chart
    with pytest.raises(FileError):
        sign_off(found.chart, found.path, name=" ", role="x", on="2026-01-14")
    sign_off_path(found.path).write_text('[[sign_off]]\nname = "X"\n', encoding="utf-8")
    with pytest.raises(Exception, match="key_missing"):
        sign_offs(found.path)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")
def test_a_detached_signature_holds_for_the_file_and_for_no_other(tmp_path: Path) -> None:
    """The commands of docs/adopting.md."""
    chart = tmp_path / "1.0.toml"
    shutil.copy(ROOT / "rules" / "mews" / "0.1.toml", chart)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True, timeout=PATIENCE)
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", tmp_path / "key", "-n", "mews-newtt", chart], check=True, capture_output=True, timeout=PATIENCE)
    kind, key, *_ = (tmp_path / "key.pub").read_text(encoding="utf-8").split()
    (tmp_path / "signers").write_text(f"cso@example.org {kind} {key}\n", encoding="utf-8")
    verify = ["ssh-keygen", "-Y", "verify", "-f", tmp_path / "signers", "-I", "cso@example.org", "-n", "mews-newtt", "-s", f"{chart}.sig"]
    assert subprocess.run(verify, input=chart.read_bytes(), check=False, capture_output=True, timeout=PATIENCE).returncode == 0
    chart.write_text(chart.read_text(encoding="utf-8").replace("points = 2", "points = 1", 1), encoding="utf-8")
    assert subprocess.run(verify, input=chart.read_bytes(), check=False, capture_output=True, timeout=PATIENCE).returncode != 0


# The command


def test_the_command_from_an_empty_sheet_to_a_signed_off_chart(tmp_path: Path) -> None:
    made = run("adopt", "--sheet", "mews", "-o", tmp_path / "sheets")
    assert made.code == 0
    assert {path.name for path in (tmp_path / "sheets").iterdir()} == {"mews-sheet.csv", "mews-sheet.xlsx", "mews-guide.txt"}
    assert run("adopt", "--sheet", "mews", "-o", tmp_path / "sheets").code == 0  # still empty: written again
    empty = run("adopt", tmp_path / "sheets" / "mews-sheet.xlsx", "--rules", tmp_path / "site")
    assert empty.code == 1
    assert "band_not_filled" in empty.out
    assert not (tmp_path / "site").exists()
    slip = run("adopt", EXAMPLES / "anna.csv", EXAMPLES / "ben-with-a-slip.csv", "--rules", tmp_path / "site")
    assert slip.code == 1
    assert "A C43: 47-120 | B C43: 41 to 120" in slip.out
    good = run("adopt", EXAMPLES / "anna.csv", EXAMPLES / "ben.csv", "--rules", tmp_path / "site")
    assert good.code == 0, good.err
    chart = tmp_path / "site" / "made-up" / "1.0.toml"
    assert run("adopt", "--sign-off", chart, "--name", "Cara Example", "--role", "CSO", "--date", "2026-01-14").code == 0
    assert "Signed off by Cara Example, CSO, on 2026-01-14" in run("charts", "show", "made-up", "--rules", tmp_path / "site").out
    sets = ("--obs", "respiratory_rate=26", "heart_rate=80", "temperature=36.8", "consciousness=A")
    scored = run("score", "made-up", *sets, MEWS_NEWTT_RULES=str(tmp_path / "site"))
    assert "version 1.0, status verified" in scored.out
    sha = load_chart(chart).sha256
    assert run("score", "made-up", "--sha256", sha[:10], *sets, MEWS_NEWTT_RULES=str(tmp_path / "site")).code == 0
    assert run("score", "made-up", "--sha256", "0" * 10, *sets, MEWS_NEWTT_RULES=str(tmp_path / "site")).code == 2


def test_a_filled_sheet_is_never_written_over(tmp_path: Path) -> None:
    run("adopt", "--sheet", "mews", "-o", tmp_path)
    sheet = tmp_path / "mews-sheet.csv"
    sheet.write_text(sheet.read_text(encoding="utf-8").replace("transcribed by,", "transcribed by,Anna", 1), encoding="utf-8")
    again = run("adopt", "--sheet", "mews", "-o", tmp_path)
    assert again.code == 2
    assert "sheet_exists" in again.err
    assert "Anna" in sheet.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        ("adopt",),
        ("adopt", "--sheet", "mews"),
        ("adopt", "missing.csv", "--rules", "."),
        ("adopt", EXAMPLES / "anna.csv"),
        ("adopt", EXAMPLES / "anna.csv", "--name", "x", "--rules", "."),
        ("adopt", "--sign-off", "rules/mews/0.1.toml", "--name", "x"),
        ("adopt", ROOT / "README.md", "--rules", "."),
        ("adopt", *[EXAMPLES / "anna.csv"] * 3, "--rules", "."),
    ],
)
def test_slips_of_the_command_line_are_told(arguments: tuple[str | Path, ...]) -> None:
    done = run(*arguments)
    assert done.code in (1, 2)
    assert "mend:" in done.out + done.err
