"""CDS Hooks' own sign-in (a JWT that the client signs for the service's address), and calls from pages of other sites (CORS)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from mews_newtt.fhir.jsontext import write_json
from mews_newtt_service.auth.clients import read_clients
from mews_newtt_service.settings import Settings, SettingsError
from tests.fhir.test_cds_cards import UNWELL, call
from tests.service.support import SCORE, client, codes
from tests.service.test_auth import EC_KEY, KEY, RSA_KEY, STRANGER, write_clients

PUBLIC = "http://localhost"
PATH = "/cds-services/mews"
EHR, PAGE = "https://ehr.example.nhs.uk", "https://sandbox.cds-hooks.org"


def written(folder: Path) -> Path:
    path = write_clients(folder)
    path.write_text(path.read_text() + f'cds_issuer = "{EHR}"\n')
    return path


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("cds")
    with client(folder, clients_file=written(folder), public_url=PUBLIC, cors_origins=(PAGE,)) as found:
        yield found


def signed(key: Any = EC_KEY, algorithm: str = "ES384", kid: str = "e1", **changed: Any) -> dict[str, str]:
    now = int(time.time())
    claims = {"iss": EHR, "aud": PUBLIC + PATH, "exp": now + 240, "iat": now, "jti": str(uuid.uuid4()), **changed}
    token = jwt.encode({name: value for name, value in claims.items() if value is not None}, key, algorithm, headers={"kid": kid})
    return {"Authorization": f"Bearer {token}"}


def post(http: Any, headers: dict[str, str], path: str = PATH, body: Any = None) -> Any:
    content = write_json(call("mews", UNWELL) if body is None else body)
    return http.post(path, content=content, headers={"Content-Type": "application/json", **headers})


FEEDBACK = {"feedback": [{"card": "c", "outcome": "accepted", "outcomeTimestamp": "2026-11-22T09:32:00Z"}]}


@pytest.mark.parametrize(("key", "algorithm", "kid"), [(EC_KEY, "ES384", "e1"), (RSA_KEY, "RS384", "r1")])
def test_a_signed_call_is_answered(http: Any, key: Any, algorithm: str, kid: str) -> None:
    assert len(post(http, signed(key, algorithm, kid)).json()["cards"]) == 1


def test_feedback_takes_a_jwt_for_its_own_address_or_for_that_of_the_service(http: Any) -> None:
    for audience in (PUBLIC + PATH, f"{PUBLIC}{PATH}/feedback", [f"{PUBLIC}{PATH}/feedback", "https://other.example"]):
        assert post(http, signed(aud=audience), f"{PATH}/feedback", FEEDBACK).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        lambda: signed(STRANGER),
        lambda: signed(aud=f"{PUBLIC}/cds-services/newtt2"),  # for another service
        lambda: signed(aud="http://evil.example/cds-services/mews"),
        lambda: signed(aud=f"{PUBLIC}{PATH}/feedback"),
        lambda: signed(iss="https://nobody.example"),
        lambda: signed(iss="signer"),  # the client has another issuer
        lambda: signed(exp=int(time.time()) - 120),
        lambda: signed(exp=int(time.time()) + 3600),
        lambda: signed(jti=None),
        lambda: signed(jti="x" * 201),
        lambda: signed(iat=None),
        lambda: signed(iat=int(time.time()) + 3600),
        lambda: signed("a shared secret that is long enough for HS384, as pyjwt asks", "HS384"),
        lambda: {"Authorization": "Bearer " + jwt.encode({"iss": EHR, "aud": PUBLIC + PATH}, None, "none")},
        lambda: {"Authorization": "Bearer a.b.c"},
        dict,
    ],
)
def test_every_other_jwt_is_401(http: Any, headers: Any) -> None:
    answer = post(http, headers())
    assert (answer.status_code, codes(answer)) == (401, ["not_signed_in"])


def test_a_jwt_is_used_once_and_for_cards_only(http: Any) -> None:
    once = signed()
    assert [post(http, once).status_code for _ in range(2)] == [200, 401]
    assert http.post(SCORE, json={}, headers=signed(aud=PUBLIC + SCORE)).status_code == 401
    assert post(http, {"Authorization": f"Bearer {KEY}"}).status_code == 200, "keys work as everywhere"


def test_the_host_header_is_no_audience(http: Any) -> None:
    assert post(http, {**signed(aud=f"http://evil.example{PATH}"), "Host": "evil.example"}).status_code == 401


def test_an_issuer_belongs_to_one_client_that_has_keys(tmp_path: Path) -> None:
    path = written(tmp_path)
    for wrong in ('\n[[clients]]\nid = "two"\njwks = "signer.jwks.json"\ncds_issuer = "https://ehr.example.nhs.uk"\n', '\n[[clients]]\nid = "three"\nkey_sha256 = "' + "0" * 64 + '"\ncds_issuer = "x"\n'):
        path.write_text(written(tmp_path).read_text() + wrong)
        with pytest.raises(SettingsError, match="cds_issuer"):
            read_clients(path)


def preflight(http: Any, path: str = PATH, origin: str = PAGE, **more: str) -> Any:
    asks = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    return http.options(path, headers={**asks, **{name.replace("_", "-"): value for name, value in more.items()}})


def test_a_preflight_needs_no_sign_in_and_names_what_is_allowed(http: Any) -> None:
    answer = preflight(http)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == PAGE and "Origin" in answer.headers["vary"]
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert {"authorization", "content-type"} <= {name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")}
    assert "access-control-allow-credentials" not in answer.headers
    assert preflight(http, Access_Control_Request_Private_Network="true").headers["access-control-allow-private-network"] == "true"


def test_answers_and_refusals_can_be_read_by_the_page(http: Any) -> None:
    found = http.get("/cds-services", headers={"Origin": PAGE})
    assert found.status_code == 200 and found.headers["access-control-allow-origin"] == PAGE
    for headers, status in ((signed(), 200), ({}, 401)):
        answer = post(http, {**headers, "Origin": PAGE})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, PAGE)
        assert "Mews-Newtt-Chart" in answer.headers["access-control-expose-headers"]


def test_other_sites_and_other_paths_get_nothing(http: Any) -> None:
    for answer in (preflight(http, origin="https://evil.example"), preflight(http, path=SCORE), preflight(http, origin="null"), preflight(http, path="/cds-servicesX")):
        assert answer.status_code >= 400 and "access-control-allow-origin" not in answer.headers
    refused = post(http, {**signed(), "Origin": "https://evil.example"})
    assert refused.status_code == 403 and "access-control-allow-origin" not in refused.headers
    assert "access-control-allow-origin" not in http.get("/cds-services").headers


def test_any_site_and_all_paths_by_setting_and_none_without(tmp_path: Path) -> None:
    with client(tmp_path / "a", cors_origins=("*",), cors_paths=("/",)) as found:
        assert preflight(found, path=SCORE, origin="https://any.example").headers["access-control-allow-origin"] == "*"
        assert found.post(SCORE, json={"heart_rate": 80}, headers={"Origin": "https://any.example"}).status_code == 200
    with client(tmp_path / "b") as closed:
        assert "access-control-allow-origin" not in preflight(closed).headers
        assert post(closed, {"Origin": PAGE}).status_code == 403


@pytest.mark.parametrize("wrong", [{"cors_origins": ("sandbox.cds-hooks.org",)}, {"cors_origins": ("https://a.example/path",)}, {"cors_paths": ("fhir",)}, {"cds_window_minutes": 1441}, {"cds_lookback_minutes": -1}])
def test_settings_that_cannot_be_meant_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        Settings(**wrong)


def test_the_operators_choices_for_cards(tmp_path: Path) -> None:
    with client(tmp_path, cds_lookback_minutes=60, cds_encounter=True) as found:
        answer = post(found, {}).json()["cards"]
        assert [card["indicator"] for card in answer] == ["warning"] and "older than 1 h" in answer[0]["detail"]
        assert "2026-11-22" in answer[0]["detail"], "how old the newest is"
        longer = call("mews", UNWELL)
        longer["context"]["lookbackMinutes"] = 366 * 24 * 60
        assert "older than" not in post(found, {}, body=longer).json()["cards"][0]["detail"]
        longer["context"]["encounterId"] = "ward"
        assert "without an encounter left out" in post(found, {}, body=longer).json()["cards"][0]["detail"]
        longer["context"]["lookbackMinutes"] = "soon"
        assert codes(post(found, {}, body=longer)) == ["bad_window"]


def test_where_to_sign_in_is_said_under_the_fhir_base_too(http: Any) -> None:
    here = http.get("/fhir/R4/.well-known/smart-configuration")
    assert here.status_code == 200 and here.json() == http.get("/.well-known/smart-configuration").json()
    security = http.get("/fhir/R4/metadata").json()["rest"][0]["security"]
    assert security["extension"][0]["extension"] == [{"url": "token", "valueUri": f"{PUBLIC}/oauth/token"}]
    assert security["cors"] is True and security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
