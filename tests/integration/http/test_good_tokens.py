"""Reading a good token once: nothing is accepted that PyJWT refuses, and no old key counts."""

import base64
import json
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import HMACAlgorithm

from tests.fuzz.inputs import values
from tests.integration.http.services import SECRET
from tests.integration.http.test_access_keys import (
    ED,
    OTHER_ED,
    OTHER_RSA,
    SIGNED_BY,
    jwk,
)
from tests.integration.http.tokens import HEADER, PAYLOAD, segment
from ticketing_service.access import AccessTokens
from ticketing_service.http import good_tokens
from ticketing_service.http.good_tokens import CLOCK_SKEW_SECONDS, good_claims

ISSUER, AUDIENCE = "https://login.example/", "tickets"
STRICT = AccessTokens(secret=SECRET, issuer=ISSUER, audience=AUDIENCE)
PLAIN = AccessTokens(secret=SECRET)
EMPTY = AccessTokens(secret=SECRET, issuer="", audience="")
GOOD = PAYLOAD | {"iss": ISSUER, "aud": AUDIENCE}


def written(header: str, payload: str, *, secret: str = SECRET) -> str:
    """Return two parts with the signature of an issuer that signs whatever it is given."""
    signed = f"{header}.{payload}"
    made = HMACAlgorithm(HMACAlgorithm.SHA256).sign(signed.encode(), secret.encode())
    return f"{signed}.{segment(made)}"


def by_library(token: str, access: AccessTokens) -> Any:
    """Return the claims as PyJWT reads them, or None."""
    try:
        return jwt.decode(
            token,
            access.secret or "",
            algorithms=[access.algorithm],
            audience=access.audience,
            issuer=access.issuer,
            leeway=CLOCK_SKEW_SECONDS,
            options={"verify_aud": access.audience is not None, "verify_sub": False},
        )
    except (jwt.PyJWTError, *good_tokens.ODDITIES):
        return None


def _at(seconds: float) -> int:
    return int(time.time() + seconds)


HOUR = 3600
TIMES = st.sampled_from([-HOUR, HOUR]).map(_at)
CLAIMS = st.fixed_dictionaries(
    {},
    optional={
        **{name: TIMES | TIMES.map(str) | values for name in ("exp", "nbf", "iat")},
        "iss": st.just(ISSUER) | values,
        "aud": st.sampled_from([AUDIENCE, [AUDIENCE], [AUDIENCE, 1], []]) | values,
        "jti": st.just("f0") | values,
        "sub": values,
    },
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "alg": st.sampled_from(["none", "HS512", "RS256", ["HS256"]]) | values,
        "kid": st.just("a") | values,
        "b64": st.booleans() | values,
        "crit": st.sampled_from([["b64"], [], ["exp"]]) | values,
        "typ": values,
    },
)
WHOLE: st.SearchStrategy[object] = st.sampled_from([[], "text", 7, None, True])
EDITS: Sequence[Callable[[str], str]] = [
    lambda part: part,
    lambda part: part + "=" * (-len(part) % 4),
    lambda part: part[:4] + "\n" + part[4:],
    lambda part: part[:-1] + chr(ord(part[-1]) + 1),
    lambda part: part[:4] + "." + part[4:],
    lambda part: part.replace("-", "+").replace("_", "/"),
    lambda _: "",
]
"""What Python's base64 decoder does not mind, and what makes no token."""
edits = st.just(EDITS[0]) | st.sampled_from(EDITS)


def tokens() -> st.SearchStrategy[str]:
    """Return tokens of an issuer with odd headers, claims and base64, some of another secret."""
    return st.builds(
        lambda header, payload, of_header, of_payload, of_all, secret: of_all(
            written(of_header(segment(header)), of_payload(segment(payload)), secret=secret)
        ),
        st.just(HEADER) | HEADERS.map(lambda odd: HEADER | odd),
        st.just(GOOD) | CLAIMS.map(lambda odd: GOOD | odd) | WHOLE,
        edits,
        edits,
        edits,
        st.sampled_from([SECRET, SECRET, "x" * 40]),
    )


def accepts_more(token: str) -> bool:
    """Return whether it is read although PyJWT refuses it, or read in another way."""
    for access in (STRICT, PLAIN, EMPTY):
        claims = good_claims(token, access)
        if claims is not None and repr(claims) != repr(by_library(token, access)):
            return True
    return False


@given(tokens())
def test_nothing_is_accepted_that_the_library_refuses(token: str) -> None:
    """Whatever an issuer signs, and however a token is changed."""
    assert not accepts_more(token)


def lax(part: bytes) -> bytes:
    """Decode as Python does, which skips what is not base64url."""
    return base64.urlsafe_b64decode(part + b"==")


