"""The reading report: what became of every column, code and row of a file that a reading plan read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mews_newtt_service.contract.parts import Answer, Count


class PlanIdentity(Answer):
    """Which plan it was."""

    name: str
    sha256: str


class _Became(Answer):
    read_as: Annotated[list[str], Field(description="what it was read as; empty where nothing was read from it")]
    note: str
    cells: Count
    blank: Count
    marked_missing: Count
    read: Count
    refused: Count


class ColumnRead(_Became):
    """What became of a column."""

    column: str


class CodeRead(_Became):
    """What became of a code."""

    code: str


class NotRead(Answer):
    """Names of what nothing was read from."""

    columns: list[str]
    codes: list[str]


class Place(Answer):
    """A cell, by the number of its row; of several files that were read together, with the file."""

    file: str | None = None
    row: Count
    cell: str


class RefusedCells(Answer):
    """Cells of one place that were refused for one reason, with the first of them."""

    where: str
    reason: str
    cells: Count
    first: list[Place]


class WordRead(Answer):
    """Cells with the same word or range, and what they mean."""

    cell: str
    means: str | None = None
    read_as: str | None = None
    cells: Count


class Note(Answer):
    """What was noted when the file itself was read."""

    code: str
    what: str
    times: Count
    places: list[str | int]


class ReadingReport(Answer):
    """What a reading plan read from a file, what it changed, refused and did not read."""

    schema_version: Literal[1]
    plan: PlanIdentity
    source: str
    files: Annotated[list[str] | None, Field(description="names of several files that were read together")] = None
    rows: Count
    sets: Count
    columns: list[ColumnRead]
    codes: list[CodeRead]
    not_read: NotRead
    refused: list[RefusedCells]
    converted: Annotated[dict[str, dict[str, Count]], Field(description="by parameter, cells by the unit they were converted from")]
    words: Annotated[dict[str, list[WordRead]], Field(description="by parameter, words that were mapped")]
    ranges: Annotated[dict[str, list[WordRead]], Field(description="by parameter, ranges that were read as one band")]
    rows_left_out: list[RefusedCells]
    sets_merged: Count
    repeated_alike: Count
    repeated_differing: Count
    superseded: Count
    notes: list[Note]
