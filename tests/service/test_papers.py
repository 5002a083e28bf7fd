"""What stands beside the code holds: the settings' list, the unit, the container, the clients."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mews_newtt_service.setting_sources import NOT_SETTINGS
from mews_newtt_service.settings import PREFIX, Settings
from tests.patience import PATIENCE
from tests.service.support import ROOT, Service

NAMES = {PREFIX + field.name.upper() for field in dataclasses.fields(Settings)}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("service")) as found:
        yield found


def test_every_setting_is_documented_with_its_meaning() -> None:
    text = (ROOT / "docs" / "service.md").read_text()
    for field in dataclasses.fields(Settings):
        row = next(line for line in text.splitlines() if line.startswith(f"| `{PREFIX}{field.name.upper()}`"))
        assert row.endswith(f"| {field.metadata['says']} |")
        if field.default not in (dataclasses.MISSING, None, "", ()):
            default = ",".join(field.default) if isinstance(field.default, tuple) else field.default
            shown = ("yes" if default else "no") if isinstance(default, bool) else str(default)
            assert row.split("|")[2].strip().partition(" ")[0] == shown, row


@pytest.mark.parametrize("name", ["docs/service.md", "docs/operating.md", "service/Containerfile", "service/mews-newtt.service"])
def test_no_paper_names_a_setting_that_is_none(name: str) -> None:
    named = set(re.findall(rf"{PREFIX}[A-Z_]+", (ROOT / name).read_text())) - {PREFIX + name for name in NOT_SETTINGS}
    assert named
    assert named <= NAMES


def test_the_unit_stops_later_than_the_service() -> None:
    unit = (ROOT / "service" / "mews-newtt.service").read_text()
    stops = re.search(r"TimeoutStopSec=(\d+)", unit)
    assert stops is not None
    assert int(stops[1]) > Settings().drain_seconds + Settings().shutdown_seconds + 10


SAID = {
    "python": ["total 5", "job done, 2 rows", "partial,,2,16"],
    "curl": ['"total": 5', "partial"],
    "javascript": ["total 5", "no total, between"],
}  # what each client prints of a complete set and of one with two readings


@pytest.mark.parametrize(
    ("name", "program", "script"),
    [("python", sys.executable, "score.py"), ("curl", "sh", "score.sh"), ("javascript", "node", "score.mjs")],
    ids=list(SAID),
)
def test_the_example_clients_work(service: Service, name: str, program: str, script: str) -> None:
    needed = {"sh": "curl"}.get(program, program)
    if shutil.which(needed) is None:
        pytest.skip(f"{needed} is not installed")
    done = subprocess.run([program, str(ROOT / "examples" / "clients" / script), service.url], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    assert [words for words in SAID[name] if words not in done.stdout] == [], done.stdout


def test_a_client_tells_what_is_wrong(service: Service, tmp_path: Path) -> None:
    script = (ROOT / "examples" / "clients" / "score.py").read_text().replace('"temperature": 37.5', '"temperature": 375')
    (tmp_path / "score.py").write_text(script)
    done = subprocess.run([sys.executable, str(tmp_path / "score.py"), service.url], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 1
    assert "375 is impossible" in done.stderr
    assert "mend: " in done.stderr
