"""`mews-newtt plan`: proposes a reading plan for a file, asks what the file does not tell, and shows the first sets as they will be read."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mews_newtt.cli.options import add_chart, chosen_chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.plan import SourceSettings, read_plan
from mews_newtt.tables.atomic import whole_file
from mews_newtt.tables.proposing.draft import Answer, Question, one_line

SETS = 3  # that --check shows


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = "Propose a reading plan for a file, or (--check) show how a plan reads it. Exit code 1: questions are open."
    parser.add_argument("input", metavar="FILE", type=Path, help="CSV, Excel, OpenDocument, Parquet, JSON, FHIR or HL7")
    add_chart(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="PLAN.toml", help="where to write the plan; without it, standard output")
    parser.add_argument("--no-questions", action="store_true", help="ask nothing, also on a terminal: questions stay open in the file")
    parser.add_argument("--check", action="store_true", help="show the first sets as they will be read, beside the cells of the file")
    parser.add_argument(
        "--plan",
        type=Path,
        metavar="PLAN.toml",
        help="with --check: the plan to show; else a plan whose [source] says what is known of the file, such as its sheet",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from mews_newtt.tables.proposing.first_sets import first_sets  # batch extra, as the next one
    from mews_newtt.tables.proposing.propose import propose_plan

    chart = chosen_chart(arguments)
    if not arguments.input.is_file():
        raise FileError(Problem("file_missing", str(arguments.input), "is no file", "name one file"))
    given = None if arguments.plan is None else read_plan(arguments.plan, observations=chart.observations, keep_faults=True)
    if given is not None and arguments.check:
        print(first_sets(chart, arguments.input, given, SETS))
        return 0
    known = SourceSettings() if given is None else given.source
    on_terminal = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty() and not arguments.no_questions
    if arguments.check and arguments.output is None:
        raise FileError(Problem("output_needed", "--check", "shows the plan that was written", "name it with -o, or show a plan with --plan"))
    answer: Answer = _asked_here if on_terminal else lambda question: None
    if arguments.output is None:
        proposal = propose_plan(chart, arguments.input, answer, known=known)
        print(proposal.text, end="")
    else:
        with whole_file(arguments.output) as out:  # it says that it cannot be written before anybody has answered a question
            proposal = propose_plan(chart, arguments.input, answer, known=known)
            out.write(proposal.text)
    for question in proposal.open:
        print(f"QUESTION {question.number}: {question.text}", file=sys.stderr)
        for place, choice in enumerate(question.choices, start=1):
            print(f"  {place}. {one_line(choice.says)}", file=sys.stderr)
    if proposal.not_read:
        print(f"not read: {one_line(', '.join(proposal.not_read))}", file=sys.stderr)
    if proposal.without:
        print(f"nothing seems to hold: {', '.join(proposal.without)}", file=sys.stderr)
    if proposal.open:
        count = f"{len(proposal.open)} question{' is' if len(proposal.open) == 1 else 's are'} open"
        print(f"{count}: answer in the plan, and empty open_questions there", file=sys.stderr)
        return 1
    if arguments.check:
        print(first_sets(chart, arguments.input, read_plan(arguments.output, observations=chart.observations, keep_faults=True), SETS))
    return 0


def _asked_here(question: Question) -> int | None:
    """Ask on the terminal. Nothing typed leaves the question open."""
    print(f"\n{question.text}", file=sys.stderr)
    for place, choice in enumerate(question.choices, start=1):
        print(f"  {place}. {one_line(choice.says)}", file=sys.stderr)
    while True:
        print("number, or Enter to leave it open: ", end="", file=sys.stderr, flush=True)
        typed = sys.stdin.readline().strip()
        if not typed:
            return None
        if typed.isdigit() and 1 <= int(typed) <= len(question.choices):
            return int(typed) - 1
