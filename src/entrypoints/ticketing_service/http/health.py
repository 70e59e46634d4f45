"""Liveness and readiness, for load balancers and operators."""

from collections.abc import Callable

from flask import Blueprint, Response
from msgspec import UNSET

from ticketing_core.errors import NotReady
from ticketing_service.condition import Condition
from ticketing_service.http.bodies import json_response
from ticketing_service.http.openapi import Operation
from ticketing_service.http.schemas import HealthAnswer

Readiness = Callable[[], Condition]
"""Returns what keeps the service from selling, and what does not work as it should."""

TAG = "Health"


def health(readiness: Readiness) -> Blueprint:
    """Return the blueprint of both checks; see `create_app` for the arguments."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    @Operation(tag=TAG, answers=[HealthAnswer], secured=False, stored=False)
    def show_health() -> Response:
        """Check that the process responds. Touches nothing outside it."""
        return json_response(HealthAnswer(status="ok"))

    @blueprint.get("/readyz")
    @Operation(tag=TAG, answers=[HealthAnswer], secured=False, stored=False, problems=[NotReady])
    def show_readiness() -> Response:
        """Check that the service can sell: database, clock and signing key."""
        found = readiness()
        if found.reasons:
            raise NotReady(" ".join(found.reasons))
        return json_response(HealthAnswer(status="ok", degraded=list(found.degraded) or UNSET))

    return blueprint
