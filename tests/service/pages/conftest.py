"""A running service and a browser for the workbench's pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service on loopback, with one worker and a second version of one chart."""
    from tests.service.support import Service

    folder = tmp_path_factory.mktemp("workbench")
    rules = folder / "rules" / "mews"
    rules.mkdir(parents=True)
    text = (ROOT / "rules" / "mews" / "0.1.toml").read_text(encoding="utf-8")
    changed = text.replace('version = "0.1"', 'version = "9.9"').replace('{ from = 24,          points = 2, printed = "≥24" }', '{ from = 24, points = 1, printed = "≥24" }')
    assert changed.count("9.9") == 1 and changed.count("points = 1, printed = \"≥24\"") == 1
    (rules / "9.9.toml").write_text(changed, encoding="utf-8")
    # A process of its own: what another test sets in this one's environment must not move its chart files.
    with Service(folder, MEWS_NEWTT_RULES=str(folder / "rules"), MEWS_NEWTT_LOG_LEVEL="error") as running:
        yield running.url


def _opened(browser: Any, service: str, **options: Any) -> Iterator[Any]:
    """A page that must ask nobody else for anything, and whose console must stay silent."""
    context = browser.new_context(base_url=service, viewport={"width": 1280, "height": 900}, **options)
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    outside: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: outside.append(request.url) if not request.url.startswith((service, "blob:", "data:")) else None)
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") and not re.search("status of (4|503)", message.text) else None)
    page.on("pageerror", lambda fault: said.append(str(fault)))
    yield page
    context.close()
    assert not outside, f"asked outside: {outside}"
    assert not said, f"the console says: {said}"


@pytest.fixture
def page(browser: Any, service: str) -> Iterator[Any]:
    yield from _opened(browser, service)


@pytest.fixture
def plain(browser: Any, service: str) -> Iterator[Any]:
    """The same without JavaScript."""
    yield from _opened(browser, service, java_script_enabled=False)


@pytest.fixture
def client(service: str) -> Iterator[Any]:
    """Without a browser, for what needs none."""
    with httpx.Client(base_url=service, follow_redirects=True, timeout=PATIENCE) as opened:
        yield opened
