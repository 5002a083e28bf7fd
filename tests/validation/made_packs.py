"""Packs that tests only read: each is made once in a test process, because making one takes seconds."""

from __future__ import annotations

from functools import cache
from importlib import import_module

import pytest

from mews_newtt import Chart, load_chart
from mews_newtt.validation.packs import Pack, make_pack


def pack_of(name: str, *, manual: bool = False) -> Pack:
    """The pack of a shipped chart, `id` or `id@version`, made with seed 0 and beside all shipped charts. All tests share it: do not change it."""
    return shared_pack(load_chart(name), manual)


@cache
def shared_pack(chart: Chart, manual: bool = False) -> Pack:
    return make_pack(chart, manual=manual)


def share_packs_of_coverage(monkeypatch: pytest.MonkeyPatch) -> None:
    """`coverage` makes a full pack for every file with gaps. In a test that calls this it takes the shared pack instead."""
    monkeypatch.setattr(import_module("mews_newtt.validation.coverage"), "make_pack", shared_pack)  # the package has a function of this name
