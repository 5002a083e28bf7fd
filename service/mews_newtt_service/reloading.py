"""Puts new settings into a running process (SIGHUP), and lets it drain before it stops (SIGTERM). No request is lost by either."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from starlette.datastructures import State
from starlette.routing import Router
from starlette.types import Receive, Scope, Send

from mews_newtt.errors import MewsNewttError
from mews_newtt_service.app import create_app
from mews_newtt_service.setting_checks import kept_fixed, refuse_faults
from mews_newtt_service.settings import Settings
from mews_newtt_service.stopping import STOP_NOW


class Reloadable:
    """An ASGI application around the service. A reload makes a second one and lets it answer from then on.

    A request is answered to its end by the application that it began with. If the new settings or charts are faulty, nothing changes.

    Parameters
    ----------
    app : the application to begin with
    again : reads the settings anew; raises SettingsError
    """

    def __init__(self, app: FastAPI, again: Callable[[], Settings]):
        self._app = app
        self._again = again
        self._life = app.router.lifespan_context(app)
        self._protocol = Router(lifespan=self._live)
        self._one_at_a_time = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._heard: dict[signal.Signals, Any] = {}

    @property
    def state(self) -> State:
        """The state of the application that answers now."""
        return self._app.state

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return (self._app if scope["type"] == "http" else self._protocol)(scope, receive, send)

    @asynccontextmanager
    async def _live(self, _: object) -> AsyncIterator[None]:
        await self._life.__aenter__()
        self._hear()
        try:
            yield
        finally:
            self._hear_no_more()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._life.__aexit__(None, None, None)

    def _hear(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return  # only the main thread hears signals
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            self._heard[name] = signal.getsignal(name)  # the web server's own
            loop.add_signal_handler(name, self._stop, name)
        if multiprocessing.parent_process() is not None:  # one of several: the process that started it passes on what a terminal sends to all
            loop.add_signal_handler(signal.SIGINT, lambda: None)
            loop.add_signal_handler(STOP_NOW, self._stop, signal.SIGINT)
        self._heard[signal.SIGHUP] = signal.getsignal(signal.SIGHUP)
        loop.add_signal_handler(signal.SIGHUP, self._ask)
        with contextlib.suppress(MewsNewttError):
            if kept_fixed(self._again(), self.state.settings)[0] != self.state.settings:
                self._ask()  # a signal came while this process started

    def _hear_no_more(self) -> None:
        if multiprocessing.parent_process() is not None and self._heard:
            asyncio.get_running_loop().remove_signal_handler(STOP_NOW)
            signal.signal(STOP_NOW, signal.SIG_IGN)  # it stops already
        for name, before in self._heard.items():
            asyncio.get_running_loop().remove_signal_handler(name)
            signal.signal(name, signal.SIG_IGN if name == signal.SIGHUP else before)
        self._heard.clear()

    def _stop(self, name: signal.Signals) -> None:
        """Drain after the first SIGTERM; stop at once after SIGINT, or after a second signal."""
        state = self._app.state
        settings: Settings = state.settings
        drain = settings.drain_seconds if name == signal.SIGTERM and not state.stopping.draining else 0
        state.stopping.begin(drain + settings.shutdown_seconds)
        state.supervisor.retire()
        state.log.event("info", "draining" if drain else "stopping", seconds=drain or settings.shutdown_seconds)
        asyncio.get_running_loop().call_later(drain, self._close, name)

    def _close(self, name: signal.Signals) -> None:
        handler = self._heard.get(name)
        if callable(handler):
            handler(name, None)

    def _ask(self) -> None:
        task = asyncio.get_running_loop().create_task(self.reload())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def reload(self) -> None:
        """Read the settings and the charts again, and let a new application answer. If they are faulty, the log and /readyz say so."""
        async with self._one_at_a_time:
            old = self._app.state
            if old.stopping.draining:
                return
            try:
                settings, kept = kept_fixed(await anyio.to_thread.run_sync(self._again), old.settings)
                await anyio.to_thread.run_sync(refuse_faults, settings)
                app = await anyio.to_thread.run_sync(create_app, settings, old)
            except MewsNewttError as fault:
                old.settings_fault = fault
                old.log.event("error", "reload_refused", problems=[f"{one.where}: {one.what}" for one in fault.problems[:20]])
                return
            if old.stopping.draining:  # it was told to stop meanwhile: no worker is started any more
                return
            life = app.router.lifespan_context(app)
            await life.__aenter__()
            old_life, old.is_replaced = self._life, True
            self._app, self._life = app, life
            app.state.queue.settings = settings
            app.state.log.set_level(settings.log_level)
            app.state.log.event("info", "reloaded", kept_until_restart=kept)
        await old_life.__aexit__(None, None, None)  # its workers finish their jobs in time, or give them back
