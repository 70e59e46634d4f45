"""Access tokens: which are accepted, for which buyer, and that all others are a 401."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from tests.integration.http.services import SECRET, Service, claims, problem, token
from tests.integration.http.tokens import HEADER, PAYLOAD, ask, buyer_of, refused, segment
from ticketing_service.http import AccessTokens, callers

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True, params=["once", "library"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Read tokens once, and again as the library does for those that it has to refuse."""
    if request.param == "library":
        monkeypatch.setattr(callers, "good_claims", lambda *_: None)
    return str(request.param)


def test_a_good_token_is_decoded_once(
    service: Service, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library, which decodes three times, is asked only about tokens that are refused."""
    asked: list[str] = []

    def decode_token(token: str) -> dict[str, Any]:
        asked.append(token)
        return jwt.decode(token, SECRET, algorithms=["HS256"])

    monkeypatch.setattr(callers, "decode_token", decode_token)
    ask(service, f"Bearer {token()}")
    assert asked == ([] if way == "once" else [token()])


@pytest.mark.parametrize("scheme", ["Bearer", "JWT", "bearer", "jwt", "BEARER", "Bearer "])
def test_schemes(service: Service, scheme: str) -> None:
    """Both schemes are accepted, in upper and lower case."""
    assert ask(service, f"{scheme} {token()}").status_code == 200


@pytest.mark.parametrize("scheme", ["Basic", "Token", "BearerToken", ""])
def test_other_schemes(service: Service, scheme: str) -> None:
    """A token under another scheme, or under none, does not count as a token."""
    refused(ask(service, f"{scheme} {token()}"), "token_missing")


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "JWT", ","])
def test_no_token(service: Service, authorization: str | None) -> None:
    """Without a token the response is a 401."""
    refused(ask(service, authorization), "token_missing")


@pytest.mark.parametrize("identity", ["42", 42], ids=["text", "number"])
def test_text_and_number_are_one_buyer(service: Service, identity: object) -> None:
    """42 and "42" are one buyer, so an issuer may change how it writes ids."""
    assert buyer_of(service, f"Bearer {token(sub=identity)}") == "42"


@pytest.mark.parametrize(
    "identity",
    ["a" * 200, "анна@example.org", 0, -5, 2**200],
    ids=["long", "unicode", "zero", "negative", "large"],
)
def test_identities(service: Service, identity: object) -> None:
    """Any text of up to 200 characters and any whole number names a buyer."""
    assert buyer_of(service, f"Bearer {token(sub=identity)}") == str(identity)


@pytest.mark.parametrize(
    "identity",
    [True, False, 42.0, 1.5, ["42"], [], {"id": 42}, "", "a" * 201, "4\x002", 10**200],
    ids=lambda identity: repr(identity)[:10],
)
def test_identities_that_name_nobody(service: Service, identity: object) -> None:
    """Anything else names no buyer: 401."""
    refused(ask(service, f"Bearer {token(sub=identity)}"))


def test_identity_is_missing_or_null(service: Service) -> None:
    """A token without an identity, or with null, names no buyer: 401."""
    refused(ask(service, f"Bearer {token(sub=None)}"))
    refused(ask(service, f"Bearer {jwt.encode(claims() | {'sub': None}, SECRET, 'HS256')}"))


def test_identity_with_half_a_surrogate_pair(service: Service) -> None:
    """Text that no store takes names no buyer: 401."""
    refused(ask(service, f"Bearer {token(sub=chr(0xD800))}"))


def test_other_identity_claim() -> None:
    """The claim is configurable: Django's SimpleJWT writes user_id, as a number."""
    service = Service(access=AccessTokens(secret=SECRET, identity_claim="user_id"))
    django = {"sub": None, "user_id": 42, "token_type": "access", "jti": "f0"}
    assert buyer_of(service, f"Bearer {token(**django)}") == "42"
    refused(ask(service, f"Bearer {token()}"))


@pytest.mark.parametrize("claim", ["type", "token_type"])
def test_kinds_of_tokens(service: Service, claim: str) -> None:
    """Only access tokens give access; refresh tokens and unknown kinds do not."""
    assert ask(service, f"Bearer {token(**{claim: 'access'})}").status_code == 200
    for kind in ("refresh", "id", "", 1, ["access"]):
        refused(ask(service, f"Bearer {token(**{claim: kind})}"))


def test_expired(service: Service) -> None:
    """An expired token has a code of its own, so that a frontend knows when to renew it."""
    refused(ask(service, f"Bearer {token(exp=datetime.now(UTC) - HOUR)}"), "token_expired")


ODD_CLAIMS: dict[str, dict[str, Any]] = {
    "no exp": {"exp": None},
    "exp is text": {"exp": "tomorrow"},
    "exp is a list": {"exp": [1]},
    "exp is infinite": {"exp": float("inf")},
    "exp is no number": {"exp": float("nan")},
    "nbf in the future": {"nbf": datetime.now(UTC) + HOUR},
    "nbf is text": {"nbf": "later"},
    "iat in the future": {"iat": datetime.now(UTC) + HOUR},
    "iat is an object": {"iat": {}},
    "jti is a number": {"jti": 7},
}


@pytest.mark.parametrize("changes", ODD_CLAIMS.values(), ids=ODD_CLAIMS)
def test_odd_claims(service: Service, changes: dict[str, Any]) -> None:
    """A token that never expires, is not valid yet, or has claims of odd types: 401."""
    assert problem(ask(service, f"Bearer {token(**changes)}"), 401)["code"].startswith("token_")


def test_clock_of_the_issuer_runs_ahead(service: Service) -> None:
    """A token issued two seconds in our future is accepted, since clocks differ."""
    soon = datetime.now(UTC) + timedelta(seconds=2)
    assert ask(service, f"Bearer {token(iat=soon, nbf=soon)}").status_code == 200


MALFORMED = {
    "one part": "x",
    "two parts": "a.b",
    "three parts": "a.b.c",
    "four parts": "a.b.c.d",
    "empty parts": "..",
    "not ASCII": "é.é.é",
    "two words": "two words",
    "two tokens": f"{token()} {token()}",
    "two headers": f"{token()}, Bearer {token()}",
    "cut": token()[:-3],
    "longer": token() + "x",
    "upper case": token().upper(),
    "alg none": f"{segment({'alg': 'none'})}.{segment(PAYLOAD)}.",
    "alg None": f"{segment({'alg': 'None'})}.{segment(PAYLOAD)}.",
    "unsigned": f"{segment(HEADER)}.{segment(PAYLOAD)}.",
    "header is a list": f"{segment([])}.{segment(PAYLOAD)}.x",
    "header is empty": f"{segment({})}.{segment(PAYLOAD)}.x",
    "alg is a number": f"{segment({'alg': 1})}.{segment(PAYLOAD)}.x",
    "alg is a list": f"{segment({'alg': []})}.{segment(PAYLOAD)}.x",
    "claims are a list": f"{segment(HEADER)}.{segment([])}.x",
    "claims are text": f"{segment(HEADER)}.{segment('text')}.x",
    "claims are no JSON": f"{segment(HEADER)}.{segment(b'{')}.x",
    "claims are no UTF-8": f"{segment(HEADER)}.{segment(bytes([255]))}.x",
    "header is nested": f"{segment(b'[' * 5000)}.{segment(PAYLOAD)}.x",
    "claims are nested": f"{segment(HEADER)}.{segment(b'[' * 5000)}.x",
    "claims are a huge number": f"{segment(HEADER)}.{segment(b'9' * 5000)}.x",
    "kid is a number": f"{segment(HEADER | {'kid': 1})}.{segment(PAYLOAD)}.x",
    "crit": f"{segment(HEADER | {'crit': ['b64']})}.{segment(PAYLOAD)}.x",
    "crit is a surrogate": ".".join(
        map(segment, [HEADER | {"crit": ["\ud800"]}, PAYLOAD, b"no signature"])
    ),
    "b64": f"{segment(HEADER | {'b64': False})}.{segment(PAYLOAD)}.x",
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED)
def test_malformed(service: Service, text: str) -> None:
    """Anything but a token of the issuer is a 401, never a 422 or a 500."""
    refused(ask(service, f"Bearer {text}"))
