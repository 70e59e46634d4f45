"""The writes of holds, changes and scans: all rows of a transaction at once.

Other transactions wait for the event's row meanwhile. So PostgreSQL gets all rows as JSON in one
round trip, by a statement that is the same for any number of rows. SQLite runs in this process and
gets a statement for each table.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from attrs import asdict, frozen
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Connection,
    Insert,
    Integer,
    Text,
    Update,
    bindparam,
    column,
    func,
    insert,
    literal,
    literal_column,
    select,
    table,
    update,
)

from ticketing_adapters.sql.engine import is_postgresql
from ticketing_adapters.sql.gate_table import admissions
from ticketing_adapters.sql.json_rows import as_text, records
from ticketing_adapters.sql.outbox_writes import WRITE_EACH_MESSAGE, WRITE_MESSAGES, messages_of
from ticketing_adapters.sql.rows import storable, ticket_values
from ticketing_adapters.sql.sqlite_statements import DirectStatement
from ticketing_adapters.sql.tables import events, ticket_history, tickets
from ticketing_core.scan import StoredScan
from ticketing_core.ticket import Ticket

# All but `look_at`, which a change of the ticket leaves as it is.
_COLUMNS: Final = [each for each in tickets.c if each is not tickets.c.look_at]
_CHANGEABLE: Final = [each for each in _COLUMNS if each is not tickets.c.ticket_id]

RESERVED: Final = "reserved"
BUYER: Final = "buyer"


@frozen(kw_only=True)
class Change:
    """The arguments of `TicketRepository.replace`."""

    old: Ticket
    new: Ticket
    at: datetime
    why: str
    by: str

    @property
    def freed(self) -> int:
        """The places that it gives back; negative where it takes some."""
        return self.old.places - self.new.places


def write_new(connection: Connection, new: Sequence[Ticket], *, taken: Mapping[int, int]) -> None:
    """Store new tickets, the first line of their history, their messages and places.

    Args:
        connection: In the transaction that decided on them and has locked their events.
        new: The tickets, with their ids.
        taken: Places by event.
    """
    # All steps write in one order. Otherwise two steps with the same two idempotency keys at two
    # events could wait for each other at the unique index.
    rows = [_row(ticket) for ticket in sorted(new, key=_by_key)]
    messages = messages_of((None, ticket, ticket.created_at) for ticket in new)
    if is_postgresql(connection):
        written = as_text(rows=rows, counts=_counts(taken), messages=messages)
        connection.execute(_WRITE_NEW, written)
        return
    _ADD.write(connection, rows)
    history = [_entry(each, at=each.created_at, why=RESERVED, by=BUYER) for each in new]
    _NOTE.write(connection, history)
    _COUNT_PLACES.write(connection, _counts(taken))
    _TELL.write(connection, messages)


def write_changes(
    connection: Connection, changes: Sequence[Change], *, taken: Mapping[int, int]
) -> None:
    """Store changed tickets, their history, their messages and the places they take.

    Args:
        connection: In the transaction that decided on them and has locked their rows.
        changes: At most one of each ticket.
        taken: Places by event; negative where places are given back.
    """
    written = _changed(changes, taken=taken)
    if is_postgresql(connection):
        connection.execute(_WRITE_CHANGES, as_text(**written))
    else:
        _write_changes_on_sqlite(connection, **written)


def write_scans(
    connection: Connection,
    scans: Sequence[tuple[int, StoredScan]],
    changes: Sequence[Change],
    *,
    taken: Mapping[int, int],
) -> None:
    """Store scans, and what they changed as `write_changes` does.

    Args:
        connection: In the transaction that decided on them and has locked their tickets.
        scans: At least one, each with which one it is of the rows of its scan.
        changes: At most one of each ticket.
        taken: Places by event.
    """
    rows = [{"nth": nth, **asdict(scan)} for nth, scan in scans]
    written = _changed(changes, taken=taken)
    if is_postgresql(connection):
        connection.execute(_WRITE_SCANS, as_text(scans=rows, **written))
        return
    _write_changes_on_sqlite(connection, **written)
    connection.execute(insert(admissions), rows)


def _changed(
    changes: Sequence[Change], *, taken: Mapping[int, int]
) -> dict[str, list[dict[str, Any]]]:
    return {
        "rows": [_row(change.new) for change in changes],
        "history": [
            _entry(each.new, at=each.at, why=storable(each.why), by=each.by) for each in changes
        ],
        "counts": _counts(taken),
        "messages": messages_of((each.old, each.new, each.at) for each in changes),
    }


def _by_key(ticket: Ticket) -> tuple[str, str]:
    return ticket.buyer, "" if ticket.key is None else ticket.key.value


def _row(ticket: Ticket) -> dict[str, Any]:
    return {"ticket_id": ticket.ticket_id, **ticket_values(ticket)}


def _entry(ticket: Ticket, *, at: datetime, why: str, by: str) -> dict[str, Any]:
    return {
        "ticket_id": ticket.ticket_id,
        "version": ticket.version,
        "status": ticket.status.value,
        "at": at,
        "why": why,
        "by": by,
    }


def _counts(taken: Mapping[int, int]) -> list[dict[str, int]]:
    return [{"counted": event_id, "taken": places} for event_id, places in taken.items() if places]


# --- SQLite: a statement for each table, executed for each row ----------------------------------

LARGEST_TICKET_ID: Final = (
    select(column("seq", BigInteger))
    .select_from(table("sqlite_sequence"))
    .where(column("name", Text) == literal_column(f"'{tickets.name}'"))
    .scalar_subquery()
)
"""The largest id that SQLite ever gave (sqlite.org/autoinc.html). No other transaction writes
meanwhile."""

_ADD: Final = DirectStatement(insert(tickets), columns=[each.name for each in _COLUMNS])
_NOTE: Final = DirectStatement(insert(ticket_history))
_TELL: Final = DirectStatement(WRITE_EACH_MESSAGE)
_COUNT_PLACES: Final = DirectStatement(
    update(events)
    .where(events.c.event_id == bindparam("counted"))
    .values(kept=events.c.kept + bindparam("taken"))
)
_SWAP: Final = DirectStatement(
    update(tickets)
    .where(tickets.c.ticket_id == bindparam("new_ticket_id"))
    .values({each.name: bindparam(f"new_{each.name}", type_=each.type) for each in _CHANGEABLE})
)


def _write_changes_on_sqlite(
    connection: Connection,
    *,
    rows: Sequence[Mapping[str, Any]],
    history: Sequence[Mapping[str, Any]],
    counts: Sequence[Mapping[str, Any]],
    messages: Sequence[Mapping[str, Any]],
) -> None:
    _SWAP.write(connection, [{f"new_{name}": row[name] for name in row} for row in rows])
    _NOTE.write(connection, history)
    _COUNT_PLACES.write(connection, counts)
    _TELL.write(connection, messages)


# --- PostgreSQL: one statement for all rows of all tables ---------------------------------------

_SEQUENCE: Final = select(
    func.pg_get_serial_sequence(tickets.name, tickets.c.ticket_id.name)
).scalar_subquery()
NEXT_TICKET_IDS: Final = (
    select(func.array_agg(func.nextval(_SEQUENCE), type_=ARRAY(BigInteger)))
    .select_from(func.generate_series(1, bindparam("count", type_=Integer)))
    .scalar_subquery()
)
"""``count`` new ids. An id that is not used is never given again."""


FIRST_ENTRY: Final = (
    tickets.c.ticket_id,
    tickets.c.version,
    tickets.c.status,
    tickets.c.created_at,
)
FIRST_REASON: Final = (literal(RESERVED, Text), literal(BUYER, Text))
"""The first line of a ticket's history: from the ticket itself, then the reason and the author."""

