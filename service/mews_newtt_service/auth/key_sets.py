"""The public keys of clients that sign in with a key pair: from a file beside the clients file, or from the address that the operator wrote there."""

from __future__ import annotations

import asyncio
import ssl
import time
from pathlib import Path
from typing import Any

import httpx
import jwt

from mews_newtt.errors import MewsNewttError, Problem
from mews_newtt.reading.json_text import read_json
from mews_newtt_service.auth.clients import Client

JWKS_SECONDS, JWKS_AGAIN, JWKS_BYTES, JWKS_TIMEOUT = 600.0, 30.0, 1 << 18, 5.0
FETCHES_AT_ONCE = 4
KeySet = dict[str, Any]


class NoKeys(Exception):
    """The client's public keys are not available now."""


class KeySets:
    """Key sets by address. An address is asked by one request at a time. Its answer is kept for ten minutes, its failure for half a minute."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, KeySet]] = {}
        self._failed: dict[str, float] = {}
        self._fetching: dict[str, asyncio.Task[KeySet]] = {}
        self._limit = asyncio.Semaphore(FETCHES_AT_ONCE)

    async def of(self, client: Client) -> KeySet:
        """The client's keys: from its file as it is now, or from its address.

        Raises
        ------
        NoKeys  the file cannot be read, or the address does not answer in time or has just failed
        """
        if client.jwks is not None:
            try:
                return _key_set(client.jwks.read_bytes())
            except (OSError, ValueError):
                raise NoKeys from None
        url = str(client.jwks_url)
        known = self._known.get(url)
        if known is not None and time.monotonic() - known[0] < JWKS_SECONDS:
            return known[1]
        return await self._ask(url)

    async def newer(self, client: Client) -> KeySet | None:
        """The client's keys asked for again, because it may have a new one. None if we asked a moment ago, or if they come from a file."""
        url = str(client.jwks_url)
        known = self._known.get(url)
        if client.jwks is not None or known is None or time.monotonic() - known[0] <= JWKS_AGAIN:
            return None
        return await self._ask(url)

    async def _ask(self, url: str) -> KeySet:
        known = self._known.get(url)
        if time.monotonic() - self._failed.get(url, float("-inf")) > JWKS_AGAIN:
            task = self._fetching.get(url)
            if task is None:
                task = self._fetching[url] = asyncio.create_task(self._fetch(url))
                task.add_done_callback(lambda done: self._done(url, done))
            try:
                return await asyncio.wait_for(asyncio.shield(task), JWKS_TIMEOUT)
            except (OSError, ValueError, httpx.HTTPError):  # TimeoutError is an OSError
                self._failed[url] = time.monotonic()
        if known is None:
            raise NoKeys
        return known[1]

    def _done(self, url: str, task: asyncio.Task[KeySet]) -> None:
        self._fetching.pop(url, None)
        if not task.cancelled() and task.exception() is None:  # a late answer is kept too
            self._known[url] = (time.monotonic(), task.result())
            self._failed.pop(url, None)

    async def _fetch(self, url: str) -> KeySet:
        """Ask the address that the operator wrote into the clients file; a redirect to another one is not followed."""
        system_certificates = ssl.create_default_context()  # a hospital's own authority is known to the system, not to httpx
        plain = {"Accept-Encoding": "identity"}  # so that the limit counts what is kept
        async with (
            self._limit,
            asyncio.timeout(2 * JWKS_TIMEOUT),
            httpx.AsyncClient(verify=system_certificates, timeout=JWKS_TIMEOUT, headers=plain) as http,
            http.stream("GET", url) as answer,
        ):
            if not answer.is_success:
                raise ValueError(f"status {answer.status_code}")
            text = b""
            async for chunk in answer.aiter_raw():
                text += chunk
                if len(text) > JWKS_BYTES:
                    raise ValueError("too long")
        return _key_set(text)


def key_file_problem(path: Path) -> Problem | None:
    """What is wrong with a file of a client's public keys; None if it holds a key that we can use."""
    try:
        keys = _key_set(path.read_bytes()).get("keys", [])
    except OSError as fault:
        return Problem("key_file_unreadable", str(path), f"cannot be read: {fault.strerror}", "let the service read it")
    except (MewsNewttError, ValueError):
        return Problem("key_file_unreadable", str(path), "is not JSON", 'write {"keys": [...]}, a JSON Web Key Set (RFC 7517)')
    usable = [entry for entry in keys if isinstance(entry, dict) and _is_usable(entry)]
    if not usable:
        return Problem(
            "key_file_unusable", str(path), "holds no RSA or EC key that can be read", 'write {"keys": [...]}, a JSON Web Key Set (RFC 7517)'
        )
    if any("d" in entry for entry in usable):
        return Problem("key_file_private", str(path), "holds a private key", "take a new key pair, and give us the public key only")
    return None


def _is_usable(entry: dict[str, Any]) -> bool:
    try:
        return jwt.PyJWK(entry, algorithm="ES384" if entry.get("kty") == "EC" else "RS384").key_type in ("RSA", "EC")
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        return False


def _key_set(text: bytes) -> KeySet:
    found = read_json(text, "the key set", 'publish {"keys": [...]}')
    return found if isinstance(found, dict) and isinstance(found.get("keys"), list) else {}
