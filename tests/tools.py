"""Programs that some tests need beside Python: a browser, a database server, a PDF reader."""

from __future__ import annotations

import os

import pytest


def need(program: str, found: object) -> None:
    """Skip the test where its program is not installed. With TESTS_SKIP_NOTHING set, as .ci/run sets it, fail instead."""
    if found:
        return
    if os.environ.get("TESTS_SKIP_NOTHING"):
        pytest.fail(f"{program} is not installed, and nothing may be skipped here")
    pytest.skip(f"{program} is not installed")
