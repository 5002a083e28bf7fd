"""Where machine code is kept, told to numba before it looks: beside the package where that can be written, else with the user's caches."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

FOLDER = "mews-newtt"
VARIABLE = "NUMBA_CACHE_DIR"


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def keep_machine_code() -> None:
    """Choose the folder; one made for this process alone is the last resort: then nothing is kept."""
    if os.environ.get(VARIABLE) or _writable(Path(__file__).resolve().parent / "__pycache__"):
        return
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = Path(base) / FOLDER
    os.environ[VARIABLE] = str(folder) if _writable(folder) else tempfile.mkdtemp(prefix=FOLDER)
    numba = sys.modules.get("numba")
    if numba is not None:  # somebody imported it before us: it has read the variable already
        numba.config.CACHE_DIR = os.environ[VARIABLE]


keep_machine_code()
