"""Reads valid access tokens quickly; all others are left to flask-jwt-extended.

PyJWT prepares the key again for each token, and looks at each character of the token in Python:
that takes three times as long. And flask-jwt-extended asks PyJWT three times for each token.
"""

import json
import time
from functools import lru_cache
from typing import Any

import jwt
from jwt import PyJWTError
from jwt.utils import base64url_decode, base64url_encode

from ticketing_service.access import AccessTokens

CLOCK_SKEW_SECONDS = 5
"""A fresh token of a server whose clock runs ahead is not refused."""

ODDITIES = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What decoding raises besides its own errors when parts of a token have odd types: a list for a
header, an ``exp`` of infinity, a thousand nested brackets."""


def good_claims(token: str, access: AccessTokens) -> dict[str, Any] | None:
    """Return the claims of a good token, or None if `decode_token` has to judge it.

    Whatever is accepted here, `decode_token` accepts as well.
    """
    try:
        signed, _, signature = token.encode().rpartition(b".")
        header, _, payload = signed.partition(b".")
        kid = _kid(header, access.algorithm)
        if not access.has_signed(signed, _decoded(signature), kid=kid):
            return None
        claims = json.loads(_decoded(payload))
        return claims if _are_valid_now(claims, access) else None
    except (PyJWTError, *ODDITIES):
        return None


@lru_cache(maxsize=64)
def _kid(header: bytes, algorithm: str) -> object:
    """Return the ``kid`` in a header, which tokens of one key share.

    Nothing else of it is kept: no signature has been checked yet, and a parsed header can take 25
    times the memory of its text.
    """
    # PyJWT refuses an unknown ``crit``. It knows ``b64``, so that this is refused here. Payload and
    # signature are empty: only the header is read.
    members = jwt.get_unverified_header(header + b"..")
    if members["alg"] != algorithm or "b64" in members:
        raise ValueError
    return members.get("kid")


def _decoded(part: bytes) -> bytes:
    raw = base64url_decode(part)
    # Python's decoder skips what is not base64url.
    if base64url_encode(raw) != part:
        raise ValueError
    return raw


def _are_valid_now(claims: dict[str, Any], access: AccessTokens) -> bool:
    """Return whether the claims are for this service and this moment (RFC 7519, 4.1)."""
    now = time.time()
    # PyJWT takes an empty audience for none.
    audience = claims.get("aud") or []
    audiences = audience if isinstance(audience, list) else [audience]
    return (
        access.identity_claim in claims
        and int(claims["exp"]) > now - CLOCK_SKEW_SECONDS
        and int(claims.get("nbf", 0)) <= now + CLOCK_SKEW_SECONDS
        and int(claims.get("iat", 0)) <= now + CLOCK_SKEW_SECONDS
        and isinstance(claims.get("jti", ""), str)
        and access.issuer in (None, claims.get("iss"))
        and (
            access.audience is None
            or (access.audience in audiences and all(isinstance(it, str) for it in audiences))
        )
    )
