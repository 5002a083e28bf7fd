"""Test packs: cases that distinguish a chart from every mutant of it with a single fault."""

from mews_newtt.validation.packs.case import Case, expected_of
from mews_newtt.validation.packs.files import NAMES, WORKBOOK, as_csv, as_ndjson, check_folder, write_pack
from mews_newtt.validation.packs.killed import cover, killers_of, scorer_of
from mews_newtt.validation.packs.pack import Pack, make_pack, only_recordable, pack_faults

__all__ = [
    "NAMES", "WORKBOOK", "Case", "Pack", "as_csv", "as_ndjson", "check_folder", "cover", "expected_of", "killers_of", "make_pack", "only_recordable",
    "pack_faults", "scorer_of", "write_pack",
]  # fmt: skip
