"""An adopted chart waits; it is in force from a sign-off that counts; it is retired and rolled back; what proves it may not vanish in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from mews_newtt import load_chart, score
from mews_newtt.adoption.signing import sign_off
from mews_newtt.adoption.site_names import roll_back, use
from mews_newtt.chart.catalogue import catalogue, chart_to_look_at
from mews_newtt.chart.sign_offs import is_same_person, sign_off_path
from mews_newtt.drawn.page import standing_html
from mews_newtt.errors import ChartError, ChartNotFound, FileError
from tests.adoption.support import SIGN, SIGNED_BY, command, put_as_adopted
from tests.adoption.test_site_folder import LIKE_MEWS, VERIFIED

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "adopting"
EIGHT = VERIFIED.replace('version = "7.0"', 'version = "8.0"\nsupersedes = "7.0"')
DECIDED = {"by": "Dan Example", "role": "Lead", "on": "2026-03-01", "because": "an edge was wrong"}


@pytest.fixture
def waiting(tmp_path: Path) -> Path:
    """The file of a chart that two people have transcribed, and nobody has signed off."""
    assert command("adopt", EXAMPLES / "anna.csv", EXAMPLES / "ben.csv", "--rules", tmp_path / "site")[0] == 0
    return tmp_path / "site" / "made-up" / "1.0.toml"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site's folder with two versions of `mews`, both signed off."""
    folder = tmp_path / "site"
    folder.mkdir()
    put_as_adopted(folder, VERIFIED)
    put_as_adopted(folder, EIGHT)
    return folder


def test_a_chart_that_waits_is_no_names_chart_and_can_be_looked_at(waiting: Path) -> None:
    folder = waiting.parents[1]
    with pytest.raises(ChartNotFound, match="chart_waits"):
        load_chart("made-up", folders=[folder])
    assert load_chart("made-up@1.0", folders=[folder]).signed.startswith("waits")
    assert "Waits: nobody has signed it off" in command("charts", "show", "made-up@1.0", "--rules", folder)[1]


@pytest.mark.parametrize(
    ("name", "on", "why"),
    [
        ("Anna Example", "2026-02-01", "transcribed this chart"),
        ("Example, Anna", "2026-02-01", "transcribed this chart"),
        ("Dr A. Example", "2026-02-01", "transcribed this chart"),
        ("Ben B. Example", "2026-02-01", "transcribed this chart"),
        ("Cara Example", "2036-01-01", "not yet"),
        ("Cara Example", "2026-01-11", "before Anna Example transcribed"),
        ("Cara Example", "2026-01-12", "before Ben Example transcribed"),
        ("Cara Example", "soon", "not a date"),
        (" ", "2026-02-01", "is empty"),
    ],
)
def test_a_sign_off_that_cannot_be_is_refused_and_nothing_is_written(name: str, on: str, why: str, waiting: Path) -> None:
    code, said = command("adopt", "--sign-off", waiting, "--name", name, "--role", "Officer", "--date", on)
    assert code == 2 and why in said
    assert not sign_off_path(waiting).exists()


@pytest.mark.parametrize(
    ("change", "why"),
    [(("2026-02-01", "2036-02-01"), "not yet"), (("Cara", "Anna"), "transcribed"), (('sha256 = "', 'sha256 = "0'), "another content")],
)
def test_a_sign_off_written_by_hand_counts_for_nothing(change: tuple[str, str], why: str, waiting: Path) -> None:
    assert command("adopt", "--sign-off", waiting, *SIGN)[0] == 0
    assert load_chart("made-up", folders=[waiting.parents[1]]).signed == "signed off by Cara Example, Clinical safety officer, on 2026-02-01"
    path = sign_off_path(waiting)
    path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    with pytest.raises(ChartError, match="sign_off_missing") as told:
        load_chart("made-up", folders=[waiting.parents[1]])
    assert why in str(told.value)


def test_answers_say_who_signed(waiting: Path, tmp_path: Path) -> None:
    assert command("adopt", "--sign-off", waiting, *SIGN)[0] == 0
    chart = load_chart("made-up", folders=[waiting.parents[1]])
    assert score(chart, {}).to_dict()["chart"]["signed"] == chart.signed == "signed off by Cara Example, Clinical safety officer, on 2026-02-01"
    assert "signed" not in score(load_chart("news2"), {}).to_dict()["chart"]
    file = tmp_path / "sets.csv"
    file.write_text(f"{chart.parameters[0].id},expected_total\n,0\n", encoding="utf-8")
    for words in (("score", "made-up", file, "-o", tmp_path / "scores.csv"), ("validate", "made-up", file)):
        assert chart.signed in command(*words, "--rules", waiting.parents[1])[1], words[0]


