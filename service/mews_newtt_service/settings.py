"""The settings of the service: what an operator can set, and which values are allowed. Where values come from: `setting_sources`."""

from __future__ import annotations

import dataclasses
import ipaddress
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mews_newtt.errors import MewsNewttError, Problem
from mews_newtt_service.setting_sources import FILE_VARIABLE, POSTGRES, PREFIX, gather, text_of

__all__ = ("FIELDS", "PREFIX", "Settings", "SettingsError", "default_data_folder")
MIB = 1 << 20
LEAST: dict[str, float] = dict.fromkeys(
    (
        "port",
        "requests_per_minute",
        "job_workers",
        "job_threads",
        "job_memory_bytes",
        "result_hours",
        "shutdown_seconds",
        "drain_seconds",
        "free_bytes",
    ),
    0,
)
LEAST |= dict.fromkeys(("cds_window_minutes", "cds_lookback_minutes"), 0)
MOST: dict[str, float] = {"port": 65_535, "workers": 1_000, "job_workers": 1_000, "job_threads": 10_000}
MOST |= {"cds_window_minutes": 24 * 60, "cds_lookback_minutes": 366 * 24 * 60}
_HOST = re.compile(r"[a-z0-9._-]+|\[?[0-9a-f:.]+\]?")  # as the Host header has it, without its port
_ORIGIN = re.compile(r"https?://[^\s/?#*@]+")
LONGEST = 10**9  # of any time or count
LARGEST = 2**62  # of bytes


class SettingsError(MewsNewttError):
    """A setting is wrong. The service does not start."""


def default_data_folder() -> Path:
    """The folder of jobs and results if none is set: the user's own state folder."""
    home = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return Path(home) / "mews-newtt"


