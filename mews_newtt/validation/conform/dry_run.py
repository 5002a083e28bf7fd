"""What `conform --check` shows: what would be sent, and the first request. Nothing is sent, and no credential is shown."""

from __future__ import annotations

import json
from urllib.parse import urlencode, urlsplit

from mews_newtt.chart.model import Chart
from mews_newtt.scoring.wording import count
from mews_newtt.validation.conform.adapter import Adapter
from mews_newtt.validation.conform.command import line_of
from mews_newtt.validation.conform.placeholders import filled_text
from mews_newtt.validation.conform.request import OF_A_READING, as_pairs, owners_of
from mews_newtt.validation.conform.sending import Sending, Sent
from mews_newtt.validation.conform.settings import FORM, HIDDEN, JSON, QUERY, VARIABLE
from mews_newtt.validation.conform.transport import shown_address


def dry_run(chart: Chart, adapter: Adapter, sending: Sending, url: str | None) -> str:
    """The first request in words, with what is not sent and which constants depend on a reading.

    Parameters
    ----------
    url : the platform's address; None for a command, which has neither address nor headers
    """
    first = max(sending.cases, key=lambda case: len(case.given))
    lines = [f"Checked: {count(len(sending.cases), 'case')} of {chart.short_title} {chart.version} would be sent. Nothing was sent."]
    lines += sending.says()
    lines += _depending(chart, adapter)
    lines += ["", f"The request for {first.id}:"]
    body = adapter.request(first.given, chart, first.visit)
    if url is None:
        return "\n".join([*lines, json.dumps(line_of(adapter, chart, first), ensure_ascii=False)])
    lines.append(f"{adapter.method} {shown_address(urlsplit(url), adapter, first.visit, body)}")
    kind = {JSON: {"Content-Type": "application/json"}, FORM: {"Content-Type": "application/x-www-form-urlencoded"}, QUERY: {}}[adapter.body]
    lines += [f"{name}: {_header(text, first)}" for name, text in {**kind, **adapter.headers}.items()]
    if adapter.body != JSON:
        return "\n".join([*lines, *(["", urlencode(as_pairs(body))] if adapter.body == FORM else [])])
    return "\n".join([*lines, "", json.dumps(body, ensure_ascii=False, indent=2)])


def _header(text: str, case: Sent) -> str:
    """A header with its placeholders filled, and without its credentials."""
    return VARIABLE.sub(HIDDEN, filled_text(text, case.visit))


def _depending(chart: Chart, adapter: Adapter) -> list[str]:
    """The constants that are sent only beside a reading."""
    lines = []
    for path in adapter.constants:
        owners = () if OF_A_READING in path else owners_of(adapter, chart, path)
        if owners:
            titles = [chart.by_id[name].title for name in owners]
            listed = titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} or {titles[-1]}"
            lines.append(f"The constant `{path}` is sent only with {listed}.")
    return lines
