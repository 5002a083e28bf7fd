"""All platforms."""

from __future__ import annotations

from tests.platforms import on_mews, on_news2, on_newtt2, on_npews
from tests.platforms.platform import Platform

PLATFORMS: dict[str, Platform] = {p.name: p for module in (on_mews, on_newtt2, on_news2, on_npews) for p in module.PLATFORMS}
