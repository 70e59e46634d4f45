"""Which access tokens (JWT, RFC 7519) are accepted: the rules, and the keys, parsed once."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from attrs import define, field, setters
from attrs import validators as v
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate
from jwt import PyJWK, PyJWTError
from jwt.algorithms import get_default_algorithms

SECRET_BYTES: Mapping[str, int] = MappingProxyType({"HS256": 32, "HS384": 48, "HS512": 64})
"""Algorithms with a shared secret, and its least length (RFC 7518, 3.2)."""

RSA_BITS = 2048
"""The least that RFC 7518, 3.3, allows; shorter keys have been broken."""

PUBLIC_KEY_ALGORITHMS = tuple("RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA".split())

ALGORITHMS = (*SECRET_BYTES, *PUBLIC_KEY_ALGORITHMS)

_BY_NAME = get_default_algorithms()

NO_KID = ""
"""Stands for the name of a key that has none."""

_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Members that only a private or a symmetric JSON Web Key has (RFC 7518, 6)."""


@define(kw_only=True, on_setattr=setters.frozen)
class AccessTokens:
    """Which access tokens are accepted, and how to read them. Exactly one kind of key is given.

    Nothing of it changes but the keys of a key set, which `renew` replaces.

    Attributes:
        algorithm: The one algorithm that is accepted.
        secret: The shared secret of an HS algorithm.
        old_secret: The secret before it, whose tokens are still accepted; None for none.
        public_key: The issuer's public key or certificate as PEM; its tokens need no ``kid``.
        jwks: The issuer's public keys as JSON Web Keys (RFC 7517) by the ``kid`` that tokens name.
            The one under ``NO_KID`` checks the tokens that name no other key. Keys that do not fit
            the algorithm are ignored.
        identity_claim: The claim that identifies the buyer, a text or an integer.
        issuer: What ``iss`` has to be; None if it is not looked at.
        audience: What ``aud`` has to be or to hold; None if it is not looked at.
        roles_claim: The claim that has the roles of the caller, as a list or a text with blanks.
            Dots lead into objects, as in ``realm_access.roles``.
        events_claim: The claim that lists the ids of the events that an organizer may act on. Its
            dots lead into objects, too.
        events_required: Whether a token without that claim is good for no event, not for all.
        email_claim: The claim that holds the buyer's email address; None to use none.

    Raises:
        ValueError: No key or more than one is given, it is unusable, or does not fit the algorithm.
    """

    algorithm: str = "HS256"
    secret: str | None = field(default=None, repr=False)
    old_secret: str | None = field(default=None, repr=False)
    public_key: str | None = None
    jwks: Mapping[str, Mapping[str, Any]] | None = None
    identity_claim: str = field(default="sub", validator=v.min_len(1))
    roles_claim: str = field(default="roles", validator=v.min_len(1))
    events_claim: str = field(default="events", validator=v.min_len(1))
    events_required: bool = False
    email_claim: str | None = None
    issuer: str | None = None
    audience: str | None = None
    _keys: "_Keys" = field(init=False, repr=False, eq=False, on_setattr=setters.NO_OP)

    @_keys.default
    def _parsed(self) -> "_Keys":
        return _parse_keys(self)

    def keys(self, kid: object) -> Sequence[Any]:
        """Return the keys that may have signed a token with this ``kid`` in its header."""
        named = self._keys.get(kid) if isinstance(kid, str) else None
        return self._keys.get(NO_KID, ()) if named is None else named

    def has_signed(self, text: bytes, signature: bytes, *, kid: object) -> bool:
        """Return whether a key for tokens with this ``kid`` has signed the text."""
        verify = _BY_NAME[self.algorithm].verify
        return any(verify(text, key, signature) for key in self.keys(kid))

    def renew(self, jwks: Mapping[str, Mapping[str, Any]]) -> Sequence[str]:
        """Replace the keys of the key set at once, and return what is wrong with the set.

        A key that must not be used is left out. The others count: otherwise it would keep a key
        alive that the issuer has revoked.

        Raises:
            ValueError: No key would be left although some fit the algorithm; nothing is replaced.
        """
        keys, problems = _key_set(jwks, algorithm=self.algorithm)
        if problems and not keys:
            raise ValueError("; ".join(problems))
        self._keys = keys
        return problems if keys else [f"the set has no key for {self.algorithm}"]


