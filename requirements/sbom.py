"""Writes the list of components that travels in the wheel (PEP 770, CycloneDX): what the package needs, and what its extras add. `make sbom` runs it.

The versions are those of the lock files, which the tests run with. It does not say where to download a component: each site has its own mirror.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent
OUT = FOLDER / "mews-newtt.cdx.json"
EXTRAS = ("service", "otel", "sql")  # each other extra is part of one of these, or needs a cluster
LOCK = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-header"]


def locked(*extras: str) -> str:
    """The requirements with versions and hashes, as they are locked."""
    chosen = [part for extra in extras for part in ("--extra", extra)]
    command = [*LOCK, *chosen, "pyproject.toml", "-c", "requirements/dev.txt"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def described(program: str, requirements: str) -> dict[str, Any]:
    """What the CycloneDX tool makes of them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "requirements.txt"
        path.write_text(requirements, encoding="utf-8")
        command = [program, "requirements", "--pyproject", "pyproject.toml", "--mc-type", "library", "--output-reproducible", str(path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def plain(component: dict[str, Any], scope: str) -> dict[str, Any]:
    """A component by name, version and package URL. The hashes of its files are in the lock files."""
    purl = component["purl"]
    return {"type": component["type"], "bom-ref": purl, "name": component["name"], "version": component["version"], "scope": scope, "purl": purl}


def main(program: str) -> None:
    """Write the file."""
    needed = described(program, locked())
    everything = described(program, locked(*EXTRAS))
    required = {one["purl"] for one in needed["components"]}
    root = {key: value for key, value in needed["metadata"]["component"].items() if key in ("bom-ref", "description", "licenses", "name", "type")}
    (version,) = re.findall(r'^__version__ = "(.+)"$', (ROOT / "mews_newtt" / "__init__.py").read_text(encoding="utf-8"), re.M)
    tools = [{"type": "application", "name": tool["name"], "version": tool["version"]} for tool in needed["metadata"]["tools"]["components"]]
    made = {
        **{key: needed[key] for key in ("$schema", "bomFormat", "specVersion", "version")},
        "metadata": {"component": {**root, "version": version}, "tools": {"components": tools}},
        "components": [plain(one, "required" if one["purl"] in required else "optional") for one in everything["components"]],
    }
    OUT.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
