"""Clients that generators make from the contract: they compile, and score, verify, upload a file and poll its job."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.support import Service
from tests.tools import need

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ROOT / "service" / "openapi.json"
WRITTEN = ROOT / "tests" / "clients"
MODULES = WRITTEN / "node_modules"
TOLD = """\
score complete 5
many complete 5; partial 2 to 19, {none}
verify disagrees total,temperature
job done 2 3
refused 422 not_a_number
"""

pytestmark = pytest.mark.deep


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("service")) as found:
        yield found


def run(*command: str | Path, folder: Path) -> str:
    done = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_contract_is_valid_openapi() -> None:
    need("openapi-spec-validator", importlib.util.find_spec("openapi_spec_validator"))
    run(sys.executable, "-m", "openapi_spec_validator", CONTRACT, folder=ROOT)


def test_a_generated_python_client_works(service: Service, tmp_path: Path) -> None:
    need("openapi-python-client", importlib.util.find_spec("openapi_python_client"))
    said = run(sys.executable, "-m", "openapi_python_client", "generate", "--path", CONTRACT, "--output-path", tmp_path / "generated", "--meta", "none", folder=tmp_path)
    told = said.split("WARNING parsing")[1:]
    assert all("Unsupported content type" in warning for warning in told), said  # this generator sends JSON and forms
    shutil.copy(WRITTEN / "client.py", tmp_path)
    assert run(sys.executable, "client.py", service.url, folder=tmp_path) == TOLD.format(none="None")


def test_a_generated_typescript_client_compiles_and_works(service: Service, tmp_path: Path) -> None:
    need("node", shutil.which("node"))
    need("node modules of tests/clients (npm ci --prefix tests/clients)", MODULES.is_dir())
    (tmp_path / "node_modules").symlink_to(MODULES)
    for name in ("client.ts", "package.json", "tsconfig.json"):
        shutil.copy(WRITTEN / name, tmp_path)
    run("node", "node_modules/openapi-typescript/bin/cli.js", CONTRACT, "-o", "contract.d.ts", folder=tmp_path)
    run("node", "node_modules/typescript/bin/tsc", "--project", ".", folder=tmp_path)
    assert run("node", "client.js", service.url, folder=tmp_path) == TOLD.format(none="null")
