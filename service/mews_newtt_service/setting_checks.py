"""Checks the settings before anything starts: what they name must be there and fit together. `mews-newtt serve --check` lists them all."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from mews_newtt.chart.catalogue import site_folders
from mews_newtt.errors import MewsNewttError, Problem
from mews_newtt_service.auth.clients import read_clients
from mews_newtt_service.auth.key_sets import key_file_problem
from mews_newtt_service.chart_registry import ChartRegistry
from mews_newtt_service.jobs import memory
from mews_newtt_service.jobs.database import reachable
from mews_newtt_service.setting_sources import DEFAULT, FILE_VARIABLE, OF_THE_LIBRARY, PREFIX, gather, text_of
from mews_newtt_service.settings import FIELDS, Settings, SettingsError
from mews_newtt_service.telemetry import check_installed

HIDDEN = "***"
# What a running process cannot change: its sockets and processes, and where its jobs are.
FIXED = (
    *("host", "port", "workers", "data_folder", "database_url", "database_seconds"),
    *("connections", "header_seconds", "send_seconds", "shutdown_seconds"),
)


class Row(NamedTuple):
    """One setting as the list shows it: its variable, its value without secrets, and where it comes from."""

    variable: str
    value: str
    source: str


class Checked(NamedTuple):
    """The effective settings, and every problem with them. Problems that are warnings do not keep the service from starting."""

    rows: list[Row]
    problems: list[Problem]


def check_settings(environment: Mapping[str, str], given: Mapping[str, Any]) -> Checked:
    """The settings that the service would start with, and all that is wrong with them. Nothing is started, made or changed.

    Parameters
    ----------
    environment : the variables, of which MEWS_NEWTT_SETTINGS_FILE may name a file
    given : values of the command line, by name of the setting
    """
    found = gather(FIELDS, environment, given)
    problems = list(found.faults)
    good = dict(found.values)
    try:
        settings = Settings(**good)
    except SettingsError as fault:
        problems += fault.problems
        settings = Settings(**_without_faults(good, fault.problems))  # the rest is checked all the same
    rows = [
        _row(name, found.values.get(name, getattr(Settings(), name)), found.sources.get(name, DEFAULT), found.unread.get(name)) for name in FIELDS
    ]
    others = [FILE_VARIABLE, *(PREFIX + name for name in OF_THE_LIBRARY)]
    rows += [Row(name, environment[name], f"variable {name}") for name in others if environment.get(name)]
    problems += around(settings)
    if settings.database_url and not any("DATABASE_URL" in problem.where for problem in problems):
        said = reachable(settings.database_url)
        if said is not None:
            problems.append(
                _doubt("database_unreachable", "DATABASE_URL", f"cannot be reached now: {said}", "start the database, or correct the address")
            )
    for name in sorted(found.sources.keys() & _WITHOUT_CLIENTS if settings.clients_file is None else ()):
        what = "has no effect, because nobody has to sign in"
        problems.append(_doubt("no_effect", name.upper(), what, f"set {PREFIX}CLIENTS_FILE, or leave it out"))
    if "cors_paths" in found.sources and not settings.cors_origins:
        problems.append(
            _doubt("no_effect", "CORS_PATHS", "names paths for other sites, and no site is named", f"set {PREFIX}CORS_ORIGINS, or leave it out")
        )
    return Checked(rows, problems)


_WITHOUT_CLIENTS = frozenset(("requests_per_minute", "metrics_open"))


def around(settings: Settings) -> list[Problem]:
    """What is wrong between the settings, with the files, folders and addresses that they name, and with the site's own charts."""
    return [
        *_data_folder(settings),
        *_clients(settings),
        *_address(settings),
        *_database(settings),
        *_telemetry(settings),
        *_limits(settings),
        *_charts(),
    ]


def refuse_faults(settings: Settings) -> None:
    """Raise SettingsError if the service must not start with these settings. Warnings are for `--check` alone."""
    faults = [problem for problem in around(settings) if not problem.warning]
    if faults:
        raise SettingsError(faults)


