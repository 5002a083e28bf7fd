"""Which chart one gets: versions, aliases, statuses, a site's own folders; and what a chart's hash stands for."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from mews_newtt import ChartError, ChartNotFound, charts, load_chart, score
from mews_newtt.chart.catalogue import builtin_rules

TORTOISE = """
[chart]
id = "tortoise"
version = "{version}"
title = "DEMO, INVENTED: {title}"
short_title = "Tortoise"
status = "{status}"
licence = "none"
scope = "Clockwork tortoises."
between_bands = "higher"
aliases = [{aliases}]
{more}
[[sources]]
id = "S"
cite = "Invented."

[[parameters]]
id = "{parameter}"
role = "scored"
source = "S"
bands = [{{ to = {edge}, points = 0 }}, {{ from = {after}, points = 1 }}]

[[levels]]
id = "still"
title = "Still"
total = {{ from = 0, to = 0 }}
source = "S"

[[levels]]
id = "wind-up"
title = "Wind up"
total = {{ from = 1 }}
source = "S"
"""
TICKS = """
[tick_rate]
title = "Tick rate"
unit = "/min"
step = 1
impossible = { below = 0, above = 200 }
"""


def put(folder: Path, version: str = "1.0", *, name: str | None = None, **change: str) -> Path:
    filling = {
        "version": version, "title": "tortoise", "status": "local", "aliases": "", "more": "", "parameter": "heart_rate", "edge": "60", "after": "61",
    } | change  # fmt: skip
    path = folder / "tortoise" / (name or f"{version}.toml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TORTOISE.format(**filling), encoding="utf-8")
    return path


def said(kind: type[Exception], *arguments: object, **options: object) -> str:
    with pytest.raises(kind) as caught:
        load_chart(*arguments, **options)  # type: ignore[arg-type]
    assert "mend:" in str(caught.value)
    return str(caught.value)


# Built in


def test_the_charts_that_are_built_in() -> None:
    files = {(path.parent.name, path.stem) for path in builtin_rules().glob("*/*.toml")}
    assert {(chart.id, chart.version) for chart in charts()} == files
    assert [chart.id for chart in charts()] == sorted(chart.id for chart in charts())
    known = {"mews": ("0.2", "secondary"), "newtt2": ("0.2", "secondary"), "news2": ("2017.1", "verified"), "npews": ("2023.1", "verified")}
    assert {name: (load_chart(name).version, load_chart(name).status) for name in known} == known


def test_an_older_version_is_reached_by_its_number() -> None:
    assert load_chart("mews", "0.1").status == "derived" and load_chart("mews", "0.1").sha256.startswith("66c01ad78e40")
    assert load_chart("newtt2", "0.1").sha256.startswith("f5bc6c0c68a3")


def test_every_chart_says_where_it_comes_from() -> None:
    for chart in charts():
        assert chart.licence and chart.scope_says and chart.status_says and chart.sources and all(source.cite for source in chart.sources)
        assert re.fullmatch(r"[0-9a-f]{64}", chart.sha256)
        assert all(parameter.source for parameter in chart.parameters) and all(level.source for level in chart.levels)
        if chart.status != "verified":
            assert chart.known_missing, chart.id
    assert len({chart.sha256 for chart in charts()}) == len(charts())


def test_aliases_and_short_titles() -> None:
    assert load_chart("NEWS2").id == "news2" and load_chart("national-pews").id == "npews"
    for chart in charts():
        for alias in (chart.id, chart.short_title, *chart.aliases):
            assert load_chart(alias).id == chart.id
            assert load_chart(alias.upper()).id == chart.id


def test_the_adult_score_never_answers_to_the_short_name() -> None:
    assert load_chart("MEWS").id == "mews"
    assert "mews" not in {alias.casefold() for alias in (*load_chart("modified-ews").aliases, load_chart("modified-ews").short_title)}
    for chart in charts():
        if chart.id == "newtt2":
            assert "NEWS" not in {alias.upper() for alias in (chart.short_title, *chart.aliases)}


def test_what_is_not_there() -> None:
    text = said(ChartNotFound, "new2")
    assert "there is no such chart" in text and "did you mean 'news2'?" in text and "npews" in text
    assert "versions: 2017.1" in said(ChartNotFound, "news2", "2016.1")
    assert "is secondary; verified or better was asked for" in said(ChartNotFound, "mews", minimum_status="verified")
    assert "write one of: local, derived, secondary, transcribed, verified" in said(ChartNotFound, "mews", minimum_status="golden")


@pytest.mark.parametrize(("minimum", "reached", "below"), [("verified", "news2", "mewt"), ("transcribed", "mewt", "mews"), ("secondary", "mews", None)])
def test_the_minimum_status_is_a_ladder(minimum: str, reached: str, below: str | None) -> None:
    allowed = set()
    for chart in charts():
        try:
            allowed.add(load_chart(chart.id, minimum_status=minimum).id)
        except ChartNotFound:
            continue
    ladder = ["local", "derived", "secondary", "transcribed", "verified"]
    assert allowed == {chart.id for chart in charts() if ladder.index(chart.status) >= ladder.index(minimum)}
    assert reached in allowed and below not in allowed
    assert all(load_chart(chart.id, minimum_status="local") for chart in charts())


def test_a_pinned_version() -> None:
    assert load_chart("news2", "2017.1").version == "2017.1"


# A chart file by its path


def test_a_chart_from_a_file(tmp_path: Path) -> None:
    path = put(tmp_path)
    for given in (path, str(path)):
        chart = load_chart(given)
        assert (chart.id, chart.version, chart.origin) == ("tortoise", "1.0", str(path))
    assert score(load_chart(path), {"heart_rate": 61}).total == 1
    assert "is version 1.0, not 2.0" in said(ChartNotFound, path, "2.0")
    assert "is local; derived or better" in said(ChartNotFound, path, minimum_status="derived")
    assert "No such file" in said(ChartError, tmp_path / "none.toml")


def test_a_file_mended_on_disk_is_read_anew(tmp_path: Path) -> None:
    path = put(tmp_path)
    before = load_chart(path)
    put(tmp_path, edge="70", after="71")
    after = load_chart(path)
    assert (before.sha256 != after.sha256) and score(after, {"heart_rate": 65}).total == 0


# A site's own folder


def test_a_folder_by_option_and_by_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path)
    said(ChartNotFound, "tortoise")
    assert load_chart("tortoise", folders=[tmp_path]).version == "1.0"
    monkeypatch.setenv("MEWS_NEWTT_RULES", str(tmp_path))
    assert load_chart("tortoise").version == "1.0" and "tortoise" in {chart.id for chart in charts()}
    second = tmp_path / "second"
    put(second, "2.0")
    monkeypatch.setenv("MEWS_NEWTT_RULES", os.pathsep.join(["", str(tmp_path), str(second), ""]))
    assert load_chart("tortoise").version == "2.0" and load_chart("tortoise", "1.0").version == "1.0"
    monkeypatch.setenv("MEWS_NEWTT_RULES", str(tmp_path / "nowhere"))
    assert "is not a folder" in said(ChartError, "news2")


def test_the_best_status_then_the_newest_version(tmp_path: Path) -> None:
    put(tmp_path, "1.9")
    put(tmp_path, "1.10")
    assert load_chart("tortoise", folders=[tmp_path]).version == "1.10"


def test_a_better_status_wins_over_a_newer_version(tmp_path: Path) -> None:
    put(tmp_path, "1.0", status="secondary")
    put(tmp_path, "3.0")
    assert load_chart("tortoise", folders=[tmp_path]).version == "1.0"
    assert load_chart("tortoise", "3.0", folders=[tmp_path]).status == "local"


def test_observations_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "parameters.toml").write_text(TICKS, encoding="utf-8")
    put(tmp_path, parameter="tick_rate")
    chart = load_chart("tortoise", folders=[tmp_path])
    assert score(chart, {"tick_rate": 61}).total == 1
    assert score(chart, {"tick_rate": 201}, raise_refused=False).status == "refused"


def test_its_observations_cannot_redefine_ours(tmp_path: Path) -> None:
    (tmp_path / "parameters.toml").write_text(TICKS.replace("tick_rate", "heart_rate"), encoding="utf-8")
    put(tmp_path)
    text = said(ChartError, "tortoise", folders=[tmp_path])
    assert "[heart_rate]" in text and "is defined already, differently" in text and "its own name" in text


def test_a_parameter_that_nobody_defined(tmp_path: Path) -> None:
    put(tmp_path, parameter="hart_rate")
    text = said(ChartError, "tortoise", folders=[tmp_path])
    assert "'hart_rate' is not in any parameters.toml" in text and "write 'heart_rate'" in text


def test_one_version_in_two_files(tmp_path: Path) -> None:
    put(tmp_path / "a")
    put(tmp_path / "b", edge="70", after="71")
    text = said(ChartError, "tortoise", folders=[tmp_path / "a", tmp_path / "b"])
    assert "is tortoise 1.0, as is" in text and "says something else" in text and "another version" in text


def test_the_same_chart_twice_is_no_fault(tmp_path: Path) -> None:
    put(tmp_path / "a")
    put(tmp_path / "b")
    assert load_chart("tortoise", folders=[tmp_path / "a", tmp_path / "b"]).version == "1.0"


def test_a_built_in_chart_cannot_be_replaced_in_silence(tmp_path: Path) -> None:
    source = next((builtin_rules() / "news2").glob("*.toml"))
    target = tmp_path / "news2" / source.name
    target.parent.mkdir()
    text = source.read_text(encoding="utf-8")
    target.write_text(text.replace('title = "', 'title = "Our own ', 1), encoding="utf-8")
    assert "says something else" in said(ChartError, "news2", folders=[tmp_path])


def test_a_misnamed_file(tmp_path: Path) -> None:
    put(tmp_path, "1.0", name="2.0.toml")
    text = said(ChartError, "tortoise", folders=[tmp_path])
    assert "holds tortoise 1.0" in text and "name it tortoise/1.0.toml" in text


def test_an_alias_of_two_charts(tmp_path: Path) -> None:
    put(tmp_path, aliases='"National-PEWS"')
    text = said(ChartNotFound, "national-pews", folders=[tmp_path])
    assert "several charts go by that name" in text and "npews, tortoise" in text


def test_a_broken_neighbour_is_told_by_name(tmp_path: Path) -> None:
    put(tmp_path, edge="60", after="60")
    assert "1.0.toml" in said(ChartError, "tortoise", folders=[tmp_path])
    assert load_chart("news2", folders=[tmp_path]).id == "news2"


# The hash


def test_the_layout_of_a_file_does_not_change_the_hash(tmp_path: Path) -> None:
    for source in builtin_rules().glob("*/*.toml"):
        text = source.read_text(encoding="utf-8")
        relaid = re.sub(r" {2,}", " ", text)
        relaid = "# a remark\n\n" + re.sub(r"(?m)^([a-z_]+) = ", r"\1   =   ", relaid).replace("\n[[", "\n\n# next\n\n[[")
        copy = tmp_path / f"{source.parent.name}-{source.name}"
        copy.write_text(relaid, encoding="utf-8")
        assert load_chart(copy).sha256 == load_chart(source).sha256, source


def test_the_spelling_of_a_number_does_not_change_the_hash(tmp_path: Path) -> None:
    plain = load_chart(put(tmp_path)).sha256
    assert load_chart(put(tmp_path / "b", edge="60.00", after="6.1e1")).sha256 == plain


def test_any_number_of_a_file_changes_the_hash(tmp_path: Path) -> None:
    """Every number that stands in a band, a level or a timing of a shipped chart, moved by one: another hash, or refused."""
    for chart_id in ("mews", "news2", "newtt2"):
        source = sorted((builtin_rules() / chart_id).glob("*.toml"))[-1]
        text = source.read_text(encoding="utf-8")
        known = load_chart(source).sha256
        places = list(re.finditer(r"\b(?:from|to|above|below|points|at_least|within_minutes) = (\d+(?:\.\d+)?)", text))
        assert len(places) > 40
        loaded = 0
        for number, place in enumerate(places[:: max(1, len(places) // 20)]):
            moved = f"{float(place[1]) + 1:g}"
            copy = tmp_path / f"{chart_id}-{number}.toml"
            copy.write_text(text[: place.start(1)] + moved + text[place.end(1) :], encoding="utf-8")
            try:
                assert load_chart(copy).sha256 != known
                loaded += 1
            except ChartError:  # a gap, an overlap: refused is as good as told apart
                continue
        assert loaded > 3


@pytest.mark.parametrize("change", [{"edge": "61", "after": "62"}, {"title": "another"}, {"version": "1.1"}, {"status": "derived"}, {"more": 'notes = ["x"]'}, {"parameter": "respiratory_rate"}])
def test_what_changes_the_hash(tmp_path: Path, change: dict[str, str]) -> None:
    version = change.get("version", "1.0")
    changed = put(tmp_path / "b", version, **{key: value for key, value in change.items() if key != "version"})
    assert load_chart(put(tmp_path)).sha256 != load_chart(changed).sha256


def test_where_a_file_stands_does_not_change_the_hash(tmp_path: Path) -> None:
    shutil.copy(builtin_rules() / "mews" / "0.2.toml", tmp_path / "elsewhere.toml")
    assert load_chart(tmp_path / "elsewhere.toml").sha256 == load_chart("mews", "0.2").sha256
