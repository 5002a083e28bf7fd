"""Answers HEAD as GET; the web server leaves the body out."""

from __future__ import annotations

from collections.abc import Awaitable

from starlette.datastructures import State
from starlette.types import ASGIApp, Receive, Scope, Send


class HeadAsGet:
    def __init__(self, app: ASGIApp, _: State):
        self.app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET", "sent_method": "HEAD"}  # a copy: the server looks at its own scope
        return self.app(scope, receive, send)
