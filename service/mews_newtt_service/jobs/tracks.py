"""The job that follows the people of a file: the file with the columns of the course, its events, and a summary."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from mews_newtt import __version__
from mews_newtt.chart.model import Chart
from mews_newtt.episode.find_policy import policy_named
from mews_newtt.episode.policy import require_for
from mews_newtt.episode.table_events import EventLines
from mews_newtt.episode.track_file import Options, track_to, unread_by
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.tables.atomic import whole_file
from mews_newtt.tables.formats import KINDS, output_format
from mews_newtt.tables.planned.table import map_beside, open_planned
from mews_newtt_service.jobs.inputs import input_file, map_of, plan_of, write_document
from mews_newtt_service.problems import refuse
from mews_newtt_service.settings import Settings

EVENTS_FILE = "events.ndjson"
MOST_POLICIES = 20


def asked_of(chart: Chart, options: Mapping[str, str]) -> dict[str, Any]:
    """What a request asks, checked before the file is received: `policies`, `zone` and `now`, as the job keeps them."""
    policies = list(dict.fromkeys(one.strip() for one in options.get("policy", "").split(",") if one.strip()))
    if len(policies) > MOST_POLICIES:
        raise refuse(400, "bad_parameter", "query policy", f"names {len(policies)} policies", f"name at most {MOST_POLICIES}")
    for name in policies:
        require_for(policy_named(name), chart)
    now = options.get("now")
    if now is not None:
        now = now.replace(" ", "+") if "T" in now else now  # a plus sign in a query is a blank
        try:
            datetime.fromisoformat(now)
        except ValueError:
            raise refuse(400, "bad_parameter", "query now", f"is {now[:40]!r}", "write it as 2026-11-20T08:00, with an offset if needed") from None
    return {"policies": policies, "zone": options.get("zone"), "now": now}


def track(chart: Chart, parameters: dict[str, Any], folder: Path, out: Path, settings: Settings, progress: Any) -> int:
    """Follow the people of the uploaded file. The rows that were read."""
    policies = [policy_named(name) for name in parameters["policies"]]
    now = datetime.fromisoformat(parameters["now"]) if parameters["now"] else None
    plan, kind = plan_of(folder, parameters, chart), parameters["output_format"]
    path = out / f"tracked{KINDS[kind].suffix}"
    path.touch()  # an ordinary file can be begun anew, so the table is read once where its people are sorted
    with open_planned(chart, input_file(folder, parameters, settings), None, plan, progress) as table:
        beside = map_beside(map_of(folder, parameters) or ColumnMap(), plan, table)
        unread, reading = unread_by(chart, table, beside), table.report
        options = Options(tuple(policies), None, now, parameters["zone"], beside)
        with whole_file(out / EVENTS_FILE) as lines:
            events = EventLines(chart, table.names, beside, now, lines)
            summary = track_to(chart, table, path, output_format(path, kind), options, events, progress)
    told = {"chart": chart.identity(), "says": summary.says(), **unread.to_dict(), "engine_version": __version__}
    if reading is not None:
        reading.source = str(parameters["name"])  # the caller's name of the file
        told["reading"] = reading.to_dict()
    write_document(out / "summary.json", told)
    return sum(summary.statuses.values())