def kept_fixed(new: Settings, old: Settings) -> tuple[Settings, list[str]]:
    """New settings for a running service, and the variables of those that keep their value until it is started again."""
    kept = [name for name in FIXED if getattr(new, name) != getattr(old, name)]
    return dataclasses.replace(new, **{name: getattr(old, name) for name in kept}), [PREFIX + name.upper() for name in kept]


def _without_faults(values: Mapping[str, Any], faults: tuple[Problem, ...]) -> dict[str, Any]:
    bad = {fault.where.removeprefix(PREFIX).lower() for fault in faults}
    return {
        name: value for name, value in values.items() if name not in bad and not (name == "host" and "no_authentication" in {f.code for f in faults})
    }


def _row(name: str, value: object, source: str, unread: str | None) -> Row:
    if unread is not None:
        shown = HIDDEN if name == "database_url" else repr(unread[:60])
        return Row(PREFIX + name.upper(), f"{shown} cannot be read", source)
    if value in (None, "", ()):
        return Row(PREFIX + name.upper(), "(none)", source)
    shown = {True: "yes", False: "no"}[value] if isinstance(value, bool) else text_of(value)
    return Row(PREFIX + name.upper(), without_password(shown) if name in ("database_url", "public_url") else shown, source)


def without_password(url: str) -> str:
    """A database's address without its password, which stands before the host or among the parameters."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    user, at, host = parts.netloc.rpartition("@")
    if ":" in user:
        user = f"{user.partition(':')[0]}:{HIDDEN}"
    query = "&".join(f"{name}={HIDDEN}" if "pass" in name.lower() else f"{name}{sign}{value}" for name, sign, value in _pairs(parts.query))
    return urlunsplit((parts.scheme, user + at + host, parts.path, query, ""))


def _pairs(query: str) -> Iterator[tuple[str, str, str]]:
    return (part.partition("=") for part in query.split("&")) if query else iter(())


def _fault(code: str, name: str, what: str, mend: str) -> Problem:
    return Problem(code, PREFIX + name, what, mend)


def _doubt(code: str, name: str, what: str, mend: str) -> Problem:
    return Problem(code, PREFIX + name, what, mend, warning=True)


def _data_folder(settings: Settings) -> Iterator[Problem]:
    folder = settings.data_folder
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(path))
    try:
        with tempfile.TemporaryFile(dir=there):  # it has no name, so nothing is left of it
            pass
    except OSError as fault:
        mend = "set MEWS_NEWTT_DATA_FOLDER (or --data) to a folder that can"
        yield Problem("data_folder", str(folder), f"cannot be written: {fault.strerror}", mend)
        return
    free = shutil.disk_usage(there).free
    if free < settings.free_bytes:
        what = f"is {settings.free_bytes:,}, and the disk of {folder} has {free:,} bytes free: uploads would be refused"
        yield _doubt("disk_full", "FREE_BYTES", what, "make room, or set it lower")


def _clients(settings: Settings) -> Iterator[Problem]:
    path = settings.clients_file
    if path is None:
        return
    try:
        clients = read_clients(path, signing=bool(settings.public_url))
    except SettingsError as fault:
        yield from fault.problems
        return
    for key_file in dict.fromkeys(client.jwks for client in clients.values() if client.jwks is not None):
        problem = key_file_problem(key_file)
        if problem is not None:
            yield problem
    for file in (path, *(client.jwks for client in clients.values() if client.jwks is not None)):
        if file.stat().st_mode & 0o002:
            yield Problem("file_open", str(file), "can be written by every user of this machine, who could let anybody in", f"chmod o-w {file}")


def _address(settings: Settings) -> Iterator[Problem]:
    host = settings.host.strip("[]")
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, settings.port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as fault:
        yield _fault(
            "bad_setting",
            "HOST",
            f"is {settings.host!r}, which is no address: {getattr(fault, 'strerror', None) or fault}",
            "write an address of this machine",
        )
        return
    with socket.socket(family, kind) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(address)  # it does not listen
        except PermissionError:
            yield _fault("bad_setting", "PORT", f"is {settings.port}, which only the system's own services may use", "choose a port from 1024 on")
        except OSError as fault:
            if _is_elsewhere(family, kind, address):
                yield _fault(
                    "bad_setting", "HOST", f"is {settings.host}, which is no address of this machine", "write one that is, or 0.0.0.0 for all of them"
                )
            else:
                yield _doubt(
                    "cannot_listen", "PORT", f"{settings.port} is taken now: {fault.strerror}", "choose another, unless the service itself runs there"
                )
    if settings.public_url:
        parts = urlsplit(settings.public_url)
        if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            yield _doubt(
                "not_encrypted", "PUBLIC_URL", "is http, so keys and readings travel in the open", "let the proxy take https, and write https://"
            )
        if settings.hosts and parts.hostname not in settings.hosts:
            what = f"is not among {PREFIX}HOSTS, so a request for {parts.hostname} is refused (421)"
            yield _doubt("wrong_host", "PUBLIC_URL", what, f"add {parts.hostname} to {PREFIX}HOSTS, unless the proxy sends another Host")


def _is_elsewhere(family: int, kind: int, address: Any) -> bool:
    with socket.socket(family, kind) as tried:
        try:
            tried.bind((address[0], 0, *address[2:]))
        except OSError:
            return True
    return False


def _database(settings: Settings) -> Iterator[Problem]:
    if not settings.database_url:
        return
    if importlib.util.find_spec("psycopg") is None:
        yield _fault("extra_missing", "DATABASE_URL", "needs psycopg, which is not installed", 'pip install "psycopg[binary]"')
        return
    from psycopg import ProgrammingError, conninfo

    try:
        conninfo.conninfo_to_dict(settings.database_url)
    except ProgrammingError:  # its words may hold the password
        yield _fault("bad_setting", "DATABASE_URL", "is not a PostgreSQL address", "write postgresql://user@host/database")


def _telemetry(settings: Settings) -> Iterator[Problem]:
    if settings.telemetry:
        try:
            check_installed()
        except SettingsError as fault:
            yield from fault.problems


def _limits(settings: Settings) -> Iterator[Problem]:
    """Limits that contradict one another."""
    for lower, upper in (("line_bytes", "array_bytes"), ("upload_bytes", "unpacked_bytes")):
        low, high = getattr(settings, lower), getattr(settings, upper)
        if low > high:
            what = f"is {low:,}, more than {PREFIX}{upper.upper()} ({high:,})"
            yield _fault("limits_contradict", lower.upper(), what, f"set it to {high:,} or less, or raise the other")
    if settings.upload_bytes > settings.client_bytes:
        what = f"is {settings.upload_bytes:,}, and one client may keep {settings.client_bytes:,} only"
        yield _doubt("limits_contradict", "UPLOAD_BYTES", what, f"set it lower, or raise {PREFIX}CLIENT_BYTES")
    if "*" in settings.cors_origins and len(settings.cors_origins) > 1:
        yield _fault("limits_contradict", "CORS_ORIGINS", "names sites and also * (any site)", "write * alone, or leave it out")
    most = memory.there_is()
    if most and settings.job_memory_bytes * settings.job_workers > most:
        what = f"is {settings.job_memory_bytes:,} for each of {settings.job_workers} workers, and the machine has {most:,}"
        yield _doubt("limits_contradict", "JOB_MEMORY_BYTES", what, "set it lower, or to 0 for three quarters of the machine")
    if not settings.job_workers and not settings.database_url:
        mend = f"set it to 1 or more, unless another service works in {settings.data_folder}"
        yield _doubt("no_worker", "JOB_WORKERS", "is 0, so nobody does long work", mend)


def _charts() -> Iterator[Problem]:
    """Faults of the site's own charts."""
    with contextlib.suppress(MewsNewttError):
        for folder in site_folders():
            if not Path(folder).is_dir():
                yield _fault("folder_missing", "RULES", f"names {folder}, which is no folder", "correct it, or make the folder")
                return
    try:
        ChartRegistry()
    except MewsNewttError as fault:
        yield from fault.problems
