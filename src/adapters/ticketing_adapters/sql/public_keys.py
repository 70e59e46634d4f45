"""Every public key of this installation, so that tokens signed with an old key stay readable."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Engine, insert, select, update

from ticketing_adapters.sql.cache import MaxAgeCache
from ticketing_adapters.sql.engine import reading, writing
from ticketing_adapters.sql.failures import store_step
from ticketing_adapters.sql.installation_tables import public_keys

RECENT = timedelta(seconds=1)
"""A gate reads a token for each guest, and a key is replaced and revoked by hand."""


class KeyRevoked(Exception):
    """The key was revoked, so that nobody believes what it signs."""


class SqlPublicKeys:
    """Stores public keys as JWK (RFC 7517), by ``kid``.

    Args:
        engine: From `engine_for`, of a migrated database.
        now: A monotonic clock, in seconds.
    """

    def __init__(self, engine: Engine, *, now: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._recent: MaxAgeCache[str, Mapping[str, str]] = MaxAgeCache(max_age=RECENT, now=now)

    @store_step
    def remember(self, kid: str, jwk: Mapping[str, str]) -> None:
        """Store a key for good. Repeating the call changes nothing.

        Raises:
            KeyRevoked: It was revoked.
            ValueError: Another key has this ``kid``; its tokens would become unreadable.
            StoreUnavailable: The outcome is unknown.
        """
        stored = select(public_keys).where(public_keys.c.kid == kid)
        with writing(self._engine) as connection:
            known = connection.execute(stored).one_or_none()
            if known is None:
                connection.execute(insert(public_keys), {"kid": kid, "jwk": dict(jwk)})
            elif known.jwk != dict(jwk):
                raise ValueError(f"another public key is stored as {kid}")
            elif known.revoked_at is not None:
                raise KeyRevoked(f"it was revoked ({kid}) for good; use another key")

    @store_step
    def revoke(self, kid: str, *, at: datetime) -> None:
        """Revoke a key for good; its tokens become unreadable.

        Repeating the call changes nothing, and neither does a ``kid`` that no key has.

        Raises:
            StoreUnavailable: The outcome is unknown.
        """
        counts = (public_keys.c.kid == kid) & public_keys.c.revoked_at.is_(None)
        with writing(self._engine) as connection:
            connection.execute(update(public_keys).where(counts).values(revoked_at=at))

    @store_step
    def all(self) -> Mapping[str, Mapping[str, str]]:
        """Return every key that was stored and not revoked, by ``kid``.

        Raises:
            StoreUnavailable: The database did not answer.
        """
        counts = select(public_keys).where(public_keys.c.revoked_at.is_(None))
        with reading(self._engine) as connection:
            rows = connection.execute(counts.order_by(public_keys.c.kid))
            return {row.kid: row.jwk for row in rows}

    def recent(self, kid: str) -> Mapping[str, str] | None:
        """Return the key if it counts, or did so a second ago. For reading many tokens.

        Raises:
            StoreUnavailable: The database did not answer.
        """
        return self._recent.get(kid, lambda: self.all().get(kid))

    @store_step
    def revoked(self) -> Mapping[str, datetime]:
        """Return when each revoked key was revoked, by ``kid``.

        Raises:
            StoreUnavailable: The database did not answer.
        """
        revoked = select(public_keys).where(public_keys.c.revoked_at.is_not(None))
        with reading(self._engine) as connection:
            rows = connection.execute(revoked.order_by(public_keys.c.kid))
            return {row.kid: row.revoked_at for row in rows}
