"""The date that a command writes into its reports."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from mews_newtt.errors import FileError, Problem


def date_of_run(stated: str | None) -> str:
    """The date that reports name: as stated, or SOURCE_DATE_EPOCH, or now."""
    if stated is not None:
        return stated
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch:
        try:
            when = datetime.fromtimestamp(int(epoch), UTC)
        except (ValueError, OverflowError, OSError):
            raise FileError(
                Problem("bad_epoch", "SOURCE_DATE_EPOCH", f"{epoch[:40]!r} is not a number of seconds", "unset it, or give whole seconds")
            ) from None
    else:
        when = datetime.now(UTC)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