_ROWS: Final = records("rows", _COLUMNS)
_HISTORY: Final = records("history", ticket_history.c)
_SCAN_COLUMNS: Final = [each for each in admissions.c if each is not admissions.c.number]
_SCANS: Final = records("scans", _SCAN_COLUMNS)
_COUNTS: Final = records("counts", [Column("counted", BigInteger), Column("taken", BigInteger)])


def _count_places() -> Update:
    return (
        update(events)
        .where(events.c.event_id == _COUNTS.c.counted)
        .values(kept=events.c.kept + _COUNTS.c.taken)
    )


def _write_new() -> Insert:
    rows = insert(tickets).from_select(_COLUMNS, select(*_ROWS.c))
    written = rows.returning(*FIRST_ENTRY).cte("written")
    entries = select(*written.c, *FIRST_REASON)
    return (
        insert(ticket_history)
        .from_select(ticket_history.c.keys(), entries)
        .add_cte(_count_places().cte("counted"), WRITE_MESSAGES.cte("told"))
    )


def _write_changes() -> Insert:
    changed = {each: _ROWS.c[each.name] for each in _CHANGEABLE}
    rows = update(tickets).where(tickets.c.ticket_id == _ROWS.c.ticket_id).values(changed)
    return (
        insert(ticket_history)
        .from_select(ticket_history.c.keys(), select(*_HISTORY.c))
        .add_cte(rows.cte("written"), _count_places().cte("counted"), WRITE_MESSAGES.cte("told"))
    )


def _write_scans() -> Insert:
    rows = insert(admissions).from_select(_SCAN_COLUMNS, select(*_SCANS.c))
    return rows.add_cte(_write_changes().cte("changed"))


_WRITE_NEW: Final = _write_new()
_WRITE_CHANGES: Final = _write_changes()
_WRITE_SCANS: Final = _write_scans()
