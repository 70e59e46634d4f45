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

from tests.integration.sql.rule_breaking_rows import (
    CHECKOUT,
    DUPLICATES,
    ELSEWHERE,
    ROWS,
    SECOND_TICKET,
    TICKET,
    VIOLATIONS,
)
from ticketing_adapters.sql.tables import metadata


def _table_of(constraint: str) -> str:
    name = constraint.split("_", 1)[1]
    # The longest name first: "ticket_history" before "tickets".
    return max((table for table in metadata.tables if name.startswith(table)), key=len)


def _insert(connection: Connection, table: str, changes: dict[str, Any]) -> None:
    row = ROWS[table] | changes
    columns = ", ".join(f'"{name}"' for name in row)
    values = ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), row)  # noqa: S608 - the names are constants


def _insert_parents(connection: Connection, table: str) -> None:
    for parent in ("events", "tickets"):
        if parent == table:
            return
        _insert(connection, parent, {})


@pytest.mark.parametrize("table", ROWS)
def test_a_valid_row_is_stored(engine: Engine, table: str) -> None:
    """Control: the rows of which the tests below change one value are valid."""
    with engine.begin() as connection:
        _insert_parents(connection, table)
        _insert(connection, table, {})


@pytest.mark.parametrize(
    ("constraint", "changes"),
    VIOLATIONS,
    ids=[f"{name}-{str(changes)[:28]}" for name, changes in VIOLATIONS],
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
    ("constraint", "changes"), DUPLICATES, ids=[name for name, _ in DUPLICATES]
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


def test_many_rows_may_have_no_key_no_checkout_and_no_payment(engine: Engine) -> None:
    """Only values that are there have to differ; another buyer may use the same key."""
    nothing = dict.fromkeys(
        (*CHECKOUT, "idempotency_key", "idempotency_fingerprint", "next_try_at", "payment_id")
    )
    with engine.begin() as connection:
        _insert(connection, "events", {})
        _insert(connection, "tickets", {})
        _insert(connection, "tickets", SECOND_TICKET | {"buyer": "43", "idempotency_key": "once"})
        for n in (3, 4):
            names = {"ticket_id": n, "ticket_code": UUID(int=n, version=4).hex}
            _insert(connection, "tickets", {**nothing, **names, "status": "issued"})


@pytest.mark.parametrize(("table", "column"), [("tickets", "disputed"), ("admissions", "offline")])
def test_yes_or_no_is_nothing_else(engine: Engine, table: str, column: str) -> None:
    """PostgreSQL has a type for this; SQLite needs the check."""
    with engine.begin() as connection:
        _insert(connection, "events", {})
    with pytest.raises(DBAPIError), engine.begin() as connection:
        _insert(connection, table, {column: 2})


@pytest.mark.parametrize("row", [1, 2])
def test_there_is_one_installation(engine: Engine, row: int) -> None:
    """A database cannot become two installations."""
    second = """
        INSERT INTO installation (only_row, installation_id)
        SELECT :row, installation_id FROM installation
    """
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text(second), {"row": row})


def test_an_installation_begins_with_the_first_epoch(engine: Engine) -> None:
    """No epoch is below it."""
    with engine.begin() as connection:
        assert connection.execute(text("SELECT epoch FROM installation")).scalar_one() == 1
    with pytest.raises(IntegrityError, match="epoch_positive"), engine.begin() as connection:
        connection.execute(text("UPDATE installation SET epoch = 0"))


def test_ids_are_not_given_again(engine: Engine) -> None:
    """Not even after the newest row is deleted, by a plain insert."""
    with engine.begin() as connection:
        _insert(connection, "events", {})
        ids = []
        for _ in range(2):
            row = {name: value for name, value in TICKET.items() if name != "ticket_id"}
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
    violated = {name for name, _ in (*VIOLATIONS, *DUPLICATES)} | ELSEWHERE
    assert declared == violated
