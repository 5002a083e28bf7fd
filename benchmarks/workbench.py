"""How fast the workbench's pages are on this machine: bytes of a first view as sent, first paint, and the live score after a field is left.

    python benchmarks/workbench.py http://127.0.0.1:8000

Start `mews-newtt serve` first. Needs playwright and /usr/bin/chromium. Prints one line for each page; nothing is asserted.
"""

from __future__ import annotations

import os
import statistics
import sys
from typing import Any

from playwright.sync_api import sync_playwright

PAGES = (
    "/",
    "/workbench/charts/npews/2023.1",
    "/workbench/try/mews/0.2",
    "/workbench/series/mews/0.2?example=course",
    "/workbench/learn/news2/2017.1/7/1",
)
TIMES = 7
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
BYTES = "performance.getEntries().filter(e => 'transferSize' in e).reduce((sum, e) => sum + e.transferSize, 0)"
# From leaving the field to the new score on the page. The reading changes each time, so that no score is shown twice.
SCORED = """value => new Promise(done => {
  const field = document.getElementById('heart_rate'), result = document.getElementById('result');
  field.focus(); field.value = value;
  field.dispatchEvent(new Event('input', {bubbles: true}));
  const begun = performance.now();
  const seen = (_, watch) => { watch.disconnect(); requestAnimationFrame(() => done(performance.now() - begun)); };
  new MutationObserver(seen).observe(result, {childList: true});
  field.blur();
})"""


def first_view(browser: Any, address: str) -> tuple[float, float]:
    """First paint in milliseconds and bytes sent, of a browser that has nothing of the service yet."""
    page = browser.new_context().new_page()
    page.goto(address, wait_until="load")
    page.wait_for_timeout(100)
    found = page.evaluate(PAINT), page.evaluate(BYTES)
    page.context.close()
    return found


def main(base: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        for path in PAGES:
            views = [first_view(browser, base + path) for _ in range(TIMES)]
            paint = statistics.median(view[0] for view in views)
            print(f"{path}: first paint {paint:.0f} ms (median of {TIMES}), first view {views[0][1] / 1000:.1f} kB as sent")
        page = browser.new_page()
        page.goto(base + "/workbench/try/mews/0.2")
        times = [page.evaluate(SCORED, str(70 + number)) for number in range(TIMES)]
        print(f"live score after a field is left: {statistics.median(times):.0f} ms (median of {TIMES})")
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8000")
