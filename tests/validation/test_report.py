"""Reports from one result: evidence that can be filed, read aloud, printed and fed to other tools."""

from __future__ import annotations

import csv
import html
import json
import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import polars as pl
import pytest

from mews_newtt import __version__, load_chart, score
from mews_newtt.errors import FileError
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.scoring.result_cells import result_cells
from mews_newtt.validation.cases import Pool
from mews_newtt.validation.compare import diagnosed, validate, validate_file
from mews_newtt.validation.comparer import OUTCOMES
from mews_newtt.validation.reports import NAMES, write_reports
from mews_newtt.validation.reports.html import TEMPLATES
from mews_newtt.validation.result import Validation
from tests.tools import need

CHART = load_chart("mews", "0.1")
QUIET = {
    "respiratory_rate": "16", "oxygen_saturation": "98", "temperature": "36.6", "heart_rate": "84", "systolic_bp": "118", "diastolic_bp": "75",
    "consciousness": "alert", "concern": "none",
}  # fmt: skip
CHROMIUM = Path("/usr/bin/chromium")


def rows(many: int = 40) -> pl.DataFrame:
    """A platform that gives the point of a fast heart 3 beats too late."""
    made = []
    for n in range(many):
        rate = 95 + n % 20
        points = 0 if rate < 110 else 1
        made.append({**QUIET, "case_id": f"SYNTHETIC-{n}", "heart_rate": str(rate), "expected_total": str(points), "expected_level": "routine"})
    return pl.DataFrame(made)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Validation:
    path = tmp_path_factory.mktemp("file") / "platform.csv"
    rows().write_csv(path)
    return diagnosed(validate_file(CHART, path))


