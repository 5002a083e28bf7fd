"""Platforms for the tests of `conform`: a right one as a function, and one over HTTP that answers as a test says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from mews_newtt import load_chart, score
from mews_newtt.validation.conform import Adapter, Limits
from mews_newtt.validation.packs import Case
from tests.cli.command import ROOT
from tests.validation.made_packs import pack_of

CHART = load_chart("mews")
ADAPTERS = ROOT / "examples" / "adapters"
KEY = "s3cret-key-of-the-vendor"
FAST = Adapter(limits=Limits(per_second=1000, at_once=2, timeout_seconds=60, retries=2))
ONE = Case("c-1", {"heart_rate": "80"}, {"expected_status": "partial"}, "one")


def cases() -> list[Case]:
    return pack_of("mews").cases


def right(given: Mapping[str, Any]) -> dict[str, Any]:
    """A platform without a fault."""
    result = score(CHART, dict(given), raise_refused=False)
    return {"status": result.status, "total": result.total, "level": result.level, "points": result.points()}


@contextmanager
def platform(answer: Callable[[int, dict[str, Any], Mapping[str, str]], tuple[int, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A platform on this machine; `answer` takes the number of the request, its body and its headers."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            asked.append(body)
            code, document = answer(len(asked), body, dict(self.headers.items()))
            content = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(content)))
            if code == 429:
                self.send_header("Retry-After", "7")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()
