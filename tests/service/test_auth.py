"""Who may call: keys, signed tokens, limits; and the service that will not be reached from elsewhere without them."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
import tomllib
import uuid
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mews_newtt_service.auth.clients import new_key, read_clients
from mews_newtt_service.middleware import rate_limit
from mews_newtt_service.settings import Settings, SettingsError
from tests.cli.command import run
from tests.service.support import CSV, FULL, MANY, SCORE, client, codes

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
AUDIENCE = "http://localhost/oauth/token"
KEY, DIGEST = new_key()
OTHER_KEY, OTHER_DIGEST = new_key()
OLD_KEY, OLD_DIGEST = new_key()
SLOW_KEY, SLOW_DIGEST = new_key()
EC_KEY = ec.generate_private_key(ec.SECP384R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)
STRANGER = ec.generate_private_key(ec.SECP384R1())


def jwk(key: Any, kid: str) -> dict[str, Any]:
    algorithm = jwt.algorithms.ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else jwt.algorithms.RSAAlgorithm
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid}


def write_clients(folder: Path) -> Path:
    (folder / "signer.jwks.json").write_text(json.dumps({"keys": [jwk(EC_KEY, "e1"), jwk(RSA_KEY, "r1")]}))
    path = folder / "clients.toml"
    path.write_text(
        f"""
[[clients]]
id = "ehr-a"
key_sha256 = ["{DIGEST}"]

[[clients]]
id = "ehr-b"
key_sha256 = "{OTHER_DIGEST}"

[[clients]]
id = "left"
key_sha256 = ["{OLD_DIGEST}"]
expires = 2020-01-01

[[clients]]
id = "slow"
key_sha256 = ["{SLOW_DIGEST}"]
requests_per_minute = 12

