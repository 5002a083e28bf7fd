"""A real PostgreSQL server for tests and benchmarks: one of its own, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.patience import PATIENCE
from tests.tools import need


class PostgreSQL:
    """A server that listens on a socket in its folder; `url` is how programs reach it. As a context manager it is stopped and removed at the end."""

    def __init__(self) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        need("PostgreSQL", found)
        self.bin = found[-1].parent
        self.user = "postgres" if os.getuid() == 0 else None  # the server does not run as root
        self.folder = Path(tempfile.mkdtemp(prefix="mn-", dir="/tmp"))  # a socket's path must be short; the folders of pytest are closed to other users
        if self.user:
            shutil.chown(self.folder, self.user)
        self._run("initdb", "-D", str(self.folder / "db"), "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.url = f"postgresql://tester@/postgres?host={self.folder}"
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.bin / program), *arguments]
        done = subprocess.run(command, user=self.user, cwd="/", capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off"
        self._run("pg_ctl", "-D", str(self.folder / "db"), "-o", options, "-l", str(self.folder / "log"), "-w", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "db"), "-m", "immediate", "-w", "stop")

    def __enter__(self) -> PostgreSQL:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
