"""The order of the rows of a table: as in the file, and by time for each person. Persons are compared and never named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mews_newtt.reading.column_names import words_of
from mews_newtt.reading.times import COLUMN
from mews_newtt.tables.proposing.columns import NAMES, NUMBERING, PERSON_WORDS
from mews_newtt.validation.faults import RowOrder

PERSON = "patient_id"
TIME_WORDS = {"at", "time", "date", "datetime", "timestamp", "when", "observed", "observation", "obs", "taken", "recorded", "measured"}


def order_of(table: pa.Table, ours: Sequence[str], rows: npt.NDArray[np.int64] | None = None) -> RowOrder:
    """What a table says of the order of its rows, in its columns `patient_id` and `observed_at`.

    ours : its column names as we call them
    rows : the number of each row in the file; None: they follow one another
    """
    after_gap = None if rows is None or len(rows) != table.num_rows else np.concatenate([[False], np.diff(rows) != 1])
    texts = {name: table.column(place).cast(pa.string()).to_pylist() for place, name in enumerate(ours) if name in (PERSON, COLUMN)}
    return RowOrder(table.num_rows, texts.get(PERSON), texts.get(COLUMN), after_gap)


def person_and_time(names: Sequence[str], ours: Sequence[str]) -> dict[str, str]:
    """The columns of a file that say whose a row is and when it was taken, by our names for them: where no column is called so, by its name."""
    found = {our: theirs for theirs, our in zip(names, ours, strict=True) if our in (PERSON, COLUMN)}
    for theirs in names:
        words = set(words_of(theirs))
        if words & PERSON_WORDS and not words & NAMES and not words - PERSON_WORDS - NUMBERING:
            found.setdefault(PERSON, theirs)
        elif words and words <= TIME_WORDS:
            found.setdefault(COLUMN, theirs)
    return found
