"""The signing key of admission tokens, and what the service says if it cannot be used."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ticketing_adapters import signing_keys
from ticketing_adapters.jws_admission import SigningKey
from ticketing_adapters.sql import KeyRevoked
from ticketing_adapters.store import Store
from ticketing_service.settings import CannotStart, Settings


class SigningKeyRefused(CannotStart):
    """The signing key cannot be read, made or used."""


def current_kid(settings: Settings) -> str | None:
    """Return the ``kid`` of the signing key, or None if there is no key file.

    Raises:
        SigningKeyRefused: The file cannot be read.
    """
    path = settings.signing_key_file
    if path is None or not path.exists():
        return None
    with _refusing(path):
        return SigningKey.load(path).kid


def signing_key(settings: Settings, store: Store) -> SigningKey:
    """Load the signing key and publish it; with SQLite, make it first if there is none.

    Raises:
        SigningKeyRefused: The file cannot be read or made, or the key was revoked.
    """
    path = settings.signing_key_file
    if path is None:
        raise ValueError("the settings have to be loaded with a signing key")
    with _refusing(path):
        return signing_keys.signing_key(path, store)


def publish_key(path: Path, store: Store) -> SigningKey:
    """Load a key, and publish its public half before the first token is signed with it.

    Raises:
        SigningKeyRefused: The file cannot be read, or the key was revoked.
    """
    with _refusing(path):
        return signing_keys.publish_key(path, store)


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyRevoked) as error:
        raise SigningKeyRefused(f"The signing key {path} cannot be used: {error}") from error
