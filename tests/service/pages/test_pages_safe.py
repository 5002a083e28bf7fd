"""Nothing that comes from outside gets into a page; nothing leaves it; the first view is small."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
from markupsafe import escape
from playwright.sync_api import expect

EVIL = "\"'><script>document.title='in'</script><img src=x onerror=\"document.title='in'\">{{7*7}}"
PAGES = [
    "/",
    "/workbench/charts/npews/2023.1",
    "/workbench/compare?before=mews@0.1&after=mews@9.9",
    "/workbench/try",
    "/workbench/try/newtt2/0.1",
    "/workbench/series/mews/0.1",
    "/workbench/validate",
    "/workbench/plan",
    "/workbench/pack",
    "/workbench/about",
    "/workbench/nothing/here",
]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_a_strict_policy_and_nothing_inline(client: Any, path: str) -> None:
    answer = client.get(path)
    headers, text = answer.headers, answer.text
    policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'" and policy["script-src"] == "'self'" and policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'" and policy["base-uri"] == "'none'" and policy["form-action"] == "'self'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
    assert not re.search(r"<script(?![^>]* src=)", text)
    assert set(re.findall(r"(?:src|href)=\"(https?:[^\"]*)\"", text)) == set(), "no address outside"


def test_the_first_view_is_small(client: Any) -> None:
    wanted = re.findall(r"(?:src|href)=\"(/(?:static|workbench)/[^\"]*\.(?:css|js|svg))\"", client.get("/").text)
    assert len(wanted) == 5
    whole = {path: client.get(path).content for path in ["/", *wanted]}
    assert all(len(content) > 100 for content in whole.values())
    assert sum(len(gzip.compress(content)) for content in whole.values()) < 50_000  # 150 kB are allowed


def test_the_first_view_is_there_within_a_second(page: Any) -> None:
    page.goto("/workbench/try/news2/2017.1")
    page.reload()
    timing = page.evaluate("(t => [t.domInteractive, t.loadEventEnd])(performance.getEntriesByType('navigation')[0])")
    assert max(timing) < 1000, timing


def test_readings_and_reasons_cannot_write_into_the_page(page: Any, plain: Any) -> None:
    for each in (page, plain):
        each.goto("/workbench/try/news2/2017.1")
        title = each.title()
        each.fill("#respiratory_rate", EVIL)
        each.locator("summary", has_text="Not taken: Heart rate").click()
        each.fill("#skip-heart_rate", EVIL)
        each.get_by_role("button", name="Score").click()
        expect(each.locator(".wb-outcome")).to_contain_text("is not a number")
        each.fill("#respiratory_rate", "")
        each.get_by_role("button", name="Score").click()
        expect(each.locator("#marked-row-heart_rate")).to_contain_text("<script>")
        assert each.title() == title
        assert each.locator("main script, main img").count() == 0
        assert "{{7*7}}" in each.locator("#as-json").text_content()


def test_a_hostile_link_cannot_write_into_the_page(page: Any) -> None:
    page.goto("/workbench/try/news2/2017.1#respiratory_rate=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&consciousness=%22%3E%3Cscript%3E&__proto__=x&constructor=y")
    expect(page.locator(".wb-outcome")).to_contain_text("is not a number")
    assert page.locator("main img, main script").count() == 0


def test_pasted_cells_and_column_names_cannot_write_into_the_page(client: Any) -> None:
    quoted = EVIL.replace('"', '""')
    for pasted in (f'heart_rate,"{quoted}"\n80,x', f'observed_at,heart_rate\n"{quoted}",80', f"</textarea>{EVIL}"):
        answer = client.post("/workbench/series/mews/0.1", data={"sets": pasted})
        assert "<script>" not in answer.text and "<img" not in answer.text
        assert f">{escape(pasted)}</textarea>" in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/workbench/charts/%22%3E%3Cscript%3Ealert(1)%3C/script%3E", 404),
        ("/workbench/charts/%22%3E%3Cscript%3Ealert(1)", 404),
        ("/workbench/charts/npews?age_years=%22%3E%3Cscript%3E", 200),
        ("/workbench/compare?before=%3Cscript%3E@1", 404),
        ("/workbench/compare?before=mews@%3Cscript%3E", 404),
        ("/workbench/validate?like=%22%3E%3Cscript%3E", 200),
        ("/workbench/validate?chart=%22%3E%3Cscript%3E", 200),
        ("/workbench/runs/%3Cscript%3E", 404),
    ],
)
def test_paths_and_queries_cannot_write_into_the_page(client: Any, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8", "a page, whatever was asked for"
    assert "<script>" not in answer.text and "</html>" in answer.text


def test_a_form_of_another_site_is_refused(client: Any) -> None:
    answer = client.post("/workbench/pack", data={"chart": "mews@0.1"}, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403
