"""Reads the built site: every page and every file that a page needs is there, and nothing is fetched from elsewhere."""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}  # what a browser asks for by itself
NOT_FETCHED = {"canonical", "prev", "next", "alternate", "edit"}  # kinds of <link> that a browser only knows of


class Links(HTMLParser):
    """What a page fetches, and where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.leads: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.ids |= {value for name in ("id", "name") if (value := given.get(name))}
        target = given.get(FETCHED.get(tag, ""))
        if target and not (tag == "link" and given.get("rel") in NOT_FETCHED):
            self.fetched.append(target)
        if tag == "a" and given.get("href"):
            self.leads.append(given["href"] or "")


def faults(folder: Path) -> list[str]:
    """What is wrong with a built site, in words."""
    pages: dict[Path, Links] = {}
    for path in sorted(folder.rglob("*.html")):
        pages[path] = Links()
        pages[path].feed(path.read_text(encoding="utf-8"))
    found = []
    for path, links in pages.items():
        if path.name == "404.html":
            continue  # its links begin at the root of a server
        name = path.relative_to(folder)
        found += [f"{name} fetches {target}" for target in links.fetched if urlsplit(target).netloc]
        for target in links.fetched + links.leads:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not there.exists():
                found.append(f"{name} leads to {target}, which is not there")
            elif parts.fragment and there in pages and unquote(parts.fragment) not in pages[there].ids:
                found.append(f"{name} leads to {target}, and that page has no such place")
    return found


if __name__ == "__main__":
    wrong = faults(Path(sys.argv[1]).resolve())
    sys.stderr.write("".join(f"{line}\n" for line in wrong))
    sys.exit(1 if wrong else 0)