_Keys = Mapping[str, Sequence[Any]]
"""Keys by ``kid``, as PyJWT takes them."""


def _parse_keys(access: AccessTokens) -> _Keys:
    if access.algorithm not in ALGORITHMS:
        raise ValueError(f"algorithm must be one of {', '.join(ALGORITHMS)}")
    given = [k for k in (access.secret, access.public_key, access.jwks) if k is not None]
    if len(given) != 1:
        raise ValueError("give exactly one of secret, public_key and jwks")
    if (access.secret is not None) != (access.algorithm in SECRET_BYTES):
        raise ValueError(f"{access.algorithm} takes {_wanted(access.algorithm)}")
    if access.old_secret is not None and access.secret is None:
        raise ValueError("an old secret needs a secret beside it")
    if access.secret is not None:
        secrets = [s for s in (access.secret, access.old_secret) if s is not None]
        return {NO_KID: [_secret(each, algorithm=access.algorithm) for each in secrets]}
    if access.public_key is not None:
        return {NO_KID: [_public_key(access.public_key, algorithm=access.algorithm)]}
    keys, problems = _key_set(access.jwks or {}, algorithm=access.algorithm)
    if problems:
        raise ValueError("; ".join(problems))
    if not keys:
        raise ValueError(f"jwks has no public key for {access.algorithm}")
    return keys


def _wanted(algorithm: str) -> str:
    return "a secret" if algorithm in SECRET_BYTES else "public_key or jwks"


def _secret(secret: str, *, algorithm: str) -> bytes:
    shortest = SECRET_BYTES[algorithm]
    if len(secret.encode()) < shortest:
        raise ValueError(f"the secret of {algorithm} must have at least {shortest} bytes")
    try:
        # It refuses a key in PEM form.
        _BY_NAME[algorithm].prepare_key(secret)
        is_public = _is_base64_key(secret)
    except PyJWTError:
        is_public = True
    if is_public:
        raise ValueError("the secret is a key with a public half, which others may know")
    return secret.encode()


def _is_base64_key(text: str) -> bool:
    """Return whether it is a public key without PEM's first and last line, as consoles show it."""
    try:
        load_der_public_key(b64decode(text, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _public_key(pem: str, *, algorithm: str) -> Any:
    try:
        # Parsed here once; PyJWT would parse it for every token.
        key = _BY_NAME[algorithm].prepare_key(_load(pem.encode()))
    except (PyJWTError, TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(f"public_key holds no public key for {algorithm} in PEM form") from error
    return _strong(key, name="public_key")


def _load(pem: bytes) -> Any:
    """Return the key in PEM, or the one in a certificate, whose dates and issuer do not count."""
    if b"-----BEGIN CERTIFICATE-----" in pem:
        return load_pem_x509_certificate(pem).public_key()
    return load_pem_public_key(pem)


def _strong(key: Any, *, name: str) -> Any:
    if isinstance(key, RSAPublicKey) and key.key_size < RSA_BITS:
        raise ValueError(f"{name} has {key.key_size} bits; RSA needs at least {RSA_BITS}")
    return key


def _key_set(
    jwks: Mapping[str, Mapping[str, Any]], *, algorithm: str
) -> tuple[_Keys, Sequence[str]]:
    """Return the keys that fit, and what is wrong with those that fit but must not be used."""
    keys, problems = {}, []
    for kid, jwk in jwks.items():
        if jwk.get("use", "sig") != "sig" or jwk.get("alg", algorithm) != algorithm:
            continue
        public = {name: value for name, value in jwk.items() if name not in _PRIVATE_MEMBERS}
        try:
            key = PyJWK.from_dict(public, algorithm).key
            key = _BY_NAME[algorithm].prepare_key(key)
        except (PyJWTError, TypeError):
            continue
        if len(public) < len(jwk):
            problems.append(f"{_name(kid)} is not public; take only its public half")
            continue
        try:
            keys[kid] = [_strong(key, name=_name(kid))]
        except ValueError as error:
            problems.append(str(error))
    return MappingProxyType(keys), problems


def _name(kid: str) -> str:
    return f"the key {kid}" if kid else "the key without kid"
