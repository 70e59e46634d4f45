"""Among fifty thousand tickets of many events, a gate's queries read those of its event."""

import re
from collections.abc import Callable, Mapping, Sequence
from uuid import uuid4

import pytest
from sqlalchemy import Engine, select

from tests.integration.sql.plans import READS_ALL, plan, queries
from tests.support.many_tickets import store_many
from ticketing_adapters.sql import SqlAdmissions, SqlTickets
from ticketing_adapters.sql.gate_table import admissions
from ticketing_core.scan import Scan
from ticketing_core.testing.contracts.door import entry_of, scan_of, undo_of

TICKETS = 50_000

MORE_EVENTS = """
    INSERT INTO events (event_id, name, price_minor, currency, capacity, kept, max_per_order)
    WITH RECURSIVE numbers (n) AS (SELECT 3 UNION ALL SELECT n + 1 FROM numbers WHERE n < 50)
    SELECT n, 'Concert', 2500, 'usd', 10000, 0, 10 FROM numbers
"""
SPREAD = """
    UPDATE tickets SET event_id = 1 + ticket_id % 50,
        admitted = CASE WHEN status = 'issued' THEN 1 ELSE 0 END,
        excess = CASE WHEN ticket_id % 501 = 0 THEN 1 ELSE 0 END
"""
GIVE_UP = "UPDATE tickets SET status = 'expired', next_try_at = NULL WHERE status = 'paying'"
SCANS = """
    INSERT INTO admissions (scan_id, nth, kind, ticket_id, event_id, people, asked, outcome,
        inside_after, gate, "by", at, stored_at, offline)
    SELECT ticket_code, nth, kind, ticket_id, event_id,
        CASE kind WHEN 'let_in' THEN 1 ELSE 0 END, 1, kind, 1, 'North', 'alice',
        created_at, created_at, false
    FROM tickets, (
        SELECT 1 AS nth, 'let_in' AS kind UNION SELECT 2, 'refused' UNION SELECT 3, 'stray'
    ) AS kinds
    WHERE kind <> 'stray' OR ticket_id % 501 = 0
"""

BY_ID = r"pk_tickets|PRIMARY KEY \(rowid=\?\)"
BY_SCAN = "uq_admissions_scan_id_nth|sqlite_autoindex_admissions"
BY_TICKET = "ix_admissions_ticket_id_kind"
# SQLite takes the one for searches: by each of the few statuses.
KEPT = "ix_tickets_kept_by_buyer|ix_tickets_of_event_by_buyer \\(event_id=\\? AND status=\\?\\)"
GIVEN_UP = "ix_tickets_given_up|ix_tickets_of_event_by_buyer \\(event_id=\\? AND status=\\?\\)"

QUERIES: Mapping[str, tuple[Callable[[SqlAdmissions], object], Sequence[str]]] = {
    "of_ticket": (lambda store: store.of_ticket(7), [BY_TICKET]),
    "of_tickets": (lambda store: store.of_tickets(range(1, 100)), [BY_TICKET]),
    "inside": (lambda store: store.inside(7), [KEPT, "ix_tickets_over"]),
    "by_gate": (lambda store: store.by_gate(7), ["ix_admissions_by_gate"]),
    "with_excess": (lambda store: store.with_excess(7, after=9, limit=90), ["ix_tickets_over"]),
    "strays": (lambda store: store.strays(7), ["ix_admissions_strays"]),
    "gate_list": (
        lambda store: store.gate_list(7),
        [KEPT, GIVEN_UP],
    ),
}


@pytest.fixture(scope="module")
def large(shared_engine: Engine) -> Engine:
    """The engine of a database with many tickets and scans."""
    changes = (MORE_EVENTS, SPREAD, GIVE_UP, SCANS)
    store_many(shared_engine.url, count=TICKETS, every=20, then=changes)
    return shared_engine


def _plans(engine: Engine, call: Callable[[SqlAdmissions], object]) -> list[str]:
    store = SqlAdmissions(engine)
    return [plan(engine, *each) for each in queries(engine, lambda: call(store))]


@pytest.mark.parametrize("query", QUERIES)
def test_a_report_reads_what_is_of_its_event(large: Engine, query: str) -> None:
    """By the index that was made for it."""
    call, indexes = QUERIES[query]
    plans = "\n".join(_plans(large, call))
    assert not re.search(READS_ALL, plans), plans
    for index in indexes:
        assert re.search(index, plans), plans


STEPS: Sequence[Callable[[SqlAdmissions, Scan], object]] = [
    lambda store, scan: store.admit(scan),
    lambda store, scan: store.record(entry_of(scan)),
    lambda store, scan: store.take_back(undo_of(scan)),
]


@pytest.mark.parametrize("step", STEPS, ids=["admit", "record", "take_back"])
def test_a_step_reads_its_ticket(
    large: Engine, step: Callable[[SqlAdmissions, Scan], object]
) -> None:
    """And the scans of the ticket and of its own id, however many there are."""
    ticket = SqlTickets(large).by_id(7)
    assert ticket is not None
    scan = scan_of(ticket, scan_id=uuid4())
    plans = "\n".join(_plans(large, lambda store: step(store, scan)))
    # The events are few, and may be read as a whole.
    assert not re.search(READS_ALL.replace("Seq Scan", "Seq Scan on [^e]"), plans), plans
    for index in (BY_ID, BY_SCAN, BY_TICKET):
        assert re.search(index, plans), plans


def test_control_a_query_without_an_index_reads_all_scans(large: Engine) -> None:
    """Control: a condition that no index serves is seen in the plan."""

    def look(_: SqlAdmissions) -> None:
        with large.connect() as connection:
            connection.execute(select(admissions.c.people).where(admissions.c.gate == "South"))

    assert re.search(READS_ALL, _plans(large, look)[0])