@pytest.fixture(scope="module")
def folder(found: Validation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("reports") / "out"
    assert [path.name for path in write_reports(found, made, run_on="2026-01-05T08:00:00Z")] == list(NAMES)
    return made


@pytest.mark.parametrize("name", ["report.html", "report.json", "junit.xml"])
def test_each_report_names_chart_file_and_engine(name: str, folder: Path, found: Validation) -> None:
    text = html.unescape((folder / name).read_text(encoding="utf-8"))
    assert found.source.sha256 is not None
    for fact in (
        CHART.id,
        CHART.title,
        CHART.version,
        CHART.status,
        CHART.sha256,
        "platform.csv",
        found.source.sha256,
        __version__,
        "2026-01-05T08:00:00",
    ):
        assert fact in text, fact


def test_the_same_result_gives_the_same_bytes(found: Validation, folder: Path, tmp_path: Path) -> None:
    write_reports(found, tmp_path / "again", run_on="2026-01-05T08:00:00Z")
    for name in NAMES:
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes(), name


def test_report_json_is_the_result(folder: Path, found: Validation) -> None:
    document = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert document["schema_version"] == 1 and document["verdict"] == "disagrees"
    assert {key: document[key] for key in found.to_dict()} == json.loads(json.dumps(found.to_dict()))
    assert document["diagnosis"]["findings"]


def test_disagreements_csv_holds_every_cell(folder: Path, found: Validation) -> None:
    with (folder / "disagreements.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == sum(found.kinds.values()) == 6
    assert {(line["expected"], line["computed"], line["heart_rate"]) for line in lines} == {("0", "1", "107"), ("0", "1", "108"), ("0", "1", "109")}
    assert [line["row"] for line in lines] == [str(one.row) for one in found.disagreements]


@pytest.mark.parametrize("name", ["news2", "mewc", "npews"])
def test_a_line_of_disagreements_csv_is_what_the_reference_gives(name: str, tmp_path: Path) -> None:
    """Complete, partial and refused sets, charts with and without points, everything stated wrongly: the columns beside it are the chart's own."""
    chart = load_chart(name)
    sets = [dict(given) for given in Pool(chart, random=60).sets]
    sets += [{"heart_rate": "abc"}, {"heart_rate": "90", "respiratory_rate": "-5"}]
    names = list(dict.fromkeys(parameter for given in sets for parameter in given))
    wrong = {"expected_total": "-7", "expected_level": "no level of this chart", "expected_status": "unknown"} | (
        {"expected_points_heart_rate": "-3"} if chart.has_points else {}
    )
    frame = pl.DataFrame([{**{each: given.get(each, "") for each in names}, **wrong} for given in sets])
    write_reports(validate(chart, frame), tmp_path / "report", run_on="2026-01-05T08:00:00Z")
    with (tmp_path / "report" / "disagreements.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) > len(sets)
    holds = {
        "expected_total": "total",
        "expected_level": "level",
        "expected_status": "score_status",
        "expected_points_heart_rate": "points_heart_rate",
    }
    for line in lines:
        own = result_cells(score(chart, sets[int(line["row"]) - 1], raise_refused=False), chart, points=True)
        shown = {column: "" if cell is None else str(cell) for column, cell in own.items()}
        assert line["computed"] == shown.get(holds[line["column"]], ""), line
        assert {column: line[column] for column in OUTCOMES} == {column: shown[column] for column in OUTCOMES}, line


def test_junit_has_the_common_shape(folder: Path) -> None:
    root = ElementTree.parse(folder / "junit.xml").getroot()
    assert root.tag == "testsuites"
    for suite in root:
        assert suite.tag == "testsuite" and suite.get("name")
        cases = suite.findall("testcase")
        assert int(suite.get("tests", "-1")) == len(cases)
        assert int(suite.get("failures", "-1")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors", "-1")) == len(suite.findall("testcase/error"))
        assert all(case.get("name") and case.get("classname") and float(case.get("time", "x")) >= 0 for case in cases)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", ""))
        order = [child.tag for child in suite]
        assert order == sorted(order, key=["properties", "testcase", "system-out"].index)
    assert "row 14: stated 0, the chart gives 1" in ElementTree.tostring(root, encoding="unicode")


def test_nothing_compared_is_an_error_for_ci(tmp_path: Path) -> None:
    found = validate(CHART, pl.DataFrame([{**QUIET, "expected_total": ""}]))
    write_reports(found, tmp_path / "out")
    assert ElementTree.parse(tmp_path / "out" / "junit.xml").find("testsuite/testcase/error") is not None
    assert "Nothing was compared" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, Any]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_stands_alone_and_is_well_built(folder: Path) -> None:
    text = (folder / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    names = [tag for tag, _ in page.tags]
    assert not {"link", "iframe", "object", "form"} & set(names)
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL)
    assert scripts == [(TEMPLATES / "copy.js").read_text(encoding="utf-8")], "the button that copies, and nothing else"
    assert not re.search(r"fetch|import|http|eval|innerHTML", scripts[0])
    assert not any(name.startswith("on") or name == "style" for _, attributes in page.tags for name in attributes)
    assert not re.search(r"url\(|@import|src=", text)
    assert all(str(a["href"]).startswith("#") or tag != "a" for tag, a in page.tags if "href" in a)
    assert names.count("h1") == 1 and ("html", {"lang": "en"}) in page.tags and {"main", "header", "footer"} <= set(names)
    levels = [int(tag[1]) for tag in names if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels)), "no heading is skipped"
    assert names.count("caption") == sum(
        "mn-" not in str(a.get("class")) for tag, a in page.tags if tag == "table"
    )  # drawn ones are named by headings
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {str(a["href"])[1:] for tag, a in page.tags if tag == "a"} <= set(ids)
    assert text.index("6 of 40 compared rows disagree") < text.index("What was compared"), "the verdict comes first"


def test_what_comes_from_the_file_is_text_everywhere(tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)>"
    row = {**QUIET, "case_id": f'=HYPERLINK("x"){evil}', "expected_total": f"=1+1{evil}\x01", "expected_level": "@SUM(A1)"}
    path = tmp_path / "=a<b>&.csv"
    pl.DataFrame([row, {**row, "case_id": "\ttab", "expected_total": "-5"}]).write_csv(path)
    found = validate_file(CHART, path)
    write_reports(found, tmp_path / "out")
    assert "<img" not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    ElementTree.parse(tmp_path / "out" / "junit.xml")
    with (tmp_path / "out" / "disagreements.csv").open(encoding="utf-8", newline="") as stream:
        cells = [cell for line in csv.reader(stream) for cell in line]
    assert not any(cell[:1] in ("=", "@", "\t", "+") for cell in cells) and "-5" in cells, "numbers stay numbers"


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    found = validate(CHART, rows(2))
    for folder in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(FileError, match="is a file"):
            write_reports(found, folder)


def test_the_folders_above_a_report_are_made(tmp_path: Path) -> None:
    write_reports(validate(CHART, rows(2)), tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b" / "report.html").is_file()


def test_agreement_says_what_it_does_not_show(tmp_path: Path) -> None:
    found = validate(CHART, pl.DataFrame([{**QUIET, "expected_total": "0"}]), column_map=ColumnMap())
    write_reports(found, tmp_path / "out")
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Every compared row agrees" in text and "Not tried" in text and "Rows that disagree" not in text


@pytest.mark.deep
def test_the_page_passes_the_accessibility_check(folder: Path) -> None:
    need("chromium", CHROMIUM.exists())
    with ThreadPoolExecutor(1) as own:  # another test of this process may hold a browser open, and one thread holds only one
        own.submit(_axe_finds_nothing, (folder / "report.html").as_uri()).result()


def _axe_finds_nothing(address: str) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        try:
            for width in (1200, 400):
                page = browser.new_page(viewport={"width": width, "height": 900})
                page.goto(address)
                result = Axe().run(page)
                assert result.violations_count == 0, result.generate_report()
                assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"sideways scrolling at {width}"
                page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
                assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"sideways scrolling at {width}, unfolded"
        finally:
            browser.close()


def test_a_disk_that_fills_up_leaves_the_reports_of_the_last_run(found: Validation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mews_newtt.validation.worst_rows import WorstRows

    write_reports(found, tmp_path / "reports", run_on="yesterday")
    before = {path.name: path.read_bytes() for path in (tmp_path / "reports").iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(WorstRows, "write", full)
    with pytest.raises(OSError, match="No space"):
        write_reports(found, tmp_path / "reports", run_on="today")
    assert {path.name: path.read_bytes() for path in (tmp_path / "reports").iterdir()} == before
