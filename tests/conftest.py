"""What every test shares: no site folders leak in, short property runs are the same on every machine, and `engine` runs a test on every engine."""

from __future__ import annotations

import signal

import pytest
from hypothesis import HealthCheck, Phase, settings

settings.register_profile("short", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow], database=None)
settings.register_profile("quick-to-fail", settings.get_profile("short"), phases=[Phase.generate])  # pytest --hypothesis-profile=quick-to-fail
settings.load_profile("short")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell starts background commands like this; processes of the tests would ignore Ctrl-C too
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_site_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own charts must not change what the tests see."""
    for name in ("MEWS_NEWTT_RULES", "MEWS_NEWTT_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `engine` runs once on each: the reference, and every engine that is registered."""
    if "engine" in metafunc.fixturenames:
        from tests.every_engine import NAMES, EngineUnderTest  # needs the batch extra, as other tests do not

        metafunc.parametrize("engine", [EngineUnderTest(name) for name in NAMES], ids=NAMES)
