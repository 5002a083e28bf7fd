"""The picture and the sentence at the top of docs/diagnosis.md are what the diagnosis makes of a platform with one late edge.

`python -m tests.validation.test_diagnosis_picture` draws it anew after a wanted change.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from mews_newtt import load_chart, score
from mews_newtt.validation.diagnose import diagnose
from mews_newtt.validation.reports.contrast import pictures_of

DOCS = Path(__file__).resolve().parents[2] / "docs"
PICTURE = DOCS / "diagnosis-heart-rate.svg"
LATE = 4  # by so many /min the made-up platform starts its last band too late


def drawn() -> tuple[str, str]:
    """What the diagnosis says, and its picture."""
    chart = load_chart("news2@2017.1")
    rates = range(60, 151)

    def points(rate: int) -> int | None:
        return score(chart, {"heart_rate": rate}).points()["heart_rate"]

    stated = [points(rate - LATE) if rate > 120 else points(rate) for rate in rates]
    found = diagnose(chart, pl.DataFrame({"heart_rate": list(rates), "expected_points_heart_rate": stated}))
    (picture,) = pictures_of([each.to_dict() for each in found.contrast])
    return found.words, picture.svg + "\n"


def test_the_page_shows_what_the_diagnosis_says_and_draws() -> None:
    words, svg = drawn()
    assert svg == PICTURE.read_text(encoding="utf-8")
    assert f"> {words}\n" in (DOCS / "diagnosis.md").read_text(encoding="utf-8")


if __name__ == "__main__":
    PICTURE.write_text(drawn()[1], encoding="utf-8")
    print(drawn()[0])
