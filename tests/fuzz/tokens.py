"""Access tokens and admission tokens: odd headers and claims, other keys, changed texts."""

import base64
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from attrs import frozen
from hypothesis import note
from hypothesis import strategies as st
from jwt.algorithms import HMACAlgorithm

from tests.fuzz.inputs import Change, changed, changes, encoded, values
from tests.fuzz.judging import Attack, Check, Tally
from tests.fuzz.site import CREATE, ISSUER, ISSUER_PEM, SECRET, Sent, Site
from ticketing_adapters.jws_admission import JwsAdmission, SigningKey
from ticketing_core.admission import AdmissionClaims
from ticketing_core.signature import Forged, UnknownKey
from ticketing_service.access import AccessTokens

SKEW = 60
"""Seconds by which a clock may be off here; more than the service allows."""

NAMES_OF_CLAIMS = ["sub", "exp", "nbf", "iat", "iss", "aud", "jti", "type", "typ", "roles", "csrf"]
NAMES_OF_HEADERS = ["alg", "typ", "kid", "jku", "jwk", "x5u", "crit", "b64", "zip", "cty"]
ALGORITHMS = ["none", "None", "HS256", "HS512", "RS256", "EdDSA", "b64", "DEF"]

EDITS: Sequence[Change] = [
    lambda text: text[:-1] + (b"A" if text[-1:] != b"A" else b"B"),
    bytes.upper,
    lambda text: text + b"." + text,
    lambda text: text.replace(b".", b"", 1),
    lambda text: text.rpartition(b".")[0] + b".",
    lambda text: text + b"==",
    lambda text: text * 40,
]

edited = st.lists(st.sampled_from(EDITS) | changes(), min_size=1, max_size=2)


@frozen
class Token:
    """An access token to be made.

    Attributes:
        header: Put over the usual header.
        payload: Put over the usual claims if it is an object, and in their place if not.
        signer: The issuer, another one, nobody, or a forger with the public key as a secret.
        edits: How the finished text is changed.
        scheme: What comes before it.
    """

    header: dict[str, object]
    payload: object
    signer: str
    edits: Sequence[Change]
    scheme: str


access_tokens = st.builds(
    Token,
    header=st.dictionaries(
        st.sampled_from(NAMES_OF_HEADERS), st.sampled_from(ALGORITHMS) | values, max_size=2
    ),
    payload=st.dictionaries(st.sampled_from(NAMES_OF_CLAIMS), values, max_size=3) | values,
    signer=st.sampled_from(["issuer", "issuer", "other", "nobody", "public"]),
    edits=st.just([]) | edited,
    scheme=st.just("Bearer") | st.sampled_from(["JWT", "Basic", ""]),
)


def signature(start: bytes, *, signer: str, algorithm: str) -> bytes:
    """Return the signature of a token, as the issuer or as a forger makes it."""
    if signer == "nobody":
        return b""
    if (signer, algorithm) == ("issuer", "EdDSA"):
        return ISSUER.sign(start)
    keys = {"issuer": SECRET.encode(), "other": b"x" * 40, "public": ISSUER_PEM}
    return HMACAlgorithm(HMACAlgorithm.SHA256).sign(start, keys[signer])


def written(token: Token, *, algorithm: str) -> tuple[str, bool]:
    """Return the text of a token, and whether it must be refused."""
    now = datetime.now(UTC).timestamp()
    payload = token.payload
    if isinstance(payload, dict):
        payload = {"sub": "42", "exp": int(now) + 3600} | payload
    header = {"alg": algorithm, "typ": "JWT"} | token.header
    start = ".".join(map(_base64url, (encoded(header), encoded(payload)))).encode()
    made = signature(start, signer=token.signer, algorithm=algorithm)
    whole = start + b"." + _base64url(made).encode()
    text = changed(whole, token.edits)
    expires = payload.get("exp") if isinstance(payload, dict) else None
    is_good = token.signer == "issuer" and header["alg"] == algorithm
    lives = isinstance(expires, int | float | str) and not _is_over(expires, now=now)
    # Python's decoder ignores padding, and so what is the same text without it is no forgery.
    return text.decode("latin-1"), not (is_good and lives and text.rstrip(b"=") == whole)


def _is_over(expires: float | str, *, now: float) -> bool:
    try:
        return not float(expires) > now - SKEW
    except (ValueError, OverflowError):
        return isinstance(expires, str)


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def access(algorithm: str) -> Callable[[str, Site, Tally], Check]:
    """Return an attack with access tokens on a service that accepts this algorithm."""

    def begin(name: str, site: Site, tally: Tally) -> Check:
        if algorithm == "EdDSA":
            keys = AccessTokens(algorithm=algorithm, public_key=ISSUER_PEM.decode())
            site = site.with_access(keys)
        body = encoded({"event_id": site.free.event_id, "quantity": 1})

        def check(token: Token) -> None:
            text, forged = written(token, algorithm=algorithm)
            found = [
                ("Authorization", f"{token.scheme} {text}"),
                ("Content-Type", "application/json"),
            ]
            sent = Sent("POST", CREATE, headers=found, body=body)
            tally.judge(name, site, sent, forged=forged)

        return check

    return begin


CLAIMS = AdmissionClaims(
    ticket_code=UUID("6e40a178-b56f-42e2-8264-77af31d21c3d"), ticket_id=1, event_id=1, quantity=2
)


_odd_claims = st.dictionaries(st.sampled_from(["c", "t", "e", "q", "x"]), values, max_size=4)


def admission(_: str, __: Site, tally: Tally) -> Check:
    """Read admission tokens: only what was signed is read, and nothing raises."""
    key = SigningKey.generate()
    signer = JwsAdmission(key=key, public_key={key.kid: key.public_jwk}.get)
    genuine = signer.sign(CLAIMS)

    def check(given: tuple[str, Any]) -> None:
        kind, value = given
        if kind == "odd claims":
            text = _signed(key, value)
        elif kind == "another key":
            text = JwsAdmission(key=SigningKey.generate(), public_key=lambda _: None).sign(CLAIMS)
        else:
            text = changed(genuine.encode(), value).decode("latin-1")
        note(text)
        read = signer.read(text)
        refused = isinstance(read, Forged | UnknownKey)
        tally.counts["admission", "forged" if refused else "read"] += 1
        genuine_read = text == genuine or kind == "odd claims"
        assert refused or genuine_read, "a forgery was accepted"

    return check


def _signed(key: SigningKey, claims: dict[str, Any]) -> str:
    try:
        return key.sign(claims)
    except ValueError:
        # No JSON.
        return ""


admission_tokens = st.one_of(
    st.tuples(st.just("odd claims"), _odd_claims),
    st.tuples(st.just("another key"), st.none()),
    st.tuples(st.just("edited"), edited),
)

ATTACKS = {
    "tokens HS256": Attack(access_tokens, access("HS256")),
    "tokens EdDSA": Attack(access_tokens, access("EdDSA")),
    "admission": Attack(admission_tokens, admission),
}
