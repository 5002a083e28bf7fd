"""Small wrong changes ("mutants") are put into the code one at a time, and the tests must fail for each: `make mutate`.

    python tests/mutate.py [GROUP ...] [--tries 60] [--jobs 2] [--seed 12]

Each job works in a copy of the checkout. A change is killed when a test of its group fails or does not end. What survived is printed as
a diff; it is either a hole in the tests or a change that makes no difference. Cosmic Ray makes the changes.
"""

from __future__ import annotations

import argparse
import ast
import multiprocessing
import os
import random
import re
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from cosmic_ray.commands.init import _all_work_items
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.testing import run_tests
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome

ROOT = Path(__file__).parents[1]
SECONDS = 400  # one change's tests may take this long; then it counts as killed, for it hangs


@dataclass(frozen=True)
class Group:
    """Modules that are changed, and the tests that must notice, the quickest first."""

    modules: tuple[str, ...]  # patterns below mews_newtt/
    tests: str  # below tests/, with spaces between


GROUPS = {
    "scoring": Group(
        ("scoring/reference.py", "scoring/levels.py", "scoring/partial.py", "scoring/result.py", "scoring/wording.py"),
        "test_reference_details.py test_made_up_chart.py test_spec.py test_vectors.py test_hours_since_birth.py test_limits.py cli/test_score_one.py"
        " batch/test_one_answer.py properties",
    ),
    "reading": Group(
        ("reading/*.py",),
        "test_reading.py test_limits.py test_column_map.py test_column_names.py test_unread_columns.py test_case_files.py test_reference_details.py"
        " test_same_answer_anywhere.py batch/test_one_answer.py batch/test_odd_columns.py",
    ),
    "checks": Group(
        ("chart/check*.py", "chart/contexts.py"),
        "test_rules_bad.py test_many_faults.py cli_charts/test_check.py test_catalogue.py test_codes.py test_made_up_chart.py"
        " test_reference_details.py test_hours_since_birth.py properties/test_completions.py",
    ),
    "validation": Group(
        ("validation/compare.py", "validation/comparer.py", "validation/expected.py", "validation/stated.py"),
        "validation/test_stated_words.py validation/test_compare.py validation/test_every_row_compared.py validation/test_expected_cells.py validation/test_one_counter.py"
        " validation/test_report.py validation/test_validate_cli.py validation/test_one_verdict.py validation/test_no_false_accusation.py",
    ),
    "fhir": Group(("fhir/readings.py", "fhir/verify.py"), "fhir"),
}

# One change for each sort of slip: a condition turned round or moved by its boundary, a number by one, a sign, "and" and "or".
# Not every sign that Cosmic Ray knows for a "+" or "==": texts are not ordered here, so that most of those change nothing.
SORTS = re.compile(
    r"core/(ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|FloorDiv_Mul|Mod_Mul|BitOr_BitAnd|BitAnd_BitOr)"
    r"|ReplaceComparisonOperator_(Eq_NotEq|NotEq_Eq|Lt_LtE|Lt_GtE|LtE_Lt|LtE_Gt|Gt_GtE|Gt_LtE|GtE_Gt|GtE_Lt|Is_IsNot|IsNot_Is)"
    r"|ReplaceUnaryOperator_(USub_UAdd|Delete_Not)|AddNot|ReplaceTrueWithFalse|ReplaceFalseWithTrue|ReplaceAndWithOr|ReplaceOrWithAnd"
    r"|NumberReplacer|ReplaceBreakWithContinue|ReplaceContinueWithBreak|ExceptionReplacer|ZeroIterationForLoop)"
)

# Looked at: a change here makes no difference to any answer, so that none is drawn. The code as it stands, and why.
NO_DIFFERENCE = {
    "len(memo) >= MOST_REMEMBERED": "when what is remembered for speed is forgotten",
    "len(seen) >= MOST_REMEMBERED": "when what is remembered for speed is forgotten",
    "len(self.seen) >= MOST_REMEMBERED": "when what is remembered for speed is forgotten",
    "len(raw) <= LONGEST_REMEMBERED": "what is remembered for speed",
    "len(reading.given) <= LONGEST_REMEMBERED": "what is remembered for speed",
    "MOST_REMEMBERED = 2_000": "how much is remembered for speed",
    "MOST_REMEMBERED = 4096": "how much is remembered for speed",
    "LONGEST_REMEMBERED = 40": "how much is remembered for speed",
    "DENSE = 1 << 21": "in which of two ways equal cases are found",
    "int(part.max()) - int(part.min()) + 1": "how wide a table of cases is",
    "-(1 << 30), -(1 << 30) + 1, -(1 << 30) + 2": "any three numbers that nobody states",
    "np.zeros(len(parts[0]), np.int64), 1": "in which of two ways equal cases are found",
    "ROWS = 1 << 18": "how many rows are compared at a time",
    "-MOST < raw < MOST": "a number on the edge is read as the edge",
    "names[:20]": "how many names a message holds",
    "len(digits) < 12": "a number beyond MOST is read as MOST",
    "values - low + 3": "where numbers lie in a table of cases",
    "range(max(CODES.values()) + 1)": "words after the last are never used",
    "len(column[1][0])": "which column is looked at first",
    "code[:60]": "how much of a code a message quotes",
    "len(under_way) > threads": "how many pieces wait for their turn",
    "rows[0].band if all(": "any of several equal ones",
    "rows[0].table if all(": "any of several equal ones",
    "one == found[0] for one in found": "any of several equal ones",
    "self._holds = False  # whether": "set again before it is read",
    "rows.get(meant.parameters[0])": "rows that share a code are in one table",
    "old.when is None or new.when is None": "a round holds readings with a time, or readings without one",
}


