"""Sends cases to a platform over HTTP. Headers and raw answers are never shown or logged."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.validation.conform.adapter import Adapter, filled_headers
from mews_newtt.validation.conform.pace import Pace
from mews_newtt.validation.conform.placeholders import Visit, filled_text
from mews_newtt.validation.conform.read_json import MOST_BYTES, read_json
from mews_newtt.validation.conform.request import as_pairs
from mews_newtt.validation.conform.sending import visit_of
from mews_newtt.validation.conform.settings import FORM, HIDDEN, JSON, NO_ANSWER, QUERY, Answer
from mews_newtt.validation.packs import Case

AGAIN = (429, 500, 502, 503, 504)  # tried again
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds between tries where the platform names none
LONGEST_NAMED = 120.0  # seconds that a platform may ask us to wait
KEY_LENGTH = 8  # characters of a value behind the ? of an address from which on it may be a key
LOCAL = ("localhost", "127.0.0.1", "::1")
_SECONDS = re.compile(r"[0-9]{1,9}")


class Endpoint:
    """A platform behind a URL."""

    def __init__(self, chart: Chart, url: str, adapter: Adapter, sleep: Callable[[float], object] | None = None):
        import httpx  # only conform needs it

        parts = checked_address(url, adapter, chart)
        self.chart, self.adapter = chart, adapter
        self.shown = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))  # a query may hold a key
        self._parts, self._httpx = parts, httpx
        self._secrets = secrets_of(adapter, parts)
        self._over = threading.Event()
        self._sleep = sleep or self._over.wait
        self._pace = Pace(adapter.limits.per_second, self._sleep)
        try:
            self._client = httpx.Client(timeout=adapter.limits.timeout_seconds, follow_redirects=False, trust_env=parts.hostname not in LOCAL)
        except (httpx.InvalidURL, ValueError):
            says = "name a proxy that is not an address"
            raise FileError(Problem("bad_proxy", "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY", says, "set them again, or unset them")) from None

    def __enter__(self) -> Endpoint:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        self._client.close()

    def stop(self) -> None:
        """End every wait: nothing is asked again."""
        self._over.set()

    @property
    def _url(self) -> str:
        return address(self._parts, self.adapter, Visit(chart=self.chart.id, version=self.chart.version))

    def ask(self, case: Case) -> Answer:
        """Ask one case; retry where that may help."""
        visit = visit_of(case, self.chart)
        body = self.adapter.request(case.given, self.chart, visit)
        headers, _ = filled_headers(self.adapter, visit)
        where = address(self._parts, self.adapter, visit, body)
        said = ""
        for attempt in range(self.adapter.limits.retries + 1):
            self._pace.wait()
            if self._over.is_set():
                return Answer(f"{NO_ANSWER}: stopped")
            until = time.monotonic() + self.adapter.limits.timeout_seconds
            try:
                with self._client.stream(self.adapter.method, where, headers=headers, **content_of(self.adapter, body)) as response:
                    code, wait = response.status_code, response.headers.get("Retry-After", "")
                    content = bytearray()
                    for part in response.iter_bytes():
                        content += part
                        if time.monotonic() > until:  # the client's timeout is for one read only: slow drops of bytes never reach it
                            raise self._httpx.ReadTimeout("")
                        if len(content) > MOST_BYTES:
                            return Answer(f"{NO_ANSWER}: more than {MOST_BYTES} bytes")
            except (self._httpx.TransportError, self._httpx.DecodingError) as fault:
                said, wait = type(fault).__name__, ""  # its message may hold what was sent
            else:
                if code not in AGAIN:
                    return self._answer(code, bytes(content))
                said = f"HTTP {code}"
            pause = seconds_named(wait)
            if pause is not None and pause > LONGEST_NAMED:
                return Answer(f"{NO_ANSWER}: {said}, and it asks for a pause of {pause:,.0f} s")
            if attempt < self.adapter.limits.retries:
                self._sleep(min(FIRST_WAIT * 2**attempt, LONGEST_WAIT) if pause is None else pause)
        return Answer(f"{NO_ANSWER}: {said}")

    def _answer(self, code: int, content: bytes) -> Answer:
        if code in self.adapter.refused_codes:
            found = read_json(content, self.adapter, self.chart, self._secrets)
            return Answer("refused", why=found.why)
        if code in (401, 403):
            raise FileError(Problem("not_let_in", self.shown, f"answers HTTP {code}", "check the credential that the adapter's headers name"))
        if 300 <= code < 400:
            says = f"answers HTTP {code}, a redirect, which is not followed, because it could send a credential elsewhere"
            raise FileError(Problem("endpoint_wrong", self.shown, says, "give the address to which it leads as --url, and the adapter's path"))
        if not 200 <= code < 300:
            raise FileError(Problem("endpoint_wrong", self.shown, f"answers HTTP {code}", "check --url and the adapter's path and method"))
        return read_json(content, self.adapter, self.chart, self._secrets)


def seconds_named(text: str) -> float | None:
    """The seconds of a header Retry-After, which may be a number or a date; None where there is none."""
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max(0.0, ((when if when.tzinfo else when.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds())


def checked_address(url: str, adapter: Adapter, chart: Chart) -> SplitResult:
    """The parts of the platform's address. Raises FileError where it cannot be asked."""
    import httpx  # only conform needs it

    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port)
    except ValueError:
        good = None
    if not good:
        raise FileError(Problem("bad_url", "--url", "is not an http or https address", "write it as https://host/path"))
    if parts.username or parts.password:
        raise FileError(Problem("credential_in_url", "--url", "holds a name or password", "put it into a header of the adapter as ${VARIABLE}"))
    try:
        httpx.URL(address(parts, adapter, Visit(chart=chart.id, version=chart.version)))
    except (httpx.InvalidURL, UnicodeError):
        raise FileError(Problem("bad_url", "--url", "is not an address when the adapter's path is added", "check both")) from None
    return parts


def content_of(adapter: Adapter, body: Any) -> dict[str, Any]:
    """What the HTTP client is given for the body of a request."""
    if adapter.body == JSON:
        return {"json": body}
    return {"data": as_pairs(body)} if adapter.body == FORM else {}


def address(parts: SplitResult, adapter: Adapter, visit: Visit, body: Any = None) -> str:
    """The address of one request: the adapter's path behind that of --url, and what is behind the ? of both.

    Parameters
    ----------
    body : the readings, which are in the address where the adapter has body = "query"
    """
    added = filled_text(adapter.path, visit, in_address=True)
    path, _, query = added.partition("?")
    readings = urlencode(as_pairs(body)) if adapter.body == QUERY and body else ""
    queries = "&".join(part for part in (query, parts.query, readings) if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") + path if added else parts.path, queries, ""))


def shown_address(parts: SplitResult, adapter: Adapter, visit: Visit, body: Any) -> str:
    """The address for people: what is behind the ? of --url is hidden."""
    return address(parts._replace(query=HIDDEN if parts.query else ""), adapter, visit, body)


def secrets_of(adapter: Adapter, parts: SplitResult) -> tuple[str, ...]:
    """What must never be shown: the variables of headers, and long values behind the ? of the address."""
    _, secrets = filled_headers(adapter)
    behind = (value for _, value in parse_qsl(parts.query) if len(value) >= KEY_LENGTH)
    return tuple(sorted({*secrets, *behind}, key=len, reverse=True))
