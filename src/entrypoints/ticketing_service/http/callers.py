"""Who is calling: the buyer and the roles that the access token names, or a 401."""

import re
from collections.abc import Callable
from typing import Any

from attrs import field, frozen
from flask import Flask, request
from flask_jwt_extended import JWTManager, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt import ExpiredSignatureError, PyJWS, PyJWTError

from ticketing_core.ticket import LONGEST_BUYER
from ticketing_service.access import AccessTokens
from ticketing_service.http.good_tokens import CLOCK_SKEW_SECONDS, ODDITIES, good_claims
from ticketing_service.http.service_errors import (
    RoleMissing,
    TokenExpired,
    TokenInvalid,
    TokenMissing,
    TooManyRequests,
)

ORGANIZER = "organizer"
"""The role that may refund tickets of its events, and do whatever `GATE` may."""

GATE = "gate"
"""The role that may let people in at its events."""


@frozen
class Identity:
    """Who an access token stands for.

    Attributes:
        buyer: The identity claim as text.
        roles: What the caller may do beyond buying.
        events: The ids of the events for which the roles count; None for all.
        email: The buyer's email address as the token has it, unchecked; never logged or stored.
    """

    buyer: str
    roles: frozenset[str]
    events: frozenset[int] | None = None
    email: str | None = field(default=None, repr=False)

    def require(self, *roles: str) -> None:
        """Refuse a caller who has none of these roles.

        Raises:
            RoleMissing: The caller has none.
        """
        if self.roles.isdisjoint(roles):
            raise RoleMissing(f"This needs the role {' or '.join(roles)}.")


Caller = Callable[[], Identity]
"""Returns the caller of the current request; raises `ServiceError` if there is none."""

SCHEMES = frozenset({"bearer", "jwt"})
"""In lower case, as case does not matter (RFC 9110, 11.1). Older frontends send ``JWT``."""

_OTHER_KINDS = ("ID", "Refresh", "Offline")
"""What Keycloak writes into ``typ`` of a token that gives no access; there it is ``Bearer``."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""NUL and lone surrogates, which no store takes."""


_ABSENT = object()
"""Stands for a claim that a token does not have, while null is one that it has."""

_EVENT_ID = re.compile("[1-9][0-9]{0,15}")


def known_callers(app: Flask, access: AccessTokens) -> Caller:
    """Set ``app`` up to check access tokens, and return the function that names the caller."""
    app.config.update(
        JWT_ALGORITHM=access.algorithm,
        JWT_DECODE_ALGORITHMS=[access.algorithm],
        JWT_DECODE_LEEWAY=CLOCK_SKEW_SECONDS,
        JWT_DECODE_ISSUER=access.issuer,
        JWT_DECODE_AUDIENCE=access.audience,
        JWT_IDENTITY_CLAIM=access.identity_claim,
        # The library accepts only text; `_buyer` accepts integers as well.
        JWT_VERIFY_SUB=False,
    )

    def key_of(header: dict[str, Any], _: dict[str, Any]) -> Any:
        keys = access.keys(header.get("kid"))
        if not keys:
            raise _invalid("it names no key of its issuer")
        if len(keys) == 1:
            return keys[0]
        # The library takes one key. If none fits, any of them refuses the token.
        return next((key for key in keys if _fits(key, access.algorithm)), keys[0])

    JWTManager(app).decode_key_loader(key_of)

    def caller() -> Identity:
        claims = _claims(_token(), access)
        return Identity(
            buyer=_buyer(claims[access.identity_claim]),
            roles=_roles(_found(claims, access.roles_claim)),
            events=_events(_found(claims, access.events_claim), required=access.events_required),
            email=_email(claims, access.email_claim),
        )

    return caller


def at_bounded_rates(
    caller: Caller, within_rate: Callable[[str, int], bool], *, cost: int
) -> Caller:
    """Return a `Caller` that refuses a buyer who calls the same route too often.

    After the token, which says who it is, and before the body, which costs more to read.
    """

    def bounded() -> Identity:
        identity = caller()
        if not within_rate(f"{request.endpoint} {identity.buyer}", cost):
            raise TooManyRequests
        return identity

    return bounded


def _fits(key: Any, algorithm: str) -> bool:
    """Return whether the key has signed the token of this request."""
    try:
        PyJWS().decode(_token(), key, algorithms=[algorithm])
    except (PyJWTError, *ODDITIES):
        return False
    return True


def _token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() not in SCHEMES or not token:
        raise TokenMissing(
            "Send an access token: `Authorization: Bearer <token>`.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return token.strip()


def _claims(token: str, access: AccessTokens) -> dict[str, Any]:
    try:
        claims = good_claims(token, access)
        if claims is None:
            claims = decode_token(token)
    except ExpiredSignatureError:
        raise TokenExpired(headers=_BAD_TOKEN) from None
    except (PyJWTError, JWTExtendedException) as error:
        raise _invalid(str(error)) from error
    except ODDITIES as error:
        raise _invalid("it cannot be read") from error
    if "exp" not in claims:
        raise _invalid("it never expires")
    # SimpleJWT writes `token_type`, flask-jwt-extended `type`. Refresh tokens give no access.
    if claims.get("type", "access") != "access" or claims.get("token_type", "access") != "access":
        raise _invalid("it is not an access token")
    if claims.get("typ") in _OTHER_KINDS:
        raise _invalid("it is not an access token")
    return claims


def _buyer(identity: object) -> str:
    """Return the identity as text: 42 and "42" are one buyer, whichever the issuer writes."""
    if isinstance(identity, int) and not isinstance(identity, bool):
        # Far shorter than the longest integer that Python converts to text.
        identity = str(identity) if abs(identity) < 10**LONGEST_BUYER else ""
    if (
        not isinstance(identity, str)
        or not 0 < len(identity) <= LONGEST_BUYER
        or _UNSTORABLE.search(identity)
    ):
        raise _invalid("it names no buyer")
    return identity


def _found(claims: dict[str, Any], name: str) -> object:
    """Return the claim of this name, or what its dots lead to, or `_ABSENT`.

    Names may hold dots themselves.
    """
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = found.get(part, _ABSENT) if isinstance(found, dict) else _ABSENT
    return found


def _roles(claim: object) -> frozenset[str]:
    """Return the roles in a list, or in a text as OAuth's ``scope``; anything else grants none."""
    listed = claim.split(" ") if isinstance(claim, str) else claim
    return frozenset(
        role for role in (listed if isinstance(listed, list) else []) if isinstance(role, str)
    )


def _events(claim: object, *, required: bool) -> frozenset[int] | None:
    """Return the ids in a list, 15 as well as "15"; anything else grants none."""
    if claim is _ABSENT and not required:
        return None
    # Not booleans, which Python takes for integers.
    listed = [each for each in claim if type(each) in (int, str)] if isinstance(claim, list) else []
    return frozenset(int(text) for text in map(str, listed) if _EVENT_ID.fullmatch(text))


def _email(claims: dict[str, Any], name: str | None) -> str | None:
    """Return the text of the claim of this name. Anything else is not worth refusing a buyer."""
    claim = None if name is None else claims.get(name)
    return claim if isinstance(claim, str) else None


def _invalid(reason: str) -> TokenInvalid:
    # PyJWT repeats parts of the token, which may hold lone surrogates.
    reason = reason.encode(errors="backslashreplace").decode()
    detail = f"The access token is not valid: {reason.rstrip('.')}."
    return TokenInvalid(detail, headers=_BAD_TOKEN)


_BAD_TOKEN = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
"""For a token that was sent but not accepted (RFC 6750, 3.1)."""
