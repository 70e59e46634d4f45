"""Fills a PostgreSQL database by plain SQL: with tickets that are paid, unpaid, due or owed."""

from datetime import datetime, timedelta
from uuid import UUID

from attrs import frozen
from sqlalchemy import Engine, text

from benchmarks.slow_gateway import ANY_SESSION, PAID

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
        charged_back_minor, failed_refunds, refund_failures, paid_back_minor, owed_since)
    SELECT code, 1 + number % :events, 'buyer-' || number % :buyers, 1, 2500, 'usd', :status,
        :version, at, until, :prefix || replace(code::text, '-', ''),
        'http://127.0.0.1/pay/' || code, until, 0, 0, false, 0,
        CASE WHEN :waits THEN until END, 0,
        CASE WHEN :status <> 'paying' THEN 'pi_test_' || :status || number END,
        0, 0, 0, 0, CASE WHEN :status = 'refunding' THEN until END
    FROM (
        SELECT number, gen_random_uuid() AS code, now() + make_interval(hours => :ends_in) AS until,
            now() - interval '1 day' - CAST(:apart AS interval) * (:count - 1 - number) AS at
        FROM generate_series(0, :count - 1) AS number
    ) AS each
""")
_HISTORY = text("""
    INSERT INTO ticket_history (ticket_id, version, status, at, why, by)
    SELECT ticket_id, step.version, step.status, created_at, 'stored', 'benchmark'
    FROM tickets, (VALUES (1, 'reserved'), (2, 'paying'), (3, 'issued'), (4, 'refunding'))
        AS step (version, status)
    WHERE step.version <= tickets.version
""")
_KEPT = text("""
    UPDATE events SET kept = places FROM (
        SELECT event_id, SUM(quantity) AS places FROM tickets WHERE status <> 'refunding'
        GROUP BY event_id) AS sums
    WHERE sums.event_id = events.event_id
""")
_STORED = """
    SELECT ticket_id, ticket_code, checkout_id, COALESCE(payment_id, '') AS payment_id, buyer,
        event_id, created_at
    FROM tickets
"""
_PAID = text(f"""
    {_STORED} WHERE ticket_id % :step = 0 AND status = 'issued' ORDER BY ticket_id LIMIT :count
""")
_LATELY_PAID = text(f"""
    {_STORED} WHERE created_at >= :since AND status = 'issued' ORDER BY created_at
""")
_UNPAID = text(f"""
    {_STORED} WHERE status = 'paying' AND held_until > now() LIMIT :count
""")

AT_ONCE = timedelta(0)


@frozen(kw_only=True)
class StoredTicket:
    """A ticket in the database; without a payment, the id of that is empty."""

    ticket_id: int
    ticket_code: UUID
    checkout_id: str
    payment_id: str
    buyer: str
    event_id: int
    created_at: datetime


def fill(
    engine: Engine,
    *,
    paid: int = 0,
    due: int = 0,
    unpaid: int = 0,
    owed: int = 0,
    events: int = 1,
    sold_in: timedelta = AT_ONCE,
) -> None:
    """Fill an empty database of this version.

    Args:
        engine: The database.
        paid: The number of paid tickets.
        due: The number of tickets that wait to be settled, as their checkouts have ended.
        unpaid: The number of tickets whose checkouts have ended, but whose holds have not.
        owed: The number of owed refunds.
        events: The number of events that the tickets are for.
        sold_in: How long it took to sell the paid tickets, until yesterday.
    """
    common = {
        "events": events,
        "buyers": max((paid + due) // _TICKETS_A_BUYER, 1),
        "apart": sold_in / max(paid, 1),
    }
    kinds = (
        {"count": paid, "status": "issued", "version": 3, "ends_in": -23, "waits": False},
        {"count": due, "status": "paying", "version": 2, "ends_in": -23, "waits": True},
        {"count": unpaid, "status": "paying", "version": 2, "ends_in": 1, "waits": True},
        {"count": owed, "status": "refunding", "version": 4, "ends_in": -23, "waits": True},
    )
    with engine.begin() as connection:
        connection.execute(_EVENTS, {"events": events})
        for kind in kinds:
            prefix = ANY_SESSION + (PAID if kind["status"] == "refunding" else "")
            connection.execute(_TICKETS, common | kind | {"prefix": prefix})
        connection.execute(_HISTORY)
        connection.execute(_KEPT)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # These follow such a load sooner or later, and must not fall into a measurement.
        connection.execute(text("VACUUM (ANALYZE)"))
        connection.execute(text("CHECKPOINT"))


def paid_tickets(engine: Engine, *, of: int, count: int) -> list[StoredTicket]:
    """Return ``count`` of the ``of`` paid tickets, from all over the table."""
    chosen = {"step": max(of // count, 1), "count": count}
    with engine.connect() as connection:
        return [StoredTicket(**row) for row in connection.execute(_PAID, chosen).mappings()]


def lately_paid(engine: Engine, *, since: datetime) -> list[StoredTicket]:
    """Return the paid tickets that were sold since then, the oldest first."""
    with engine.connect() as connection:
        rows = connection.execute(_LATELY_PAID, {"since": since}).mappings()
        return [StoredTicket(**row) for row in rows]


def unpaid_tickets(engine: Engine, *, count: int) -> list[StoredTicket]:
    """Return ``count`` unpaid tickets whose holds have not ended."""
    with engine.connect() as connection:
        rows = connection.execute(_UNPAID, {"count": count}).mappings()
        return [StoredTicket(**row) for row in rows]
