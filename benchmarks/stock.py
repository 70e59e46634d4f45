"""Fills a database with paid tickets, and with unpaid ones whose time is over, by plain SQL."""

from attrs import frozen
from sqlalchemy import create_engine, text

TICKETS_A_BUYER = 5
"""As many in a small database as in a large one: a page of them is the same work."""

_EVENTS = text("""
    INSERT INTO events (name, price_minor, currency, capacity, kept, max_per_order)
    SELECT 'Concert', 2500, 'usd', 1000000, 0, 10 FROM generate_series(1, :events)
""")
_TICKETS = text("""
    INSERT INTO tickets (ticket_code, event_id, buyer, quantity, total_minor, currency, status,
        version, created_at, held_until, checkout_id, checkout_url, checkout_ends_at, admitted,
        refunded_minor, disputed, refund_attempt, next_try_at, tries)
    SELECT code, 1 + number % :events, 'buyer-' || number % :buyers, 1, 2500, 'usd', :status,
        :version, at, until, 'cs_test_' || replace(code::text, '-', ''),
        'http://127.0.0.1/pay/' || code, until, 0, 0, false, 0,
        CASE WHEN :due THEN until END, 0
    FROM (
        SELECT number, gen_random_uuid() AS code, now() - interval '1 day' AS at,
            now() - interval '23 hours' AS until
        FROM generate_series(0, :count - 1) AS number
    ) AS each
""")
_HISTORY = text("""
    INSERT INTO ticket_history (ticket_id, version, status, at, why, by)
    SELECT ticket_id, step.version, step.status, created_at, 'stored', 'benchmark'
    FROM tickets, (VALUES (1, 'reserved'), (2, 'paying'), (3, 'issued')) AS step (version, status)
    WHERE step.version <= tickets.version
""")
_KEPT = text("""
    UPDATE events SET kept = places FROM (
        SELECT event_id, SUM(quantity) AS places FROM tickets GROUP BY event_id) AS sums
    WHERE sums.event_id = events.event_id
""")
_SOME = text("""
    SELECT ticket_id, checkout_id, buyer, event_id FROM tickets
    WHERE ticket_id % :step = 0 AND status = 'issued' ORDER BY ticket_id LIMIT :count
""")


@frozen(kw_only=True)
class Stored:
    """A paid ticket that is there."""

    ticket_id: int
    checkout_id: str
    buyer: str
    event_id: int


def fill(database_url: str, *, tickets: int, events: int, due: int) -> None:
    """Store so many paid tickets in so many events of an empty database.

    Args:
        database_url: A PostgreSQL database of this version.
        tickets: How many are paid.
        events: How many there are.
        due: How many more tickets wait to be settled, since their checkouts have ended.
    """
    common = {"events": events, "buyers": max(tickets // TICKETS_A_BUYER, 1)}
    paid = {"count": tickets, "status": "issued", "version": 3, "due": False}
    unpaid = {"count": due, "status": "paying", "version": 2, "due": True}
    engine = create_engine(database_url)
    try:
        with engine.begin() as connection:
            connection.execute(_EVENTS, {"events": events})
            for kind in (paid, unpaid):
                connection.execute(_TICKETS, common | kind)
            connection.execute(_HISTORY)
            connection.execute(_KEPT)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # What follows such a load by itself, later: it is not to happen while one measures.
            connection.execute(text("VACUUM (ANALYZE)"))
            connection.execute(text("CHECKPOINT"))
    finally:
        engine.dispose()


def some(database_url: str, *, tickets: int, count: int) -> list[Stored]:
    """So many of the paid tickets, from all over the table."""
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            asked = {"step": max(tickets // count, 1), "count": count}
            return [Stored(**row) for row in connection.execute(_SOME, asked).mappings()]
    finally:
        engine.dispose()
