"""Where the disagreements are: the ward, device, stretch of time or part of the file that a diagnosis names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mews_newtt.validation.chance import chance_words


@dataclass
class Within:
    """Where the disagreements are, beside what they are.

    leads : the diagnosis is of the rows in this place alone, because one fault explains them there and little disagrees elsewhere
    """

    words: str
    column: str
    rows: int
    disagreements: int
    rows_elsewhere: int
    disagreements_elsewhere: int
    chance: float
    sampled: bool
    leads: bool
    wrong_rows: Sequence[int] = field(default=(), repr=False)  # numbers of rows in it that disagree, of those looked at

    @property
    def says(self) -> str:
        about = "about " if self.sampled else ""
        elsewhere = f"{self.disagreements_elsewhere:,} of {self.rows_elsewhere:,}"
        return (
            f"In {self.words} {about}{self.disagreements:,} of {self.rows:,} rows disagree; elsewhere {about}{elsewhere}. "
            f"Chance alone would gather disagreements like this in {chance_words(self.chance)} files."
        )

    def around(self, verdict: str) -> str:
        """A verdict on the rows of this place, with the place."""
        return f"Within {self.words}: {verdict} {self.says}" if self.leads else f"{verdict} {self.says}"

    def to_dict(self) -> dict[str, Any]:
        shown = {name: value for name, value in vars(self).items() if name != "wrong_rows"}
        return {**shown, "says": self.says}
