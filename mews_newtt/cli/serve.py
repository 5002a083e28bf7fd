"""`mews-newtt serve`: runs the scoring service, for this machine only until a clients file is set up."""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path
from typing import Any

from mews_newtt.chart.catalogue import FOLDERS_VARIABLE
from mews_newtt.errors import FileError, Problem
from mews_newtt_service.auth.clients import new_key
from mews_newtt_service.serving import run as serve
from mews_newtt_service.setting_checks import check_settings
from mews_newtt_service.setting_sources import FILE_VARIABLE
from mews_newtt_service.settings import Settings


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Run the scoring service: JSON, FHIR and CDS Hooks, and the workbench. Every setting is also an environment variable (docs/service.md)."
    )
    parser.add_argument("--host", help="address to listen on (127.0.0.1); another one needs a clients file")
    parser.add_argument("--port", type=int, help="port to listen on (8311); 0 takes a free one")
    parser.add_argument("--workers", type=int, help="web processes (1)")
    parser.add_argument("--data", dest="data_folder", type=Path, metavar="DIR", help="folder of jobs and results")
    parser.add_argument("--clients", dest="clients_file", type=Path, metavar="FILE", help="the clients file: who may call")
    parser.add_argument("--rules", metavar="DIR", type=Path, action="append", default=[], help="a folder of the site's own charts (may be repeated)")
    parser.add_argument("--settings", metavar="FILE", help="a TOML file of settings; SIGHUP reads it again")
    parser.add_argument("--check", action="store_true", help="list every setting with its value and source, name all faults, and start nothing")
    parser.add_argument("--new-key", metavar="CLIENT", help="print a new key and its entry for the clients file, then stop")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    if arguments.new_key is not None:
        if not re.fullmatch(r"[\w.-]{1,64}", arguments.new_key, re.ASCII):
            raise FileError(Problem("bad_client", "--new-key", "is not a usable name of a client", "letters, digits, - _ . up to 64"))
        key, digest = new_key()
        print(f'[[clients]]\nid = "{arguments.new_key}"\nkey_sha256 = ["{digest}"]')
        print(f"The key, shown only now (the clients file keeps its hash): {key}", file=sys.stderr)
        return 0
    if arguments.rules:
        given = [os.environ[FOLDERS_VARIABLE]] if os.environ.get(FOLDERS_VARIABLE) else []
        os.environ[FOLDERS_VARIABLE] = os.pathsep.join([*given, *map(str, arguments.rules)])  # web processes and workers read it too
    if arguments.settings is not None:
        os.environ[FILE_VARIABLE] = arguments.settings
    names = ("host", "port", "workers", "data_folder", "clients_file")
    said: dict[str, Any] = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
    if arguments.check:
        said_here = {FOLDERS_VARIABLE: bool(arguments.rules), FILE_VARIABLE: arguments.settings is not None}
        return _check(said, {variable for variable, is_said in said_here.items() if is_said})
    environment = dict(os.environ)  # web processes and workers get other ones, made from the settings
    serve(Settings.from_environment(environment, **said), lambda: Settings.from_environment(environment, **said))
    return 0


def _check(said: dict[str, Any], by_option: set[str]) -> int:
    """List the settings on standard output and all problems on standard error; 2 if the service would not start.

    `by_option`: variables that an option of the command has just set.
    """
    rows, problems = check_settings(os.environ, said)
    rows = [row._replace(source="command line") if row.variable in by_option else row for row in rows]
    wide, wider = (max(len(row[place]) for row in rows) for place in (0, 1))
    print("\n".join(f"{row.variable:<{wide}}  {row.value:<{min(wider, 40)}}  {row.source}" for row in rows))
    for problem in sorted(problems, key=lambda one: one.warning):
        print(problem, file=sys.stderr)
    faults = sum(not problem.warning for problem in problems)
    print(f"{faults} faults: the service would not start" if faults else "no faults: the service would start", file=sys.stderr)
    return 2 if faults else 0
