"""Settings, maps and command lines in the documents that stand for a reader's own: each is read by the code that would read it.

They are in adopting.md, adopting-in-short.md, batch.md, conform.md, diagnosis.md, fhir.md, operating.md, packs.md, quickstart-check.md,
quickstart-embed.md, service.md, sql.md and validation.md.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from mews_newtt import load_chart, read_map
from mews_newtt.chart.site_file import read_site_file
from mews_newtt.cli import _parser
from mews_newtt.tables.sql import chart_sql
from mews_newtt_service.auth.clients import read_clients
from mews_newtt_service.setting_checks import PREFIX
from mews_newtt_service.settings import Settings
from tests.document_blocks import ELSEWHERE, ROOT, SETTINGS, blocks, commands

HASH = "0" * 64  # a reader's own
LINES = [(page, line) for (page, kind), test in ELSEWHERE.items() if (kind, test) == ("sh", SETTINGS) for line in commands(page)]


@pytest.mark.parametrize(("page", "line"), LINES, ids=[f"{page} {line[:40]}" for page, line in LINES])
def test_a_command_has_the_options_that_are_shown(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    while re.fullmatch(r"[A-Z_]+=.*", words[0]):
        name, _, _ = words.pop(0).partition("=")
        assert name in ("VENDOR_KEY", "OTEL_EXPORTER_OTLP_ENDPOINT", "MEWS_NEWTT_PLATFORMS") or name.removeprefix(PREFIX).lower() in vars(
            Settings()
        ), name
    words = words[: min((words.index(sign) for sign in (">>", "<", "&") if sign in words), default=len(words))]
    program, *arguments = words
    if program == "mews-newtt":
        assert _parser(arguments[0]).parse_args(arguments).command == arguments[0]
    elif program == "python":
        file = next((word for word in arguments if word.endswith(".py")), None)
        assert (ROOT / file).is_file() if file else find_spec(arguments[arguments.index("-m") + 1])
        assert all((ROOT / word).exists() for word in arguments if word.startswith(("tests/", "examples/")))
    elif program == "curl":
        files = [word.removeprefix("@") for word in arguments if word.startswith("@")]
        assert files and all((ROOT / file).is_file() for file in files)
    else:
        assert program in ("ssh-keygen", "pip"), f"{page}: no test knows {program}"  # tests/adoption/test_adopting.py signs with ssh-keygen


@pytest.mark.parametrize(("page", "number"), [("batch.md", 0), ("validation.md", 0), ("validation.md", 1)])
def test_a_map_is_read(page: str, number: int, tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(blocks(page, "toml")[number], encoding="utf-8")
    assert read_map([path])


def test_the_map_of_the_quick_start_is_a_part_of_the_example() -> None:
    (shown,) = (tomllib.loads(code) for code in blocks("quickstart-check.md", "toml"))
    whole = tomllib.loads((ROOT / "examples" / "nhsr_news2_map.toml").read_text(encoding="utf-8"))
    assert shown["columns"].items() <= whole["columns"].items()


def test_the_site_file_is_read(tmp_path: Path) -> None:
    (code,) = blocks("adopting.md", "toml")
    path = tmp_path / "site.toml"
    path.write_text(code.replace('"..."', f'"{HASH}"'), encoding="utf-8")
    found = read_site_file(path)
    assert found.minimum_status == "verified" and found.names is not None and [pin.version for pin in found.names["mews"]] == ["7.0"]


def test_the_settings_of_the_service_are_known() -> None:
    (code,) = blocks("operating.md", "toml")
    assert tomllib.loads(code).keys() <= vars(Settings()).keys()


def test_the_clients_of_the_service_are_read(tmp_path: Path) -> None:
    (code,) = blocks("service.md", "toml")
    (tmp_path / "ehr-b.jwks.json").write_text('{"keys": []}', encoding="utf-8")
    path = tmp_path / "clients.toml"
    path.write_text(code.replace('"..."', f'"{HASH}"', 1), encoding="utf-8")
    assert set(read_clients(path)) == {"ehr-a", "ehr-b"}


def test_the_part_of_a_statement_is_a_part_of_the_statement() -> None:
    (shown,) = blocks("sql.md", "sql")
    chart = load_chart("news2")
    whole = chart_sql(chart, "duckdb", table="wards", columns=list(chart.by_id)).sql
    assert " ".join(shown.split()) in " ".join(whole.split())
