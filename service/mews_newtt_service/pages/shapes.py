"""One set and its score as FHIR and as a curl command, to copy from the page."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from mews_newtt.chart.model import Chart
from mews_newtt.errors import MewsNewttError
from mews_newtt.fhir.jsontext import write_json
from mews_newtt.fhir.operations import ews_score
from mews_newtt.fhir.write import observations_bundle


def fhir_texts(chart: Chart, given: Mapping[str, Any]) -> tuple[str, str] | None:
    """The set as a Bundle of Observations, and its score as one; None where there is nothing to score."""
    sent = observations_bundle(chart, given)
    if "entry" not in sent:
        return None
    try:
        answer = ews_score(sent, lambda name, version, sha256: chart, chart=chart.id, version=chart.version)
    except MewsNewttError:
        return None  # refused: the page says why
    return write_json(sent, 2), write_json(answer.resource, 2)


def curl_text(base: str, chart: Chart, given: Mapping[str, Any]) -> str:
    """The same request for a terminal."""
    address = f"{base}/v1/charts/{chart.id}/score?version={chart.version}"
    return f"curl -s {shlex.quote(address)} \\\n  -H 'Content-Type: application/json' \\\n  -d {shlex.quote(json.dumps(given, ensure_ascii=False))}"
