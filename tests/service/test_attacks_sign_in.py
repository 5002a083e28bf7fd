"""Bad callers shut out nobody else, can be found, and cannot choose what an assertion is for."""

from __future__ import annotations

import ipaddress
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mews_newtt_service.auth.addresses import address_of
from mews_newtt_service.middleware import rate_limit
from mews_newtt_service.middleware.authentication import ANONYMOUS_PER_MINUTE
from mews_newtt_service.middleware.rate_limit import RateLimits
from mews_newtt_service.problems import ServiceError
from mews_newtt_service.settings import SettingsError
from tests.cli.command import run
from tests.patience import until
from tests.service.attack import slowness
from tests.service.support import FULL, ROOT, SCORE, Service, client, codes
from tests.service.test_auth import EC_KEY, KEY, ask, assertion, jwk, write_clients

GOOD = {"Authorization": f"Bearer {KEY}"}
BAD = {"Authorization": "Bearer mn_wrong"}
PUBLIC = "http://localhost"


@pytest.fixture
def http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(rate_limit, "time", SimpleNamespace(monotonic=lambda: 0.0))  # on a slow machine the limits would not be reached
    with client(tmp_path, clients_file=write_clients(tmp_path), public_url=PUBLIC, proxies=("10.0.0.0/8",)) as found:
        yield found


def exhausted(http: Any, **headers: str) -> None:
    for _ in range(ANONYMOUS_PER_MINUTE):
        if http.get("/v1/charts", headers={**BAD, **headers}).status_code == 429:
            return
    raise AssertionError("nothing slows down who guesses keys")


def test_wrong_keys_shut_out_neither_probes_nor_tokens_nor_open_paths_nor_clients(http: Any) -> None:
    exhausted(http)
    for path in ("/healthz", "/readyz", "/openapi.json", "/cds-services", "/fhir/R4/metadata", "/static/app.css"):
        assert http.get(path).status_code == 200, path
    assert ask(http, assertion()).status_code == 200
    assert http.post(SCORE, json=FULL, headers=GOOD).status_code == 200


