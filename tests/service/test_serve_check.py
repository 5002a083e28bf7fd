"""`mews-newtt serve --check`: every setting with its value and source, every fault at once, and nothing is started or made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from mews_newtt_service.setting_checks import Checked, check_settings, without_password
from mews_newtt_service.setting_sources import FILE_VARIABLE
from mews_newtt_service.settings import FIELDS, PREFIX, Settings, SettingsError
from tests.cli.command import run
from tests.service.support import ROOT

HASH = "a" * 64
CLIENTS = f'[[clients]]\nid = "ehr-a"\nkey_sha256 = ["{HASH}"]\n'
KEY = ec.generate_private_key(ec.SECP384R1())


def check(folder: Path, *, command: Mapping[str, object] | None = None, **environment: str) -> Checked:
    """The check with these variables; the port and the data folder are free ones unless they are given."""
    given = {"PORT": "0", "DATA_FOLDER": str(folder), **environment}
    return check_settings({PREFIX + name: text for name, text in given.items()}, command or {})


def faults(checked: Checked) -> list[tuple[str, str]]:
    return [(problem.code, problem.where.removeprefix(PREFIX)) for problem in checked.problems if not problem.warning]


def warnings(checked: Checked) -> list[tuple[str, str]]:
    return [(problem.code, problem.where.removeprefix(PREFIX)) for problem in checked.problems if problem.warning]


def test_every_setting_is_listed_once_with_where_it_comes_from(tmp_path: Path) -> None:
    file = tmp_path / "service.toml"
    file.write_text('workers = 3\nlog_level = "error"\ncors_origins = ["https://a.example", "https://b.example"]\nlease_seconds = 30\n')
    checked = check(tmp_path, command={"workers": 5}, SETTINGS_FILE=str(file), LOG_LEVEL="warning")
    assert [row.variable for row in checked.rows] == [*(PREFIX + name.upper() for name in FIELDS), FILE_VARIABLE]
    found = {row.variable.removeprefix(PREFIX): (row.value, row.source) for row in checked.rows}
    assert found["WORKERS"] == ("5", "command line")
    assert found["LOG_LEVEL"] == ("warning", "variable MEWS_NEWTT_LOG_LEVEL")
    assert found["CORS_ORIGINS"] == ("https://a.example,https://b.example", f"file {file}")
    assert found["LEASE_SECONDS"] == ("30", f"file {file}")
    assert found["METRICS_OPEN"] == ("no", "default")
    assert found["PUBLIC_URL"] == ("(none)", "default")
    assert checked.problems == []


def test_the_list_is_what_the_service_starts_with(tmp_path: Path) -> None:
    file = tmp_path / "service.toml"
    file.write_text('port = 0\nclients_file = "clients.toml"\ndata_folder = "data"\nrequests_per_minute = 7\n')
    (tmp_path / "clients.toml").write_text(CLIENTS)
    started = Settings.from_environment({FILE_VARIABLE: str(file), PREFIX + "REQUESTS_PER_MINUTE": "8"})
    assert (started.clients_file, started.data_folder) == (tmp_path / "clients.toml", tmp_path / "data"), "paths lie beside the file"
    assert started.requests_per_minute == 8
    assert Settings.from_environment(started.to_environment()) == started, "web processes and workers start with the same"


def test_nothing_is_made(tmp_path: Path) -> None:
    assert faults(check(tmp_path / "not" / "yet")) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:secret@db.example:5432/jobs",
        "postgresql://me@db.example/jobs?password=secret&sslmode=require",
        "postgres://me:s@secret@db.example/jobs?sslpassword=secret",
    ],
)
def test_a_password_is_not_shown(url: str) -> None:
    shown = without_password(url)
    assert "secret" not in shown
    assert "db.example" in shown


def test_a_database_address_of_another_kind_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "service.toml"
    file.write_text('database_url = ["postgresql://me:secret@db.example/jobs"]')
    checked = check(tmp_path, SETTINGS_FILE=str(file))
    assert [code for code, _ in faults(checked)] == ["bad_setting"]
    assert "secret" not in str(checked.rows) + "".join(map(str, checked.problems))


def test_no_line_of_the_command_shows_the_password(tmp_path: Path) -> None:
    done = run(
        "serve", "--check", "--port", "0", "--data", str(tmp_path),
        DATABASE_URL="postgresql://me:secret@127.0.0.1:1/jobs", PYTHONPATH=f"{ROOT}:{ROOT / 'service'}",
    )
    assert done.code == 0, done.err
    assert "secret" not in done.out + done.err
    assert "postgresql://me:***@127.0.0.1:1/jobs" in done.out
    assert "database_unreachable" in done.err, "a warning: the service itself waits for its database"
    assert "listening" not in done.err


def test_all_faults_of_all_kinds_at_once(tmp_path: Path) -> None:
    file = tmp_path / "service.toml"
    file.write_text('wrokers = 2\nport = "8311"\n')
    (tmp_path / "file").write_text("")
    done = run(
        "serve", "--check", "--settings", str(file), "--clients", str(tmp_path / "none.toml"), "--data", str(tmp_path / "file" / "x"), "--rules", str(tmp_path / "none"),
        MEWS_NEWTT_LEASE_SECOND="1", MEWS_NEWTT_JOB_SECONDS="-1", MEWS_NEWTT_UPLOAD_ROWS="many", PYTHONPATH=f"{ROOT}:{ROOT / 'service'}",
    )
    assert done.code == 2
    for words in (
        "wrokers: is not a setting\n    mend: did you mean workers?",
        "port: is not a whole number",
        "MEWS_NEWTT_LEASE_SECOND: is not a setting\n    mend: did you mean MEWS_NEWTT_LEASE_SECONDS?",
        "MEWS_NEWTT_JOB_SECONDS: is -1\n",
        "MEWS_NEWTT_UPLOAD_ROWS: is 'many', not a whole number",
        "none.toml: cannot be read",
        f"{tmp_path / 'file' / 'x'}: cannot be written",
        f"MEWS_NEWTT_RULES: names {tmp_path / 'none'}, which is no folder",
        "8 faults: the service would not start",
    ):
        assert words in done.err, done.err
    assert [line.split("  ")[-1] for line in done.out.splitlines() if line.startswith(("MEWS_NEWTT_RULES", "MEWS_NEWTT_SETTINGS_FILE"))] == [" command line".strip()] * 2


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"HOST": "no.such.name.invalid", "CLIENTS_FILE": "clients.toml"}, [("bad_setting", "HOST")]),
        ({"HOST": "192.0.2.1", "CLIENTS_FILE": "clients.toml"}, [("bad_setting", "HOST")]),  # an address of nobody (RFC 5737)
        ({"HOST": "0.0.0.0"}, [("no_authentication", "host 0.0.0.0")]),
        ({"HOSTS": "https://scores.example"}, [("bad_setting", "HOSTS")]),
        ({"HOSTS": "scores.example:443"}, [("bad_setting", "HOSTS")]),
        ({"PROXIES": "0.0.0.0/0"}, [("bad_setting", "PROXIES")]),
        ({"PROXIES": "::/0"}, [("bad_setting", "PROXIES")]),
        ({"PUBLIC_URL": "https://me:secret@scores.example"}, [("bad_setting", "PUBLIC_URL")]),
        ({"DATABASE_URL": "mysql://db/jobs"}, [("bad_setting", "DATABASE_URL")]),
        ({"DATABASE_URL": "postgresql://db:port/jobs?nonsense"}, [("bad_setting", "DATABASE_URL")]),
        ({"CORS_ORIGINS": "*,https://a.example"}, [("limits_contradict", "CORS_ORIGINS")]),
        ({"UPLOAD_BYTES": "100", "UNPACKED_BYTES": "99"}, [("limits_contradict", "UPLOAD_BYTES")]),
        ({"LINE_BYTES": "100", "ARRAY_BYTES": "99"}, [("limits_contradict", "LINE_BYTES")]),
        ({"HEADER_SECONDS": "0"}, [("bad_setting", "HEADER_SECONDS")]),
        ({"lease_seconds": "5"}, [("unknown_setting", "lease_seconds")]),
    ],
    ids=str,
)
def test_nonsense_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: list[tuple[str, str]]) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clients.toml").write_text(CLIENTS)
    assert faults(check(tmp_path, command=None, **environment)) == expected


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"REQUESTS_PER_MINUTE": "10"}, ("no_effect", "REQUESTS_PER_MINUTE")),
        ({"CORS_PATHS": "/fhir"}, ("no_effect", "CORS_PATHS")),
        ({"PUBLIC_URL": "http://scores.example"}, ("not_encrypted", "PUBLIC_URL")),
        ({"PUBLIC_URL": "https://scores.example", "HOSTS": "other.example"}, ("wrong_host", "PUBLIC_URL")),
        ({"JOB_WORKERS": "0"}, ("no_worker", "JOB_WORKERS")),
        ({"CLIENT_BYTES": "1000"}, ("limits_contradict", "UPLOAD_BYTES")),
        ({"JOB_MEMORY_BYTES": str(2**50)}, ("limits_contradict", "JOB_MEMORY_BYTES")),
        ({"FREE_BYTES": str(2**60)}, ("disk_full", "FREE_BYTES")),
    ],
    ids=str,
)
def test_what_may_be_meant_is_a_warning_and_the_service_starts(tmp_path: Path, environment: dict[str, str], expected: tuple[str, str]) -> None:
    checked = check(tmp_path, command=None, **environment)
    assert (faults(checked), warnings(checked)) == ([], [expected])


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ("not json", "key_file_unreadable"),
        ('{"keys": [}', "key_file_unreadable"),
        ('{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}', "key_file_unusable"),
        ('{"keys": [{"kty": "RSA", "n": "AQAB"}]}', "key_file_unusable"),
        (json.dumps({"keys": [json.loads(ECAlgorithm.to_jwk(KEY))]}), "key_file_private"),
        (json.dumps({"keys": [json.loads(ECAlgorithm.to_jwk(KEY.public_key()))]}), None),
    ],
    ids=["text", "broken", "of no use", "half a key", "private", "good"],
)
def test_key_files_are_read(tmp_path: Path, keys: str, code: str | None) -> None:
    (tmp_path / "keys.json").write_text(keys)
    (tmp_path / "clients.toml").write_text('[[clients]]\nid = "ehr-b"\njwks = "keys.json"\n')
    found = faults(check(tmp_path, CLIENTS_FILE=str(tmp_path / "clients.toml"), PUBLIC_URL="https://scores.example"))
    assert found == ([] if code is None else [(code, str(tmp_path / "keys.json"))])


def test_a_clients_file_that_everybody_can_write_lets_everybody_in(tmp_path: Path) -> None:
    path = tmp_path / "clients.toml"
    path.write_text(CLIENTS)
    path.chmod(0o666)
    assert faults(check(tmp_path, CLIENTS_FILE=str(path))) == [("file_open", str(path))]


@pytest.mark.parametrize("text", ["port 8311", 'port = 1\nport = 2', "\x00"])
def test_a_settings_file_that_cannot_be_read_does_not_start(tmp_path: Path, text: str) -> None:
    file = tmp_path / "service.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match="settings_unreadable"):
        Settings.from_environment({FILE_VARIABLE: str(file)})


@pytest.mark.parametrize("line", ["workers = true", "workers = 1.5", 'metrics_open = "yes"', "hosts = 'a,b'", "host = 1", "clients_file = []"])
def test_a_value_of_another_kind_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "service.toml"
    file.write_text(line)
    assert faults(check(tmp_path, SETTINGS_FILE=str(file))) == [("bad_setting", f"{file}, {line.split()[0]}")]


def test_a_fault_keeps_the_service_from_starting_too(tmp_path: Path) -> None:
    done = run("serve", "--port", "0", "--data", str(tmp_path / "data"), MEWS_NEWTT_LINE_BYTES="100", MEWS_NEWTT_ARRAY_BYTES="99", PYTHONPATH=f"{ROOT}:{ROOT / 'service'}")
    assert (done.code, "limits_contradict" in done.err, (tmp_path / "data").exists()) == (2, True, False)
