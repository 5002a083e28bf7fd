"""What every test shares: no site folders leak in, and the short property runs are the same on every machine."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings

settings.register_profile("short", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow], database=None)
settings.register_profile("quick-to-fail", settings.get_profile("short"), phases=[Phase.generate])  # pytest --hypothesis-profile=quick-to-fail
settings.load_profile("short")


@pytest.fixture(autouse=True)
def _no_site_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own charts must not change what the tests see."""
    for name in ("MEWS_NEWTT_RULES", "MEWS_NEWTT_CONFIG"):
        monkeypatch.delenv(name, raising=False)
