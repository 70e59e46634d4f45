"""Admission tokens as compact JWS (RFC 7515) with Ed25519 (RFC 8037), and their keys.

Any JWT library can verify a token offline with the published public keys.
"""

import base64
import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import jwt
from attrs import field, frozen
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwt.types import Options

from ticketing_core.admission import AdmissionClaims
from ticketing_core.signature import Forged, UnknownKey

ALGORITHM = "EdDSA"

_KID = re.compile("[A-Za-z0-9_-]{8}")
"""What `SigningKey.kid` looks like."""

SIGNATURE_BYTES = 64
"""Of Ed25519 (RFC 8032, 5.1.6)."""

ODDITIES = (jwt.PyJWTError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
"""What reading a text raises besides PyJWT's own errors: a number of infinity, a thousand nested
brackets."""

_COMPACT = json.JSONEncoder(separators=(",", ":"))
"""JSON without spaces: each character makes the QR code larger."""

Jwk = Mapping[str, str]
"""A public key as JSON Web Key (RFC 7517)."""

Read = TypeVar("Read")

_AT_ANY_TIME: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
"""A gate decides by itself what a time means, and its clock may be wrong."""


@frozen
class SigningKey:
    """The private key of this installation. Its `repr` does not show the key."""

    _private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> "SigningKey":
        """Return a new random key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> "SigningKey":
        """Read a key from a PEM file (PKCS #8, not encrypted).

        Raises:
            OSError: The file cannot be read.
            ValueError: It does not hold an Ed25519 private key.
        """
        try:
            key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except TypeError as error:
            raise ValueError("the key is encrypted") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("the key is not an Ed25519 key")  # noqa: TRY004 - a wrong file, not a bug
        return cls(key)

    def save_new(self, path: Path) -> bool:
        """Write the key, readable for this user alone, unless the file exists.

        Returns:
            Whether it was written. Of several processes that try at the same time exactly one
            succeeds, and no process ever reads half a file.
        """
        pem = self._private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        draft = path.with_name(f".{path.name}.{os.getpid()}.{self.kid}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
            try:
                # One atomic step, which fails if the name is taken.
                os.link(draft, path)
            except FileExistsError:
                return False
            except OSError:
                # The disk has no hard links.
                return _rename_new(draft, path)
            return True
        finally:
            draft.unlink(missing_ok=True)

    @cached_property
    def kid(self) -> str:
        """The key's name in token headers: the start of its thumbprint (RFC 7638)."""
        jwk = self.public_jwk
        members = {name: jwk[name] for name in ("crv", "kty", "x")}
        thumbprint = hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest()
        # Eight characters distinguish the keys of one installation and keep the QR code small.
        return base64.urlsafe_b64encode(thumbprint).decode()[:8]

    @property
    def public_jwk(self) -> Jwk:
        """The public half, without a ``kid``."""
        raw = self._private.public_key().public_bytes_raw()
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url(raw)}

    def derived(self, purpose: str) -> bytes:
        """Return a secret of 32 bytes for another purpose (HKDF, RFC 5869).

        All processes with this key derive the same, and the key cannot be found from it.
        """
        secret = self._private.private_bytes_raw()
        return HKDF(SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret)

    def sign(self, claims: dict[str, Any], *, typ: str | None = None) -> str:
        """Return the claims as compact JWS, with what they are in the header (``typ``)."""
        header = self._protected_header if typ is None else _header_of(self.kid, typ)
        signed = f"{header}.{base64url(_COMPACT.encode(claims).encode())}"
        return f"{signed}.{base64url(self._private.sign(signed.encode()))}"

    @cached_property
    def _protected_header(self) -> str:
        """The first part of every token of this key, encoded only once: crowds get many tokens."""
        return _header_of(self.kid, None)


def _rename_new(draft: Path, path: Path) -> bool:
    """Give a file its name unless the name is taken, and return whether it was given."""
    # Not on every system.
    import fcntl  # noqa: PLC0415 - as above

    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # Without it, two processes could both find the name free. It ends with its process.
        fcntl.flock(folder, fcntl.LOCK_EX)
        if path.exists():
            return False
        draft.rename(path)
        return True
    finally:
        os.close(folder)


class JwsAdmission:
    """Signs with one key, and reads the tokens of every key that was not revoked.

    Args:
        key: The key that signs.
        public_key: Returns the public key of a ``kid`` if it counts, else None. It is asked for
            each token, so that a key no longer counts once it was revoked.
    """

    def __init__(self, *, key: SigningKey, public_key: Callable[[str], Jwk | None]) -> None:
        self._key = key
        self._public_key = public_key

    def sign(self, claims: AdmissionClaims) -> str:
        """See `AdmissionSigner.sign`.

        Names are single letters, because each character makes the QR code larger: ``c`` is the
        ticket code, ``t`` the ticket id, ``e`` the event id, ``q`` the quantity.
        """
        return self._key.sign(
            {
                "c": base64url(claims.ticket_code.bytes),
                "t": claims.ticket_id,
                "e": claims.event_id,
                "q": claims.quantity,
            }
        )

    def read(self, token: str) -> AdmissionClaims | Forged | UnknownKey:
        """See `AdmissionSigner.read`."""
        return read_jws(token, read=_claims, public_key=self._public_key)


def _claims(claims: Mapping[str, Any]) -> AdmissionClaims:
    return AdmissionClaims(
        ticket_code=UUID(bytes=base64.urlsafe_b64decode(claims["c"] + "==")),
        ticket_id=int(claims["t"]),
        event_id=int(claims["e"]),
        quantity=int(claims["q"]),
    )


def read_jws(
    text: str,
    *,
    read: Callable[[Mapping[str, Any]], Read],
    public_key: Callable[[str], Jwk | None],
    typ: str | None = None,
) -> Read | Forged | UnknownKey:
    """Return what a text says that one of these keys has signed. Never raises.

    Args:
        text: The compact JWS.
        read: Makes something of its claims; may raise any of `ODDITIES`.
        public_key: Returns the public key of a ``kid`` if it counts, else None.
        typ: What the header says it is. One kind is never taken for the other.
    """
    try:
        header = jwt.get_unverified_header(text)
        kid = header.get("kid")
        if header.get("typ") != typ:
            return Forged("is something else")
        jwk = public_key(kid) if isinstance(kid, str) else None
        if jwk is None:
            return _of_unknown_key(text, kid, read=read, typ=typ)
        key = _loaded(tuple(jwk.items()))
        found = read(jwt.decode(text, key, algorithms=[ALGORITHM], options=_AT_ANY_TIME))
    except ODDITIES as error:
        return Forged(f"{type(error).__name__}: {error}")
    return found if _canonical(text) else Forged("not in canonical form")


@lru_cache(maxsize=64)
def _loaded(jwk: tuple[tuple[str, str], ...]) -> jwt.PyJWK:
    return jwt.PyJWK.from_dict(dict(jwk), ALGORITHM)


def _of_unknown_key(
    text: str, kid: object, *, read: Callable[[Mapping[str, Any]], object], typ: str | None
) -> Forged | UnknownKey:
    """Return `UnknownKey` if, but for the key, the text could be of this service."""
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        return Forged("names no key")
    if typ is None:
        # Only the claims show what it is.
        read(jwt.decode(text, options={"verify_signature": False}))
    header, _, signature = text.split(".")
    signed = base64.urlsafe_b64decode(signature + "==")
    if header != _header_of(kid, typ) or len(signed) != SIGNATURE_BYTES or not _canonical(text):
        return Forged("signed in another way")
    return UnknownKey(kid)


def _header_of(kid: str, typ: str | None) -> str:
    header = {"alg": ALGORITHM, "kid": kid} | ({} if typ is None else {"typ": typ})
    return base64url(_COMPACT.encode(header).encode())


def _canonical(token: str) -> bool:
    """Return whether the signature's last character has no extra bits, which decoders ignore."""
    signature = token.rpartition(".")[2]
    return base64url(base64.urlsafe_b64decode(signature + "==")) == signature


def base64url(raw: bytes) -> str:
    """Return the bytes as base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
