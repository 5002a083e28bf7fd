"""Exchanges a client's signed assertion (SMART Backend Services) for a short-lived token. Every process of the service accepts the token."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio.to_thread
import jwt

from mews_newtt.errors import Problem
from mews_newtt_service.auth.clients import Client, Clients
from mews_newtt_service.auth.key_sets import KeySets, NoKeys
from mews_newtt_service.jobs.queue import Queue
from mews_newtt_service.problems import ServiceError

ALGORITHMS = ["RS384", "ES384"]
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CLAIMS = ("iss", "sub", "aud", "exp", "jti")
CDS_CLAIMS = ("iss", "aud", "exp", "iat", "jti")  # CDS Hooks 2.0
LONGEST_ASSERTION = 300  # seconds an assertion may still be valid (SMART Backend Services)
TOKEN_SECONDS = 300
LEEWAY = 30
UNREADABLE = (jwt.PyJWTError, ValueError, RecursionError, OverflowError)  # the last two: nested too deep; exp is Infinity
KNOWN_TOKENS = 1000
MOST_KEYS = 20  # of one client


class TokenError(ServiceError):
    """An assertion is refused; `error` is the code of OAuth 2.0."""

    def __init__(self, error: str, what: str, status: int = 400):
        super().__init__(status, Problem(error, "token request", what, "see docs/service.md, signing in with a key pair"))
        self.error = error
        self.what = what


class Tokens:
    """Checks assertions, gives tokens, and recognises them."""

    def __init__(self, folder: Path, queue: Queue):
        self._path = folder / "token.secret"
        self._queue = queue
        self._secret: bytes | None = None
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, tuple[str, float]] = OrderedDict()
        self._key_sets = KeySets()

    async def exchange(self, assertion: str, clients: Clients, audience: str) -> tuple[str, str]:
        """A token for a signed assertion: (client, token). Raises TokenError."""
        try:
            header = jwt.get_unverified_header(assertion)
            claimed = jwt.decode(assertion, options={"verify_signature": False})
        except UNREADABLE:
            raise TokenError("invalid_client", "the assertion is not a signed JWT", 401) from None
        client = clients.named(str(claimed.get("iss", "")))
        if client is None or not (client.jwks or client.jwks_url):
            raise TokenError("invalid_client", "no such client signs in with a key pair", 401)
        if header.get("alg") not in ALGORITHMS:
            raise TokenError("invalid_client", "the assertion must be signed with RS384 or ES384", 401)
        try:
            claims = _verified(assertion, header, await self._key_sets.of(client), audience)
            if claims is None:
                newer = await self._key_sets.newer(client)
                claims = _verified(assertion, header, newer, audience) if newer is not None else None
        except NoKeys:
            raise TokenError("temporarily_unavailable", "the client's public keys are not available", 503) from None
        if claims is None:
            raise TokenError("invalid_client", "no key of the client fits the signature", 401)
        return client.id, await anyio.to_thread.run_sync(self._token, client, claims)

    async def cds_client(self, token: str, clients: Clients, audiences: list[str]) -> Client:
        """Whose CDS Hooks JWT this is: signed by a client for one of these addresses, valid for at most five minutes, and used for the first time.

        Keys are the client's own in the clients file. The header `jku` is not followed: a caller must not say where its keys are.

        Raises
        ------
        TokenError  401, or 503 where the client's public keys are not available
        """
        try:
            header = jwt.get_unverified_header(token)
            claimed = jwt.decode(token, options={"verify_signature": False})
        except UNREADABLE:
            raise TokenError("invalid_client", "it is not a signed JWT", 401) from None
        client = clients.issuing(str(claimed.get("iss", "")))
        if client is None or not (client.jwks or client.jwks_url):
            raise TokenError("invalid_client", "no client has this iss and public keys", 401)
        try:
            claims = _verified(token, header, await self._key_sets.of(client), audiences, CDS_CLAIMS)
            if claims is None:
                newer = await self._key_sets.newer(client)
                claims = _verified(token, header, newer, audiences, CDS_CLAIMS) if newer is not None else None
        except NoKeys:
            raise TokenError("temporarily_unavailable", "the client's public keys are not available", 503) from None
        if claims is None:
            raise TokenError("invalid_client", "no key of the client fits the signature", 401)
        await anyio.to_thread.run_sync(self._use, client, claims)
        return client

    def _use(self, client: Client, claims: dict[str, Any]) -> None:
        """Raise TokenError if the claims last too long or were used before."""
        expires = float(claims["exp"])
        if expires - time.time() > LONGEST_ASSERTION + LEEWAY:
            raise TokenError("invalid_client", "exp is more than five minutes ahead", 401)
        if not isinstance(claims["jti"], str) or not 1 <= len(claims["jti"]) <= 200:
            raise TokenError("invalid_client", "jti is not a text of up to 200 characters", 401)
        if not self._queue.first_use(client.id, claims["jti"], expires + LEEWAY):
            raise TokenError("invalid_client", "it was used before (jti)", 401)

    def _token(self, client: Client, claims: dict[str, Any]) -> str:
        """A token for claims whose signature is right. Raises TokenError if the claims are wrong."""
        if claims["sub"] != client.id or claims["iss"] != client.id:
            raise TokenError("invalid_client", "iss and sub must both be the client's id", 401)
        self._use(client, claims)
        now = int(time.time())
        return jwt.encode({"sub": client.id, "iat": now, "exp": now + TOKEN_SECONDS}, self._own_secret(), algorithm="HS256")

    def client_of(self, token: bytes) -> str | None:
        """The client that a token was given to; None if it is forged or expired."""
        digest = hashlib.sha256(token).digest()
        known = self._known.get(digest)
        if known is not None:
            self._known.move_to_end(digest)
            return known[0] if known[1] > time.time() else None
        try:
            claims = jwt.decode(token, self._own_secret(), algorithms=["HS256"], options={"require": ["sub", "exp"]})
        except UNREADABLE:
            return None
        self._known[digest] = (claims["sub"], float(claims["exp"]))
        if len(self._known) > KNOWN_TOKENS:
            self._known.popitem(last=False)
        return str(claims["sub"])

    def _own_secret(self) -> bytes:
        """The secret that signs our tokens. The first process makes it in the data folder, and all use it."""
        with self._lock:
            if self._secret is None:
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}")
                with contextlib.suppress(FileExistsError):
                    if not self._path.exists():
                        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                            out.write(secrets.token_bytes(48))
                        os.link(fresh, self._path)  # atomic: the file is whole, and the first process wins
                fresh.unlink(missing_ok=True)
                self._secret = self._path.read_bytes()
            return self._secret


def is_cds_token(token: bytes) -> bool:
    """Whether a bearer is signed as clients sign, and not one of our own tokens."""
    try:
        return jwt.get_unverified_header(token).get("alg") in ALGORITHMS
    except UNREADABLE:
        return False


def _verified(
    assertion: str, header: dict[str, Any], key_set: dict[str, Any], audience: str | list[str], claims: tuple[str, ...] = CLAIMS
) -> dict[str, Any] | None:
    """The claims of a JWT; None if no key fits its signature. Raises TokenError if a key fits and the claims are wrong."""
    for key in _keys(header, key_set):
        try:
            return dict(
                jwt.decode(
                    assertion,
                    key.key,
                    algorithms=ALGORITHMS,
                    audience=audience,
                    leeway=LEEWAY,
                    options={"require": list(claims)},
                )
            )
        except jwt.InvalidSignatureError:
            continue
        except (*UNREADABLE, TypeError) as fault:
            raise TokenError("invalid_client", f"the assertion is not valid ({type(fault).__name__})", 401) from None
    return None


def _keys(header: dict[str, Any], key_set: dict[str, Any]) -> Iterator[jwt.PyJWK]:
    """The public keys that may have signed this. One faulty key does not spoil the set, as it would in jwt.PyJWKSet."""
    for entry in key_set.get("keys", [])[:MOST_KEYS]:
        if header.get("kid") is not None and isinstance(entry, dict) and entry.get("kid") not in (None, header["kid"]):
            continue
        with contextlib.suppress(jwt.PyJWTError, ValueError, TypeError, AttributeError):
            key = jwt.PyJWK(entry, algorithm=header["alg"])
            if key.key_type in ("RSA", "EC"):
                yield key
