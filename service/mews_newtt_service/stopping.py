"""Whether this process is about to stop: what /readyz says, and when requests that wait for long work have to end."""

from __future__ import annotations

import math
import signal
import time

from mews_newtt_service.problems import ServiceError, refuse

# How the main process passes SIGINT on. A terminal sends Ctrl-C to all processes; a second SIGINT would cut running requests.
STOP_NOW = signal.SIGUSR1
ANSWER_EARLIER = 1.0  # seconds before running requests are cut: time to send an answer


class Stopping:
    """After SIGTERM the service drains: it still answers, but says that it is not ready, and takes no new long work."""

    def __init__(self) -> None:
        self.draining = False
        self.since = math.inf
        self._answer_by = math.inf

    def begin(self, seconds: float) -> None:
        """Begin to drain. After so many seconds requests that still run are cut. A second call can only make it sooner."""
        now = time.monotonic()
        self.draining, self.since = True, min(self.since, now)
        self._answer_by = min(self._answer_by, now + max(0.0, seconds - ANSWER_EARLIER))

    @property
    def is_over(self) -> bool:
        """Whether a request that still waits must be answered now."""
        return time.monotonic() >= self._answer_by

    def refuse_long_work(self) -> None:
        """Raise ServiceError (503) if the service is about to stop: nobody here would do the work."""
        if self.draining:
            raise self.refusal()

    def refusal(self) -> ServiceError:
        return refuse(503, "stopping", "long work", "is not taken any more, because this service is about to stop", "send it again", Retry_After="10")
