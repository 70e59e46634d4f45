"""Among a hundred thousand tickets, what is due and what is new is found by an index."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import (
    ColumnElement,
    Engine,
    Select,
    insert,
    literal,
    literal_column,
    null,
    select,
    text,
)

from tests.integration.sql.plans import READS_ALL, plan, queries
from tests.support.many_tickets import CANCELLED, FIRST, LAST, OTHER, store_many
from ticketing_adapters.sql import SqlFigures, SqlTickets
from ticketing_adapters.sql.buyers import kept_by_buyers
from ticketing_adapters.sql.declarations import Instant
from ticketing_adapters.sql.tables import tickets
from ticketing_core.query import TicketQuery
from ticketing_core.schedule import DueLook

TICKETS = 100_000
EVERY = 20
LIMIT = 90

NOTED = "UPDATE tickets SET look_at = created_at WHERE ticket_id % 97 = 0"
OF_ONE_BUYER = (
    r"ix_tickets_kept_by_buyer (\(event_id=\? AND buyer=\?\)"
    r"|on tickets.*\s+Index Cond: .*event_id.* AND .*buyer)"
    # SQLite takes the one for searches, too: by each of the few statuses.
    r"|ix_tickets_of_event_by_buyer \(event_id=\? AND status=\? AND buyer=\?\)"
)
"""Without the tickets that were given up, and not by the event alone, which may have sold many."""

BY_ID = r"pk_tickets|PRIMARY KEY \(rowid=\?\)"


def _clear_one_look(store: SqlTickets) -> None:
    ticket = store.by_id(7)
    assert ticket is not None
    store.clear_look(DueLook(ticket=ticket, look_at=FIRST))


def _kept_by_buyers(store: SqlTickets) -> None:
    with store._engine.connect() as connection:  # noqa: SLF001 - a part of `hold`, which writes
        kept_by_buyers(connection, [(OTHER, "buyer-1"), (OTHER, "buyer-3"), (CANCELLED, "buyer-0")])


QUERIES: Mapping[str, tuple[Callable[[SqlTickets], object], Sequence[str]]] = {
    "claim_due": (
        lambda store: store.claim_due(now=LAST, limit=LIMIT),
        ["ix_tickets_places_due", "ix_tickets_refunds_due", BY_ID],
    ),
    "claim_looks": (
        lambda store: store.claim_looks(now=LAST, limit=LIMIT),
        ["ix_tickets_look_at", BY_ID],
    ),
    "next_due": (
        lambda store: store.next_due(),
        ["ix_tickets_places_due", "ix_tickets_refunds_due", "ix_tickets_look_at"],
    ),
    "look_again": (lambda store: store.look_again([7, 9], at=LAST), [BY_ID]),
    "clear_look": (_clear_one_look, [BY_ID]),
    "newest_checkout": (lambda store: store.newest_checkout(), ["ix_tickets_with_checkout"]),
    "owing": (lambda store: store.owing(after=7, limit=LIMIT), ["ix_tickets_refunds_due"]),
    "made_since": (
        lambda store: store.made_since(LAST - timedelta(hours=26), after=0, limit=LIMIT),
        ["ix_tickets_created_at", r"pk_tickets|PRIMARY KEY \(rowid>\?\)"],
    ),
    "places_are_due": (
        lambda store: store.places_are_due(event_id=OTHER, now=LAST),
        ["ix_tickets_places_due"],
    ),
    "hold": (_kept_by_buyers, [OF_ONE_BUYER]),
    "paying": (
        lambda store: store.paying(buyer="buyer-1", event_id=OTHER),
        [OF_ONE_BUYER],
    ),
    "by_key": (lambda store: store.by_key("42", "key"), ["uq_tickets_buyer_idempotency_key"]),
    "report": (
        lambda store: store.report(since=FIRST, until=FIRST + timedelta(days=1), event_id=OTHER),
        ["ix_tickets_created_at"],
    ),
    "find a buyer's": (
        lambda store: store.find(TicketQuery(buyer="buyer-7"), before=None, limit=LIMIT),
        ["ix_tickets_buyer_ticket_id"],
    ),
    "find by checkout": (
        lambda store: store.find(TicketQuery(checkout_id="co_9"), before=None, limit=LIMIT),
        ["uq_tickets_checkout_id|sqlite_autoindex_tickets"],
    ),
    "find by payment": (
        lambda store: store.find(TicketQuery(payment_id="pay_9"), before=None, limit=LIMIT),
        ["uq_tickets_payment_id"],
    ),
    "by_payment": (lambda store: store.by_payment("pay_9"), ["uq_tickets_payment_id"]),
}


@pytest.fixture(scope="module")
def large(shared_engine: Engine) -> Engine:
    """The engine of a database with many tickets."""
    newer = insert(tickets).from_select([*tickets.c], _newer_free_tickets(shared_engine))
    store_many(shared_engine.url, count=TICKETS, every=EVERY, then=[newer, NOTED])
    return shared_engine


def _newer_free_tickets(engine: Engine) -> Select[*tuple[Any, ...]]:
    """Return a query for as many tickets without a checkout, all newer."""
    values: dict[str, ColumnElement[Any]] = {
        column.name: null() if column.nullable else column for column in tickets.c
    }
    code = "lower(hex(randomblob(16)))" if engine.dialect.name == "sqlite" else "gen_random_uuid()"
    values["ticket_id"] += TICKETS
    values["ticket_code"] = literal_column(code)
    values["status"] = literal("issued")
    values["created_at"] = literal(LAST, Instant)
    return select(*values.values())


@pytest.mark.parametrize("query", QUERIES)
def test_no_query_reads_all_tickets(large: Engine, query: str) -> None:
    """Each statement uses the index that was made for it, also as a prepared statement."""
    call, indexes = QUERIES[query]
    plans = [plan(large, *each) for each in queries(large, lambda: call(SqlTickets(large)))]
    for found in plans:
        assert re.search("|".join(indexes), found), found
        assert not re.search(READS_ALL, found), found
    for index in indexes:
        assert any(re.search(index, found) for found in plans)


def test_figures_read_few_tickets(large: Engine) -> None:
    """By the small indexes of what waits, and by the ids of the newest orders."""
    plans = []
    for statement, parameters in queries(large, lambda: SqlFigures(large).read(LAST)):
        if large.dialect.name == "sqlite":
            plans.append(plan(large, statement, parameters))
        else:
            with large.connect() as connection:
                rows = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
                plans.append("\n".join(row[0] for row in rows))
    # The other tables are small. SQLite also calls it a scan to take the newest ids up to a limit.
    scans = [
        each for each in plans if re.search(READS_ALL.replace("Scan", "Scan on tickets"), each)
    ]
    assert len(scans) == (large.dialect.name == "sqlite")
    for index in ("ix_tickets_places_due", "ix_tickets_refunds_due", "ix_tickets_look_at"):
        assert any(index in found for found in plans), index


def test_the_plan_of_a_query_without_an_index_reads_all_tickets(large: Engine) -> None:
    """Control: a condition that no index serves is seen in the plan."""

    def look() -> None:
        with large.connect() as connection:
            connection.execute(select(tickets.c.ticket_id).where(tickets.c.quantity == 2))

    ((statement, parameters),) = queries(large, look)
    assert re.search(READS_ALL, plan(large, statement, parameters))


def test_five_thousand_owed_refunds_do_not_hold_back_the_places_of_another_event(
    large: Engine,
) -> None:
    """All of the refunds wait for longer than the places. Control: one queue by time."""
    due = "UPDATE tickets SET tries = 0, next_try_at = :at WHERE status = :status"
    with large.begin() as connection:
        for status, at in (("refunding", FIRST), ("paying", LAST)):
            connection.execute(
                text(due), {"status": status, "at": at.replace(tzinfo=None).isoformat(" ")}
            )
        waiting = select(tickets.c.event_id).where(tickets.c.next_try_at.is_not(None))
        one_queue = waiting.order_by(tickets.c.next_try_at).limit(TICKETS // EVERY)
        assert set(connection.execute(one_queue).scalars()) == {CANCELLED}
    claimed = [SqlTickets(large).claim_due(now=LAST, limit=LIMIT) for _ in range(3)]
    for batch in claimed:
        assert [ticket.event_id for ticket in batch] == [OTHER] * 60 + [CANCELLED] * 30
    assert len({ticket.ticket_id for batch in claimed for ticket in batch}) == 3 * LIMIT
