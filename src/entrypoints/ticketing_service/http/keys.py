"""The public keys with which anyone can check admission tokens offline."""

from collections.abc import Callable, Mapping

from flask import Blueprint, Response

from ticketing_service.http.bodies import json_response
from ticketing_service.http.openapi import Operation
from ticketing_service.http.schemas import KeySet

PublicKeys = Callable[[], Mapping[str, Mapping[str, str]]]
"""Returns the JSON Web Keys of this installation by ``kid``."""


def keys(public_keys: PublicKeys) -> Blueprint:
    """Return the blueprint of the key set."""
    blueprint = Blueprint("keys", __name__)

    @blueprint.get("/.well-known/jwks.json")
    @Operation(tag="Admission", answers=[KeySet], secured=False)
    def show_keys() -> Response:
        """List the public keys of admission tokens (RFC 7517).

        Past keys are included; revoked ones are not, and their tokens are not genuine.
        """
        found = [{"kid": kid, "use": "sig", **jwk} for kid, jwk in public_keys().items()]
        response = json_response(KeySet(keys=found))
        # Scanners need not ask for each scan, and learn within five minutes of a new key and of a
        # revoked one.
        response.headers["Cache-Control"] = "public, max-age=300"
        # The CORS headers depend on it, so a cache must keep one copy for each origin.
        response.vary.add("Origin")
        return response

    return blueprint
