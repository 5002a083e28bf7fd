"""`make contract`: writes the OpenAPI document of what ships, and the published JSON Schemas, so that a change shows in review."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from mews_newtt_service.contract.document import written
from mews_newtt_service.contract.published import write_published


def contract() -> str:
    """The document as a file holds it."""
    for name in ("MEWS_NEWTT_RULES", "MEWS_NEWTT_CONFIG"):  # a developer's own charts are no part of it
        os.environ.pop(name, None)
    from mews_newtt_service.app import create_app
    from mews_newtt_service.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        return written(create_app(Settings(data_folder=Path(folder))).openapi())


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(contract(), encoding="utf-8")
    if len(sys.argv) > 2:
        write_published(Path(sys.argv[2]))
