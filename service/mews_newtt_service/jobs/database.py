"""Runs the queue's statements in SQLite or PostgreSQL, each list of them in one transaction. A database that is away becomes an error 503."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Sequence
from typing import Any, Protocol

from mews_newtt_service.jobs import job_times
from mews_newtt_service.problems import ServiceError, refuse
from mews_newtt_service.settings import Settings

Row = Sequence[Any]
Statement = tuple[str, Sequence[Any]]
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS mews_newtt_jobs (id TEXT PRIMARY KEY, client TEXT NOT NULL, kind TEXT NOT NULL, "
    "chart TEXT NOT NULL, version TEXT NOT NULL, sha256 TEXT NOT NULL, parameters TEXT NOT NULL, state TEXT NOT NULL, num_rows BIGINT NOT NULL, "
    "share DOUBLE PRECISION, created DOUBLE PRECISION NOT NULL, started DOUBLE PRECISION, finished DOUBLE PRECISION, expires DOUBLE PRECISION, "
    "attempts INTEGER NOT NULL, problems TEXT NOT NULL, files TEXT NOT NULL, "
    "digest TEXT NOT NULL, request_key TEXT, worker TEXT, lease DOUBLE PRECISION, bytes BIGINT NOT NULL DEFAULT 0, UNIQUE (client, request_key))",
    "CREATE INDEX IF NOT EXISTS mews_newtt_jobs_state ON mews_newtt_jobs (state, created)",
    "CREATE TABLE IF NOT EXISTS mews_newtt_tokens (client TEXT NOT NULL, token_id TEXT NOT NULL, expires DOUBLE PRECISION NOT NULL, "
    "PRIMARY KEY (client, token_id))",
    "CREATE TABLE IF NOT EXISTS mews_newtt_limits (client TEXT PRIMARY KEY, level DOUBLE PRECISION NOT NULL, at DOUBLE PRECISION NOT NULL, "
    "given INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS mews_newtt_workers (name TEXT PRIMARY KEY, seen DOUBLE PRECISION NOT NULL)",
    job_times.TABLE,
)
ADDED = "ALTER TABLE mews_newtt_jobs ADD COLUMN {} bytes BIGINT NOT NULL DEFAULT 0"  # to tables that an earlier release made
CONNECT_SECONDS = 5  # at most
BUSY_SECONDS = 15  # how long SQLite waits for another process
ANSWER_SECONDS = 10  # how long we wait for PostgreSQL by default: a frozen server or a broken network never answers
LAST_SECONDS = 2  # before we give up on an answer, PostgreSQL itself gives up on the statement
PAUSE_SECONDS = 2.0  # after such a wait other requests fail at once for so long


class Database(Protocol):
    """What the queue needs of a database. `now`, `skip_locked` and `one_at_a_time` are SQL in its dialect."""

    now: str
    skip_locked: str
    one_at_a_time: str  # run first in a transaction with a client's id: others of this client wait until it has ended

    def run(self, *statements: Statement) -> list[Row]:
        """Run statements in one transaction; the rows of the last one."""
        ...

    def scrub(self) -> None:
        """Overwrite what the database's files still hold of deleted rows, as far as we can."""

    def close(self) -> None: ...


def open_database(settings: Settings) -> Database:
    return PostgreSQL(settings.database_url, settings.database_seconds) if settings.database_url else SQLite(settings)


def away() -> ServiceError:
    return refuse(
        503, "database_unavailable", "database", "cannot be reached or written", "try again in a moment; single scores still work", Retry_After="5"
    )


def reachable(url: str) -> str | None:
    """Why a PostgreSQL database cannot be reached; None if it can. Nothing is made or changed in it."""
    import psycopg  # not loaded where SQLite is used

    try:
        psycopg.connect(url, connect_timeout=CONNECT_SECONDS, application_name="mews_newtt").close()
    except psycopg.Error as fault:
        return type(fault).__name__  # its words may hold the address with the password
    return None


