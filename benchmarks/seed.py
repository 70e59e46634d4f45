"""Fills a PostgreSQL database by plain SQL: with paid tickets, and unpaid ones that are due."""

from attrs import frozen
from sqlalchemy import Engine, text

_TICKETS_A_BUYER = 5
"""The same in a small and in a large database: a page of them is the same work."""

_EVENTS = text("""
    INSERT INTO events (name, price_minor, currency, capacity, kept, max_per_order)
    SELECT 'Concert', 2500, 'usd', 1000000, 0, 10 FROM generate_series(1, :events)
""")
_TICKETS = text("""
    INSERT INTO tickets (ticket_code, event_id, buyer, quantity, total_minor, currency, status,
        version, created_at, held_until, checkout_id, checkout_url, checkout_ends_at, admitted,
        refunded_minor, disputed, refund_attempt, next_try_at, tries, payment_id,
        charged_back_minor, failed_refunds, refund_failures, paid_back_minor)
    SELECT code, 1 + number % :events, 'buyer-' || number % :buyers, 1, 2500, 'usd', :status,
        :version, at, until, 'cs_test_' || replace(code::text, '-', ''),
        'http://127.0.0.1/pay/' || code, until, 0, 0, false, 0,
        CASE WHEN :due THEN until END, 0, CASE WHEN NOT :due THEN 'pi_test_' || number END,
        0, 0, 0, 0
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
_PAID = text("""
    SELECT ticket_id, checkout_id, buyer, event_id FROM tickets
    WHERE ticket_id % :step = 0 AND status = 'issued' ORDER BY ticket_id LIMIT :count
""")


@frozen(kw_only=True)
class PaidTicket:
    """A paid ticket in the database."""

    ticket_id: int
    checkout_id: str
    buyer: str
    event_id: int


def fill(engine: Engine, *, paid: int = 0, due: int = 0, events: int = 1) -> None:
    """Fill an empty database of this version.

    Args:
        engine: The database.
        paid: The number of paid tickets.
        due: The number of tickets that wait to be settled, as their checkouts have ended.
        events: The number of events that the tickets are for.
    """
    common = {"events": events, "buyers": max((paid + due) // _TICKETS_A_BUYER, 1)}
    kinds = (
        {"count": paid, "status": "issued", "version": 3, "due": False},
        {"count": due, "status": "paying", "version": 2, "due": True},
    )
    with engine.begin() as connection:
        connection.execute(_EVENTS, {"events": events})
        for kind in kinds:
            connection.execute(_TICKETS, common | kind)
        connection.execute(_HISTORY)
        connection.execute(_KEPT)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # These follow such a load sooner or later, and must not fall into a measurement.
        connection.execute(text("VACUUM (ANALYZE)"))
        connection.execute(text("CHECKPOINT"))


def paid_tickets(engine: Engine, *, of: int, count: int) -> list[PaidTicket]:
    """Return ``count`` of the ``of`` paid tickets, from all over the table."""
    chosen = {"step": max(of // count, 1), "count": count}
    with engine.connect() as connection:
        return [PaidTicket(**row) for row in connection.execute(_PAID, chosen).mappings()]
