"""Slightly changed charts (mutants) scored over one table, quickly: for the diagnosis, test packs and coverage."""

from mews_newtt.engines.base import COMPLETE, NO_POINTS, PARTIAL, REFUSED
from mews_newtt.validation.mutants.answers import Answers, Stated, answer_words, differ
from mews_newtt.validation.mutants.contributions import counting_nothing
from mews_newtt.validation.mutants.counted import counted
from mews_newtt.validation.mutants.on_stated import is_number, nothing_stated, on_stated, states_all_points, with_answers, with_totals
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
    Rows,
    Sheet,
    distinct_values,
    sheet_of_sets,
    sheet_of_table,
)

__all__ = [
    "COMPLETE", "MISSING", "NO_POINTS", "NO_READING", "PARTIAL", "READ", "REFUSED", "SKIPPED", "UNUSABLE", "Answers", "Cell", "CellColumn",
    "Codes", "Flags", "MutantScorer", "Rows", "Sheet", "Stated", "answer_words", "counted", "counting_nothing", "differ", "distinct_values",
    "is_number", "nothing_stated", "on_stated", "sheet_of_sets", "sheet_of_table", "states_all_points", "with_answers", "with_totals",
]  # fmt: skip
