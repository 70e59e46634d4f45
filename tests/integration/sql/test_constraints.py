"""The database has a constraint for each rule of the core; each is violated in turn."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    CheckConstraint,
    Connection,
    Engine,
    ForeignKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from ticketing_adapters.sql.tables import metadata

_EVENT: dict[str, Any] = {
    "event_id": 1,
    "name": "Concert",
    "price_minor": 2500,
    "currency": "usd",
    "capacity": 10,
    "kept": 0,
    "opens_at": "2030-06-01 12:00:00",
    "closes_at": "2030-06-02 12:00:00",
    "max_per_order": 10,
    "max_per_buyer": None,
}
_CHECKOUT = {
    "checkout_id": "co_1",
    "checkout_url": "https://pay.example/1",
    "checkout_ends_at": "2030-06-01 12:35:00",
}
_TICKET: dict[str, Any] = {
    "ticket_id": 1,
    "ticket_code": UUID(int=1, version=4).hex,
    "event_id": 1,
    "buyer": "42",
    "quantity": 2,
    "total_minor": 5000,
    "currency": "usd",
    "status": "paying",
    "version": 2,
    "created_at": "2030-06-01 12:00:00",
    "held_until": "2030-06-01 12:35:00",
    **_CHECKOUT,
    "admitted": 0,
    "disputed": False,
    "refunded_minor": 0,
    "refund_attempt": 0,
    "refund_problem": None,
    "idempotency_key": "once",
    "idempotency_fingerprint": "1:2",
    "next_try_at": "2030-06-01 12:35:00",
    "tries": 0,
}
_ENTRY: dict[str, Any] = {
    "ticket_id": 1,
    "version": 1,
    "status": "reserved",
    "at": "2030-06-01 12:00:00",
    "why": "reserved",
    "by": "buyer",
}
_ROWS = {
    "events": _EVENT,
    "tickets": _TICKET,
    "ticket_history": _ENTRY,
    "leases": {"name": "settle", "holder": "a", "held_until": "2030-06-01 12:00:00"},
    "public_keys": {"kid": "k", "jwk": "{}"},
}
_SECOND_TICKET = {
    "ticket_id": 2,
    "ticket_code": UUID(int=2, version=4).hex,
    "checkout_id": "co_2",
    "idempotency_key": "another",
}

_VIOLATIONS: list[tuple[str, dict[str, Any]]] = [
    ("ck_events_event_id_positive", {"event_id": 0}),
    ("ck_events_name_length", {"name": ""}),
    ("ck_events_name_length", {"name": "x" * 201}),
    ("ck_events_price_chargeable", {"price_minor": -1}),
    ("ck_events_price_chargeable", {"price_minor": 100_000_000}),
    ("ck_events_currency_code", {"currency": "US"}),
    ("ck_events_currency_code", {"currency": "USD"}),
    ("ck_events_capacity_positive", {"capacity": 0}),
    ("ck_events_kept_within_capacity", {"kept": -1}),
    ("ck_events_kept_within_capacity", {"kept": 11}),
    ("ck_events_closes_after_opening", {"closes_at": "2030-06-01 12:00:00"}),
    ("ck_events_max_per_order_positive", {"max_per_order": 0}),
    ("ck_events_max_per_buyer_positive", {"max_per_buyer": 0}),
    ("ck_tickets_ticket_id_positive", {"ticket_id": 0}),
    ("ck_tickets_buyer_length", {"buyer": ""}),
    ("ck_tickets_buyer_length", {"buyer": "x" * 201}),
    ("ck_tickets_quantity_positive", {"quantity": 0}),
    ("ck_tickets_total_not_negative", {"total_minor": -1}),
    ("ck_tickets_currency_code", {"currency": "usdollar"}),
    ("ck_tickets_status_known", {"status": "sold", "next_try_at": None}),
    ("ck_tickets_version_positive", {"version": 0}),
    ("ck_tickets_held_while_unpaid", {"held_until": None}),
    ("ck_tickets_checkout_while_paying", dict.fromkeys(_CHECKOUT)),
    ("ck_tickets_checkout_id_length", {"checkout_id": "x" * 256}),
    ("ck_tickets_checkout_complete", {"checkout_url": None}),
    ("ck_tickets_checkout_complete", {"checkout_ends_at": None}),
    ("ck_tickets_admitted_within_quantity", {"admitted": -1}),
    ("ck_tickets_admitted_within_quantity", {"admitted": 3}),
    ("ck_tickets_refunded_not_negative", {"refunded_minor": -1}),
    ("ck_tickets_refund_attempt_not_negative", {"refund_attempt": -1}),
    ("ck_tickets_key_length", {"idempotency_key": ""}),
    ("ck_tickets_key_length", {"idempotency_key": "x" * 201}),
    ("ck_tickets_key_complete", {"idempotency_key": None}),
    ("ck_tickets_key_complete", {"idempotency_fingerprint": None}),
    ("ck_tickets_scheduled_while_waiting", {"next_try_at": None}),
    ("ck_tickets_scheduled_while_waiting", {"status": "issued"}),
    ("ck_tickets_tries_not_negative", {"tries": -1}),
    ("fk_tickets_event_id", {"event_id": 9}),
    ("ck_ticket_history_version_positive", {"version": 0}),
    ("ck_ticket_history_status_known", {"status": "sold"}),
    ("fk_ticket_history_ticket_id", {"ticket_id": 9}),
]

_DUPLICATES: list[tuple[str, dict[str, Any]]] = [
    ("pk_events", {}),
    ("pk_tickets", _SECOND_TICKET | {"ticket_id": 1}),
    ("uq_tickets_ticket_code", _SECOND_TICKET | {"ticket_code": _TICKET["ticket_code"]}),
    ("uq_tickets_checkout_id", _SECOND_TICKET | {"checkout_id": "co_1"}),
    ("uq_tickets_buyer_idempotency_key", _SECOND_TICKET | {"idempotency_key": "once"}),
    ("pk_ticket_history", {}),
    ("pk_leases", {}),
    ("pk_public_keys", {}),
]

# Violated in tests of their own.
_ELSEWHERE = {"ck_tickets_disputed_known", "ck_installation_only_row", "pk_installation"}


def _table_of(constraint: str) -> str:
    name = constraint.split("_", 1)[1]
    # The longest name first: "ticket_history" before "tickets".
    return max((table for table in metadata.tables if name.startswith(table)), key=len)


def _insert(connection: Connection, table: str, changes: dict[str, Any]) -> None:
    row = _ROWS[table] | changes
    columns = ", ".join(f'"{name}"' for name in row)
    values = ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), row)  # noqa: S608 - the names are constants


def _insert_parents(connection: Connection, table: str) -> None:
    for parent in ("events", "tickets"):
        if parent == table:
            return
        _insert(connection, parent, {})


@pytest.mark.parametrize("table", _ROWS)
def test_a_valid_row_is_stored(engine: Engine, table: str) -> None:
    """Control: the rows of which the tests below change one value are valid."""
    with engine.begin() as connection:
        _insert_parents(connection, table)
        _insert(connection, table, {})


@pytest.mark.parametrize(
    ("constraint", "changes"),
    _VIOLATIONS,
    ids=[f"{name}-{str(changes)[:25]}" for name, changes in _VIOLATIONS],
)
def test_a_row_that_breaks_a_rule_is_refused(
    engine: Engine, constraint: str, changes: dict[str, Any]
) -> None:
    """The database refuses it and names the constraint."""
    table = _table_of(constraint)
    with engine.begin() as connection:
        _insert_parents(connection, table)
    with pytest.raises(IntegrityError) as refused, engine.begin() as connection:
        _insert(connection, table, changes)
    # SQLite does not name the foreign key.
    is_named = not (engine.dialect.name == "sqlite" and constraint.startswith("fk_"))
    assert (constraint if is_named else "FOREIGN KEY") in str(refused.value.orig)


@pytest.mark.parametrize(
    ("constraint", "changes"), _DUPLICATES, ids=[name for name, _ in _DUPLICATES]
)
def test_a_second_row_of_the_same_name_is_refused(
    engine: Engine, constraint: str, changes: dict[str, Any]
) -> None:
    """Ids, codes, checkouts and a buyer's keys are unique."""
    table = _table_of(constraint)
    with engine.begin() as connection:
        _insert_parents(connection, table)
        _insert(connection, table, {})
    with pytest.raises(IntegrityError) as refused, engine.begin() as connection:
        _insert(connection, table, changes)
    # SQLite names the columns instead of the constraint.
    expected = "UNIQUE" if engine.dialect.name == "sqlite" else constraint
    assert expected in str(refused.value.orig)


