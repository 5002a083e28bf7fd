"""Slightly changed charts (mutants) scored over one table, quickly: for the diagnosis, test packs and coverage."""

from mews_newtt.engines.base import COMPLETE, PARTIAL, REFUSED
from mews_newtt.validation.mutants.answers import Answers, answer_words, differ
from mews_newtt.validation.mutants.contributions import NO_POINTS, Contributions, Rows, cell_contributions, chosen_tables, group_contributions
from mews_newtt.validation.mutants.scorer import MutantScorer
from mews_newtt.validation.mutants.sheet import (
    MISSING,
    NO_READING,
    READ,
    SKIPPED,
    UNUSABLE,
    Cell,
    CellColumn,
    Codes,
    Flags,
    Sheet,
    distinct_values,
    sheet_of_sets,
    sheet_of_table,
)

__all__ = [
    "COMPLETE", "MISSING", "NO_POINTS", "NO_READING", "PARTIAL", "READ", "REFUSED", "SKIPPED", "UNUSABLE", "Answers", "Cell", "CellColumn",
    "Codes", "Contributions", "Flags", "MutantScorer", "Rows", "Sheet", "answer_words", "cell_contributions", "chosen_tables", "differ",
    "distinct_values", "group_contributions", "sheet_of_sets", "sheet_of_table",
]  # fmt: skip