def test_token_requests_shut_out_no_open_path(http: Any) -> None:
    assert 429 in [http.post("/oauth/token", data={}).status_code for _ in range(ANONYMOUS_PER_MINUTE // 4)]
    assert http.get("/openapi.json").status_code == 200


def test_probes_are_never_refused(http: Any) -> None:
    assert {http.get("/healthz").status_code for _ in range(ANONYMOUS_PER_MINUTE // 4)} == {200}


def test_failed_sign_ins_name_the_address(tmp_path: Path) -> None:
    with Service(tmp_path, MEWS_NEWTT_CLIENTS_FILE=str(write_clients(tmp_path)), MEWS_NEWTT_PUBLIC_URL=PUBLIC, MEWS_NEWTT_PROXIES="127.0.0.0/8",
                 MEWS_NEWTT_JOB_WORKERS="0", MEWS_NEWTT_LOG_LEVEL="warning") as service:
        service.http.get("/v1/charts", headers={**BAD, "X-Forwarded-For": "203.0.113.9, 192.0.2.7"})
        ask(service.http, "no assertion")
        until(lambda: len(service.logged("sign_in_failed")) == 2)
        told = [json.loads(line) for line in service.logged('"sign_in_failed"')]
    assert [one["address"] for one in told] == ["192.0.2.7", "127.0.0.1"]
    assert "mn_wrong" not in json.dumps(told)


NETWORKS = ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128")


@pytest.mark.parametrize(
    ("peer", "said", "address"),
    [
        ("192.0.2.1", b"203.0.113.5", "192.0.2.1"),  # no proxy of ours: whatever it says
        ("10.0.0.1", b"", "10.0.0.1"),
        ("10.0.0.1", b"203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", b"1.1.1.1, 203.0.113.5, 10.2.3.4", "203.0.113.5"),  # what stands before the first stranger is that stranger's word
        ("10.0.0.1", b"203.0.113.5, rubbish", "10.0.0.1"),
        ("::1", b"[2001:db8:1:2:3:4:5:6]", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", b"203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", b"203.0.113.5:4711", "203.0.113.5"),
        ("10.0.0.1", b"[2001:db8:1:2:3:4:5:6]:4711", "2001:db8:1:2::/64"),
        ("10.0.0.1", b'::ffff:203.0.113.5%","level":"error', "10.0.0.1"),
        ("10.0.0.1", b'::ffff:203.0.113.5%"level":"error"', "203.0.113.5"),  # the zone of an address is text of the caller: not in the log, no new bucket
        ("10.0.0.1", b'2001:db8:1:2::7%"x"', "2001:db8:1:2::/64"),
        ("10.0.0.1", b"1.1.1.1|203.0.113.5|10.2.3.4", "203.0.113.5"),  # | here: another header line, as some proxies write it
    ],
)
def test_the_address_is_the_last_that_a_trusted_proxy_did_not_add(peer: str, said: bytes, address: str) -> None:
    headers = [(b"x-forwarded-for", line) for line in said.split(b"|") if line]
    assert address_of({"client": (peer, 1), "headers": headers}, NETWORKS) == address


@pytest.mark.parametrize(
    ("peer", "forwarded", "link"),
    [
        ("10.0.0.1", {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "scores.example"}, "https://scores.example"),
        ("10.0.0.1", {"X-Forwarded-Proto": "https"}, "https://localhost"),
        ("10.0.0.1", {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}, "https://localhost"),  # no name of ours
        ("10.0.0.1", {"X-Forwarded-Proto": "javascript"}, "http://localhost"),
        ("192.0.2.1", {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "scores.example"}, "http://localhost"),  # no proxy of ours
    ],
    ids=str,
)
def test_links_follow_a_trusted_proxy(tmp_path: Path, peer: str, forwarded: dict[str, str], link: str) -> None:
    with client(tmp_path, proxies=("10.0.0.0/8",), hosts=("scores.example", "localhost")) as here:
        here._transport.client = (peer, 1)
        assert here.get("/fhir/R4/metadata", headers=forwarded).json()["implementation"]["url"] == f"{link}/fhir/R4"


def test_each_address_behind_a_trusted_proxy_has_its_own_limit(tmp_path: Path) -> None:
    with Service(tmp_path, MEWS_NEWTT_CLIENTS_FILE=str(write_clients(tmp_path)), MEWS_NEWTT_PUBLIC_URL=PUBLIC, MEWS_NEWTT_PROXIES="127.0.0.1", MEWS_NEWTT_JOB_WORKERS="0") as service:
        exhausted(service.http, **{"X-Forwarded-For": "192.0.2.66"})
        assert service.http.get("/v1/charts", headers={**BAD, "X-Forwarded-For": "192.0.2.7"}).status_code == 401


def test_the_bucket_of_a_busy_client_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "BUCKETS_KEPT", 5)
    found = RateLimits()

    def busy() -> None:
        for number in range(100):
            found.take("busy", 60)
            found.take(f"other {number}", 60)  # with first in, first out a busy one began anew after five others

    with pytest.raises(ServiceError, match="more than 60 requests"):
        busy()
    assert len(found._buckets) <= 5


def test_an_audience_is_never_taken_from_the_host_header(http: Any) -> None:
    signed = assertion(aud="http://evil.example/oauth/token")
    form = {"grant_type": "client_credentials", "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion": signed}
    assert http.post("/oauth/token", data=form, headers={"Host": "evil.example"}).status_code == 401
    assert http.get("/.well-known/smart-configuration", headers={"Host": "evil.example"}).json()["token_endpoint"] == f"{PUBLIC}/oauth/token"


def test_key_pairs_without_a_public_address_do_not_start(tmp_path: Path) -> None:
    path = write_clients(tmp_path)
    with pytest.raises(SettingsError, match="MEWS_NEWTT_PUBLIC_URL"), client(tmp_path, clients_file=path):
        pass
    done = run("serve", "--port", "0", "--data", str(tmp_path / "data"), MEWS_NEWTT_CLIENTS_FILE=str(path), PYTHONPATH=f"{ROOT}:{ROOT / 'service'}")
    assert (done.code, "public_url_missing" in done.err, "listening" in done.err) == (2, True, False)


def test_a_key_pair_that_comes_later_without_a_public_address_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mews_newtt_service.auth.clients.LOOK_SECONDS", 0.0)
    path = write_clients(tmp_path)
    whole = path.read_text()
    path.write_text(whole[: whole.rindex("[[clients]]")])
    with client(tmp_path, clients_file=path) as http:
        path.write_text(whole)
        assert http.get("/v1/charts", headers=GOOD).status_code == 200
        assert http.get("/readyz").json()["clients_kept_because"] == "public_url_missing"
        assert ask(http, assertion()).status_code == 401


@pytest.fixture
def silent() -> Iterator[int]:
    """An address that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield server.getsockname()[1]


def test_a_key_address_that_hangs_holds_up_nobody_else(tmp_path: Path, silent: int) -> None:
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [jwk(EC_KEY, "e1")]}))
    clients = tmp_path / "clients.toml"
    clients.write_text(f'[[clients]]\nid = "hangs"\njwks_url = "http://127.0.0.1:{silent}/keys"\n[[clients]]\nid = "signer"\njwks = "keys.json"\n')
    with Service(tmp_path, MEWS_NEWTT_CLIENTS_FILE=str(clients), MEWS_NEWTT_PUBLIC_URL=PUBLIC, MEWS_NEWTT_JOB_WORKERS="0") as service:
        answers: list[Any] = []
        waiting = [threading.Thread(target=lambda: answers.append(ask(service.http, assertion(iss="hangs", sub="hangs")))) for _ in range(60)]
        for one in waiting:
            one.start()
        time.sleep(0.5)
        began = time.monotonic()
        assert service.http.get("/readyz").status_code == 200
        assert ask(service.http, assertion()).status_code == 200
        assert (time.monotonic() - began) / slowness() < 4.5, "60 requests took all threads for 5 s each"
        for one in waiting:
            one.join()
        assert {answer.status_code for answer in answers} == {503}
        began = time.monotonic()
        assert ask(service.http, assertion(iss="hangs", sub="hangs")).json()["error"] == "temporarily_unavailable"
        assert (time.monotonic() - began) / slowness() < 1, "that it could not be had is remembered"


def test_a_refused_token_request_is_told_in_the_words_of_oauth_after_the_limit_too(http: Any) -> None:
    for _ in range(ANONYMOUS_PER_MINUTE // 4):
        answer = http.post("/oauth/token", data={})
        if answer.status_code == 429:
            assert codes(answer) == ["too_many_requests"]
            break
