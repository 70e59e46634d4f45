"""Strays in SQL."""

from collections.abc import Sequence

from sqlalchemy import Engine, insert, select, update

from ticketing_adapters.sql.engine import reading, writing
from ticketing_adapters.sql.failures import store_step
from ticketing_adapters.sql.installation_tables import strays
from ticketing_adapters.sql.rows import AnyRow, is_storable_text
from ticketing_core.money import Money
from ticketing_core.stray import Stray


class SqlStrays:
    """The `StrayRepository` in an SQL database.

    Args:
        engine: From `engine_for`, of a migrated database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @store_step
    def put(self, stray: Stray) -> None:
        """See `StrayRepository.put`."""
        changes = {
            "ticket_code": stray.ticket_code,
            "payment_id": stray.payment_id,
            "amount_minor": stray.amount.amount_minor,
            "currency": stray.amount.currency,
            "state": stray.state,
            "settled_at": stray.settled_at,
            "how": stray.how,
        }
        known = update(strays).where(strays.c.checkout_id == stray.checkout_id)
        with writing(self._engine) as connection:
            if not connection.execute(known.values(changes)).rowcount:
                # Of two that put a new one at once, the second fails at the primary key and
                # decides again (`store_step`).
                new = {"checkout_id": stray.checkout_id, "first_seen_at": stray.first_seen_at}
                connection.execute(insert(strays), changes | new)

    @store_step
    def by_checkout(self, checkout_id: str) -> Stray | None:
        """See `StrayRepository.by_checkout`."""
        if not is_storable_text(checkout_id):
            return None
        found = select(strays).where(strays.c.checkout_id == checkout_id)
        with reading(self._engine) as connection:
            row = connection.execute(found).one_or_none()
        return None if row is None else _stray_of(row)

    @store_step
    def unsettled(self, *, after: str, limit: int) -> Sequence[Stray]:
        """See `StrayRepository.unsettled`."""
        if not is_storable_text(after):
            return []
        page = select(strays).where(strays.c.settled_at.is_(None), strays.c.checkout_id > after)
        page = page.order_by(strays.c.checkout_id).limit(limit)
        with reading(self._engine) as connection:
            return [_stray_of(row) for row in connection.execute(page)]


def _stray_of(row: AnyRow) -> Stray:
    return Stray(
        checkout_id=row.checkout_id,
        ticket_code=row.ticket_code,
        payment_id=row.payment_id,
        amount=Money(row.amount_minor, row.currency),
        state=row.state,
        first_seen_at=row.first_seen_at,
        settled_at=row.settled_at,
        how=row.how,
    )
