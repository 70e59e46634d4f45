"""Finds or makes the signing key of admission tokens, and publishes its public half."""

import logging
from pathlib import Path

from ticketing_adapters.jws_admission import SigningKey
from ticketing_adapters.sql import KeyRevoked, SqlPublicKeys
from ticketing_service.settings import CannotStart, Settings

log = logging.getLogger(__name__)


class SigningKeyRefused(CannotStart):
    """The signing key cannot be read, made or used."""


def current_kid(settings: Settings) -> str | None:
    """Return the ``kid`` of the signing key, or None if there is no key file.

    Raises:
        SigningKeyRefused: The file cannot be read.
    """
    path = settings.signing_key_file
    return _loaded(path).kid if path is not None and path.exists() else None


def signing_key(settings: Settings, public_keys: SqlPublicKeys) -> SigningKey:
    """Load the signing key and publish it; with SQLite, make it first if there is none.

    Raises:
        SigningKeyRefused: The file cannot be read or made, or the key was revoked.
    """
    path = settings.signing_key_file
    if path is None:
        raise ValueError("the settings have to be loaded with a signing key")
    try:
        missing = settings.sqlite_file is not None and not path.exists()
        # Of several processes exactly one makes the file, and all of them load it.
        if missing and SigningKey.generate().save_new(path):
            log.info("made the signing key of admission tokens: %s", path)
    except OSError as error:
        raise _unusable(path, error) from error
    return publish_key(path, public_keys)


def publish_key(path: Path, public_keys: SqlPublicKeys) -> SigningKey:
    """Load a key, and publish its public half before the first token is signed with it.

    Raises:
        SigningKeyRefused: The file cannot be read, or the key was revoked.
    """
    key = _loaded(path)
    try:
        public_keys.remember(key.kid, key.public_jwk)
    except KeyRevoked as error:
        raise SigningKeyRefused(
            f"The signing key {path} was revoked ({key.kid}) for good: use another key."
        ) from error
    return key


def _loaded(path: Path) -> SigningKey:
    try:
        return SigningKey.load(path)
    except (OSError, ValueError) as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: Exception) -> SigningKeyRefused:
    return SigningKeyRefused(f"The signing key {path} cannot be used: {error}")
