"""Refuses what a page of another site can make a browser send: requests under a name that is not ours, and changes from another origin."""

from __future__ import annotations

import re
from collections.abc import Awaitable

from starlette.datastructures import State
from starlette.types import ASGIApp, Receive, Scope, Send

from mews_newtt_service.problems import refuse

LOOPBACK_NAMES = frozenset(("localhost", "127.0.0.1", "[::1]", "::1"))
CHANGING = frozenset(("POST", "PUT", "PATCH", "DELETE"))
_PORT = re.compile(r":\d+$")


class Hosts:
    """Raises ServiceError: 421 for a Host that is not ours (a page elsewhere could point its own name at this machine), 403 for another origin."""

    def __init__(self, app: ASGIApp, state: State):
        self.app = app
        nobody_signs_in = state.access.clients is None
        self._ours = frozenset(state.settings.hosts) or (LOOPBACK_NAMES if nobody_signs_in else frozenset())

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        headers = scope["header_map"]
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if self._ours and _PORT.sub("", host) not in self._ours:
            raise refuse(421, "wrong_host", "Host", "is not a name of this service", "call it by its own name, or add the name to MEWS_NEWTT_HOSTS")
        origin = None if "origin_is_allowed" in scope else headers.get(b"origin")
        if origin is not None and scope["method"] in CHANGING and origin.decode("latin-1").lower().partition("://")[2] != host:
            mend = "call the service from its own pages or a program; or the operator names the site in MEWS_NEWTT_CORS_ORIGINS"
            raise refuse(403, "cross_origin", "Origin", "is another site", mend)
        return self.app(scope, receive, send)
