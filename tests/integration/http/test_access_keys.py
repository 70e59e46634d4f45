"""The keys that access tokens are checked with: every kind works, and no other key does."""

import base64
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from tests.integration.http.services import SECRET, Service, claims
from tests.integration.http.tokens import HEADER, PAYLOAD, ask, buyer_of, refused, segment
from ticketing_service.http import AccessTokens

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

OTHER_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
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


def certificate(key: rsa.RSAPrivateKey) -> str:
    """Return a certificate that is out of date, signed by its own key, as PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "login.example")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2021, 1, 1, tzinfo=UTC))
        .sign(key, SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def test_a_certificate_is_the_key_in_it() -> None:
    """Some issuers hand out certificates; it is the operator who trusts it, whatever its dates."""
    service = Service(access=AccessTokens(algorithm="RS256", public_key=certificate(RSA)))
    assert buyer_of(service, f"Bearer {jwt.encode(claims(), RSA, 'RS256')}") == "42"
    refused(ask(service, f"Bearer {jwt.encode(claims(), OTHER_RSA, 'RS256')}"))


def test_two_secrets_while_one_replaces_the_other() -> None:
    """Tokens of both are accepted, of nothing else, and expired ones are told as such."""
    old, new, third = ("old " * 16, "new " * 16, "third" * 16)
    service = Service(access=AccessTokens(secret=new, old_secret=old))
    for secret in (old, new):
        assert buyer_of(service, f"Bearer {jwt.encode(claims(), secret, 'HS256')}") == "42"
        late = claims(exp=datetime(2020, 1, 1, tzinfo=UTC))
        refused(ask(service, f"Bearer {jwt.encode(late, secret, 'HS256')}"), "token_expired")
    refused(ask(service, f"Bearer {jwt.encode(claims(), third, 'HS256')}"))
    refused(ask(service, "Bearer a.b.c"))


def test_control_one_secret_is_one_secret() -> None:
    """Without the old one its tokens are refused."""
    old, new = ("old " * 16, "new " * 16)
    service = Service(access=AccessTokens(secret=new))
    refused(ask(service, f"Bearer {jwt.encode(claims(), old, 'HS256')}"))


def test_a_key_without_kid_checks_what_names_no_other_key() -> None:
    """Whether a token names a key or not; and it is no other key's stand-in."""
    service = Service(
        access=AccessTokens(algorithm="EdDSA", jwks={"": jwk(ED), "b": jwk(OTHER_ED)})
    )

    def signed(key: Key, headers: dict[str, Any]) -> str:
        return f"Bearer {jwt.encode(claims(), key, 'EdDSA', headers=headers)}"

    for headers in ({}, {"kid": "any"}):
        assert buyer_of(service, signed(ED, headers)) == "42"
        refused(ask(service, signed(OTHER_ED, headers)))
    assert buyer_of(service, signed(OTHER_ED, {"kid": "b"})) == "42"
    refused(ask(service, signed(ED, {"kid": "b"})))


def private_pem() -> str:
    """Return a private key, which is not acceptable here."""
    return RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


SMALL_RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - the point

UNUSABLE: dict[str, tuple[dict[str, Any], str]] = {
    "none": ({}, "exactly one"),
    "two": ({"secret": SECRET, "public_key": pem(RSA)}, "exactly one"),
    "short old secret": ({"secret": SECRET, "old_secret": "too short"}, "at least 32 bytes"),
    "old secret alone": (
        {"old_secret": SECRET, "public_key": pem(RSA), "algorithm": "RS256"},
        "beside",
    ),
    "broken certificate": (
        {"public_key": certificate(RSA).replace("MII", "AAA", 1), "algorithm": "RS256"},
        "no public key for RS256",
    ),
    "small RSA in a certificate": (
        {"public_key": certificate(SMALL_RSA), "algorithm": "RS256"},
        "has 1024 bits",
    ),
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
    assert AccessTokens(secret=secret).keys(None) == [secret.encode()]


def test_secret_is_never_shown() -> None:
    """The repr, which ends up in logs, does not contain the secret."""
    assert SECRET not in repr(AccessTokens(secret=SECRET))
