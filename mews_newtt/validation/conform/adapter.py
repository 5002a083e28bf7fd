"""An adapter: how a platform is asked and how its answers are read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.validation.conform.answers import answer_of
from mews_newtt.validation.conform.placeholders import Visit, filled_text
from mews_newtt.validation.conform.request import request_of
from mews_newtt.validation.conform.settings import VARIABLE, Answer, Settings


class Adapter(Settings):
    """The content of an adapter file, and what it does with one case."""

    __slots__ = ()

    def request(self, given: Mapping[str, str], chart: Chart, visit: Visit | None = None) -> Any:
        """The JSON document that asks for one case."""
        return request_of(self, chart, given, visit or Visit())

    def read(self, document: Any, chart: Chart, secrets: tuple[str, ...] = ()) -> Answer:
        """The answer in a JSON document. A credential that it repeats is hidden."""
        return answer_of(self, chart, document, secrets)


def filled_headers(adapter: Settings, visit: Visit | None = None) -> tuple[dict[str, str], tuple[str, ...]]:
    """Headers with their placeholders, and their variables from the environment, and the secrets in them. Messages never contain the values.

    Raises
    ------
    FileError  variables that are not set, or that no header can hold
    """
    problems, headers, secrets = [], {}, set()
    for name, text in adapter.headers.items():
        for variable in VARIABLE.findall(text):
            value = os.environ.get(variable, "")
            if not value:
                problems.append(
                    Problem("variable_missing", f"${{{variable}}}", f"is not set; the header {name} needs it", f"set {variable} in the environment")
                )
            elif not (value.isascii() and value.isprintable()):
                problems.append(
                    Problem("variable_bad", f"${{{variable}}}", "holds characters that a header cannot", "set it again without line ends")
                )
            else:
                secrets.add(value)
        headers[name] = VARIABLE.sub(lambda found: os.environ.get(found[1], ""), filled_text(text, visit or Visit()))
    if problems:
        raise FileError(problems)
    return headers, tuple(sorted(secrets, key=len, reverse=True))
