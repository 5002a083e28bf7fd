"""POST /oauth/token: exchanges a signed assertion for a token (OAuth 2.0 client credentials, as in SMART Backend Services)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mews_newtt_service.auth.access import Access
from mews_newtt_service.auth.addresses import base_of
from mews_newtt_service.auth.tokens import ALGORITHMS, ASSERTION_TYPE, TOKEN_SECONDS, TokenError
from mews_newtt_service.contract.components import ref
from mews_newtt_service.logs import trace_words
from mews_newtt_service.openapi import GET_RESPONSES, PROBLEM, TOKEN_ERROR, answer
from mews_newtt_service.request_helpers import media_type
from mews_newtt_service.routing import plain_router
from mews_newtt_service.settings import Settings

FORM = {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": ref("TokenRequest")}}}
ERRORS: dict[int | str, dict[str, Any]] = dict.fromkeys((400, 401, 503), TOKEN_ERROR)
MIDDLEWARE: dict[int | str, dict[str, Any]] = dict.fromkeys((403, 405, 408, 409, 413, 415, 421, 429), PROBLEM)


def router(settings: Settings) -> APIRouter:
    """The routes of signing in."""
    routes = plain_router()

    @routes.post(
        "/oauth/token",
        summary="A token for a signed assertion",
        tags=["signing in"],
        responses={200: answer("Token"), **ERRORS, **MIDDLEWARE},
        openapi_extra={"requestBody": FORM},
    )
    async def get_token(request: Request) -> Response:
        access: Access = request.app.state.access
        try:
            if media_type(request) != "application/x-www-form-urlencoded":
                raise TokenError("invalid_request", "send application/x-www-form-urlencoded")
            text = (await request.body()).decode("ascii", "replace")
            try:
                pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=20)
            except ValueError:
                raise TokenError("invalid_request", "the form cannot be read") from None
            form = dict(pairs)
            if len(form) < len(pairs):
                raise TokenError("invalid_request", "a field is given twice")
            if form.get("grant_type") != "client_credentials":
                raise TokenError("unsupported_grant_type", "only client_credentials is offered")
            if form.get("client_assertion_type") != ASSERTION_TYPE or not form.get("client_assertion"):
                raise TokenError("invalid_request", f"client_assertion_type must be {ASSERTION_TYPE}, with a client_assertion")
            if access.clients is None:
                raise TokenError("invalid_client", "no clients are set up here; nobody has to sign in", 401)
            _, made = await access.tokens.exchange(form["client_assertion"], access.clients, _address(request))
        except TokenError as refusal:
            address = access.address(request.scope)
            request.scope["refused_because"] = refusal.error
            about = {"request_id": request.scope["request_id"], **trace_words(request.scope.get("trace")), "address": address}
            request.app.state.log.event("warning", "sign_in_failed", **about, error=refusal.error)
            return JSONResponse({"error": refusal.error, "error_description": refusal.what}, refusal.status)
        return JSONResponse({"access_token": made, "token_type": "bearer", "expires_in": TOKEN_SECONDS})

    @routes.get(
        "/.well-known/smart-configuration",
        summary="Where and how to sign in",
        tags=["signing in"],
        responses={200: answer("SmartConfiguration"), **GET_RESPONSES},
    )
    async def get_smart_configuration(request: Request) -> Response:
        return smart_configuration(request)

    return routes


def smart_configuration(request: Request) -> Response:
    """Where and how to sign in, as SMART says it; the FHIR endpoint has the same under its own base."""
    document = {
        "token_endpoint": _address(request),
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "capabilities": ["client-confidential-asymmetric"],
    }
    return Response(json.dumps(document), media_type="application/json")


def _address(request: Request) -> str:
    """The address of this path, which an assertion must name. Without MEWS_NEWTT_PUBLIC_URL no client can sign in this way (see `read_clients`)."""
    return f"{base_of(request)}/oauth/token"
