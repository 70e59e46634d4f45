"""Every public key of this installation, so that tokens signed with an old key stay readable."""

from collections.abc import Mapping

from sqlalchemy import Engine, insert, select

from ticketing_adapters.sql.engine import reading, writing
from ticketing_adapters.sql.failures import store_step
from ticketing_adapters.sql.tables import public_keys


class SqlPublicKeys:
    """Stores public keys as JWK (RFC 7517), by ``kid``.

    Args:
        engine: From `engine_for`, of a migrated database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @store_step
    def remember(self, kid: str, jwk: Mapping[str, str]) -> None:
        """Store a key for good. Repeating the call changes nothing.

        Raises:
            ValueError: Another key has this ``kid``; its tokens would become unreadable.
            StoreUnavailable: The outcome is unknown.
        """
        stored = select(public_keys.c.jwk).where(public_keys.c.kid == kid)
        with writing(self._engine) as connection:
            known = connection.execute(stored).scalar_one_or_none()
            if known is None:
                connection.execute(insert(public_keys), {"kid": kid, "jwk": dict(jwk)})
            elif known != dict(jwk):
                raise ValueError(f"another public key is stored as {kid}")

    @store_step
    def all(self) -> Mapping[str, Mapping[str, str]]:
        """Return every key ever stored, by ``kid``.

        Raises:
            StoreUnavailable: The database did not answer.
        """
        with reading(self._engine) as connection:
            rows = connection.execute(select(public_keys).order_by(public_keys.c.kid))
            return {row.kid: row.jwk for row in rows}
