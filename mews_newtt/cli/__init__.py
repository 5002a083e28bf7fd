"""The command `mews-newtt`: parses the options, calls one public function and prints the result; only the chosen command's module is loaded.

Data goes to standard output or -o, everything else to standard error. Exit codes: 0 fine, 1 findings, 2 unusable input, 130 stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from mews_newtt import __version__
from mews_newtt.errors import FileError, MewsNewttError, Problem
from mews_newtt.tables.csv_rows import allow_long_cells

# Each command is a module of this folder with `add` and `run`: its line in --help, and the extra that it or a part of it needs.
COMMANDS = {
    "charts": ("list the charts with their status; `charts show CHART` draws one", ""),
    "observations": ("list what a set may hold: names, units, answers; write an empty input file", ""),
    "check": ("check chart files: every fault at once, with its place and what to do", ""),
    "diff": ("what changed between two charts or versions", "batch"),
    "score": ("score one observation set, or a file of them", "batch"),
    "plan": ("propose a reading plan for somebody else's file, and show how it is read", "batch"),
    "sql": ("write one SQL statement that scores a table where the data is", "sql"),
    "validate": ("compare a platform's scores with a chart, and say what is wrong", "validate"),
    "pack": ("write a test pack: a small set of cases that shows every single fault", "validate"),
    "coverage": ("what a test file leaves untested", "validate"),
    "conform": ("send a test pack to a platform and compare its answers", "validate"),
    "prove": ("score every combination of a chart's classes by every engine, and compare", "validate"),
    "track": ("follow the sets of many people: changes, due times, late and overdue sets", "batch"),
    "beside": ("two records of the same episodes, such as paper beside digital: how far they agree", "batch"),
    "serve": ("run the scoring service", "service"),
    "adopt": ("take a printed chart in: an empty sheet, two filled sheets compared and checked, a sign-off", "adopt"),
    "site": ("what chart names mean at a site; choose, retire or roll back a version; what an upgrade would change", ""),
    "derive": ("a centile chart from published reference ranges, with the totals to expect", ""),
    "fhir": ("score or verify FHIR R4 Observations; test packs as Bundles", "validate"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    given = sys.argv[1:] if argv is None else list(argv)
    command = next((word for word in given if not word.startswith("-")), "")  # no option of the parser itself takes a value
    if sys.stderr is None:  # print(file=None) would write to standard output, among the data
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - as long as the process
    for stream in (sys.stdout, sys.stderr):  # what we write is UTF-8, whatever the machine's locale
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")
    allow_long_cells()
    try:
        arguments = _parser(command).parse_args(given)
        if sys.stdout is None and getattr(arguments, "output", None) is None:
            raise FileError(Problem("output_closed", "standard output", "is closed", "leave it open, or name a file with -o where there is one"))
        code: int = arguments.run(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except MewsNewttError as fault:
        print("\n".join(str(problem) for problem in fault.problems), file=sys.stderr)
        return 2
    except ModuleNotFoundError as absent:
        if command not in COMMANDS or (absent.name or "mews_newtt").partition(".")[0] == "mews_newtt":
            raise
        extra = COMMANDS[command][1]
        missing = f"needs the {extra} extra ({absent.name} is not installed)"
        print(Problem("extra_missing", f"mews-newtt {command}", missing, f'pip install "mews-newtt[{extra}]"'), file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        _drop_stdout()
        return 0
    except KeyboardInterrupt:
        _drop_stdout()
        print("stopped; no output file was written", file=sys.stderr)
        return 130
    except OSError as fault:
        _drop_stdout()
        print(
            f"{fault.filename or 'output'}: {fault.strerror or fault}\n    mend: check the path, its permissions and the free space", file=sys.stderr
        )
        return 2
    return code


def _drop_stdout() -> None:
    """Discard what is still in the buffer of standard output, so that the end of the process does not fail a second time."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser(chosen: str) -> argparse.ArgumentParser:
    """All commands with their lines in --help; the chosen one with its options."""
    parser = argparse.ArgumentParser(
        prog="mews-newtt",
        description="Scores early-warning observation charts in maternity and newborn care, and says which chart, version and status "
        "every score rests on. Not a registered medical device.",
    )
    parser.add_argument("--version", action="version", version=f"mews-newtt {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (line, _) in COMMANDS.items():
        command = commands.add_parser(name, help=line)
        if name == chosen:
            import_module(f"mews_newtt.cli.{name}").add(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
