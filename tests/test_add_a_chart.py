"""Adding a chart needs data files only: the one of docs/chart-format.md is added to a copy of this checkout by CONTRIBUTING's list, and the copy's tests pass."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "chart-format.md").read_text(encoding="utf-8")
CHART, CASES, BANDS = re.findall(r"^`(?:rules|tests/spec)/made-up-addition/.*?^```\w+\n(.*?)^```$", PAGE, re.M | re.S)


def add_by_the_list(copy: Path) -> list[str]:
    """Do what CONTRIBUTING's list says; gives the places that it names."""
    section = re.search(r"## Add a chart\n(.*?)\n## ", (copy / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.S)
    assert section is not None
    places = re.findall(r"^\d\. `([^`]+)`", section[1], re.M)
    chart = copy / "rules" / "made-up-addition" / "1.0.toml"
    spec = copy / "tests" / "spec" / "made-up-addition"
    for folder in (chart.parent, spec):
        folder.mkdir()
    chart.write_text(CHART, encoding="utf-8")
    (spec / "1.0.toml").write_text(CASES, encoding="utf-8")
    (spec / "1.0.csv").write_text(BANDS, encoding="utf-8")
    files = sorted((copy / "rules").glob("*/*.toml"), key=lambda path: f"{path.parent.name}/{path.name}")
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.parent.name}/{path.name}\n" for path in files]
    (copy / "rules" / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    return places


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of this checkout, without what git does not keep."""
    target = tmp_path / "checkout"
    left_out = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".hypothesis", "*_cache", "demo-output", "*.nbi", "*.nbc")
    shutil.copytree(ROOT, target, ignore=left_out)
    return target


def plugin(copy: Path) -> str:
    """A plugin of pytest that keeps what a new chart can change: tests of this chart (its id is in theirs), tests that go through all charts, and those of papers.

    Tests of another chart, or of none, run the same code on the same data as before.
    """
    (copy / "only_the_new_chart.py").write_text("""
import inspect
import re

OF_ALL_CHARTS = re.compile(r"\\bcharts\\(|\\bSHIPPED\\b|\\bcatalogue\\(|rules")

def concerns_it(item):
    if "made-up-addition" in item.nodeid:
        return True
    return "[" not in item.nodeid and (item.path.parent.name == "tests" or OF_ALL_CHARTS.search(inspect.getsource(item.function)) is not None)

def pytest_collection_modifyitems(config, items):
    config.hook.pytest_deselected(items=[item for item in items if not concerns_it(item)])
    items[:] = [item for item in items if concerns_it(item)]
""", encoding="utf-8")
    return "only_the_new_chart"


def run(copy: Path, *arguments: str) -> None:
    start = f"import sys; sys.path[:0] = [{str(copy)!r}, {str(copy / 'service')!r}]; import runpy; sys.argv = sys.argv[1:]; "
    command = [sys.executable, "-c", start + "runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)", *arguments]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_the_list_names_every_place_and_the_tests_of_charts_pass(copy: Path) -> None:
    assert add_by_the_list(copy) == [
        "rules/<chart>/<version>.toml", "rules/SHA256SUMS", "tests/spec/<chart>/<version>.toml", "tests/spec/<chart>/<version>.csv", "README.md", "CHANGELOG.md",
        "mews_newtt/validation/proving/recorded.json",
    ]  # fmt: skip
    tests = ("test_spec", "test_transcription", "test_transcription_cells", "test_released", "test_catalogue")
    run(copy, "pytest", "-q", "-p", "no:cacheprovider", "-p", plugin(copy), *(f"tests/{name}.py" for name in tests))


def test_a_chart_that_misses_a_file_of_the_list_is_noticed(copy: Path) -> None:
    add_by_the_list(copy)
    (copy / "tests" / "spec" / "made-up-addition" / "1.0.csv").unlink()
    with pytest.raises(AssertionError, match="made-up-addition"):
        run(copy, "pytest", "-q", "-p", "no:cacheprovider", "tests/test_transcription_cells.py")


@pytest.mark.deep
def test_the_fast_suite_passes_with_one_chart_more(copy: Path) -> None:
    """Every fast test that a new chart can change."""
    add_by_the_list(copy)
    run(copy, "mews_newtt", "prove", "made-up-addition", "--json", "mews_newtt/validation/proving/recorded.json")
    run(copy, "tests.test_readme")
    others = ("test_add_a_chart.py", "service", "fhir", "plans", "origins", "platforms")  # servers, files and platforms of charts by name
    kept_out = [f"--ignore=tests/{name}" for name in others]
    run(copy, "pytest", "-q", "-n", "auto", "-p", "no:cacheprovider", "-p", plugin(copy), *kept_out)