BROKEN: Mapping[str, tuple[str, Any, str]] = {
    "base64": ("_decoded", lax, written(segment(HEADER), EDITS[2](segment(GOOD)))),
    "times": (
        "_are_valid_now",
        lambda *_: True,
        written(segment(HEADER), segment(GOOD | {"exp": 1})),
    ),
    "header": (
        "_kid",
        lambda header, _: json.loads(lax(header)).get("kid"),
        written(segment(HEADER | {"crit": ["exp"]}), segment(GOOD)),
    ),
}


@pytest.mark.parametrize(("name", "broken", "token"), BROKEN.values(), ids=BROKEN)
def test_control_a_reader_that_leaves_out_a_check_accepts_more(
    monkeypatch: pytest.MonkeyPatch, name: str, broken: Any, token: str
) -> None:
    """It is what the test above would find."""
    assert not accepts_more(token)
    monkeypatch.setattr(good_tokens, name, broken)
    assert accepts_more(token)


@pytest.mark.parametrize("audience", ["", [], [""], None])
def test_an_empty_audience_is_as_the_library_has_it(audience: object) -> None:
    """Also for a service that demands an empty one."""
    claims = GOOD | {"iss": "", "aud": audience}
    assert not accepts_more(written(segment(HEADER), segment(claims)))


def bytes_kept() -> int:
    """Return what stays in memory of headers that are as long as the server takes them."""
    good_tokens._kid.cache_clear()  # noqa: SLF001 - other tests have filled it
    tracemalloc.start()
    try:
        for number in range(64):
            header = HEADER | {"n": number, "x": [[[]]] * 1900}
            assert good_claims(written(segment(header), "", secret="x" * 40), PLAIN) is None
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def test_strangers_fill_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers are kept before a signature is checked. The control keeps all members of them."""
    assert bytes_kept() < 2_000_000
    good_tokens._kid.cache_clear()  # noqa: SLF001 - it is full of them
    whole = lru_cache(maxsize=64)(lambda header, _: jwt.get_unverified_header(header + b".."))
    monkeypatch.setattr(good_tokens, "_kid", whole)
    assert bytes_kept() > 10_000_000


def test_good_tokens_of_all_usual_forms_are_read_once() -> None:
    """Also with what issuers add: a name of the key, one audience of several, fractions."""
    header = HEADER | {"kid": "a", "x5t": "b"}
    times = {"exp": time.time() + HOUR, "iat": time.time() - HOUR, "nbf": _at(-HOUR), "jti": "f0"}
    payload = GOOD | times | {"aud": ["account", AUDIENCE]}
    assert good_claims(written(segment(header), segment(payload)), STRICT) == payload


OTHER_OF: Mapping[str, Any] = {
    "EdDSA": OTHER_ED,
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
}


@pytest.mark.parametrize(("algorithm", "key"), SIGNED_BY.items(), ids=SIGNED_BY)
def test_tokens_of_all_algorithms_are_read_once(algorithm: str, key: Any) -> None:
    """With the issuer's key, and with no other."""
    other_key = OTHER_OF.get(algorithm, OTHER_RSA)
    own, other = ({"a": jwk(each)} for each in (key, other_key))
    signed = jwt.encode(GOOD, key, algorithm, headers={"kid": "a"})
    assert good_claims(signed, AccessTokens(algorithm=algorithm, jwks=own)) == GOOD
    assert good_claims(signed, AccessTokens(algorithm=algorithm, jwks=other)) is None


class Remembering(AccessTokens):
    """Keeps the keys that it has found."""

    found: ClassVar[dict[object, Sequence[Any]]] = {}

    def keys(self, kid: object) -> Sequence[Any]:
        """See `AccessTokens.keys`."""
        return self.found.setdefault(kid, super().keys(kid))


def counts_after_renewal(kind: type[AccessTokens]) -> tuple[bool, bool]:
    """Return whether the token of a removed key counts, and whether that of a new one does."""
    old, new = ({kid: jwk(key)} for kid, key in (("a", ED), ("b", OTHER_ED)))
    access = kind(algorithm="EdDSA", jwks=old)
    of_old, of_new = (
        jwt.encode(GOOD, key, "EdDSA", headers={"kid": kid})
        for kid, key in (("a", ED), ("b", OTHER_ED))
    )
    assert (good_claims(of_old, access), good_claims(of_new, access)) == (GOOD, None)
    access.renew(new)
    return good_claims(of_old, access) is not None, good_claims(of_new, access) is not None


def test_a_removed_key_does_not_count_from_that_moment_on() -> None:
    """Although its tokens were read before. The control remembers keys, and a test finds it."""
    assert counts_after_renewal(AccessTokens) == (False, True)
    assert counts_after_renewal(Remembering) == (True, False)