[[clients]]
id = "signer"
jwks = "signer.jwks.json"
"""
    )
    return path


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("auth")
    with client(folder, clients_file=write_clients(folder), public_url="http://localhost") as found:
        yield found


def basic(name: str, key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{key}".encode()).decode()}


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {KEY}"}, {"Authorization": f"bearer {KEY}"}, {"X-API-Key": KEY}, basic("anything", KEY)])
def test_a_key_is_known_in_each_of_its_forms(http: Any, headers: dict[str, str]) -> None:
    assert http.post(SCORE, json=FULL, headers=headers).json()["total"] == 5


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": f"Bearer {KEY[:-1]}"},
        {"Authorization": f"Bearer {DIGEST}"},
        {"Authorization": f"Bearer {OLD_KEY}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic !!"},
        {"Authorization": f"Digest {KEY}"},
        {"X-API-Key": ""},
        basic(KEY, ""),
    ],
)
@pytest.mark.parametrize("path", [SCORE, "/v1/charts/news2/score-many", "/v1/nothing"])
def test_a_wrong_or_missing_key_is_401_before_anything_is_read(http: Any, headers: dict[str, str], path: str) -> None:
    answer = http.post(path, json=FULL, headers=headers)
    assert (answer.status_code, codes(answer)) == (401, ["not_signed_in"])
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("path", "status"), [("/healthz", 200), ("/readyz", 200), ("/openapi.json", 200), ("/metrics", 401), ("/v1/charts", 401), ("/v1/jobs", 401)])
def test_what_is_open(http: Any, path: str, status: int) -> None:
    assert http.get(path).status_code == status


def test_metrics_can_be_opened(tmp_path: Path) -> None:
    with client(tmp_path, clients_file=write_clients(tmp_path), public_url="http://localhost", metrics_open=True) as open_metrics:
        assert open_metrics.get("/metrics").status_code == 200


def test_a_client_sees_its_own_jobs_only(http: Any) -> None:
    mine, theirs = {"Authorization": f"Bearer {KEY}"}, {"Authorization": f"Bearer {OTHER_KEY}"}
    where = http.post(MANY, content=CSV, headers={**mine, "Content-Type": "text/csv", "Prefer": "respond-async"}).headers["content-location"]
    assert http.get(where, headers=mine).status_code == 202
    for method, path in (("GET", where), ("DELETE", where), ("GET", where + "/files/scores.csv")):
        assert http.request(method, path, headers=theirs).status_code == 404
    assert http.get("/v1/jobs", headers=theirs).json()["jobs"] == []
    assert http.delete(where, headers=mine).status_code == 202


def test_a_client_beyond_its_limit_is_told_when_to_come_back(http: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    monkeypatch.setattr(rate_limit, "time", SimpleNamespace(monotonic=lambda: now))  # a slow machine would give it more
    headers = {"Authorization": f"Bearer {SLOW_KEY}"}
    answers = [http.post(SCORE, json=FULL, headers=headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 5
    assert http.post(SCORE, json=FULL, headers={"Authorization": f"Bearer {KEY}"}).status_code == 200  # others are not held up


def assertion(key: Any = EC_KEY, algorithm: str = "ES384", kid: str | None = "e1", **changed: Any) -> str:
    claims = {"iss": "signer", "sub": "signer", "aud": AUDIENCE, "exp": int(time.time()) + 240, "jti": str(uuid.uuid4())}
    claims = {name: value for name, value in {**claims, **changed}.items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


def ask(http: Any, signed: str, **changed: str) -> Any:
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": signed, **changed}
    return http.post("/oauth/token", data=form)


@pytest.mark.parametrize(("key", "algorithm", "kid"), [(EC_KEY, "ES384", "e1"), (RSA_KEY, "RS384", "r1"), (EC_KEY, "ES384", None)])
def test_a_signed_assertion_becomes_a_token(http: Any, key: Any, algorithm: str, kid: str | None) -> None:
    told = ask(http, assertion(key, algorithm, kid))
    assert told.status_code == 200, told.text
    assert (told.json()["token_type"], told.json()["expires_in"]) == ("bearer", 300)
    assert http.post(SCORE, json=FULL, headers={"Authorization": f"Bearer {told.json()['access_token']}"}).json()["total"] == 5


def test_an_assertion_serves_once(http: Any) -> None:
    signed = assertion()
    assert ask(http, signed).status_code == 200
    again = ask(http, signed)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    assert "before" in again.json()["error_description"]


@pytest.mark.parametrize(
    "signed",
    [
        lambda: assertion(STRANGER),
        lambda: assertion(exp=int(time.time()) - 60),
        lambda: assertion(exp=int(time.time()) + 3600),
        lambda: assertion(exp=None),
        lambda: assertion(jti=None),
        lambda: assertion(aud="https://elsewhere.example/oauth/token"),
        lambda: assertion(iss="ehr-a", sub="ehr-a"),
        lambda: assertion(sub="ehr-a"),
        lambda: assertion(RSA_KEY, "RS256", "r1"),
        lambda: jwt.encode({"iss": "signer", "sub": "signer"}, "", algorithm="none"),
        lambda: jwt.encode({"iss": "signer", "sub": "signer", "aud": AUDIENCE}, "k" * 64, algorithm="HS384"),
        lambda: "no token",
        lambda: assertion() + "x",
    ],
)
def test_a_bad_assertion_gives_no_token(http: Any, signed: Any) -> None:
    told = ask(http, signed())
    assert (told.status_code, told.json()["error"]) == (401, "invalid_client")


class Keys(BaseHTTPRequestHandler):
    """A client's own key server: its keys, a redirect, or JSON nested too deeply."""

    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        body = b"[" * 100_000 if self.path == "/deep" else json.dumps({"keys": [jwk(EC_KEY, "e1")]}).encode()
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("Location", "/keys")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Write no log."""


@contextlib.contextmanager
def asking_for_keys(folder: Path, path: str) -> Iterator[Any]:
    """The service with a client whose keys are at an address."""
    with HTTPServer(("127.0.0.1", 0), Keys) as keys:
        thread = threading.Thread(target=keys.serve_forever)
        thread.start()
        try:
            clients = folder / "clients.toml"
            clients.write_text(f'[[clients]]\nid = "signer"\njwks_url = "http://127.0.0.1:{keys.server_port}{path}"\n')
            with client(folder, clients_file=clients, public_url="http://localhost") as service:
                yield service
        finally:
            keys.shutdown()
            thread.join()


@pytest.mark.parametrize(("path", "status"), [("/keys", 200), ("/moved", 503), ("/deep", 503)])
def test_public_keys_are_fetched_from_where_the_operator_said_and_kept(tmp_path: Path, path: str, status: int) -> None:
    before = Keys.asked
    with asking_for_keys(tmp_path, path) as service:
        assert [ask(service, assertion()).status_code for _ in range(2)] == [status, status]
    assert Keys.asked - before == 1, "the answer is kept, and so is the failure"


def test_public_keys_that_change_are_known_at_once_and_old_ones_no_more(tmp_path: Path) -> None:
    with client(tmp_path, clients_file=write_clients(tmp_path), public_url="http://localhost") as service:
        assert ask(service, assertion()).status_code == 200
        (tmp_path / "signer.jwks.json").write_text(json.dumps({"keys": [jwk(STRANGER, "e2")]}))
        assert ask(service, assertion(STRANGER, kid="e2")).status_code == 200
        assert ask(service, assertion()).status_code == 401, "a key that was taken away signs nobody in"


def test_a_key_not_seen_yet_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mews_newtt_service.auth.key_sets.JWKS_AGAIN", 0.0)
    before = Keys.asked
    with asking_for_keys(tmp_path, "/keys") as service:
        assert [ask(service, assertion(key)).status_code for key in (EC_KEY, EC_KEY, STRANGER)] == [200, 200, 401]
    assert Keys.asked - before == 2


@pytest.mark.parametrize("part", ["header", "claims"])
def test_a_token_nested_too_deep_is_401(http: Any, part: str) -> None:
    deep, fine = (base64.urlsafe_b64encode(each).decode().rstrip("=") for each in (b"[" * 30_000, b'{"alg": "ES384"}'))
    forged = f"{deep}.{fine}.x" if part == "header" else f"{fine}.{deep}.x"
    assert ask(http, forged).status_code == 401
    assert http.get("/v1/charts", headers={"Authorization": f"Bearer {forged}"}).status_code == 401


def test_an_expiry_without_end_is_401(http: Any) -> None:
    assert ask(http, assertion(exp=float("inf"))).status_code == 401


@pytest.mark.parametrize(
    ("changed", "error"),
    [({"grant_type": "password"}, "unsupported_grant_type"), ({"client_assertion_type": "x"}, "invalid_request"), ({"client_assertion": ""}, "invalid_request")],
)
def test_a_bad_token_request(http: Any, changed: dict[str, str], error: str) -> None:
    told = ask(http, assertion(), **changed)
    assert (told.status_code, told.json()["error"]) == (400, error)


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: jwt.encode({"sub": "signer", "exp": int(time.time()) + 300}, "k" * 48, algorithm="HS256"),
        lambda token: jwt.encode({"sub": "signer", "exp": int(time.time()) + 300}, "", algorithm="none"),
        lambda token: token[:-2] + ("AA" if not token.endswith("AA") else "BB"),
        lambda token: token.rpartition(".")[0] + ".",
    ],
)
def test_a_forged_token_is_401(http: Any, forge: Any) -> None:
    token = ask(http, assertion()).json()["access_token"]
    answer = http.post(SCORE, json=FULL, headers={"Authorization": f"Bearer {forge(token)}"})
    assert (answer.status_code, codes(answer)) == (401, ["not_signed_in"])


def test_a_token_runs_out(http: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mews_newtt_service.auth.tokens.TOKEN_SECONDS", -1)
    token = ask(http, assertion()).json()["access_token"]
    assert http.post(SCORE, json=FULL, headers={"Authorization": f"Bearer {token}"}).status_code == 401
    monkeypatch.setattr("mews_newtt_service.auth.tokens.TOKEN_SECONDS", 600)
    token = ask(http, assertion()).json()["access_token"]
    assert http.post(SCORE, json=FULL, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    monkeypatch.setattr("mews_newtt_service.auth.tokens.time", SimpleNamespace(time=lambda: time.time() + 601))  # also where it is known already
    assert http.post(SCORE, json=FULL, headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_withdrawn_key_stops_without_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mews_newtt_service.auth.clients.LOOK_SECONDS", 0.0)
    path = write_clients(tmp_path)
    with client(tmp_path, clients_file=path, public_url="http://localhost") as http:
        headers = {"Authorization": f"Bearer {KEY}"}
        assert http.get("/v1/charts", headers=headers).status_code == 200
        path.write_text("[[clients]\nbroken")
        assert http.get("/v1/charts", headers=headers).status_code == 200  # a slip shuts nobody out
        assert http.get("/readyz").json()["clients_kept_because"] == "clients_unreadable"  # and whoever made it is told
        path.write_text(f'[[clients]]\nid = "ehr-b"\nkey_sha256 = ["{OTHER_DIGEST}"]\n')
        assert http.get("/v1/charts", headers=headers).status_code == 401
        assert http.get("/v1/charts", headers={"Authorization": f"Bearer {OTHER_KEY}"}).status_code == 200
        assert "clients_kept_because" not in http.get("/readyz").json()
        path.unlink()
        http.get("/v1/charts", headers=headers)
        assert http.get("/readyz").json()["clients_kept_because"] == "clients_unreadable"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "clients_unreadable"),
        ("clients = 1", "clients_unreadable"),
        ('[[clients]]\nid = "a"', "bad_client"),
        ('[[clients]]\nid = "a b"\nkey_sha256 = []', "bad_client"),
        ('[[clients]]\nid = "a"\nkey_sha256 = ["plain key"]', "bad_client"),
        ('[[clients]]\nid = "a"\njwks = "nowhere.json"', "bad_client"),
        ('[[clients]]\nid = "a"\njwks_url = "http://keys.example"', "bad_client"),
        ('[[clients]]\nid = "a"\njwks_url = "http://127.0.0.1.keys.example/x"', "bad_client"),
        ('[[clients]]\nid = "a"\njwks_url = "file:///etc/passwd"', "bad_client"),
        (f'[[clients]]\nid = "a"\nkey_sha265 = ["{DIGEST}"]', "bad_client"),
        (f'[[clients]]\nid = "a"\nkey_sha256 = ["{DIGEST}"]\nexpires = "soon"', "bad_client"),
        (f'[[clients]]\nid = "a"\nkey_sha256 = ["{DIGEST}"]\n[[clients]]\nid = "a"\nkey_sha256 = ["{OTHER_DIGEST}"]', "client_twice"),
        (f'[[clients]]\nid = "a"\nkey_sha256 = ["{DIGEST}"]\n[[clients]]\nid = "b"\nkey_sha256 = ["{DIGEST}"]', "key_twice"),
    ],
)
def test_a_bad_clients_file_is_told(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "clients.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as fault:
        read_clients(path)
    assert code in [problem.code for problem in fault.value.problems]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "scores.example.nhs.uk"])
def test_nobody_is_served_beyond_this_machine_without_signing_in(host: str) -> None:
    with pytest.raises(SettingsError, match="nobody would have to sign in"):
        Settings(host=host)
    done = run("serve", "--host", host, "--port", "0", PYTHONPATH=f"{Path(__file__).parents[2]}:{Path(__file__).parents[2] / 'service'}")
    assert done.code == 2
    assert "no_authentication" in done.err


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_needs_no_set_up(host: str) -> None:
    assert Settings(host=host).is_loopback


def test_a_new_key_comes_with_its_entry(tmp_path: Path) -> None:
    done = run("serve", "--new-key", "ehr-a", PYTHONPATH=f"{Path(__file__).parents[2]}:{Path(__file__).parents[2] / 'service'}")
    entry = tomllib.loads(done.out)["clients"][0]
    assert done.code == 0
    assert "mn_" in done.err and "mn_" not in done.out
    (tmp_path / "clients.toml").write_text(done.out)
    assert read_clients(tmp_path / "clients.toml")["ehr-a"].key_sha256 == tuple(entry["key_sha256"])


def test_expiry_is_the_last_day() -> None:
    from datetime import UTC, datetime

    from mews_newtt_service.auth.clients import Client

    lasts = Client("a", expires=date(2026, 3, 31))
    assert not lasts.expired(datetime(2026, 3, 31, 23, 59, tzinfo=UTC))
    assert lasts.expired(datetime(2026, 4, 1, 0, 0, tzinfo=UTC))


def test_settings_come_from_the_environment_and_slips_are_told() -> None:
    assert Settings.from_environment({"MEWS_NEWTT_PORT": "9000", "MEWS_NEWTT_METRICS_OPEN": "yes", "MEWS_NEWTT_RULES": "/x"}).port == 9000
    assert Settings.from_environment({"DATABASE_URL": "postgresql://x/y"}).database_url == "postgresql://x/y"
    given = Settings(port=1234, hosts=("a", "b"), clients_file=None)
    assert Settings.from_environment(given.to_environment()) == given
    with pytest.raises(SettingsError) as fault:
        Settings.from_environment({"MEWS_NEWTT_PROT": "9000", "MEWS_NEWTT_WORKERS": "two"})
    assert [problem.code for problem in fault.value.problems] == ["unknown_setting", "bad_setting"]
    assert "MEWS_NEWTT_PORT" in str(fault.value)


def test_a_clients_file_that_cannot_be_used_is_told_before_anything_listens(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    (tmp_path / "clients.toml").write_text('[[clients]]\nid = "a"')
    done = run("serve", "--port", "0", "--data", str(tmp_path / "data"), MEWS_NEWTT_CLIENTS_FILE=str(tmp_path / "clients.toml"), PYTHONPATH=f"{root}:{root / 'service'}")
    assert (done.code, "bad_client" in done.err, "listening" in done.err) == (2, True, False)
