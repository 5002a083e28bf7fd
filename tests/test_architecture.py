"""What the design promises: arrows point inward, the public names are documented, numbers stay in rules/, files stay small."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import mews_newtt
from tests.parsed import parsed

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "mews_newtt"
MODULES = sorted(PACKAGE.rglob("*.py"))
SERVICE = sorted((ROOT / "service" / "mews_newtt_service").rglob("*.py"))
# The core. It needs no package beyond Python.
INNER = {"errors", "chart", "reading", "scoring", "compiled"}
# What each layer may import of this package, beside itself. A folder inside a layer, such as episode/report, follows the rule of its layer.
ALLOWED = {
    "errors": set(),
    "chart": {"errors"},
    "reading": {"errors", "chart"},
    "scoring": {"errors", "chart", "reading"},
    "compiled": {"errors", "chart", "reading"},
    "engines": INNER,
    "tables": INNER | {"engines"},
    "batch": {"tables"},
    "drawn": {"errors", "chart", "reading", "scoring"},
    "validation": INNER | {"engines", "tables", "drawn"},
    "episode": INNER | {"engines", "tables", "drawn"},
    "adoption": INNER | {"engines", "tables"},
    "fhir": INNER | {"tables", "validation", "episode"},
    "cli": INNER | {"engines", "tables", "drawn", "validation", "adoption", "fhir", "episode"},
}


def imports(path: Path) -> set[str]:
    """Modules that a file imports anywhere in it."""
    found = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module)
    return found


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", [p for p in MODULES if not p.name.startswith("__") or p.parent != PACKAGE], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_arrows_point_inward(path: Path) -> None:
    own = layer(path)
    assert own in ALLOWED, f"{own} has no place in the map: say which layers it may lean on"
    for name in imports(path):
        if name.startswith("mews_newtt."):
            other = name.split(".")[1]
            assert other == own or other in ALLOWED[own], f"{own} imports {name}"


def test_the_picture_shows_the_floors_as_they_are() -> None:
    drawn = re.findall(r'y="(\d+)" class="name">mews_newtt/(\w+)/<', (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8"))
    floor = {name: int(y) for y, name in drawn}
    assert set(floor) == set(ALLOWED) - {"errors", "batch"}  # errors lies under everything; batch keeps two old names
    assert [(own, other) for own in floor for other in ALLOWED[own] & set(floor) if floor[own] >= floor[other]] == []


def module_of(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def edges() -> dict[str, set[str]]:
    """Which module of the package imports which, anywhere in the file: inside functions and for type checkers too."""
    names = {module_of(path) for path in MODULES}
    found: dict[str, set[str]] = {}
    for path in MODULES:
        targets = set()
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Import):
                targets |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                inside = {f"{node.module}.{alias.name}" for alias in node.names}
                targets |= (inside & names) or {node.module}
        found[module_of(path)] = targets & names
    return found


def circles(graph: dict[str, set[str]]) -> set[frozenset[str]]:
    """Tarjan's strongly connected components of more than one module."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found = set()

    def visit(one: str) -> None:
        number[one] = lowest[one] = len(number)
        stack.append(one)
        for other in graph[one]:
            if other not in number:
                visit(other)
                lowest[one] = min(lowest[one], lowest[other])
            elif other in stack:
                lowest[one] = min(lowest[one], number[other])
        if lowest[one] == number[one]:
            members = frozenset(stack[stack.index(one) :])
            del stack[stack.index(one) :]
            if len(members) > 1:
                found.add(members)

    for one in graph:
        if one not in number:
            visit(one)
    return found


def test_no_imports_in_a_circle() -> None:
    assert circles(edges()) == set()


def test_the_finder_of_circles_finds_them() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"f"}, "f": {"e", "a"}}
    assert circles(graph) == {frozenset("bc"), frozenset("ef")}


