"""Liveness and readiness, for load balancers and operators."""

from collections.abc import Callable, Sequence

from flask import Blueprint, Response

from ticketing_service.http.bodies import json_response
from ticketing_service.http.openapi import Operation
from ticketing_service.http.problems import NotReady
from ticketing_service.http.schemas import HealthAnswer

Readiness = Callable[[], Sequence[str]]
"""Returns what keeps the service from selling, each in a plain sentence; empty if nothing does."""

TAG = "Health"


def health(readiness: Readiness) -> Blueprint:
    """Return the blueprint of both checks."""
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
        reasons = readiness()
        if reasons:
            raise NotReady(" ".join(reasons), retryable=True)
        return json_response(HealthAnswer(status="ok"))

    return blueprint