class SQLite:
    """The embedded database, a file in the data folder."""

    # julianday counts days; the difference is exact to a tenth of a millisecond
    now = "((julianday('now') - 2440587.5) * 86400.0)"
    skip_locked = ""
    one_at_a_time = "SELECT ?"  # BEGIN IMMEDIATE keeps all others out already

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
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))  # problems of a job quote what was sent: for its owner only
            for path in self._path.parent.glob(self._path.name + "*"):
                with contextlib.suppress(OSError):
                    path.chmod(0o600)
            self._connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")  # a job that was answered 202 outlives a power cut
            self._connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
            for sql in SCHEMA:
                self._connection.execute(sql)
            if "bytes" not in [row[1] for row in self._connection.execute("PRAGMA table_info(mews_newtt_jobs)")]:
                with contextlib.suppress(sqlite3.OperationalError):  # another process was first
                    self._connection.execute(ADDED.format(""))
        return self._connection

    def scrub(self) -> None:
        """Write the write-ahead log back and empty it: deleted rows could still be read in it."""
        with self._lock, contextlib.suppress(sqlite3.Error, OSError):
            self._open().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()  # an open transaction is rolled back
            self._connection = None

    def close(self) -> None:
        with self._lock:
            self._drop()


def connection_options(seconds: float) -> dict[str, Any]:
    """Time limits of a connection to PostgreSQL, for us to get an answer within so many seconds."""
    longest = int(max(seconds / 2, seconds - LAST_SECONDS) * 1000)
    return {
        "connect_timeout": max(1, min(CONNECT_SECONDS, int(seconds))),
        "options": f"-c statement_timeout={longest} -c lock_timeout={longest} -c idle_in_transaction_session_timeout={longest}",
        "keepalives_idle": 30,  # a firewall may forget a connection that rests, and tell neither side
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": int(seconds * 1000),
    }


class PostgreSQL:
    """A shared database, for several workers or machines."""

    now = "extract(epoch FROM clock_timestamp())::double precision"
    skip_locked = "FOR UPDATE SKIP LOCKED"
    one_at_a_time = "SELECT pg_advisory_xact_lock(7312, hashtext(?))"

    def __init__(self, url: str, seconds: float = ANSWER_SECONDS):
        self._url = url
        self._seconds = seconds
        self._lock = threading.Lock()
        self._connection: Any = None
        self._silent_until = 0.0

    def run(self, *statements: Statement) -> list[Row]:
        if not self._lock.acquire(timeout=self._seconds):
            raise away()
        try:
            return self._run_in_time(statements)
        finally:
            self._lock.release()

    def _run_in_time(self, statements: Sequence[Statement]) -> list[Row]:
        import psycopg  # not loaded where SQLite is used

        if time.monotonic() < self._silent_until:
            raise away()
        fresh = self._connection is None
        for again in (not fresh, False):  # a connection that the server has closed is opened anew, once
            late = threading.Event()
            timer = threading.Timer(self._seconds, self._cut, (late,))
            timer.daemon = True
            timer.start()
            try:
                return self._run(statements)
            except (psycopg.Error, OSError) as fault:
                lost = self._connection is None or self._connection.closed
                self._drop()
                if late.is_set() or isinstance(fault, psycopg.errors.ConnectionTimeout):
                    self._silent_until = time.monotonic() + PAUSE_SECONDS
                    raise away() from None
                if not (again and lost):
                    raise away() from None
            finally:
                timer.cancel()
        raise away()

    def _cut(self, late: threading.Event) -> None:
        """End the wait for a server that does not answer. Only shutting the socket down wakes the waiting thread."""
        late.set()
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(Exception), socket.socket(fileno=os.dup(connection.fileno())) as wire:
                wire.shutdown(socket.SHUT_RDWR)

    def scrub(self) -> None:
        """Nothing: the files are the server's, and its next vacuum removes deleted rows."""

    def _run(self, statements: Sequence[Statement]) -> list[Row]:
        import psycopg  # not loaded where SQLite is used

        if self._connection is None:
            self._connection = psycopg.connect(self._url, **connection_options(self._seconds), application_name="mews_newtt", autocommit=True)
            with self._connection.transaction():
                self._connection.execute("SELECT pg_advisory_xact_lock(7311)")  # two that start at once do not both make the tables
                for sql in (*SCHEMA, ADDED.format("IF NOT EXISTS")):
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
