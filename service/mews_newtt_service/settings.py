"""The settings of the service, from environment variables MEWS_NEWTT_<NAME>. A misspelt variable is an error and never ignored."""

from __future__ import annotations

import dataclasses
import ipaddress
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mews_newtt.errors import MewsNewttError, Problem, did_you_mean

PREFIX = "MEWS_NEWTT_"
NOT_SETTINGS = frozenset(("CONFIG", "RULES"))  # read by the library itself
MIB = 1 << 20
LEAST: dict[str, float] = dict.fromkeys(
    ("port", "requests_per_minute", "job_workers", "job_threads", "job_memory_bytes", "result_hours", "shutdown_seconds"), 0
)
LEAST |= dict.fromkeys(("cds_window_minutes", "cds_lookback_minutes"), 0)
MOST: dict[str, float] = {"port": 65_535, "workers": 1_000, "job_workers": 1_000, "job_threads": 10_000}
MOST |= {"cds_window_minutes": 24 * 60, "cds_lookback_minutes": 366 * 24 * 60}
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
    clients_file: Path | None = field(
        default=None,
        metadata={"says": "TOML file of clients and their hashed keys; without it nobody has to sign in, and only loopback is served"},
    )
    metrics_open: bool = field(default=False, metadata={"says": "let /metrics be read without signing in"})
    requests_per_minute: int = field(default=6000, metadata={"says": "requests of one signed-in client in each web process; 0: no limit"})
    uploads_at_once: int = field(default=4, metadata={"says": "uploads and streams of one client at the same time in each web process"})
    jobs_per_client: int = field(default=20, metadata={"says": "jobs of one client that may wait or run at the same time"})
    client_bytes: int = field(
        default=16384 * MIB, metadata={"says": "most bytes of one client's uploads that wait or are worked on and results that are kept, together"}
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
    connections: int = field(default=1000, metadata={"says": "connections at the same time in each web process; beyond, idle ones are closed"})
    log_level: str = field(default="info", metadata={"says": "info, warning or error; info logs each request"})
    telemetry: bool = field(default=False, metadata={"says": "OpenTelemetry spans, sent by OTLP over HTTP (needs the extra `otel`)"})

    def __post_init__(self) -> None:
        faults = [fault for one in dataclasses.fields(self) if (fault := _out_of_range(one.name, getattr(self, one.name)))]
        if self.public_url and not re.fullmatch(r"https?://[^\s/?#]+[^\s?#]*", self.public_url):
            faults.append(Problem("bad_setting", PREFIX + "PUBLIC_URL", f"is {self.public_url[:60]!r}", "write https://name, and the path if any"))
        faults += [_bad_origin(origin) for origin in self.cors_origins if origin != "*" and not _ORIGIN.fullmatch(origin)]
        for path in self.cors_paths:
            if not path.startswith("/"):
                faults.append(Problem("bad_setting", PREFIX + "CORS_PATHS", f"names {path[:60]!r}", "write paths, such as /cds-services,/fhir"))
        for proxy in self.proxies:
            try:
                ipaddress.ip_network(proxy, strict=False)
            except ValueError:
                faults.append(Problem("bad_setting", PREFIX + "PROXIES", f"names {proxy[:60]!r}", "write addresses or networks, such as 10.0.0.0/8"))
        if self.log_level not in ("info", "warning", "error"):
            faults.append(Problem("bad_setting", PREFIX + "LOG_LEVEL", f"is {self.log_level!r}", "write info, warning or error"))
        if self.database_url and not self.database_url.startswith(("postgresql://", "postgres://")):
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
        """The settings of the environment. What is `given` here replaces what the environment says.

        Raises
        ------
        SettingsError  naming every variable that is misspelt or cannot be read
        """
        environment = os.environ if environment is None else environment
        fields = {f.name: f for f in dataclasses.fields(cls)}
        found: dict[str, Any] = {}
        faults: list[Problem] = []
        for variable, text in environment.items():
            name = variable.removeprefix(PREFIX)
            if not variable.startswith(PREFIX) or name in NOT_SETTINGS:
                continue
            wanted = fields.get(name.lower())
            if wanted is None:
                near = did_you_mean(name, [known.upper() for known in fields])
                mend = f"did you mean {PREFIX}{near}?" if near else "see docs/service.md for the settings"
                faults.append(Problem("unknown_setting", variable, "is not a setting", mend))
                continue
            try:
                found[wanted.name] = _readers()[str(wanted.type)](text)
            except ValueError:
                faults.append(Problem("bad_setting", variable, f"is {text[:60]!r}, not {_kinds()[str(wanted.type)]}", wanted.metadata["says"]))
        if environment.get("DATABASE_URL", "").startswith(("postgresql://", "postgres://")):
            found.setdefault("database_url", environment["DATABASE_URL"])
        if faults:
            raise SettingsError(faults)
        return cls(**{**found, **given})

    def to_environment(self) -> dict[str, str]:
        """These settings as variables, for processes that this one starts."""
        found = {}
        for one in dataclasses.fields(self):
            value = getattr(self, one.name)
            found[PREFIX + one.name.upper()] = ",".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
        return found


def _bad_origin(origin: str) -> Problem:
    mend = "write scheme and name, such as https://sandbox.cds-hooks.org, or *"
    return Problem("bad_setting", PREFIX + "CORS_ORIGINS", f"names {origin[:60]!r}", mend)


def _out_of_range(name: str, value: object) -> Problem | None:
    """The problem with a setting that is a number; None if there is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    least = LEAST.get(name, 1 if isinstance(value, int) else 0.001)
    most = MOST.get(name, LARGEST if name.endswith("bytes") else LONGEST)
    if math.isfinite(value) and least <= value <= most:
        return None
    return Problem("bad_setting", PREFIX + name.upper(), f"is {value}", f"give a number from {least:g} to {most:,}")


def _yes_or_no(text: str) -> bool:
    try:
        return {"1": True, "yes": True, "true": True, "on": True, "0": False, "no": False, "false": False, "off": False, "": False}[
            text.strip().casefold()
        ]
    except KeyError:
        raise ValueError(text) from None


def _readers() -> dict[str, Callable[[str], Any]]:
    return {
        "str": str,
        "int": int,
        "float": float,
        "bool": _yes_or_no,
        "Path": Path,
        "Path | None": lambda text: Path(text) if text else None,
        "tuple[str, ...]": lambda text: tuple(part.strip().lower() for part in text.split(",") if part.strip()),
    }


def _kinds() -> dict[str, str]:
    return {"int": "a whole number", "float": "a number", "bool": "yes or no"}
