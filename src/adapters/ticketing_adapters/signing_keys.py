"""Loads the signing key of admission tokens and publishes its public half; may make the key."""

import logging
from pathlib import Path

from ticketing_adapters.jws_admission import SigningKey
from ticketing_adapters.store import Store

log = logging.getLogger(__name__)


def signing_key(path: Path, store: Store) -> SigningKey:
    """Load the signing key and publish it; with SQLite, make it first if there is none.

    Warns of a key that is new to a database with others: it may be the wrong file.

    Raises:
        OSError: The file cannot be read or made, or does not exist beside PostgreSQL.
        ValueError: It does not hold an Ed25519 private key.
        KeyRevoked: Nobody would accept what it signs.
    """
    if not path.exists():
        if store.engine.dialect.name != "sqlite":
            # Each machine would make another one.
            raise FileNotFoundError(
                f"{path} does not exist: make it once with `openssl genpkey -algorithm ed25519 -out"
                f" {path}`, and give it to every process"
            )
        # Of several processes exactly one makes the file, and all of them load it.
        if SigningKey.generate().save_new(path):
            log.info("made the signing key of admission tokens: %s", path)
    known = store.public_keys.all()
    key = publish_key(path, store)
    if known and key.kid not in known:
        log.warning(
            "the signing key %s in %s was unknown to this database, which has others, and is "
            "published now; gates that work offline refuse its tickets until they read the key "
            "set again. If it is not a new key on purpose, put the right file in place, restart, "
            "and run `ticketing keys revoke %s`",
            key.kid,
            path,
            key.kid,
        )
    return key


def publish_key(path: Path, store: Store) -> SigningKey:
    """Load a key, and publish its public half before the first token is signed with it.

    Raises:
        OSError: The file cannot be read.
        ValueError: It does not hold an Ed25519 private key.
        KeyRevoked: Nobody would accept what it signs.
    """
    key = SigningKey.load(path)
    store.public_keys.remember(key.kid, key.public_jwk)
    return key
