"""Worlds of the simulator over an SQL database, whose store can go back to a backup."""

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection, Engine, delete, insert, select, text, update

from ticketing_adapters.sql import (
    SqlAdmissions,
    SqlEvents,
    SqlInstallation,
    SqlOutbox,
    SqlStrays,
    SqlTickets,
)
from ticketing_adapters.sql.engine import is_postgresql
from ticketing_adapters.sql.gate_table import admissions
from ticketing_adapters.sql.installation_tables import installation, strays
from ticketing_adapters.sql.outbox_tables import outbox, subscriptions
from ticketing_adapters.sql.tables import event_history, events, ticket_history, tickets
from ticketing_core import BoxOffice
from ticketing_core.testing.simulation import World

EMPTIED = (
    *(events, event_history, tickets, ticket_history, admissions, strays),
    *(subscriptions, outbox),
)
TABLES = (*EMPTIED, installation)
SEQUENCES = tuple(
    f"{table}_{name}_id_seq"
    for table, name in (
        ("events", "event"),
        ("tickets", "ticket"),
        ("subscriptions", "subscription"),
    )
)


def sql_world(engine: Engine, *, office: Callable[..., BoxOffice] = BoxOffice) -> World:
    """Return a world over the database, after emptying it."""
    with engine.begin() as connection:
        for table in reversed(EMPTIED):
            connection.execute(delete(table))
        connection.execute(update(installation).values(news_position=None, restoring_since=None))
    return World(
        events=SqlEvents(engine),
        tickets=SqlTickets(engine),
        admissions=SqlAdmissions(engine),
        installation=SqlInstallation(engine),
        strays=SqlStrays(engine),
        outbox=SqlOutbox(engine),
        back_up=partial(back_up, engine),
        office=office,
    )


def back_up(engine: Engine) -> Callable[[], None]:
    """Dump all rows and the last ids that were given; see `World.back_up`."""
    with engine.begin() as connection:
        rows = {
            table: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in TABLES
        }
        given = _last_given(connection)

    def put_back() -> None:
        with engine.begin() as connection:
            for table in reversed(TABLES):
                connection.execute(delete(table))
            for table in TABLES:
                if rows[table]:
                    connection.execute(insert(table), rows[table])
            _give_next(connection, given)

    return put_back


def _last_given(connection: Connection) -> list[dict[str, object]]:
    if is_postgresql(connection):
        queries = [
            text(f"SELECT '{name}' AS name, last_value AS seq, is_called FROM {name}")  # noqa: S608 - constants
            for name in SEQUENCES
        ]
    else:
        queries = [text("SELECT name, seq FROM sqlite_sequence")]
    return [dict(row) for query in queries for row in connection.execute(query).mappings()]


def _give_next(connection: Connection, given: list[dict[str, object]]) -> None:
    set_value = text("SELECT setval(CAST(:name AS regclass), :seq, :is_called)")
    if not is_postgresql(connection):
        connection.execute(text("DELETE FROM sqlite_sequence"))
        set_value = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)")
    for each in given:
        connection.execute(set_value, each)
