"""Whether the process lives, and whether it can sell: for load balancers and operators."""

from collections.abc import Callable, Sequence

from flask import Blueprint, Response

from ticketing_service.http.bodies import answer
from ticketing_service.http.openapi import ApiDocument
from ticketing_service.http.refusals import NotReady
from ticketing_service.http.shapes import HealthAnswer

Readiness = Callable[[], Sequence[str]]
"""Gives what keeps the service from selling, each in one plain sentence; empty if nothing does."""

TAG = "Health"


def health(readiness: Readiness, *, document: ApiDocument) -> Blueprint:
    """The blueprint of both checks."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    @document.describes(tag=TAG, answers=(HealthAnswer,), secured=False, stored=False)
    def show_health() -> Response:
        """Tell that the process answers. Touches nothing outside of it."""
        return answer(HealthAnswer(status="ok"))

    @blueprint.get("/readyz")
    @document.describes(tag=TAG, answers=(HealthAnswer,), secured=False, problems=[NotReady])
    def show_readiness() -> Response:
        """Tell whether the service can sell: database, clock and signing key."""
        problems = readiness()
        if problems:
            raise NotReady(" ".join(problems), retryable=True)
        return answer(HealthAnswer(status="ok"))

    return blueprint
