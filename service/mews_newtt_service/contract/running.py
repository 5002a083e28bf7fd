"""Signing in, and the state of the service."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from mews_newtt_service.auth.tokens import ASSERTION_TYPE
from mews_newtt_service.contract.parts import Answer, Count, Engine, Request


class TokenRequest(Request):
    """A signed assertion (OAuth 2.0 client credentials, as in SMART Backend Services)."""

    grant_type: Literal["client_credentials"]
    client_assertion_type: Annotated[str, Field(json_schema_extra={"const": ASSERTION_TYPE})]
    client_assertion: Annotated[str, Field(description="a JWT that the client has signed")]


class Resource(Request):
    """Any FHIR R4 resource."""

    model_config = ConfigDict(extra="allow")

    resourceType: str


class Token(Answer):
    """A token for the header Authorization."""

    access_token: str
    token_type: Literal["bearer"]
    expires_in: Annotated[Count, Field(description="seconds")]


class TokenError(Answer):
    """Why no token was given (OAuth 2.0)."""

    error: Literal["invalid_request", "invalid_client", "unsupported_grant_type", "temporarily_unavailable"]
    error_description: str


class SmartConfiguration(Answer):
    """Where and how to sign in."""

    token_endpoint: str
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]
    capabilities: list[str]


class Health(Answer):
    """The process answers."""

    status: Literal["ok"]
    version: str
    engine_version: Engine


class Readiness(Answer):
    """The service can take work."""

    status: Literal["ok"]
    charts: Count
    database: Literal["ok"]
    workers: Annotated[Count, Field(description="worker processes that are alive")]
    long_work: Annotated[str | None, Field(description="why long work waits")] = None
    charts_kept_because: Annotated[str | None, Field(description="code of the fault for which the charts are older than their files")] = None
    clients_kept_because: Annotated[str | None, Field(description="code of the fault for which the clients are older than their file")] = None
    settings_kept_because: Annotated[str | None, Field(description="code of the fault for which a reload of the settings was refused")] = None
    engine_version: Engine