def imports_inside(path: Path) -> list[tuple[int, bool]]:
    """The lines of imports inside functions, each with whether a comment says why: on the line, or above the block of imports."""
    text = path.read_text(encoding="utf-8")
    lines, found = text.splitlines(), []
    inside = {
        node.lineno: node
        for function in ast.walk(parsed(text))
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(function)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    said: dict[int, bool] = {}  # by the line after an import
    for start, node in sorted(inside.items()):
        above = lines[start - 2].strip()
        says = "#" in lines[start - 1] or above.startswith("#") or said.get(start, False) or (not above and said.get(start - 1, False))
        said[(node.end_lineno or start) + 1] = says
        found.append((start, says))
    return found


def test_an_import_inside_a_function_says_why() -> None:
    silent = {path.relative_to(PACKAGE).as_posix() for path in MODULES if not all(says for _, says in imports_inside(path))}
    assert not silent


def test_the_core_imports_nothing_inside_functions() -> None:
    core = {path.relative_to(PACKAGE).as_posix() for path in MODULES if layer(path) in INNER and imports_inside(path)}
    # What unpacks a zipped package would double the start of scoring one set; pydantic asks for its own part where it is there.
    assert core == {"chart/builtin.py", "chart/model.py", "scoring/result.py"}


def test_the_library_does_not_know_the_service() -> None:
    for path in MODULES:
        if path.relative_to(PACKAGE).as_posix() != "cli/serve.py":  # the command that starts it
            assert not any(name.split(".")[0] == "mews_newtt_service" for name in imports(path)), path


def test_the_core_knows_no_clock_no_chance_and_nothing_heavy() -> None:
    forbidden = {"time", "random", "numpy", "numba", "polars", "pyarrow", "pandas", "pydantic", "fastapi", "rich", "logging"}
    for path in MODULES:
        if layer(path) in ("errors", "chart", "reading", "scoring"):
            assert not {name.split(".")[0] for name in imports(path)} & forbidden, path


READS_CLOCK_OR_ENVIRONMENT = {"chart/catalogue.py", "chart/choosing.py"}  # which chart a name means: where the folders are, and what day it is
CLOCKS = {"today", "now", "utcnow", "fromtimestamp", "environ", "getenv", "urandom", "getcwd"}


def test_only_the_choice_of_a_chart_reads_the_clock_and_the_environment() -> None:
    """A score follows from the chart and the set alone."""
    found = {}
    for path in MODULES:
        if layer(path) in ("errors", "chart", "reading", "scoring"):
            read = {node.attr for node in ast.walk(parsed(path)) if isinstance(node, ast.Attribute)} & CLOCKS
            found |= {path.relative_to(PACKAGE).as_posix(): read} if read else {}
    assert set(found) == READS_CLOCK_OR_ENVIRONMENT, found


# For plain CSV without the engine, for the words of rows that are refused, and for a short series that is drawn with every reason.
ASKS_THE_REFERENCE = {"tables/plain.py", "tables/series.py", "engines/refusals.py"}


def test_the_engine_asks_the_reference_only_for_words_and_without_the_batch_path() -> None:
    """An engine that took its arithmetic from the reference would prove nothing. The other way round the layers forbid it."""
    found = {path.relative_to(PACKAGE).as_posix() for path in MODULES if layer(path) in ("compiled", "engines", "tables") and "mews_newtt.scoring.reference" in imports(path)}
    assert found == ASKS_THE_REFERENCE


def test_public_names_are_kept_and_documented() -> None:
    assert sorted(mews_newtt.__all__) == mews_newtt.__all__
    for name in mews_newtt.__all__:
        assert inspect.getdoc(getattr(mews_newtt, name)), f"{name} has no docstring"


def test_no_chart_is_known_by_name_in_the_code() -> None:
    names = {path.parent.name for path in (ROOT / "rules").glob("*/*.toml")}
    for path in MODULES + SERVICE:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert node.value not in names, f"{path}: line {node.lineno} names the chart {node.value}"


def test_files_stay_small_enough_to_hold_in_the_head() -> None:
    long = {str(path.relative_to(ROOT)): count for path in MODULES + SERVICE if (count := len(path.read_text(encoding="utf-8").splitlines())) > 400}
    assert not long


def test_nothing_committed_names_a_registry_or_a_machine() -> None:
    hosts = ["py" + "pi.org", "python" + "hosted", "registry.npm" + "js", "deb.deb" + "ian", "index-" + "url="]
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.splitlines():
        text = (ROOT / name).read_bytes().decode("utf-8", "replace") if (ROOT / name).is_file() else ""
        assert not any(host in text for host in hosts), name
        assert "/wor" + "k/" not in text, name


def test_the_wheel_carries_the_rules_and_works_elsewhere(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "-w", str(tmp_path), str(ROOT)],
        capture_output=True, text=True, check=False,
    )
    assert built.returncode == 0, built.stderr
    wheel = next(tmp_path.glob("*.whl"))
    code = (
        f"import sys; sys.path.insert(0, {str(wheel.with_suffix(''))!r});"
        "import mews_newtt;"
        "print(mews_newtt.__file__, len(mews_newtt.charts()))"
    )
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), str(wheel.with_suffix(""))], check=True)
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(wheel.with_suffix(""))) and done.stdout.rstrip().endswith(f" {len(mews_newtt.charts())}")
