"""Among a hundred thousand tickets, a list of one event reads no more rows than its page needs."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, select

from tests.integration.sql.plans import READS_ALL, plan, queries
from tests.support.many_tickets import CANCELLED, OTHER, store_many
from ticketing_adapters.sql import SqlAdmissions, SqlEvents, SqlTickets
from ticketing_adapters.sql.tables import tickets
from ticketing_core import EventRecords
from ticketing_core.query import TicketQuery
from ticketing_core.testing import ManualClock
from ticketing_core.ticket import TicketStatus

TICKETS = 100_000
LIMIT = 50
MOST_ROWS = 2 * LIMIT + 2 * len(TicketStatus)
"""A page's ids, its tickets, and one row more of each status."""

CROWD = "UPDATE tickets SET buyer = 'crowd-' || ticket_id WHERE event_id = 2 AND ticket_id % 2 = 0"
DISPUTES = "UPDATE tickets SET disputed = true WHERE event_id = 2 AND ticket_id % 997 = 0"

OF_EVENT = r"ix_tickets_of_event\b"
BY_BUYER = r"ix_tickets_of_event_by_buyer"
BY_TICKET = r"pk_ticket_history|sqlite_autoindex_ticket_history"


def newest(event_id: int, status: TicketStatus | None = None, before: int | None = None) -> Any:
    """Return a look at the newest tickets of an event."""
    query = TicketQuery(event_id=event_id, status=status)
    return lambda store: store.find(query, before=before, limit=LIMIT)


def of_buyers(event_id: int, prefix: str, **changes: Any) -> Any:
    """Return a search for buyers of an event."""
    given = {"status": None, "after": None} | changes
    return lambda store: store.of_buyers(event_id, prefix=prefix, limit=LIMIT, **given)


LISTS: Mapping[str, tuple[Callable[[SqlTickets], Sequence[Any]], str, int]] = {
    "newest": (newest(OTHER), OF_EVENT, LIMIT),
    "newest, in the middle": (newest(OTHER, before=TICKETS // 2), OF_EVENT, LIMIT),
    "of few": (newest(CANCELLED), OF_EVENT, LIMIT),
    "issued": (newest(OTHER, TicketStatus.ISSUED), OF_EVENT, LIMIT),
    "a status nobody has": (newest(OTHER, TicketStatus.CANCELLED), OF_EVENT, 0),
    "a status only others have": (newest(CANCELLED, TicketStatus.ISSUED), OF_EVENT, 0),
    "buyers": (of_buyers(OTHER, "crowd-"), BY_BUYER, LIMIT),
    "buyers, in the middle": (of_buyers(OTHER, "crowd-", after=("crowd-5", 7)), BY_BUYER, LIMIT),
    "buyers that only others have": (of_buyers(CANCELLED, "crowd-"), BY_BUYER, 0),
    "buyers that nobody has": (of_buyers(OTHER, "x"), BY_BUYER, 0),
    "buyers with a status nobody has": (
        of_buyers(OTHER, "buyer-", status=TicketStatus.REFUNDED), BY_BUYER, 0,
    ),
    "paying buyers": (of_buyers(OTHER, "crowd-", status=TicketStatus.PAYING), BY_BUYER, LIMIT),
    "owing": (lambda store: store.owing_of(CANCELLED, after=7, limit=LIMIT), OF_EVENT, LIMIT),
    "nobody owes": (lambda store: store.owing_of(OTHER, after=0, limit=LIMIT), OF_EVENT, 0),
    "disputed": (
        lambda store: store.disputed(OTHER, after=7, limit=LIMIT), "ix_tickets_disputed", LIMIT,
    ),
}  # fmt: skip


COUNTS_ROWS = pytest.mark.parametrize("shared_engine", ["postgres"], indirect=True)
"""SQLite does not say how many it reads."""


@pytest.fixture(scope="module")
def large(shared_engine: Engine) -> Engine:
    """The engine of a database with many tickets."""
    store_many(shared_engine.url, count=TICKETS, every=20, then=(CROWD, DISPUTES))
    return shared_engine


@pytest.mark.parametrize("name", LISTS)
def test_a_list_goes_by_its_index(large: Engine, name: str) -> None:
    """Also as a prepared statement, and where there is little or nothing to find."""
    call, index, found = LISTS[name]
    assert len(call(SqlTickets(large))) == found
    plans = [plan(large, *each) for each in queries(large, lambda: call(SqlTickets(large)))]
    assert not any(re.search(READS_ALL, each) for each in plans), plans
    assert re.search(index, plans[0]), plans[0]


def test_a_page_of_disputes_takes_four_queries(large: Engine) -> None:
    """However many it has: the event, the tickets, their histories, their scans."""
    records = EventRecords(
        events=SqlEvents(large),
        tickets=SqlTickets(large),
        admissions=SqlAdmissions(large),
        clock=ManualClock(),
    )
    for limit in (1, LIMIT):
        ran = queries(large, partial(records.disputes, OTHER, limit=limit))
        assert len(ran) == 4
        [histories] = [each for each in ran if "FROM ticket_history" in each[0]]
        assert re.search(BY_TICKET, plan(large, *histories))
    page = records.disputes(OTHER, limit=LIMIT)
    assert [len(each.history) for each in page.stories] == [3] * LIMIT


@COUNTS_ROWS
@pytest.mark.parametrize("name", LISTS)
def test_a_list_reads_what_its_page_needs(large: Engine, name: str) -> None:
    """PostgreSQL counts the rows."""
    call, _, _ = LISTS[name]
    assert rows_read(large, lambda: call(SqlTickets(large))) <= MOST_ROWS


@COUNTS_ROWS
def test_control_a_search_by_id_reads_whom_it_does_not_find(large: Engine) -> None:
    """Control: the rows of a query that goes through all tickets are counted."""

    def look() -> None:
        with large.connect() as connection:
            found = select(tickets).where(tickets.c.event_id + 0 == OTHER)
            connection.execute(found.where(tickets.c.quantity == 9).limit(LIMIT)).all()

    assert rows_read(large, look) > MOST_ROWS


@COUNTS_ROWS
@pytest.mark.parametrize("step", [1_000, TICKETS])
def test_sums_read_the_tickets_of_their_step(large: Engine, step: int) -> None:
    """Not those of other events, whatever their ids are."""

    def add_up() -> None:
        SqlTickets(large).sums_of(CANCELLED, after=0, limit=step)

    few = min(step, TICKETS // 20)
    # Each once for where the step ends, and for its sums once in the index and once in the table.
    assert few <= rows_read(large, add_up) <= 3 * (few + len(TicketStatus))


def rows_read(engine: Engine, call: Callable[[], object]) -> int:
    """Return how many rows the queries of a call read from tables and indexes."""
    read = 0
    for statement, parameters in queries(engine, call):
        with engine.connect() as connection:
            explained = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
            (found,) = connection.exec_driver_sql(explained, parameters).scalar_one()
            read += _rows(found["Plan"])
    return read


def _rows(node: Mapping[str, Any]) -> int:
    below = sum(_rows(each) for each in node.get("Plans", ()))
    if "Relation Name" not in node:
        return below
    removed = sum(node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck"))
    read: float = (node["Actual Rows"] + removed) * node["Actual Loops"]
    return below + round(read)
