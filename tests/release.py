"""Builds wheel and sdist twice, compares their bytes, installs each in a clean environment of each given Python, and scores with it.

    python tests/release.py dist [PYTHON ...]      (`make release`, or `make release PYTHONS="python3.11 python3.13"`)

Without a PYTHON: the oldest and the newest supported version, each of which must be installed (`python3.11`, `python3.13`).

The time in the files is that of the last commit (SOURCE_DATE_EPOCH), so anybody who builds the same commit gets the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TRIED = """
from mews_newtt import __version__, charts, load_chart, score
result = score(load_chart("news2@2017.1"), {"heart_rate": 131})
assert (result.status, result.total, result.total_min) == ("partial", None, 3), result
print(__version__, len(charts()), "charts")
"""


def supported() -> list[str]:
    """The oldest and the newest supported Python."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["classifiers"]
    versions = [found[1] for line in listed if (found := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", line))]
    pythons = [f"python{versions[0]}", f"python{versions[-1]}"]
    if absent := [python for python in pythons if not shutil.which(python)]:
        sys.exit(f"{', '.join(absent)} is not installed; name those to try: make release PYTHONS=...")
    return pythons


def holds_its_components(wheel: Path) -> None:
    """The list of components is in the wheel where PEP 770 puts it."""
    with zipfile.ZipFile(wheel) as packed:
        (name,) = [name for name in packed.namelist() if ".dist-info/sboms/" in name]
        assert packed.read(name) == (ROOT / "requirements" / "mews-newtt.cdx.json").read_bytes()


def build(folder: Path) -> dict[str, str]:
    """The name of each file and its hash."""
    said = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": said.stdout.strip()}
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def try_out(python: str, package: Path) -> str:
    """Install one file in a clean environment, and score with it from another folder."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, "-m", "venv", folder], check=True)
        inside = str(Path(folder) / "bin" / "python")
        subprocess.run([inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(package)], check=True)
        done = subprocess.run([inside, "-I", "-c", TRIED], cwd=folder, capture_output=True, text=True, check=True)
        subprocess.run([str(Path(folder) / "bin" / "mews-newtt"), "check", "--help"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        return done.stdout.strip()


def main(out: Path, pythons: list[str]) -> int:
    """Build, compare and try; the exit code."""
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("mews_newtt-*"):
        old.unlink()
    with tempfile.TemporaryDirectory() as again:
        first, second = build(out), build(Path(again))
    if first != second:
        print(f"two builds of one commit differ: {first} and {second}", file=sys.stderr)
        return 1
    for name, sha256 in first.items():
        print(sha256, name)
        if name.endswith(".whl"):
            holds_its_components(out / name)
        for python in pythons or supported():
            print(f"  {python}: {try_out(python, out / name)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
