"""Every block of code in the documents for newcomers is run, as it is written, in the order of the page."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PYTHON = ["quickstart-embed.md", "public-api.md", "installing.md", "validation.md", "diagnosis.md", "fhir.md"]
SHELL = ["quickstart-check.md", "quickstart-service.md", "status.md"]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
# Set-up of an environment: the tests run in one that has everything.
SET_UP = ("make ", ". .venv", "pip install ")


def blocks(page: str, kind: str) -> list[str]:
    return [code for language, code in BLOCK.findall((DOCS / page).read_text(encoding="utf-8")) if language == kind]


def environment() -> dict[str, str]:
    folder = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "service")))}


@pytest.mark.parametrize("page", PYTHON)
def test_python_runs(page: str) -> None:
    (ROOT / "demo-output").mkdir(exist_ok=True)
    code = "\n".join(blocks(page, "python"))
    assert code
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr


def lines_of(page: str) -> list[str]:
    return [line for code in blocks(page, "sh") for line in code.splitlines() if not line.startswith(SET_UP)]


@pytest.mark.deep
@pytest.mark.parametrize("page", ["quickstart-check.md", "status.md"])
def test_commands_run(page: str) -> None:
    (ROOT / "demo-output").mkdir(exist_ok=True)
    for line in lines_of(page):
        done = subprocess.run(line, shell=True, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, f"{line}\n{done.stderr}"


@pytest.mark.deep
def test_commands_of_the_service_run(tmp_path: Path) -> None:
    check, serve, *clients = lines_of("quickstart-service.md")
    assert serve == "mews-newtt serve"
    own = environment() | {"MEWS_NEWTT_DATA_FOLDER": str(tmp_path)}
    port = "18311"
    subprocess.run(f"{check} --port {port}", shell=True, cwd=ROOT, env=own, capture_output=True, timeout=PATIENCE, check=True)
    with subprocess.Popen([str(Path(sys.executable).parent / "mews-newtt"), "serve", "--port", port], cwd=ROOT, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as service:
        try:
            wait_for(f"http://127.0.0.1:{port}/readyz")
            for line in clients:
                if line.startswith("sh ") and not shutil.which("curl"):
                    continue
                done = subprocess.run(line.replace("8311", port, 1), shell=True, cwd=ROOT, env=own, capture_output=True, text=True, timeout=PATIENCE, check=False)
                assert done.returncode == 0, f"{line}\n{done.stderr}"
        finally:
            service.terminate()


def wait_for(address: str) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    pytest.fail("the service did not start")


def test_every_document_with_commands_for_newcomers_is_listed_here() -> None:
    found = {path.name for path in DOCS.glob("quickstart-*.md")}
    assert found <= set(PYTHON) | set(SHELL)
    for page in SHELL:
        assert lines_of(page)
