"""Many tickets, by plain SQL: sold over thirty days, with refunds and places that are due."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import URL, Executable, create_engine, text

FIRST = datetime(2030, 5, 2, 12, tzinfo=UTC)
"""When the first ticket was made."""

SOLD_IN = timedelta(days=30)
LAST = FIRST + SOLD_IN
CANCELLED, OTHER = 1, 2
"""The event whose refunds are owed, and the one whose unpaid places are due."""

_EVENTS = text("""
    INSERT INTO events (event_id, name, price_minor, currency, capacity, kept, max_per_order)
    VALUES (:event_id, 'Concert', 2500, 'usd', 10000000, 0, 10)
""")
_TICKETS = """
    INSERT INTO tickets (ticket_code, event_id, buyer, quantity, total_minor, currency, status,
        version, created_at, held_until, checkout_id, checkout_url, checkout_ends_at, admitted,
        refunded_minor, disputed, refund_attempt, next_try_at, tries, payment_id,
        charged_back_minor, owed_since, failed_refunds, refund_failures, paid_back_minor)
    WITH RECURSIVE numbers (n) AS (
        SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :count
    ), kinds AS (
        SELECT n, {made_at} AS made_at, CASE
            WHEN n % :every = 0 THEN 'refunding' WHEN n % :every = 1 THEN 'paying' ELSE 'issued'
        END AS status FROM numbers
    )
    SELECT {code}, CASE status WHEN 'refunding' THEN 1 ELSE 2 END, 'buyer-' || n % 2000, 1, 2500,
        'usd', status, 3, made_at, made_at, 'co_' || n, 'https://pay.example/' || n, made_at, 0,
        0, false, 0, CASE WHEN status <> 'issued' THEN made_at END, 0,
        CASE WHEN status <> 'paying' THEN 'pay_' || n END, 0,
        CASE WHEN status = 'refunding' THEN made_at END, 0, 0, 0
    FROM kinds
"""
_HISTORY = """
    INSERT INTO ticket_history (ticket_id, version, status, at, why, by)
    SELECT ticket_id, step.version, 'issued', created_at, 'stored', 'test'
    FROM tickets, (SELECT 1 AS version UNION SELECT 2 UNION SELECT 3) AS step
"""
_ON_SQLITE = {
    "code": "lower(hex(randomblob(16)))",
    "made_at": "strftime('%Y-%m-%d %H:%M:%f', :first, (n * :seconds) || ' seconds') || '000'",
}
_ON_POSTGRESQL = {
    "code": "gen_random_uuid()",
    "made_at": "CAST(:first AS timestamptz) + n * :seconds * interval '1 second'",
}


def store_many(
    url: str | URL, *, count: int, every: int, then: Sequence[str | Executable] = ()
) -> None:
    """Fill an empty database, and let it learn what is in it.

    Args:
        url: Of a database of version 0002.
        count: The number of tickets.
        every: Of so many tickets, one is owed a refund, and one is unpaid; both are due.
        then: Further statements that change what is stored.
    """
    # Without the time-outs of the product's engines.
    engine = create_engine(url)
    dialect = _ON_SQLITE if engine.dialect.name == "sqlite" else _ON_POSTGRESQL
    values = {"count": count, "every": every, "seconds": SOLD_IN.total_seconds() / count}
    with engine.begin() as connection:
        for event_id in (CANCELLED, OTHER):
            connection.execute(_EVENTS, {"event_id": event_id})
        connection.execute(
            text(_TICKETS.format(**dialect)), values | {"first": FIRST.isoformat(" ")}
        )
        for statement in (_HISTORY, *then, "ANALYZE"):
            connection.execute(text(statement) if isinstance(statement, str) else statement)
    engine.dispose()
