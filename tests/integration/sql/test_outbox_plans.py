"""Among a hundred thousand messages, each step of the outbox finds its own by an index."""

import re
from collections.abc import Callable, Mapping, Sequence

import pytest
from sqlalchemy import Engine, select, text

from tests.integration.sql.plans import READS_ALL, plan, queries
from tests.support.many_tickets import FIRST, LAST, store_many
from ticketing_adapters.sql import SqlOutbox, engine_for, migrate
from ticketing_adapters.sql.outbox_tables import outbox
from ticketing_core.message import MessageKind
from ticketing_core.subscription import Subscription

TICKETS = 25_000
LIMIT = 90

# Two versions of each ticket, for two subscribers. A third waits, a few were abandoned.
MESSAGES = """
    INSERT INTO outbox (subscription_id, subject, epoch, version, kind, at, data, waiting_since,
        next_try_at, tries, delivered_at, abandoned_at)
    SELECT subscription_id, 'ticket_' || ticket_id, 1, nth, 'ticket.issued', created_at, '{}',
        created_at, created_at, 0,
        CASE WHEN ticket_id % 3 > 0 AND ticket_id % 499 > 0 THEN created_at END,
        CASE WHEN ticket_id % 499 = 0 THEN created_at END
    FROM tickets, (SELECT 1 AS nth UNION SELECT 2) AS versions, subscriptions
"""


def _claim_one(store: SqlOutbox) -> None:
    claimed = store.claim("one", now=LAST, limit=LIMIT)
    assert len(claimed) > 1
    store.put_off(claimed[:-1], until=LAST)
    store.delivered(claimed[-1:], at=LAST)


def _replay(store: SqlOutbox) -> None:
    after = "ticket 12000"
    assert store.replay("events", since=FIRST, now=LAST, after=after, limit=LIMIT) is not None


QUERIES: Mapping[str, tuple[Callable[[SqlOutbox], object], Sequence[str]]] = {
    "claim": (_claim_one, ["ix_outbox_due", "pk_outbox|sqlite_autoindex_outbox"]),
    "replay": (_replay, [r"pk_tickets|PRIMARY KEY \(rowid>\?\)"]),
    "abandoned": (lambda store: store.abandoned("one", limit=9), ["ix_outbox_abandoned"]),
    "waiting": (lambda store: store.waiting(), ["ix_outbox_waiting"]),
    "prune": (
        lambda store: store.prune(delivered_before=FIRST, made_before=FIRST, limit=LIMIT),
        ["ix_outbox_delivered", "ix_outbox_abandoned", "ix_outbox_waiting", "[Tt]id Scan|rowid"],
    ),
}


@pytest.fixture(scope="module")
def large(shared_engine: Engine) -> Engine:
    """The engine of a database with many messages."""
    store = SqlOutbox(shared_engine)
    for name in ("one", "two"):
        store.add(Subscription(name=name))
    store_many(shared_engine.url, count=TICKETS, every=20, then=[MESSAGES])
    store.add(Subscription(name="events", kinds=frozenset({MessageKind.EVENT_ADDED})))
    store.change("two", lambda old: old.disabled(at=LAST))
    return shared_engine


@pytest.mark.parametrize("step", QUERIES)
def test_a_step_reads_what_it_is_about(large: Engine, step: str) -> None:
    """By the index that was made for it, also as a prepared statement."""
    call, indexes = QUERIES[step]
    store = SqlOutbox(large)
    plans = "\n".join(plan(large, *each) for each in queries(large, lambda: call(store)))
    # The other tables have few rows.
    reads_all = READS_ALL.replace("Scan", "Scan on (outbox|tickets|ticket_history)")
    assert not re.search(reads_all, plans), plans
    for index in indexes:
        assert re.search(index, plans), plans


def test_a_backlog_is_not_read_by_each_step(postgres_url: str) -> None:
    """PostgreSQL counts rows now and then only, so it may believe that hardly anything waits."""
    engine = engine_for(postgres_url)
    migrate(engine)
    store = SqlOutbox(engine)
    store.add(Subscription(name="one"))
    taken = "UPDATE outbox SET delivered_at = at, abandoned_at = NULL"
    store_many(postgres_url, count=1000, every=20, then=[MESSAGES, taken])
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET delivered_at = NULL"))
    plans = "\n".join(plan(engine, *each) for each in queries(engine, lambda: _claim_one(store)))
    engine.dispose()
    assert "pk_outbox" in plans
    assert "ix_outbox_waiting" not in plans, plans


def test_control_a_query_without_an_index_reads_all_messages(large: Engine) -> None:
    """Control: a condition that no index serves is seen in the plan."""

    def look() -> None:
        with large.connect() as connection:
            connection.execute(select(outbox.c.version).where(outbox.c.tries == 7))

    ((statement, parameters),) = queries(large, look)
    assert re.search(READS_ALL, plan(large, statement, parameters))
