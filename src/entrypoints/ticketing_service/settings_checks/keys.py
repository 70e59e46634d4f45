"""The checks of the keys of access tokens and admission tokens, and of the files that hold them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ticketing_service.settings_checks.mistakes import PREFIX, Mistakes
from ticketing_service.settings_checks.values import is_address
from ticketing_service.settings_checks.variables import Variables

if TYPE_CHECKING:
    from ticketing_service.access import AccessTokens


def access_tokens(variables: Variables, mistakes: Mistakes) -> "AccessTokens | None":
    """Return which access tokens are accepted. Exactly one kind of key has to be set."""
    # Only what checks or makes tokens loads the libraries for it.
    from ticketing_service.access import (  # noqa: PLC0415 - as above
        ALGORITHMS,
        SECRET_BYTES,
        AccessTokens,
    )

    algorithm = variables.jwt_algorithm
    sources = {
        "JWT_SECRET": variables.jwt_secret,
        "JWT_PUBLIC_KEY_FILE": variables.jwt_public_key_file,
        "JWT_JWKS_FILE": variables.jwt_jwks_file,
        "JWT_JWKS_URL": variables.jwt_jwks_url,
    }
    given = [name for name, text in sources.items() if text]
    if algorithm not in ALGORITHMS:
        mistakes.add("JWT_ALGORITHM", f"must be one of {', '.join(ALGORITHMS)}")
        shortest = min(SECRET_BYTES.values())
        if 0 < len(variables.jwt_secret.encode()) < shortest:
            mistakes.add("JWT_SECRET", f"must have at least {shortest} bytes")
    if not given:
        others = ", ".join(f"{PREFIX}{name}" for name in list(sources)[1:])
        mistakes.add("JWT_SECRET", f"is not set, nor is any of {others}; set one of them")
    if variables.jwt_old_secret and not variables.jwt_secret:
        mistakes.add("JWT_OLD_SECRET", f"needs {PREFIX}JWT_SECRET beside it")
    for name in given[1:]:
        mistakes.add(name, f"must not be set beside {PREFIX}{given[0]}; set one of them")
    keys = _keys_of(variables, mistakes)
    if len(given) != 1 or algorithm not in ALGORITHMS or keys is None:
        return None
    if (given == ["JWT_SECRET"]) != (algorithm in SECRET_BYTES):
        wanted = "a secret" if algorithm in SECRET_BYTES else "a public key or a key set"
        mistakes.add(
            "JWT_ALGORITHM", f"is {algorithm}, which takes {wanted}, not {PREFIX}{given[0]}"
        )
        return None
    name = "JWT_OLD_SECRET"
    try:
        if variables.jwt_old_secret:
            AccessTokens(algorithm=algorithm, secret=variables.jwt_old_secret)
        name = given[0]
        return AccessTokens(
            algorithm=algorithm,
            identity_claim=variables.jwt_identity_claim,
            roles_claim=variables.jwt_roles_claim,
            **_events_claim(variables, mistakes),
            email_claim=variables.stripe_email_claim or None,
            issuer=variables.jwt_issuer or None,
            audience=variables.jwt_audience or None,
            **keys,
        )
    except ValueError as error:
        mistakes.add(name, f"cannot be used: {error}")
        return None


def _events_claim(variables: Variables, mistakes: Mistakes) -> dict[str, Any]:
    """Return which claim lists events, as arguments of `AccessTokens`.

    Naming it means that tokens have it; the default one is only looked at.
    """
    claim = variables.jwt_events_claim
    for name in ("JWT_IDENTITY_CLAIM", "JWT_ROLES_CLAIM"):
        if claim and claim == getattr(variables, name.lower()):
            mistakes.add("JWT_EVENTS_CLAIM", f"is the claim of {PREFIX}{name}; name another one")
    return {"events_claim": claim, "events_required": True} if claim else {}


def _keys_of(variables: Variables, mistakes: Mistakes) -> dict[str, Any] | None:
    """Return the keys as arguments of `AccessTokens`, or None if a file cannot be read."""
    keys: dict[str, Any] = {}
    if variables.jwt_secret:
        keys |= {"secret": variables.jwt_secret, "old_secret": variables.jwt_old_secret or None}
    if variables.jwt_public_key_file:
        path = Path(variables.jwt_public_key_file)
        keys["public_key"] = _content("JWT_PUBLIC_KEY_FILE", path, mistakes)
    if variables.jwt_jwks_file:
        keys["jwks"] = _key_set("JWT_JWKS_FILE", variables.jwt_jwks_file, mistakes)
    elif variables.jwt_jwks_url:
        keys["jwks"] = _key_set("JWT_JWKS_URL", variables.jwt_jwks_url, mistakes)
    unread = any(keys.get(name, "") is None for name in ("public_key", "jwks"))
    return None if unread else keys


def _key_set(name: str, place: str, mistakes: Mistakes) -> Mapping[str, Any] | None:
    from ticketing_service.key_sets import (  # noqa: PLC0415 - see above
        KeySetSource,
        KeySetUnreadable,
    )

    source = KeySetSource(place)
    if name == "JWT_JWKS_URL" and (not is_address(place) or "@" in place):
        mistakes.add(name, "must be an http or https address without a password")
        return None
    if name == "JWT_JWKS_FILE" and source.is_address:
        mistakes.add(name, f"is an address: set {PREFIX}JWT_JWKS_URL instead")
        return None
    try:
        return source.read()
    except KeySetUnreadable as error:
        known = source.last_read() if source.is_address else None
        if known is None:
            mistakes.add(name, f"names {place}: {error}")
        return known


def key_set_place(variables: Variables) -> str | None:
    """Return where the key set of access tokens is, or None if another kind of key is set."""
    return variables.jwt_jwks_file or variables.jwt_jwks_url or None


def signing_key_file(
    text: str, mistakes: Mistakes, *, sqlite_file: Path | None, needed: bool
) -> Path | None:
    """Return the file of the private key: beside a SQLite database unless another is set."""
    if text:
        path = Path(text)
    elif sqlite_file is not None:
        path = sqlite_file.with_suffix(".signing.pem")
    else:
        if needed:
            mistakes.add(
                "SIGNING_KEY_FILE",
                "is not set. With PostgreSQL every server needs the same Ed25519 private key; "
                "make one with: openssl genpkey -algorithm ed25519 -out signing.pem",
            )
        return None
    if needed and (path.exists() or sqlite_file is None):
        _check_signing_key(path, mistakes)
    elif text and not path.parent.is_dir():
        mistakes.add("SIGNING_KEY_FILE", f"names a folder that does not exist: {path.parent}")
    return path


def _check_signing_key(path: Path, mistakes: Mistakes) -> None:
    # Only what signs loads the library.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - as above
        Ed25519PrivateKey,
    )
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - as above
        load_pem_private_key,
    )

    pem = _content("SIGNING_KEY_FILE", path, mistakes)
    if pem is None:
        return
    try:
        fits = isinstance(load_pem_private_key(pem.encode(), None), Ed25519PrivateKey)
    except (TypeError, ValueError):
        fits = False
    if not fits:
        mistakes.add(
            "SIGNING_KEY_FILE",
            f"{path} must hold an Ed25519 private key as PEM, without a password",
        )


def _content(name: str, path: Path, mistakes: Mistakes) -> str | None:
    try:
        # Some editors begin a file with a byte order mark.
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        mistakes.add(name, f"names a file that cannot be read: {path} ({reason})")
        return None
