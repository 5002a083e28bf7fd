"""The clients file: who may call the service. A client has a key, of which the file holds the hash, or signs with a key pair."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from mews_newtt.errors import Problem
from mews_newtt_service.settings import SettingsError

KEY_PREFIX = "mn_"
LOOK_SECONDS = 2.0
OnError = Callable[[SettingsError], None]
KEYS = frozenset(("id", "key_sha256", "jwks", "jwks_url", "cds_issuer", "requests_per_minute", "expires", "note"))


class Client(NamedTuple):
    """One caller: the hashes of its keys, where its public keys are, its limit, its last day, and its name in CDS Hooks."""

    id: str
    key_sha256: tuple[str, ...] = ()
    jwks: Path | None = None
    jwks_url: str | None = None
    requests_per_minute: int | None = None
    expires: date | None = None
    cds_issuer: str | None = None  # `iss` of its CDS Hooks JWTs; without it, its id

    def expired(self, now: datetime) -> bool:
        return self.expires is not None and now.date() > self.expires


def new_key() -> tuple[str, str]:
    """A key of 256 random bits, and its hash for the clients file. A key that cannot be guessed needs no slow hash."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    return key, hash_of(key)


def hash_of(key: str | bytes) -> str:
    return hashlib.sha256(key.encode() if isinstance(key, str) else key).hexdigest()


class Clients:
    """The clients file, read again when it changes, so that a key is withdrawn without a restart.

    If the file cannot be read any more, the clients stay as they were, so that a typing error locks nobody out. `fault` says why.
    """

    def __init__(self, path: Path, on_error: OnError | None = None, *, signing: bool = True):
        self._signing = signing
        self.fault: SettingsError | None = None
        self._on_error = on_error
        self._path = path
        self._looked = time.monotonic()
        self._stamp = self._stat()
        self.by_id, self._by_key = self._indexed(read_clients(path, signing=signing))

    def _stat(self) -> tuple[int, int]:
        try:
            found = os.stat(self._path)
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_size)

    def _indexed(self, clients: Mapping[str, Client]) -> tuple[Mapping[str, Client], dict[str, Client]]:
        return clients, {digest: client for client in clients.values() for digest in client.key_sha256}

    def _refresh(self) -> None:
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        stamp = self._stat()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self.by_id, self._by_key = self._indexed(read_clients(self._path, signing=self._signing))
                self.fault = None
            except SettingsError as fault:
                self.fault = fault
                if self._on_error is not None:
                    self._on_error(fault)

    def by_key(self, key: bytes) -> Client | None:
        """Whose key it is."""
        self._refresh()
        return self._valid(self._by_key.get(hash_of(key)))

    def named(self, name: str) -> Client | None:
        self._refresh()
        return self._valid(self.by_id.get(name))

    def issuing(self, issuer: str) -> Client | None:
        """The client whose CDS Hooks JWTs have this issuer."""
        self._refresh()
        return self._valid(next((client for client in self.by_id.values() if (client.cds_issuer or client.id) == issuer), None))

    def _valid(self, client: Client | None) -> Client | None:
        return None if client is None or client.expired(datetime.now(UTC)) else client


def read_clients(path: Path, *, signing: bool = True) -> dict[str, Client]:
    """The clients of a TOML file; every fault at once. `signing`: whether clients can sign in with a key pair, because our address is set."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        says = fault.strerror if isinstance(fault, OSError) else str(fault)
        raise SettingsError(Problem("clients_unreadable", str(path), f"cannot be read: {says}", "see docs/service.md for its form")) from None
    entries = document.get("clients")
    faults: list[Problem] = []
    if not isinstance(entries, list) or not entries or document.keys() != {"clients"}:
        raise SettingsError(Problem("clients_unreadable", str(path), "has no clients, or other keys than clients", "write one [[clients]] for each"))
    found: dict[str, Client] = {}
    for place, entry in enumerate(entries, start=1):
        client = _client(entry, f"{path}, client {place}", path.parent, faults)
        if client is not None and found.setdefault(client.id, client) is not client:
            faults.append(Problem("client_twice", f"{path}, client {place}", f"{client.id} is used already", "give each client its own id"))
        if client is not None and not signing and (client.jwks or client.jwks_url):
            what = f"{client.id} signs in with a key pair, and the address it signs for is not set"
            faults.append(Problem("public_url_missing", f"{path}, client {place}", what, "set MEWS_NEWTT_PUBLIC_URL to the address clients use"))
    digests = [digest for client in found.values() for digest in client.key_sha256]
    if len(set(digests)) < len(digests):
        faults.append(Problem("key_twice", str(path), "two clients have the same key", "give each client its own key"))
    issuers = [client.cds_issuer or client.id for client in found.values()]
    if len(set(issuers)) < len(issuers):
        faults.append(Problem("issuer_twice", str(path), "two clients have the same cds_issuer", "give each client its own"))
    if faults:
        raise SettingsError(faults)
    return found


def _client(entry: Any, where: str, folder: Path, faults: list[Problem]) -> Client | None:
    before = len(faults)

    def fault(what: str, mend: str) -> None:
        faults.append(Problem("bad_client", where, what, mend))

    if not isinstance(entry, dict):
        fault("is not a table", "write [[clients]]")
        return None
    for name in entry.keys() - KEYS:
        fault(f"{name} is not known", "use " + ", ".join(sorted(KEYS)))
    name = entry.get("id")
    if not isinstance(name, str) or not name or not name.replace("-", "").replace("_", "").replace(".", "").isalnum() or len(name) > 64:
        fault("has no usable id", "letters, digits, - _ . up to 64")
    hashes = entry.get("key_sha256", [])
    hashes = [hashes] if isinstance(hashes, str) else hashes
    if not isinstance(hashes, list) or any(not isinstance(one, str) or len(one) != 64 or set(one) - set("0123456789abcdef") for one in hashes):
        fault("key_sha256 is not a SHA-256 in lower case", "take what `mews-newtt serve --new-key` prints")
    url, keys, expires, limit = entry.get("jwks_url"), entry.get("jwks"), entry.get("expires"), entry.get("requests_per_minute")
    if url is not None and not _fetchable(url):
        fault("jwks_url is not an https address", "public keys are fetched over https only")
    if keys is not None and (not isinstance(keys, str) or not (folder / keys).is_file()):
        fault("jwks is not a file", "name a JWKS file beside the clients file")
    if not hashes and not keys and not url:
        fault("has neither key nor public keys", "give it key_sha256, jwks or jwks_url")
    issuer = entry.get("cds_issuer")
    if issuer is not None and (not isinstance(issuer, str) or not 0 < len(issuer) <= 500 or not (keys or url)):
        fault("cds_issuer is no text, or stands without public keys", "write the iss of its JWTs, and jwks or jwks_url")
    if expires is not None and (not isinstance(expires, date) or isinstance(expires, datetime)):
        fault("expires is not a date", "write expires = 2027-03-31")
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
        fault("requests_per_minute is not a whole number of 1 or more", "write requests_per_minute = 600")
    if len(faults) > before:
        return None
    return Client(str(name), tuple(hashes), folder / keys if keys else None, url, limit, expires, issuer)


def _fetchable(url: object) -> bool:
    """Whether public keys may be fetched from there: https, or this machine itself."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
    except ValueError:
        return False
    if parts is None or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))
