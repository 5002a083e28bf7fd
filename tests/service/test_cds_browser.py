"""CDS Hooks as its public sandbox uses it, from a real page of another site: discovery, prefetch, signed call, card, feedback."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from mews_newtt.fhir.jsontext import write_json
from tests.fhir.test_cds_cards import UNWELL, call
from tests.patience import PATIENCE
from tests.service.support import Service

ISSUER = "https://sandbox.example"
# What the sandbox does, in its order. The FHIR server is the site of the page itself.
SCRIPT = """
async ({service, issuer, key, patient}) => {
  const discovery = await (await fetch(service + "/cds-services")).json();
  const found = discovery.services.find(each => each.id === "mews");
  const prefetch = {};
  for (const [name, query] of Object.entries(found.prefetch)) {
    const asked = query.replaceAll("{{context.patientId}}", patient);
    prefetch[name] = await (await fetch("/fhir/" + asked)).json();
  }
  const signer = await crypto.subtle.importKey("jwk", key, {name: "ECDSA", namedCurve: "P-384"}, false, ["sign"]);
  const text = value => new TextEncoder().encode(JSON.stringify(value));
  const url64 = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const bearer = async aud => {
    const now = Math.floor(Date.now() / 1000);
    const head = url64(text({alg: "ES384", typ: "JWT", kid: "e1"}));
    const body = url64(text({iss: issuer, aud, iat: now, exp: now + 300, jti: crypto.randomUUID()}));
    const signature = await crypto.subtle.sign({name: "ECDSA", hash: "SHA-384"}, signer, new TextEncoder().encode(head + "." + body));
    return "Bearer " + head + "." + body + "." + url64(signature);
  };
  const post = async (address, body, signed) => fetch(address, {
    method: "POST", body: JSON.stringify(body),
    headers: {"Content-Type": "application/json", ...(signed ? {Authorization: await bearer(address)} : {})},
  });
  const address = service + "/cds-services/" + found.id;
  const request = {hook: found.hook, hookInstance: crypto.randomUUID(), context: {userId: "Practitioner/1", patientId: patient}, prefetch};
  const unsigned = (await post(address, request, false)).status;
  const answer = await post(address, request, true);
  const cards = (await answer.json()).cards;
  const told = {feedback: cards.map(card => ({card: card.uuid, outcome: "accepted", outcomeTimestamp: new Date().toISOString()}))};
  const feedback = (await post(address + "/feedback", told, true)).status;
  let closed = "answered";
  try { await fetch(service + "/v1/charts"); } catch (fault) { closed = "refused by the browser"; }
  return {cards, unsigned, status: answer.status, chart: answer.headers.get("Mews-Newtt-Chart"), feedback, closed};
}
"""


ASKED: list[str] = []  # paths that the page asked its own site for


class _Site(BaseHTTPRequestHandler):
    """An empty page, and a FHIR server with one patient."""

    def do_GET(self) -> None:
        ASKED.append(self.path)
        given = call("mews", UNWELL)["prefetch"]
        body, kind = "<!doctype html><title>Sandbox</title><link rel=icon href=data:,>", "text/html"
        if self.path.startswith("/fhir/"):
            body, kind = write_json(given["patient" if self.path.startswith("/fhir/Patient/") else "observations"]), "application/fhir+json"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_the_sandboxs_flow_from_a_page_of_another_site(tmp_path: Path, site: str, browser: Any) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [{**public, "kid": "e1"}]}))
    (tmp_path / "clients.toml").write_text(f'[[clients]]\nid = "sandbox"\njwks = "keys.json"\ncds_issuer = "{ISSUER}"\n')
    port = free_port()
    settings = {"CLIENTS_FILE": str(tmp_path / "clients.toml"), "PUBLIC_URL": f"http://127.0.0.1:{port}", "CORS_ORIGINS": site, "LOG_LEVEL": "error"}
    with Service(tmp_path, "--port", str(port), **{f"MEWS_NEWTT_{name}": value for name, value in settings.items()}) as running:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(site)
        given = {"service": running.url, "issuer": ISSUER, "key": json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key)), "patient": call("mews", UNWELL)["context"]["patientId"]}
        found = page.evaluate(SCRIPT, given)
        page.close()
    assert (found["unsigned"], found["status"], found["feedback"]) == (401, 200, 200)
    assert [card["indicator"] for card in found["cards"]] == ["critical"] and found["cards"][0]["summary"].startswith("MEWS (England")
    assert " old." in found["cards"][0]["detail"], "the card says how old the readings are"
    assert found["chart"].startswith("mews@")
    assert found["closed"] == "refused by the browser", "only the paths of the setting"
    assert any(asked.startswith("/fhir/Observation?patient=") and "85354-9" in asked for asked in ASKED), "the prefetch asks for the panel"