@dataclass(frozen=True)
class Settings:
    """What an operator can set. Sizes are bytes, times are seconds, where the name does not say otherwise."""

    host: str = field(default="127.0.0.1", metadata={"says": "address to listen on; beyond loopback only with a clients file"})
    port: int = field(default=8311, metadata={"says": "port to listen on; 0 takes any free one"})
    workers: int = field(default=1, metadata={"says": "web processes"})
    hosts: tuple[str, ...] = field(
        default=(), metadata={"says": "names in the Host header that are answered, with commas; on loopback without clients: loopback names only"}
    )
    public_url: str = field(
        default="", metadata={"says": "address by which clients know the service, for tokens and links, such as https://scores.example.nhs.uk"}
    )
    proxies: tuple[str, ...] = field(
        default=(), metadata={"says": "addresses or networks of proxies in front of the service, with commas; their X-Forwarded-For is believed"}
    )
    cors_origins: tuple[str, ...] = field(
        default=(),
        metadata={"says": "other sites whose pages may call from a browser, with commas, such as https://sandbox.cds-hooks.org; *: any site"},
    )
    cors_paths: tuple[str, ...] = field(
        default=("/cds-services",), metadata={"says": "beginnings of the paths that those pages may call, with commas; /: all of them"}
    )
    cds_window_minutes: int = field(default=30, metadata={"says": "how long one round of observations may last, for cards"})
    cds_lookback_minutes: int = field(
        default=0, metadata={"says": "how old the readings of cards may be; older ones are named and not scored; 0: any age"}
    )
    cds_encounter: bool = field(default=False, metadata={"says": "cards take only readings of the encounter that is open (context.encounterId)"})
    data_folder: Path = field(default_factory=default_data_folder, metadata={"says": "folder of jobs, results and the embedded database"})
    database_url: str = field(
        default="", metadata={"says": "postgresql://... when several machines serve (also DATABASE_URL); empty: SQLite in the data folder"}
    )
    database_seconds: float = field(
        default=10.0, metadata={"says": "longest wait for an answer of PostgreSQL; then the answer is 503, and single scores still work"}
    )
    clients_file: Path | None = field(
        default=None,
        metadata={"says": "TOML file of clients and their hashed keys; without it nobody has to sign in, and only loopback is served"},
    )
    metrics_open: bool = field(default=False, metadata={"says": "let /metrics be read without signing in"})
    requests_per_minute: int = field(default=6000, metadata={"says": "requests of one signed-in client, over all web processes; 0: no limit"})
    uploads_at_once: int = field(default=4, metadata={"says": "uploads and streams of one client at the same time in each web process"})
    jobs_per_client: int = field(default=20, metadata={"says": "jobs of one client that may wait or run at the same time"})
    client_bytes: int = field(
        default=16384 * MIB, metadata={"says": "most bytes of one client's uploads that wait or are worked on and results that are kept, together"}
    )
    free_bytes: int = field(
        default=256 * MIB,
        metadata={"says": "bytes that stay free on the disk of the data folder; uploads that would leave less are refused with 507"},
    )
    json_bytes: int = field(default=MIB, metadata={"says": "largest JSON body of one observation set"})
    array_bytes: int = field(default=16 * MIB, metadata={"says": "largest JSON body of many observation sets"})
    array_rows: int = field(default=10_000, metadata={"says": "most observation sets in a JSON array"})
    line_bytes: int = field(default=64 * 1024, metadata={"says": "longest line of an NDJSON stream, and longest set of a JSON array"})
    json_depth: int = field(default=32, metadata={"says": "deepest nesting of JSON"})
    upload_bytes: int = field(default=4096 * MIB, metadata={"says": "largest upload"})
    unpacked_bytes: int = field(default=32768 * MIB, metadata={"says": "largest upload once unpacked"})
    upload_rows: int = field(default=50_000_000, metadata={"says": "most rows of an upload"})
    job_workers: int = field(default=1, metadata={"says": "processes that do the long work; 0: none here (other machines do it)"})
    job_threads: int = field(default=0, metadata={"says": "threads of each such process; 0: as many as there are cores"})
    job_memory_bytes: int = field(
        default=0, metadata={"says": "most memory of each such process; 0: together, three quarters of what the machine or container has"}
    )
    job_seconds: int = field(default=3600, metadata={"says": "longest run of a job"})
    job_attempts: int = field(default=3, metadata={"says": "how often a job is taken up again after its worker died"})
    lease_seconds: float = field(default=60.0, metadata={"says": "how long a worker may be silent before its job is taken again"})
    result_hours: float = field(default=24.0, metadata={"says": "how long results are kept"})
    header_seconds: float = field(default=10.0, metadata={"says": "longest wait for the headers of a request"})
    body_seconds: float = field(default=20.0, metadata={"says": "longest silence while a body is sent"})
    send_seconds: float = field(default=30.0, metadata={"says": "longest wait for a client that does not read its answer"})
    shutdown_seconds: int = field(default=30, metadata={"says": "how long running work may finish when the service stops"})
    drain_seconds: int = field(
        default=5, metadata={"says": "how long the service still answers after SIGTERM while /readyz says draining, before it stops listening"}
    )
    connections: int = field(default=1000, metadata={"says": "connections at the same time in each web process; beyond, idle ones are closed"})
    log_level: str = field(default="info", metadata={"says": "info, warning or error; info logs each request"})
    telemetry: bool = field(default=False, metadata={"says": "OpenTelemetry spans, sent by OTLP over HTTP (needs the extra `otel`)"})

    def __post_init__(self) -> None:
        faults = [fault for one in dataclasses.fields(self) if (fault := _out_of_range(one.name, getattr(self, one.name)))]
        if self.public_url and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", self.public_url):
            what = "holds a name or password" if "@" in self.public_url else f"is {self.public_url[:60]!r}"
            faults.append(Problem("bad_setting", PREFIX + "PUBLIC_URL", what, "write https://name, and the path if any"))
        faults += [_bad_origin(origin) for origin in self.cors_origins if origin != "*" and not _ORIGIN.fullmatch(origin)]
        for path in self.cors_paths:
            if not path.startswith("/"):
                faults.append(Problem("bad_setting", PREFIX + "CORS_PATHS", f"names {path[:60]!r}", "write paths, such as /cds-services,/fhir"))
        faults += [_bad_host(name) for name in self.hosts if not _HOST.fullmatch(name)]
        for proxy in self.proxies:
            try:
                everybody = ipaddress.ip_network(proxy, strict=False).prefixlen == 0
            except ValueError:
                everybody = False
                faults.append(Problem("bad_setting", PREFIX + "PROXIES", f"names {proxy[:60]!r}", "write addresses or networks, such as 10.0.0.0/8"))
            if everybody:
                what = f"names {proxy}, so any caller could write the address that is believed"
                faults.append(Problem("bad_setting", PREFIX + "PROXIES", what, "name only the proxies that are yours, such as 10.0.0.0/8"))
        if self.log_level not in ("info", "warning", "error"):
            faults.append(Problem("bad_setting", PREFIX + "LOG_LEVEL", f"is {self.log_level!r}", "write info, warning or error"))
        if self.database_url and not self.database_url.startswith(POSTGRES):
            faults.append(Problem("bad_setting", PREFIX + "DATABASE_URL", "is not a PostgreSQL address", "write postgresql://user@host/database"))
        if not self.is_loopback and self.clients_file is None:
            faults.append(
                Problem(
                    "no_authentication",
                    f"host {self.host}",
                    "would be reached from other machines, and nobody would have to sign in",
                    f"set {PREFIX}CLIENTS_FILE (see `mews-newtt serve --new-key`), or listen on 127.0.0.1",
                )
            )
        if faults:
            raise SettingsError(faults)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
        """The settings of the environment and of the file that it names. What is `given` here replaces what these say.

        Raises
        ------
        SettingsError  naming every setting that is misspelt, cannot be read or has a value that is not allowed
        """
        found = gather(FIELDS, os.environ if environment is None else environment, given)
        faults = list(found.faults)
        try:
            made = cls(**found.values)
        except SettingsError as fault:
            faults += fault.problems
        if faults:
            raise SettingsError(faults)
        return made

    def to_environment(self) -> dict[str, str]:
        """These settings as variables, for processes that this one starts. They need not read the settings file."""
        return {PREFIX + name.upper(): text_of(getattr(self, name)) for name in FIELDS} | {FILE_VARIABLE: ""}


FIELDS: Mapping[str, dataclasses.Field[Any]] = {one.name: one for one in dataclasses.fields(Settings)}


def _bad_origin(origin: str) -> Problem:
    mend = "write scheme and name, such as https://sandbox.cds-hooks.org, or *"
    return Problem("bad_setting", PREFIX + "CORS_ORIGINS", f"names {origin[:60]!r}", mend)


def _bad_host(name: str) -> Problem:
    mend = "write names alone, without scheme, port and path, such as scores.example.nhs.uk"
    return Problem("bad_setting", PREFIX + "HOSTS", f"names {name[:60]!r}", mend)


def _out_of_range(name: str, value: object) -> Problem | None:
    """The problem with a setting that is a number; None if there is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    least = LEAST.get(name, 1 if isinstance(value, int) else 0.001)
    most = MOST.get(name, LARGEST if name.endswith("bytes") else LONGEST)
    if math.isfinite(value) and least <= value <= most:
        return None
    return Problem("bad_setting", PREFIX + name.upper(), f"is {value}", f"give a number from {least:g} to {most:,}")
