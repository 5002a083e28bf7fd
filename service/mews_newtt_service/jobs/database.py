"""One small door to SQLite or PostgreSQL: statements in one transaction, a lost connection opened again, a lost database told as 503."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Sequence
from typing import Any, Protocol

from mews_newtt_service.problems import ServiceError, refuse
from mews_newtt_service.settings import Settings

Row = Sequence[Any]
Statement = tuple[str, Sequence[Any]]
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS mews_newtt_jobs (id TEXT PRIMARY KEY, client TEXT NOT NULL, kind TEXT NOT NULL, "
    "chart TEXT NOT NULL, version TEXT NOT NULL, sha256 TEXT NOT NULL, parameters TEXT NOT NULL, state TEXT NOT NULL, num_rows BIGINT NOT NULL, "
    "share DOUBLE PRECISION, created DOUBLE PRECISION NOT NULL, started DOUBLE PRECISION, finished DOUBLE PRECISION, expires DOUBLE PRECISION, "
    "attempts INTEGER NOT NULL, problems TEXT NOT NULL, files TEXT NOT NULL, "
    "digest TEXT NOT NULL, request_key TEXT, worker TEXT, lease DOUBLE PRECISION, UNIQUE (client, request_key))",
    "CREATE INDEX IF NOT EXISTS mews_newtt_jobs_state ON mews_newtt_jobs (state, created)",
    "CREATE TABLE IF NOT EXISTS mews_newtt_tokens (client TEXT NOT NULL, token_id TEXT NOT NULL, expires DOUBLE PRECISION NOT NULL, "
    "PRIMARY KEY (client, token_id))",
)
CONNECT_SECONDS = 5
STATEMENT_SECONDS = 15


class Database(Protocol):
    """What the queue needs; `now` and `skip_locked` are the dialect's own words."""

    now: str
    skip_locked: str

    def run(self, *statements: Statement) -> list[Row]:
        """Run statements in one transaction; the rows of the last one."""
        ...

    def close(self) -> None: ...


def open_database(settings: Settings) -> Database:
    return PostgreSQL(settings.database_url) if settings.database_url else SQLite(settings)


def away() -> ServiceError:
    return refuse(
        503, "database_unavailable", "database", "cannot be reached or written", "try again in a moment; single scores go on", Retry_After="5"
    )


class SQLite:
    """The embedded database, a file in the data folder."""

    # julianday counts days; the difference is exact to a tenth of a millisecond
    now = "((julianday('now') - 2440587.5) * 86400.0)"
    skip_locked = ""

    def __init__(self, settings: Settings):
        self._path = settings.data_folder / "jobs.sqlite"
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def run(self, *statements: Statement) -> list[Row]:
        with self._lock:
            try:
                connection = self._open()
                connection.execute("BEGIN IMMEDIATE")
                rows: list[Row] = []
                for sql, values in statements:
                    rows = connection.execute(sql, values).fetchall()
                connection.execute("COMMIT")
            except (sqlite3.Error, OSError):
                self._drop()
                raise away() from None
            return rows

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._connection = sqlite3.connect(self._path, timeout=STATEMENT_SECONDS, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")  # a job that was answered 202 outlives a power cut
            for sql in SCHEMA:
                self._connection.execute(sql)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()  # an open transaction is rolled back
            self._connection = None

    def close(self) -> None:
        with self._lock:
            self._drop()


class PostgreSQL:
    """A shared database, for several workers or machines."""

    now = "extract(epoch FROM clock_timestamp())::double precision"
    skip_locked = "FOR UPDATE SKIP LOCKED"

    def __init__(self, url: str):
        self._url = url
        self._lock = threading.Lock()
        self._connection: Any = None

    def run(self, *statements: Statement) -> list[Row]:
        import psycopg

        with self._lock:
            fresh = self._connection is None
            for again in (not fresh, False):  # a connection that the server has closed is opened anew, once
                try:
                    return self._run(statements)
                except (psycopg.OperationalError, psycopg.InterfaceError):
                    self._drop()
                    if not again:
                        raise away() from None
                except psycopg.Error:
                    self._drop()
                    raise away() from None
        raise away()

    def _run(self, statements: Sequence[Statement]) -> list[Row]:
        import psycopg

        if self._connection is None:
            options = f"-c statement_timeout={STATEMENT_SECONDS * 1000} -c lock_timeout={STATEMENT_SECONDS * 1000}"
            self._connection = psycopg.connect(
                self._url, connect_timeout=CONNECT_SECONDS, options=options, application_name="mews_newtt", autocommit=True
            )
            with self._connection.transaction():
                self._connection.execute("SELECT pg_advisory_xact_lock(7311)")  # two that start at once do not both make the tables
                for sql in SCHEMA:
                    self._connection.execute(sql)
        rows: list[Row] = []
        with self._connection.transaction():
            for sql, values in statements:
                cursor = self._connection.execute(sql.replace("?", "%s"), values)
                rows = cursor.fetchall() if cursor.description else []
        return rows

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.close()
            self._connection = None

    def close(self) -> None:
        with self._lock:
            self._drop()
