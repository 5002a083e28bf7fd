"""Packs of test cases."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mews_newtt_service.contract.parts import Answer, ChartIdentity, Count, Engine, Request

MOST_SEED = 2**31


class PackRequest(Request):
    """Which pack to make."""

    seed: Annotated[int, Field(ge=0, lt=MOST_SEED, description="the same seed gives the same pack; 0 where it is left out")] = 0
    manual: Annotated[bool, Field(description="fewer cases, for typing in by hand; false where it is left out")] = False


class KindOfMutants(Answer):
    """Mutants of one kind."""

    made: Count
    killed: Count
    equivalent: Count


class KindOfMemory(Answer):
    """Faults of memory of one kind, and how many of them the series of one person shows."""

    made: Count
    killed: Count


class Mutants(Answer):
    """Changed charts, and how many of them the cases show."""

    made: Count
    killed: Count
    equivalent: Annotated[Count, Field(description="proven to score as the chart does")]
    alive: Annotated[Count, Field(description="neither killed nor proven equivalent")]
    kill_rate: Annotated[float, Field(ge=0, le=1, description="the share killed of those that are not proven equivalent")]
    kinds: dict[str, KindOfMutants]


class Case(Answer):
    """One observation set, and what the chart answers."""

    case_id: str
    given: dict[str, str]
    expected: Annotated[dict[str, str], Field(description="expected_status, expected_total, expected_level, expected_points_<id>; empty: none")]
    why: str
    person: Annotated[str, Field(description="in the series: a made-up person")] = ""
    taken_at: Annotated[str, Field(description="in the series: when the set was taken")] = ""


class Mutant(Answer):
    """One changed chart."""

    id: str
    words: str
    proof: Annotated[str | None, Field(description="how it was proven equivalent")] = None


class Pack(Answer):
    """A pack of test cases of one chart."""

    schema_version: Literal[1]
    chart: ChartIdentity
    seed: Count
    manual: bool
    says: str
    mutants: Mutants
    equivalent: Annotated[list[Mutant], Field(description="mutants that no case can show")]
    alive: Annotated[list[Mutant], Field(description="mutants that no case here shows")]
    memory: Annotated[dict[str, KindOfMemory], Field(description="by kind; empty where the pack has no series of one person")]
    not_tested: list[str]
    cases: list[Case]
    engine_version: Engine
