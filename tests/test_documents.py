"""Every block of code in README and docs is run, as it is written, or the test that runs it is named here.

`tests/test_document_settings.py` does the same for settings, maps and command lines that need a reader's own files.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.document_blocks import ELSEWHERE, PAGES, ROOT, blocks, commands
from tests.patience import PATIENCE

# Pages whose Python runs in one process, in the order of the page. Those of `SLOW` look for a fault in 200 rows or more.
PYTHON = ["quickstart-embed.md", "public-api.md", "installing.md", "diagnosis.md", "episodes.md", "fhir.md", "batch.md"]
SLOW = ["validation.md"]
SHELL = ["quickstart-check.md", "status.md", "episodes.md"]
BESIDE = "quickstart-service.md"  # its commands need a service that runs
# Set-up of an environment: the tests run in one that has everything.
SET_UP = ("make ", ". .venv", "pip install ")


def environment() -> dict[str, str]:
    folder = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "service")))}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as a reader has it: the examples, and tables of their own."""
    (tmp_path / "demo-output").mkdir()
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    import polars as pl

    rows = pl.DataFrame({"ward": ["A", "B"], "heart_rate": [72.0, 131.0], "temperature": [36.8, None]})
    (tmp_path / "wards").mkdir()
    for name in ("wards.parquet", "wards/july.parquet"):
        rows.write_parquet(tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("page", [*PYTHON, *(pytest.param(page, marks=pytest.mark.deep) for page in SLOW)])
def test_python_runs(page: str, folder: Path) -> None:
    code = "\n".join(blocks(page, "python"))
    assert code
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr


def run(line: str, folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(line, shell=True, cwd=folder, env=variables, capture_output=True, text=True, timeout=PATIENCE, check=False)


def lines_of(page: str) -> list[str]:
    return [line for line in commands(page) if not line.startswith(SET_UP)]


@pytest.mark.deep
@pytest.mark.parametrize("page", SHELL)
def test_commands_run(page: str, folder: Path) -> None:
    for line in lines_of(page):
        done = run(line, folder, environment())
        assert done.returncode == 0, f"{line}\n{done.stderr}"


@pytest.mark.deep
def test_commands_of_the_service_run(tmp_path: Path) -> None:
    check, serve, *clients = lines_of(BESIDE)
    assert serve == "mews-newtt serve"
    own = environment() | {"MEWS_NEWTT_DATA_FOLDER": str(tmp_path)}
    port = free_port()
    subprocess.run(f"{check} --port {port}", shell=True, cwd=ROOT, env=own, capture_output=True, timeout=PATIENCE, check=True)
    command = [str(Path(sys.executable).parent / "mews-newtt"), "serve", "--port", port]
    with subprocess.Popen(command, cwd=ROOT, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as service:
        try:
            wait_for(f"http://127.0.0.1:{port}/readyz", service)
            for line in clients:
                if line.startswith("sh ") and not shutil.which("curl"):
                    continue
                here = line.replace("8311", port, 1)
                end = time.monotonic() + PATIENCE
                while (done := run(here, ROOT, own)).returncode and "503" in done.stderr and time.monotonic() < end:
                    time.sleep(1)  # a busy machine: the service says try again
                assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        finally:
            service.terminate()


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def wait_for(address: str, service: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert service.poll() is None, "the service has ended"
        try:
            with urllib.request.urlopen(address, timeout=PATIENCE):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the service did not start")


@pytest.mark.parametrize("page", PAGES)
def test_a_test_runs_every_block(page: str) -> None:
    text = (ROOT / page if page == "README.md" else ROOT / "docs" / page).read_text(encoding="utf-8")
    assert text.count("```") == 2 * len(re.findall(r"^ *```\w+\n.*?^ *```$", text, re.M | re.S)), "a block without the name of its language"
    here = {(page, "python") for page in PYTHON + SLOW} | {(page, kind) for page in [*SHELL, BESIDE] for kind in ("sh",)}
    for kind in set(re.findall(r"^ *```(\w+)$", text, re.M)):
        if (page, kind) in here:
            continue
        assert (page, kind) in ELSEWHERE, f"no test runs the {kind} of {page}"
        named = page.removesuffix(".md") in (ROOT / ELSEWHERE[page, kind]).read_text(encoding="utf-8")
        assert named or kind == "console", f"{ELSEWHERE[page, kind]} does not name {page}"
