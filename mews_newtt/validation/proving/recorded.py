"""The proofs on record: what was compared for each chart that ships, and in which words it is said. Needs no package beyond Python."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.atomic import whole_file

RECORD = "recorded.json"  # in this folder; `mews-newtt prove --json` writes it
PARTS = {
    "values": "each parameter by itself in every context: both sides of every edge, every category, missing, skipped, refused, unreadable",
    "pairs": "every pair of parameters in every context, a reading of every class",
    "orders": "readings of which one must be above the other, such as the two blood pressures",
    "classes": "every combination of all classes that do not refuse the set",
    "alike": "every combination of the groups of classes that count alike",
    "drawn": "sets drawn at random",
}
WHOLE = {"classes": "of classes", "alike": "of groups"}  # parts that try every combination, and of what
NO_RECORD = "no proof of this chart is on record"


def recorded(chart: Chart) -> dict[str, Any] | None:
    """The proof on record of exactly this chart; None where there is none, or where it is of other content."""
    found = _record().get(f"{chart.id}@{chart.version}")
    return dict(found) if found is not None and found["sha256"] == chart.sha256 else None


@cache
def _record() -> Mapping[str, Any]:
    text = files(__package__).joinpath(RECORD)
    return by_chart(text.read_text(encoding="utf-8"), RECORD) if text.is_file() else {}


def by_chart(text: str, name: str) -> dict[str, Any]:
    """The proofs of a file that `add_to_record` wrote, by chart."""
    try:
        return {one["chart"]: one for one in json.loads(text)["proofs"]}
    except (ValueError, KeyError, TypeError):
        mend = "name a file that this command wrote, or one that is not there yet"
        raise FileError(Problem("not_a_record", name, "is no file of proofs", mend)) from None


def read_record(path: Path) -> dict[str, Any]:
    """The proofs of a file, by chart; none where there is no such file."""
    return by_chart(path.read_text(encoding="utf-8", errors="replace"), str(path)) if path.exists() else {}


def add_to_record(path: Path, proofs: Iterable[Mapping[str, Any]]) -> None:
    """Write proofs to a file. What it says of other charts stays."""
    known = read_record(path) | {str(one["chart"]): dict(one) for one in proofs}
    with whole_file(path) as out:
        out.write(json.dumps({"schema_version": 1, "proofs": [known[name] for name in sorted(known)]}, ensure_ascii=False, indent=1) + "\n")


def total(proof: Mapping[str, Any], count: str) -> int:
    """The sum of one count over all parts: `sets`, `by_reference`, ..."""
    return sum(part[count] for part in proof["parts"])


def every_combination(proof: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The part in which every combination was tried; None where there were too many."""
    return next((part for part in proof["parts"] if part["part"] in WHOLE), None)


def headline(proof: Mapping[str, Any]) -> str:
    """One sentence on the outcome."""
    differ = f"{proof['differences']:,} sets differ" if proof["differences"] else "no set differs"
    checked = total(proof, "by_reference")
    return f"{total(proof, 'sets'):,} sets scored by {_engines(proof)}, {checked:,} of them by the reference too; {differ}"


def not_tried(proof: Mapping[str, Any]) -> str:
    """What was not tried because it is too much; empty where nothing was left out."""
    whole = every_combination(proof)
    limit = f"the limit was {proof['most']:,}"
    if whole is None:
        alike = proof["combinations_alike"]
        return f"not tried: every combination. There are {alike:,} of the groups of classes that count alike; {limit}"
    if whole["part"] == "alike":
        return f"not tried: every combination of all classes. There are {proof['combinations']:,}; {limit}"
    return ""


def words(proof: Mapping[str, Any]) -> list[str]:
    """What was compared with what, a line for each part, and what was not."""
    return [*(_part(part, proof) for part in proof["parts"]), *([left_out] if (left_out := not_tried(proof)) else [])]


def statuses(part: Mapping[str, Any]) -> str:
    """How many sets of a part are complete, partial and refused."""
    return ", ".join(f"{part[status]:,} {status}" for status in ("complete", "partial", "refused") if part[status])


def by_reference(part: Mapping[str, Any]) -> str:
    """How many sets of a part the reference scored too."""
    if part["by_reference"] == part["sets"]:
        return "all"
    return f"{part['by_reference']:,}, drawn at random" if part["by_reference"] else "none"


def _engines(proof: Mapping[str, Any]) -> str:
    names = proof["engines"]
    return f"the engines {', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else f"the engine {names[0]}"


def _part(part: Mapping[str, Any], proof: Mapping[str, Any]) -> str:
    differ = f"; {part['differences']:,} differ" if part["differences"] else ""
    who = f"scored by {_engines(proof)}, by the reference {by_reference(part)}"
    return f"{PARTS[part['part']]}: {part['sets']:,} sets ({statuses(part)}); {who}{differ}"