def makes_no_difference(line: str, column: int) -> bool:
    return any(line.find(code) <= column < line.find(code) + len(code) for code in NO_DIFFERENCE if code in line)


def computed(path: Path) -> list[ast.BinOp]:
    """Sums and products. Elsewhere a sign is a type, which is not evaluated, or the star of an argument, where a change is not a slip of code."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    types = [one for node in ast.walk(tree) for one in (getattr(node, "annotation", None), getattr(node, "returns", None)) if one is not None]
    in_types = {id(node) for one in types for node in ast.walk(one)}
    return [node for node in ast.walk(tree) if isinstance(node, ast.BinOp) and id(node) not in in_types]


def changes(group: Group) -> Iterator[MutationSpec]:
    """Every change of the sorts above in the group's modules."""
    for path in sorted(chain.from_iterable((ROOT / "mews_newtt").glob(one) for one in group.modules)):
        lines = path.read_text(encoding="utf-8").splitlines()
        signs = [((one.lineno, one.col_offset), (one.end_lineno, one.end_col_offset)) for one in computed(path)]
        for item in _all_work_items([path], {}):
            for change in item.mutations:
                inside = "BinaryOperator" not in change.operator_name or any(first < change.start_pos < last for first, last in signs)
                row, column = change.start_pos
                only_a_check = lines[row - 1][:column].endswith("strict=")  # of our own lengths: it changes no answer
                if SORTS.fullmatch(change.operator_name) and inside and not only_a_check and not makes_no_difference(lines[row - 1], column):
                    yield change


def into_a_copy(folder: str, number: multiprocessing.sharedctypes.Synchronized[int]) -> None:
    """One job's own checkout; file times are kept, so that the compiled code kept beside it stays good."""
    with number.get_lock():
        number.value += 1
        copy = Path(folder) / f"copy{number.value}"
    left_out = shutil.ignore_patterns(".venv", ".git", "*.sqlite", "dist", "build", "demo-output", ".hypothesis")
    shutil.copytree(ROOT, copy, ignore=left_out)
    os.chdir(copy)
    os.environ["PYTHONPATH"] = str(copy)


def tried(change: MutationSpec, command: str) -> tuple[bool, str]:
    """Whether the tests noticed the change, and its diff (with Cosmic Ray's words where it could not be made)."""
    here = MutationSpec(Path(change.module_path).relative_to(ROOT), change.operator_name, change.occurrence, change.start_pos, change.end_pos)
    result = mutate_and_test([here], command, SECONDS)
    if result.worker_outcome != WorkerOutcome.NORMAL or result.test_outcome == TestOutcome.INCOMPETENT:
        raise RuntimeError(f"{here}: {result.output}")
    return result.is_killed, result.diff or ""


def main() -> int:
    """The exit code is 1 where fewer than nine of ten were killed in some group, 2 where the tests fail without a change."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)}; all where none is named")
    parser.add_argument("--tries", type=int, default=60, help="changes of each group, drawn by the seed (60)")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=12)
    asked = parser.parse_args()
    if unknown := set(asked.groups) - set(GROUPS):
        parser.error(f"no such group: {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "mews_newtt").rglob("*.py"))
    if gone := [each for each in NO_DIFFERENCE if each not in code]:
        parser.error(f"NO_DIFFERENCE names code that is no longer there: {gone}")
    worst = 1.0
    with tempfile.TemporaryDirectory() as folder:
        number = multiprocessing.Value("i", 0)
        with ProcessPoolExecutor(asked.jobs, initializer=into_a_copy, initargs=(folder, number)) as pool:
            for name in asked.groups or GROUPS:
                tests = [f"tests/{one}" for one in GROUPS[name].tests.split()]
                command = shlex.join([sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--hypothesis-profile=quick-to-fail", *tests])
                for outcome, output in pool.map(run_tests, [command] * asked.jobs, [SECONDS] * asked.jobs):
                    if outcome != TestOutcome.SURVIVED:
                        print(f"{name}: the tests fail without a change:\n{output}", file=sys.stderr)
                        return 2
                every = list(changes(GROUPS[name]))
                drawn = random.Random(asked.seed).sample(every, min(asked.tries, len(every)))
                began, survived = time.monotonic(), 0
                for killed, diff in pool.map(partial(tried, command=command), drawn):
                    survived += not killed
                    if not killed:
                        print(diff, flush=True)
                worst = min(worst, 1 - survived / len(drawn))
                print(f"{name}: {len(drawn) - survived} of {len(drawn)} killed, {len(every)} possible, {time.monotonic() - began:.0f} s", flush=True)
    return 0 if worst >= 0.9 else 1


if __name__ == "__main__":
    raise SystemExit(main())
