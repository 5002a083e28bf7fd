"""The public keys of clients: from a file beside the clients file, or fetched from the address that the operator wrote into it."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from typing import Any

import anyio
import anyio.to_thread

from mews_newtt_service.auth.clients import Client

JWKS_SECONDS, JWKS_AGAIN, JWKS_BYTES, JWKS_TIMEOUT = 600.0, 30.0, 1 << 18, 5.0
FETCHES_AT_ONCE = 4
KeySet = dict[str, Any]


class KeysNotHad(Exception):
    """The client's public keys cannot be had now."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An address is where its keys are; it does not send us on."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class KeySets:
    """Key sets by address. Each address is asked once at a time, by a thread of its own; a failure is remembered as well as an answer."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[float, KeySet]] = {}
        self._failed: dict[str, float] = {}
        self._fetching: dict[str, asyncio.Task[KeySet]] = {}
        self._limiter: anyio.CapacityLimiter | None = None

    async def of(self, client: Client) -> KeySet:
        """The client's keys: from the file as it is now; from an address, kept for a while.

        Raises
        ------
        KeysNotHad  the file cannot be read, the address does not answer in time, or has not just now
        """
        if client.jwks is not None:
            try:
                return _key_set(client.jwks.read_bytes())
            except (OSError, ValueError):
                raise KeysNotHad from None
        url = str(client.jwks_url)
        held = self._held.get(url)
        if held is not None and time.monotonic() - held[0] < JWKS_SECONDS:
            return held[1]
        return await self._asked(url)

    async def newer(self, client: Client) -> KeySet | None:
        """The client's keys asked for anew, because it may have a new one; None where we asked a moment ago, or read them from a file."""
        url = str(client.jwks_url)
        held = self._held.get(url)
        if client.jwks is not None or held is None or time.monotonic() - held[0] <= JWKS_AGAIN:
            return None
        return await self._asked(url)

    async def _asked(self, url: str) -> KeySet:
        held = self._held.get(url)
        if time.monotonic() - self._failed.get(url, float("-inf")) > JWKS_AGAIN:
            task = self._fetching.get(url)
            if task is None:
                task = self._fetching[url] = asyncio.create_task(self._fetched(url))
                task.add_done_callback(lambda done: self._done(url, done))
            try:
                return await asyncio.wait_for(asyncio.shield(task), JWKS_TIMEOUT)
            except (OSError, ValueError):  # TimeoutError is an OSError
                self._failed[url] = time.monotonic()
        if held is None:
            raise KeysNotHad
        return held[1]

    def _done(self, url: str, task: asyncio.Task[KeySet]) -> None:
        self._fetching.pop(url, None)
        if not task.cancelled() and task.exception() is None:  # also where nobody waits for it any more
            self._held[url] = (time.monotonic(), task.result())
            self._failed.pop(url, None)

    async def _fetched(self, url: str) -> KeySet:
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(FETCHES_AT_ONCE)
        return await anyio.to_thread.run_sync(_fetch, url, limiter=self._limiter, abandon_on_cancel=True)


def _fetch(url: str) -> KeySet:
    opener = urllib.request.build_opener(_NoRedirect)  # only what the operator wrote into the clients file, nowhere else
    until = time.monotonic() + 2 * JWKS_TIMEOUT
    text = b""
    try:
        with opener.open(url, timeout=JWKS_TIMEOUT) as answer:
            while len(text) < JWKS_BYTES and (chunk := answer.read1(JWKS_BYTES)):
                text += chunk
                if time.monotonic() > until:
                    raise TimeoutError
    except urllib.error.HTTPError as fault:
        fault.close()
        raise
    return _key_set(text)


def _key_set(text: bytes) -> KeySet:
    found = json.loads(text)
    return found if isinstance(found, dict) and isinstance(found.get("keys"), list) else {}
