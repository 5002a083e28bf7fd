"""Columns and codes of an uploaded table that were not read, as headers of the answer that holds the scored table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mews_newtt_service.jobs.queue import Job, Queue

NOT_READ, IN_DOUBT, CODES = "Mews-Newtt-Columns-Not-Read", "Mews-Newtt-Columns-In-Doubt", "Mews-Newtt-Codes-Not-Read"
LONGEST = 4000  # characters of a header; a job's summary.json holds every name


def unread_headers(queue: Queue, job: Job) -> dict[str, str]:
    """The names as JSON lists in ASCII; a list that is too long ends with "..."."""
    known = next((file for file in job.files if file["name"] == "summary.json"), None)
    if known is None:
        return {}
    summary: Mapping[str, Any] = json.loads(queue.path(job.id, f"{known['folder']}/summary.json").read_text(encoding="utf-8"))
    found = {NOT_READ: list(summary["columns_not_read"]), IN_DOUBT: list(summary["columns_in_doubt"])}
    found[CODES] = summary.get("reading", {}).get("not_read", {}).get("codes", [])  # a reading plan knows codes too
    return {header: _short(names) for header, names in found.items() if names}


def _short(names: list[str]) -> str:
    text = json.dumps(names)
    while len(text) > LONGEST:
        names = names[: len(names) // 2]
        text = json.dumps([*names, "..."])
    return text
