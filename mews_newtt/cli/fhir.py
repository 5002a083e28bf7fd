"""`mews-newtt fhir`: score, follow or verify FHIR R4 from a file, and write a test pack as Bundles."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from mews_newtt.chart.catalogue import charts, load_chart
from mews_newtt.chart.model import Chart
from mews_newtt.cli.options import add_chart, add_rules, chart_named, chosen_chart
from mews_newtt.episode.find_policy import policy_named
from mews_newtt.episode.read_policy import load_policy
from mews_newtt.errors import ChartNotFound, FileError, Problem
from mews_newtt.fhir.by_date import Find
from mews_newtt.fhir.course import TrackRequest, ews_track
from mews_newtt.fhir.evidence import ELSEWHERE
from mews_newtt.fhir.jsontext import Resource, read_json, write_json
from mews_newtt.fhir.operations import Request, ews_score, ews_verify
from mews_newtt.scoring.wording import count
from mews_newtt.tables.atomic import whole_file


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = "FHIR R4 in the shapes of UK Core. Codes and choices: docs/fhir.md."
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    score = actions.add_parser("score", help="a Bundle or Parameters of Observations in, a Bundle with the score out")
    add_chart(score)
    _add_file(score)
    _add_window(score)
    score.add_argument("--issued", metavar="INSTANT", help="when the score is issued, put into it as it is given")
    score.set_defaults(run=run_score)

    track = actions.add_parser("track", help="a Bundle of one person's Observations of any time in, the course of that person out")
    add_chart(track)
    _add_file(track)
    _add_window(track, "every round is a set")
    track.add_argument("--policy", metavar="NAME", action="append", default=[], help="a policy's id, id@version or file (.toml); may be repeated")
    track.add_argument(
        "--schedule",
        metavar="NAME",
        action="append",
        default=[],
        help="a schedule of a policy that holds for this person; NAME|INSTANT if it does not start at birth; may be repeated",
    )
    track.add_argument("--born", metavar="INSTANT", help="the birth, where no Patient says it; for a mother that of her baby")
    track.add_argument("--now", metavar="INSTANT", help="count what is overdue to this time; without it, to the time of this machine")
    track.set_defaults(run=run_track)

    verify = actions.add_parser("verify", help="is the score in this Bundle right? Exit 0 it agrees, 1 it does not or nothing is stated")
    _add_file(verify)
    verify.add_argument("--chart", metavar="CHART", help="a chart's id or alias, id@version, or a chart file; without it the total's code says which")
    _add_window(verify)
    add_rules(verify)
    verify.set_defaults(run=run_verify)

    pack = actions.add_parser("pack", help="write a test pack as Bundles, one a line: readings and the score expected of them")
    add_chart(pack)
    pack.add_argument("-o", "--output", type=Path, metavar="FILE", required=True, help="the NDJSON file to write")
    pack.add_argument("--manual", action="store_true", help="the shorter pack")
    pack.add_argument("--seed", type=int, default=0, metavar="N", help="the same chart and seed give the same pack (default 0)")
    pack.add_argument("--effective", metavar="TIME", help="the FHIR date or time that every Observation carries")
    pack.set_defaults(run=run_pack)


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a FHIR resource as JSON; - is standard input")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write here instead of standard output")


def _add_window(parser: argparse.ArgumentParser, which: str = "the newest round is scored") -> None:
    parser.add_argument("--window", metavar="MINUTES", help=f"how long one round of observations may last (default 30); {which}")


def _read(name: str) -> Resource:
    try:
        return read_json(sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes())
    except FileNotFoundError:
        raise FileError(Problem("file_missing", name, "there is no such file", "check the path")) from None


def _write(resource: Resource, output: Path | None) -> None:
    with whole_file(output) as out:
        out.write(write_json(resource, indent=2))


def run_score(arguments: argparse.Namespace) -> int:
    chart = chosen_chart(arguments)
    answer = ews_score(_read(arguments.file), _only(chart), chart=chart.id, issued=arguments.issued, window=arguments.window, now=datetime.now(UTC))
    _write(answer.resource, arguments.output)
    outcomes = [entry["resource"] for entry in answer.resource["entry"] if entry["resource"]["resourceType"] == "OperationOutcome"]
    left_out = _left_out(outcomes)
    if left_out:
        print("\n  ".join([f"{chart.short_title} {chart.version}: {answer.result.status}", *left_out]), file=sys.stderr)
    return 0


def run_track(arguments: argparse.Namespace) -> int:
    chart = chosen_chart(arguments)
    course = ews_track(
        _read(arguments.file),
        _only(chart),
        TrackRequest(Request(chart.id, window=arguments.window), arguments.policy, arguments.schedule, arguments.born, arguments.now),
        find_policy=lambda name: load_policy(name) if name.endswith(".toml") else policy_named(name, arguments.rules),
        now=datetime.now(UTC),
    )
    _write(course.resource, arguments.output)
    episode = course.episode
    told = [f"{chart.named}: {count(len(episode.sets), 'set')}"]
    told += [
        f"  {count(len(several), 'set')} {says}"
        for several, says in ((episode.superseded, "as before a correction"), (episode.void, "entered in error"))
        if several
    ]
    if episode.overdue_by:
        told.append(f"  overdue since {episode.due.at.isoformat()}" if episode.due else "")
    elif episode.due is not None:
        told.append(f"  next set due at {episode.due.at.isoformat()}: {episode.due.reasons[0].says}")
    told += [f"  {episode.without_due}"] if episode.without_due else []
    told += [f"  {note.what}" for note in course.notes]
    print("\n".join(told), file=sys.stderr)
    return 0


def _left_out(outcomes: list[Resource]) -> list[str]:
    """What was not read, left out or not compared, in words."""
    issues = [issue for outcome in outcomes for issue in outcome["issue"]]
    return [issue["details"]["text"] for issue in issues if issue["details"]["coding"][0]["code"] in {*ELSEWHERE, "not_compared"}]


def run_verify(arguments: argparse.Namespace) -> int:
    if arguments.chart:
        chart = chart_named(arguments.chart, arguments.rules)
        answer = ews_verify(_read(arguments.file), _only(chart), chart=chart.id, window=arguments.window)
    else:
        folders = arguments.rules
        answer = ews_verify(
            _read(arguments.file),
            lambda name, version, sha256: load_chart(name, version, folders=folders, sha256=sha256),
            charts(folders=folders),
            window=arguments.window,
        )
    _write(answer.resource, arguments.output)
    verdict = answer.resource["parameter"][0]["valueCode"]
    told = [
        part["valueString"]
        for each in answer.resource["parameter"]
        if each["name"] == "difference"
        for part in each["part"]
        if part["name"] == "says"
    ]
    told += _left_out([each["resource"] for each in answer.resource["parameter"] if each["name"] == "outcome"])
    print("\n  ".join([f"{answer.result.chart.short_title} {answer.result.chart.version}: {verdict.replace('_', ' ')}", *told]), file=sys.stderr)
    return 0 if verdict == "agrees" else 1


def run_pack(arguments: argparse.Namespace) -> int:
    from mews_newtt.fhir.packs import pack_bundles  # validate extra
    from mews_newtt.validation.packs import make_pack  # validate extra

    chart = chosen_chart(arguments)
    pack = make_pack(chart, seed=arguments.seed, manual=arguments.manual)
    with whole_file(arguments.output) as out:
        for bundle in pack_bundles(pack, chart, effective=arguments.effective):
            out.write(write_json(bundle) + "\n")
    print(f"{chart.named}: {pack.says}", file=sys.stderr)
    return 0


def _only(chart: Chart) -> Find:
    """A finder that knows only the chart that was named; it refuses a request for another one."""

    def find(name: str, version: str | None, sha256: str | None) -> Chart:
        if (version or chart.version) != chart.version or not chart.sha256.startswith(sha256 or ""):
            wanted = f"version {version}" if version else f"sha256 {sha256}"
            raise ChartNotFound(
                Problem("chart_changed", f"chart {chart.id} {chart.version}", f"is not {wanted}, which the request names", "name that one")
            )
        return chart

    return find
