"""The command line: parse, call one public function, print. Data to stdout or -o, talk to stderr; exit 0, 1 (findings) or 2 (unusable input)."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Sequence

from mews_newtt import __version__
from mews_newtt.errors import FileError, MewsNewttError, Problem
from mews_newtt.tables.csv_limit import allow_long_cells


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    if sys.stderr is None:  # print(file=None) would put what is meant for it among the data
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - as long as the process
    for stream in (sys.stdout, sys.stderr):  # what we write is UTF-8, whatever the machine's locale
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")
    arguments = _parser().parse_args(argv)
    allow_long_cells()
    try:
        if sys.stdout is None and getattr(arguments, "output", None) is None:
            raise FileError(Problem("output_closed", "standard output", "is closed", "leave it open, or name a file with -o where there is one"))
        code: int = arguments.run(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except MewsNewttError as fault:
        print("\n".join(str(problem) for problem in fault.problems), file=sys.stderr)
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
    """What is still in the buffer of standard output goes nowhere, so that leaving does not fail a second time."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    from mews_newtt.cli import adopt, charts, check, conform, coverage, derive, diff, fhir, pack, score, serve, validate

    parser = argparse.ArgumentParser(
        prog="mews-newtt",
        description="Scores early-warning observation charts in maternity and newborn care, and says which chart, version and status "
        "every score rests on. Not a registered medical device.",
    )
    parser.add_argument("--version", action="version", version=f"mews-newtt {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (charts, check, diff, score, validate, pack, coverage, conform, serve, adopt, derive, fhir):
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
