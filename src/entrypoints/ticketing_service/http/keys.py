"""The public keys with which anybody can check admission tokens offline."""

from collections.abc import Callable, Mapping

from flask import Blueprint, Response

from ticketing_service.http.bodies import answer
from ticketing_service.http.openapi import ApiDocument
from ticketing_service.http.shapes import KeySet

PublicKeys = Callable[[], Mapping[str, Mapping[str, str]]]
"""Gives the JSON Web Keys of this installation by ``kid``."""


def keys(public_keys: PublicKeys, *, document: ApiDocument) -> Blueprint:
    """The blueprint of the key set."""
    blueprint = Blueprint("keys", __name__)

    @blueprint.get("/.well-known/jwks.json")
    @document.describes(tag="Admission", answers=(KeySet,), secured=False)
    def show_keys() -> Response:
        """List the public keys of admission tokens (RFC 7517), those of the past as well."""
        found = [{"kid": kid, "use": "sig", **jwk} for kid, jwk in public_keys().items()]
        response = answer(KeySet(keys=found))
        # A new key is known at every gate within five minutes; scanners need not ask for each scan.
        response.headers["Cache-Control"] = "public, max-age=300"
        # The CORS headers depend on it, so a cache must not mix the answers up.
        response.vary.add("Origin")
        return response

    return blueprint
