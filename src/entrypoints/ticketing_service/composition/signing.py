"""Finds or makes the signing key of admission tokens."""

import logging

from ticketing_adapters.jws_admission import SigningKey
from ticketing_service.settings import CannotStart, Settings

log = logging.getLogger(__name__)


class SigningKeyRefused(CannotStart):
    """The signing key cannot be read or made."""


def current_kid(settings: Settings) -> str | None:
    """Return the ``kid`` of the signing key, or None if there is no key file.

    Raises:
        SigningKeyRefused: The file cannot be read.
    """
    path = settings.signing_key_file
    return signing_key(settings).kid if path is not None and path.exists() else None


def signing_key(settings: Settings) -> SigningKey:
    """Load the signing key; with SQLite, make it first if there is none.

    Raises:
        SigningKeyRefused: The file cannot be read or made.
    """
    path = settings.signing_key_file
    if path is None:
        raise ValueError("the settings have to be loaded with a signing key")
    try:
        missing = settings.sqlite_file is not None and not path.exists()
        # Of several processes exactly one makes the file, and all of them load it.
        if missing and SigningKey.generate().save_new(path):
            log.info("made the signing key of admission tokens: %s", path)
        return SigningKey.load(path)
    except (OSError, ValueError) as error:
        raise SigningKeyRefused(f"The signing key {path} cannot be used: {error}") from error