@pytest.mark.parametrize("lose", ["deleted", "torn"])
def test_a_sign_off_that_is_gone_is_an_error_and_never_the_built_in_chart(lose: str, site: Path) -> None:
    path = site / "mews" / "8.0.signoff.toml"
    path.unlink() if lose == "deleted" else path.write_text("[[sign_off]\n", encoding="utf-8")
    with pytest.raises(ChartError):
        load_chart("mews", folders=[site])


def test_a_folder_adopted_before_sign_offs_were_asked_for_is_an_error_and_never_the_built_in_chart(site: Path) -> None:
    for name in ("7.0", "8.0"):
        (site / "mews" / f"{name}.signoff.toml").unlink()
    with pytest.raises(ChartError, match="sign_off_missing"):
        load_chart("mews", folders=[site])


def test_roll_back_gives_the_name_to_the_version_before_and_then_refuses(site: Path) -> None:
    assert load_chart("mews", folders=[site]).version == "8.0"
    gone, now = roll_back(catalogue([site]), "mews", **DECIDED)
    assert (gone.version, now.version, load_chart("mews", folders=[site]).version) == ("8.0", "7.0", "7.0")
    assert "retired on 2026-03-01 by Dan Example, Lead: an edge was wrong" in chart_to_look_at("mews@8.0", [site]).signed
    with pytest.raises(FileError, match="nothing_before"):
        roll_back(catalogue([site]), "mews", **DECIDED)
    sign_off(load_chart("mews@8.0", folders=[site]), site / "mews" / "8.0.toml", **{**SIGNED_BY, "on": "2026-03-02"})
    assert load_chart("mews", folders=[site]).version == "8.0"  # a new sign-off brings it back


def test_a_name_whose_last_version_is_retired_is_an_error_and_never_the_built_in_chart(site: Path) -> None:
    for version in ("8.0", "7.0"):
        given = ("--name", "Dan Example", "--role", "Lead", "--date", "2026-03-01", "--because", "no longer used")
        assert command("site", "retire", f"mews@{version}", "--rules", site, *given)[0] == 0
    with pytest.raises(ChartNotFound, match="chart_retired"):
        load_chart("mews", folders=[site])
    use(catalogue([site]), site, load_chart("mews@0.2", folders=[site]))  # said on purpose
    assert load_chart("mews", folders=[site]).version == "0.2"


def test_a_second_sheet_may_follow_a_single_one_that_waits(tmp_path: Path) -> None:
    site = tmp_path / "site"
    assert command("adopt", EXAMPLES / "anna.csv", "--rules", site)[0] == 0
    assert load_chart("made-up@1.0", folders=[site]).status == "transcribed"
    assert command("adopt", EXAMPLES / "anna.csv", EXAMPLES / "ben.csv", "--rules", site)[0] == 0
    assert load_chart("made-up@1.0", folders=[site]).status == "verified"


def test_own_signed_charts_keep_their_name_when_a_better_one_ships(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    put_as_adopted(site, LIKE_MEWS.replace('version = "0.1"', 'version = "0.01"').replace('status = "derived"', 'status = "transcribed"'))
    assert load_chart("mews", folders=[site]).version == "0.01"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Anna Example", "anna  EXAMPLE", True),
        ("A. Example", "Anna Example", True),
        ("Anna Maria Example", "Anna Example", True),
        ("Prof. Example", "Anna Example", True),
        ("Anna Example", "Ben Example", False),
        ("Anna Example", "Anna Other", False),
        ("A B", "Anna Berg", False),
    ],
)
def test_names_of_one_person(one: str, other: str, same: bool) -> None:
    assert is_same_person(one, other) is same and is_same_person(other, one) is same


def test_who_signed_it_off_is_shown_wherever_the_chart_is_named(site: Path) -> None:
    chart = load_chart("mews", folders=[site])
    signed = "igned off by Cara Example, Clinical safety officer, on 2026-02-01"
    assert signed in chart.trust_says and chart.trust_says.startswith(chart.status_says)
    assert signed in standing_html(chart, 2)
    assert signed in command("charts", "--rules", site)[1]
    assert signed in command("score", "mews", "--rules", site, "--obs", "heart_rate=80")[1]
    path = sign_off_path(Path(chart.origin))
    path.write_text(path.read_text(encoding="utf-8").replace(chart.sha256, "0" * 64), encoding="utf-8")
    said = command("charts", "--rules", site)[1]  # of another content: it does not count, and that is shown
    assert "not in force: the sign-off by Cara Example is of another content" in said
