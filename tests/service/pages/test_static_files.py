"""Styles and scripts may be kept by the browser, and are asked for again by their ETag; pages and scores are never kept."""

from __future__ import annotations

from pathlib import Path

from tests.service.support import client


def test_a_style_is_kept_and_asked_for_again(tmp_path: Path) -> None:
    with client(tmp_path) as http:
        first = http.get("/static/app.css")
        assert first.headers["cache-control"] == "no-cache"
        assert http.get("/static/app.css", headers={"If-None-Match": first.headers["etag"]}).status_code == 304
        assert http.get("/v1/charts").headers["cache-control"] != "no-cache"
        assert "no-store" in http.get("/").headers["cache-control"]
