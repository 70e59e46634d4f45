"""The database in a test's own folder, opened beside the commands that use it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine

from ticketing_adapters.sql import SqlTickets, engine_for
from ticketing_core import Money, TicketDraft
from ticketing_core.reservation import Held


@contextmanager
def database(folder: Path) -> Iterator[Engine]:
    """Open the database that the commands use."""
    engine = engine_for(f"sqlite:///{folder / 'ticketing.db'}")
    try:
        yield engine
    finally:
        engine.dispose()


def hold_long_ago(tickets: SqlTickets, *, event_id: int = 1) -> None:
    """Store an unpaid reservation whose hold is over: three places, 25.00 USD each."""
    now = datetime.now(UTC)
    held = tickets.hold(
        TicketDraft(
            ticket_code=uuid4(),
            event_id=event_id,
            buyer="42",
            quantity=3,
            price=Money(2500, "usd"),
            at=now - timedelta(minutes=5),
            held_until=now - timedelta(minutes=3),
        )
    )
    assert isinstance(held, Held)
