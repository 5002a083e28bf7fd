"""Settings that would switch a limit off, or the service with it, do not let it start."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from mews_newtt_service.settings import PREFIX, Settings, SettingsError
from tests.cli.command import run
from tests.service.support import ROOT

NUMBERS = [field for field in dataclasses.fields(Settings) if field.type in ("int", "float")]


def refused(**environment: str) -> list[str]:
    with pytest.raises(SettingsError) as fault:
        Settings.from_environment({PREFIX + name: text for name, text in environment.items()})
    return [problem.where for problem in fault.value.problems]


@pytest.mark.parametrize("name", [field.name for field in NUMBERS])
def test_no_number_is_negative_or_endless(name: str) -> None:
    assert refused(**{name.upper(): "-1"}) == [PREFIX + name.upper()]
    assert refused(**{name.upper(): "1" + "0" * 30}) == [PREFIX + name.upper()]


@pytest.mark.parametrize("name", [field.name for field in NUMBERS if field.type == "float"])
@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_no_time_is_no_number(name: str, text: str) -> None:
    assert refused(**{name.upper(): text}) == [PREFIX + name.upper()]


@pytest.mark.parametrize(
    "name",
    ["WORKERS", "UPLOADS_AT_ONCE", "JOBS_PER_CLIENT", "CLIENT_BYTES", "ARRAY_BYTES", "UNPACKED_BYTES", "JOB_SECONDS", "LEASE_SECONDS", "HEADER_SECONDS", "BODY_SECONDS", "SEND_SECONDS", "CONNECTIONS"],
)
def test_what_must_be_something_is_not_nothing(name: str) -> None:
    assert refused(**{name: "0"}) == [PREFIX + name]


def test_what_may_be_nothing_may() -> None:
    none = dict.fromkeys(("PORT", "REQUESTS_PER_MINUTE", "JOB_WORKERS", "JOB_THREADS", "JOB_MEMORY_BYTES", "RESULT_HOURS", "SHUTDOWN_SECONDS"), "0")
    assert Settings.from_environment({PREFIX + name: text for name, text in none.items()}).requests_per_minute == 0


def test_every_fault_is_named_at_once_with_what_is_allowed() -> None:
    assert refused(PORT="70000", LEASE_SECONDS="nan", PUBLIC_URL="scores.example", PROXIES="proxy.example", LOG_LEVEL="loud") == [
        PREFIX + name for name in ("PORT", "LEASE_SECONDS", "PUBLIC_URL", "PROXIES", "LOG_LEVEL")
    ]
    with pytest.raises(SettingsError, match=r"give a number from 0 to 65,535"):
        Settings(port=-1)


@pytest.mark.parametrize("url", ["https://scores.example.nhs.uk", "http://localhost:8311", "https://x.example/ews"])
def test_addresses_are_taken(url: str) -> None:
    assert Settings(public_url=url).public_url == url


def test_the_command_says_so_and_nothing_listens(tmp_path: Path) -> None:
    done = run("serve", "--port", "0", "--data", str(tmp_path), MEWS_NEWTT_LEASE_SECONDS="nan", PYTHONPATH=f"{ROOT}:{ROOT / 'service'}")
    assert (done.code, "MEWS_NEWTT_LEASE_SECONDS" in done.err, "listening" in done.err) == (2, True, False)
