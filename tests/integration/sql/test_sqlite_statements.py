"""What SQLite's driver gets directly is what SQLAlchemy would give it."""

from collections.abc import Iterator
from typing import Final

import pytest
from sqlalchemy import Connection, Engine, delete, insert, select, text
from sqlalchemy.exc import IntegrityError

from tests.integration.sql.outbox_racing import free_mail_room
from ticketing_adapters.sql import engine_for
from ticketing_adapters.sql.outbox_tables import outbox
from ticketing_adapters.sql.sqlite_statements import DirectStatement
from ticketing_adapters.sql.tables import ticket_history, tickets
from ticketing_core.testing.contracts.examples import NOON, draft, held
from ticketing_core.ticket import IdempotencyKey

WRITTEN: Final = (tickets, ticket_history, outbox)


@pytest.fixture
def lite(migrated_sqlite_url: str) -> Iterator[Engine]:
    """The engine of a new, migrated SQLite database."""
    made = engine_for(migrated_sqlite_url)
    yield made
    made.dispose()


def test_rows_are_those_of_sqlalchemy(lite: Engine) -> None:
    """A version that writes them through SQLAlchemy goes on with the same file."""
    room = free_mail_room(lite)
    order = draft(room.event, key=IdempotencyKey(value="key", fingerprint="f"))
    room.changed(held(room.tickets, order))
    with lite.begin() as connection:
        direct = _as_stored(connection)
        rows = [connection.execute(select(table)).mappings().all() for table in WRITTEN]
        for table in reversed(WRITTEN):
            connection.execute(delete(table))
        for table, these in zip(WRITTEN, rows, strict=True):
            connection.execute(insert(table), [dict(row) for row in these])
        assert _as_stored(connection) == direct


def _as_stored(connection: Connection) -> list[str]:
    plain = select(text("*")).order_by(text("1, 2"))
    # Of values that are equal the types may differ.
    return [repr(connection.execute(plain.select_from(table)).all()) for table in WRITTEN]


def test_errors_are_those_of_sqlalchemy(lite: Engine) -> None:
    """The steps tell a repeat and an outage by them. They do not name buyers."""
    entry = {"ticket_id": 7, "version": 1, "status": "issued", "at": NOON, "why": "w", "by": "Ada"}
    note = DirectStatement(insert(ticket_history))
    with pytest.raises(IntegrityError, match="FOREIGN KEY") as refused, lite.begin() as connection:
        note.write(connection, [entry])
    assert "Ada" not in str(refused.value)
