"""The keys that access tokens are checked with: every kind works, and no other key does."""

import base64
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.integration.http.services import SECRET, Service, claims
from tests.integration.http.tokens import HEADER, PAYLOAD, ask, buyer_of, refused, segment
from ticketing_service.http import AccessTokens

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
P256 = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
ED = ed25519.Ed25519PrivateKey.generate()
OTHER_ED = ed25519.Ed25519PrivateKey.generate()


def pem(key: Key) -> str:
    """Return the public half of a key as PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def jwk(key: Key) -> dict[str, Any]:
    """Return the public half of a key as a JSON Web Key."""
    algorithm: Any = {
        rsa.RSAPrivateKey: jwt.algorithms.RSAAlgorithm,
        ec.EllipticCurvePrivateKey: jwt.algorithms.ECAlgorithm,
        ed25519.Ed25519PrivateKey: jwt.algorithms.OKPAlgorithm,
    }[next(kind for kind in Key.__args__ if isinstance(key, kind))]
    members: dict[str, Any] = algorithm.to_jwk(key.public_key(), as_dict=True)
    return members


def test_wrong_key_or_algorithm(service: Service) -> None:
    """A token with another key or another algorithm is a 401."""
    forgeries: list[tuple[str | Key, str]] = [
        ("x" * 40, "HS256"),
        (SECRET * 2, "HS512"),
        (RSA, "RS256"),
        (P256, "ES256"),
        (ED, "EdDSA"),
    ]
    for key, algorithm in forgeries:
        refused(ask(service, f"Bearer {jwt.encode(claims(), key, algorithm)}"))


SIGNED_BY = {
    "RS256": RSA, "RS512": RSA, "PS256": RSA, "ES256": P256, "ES384": P384, "EdDSA": ED
}  # fmt: skip


@pytest.mark.parametrize(("algorithm", "key"), SIGNED_BY.items(), ids=SIGNED_BY)
def test_public_key(algorithm: str, key: Key) -> None:
    """Each algorithm works with the issuer's public key, with or without a kid."""
    service = Service(access=AccessTokens(algorithm=algorithm, public_key=pem(key)))
    for headers in ({}, {"kid": "any"}):
        signed = jwt.encode(claims(), key, algorithm, headers=headers)
        assert buyer_of(service, f"Bearer {signed}") == "42"
    # The classic forgery: the public key used as a shared secret.
    header = f"{segment(HEADER)}.{segment(PAYLOAD)}"
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    forged = f"{header}.{segment(mac.sign(header.encode(), pem(key).encode()))}"
    refused(ask(service, f"Bearer {forged}"))


def test_key_set() -> None:
    """Keys are chosen by kid: an unknown, missing, malformed or swapped kid is a 401."""
    jwks = {"new": jwk(ED), "old": jwk(OTHER_ED), "rsa": jwk(RSA), "enc": jwk(ED) | {"use": "enc"}}
    service = Service(access=AccessTokens(algorithm="EdDSA", jwks=jwks))

    def signed(key: Key, headers: dict[str, Any], algorithm: str = "EdDSA") -> str:
        return f"Bearer {jwt.encode(claims(), key, algorithm, headers=headers)}"

    assert buyer_of(service, signed(ED, {"kid": "new"})) == "42"
    assert buyer_of(service, signed(OTHER_ED, {"kid": "old"})) == "42"
    for authorization in (
        signed(ED, {"kid": "old"}),
        signed(ED, {"kid": "unknown"}),
        signed(ED, {"kid": "enc"}),
        signed(ED, {}),
        signed(ED, {"kid": "rsa"}),
        signed(RSA, {"kid": "rsa"}, "RS256"),
        signed(RSA, {"kid": "new"}, "RS256"),
    ):
        refused(ask(service, authorization))
    for kid in (1, ["new"], {"kid": "new"}, True):
        text = f"{segment({'alg': 'EdDSA', 'kid': kid})}.{segment(PAYLOAD)}.x"
        refused(ask(service, f"Bearer {text}"))


def private_pem() -> str:
    """Return a private key, which is not acceptable here."""
    return RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


SMALL_RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - the point

UNUSABLE: dict[str, tuple[dict[str, Any], str]] = {
    "none": ({}, "exactly one"),
    "two": ({"secret": SECRET, "public_key": pem(RSA)}, "exactly one"),
    "short secret": ({"secret": "too short"}, "at least 32 bytes"),
    "short for HS512": ({"secret": "x" * 63, "algorithm": "HS512"}, "at least 64 bytes"),
    "secret for RS256": ({"secret": SECRET, "algorithm": "RS256"}, "takes public_key or jwks"),
    "key for HS256": ({"public_key": pem(RSA)}, "takes a secret"),
    "algorithm none": ({"secret": SECRET, "algorithm": "none"}, "must be one of HS256"),
    "public key as secret": ({"secret": pem(RSA)}, "is a key with a public half"),
    "its base64 as secret": (
        {"secret": "".join(pem(RSA).split("\n")[1:-2])},
        "is a key with a public half",
    ),
    "small RSA": ({"public_key": pem(SMALL_RSA), "algorithm": "RS256"}, "has 1024 bits"),
    "small RSA in a set": (
        {"jwks": {"k": jwk(SMALL_RSA), "rsa": jwk(RSA)}, "algorithm": "PS256"},
        "the key k has 1024 bits",
    ),
    "no PEM": ({"public_key": "no PEM", "algorithm": "RS256"}, "no public key for RS256"),
    "private": ({"public_key": private_pem(), "algorithm": "RS256"}, "no public key for RS256"),
    "other kind": ({"public_key": pem(ED), "algorithm": "RS256"}, "no public key for RS256"),
    "other curve": ({"public_key": pem(P384), "algorithm": "ES256"}, "no public key for ES256"),
    "no keys": ({"jwks": {}, "algorithm": "RS256"}, "no public key for RS256"),
    "no fitting key": ({"jwks": {"k": jwk(ED)}, "algorithm": "RS256"}, "no public key for RS256"),
    "private key set": (
        {"jwks": {"k": jwk(ED) | {"d": "x"}}, "algorithm": "EdDSA"},
        "not public",
    ),
    "broken key": ({"jwks": {"k": {"kty": "OKP"}}, "algorithm": "EdDSA"}, "no public key"),
}


@pytest.mark.parametrize(("settings", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_unusable_keys_are_found_at_start(settings: dict[str, Any], message: str) -> None:
    """An unusable key is refused before the first request, with a clear message."""
    with pytest.raises(ValueError, match=message):
        AccessTokens(**settings)


def test_control_base64_that_is_no_key_is_a_secret() -> None:
    """Secrets are often base64; only one that decodes to a key is refused."""
    secret = base64.b64encode(bytes(range(48))).decode()
    assert AccessTokens(secret=secret).key(None) == secret.encode()


def test_secret_is_never_shown() -> None:
    """The repr, which ends up in logs, does not contain the secret."""
    assert SECRET not in repr(AccessTokens(secret=SECRET))
