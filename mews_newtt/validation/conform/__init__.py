"""Tries a live platform: sends it the cases of a test pack, or the sets of a file, and compares its answers with the chart."""

from mews_newtt.validation.conform.adapter import HIDDEN, Adapter, Answer, Limits, filled_headers, read_adapter
from mews_newtt.validation.conform.asking import compare_answers, conform, pack_cases
from mews_newtt.validation.conform.file_cases import FileCases, file_cases
from mews_newtt.validation.conform.json_paths import look_up, put
from mews_newtt.validation.conform.transport import Command, Endpoint, Pace

__all__ = [
    "HIDDEN", "Adapter", "Answer", "Command", "Endpoint", "FileCases", "Limits", "Pace", "compare_answers", "conform", "file_cases",
    "filled_headers", "look_up", "pack_cases", "put", "read_adapter",
]  # fmt: skip
