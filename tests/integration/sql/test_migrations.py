"""Each migration carries its rows along, up and down again, or changes nothing."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from tests.integration.sql.rule_breaking_rows import CHECKOUT, ENTRY, EVENT, TICKET
from tests.integration.sql.schema_description import described
from ticketing_adapters.sql import SqlEvents, SqlTickets, is_usable, migrate
from ticketing_adapters.sql.schema import migrate_back
from ticketing_core import Money, TicketStatus
from ticketing_core.testing.contracts.examples import NOON, draft, held, stored_event

STATUSES = [status.value for status in TicketStatus]
DUE = {"reserved", "paying", "refunding"}
NOON_TEXT = "2030-06-01 12:00:00.123456"


def insert(engine: Engine, table: str, row: Mapping[str, Any]) -> None:
    """Store a row, without the values that this version has no columns for."""
    known = {column["name"] for column in inspect(engine).get_columns(table)}
    names = [name for name in row if name in known]
    values = ", ".join(f":{name}" for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), row)  # noqa: S608 - the names are constants


def _rows(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    found = {}
    with engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            rows = connection.execute(text(f"SELECT * FROM {table}")).mappings()  # noqa: S608 - as above
            found[table] = sorted(map(dict, rows), key=str)
    del found["alembic_version"]
    return found


def ticket_row(number: int, status: str) -> dict[str, Any]:
    """Return a row with a value in every column that may have one."""
    return TICKET | {
        "ticket_id": number,
        "ticket_code": UUID(int=2**100 + number, version=4).hex,
        "status": status,
        "created_at": NOON_TEXT,
        **(dict.fromkeys(CHECKOUT) if status == "reserved" else {"checkout_id": f"co_{number}"}),
        "idempotency_key": f"key {number}",
        "refunded_minor": 2**40 if status == "refunding" else 0,
        "refund_problem": "insufficient_funds" if status == "refunding" else None,
        "next_try_at": NOON_TEXT if status in DUE else None,
        "tries": 3 if status in DUE else 0,
    }


@pytest.fixture
def old(empty_engine: Engine) -> Engine:
    """A database of version 0001 with a ticket of each status; the newest ids are gone again."""
    migrate(empty_engine, to="0001")
    insert(empty_engine, "events", EVENT | {"kept": 6})
    for number, status in enumerate(STATUSES, start=1):
        insert(empty_engine, "tickets", ticket_row(number, status))
        for version in (1, 2):
            insert(
                empty_engine, "ticket_history", ENTRY | {"ticket_id": number, "version": version}
            )
    with empty_engine.begin() as connection:
        if empty_engine.dialect.name == "sqlite":
            for table in ("events", "tickets"):
                given = {"name": table}
                connection.execute(
                    text("UPDATE sqlite_sequence SET seq = 99 WHERE name = :name"), given
                )
        else:
            for table, column in (("events", "event_id"), ("tickets", "ticket_id")):
                sequence = {"table": table, "column": column}
                connection.execute(
                    text("SELECT setval(pg_get_serial_sequence(:table, :column), 99)"), sequence
                )
    return empty_engine


def test_old_rows_are_read_by_the_new_version(old: Engine) -> None:
    """Nothing of them changes. A refund is owed since the ticket was made, as it was due so far."""
    before = _rows(old)
    assert not is_usable(old)
    migrate(old)
    assert is_usable(old)
    after = _rows(old)
    for table, rows in before.items():
        for row, now in zip(rows, after[table], strict=True):
            assert now.items() >= row.items()
    tickets = SqlTickets(old)
    for number, status in enumerate(STATUSES, start=1):
        ticket = tickets.by_id(number)
        assert ticket is not None
        assert ticket.status == status
        assert ticket.owed_since == (NOON if status == "refunding" else None)
        assert (ticket.payment_id, ticket.paid_back_otherwise) == (None, None)
        counts = (ticket.failed_refunds, ticket.refund_failures)
        amounts = (ticket.charged_back_minor, ticket.paid_back_minor)
        assert counts == amounts == (0, 0)
        assert len(tickets.history(number)) == 2
    due = {ticket.status for ticket in tickets.claim_due(now=NOON, limit=9)}
    assert due == DUE


def test_the_new_version_goes_on_where_the_old_one_ended(old: Engine) -> None:
    """Ids are not given again, foreign keys are checked, and larger prices fit."""
    migrate(old)
    events, tickets = SqlEvents(old), SqlTickets(old)
    event = stored_event(events)
    assert event.event_id == 100
    ticket = held(tickets, draft(event))
    assert ticket.ticket_id == 100
    assert tickets.by_id(100) == ticket
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"), old.begin() as connection:
        connection.execute(text("DELETE FROM events"))
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"), old.begin() as connection:
        connection.execute(text("DELETE FROM tickets"))
    with old.begin() as connection:
        connection.execute(text("UPDATE events SET price_minor = 9007199254740991"))
    read = events.by_id(100)
    assert read is not None
    assert read.price == Money(2**53 - 1, "usd")


def test_a_migration_can_be_taken_back(old: Engine) -> None:
    """The schema and the rows are what they were, and the way up works again."""
    schema, rows = described(old), _rows(old)
    for _ in range(2):
        migrate(old)
        migrate_back(old, to="0001")
        assert (described(old), _rows(old)) == (schema, rows)
    migrate(old)
    event = stored_event(SqlEvents(old))
    assert held(SqlTickets(old), draft(event)).ticket_id == 100


def test_the_comparison_of_rows_sees_a_change(old: Engine) -> None:
    """Control: one value that a way back forgets is found."""
    rows = _rows(old)
    with old.begin() as connection:
        connection.execute(text("UPDATE tickets SET tries = 0 WHERE ticket_id = 1"))
    assert _rows(old) != rows


def test_a_price_that_the_old_version_refuses_stops_the_way_back(old: Engine) -> None:
    """Nothing changes."""
    _stop_the_way_back(old, EVENT | {"event_id": 2, "price_minor": 100_000_000})


@pytest.mark.parametrize("kind", ["postgres"])
def test_an_id_that_the_old_version_cannot_hold_stops_the_way_back(old: Engine) -> None:
    """Nothing changes. On SQLite the old version can hold it."""
    _stop_the_way_back(old, EVENT | {"event_id": 2**31})


def _stop_the_way_back(old: Engine, event: Mapping[str, Any]) -> None:
    migrate(old)
    insert(old, "events", event)
    rows = _rows(old)
    with pytest.raises(DBAPIError):
        migrate_back(old, to="0001")
    assert is_usable(old)
    assert _rows(old) == rows
