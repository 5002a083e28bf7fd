"""Filled sheets for tests: any chart laid out, cells changed, written as CSV or XLSX."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace
from pathlib import Path

from mews_newtt.adoption.adopt import Adoption, adopt
from mews_newtt.adoption.grid import csv_text
from mews_newtt.adoption.layout import Line, lay_out
from mews_newtt.adoption.placing import place_chart
from mews_newtt.adoption.signing import sign_off
from mews_newtt.adoption.xlsx import write_xlsx
from mews_newtt.chart.catalogue import Catalogue, catalogue
from mews_newtt.chart.content import canonical
from mews_newtt.chart.load import load_chart_file
from mews_newtt.chart.model import Chart
from mews_newtt.chart.site import LIST_FILE
from mews_newtt.cli import main

ROOT = Path(__file__).resolve().parents[2]
SIGNED_BY = {"name": "Cara Example", "role": "Clinical safety officer", "on": "2026-02-01"}
SIGN = ("--name", "Cara Example", "--role", "Clinical safety officer", "--date", "2026-02-01")  # the same, for the command
PEOPLE = (("Anna Example", "2026-01-12"), ("Ben Example", "2026-01-13"))
LEFT_OUT = ("status", "status_says")


def lines_of(chart: Chart, who: int) -> list[Line]:
    """The chart on a sheet, as the one or the other person fills it."""
    by, on = PEOPLE[who]
    return lay_out(chart, filled=True, by=by, on=on).lines


def write(path: Path, lines: list[Line]) -> Path:
    """Lines as a file of the kind its name says."""
    if path.suffix == ".xlsx":
        write_xlsx(path, lines, set(), set(), ["guide"])
    else:
        path.write_text(csv_text(lines), encoding="utf-8", newline="")
    return path


def sheets(folder: Path, chart: Chart, suffix: str = ".csv") -> list[Path]:
    return [write(folder / f"{name}{suffix}", lines_of(chart, who)) for who, name in enumerate(("anna", "ben"))]


def bare_shelf(folder: Path, chart: Chart) -> Catalogue:
    """A site's folder with nothing in it, and what the chart observes."""
    folder.mkdir(exist_ok=True)
    shelf = Catalogue([folder])
    shelf.observations = {**catalogue().observations, **{p.id: p.observation for p in chart.parameters}}
    return shelf


def adopted(folder: Path, chart: Chart, files: list[Path]) -> Adoption:
    site = folder / "site"
    return adopt(files, site, bare_shelf(site, chart))


def put_as_adopted(folder: Path, text: str) -> Path:
    """A chart's text in a site's folder as after adopting it and signing it off."""
    draft = folder / "draft"
    draft.write_text(text, encoding="utf-8")
    chart = load_chart_file(draft, catalogue().observations)
    draft.unlink()
    record = {"chart": {"id": chart.id, "version": chart.version, "status": chart.status, "content_sha256": chart.sha256}}
    path = place_chart(chart, folder, catalogue().observations, record)[1]
    sign_off(chart, path, **SIGNED_BY)
    return path


def change_over(folder: Path) -> Path:
    """A site's folder with a made-up chart, and its next version, stricter in heart rate, from 1 June 2026 on."""
    folder.mkdir()
    made_up = (ROOT / "examples" / "adopting" / "made-up-2.0.toml").read_text(encoding="utf-8").replace('status = "local"', 'status = "verified"')
    put_as_adopted(folder, made_up)
    put_as_adopted(
        folder,
        made_up.replace('version = "2.0"', 'version = "1.0"').replace("effective_from = 2026-06-01\n", "").replace('supersedes = "1.0"\n', "")
        .replace("below = 101", "below = 121").replace("101", "121").replace("100", "120"),
    )
    return folder


def command(*words: object) -> tuple[int, str]:
    """Run a command in this process; its exit code and all that it printed. A process of its own would take most of a second."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main([str(word) for word in words])
    return code, said.getvalue()


def in_force(found: Adoption) -> Chart:
    """An adopted chart, signed off."""
    assert found.chart is not None and found.path is not None, (found.problems, found.differences)
    sign_off(found.chart, found.path, **SIGNED_BY)
    return found.chart


def withdraw(folder: Path, name: str) -> None:
    """Take a chart out of a site's folder, as its list says how."""
    (folder / name).unlink()
    listed = folder / LIST_FILE
    listed.write_text("".join(line for line in listed.read_text(encoding="utf-8").splitlines(True) if f'"{name}"' not in line), encoding="utf-8")


def content(chart: Chart) -> dict[str, object]:
    """What a chart says, but for its status and who transcribed it."""
    said = canonical(replace(chart, sources=(replace(chart.sources[0], transcribed=()), *chart.sources[1:])))
    return {key: value for key, value in said.items() if key not in LEFT_OUT}
