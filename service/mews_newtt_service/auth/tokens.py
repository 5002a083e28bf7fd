"""Tokens: a client's signed assertion (SMART Backend Services) becomes a short-lived token that every process of the service knows."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections import OrderedDict
from pathlib import Path
from typing import Any

import jwt

from mews_newtt.errors import Problem
from mews_newtt_service.auth.clients import Client, Clients
from mews_newtt_service.jobs.queue import Queue
from mews_newtt_service.problems import ServiceError

ALGORITHMS = ["RS384", "ES384"]
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_ASSERTION = 300  # seconds an assertion may still be valid (SMART Backend Services)
TOKEN_SECONDS = 300
LEEWAY = 30
JWKS_SECONDS, JWKS_AGAIN, JWKS_BYTES, JWKS_TIMEOUT = 600.0, 30.0, 1 << 18, 5
UNREADABLE = (jwt.PyJWTError, ValueError, RecursionError, OverflowError)  # the last two: nested too deep; exp is Infinity
KNOWN_TOKENS = 1000


class TokenError(ServiceError):
    """An assertion that is refused, in the words of OAuth 2.0."""

    def __init__(self, error: str, what: str, status: int = 400):
        super().__init__(status, Problem(error, "token request", what, "see docs/service.md, signing in with a key pair"))
        self.error = error
        self.what = what


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An address is where its keys are; it does not send us on."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Tokens:
    """Checks assertions, gives tokens, and knows them again."""

    def __init__(self, folder: Path, queue: Queue):
        self._path = folder / "token.secret"
        self._queue = queue
        self._secret: bytes | None = None
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, tuple[str, float]] = OrderedDict()
        self._jwks: dict[str, tuple[float, dict[str, Any]]] = {}

    def exchange(self, assertion: str, clients: Clients, audiences: list[str]) -> tuple[str, str]:
        """A token for a signed assertion: (client, token). Raises TokenError."""
        try:
            header = jwt.get_unverified_header(assertion)
            claimed = jwt.decode(assertion, options={"verify_signature": False})
        except UNREADABLE:
            raise TokenError("invalid_client", "the assertion is no signed JWT", 401) from None
        client = clients.named(str(claimed.get("iss", "")))
        if client is None or not (client.jwks or client.jwks_url):
            raise TokenError("invalid_client", "no such client signs in with a key pair", 401)
        if header.get("alg") not in ALGORITHMS:
            raise TokenError("invalid_client", "the assertion must be signed with RS384 or ES384", 401)
        claims = self._verified(assertion, client, header, audiences)
        if claims["sub"] != client.id or claims["iss"] != client.id:
            raise TokenError("invalid_client", "iss and sub must both be the client's id", 401)
        expires = float(claims["exp"])
        if expires - time.time() > LONGEST_ASSERTION + LEEWAY:
            raise TokenError("invalid_client", "exp is more than five minutes ahead", 401)
        if not isinstance(claims["jti"], str) or not 1 <= len(claims["jti"]) <= 200:
            raise TokenError("invalid_client", "jti is no text of up to 200 characters", 401)
        if not self._queue.first_use(client.id, claims["jti"], expires + LEEWAY):
            raise TokenError("invalid_client", "the assertion was used before (jti)", 401)
        now = int(time.time())
        return client.id, jwt.encode({"sub": client.id, "iat": now, "exp": now + TOKEN_SECONDS}, self._own_secret(), algorithm="HS256")

    def _verified(self, assertion: str, client: Client, header: dict[str, Any], audiences: list[str]) -> dict[str, Any]:
        last = "no key of the client fits the signature"
        for key in (key for again in (False, True) for key in self._keys(client, header, again)):
            try:
                return dict(
                    jwt.decode(
                        assertion,
                        key.key,
                        algorithms=ALGORITHMS,
                        audience=audiences,
                        leeway=LEEWAY,
                        options={"require": ["iss", "sub", "aud", "exp", "jti"]},
                    )
                )
            except jwt.InvalidSignatureError:
                continue
            except (*UNREADABLE, TypeError) as fault:
                last = f"the assertion does not hold ({type(fault).__name__})"
        raise TokenError("invalid_client", last, 401)

    def _keys(self, client: Client, header: dict[str, Any], again: bool) -> list[jwt.PyJWK]:
        """The client's public keys that may have signed this; again: those it has since we asked."""
        found: list[jwt.PyJWK] = []
        if again and not self._is_old(client):
            return found
        for entry in self._key_set(client, again).get("keys", []):
            if header.get("kid") is not None and isinstance(entry, dict) and entry.get("kid") not in (None, header["kid"]):
                continue
            with contextlib.suppress(jwt.PyJWTError, ValueError, TypeError, AttributeError):
                key = jwt.PyJWK(entry, algorithm=header["alg"])
                if key.key_type in ("RSA", "EC"):
                    found.append(key)
        return found

    def _is_old(self, client: Client) -> bool:
        """Whether keys fetched before may be asked for anew, because the client may have a new one."""
        held = self._jwks.get(str(client.jwks_url))
        return client.jwks is None and held is not None and time.monotonic() - held[0] > JWKS_AGAIN

    def _key_set(self, client: Client, again: bool) -> dict[str, Any]:
        """From the file, as it stands; from an address, kept for a while."""
        held = None if client.jwks is not None else self._jwks.get(str(client.jwks_url))
        if held is not None and not again and time.monotonic() - held[0] < JWKS_SECONDS:
            return held[1]
        try:
            if client.jwks is not None:
                text = client.jwks.read_bytes()
            else:
                opener = urllib.request.build_opener(_NoRedirect)  # only what the operator wrote into the clients file, nowhere else
                with opener.open(str(client.jwks_url), timeout=JWKS_TIMEOUT) as answer:
                    text = answer.read(JWKS_BYTES)
            found = json.loads(text)
        except (OSError, ValueError) as fault:
            if isinstance(fault, urllib.error.HTTPError):
                fault.close()
            if held is not None:
                return held[1]
            raise TokenError("temporarily_unavailable", "the client's public keys cannot be had", 503) from None
        keys = found if isinstance(found, dict) and isinstance(found.get("keys"), list) else {}
        if client.jwks is None:
            self._jwks[str(client.jwks_url)] = (time.monotonic(), keys)
        return keys

    def client_of(self, token: bytes) -> str | None:
        """Whose token it is; None where it is forged or has run out."""
        digest = hashlib.sha256(token).digest()
        known = self._known.get(digest)
        if known is not None:
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
        """The secret behind our tokens, made once in the data folder for all processes."""
        with self._lock:
            if self._secret is None:
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}")
                with contextlib.suppress(FileExistsError):
                    if not self._path.exists():
                        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                            out.write(secrets.token_bytes(48))
                        os.link(fresh, self._path)  # whole, and only if nobody was first
                fresh.unlink(missing_ok=True)
                self._secret = self._path.read_bytes()
            return self._secret