def test_many_rows_may_have_no_key_and_no_checkout(engine: Engine) -> None:
    """Only values that are there have to differ; another buyer may use the same key."""
    nothing = dict.fromkeys(
        (*_CHECKOUT, "idempotency_key", "idempotency_fingerprint", "next_try_at")
    )
    with engine.begin() as connection:
        _insert(connection, "events", {})
        _insert(connection, "tickets", {})
        _insert(connection, "tickets", _SECOND_TICKET | {"buyer": "43", "idempotency_key": "once"})
        for n in (3, 4):
            names = {"ticket_id": n, "ticket_code": UUID(int=n, version=4).hex}
            _insert(connection, "tickets", {**nothing, **names, "status": "issued"})


def test_disputed_is_yes_or_no(engine: Engine) -> None:
    """PostgreSQL has a type for this; SQLite needs the check."""
    with engine.begin() as connection:
        _insert(connection, "events", {})
    with pytest.raises(DBAPIError), engine.begin() as connection:
        _insert(connection, "tickets", {"disputed": 2})


@pytest.mark.parametrize("row", [1, 2])
def test_there_is_one_installation(engine: Engine, row: int) -> None:
    """A database cannot become two installations."""
    second = "INSERT INTO installation SELECT :row, installation_id FROM installation"
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text(second), {"row": row})


def test_ids_are_not_given_again(engine: Engine) -> None:
    """Not even after the newest row is deleted, by a plain insert."""
    with engine.begin() as connection:
        _insert(connection, "events", {})
        ids = []
        for _ in range(2):
            row = {name: value for name, value in _TICKET.items() if name != "ticket_id"}
            columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            insert = f"INSERT INTO tickets ({columns}) VALUES ({values}) RETURNING ticket_id"  # noqa: S608 - the names are constants
            ids.append(connection.execute(text(insert), row).scalar_one())
            connection.execute(text("DELETE FROM tickets"))
    assert ids[1] > ids[0]


def test_no_constraint_is_left_out() -> None:
    """A test of this module violates every check, key and foreign key of every table."""
    declared = set()
    for table in metadata.tables.values():
        for constraint in table.constraints:
            assert constraint.name is not None
            if isinstance(constraint, (CheckConstraint, ForeignKeyConstraint, UniqueConstraint)):
                declared.add(str(constraint.name))
        declared.add(str(table.primary_key.name))
        declared |= {str(index.name) for index in table.indexes if index.unique}
    violated = {name for name, _ in (*_VIOLATIONS, *_DUPLICATES)} | _ELSEWHERE
    assert declared == violated
