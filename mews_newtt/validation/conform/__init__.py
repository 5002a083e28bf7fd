"""Tries a live platform: sends it the cases of a test pack, or the sets of a file, and compares its answers with the chart."""

from mews_newtt.validation.conform.adapter import Adapter, filled_headers
from mews_newtt.validation.conform.adapter_file import read_adapter
from mews_newtt.validation.conform.asking import compare_answers, conform, pack_cases
from mews_newtt.validation.conform.command import Command
from mews_newtt.validation.conform.dry_run import dry_run
from mews_newtt.validation.conform.file_cases import FileCases, file_cases
from mews_newtt.validation.conform.json_paths import look_up, put
from mews_newtt.validation.conform.pace import Pace
from mews_newtt.validation.conform.sending import Sending, sending_of
from mews_newtt.validation.conform.settings import HIDDEN, Answer, Limits
from mews_newtt.validation.conform.transport import Endpoint, checked_address

__all__ = [
    "HIDDEN", "Adapter", "Answer", "Command", "Endpoint", "FileCases", "Limits", "Pace", "Sending", "checked_address", "compare_answers", "conform",
    "dry_run", "file_cases", "filled_headers", "look_up", "pack_cases", "put", "read_adapter", "sending_of",
]  # fmt: skip
