"""Two steps that meet at the worst moment, in an order that the test fixes. PostgreSQL only.

SQLite lets one writer in at a time, so no other step can come in between.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.event import listen

from tests.integration.sql.interleaving import await_blocked_sessions, before
from tests.integration.sql.racing import count_places, stored_tickets
from ticketing_adapters.sql import (
    SqlAdmissions,
    SqlEvents,
    SqlLeases,
    SqlPublicKeys,
    SqlTickets,
    engine_for,
    installation_id,
    is_usable,
    migrate,
)
from ticketing_adapters.sql.writes import Change
from ticketing_core.changes import Replaced
from ticketing_core.errors import IdTaken, OverBuyerLimit, SoldOut
from ticketing_core.event import Added, Event
from ticketing_core.money import Money
from ticketing_core.reservation import Held, KeyTaken
from ticketing_core.testing.contracts.door import scan_of, undo_of
from ticketing_core.testing.contracts.examples import (
    FREE,
    MINUTE,
    NOON,
    PRICE,
    draft,
    event_draft,
    held,
    stored_event,
)
from ticketing_core.ticket import IdempotencyKey, Ticket

KEY = IdempotencyKey(value="once", fingerprint="f")
WRITE = "INSERT INTO tickets"
LOCK = "FROM events"
LOCK_TICKETS = "FROM tickets"


def test_a_double_click_at_two_events_is_one_ticket(postgres_engine: Engine, other: Engine) -> None:
    """The two meet only at the unique index of the keys; the slower one returns the ticket."""
    events = SqlEvents(postgres_engine)
    first, second = stored_event(events), stored_event(events)
    faster = []

    def click(_: Connection) -> None:
        faster.append(held(SqlTickets(other), draft(second, key=KEY)))

    with before(postgres_engine, WRITE, click):
        outcome = SqlTickets(postgres_engine).hold(draft(first, key=KEY))
    assert outcome == KeyTaken(faster[0])
    assert (count_places(other, first), count_places(other, second)) == (0, 1)


def test_a_double_click_for_the_last_place_is_not_sold_out(
    postgres_engine: Engine, other: Engine
) -> None:
    """The click that waited for the first one returns its ticket."""
    event_ = stored_event(SqlEvents(postgres_engine), capacity=1)
    faster = []

    def click(_: Connection) -> None:
        faster.append(held(SqlTickets(other), draft(event_, key=KEY)))

    with before(postgres_engine, LOCK, click):
        outcome = SqlTickets(postgres_engine).hold(draft(event_, key=KEY))
    assert outcome == KeyTaken(faster[0])


def test_one_hold_sent_twice_is_one_ticket(postgres_engine: Engine, other: Engine) -> None:
    """The same draft is sent twice, as after a time-out."""
    event_ = stored_event(SqlEvents(postgres_engine), capacity=1)
    order = draft(event_)
    faster = []
    with before(postgres_engine, LOCK, lambda _: faster.append(held(SqlTickets(other), order))):
        outcome = SqlTickets(postgres_engine).hold(order)
    assert outcome == Held(faster[0])
    assert len(stored_tickets(other, event_)) == 1


@pytest.mark.parametrize(
    ("limits", "refusal"),
    [
        ({"capacity": 1}, SoldOut(places_left=0)),
        ({"max_per_buyer": 1}, OverBuyerLimit(1, kept=1)),
        ({"max_per_order": 1}, OverBuyerLimit(1, kept=1, unpaid=True)),
    ],
    ids=["capacity", "buyer's limit", "unpaid places"],
)
def test_limits_are_read_after_the_lock(
    postgres_engine: Engine,
    other: Engine,
    limits: dict[str, int],
    refusal: SoldOut | OverBuyerLimit,
) -> None:
    """Places that others took while the hold waited for the lock count."""
    event_ = stored_event(SqlEvents(postgres_engine), **limits)

    def take(_: Connection) -> None:
        held(SqlTickets(other), draft(event_))

    with before(postgres_engine, LOCK, take):
        order = draft(event_, max_unpaid_places=1)
        assert SqlTickets(postgres_engine).hold(order) == refusal


def test_a_deadlock_is_hidden_from_the_caller(migrated_postgres_url: str) -> None:
    """PostgreSQL aborts one of two steps that wait for each other; it is repeated."""
    # After this time a waiting session checks for a deadlock and aborts if there is one.
    engine = engine_for(f"{migrated_postgres_url}&options=-c%20deadlock_timeout%3D200ms")
    patient = engine_for(f"{migrated_postgres_url}&options=-c%20deadlock_timeout%3D9s")
    event_ = stored_event(SqlEvents(engine))
    tickets = SqlTickets(engine)
    ticket = held(tickets, draft(event_))
    tries = []

    def count(_: object, __: object, statement: str, *___: object) -> None:
        tries.append(LOCK_TICKETS in statement)

    listen(engine, "before_cursor_execute", count)
    with ThreadPoolExecutor(1) as pool, patient.connect() as stranger:

        def want_event() -> None:
            stranger.execute(text("SELECT 1 FROM events FOR UPDATE"))
            stranger.commit()

        def cross(_: Connection) -> None:
            # In a thread, since the step has locked the event by now.
            pool.submit(want_event)
            await_blocked_sessions(patient)

        stranger.execute(text("SELECT 1 FROM tickets FOR UPDATE"))
        with before(engine, LOCK_TICKETS, cross):
            change = ticket.expired()
            outcome = tickets.replace(ticket, change, at=NOON, why="test", by="suite")
    assert outcome == Replaced(change)
    # On a busy machine the second try may meet the stranger again.
    assert sum(tries) > 1
    assert count_places(engine, event_) == 0
    engine.dispose()
    patient.dispose()


def hold_again(store: SqlTickets, tickets: list[Ticket], events: list[Event]) -> object:
    """Hold a place at each event in one step."""
    del tickets
    return store._hold_all([draft(event) for event in events])  # noqa: SLF001 - a shared step


def give_back(store: SqlTickets, tickets: list[Ticket], events: list[Event]) -> object:
    """Free the place of each ticket in one step."""
    del events
    return store._replace_all([expiry(ticket) for ticket in tickets])  # noqa: SLF001 - a shared step


def take_back(store: SqlTickets, tickets: list[Ticket], events: list[Event]) -> object:
    """Take back a scan of each ticket in one step."""
    del events
    undos = [undo_of(scan_of(ticket)) for ticket in tickets]
    return SqlAdmissions(store._engine)._decide_all(undos)  # noqa: SLF001 - a shared step


def expiry(ticket: Ticket) -> Change:
    """The change that frees a ticket's places."""
    return Change(old=ticket, new=ticket.expired(), at=NOON, why="test", by="suite")


@pytest.mark.parametrize(
    ("step", "price"),
    # Free tickets of events that are known are held in one statement.
    [(hold_again, PRICE), (hold_again, FREE), (give_back, PRICE), (take_back, PRICE)],
)
def test_all_steps_lock_events_before_tickets_and_by_rising_id(
    migrated_postgres_url: str,
    other: Engine,
    step: Callable[[SqlTickets, list[Ticket], list[Event]], object],
    price: Money,
) -> None:
    """A step that waits for the first event has locked nothing else: no two wait crosswise."""
    # Without an index PostgreSQL finds rows in the order in which they were last written.
    no_index = "-c%20enable_indexscan%3Doff%20-c%20enable_bitmapscan%3Doff"
    engine = engine_for(f"{migrated_postgres_url}&options={no_index}")
    store = SqlTickets(engine)
    first, second = (stored_event(SqlEvents(engine), price=price) for _ in range(2))
    events = [second, first]
    tickets = [held(store, draft(event)) for event in events]
    by_id = {"first": first.event_id}
    with other.begin() as blocker:
        blocker.execute(text("UPDATE events SET kept = kept WHERE event_id = :first"), by_id)
    free = (
        text("SELECT event_id FROM events WHERE event_id <> :first FOR UPDATE SKIP LOCKED"),
        text("SELECT event_id FROM tickets ORDER BY event_id FOR UPDATE SKIP LOCKED"),
    )
    with ThreadPoolExecutor(1) as pool, other.connect() as blocker:
        blocker.execute(text("SELECT 1 FROM events WHERE event_id = :first FOR UPDATE"), by_id)
        waiting = pool.submit(step, store, tickets, events)
        await_blocked_sessions(other)
        found = [blocker.execute(query, by_id).scalars().all() for query in free]
        blocker.rollback()
        waiting.result()
    assert found == [[second.event_id], [first.event_id, second.event_id]]
    engine.dispose()


def test_claiming_does_not_wait_for_work_in_progress(
    postgres_engine: Engine, other: Engine
) -> None:
    """A ticket that another step is changing is left out; the other due ones are claimed."""
    tickets = SqlTickets(postgres_engine)
    event_ = stored_event(SqlEvents(postgres_engine))
    busy, free = (held(tickets, draft(event_, held_until=NOON)) for _ in range(2))
    locked = text("SELECT 1 FROM tickets WHERE ticket_id = :busy FOR UPDATE")
    with other.connect() as blocker:
        blocker.execute(locked, {"busy": busy.ticket_id})
        assert list(tickets.claim_due(now=NOON, limit=9)) == [free]
    assert list(tickets.claim_due(now=NOON, limit=9)) == [busy]


def test_a_second_migration_waits_for_the_first(postgres_url: str) -> None:
    """It begins after the commit of the first, and finds nothing to do."""
    first, second = engine_for(postgres_url), engine_for(postgres_url)
    waiting: list[Future[None]] = []
    with ThreadPoolExecutor(1) as pool:

        def join(_: Connection) -> None:
            waiting.append(pool.submit(migrate, second))
            # It tries again and again, and holds no snapshot meanwhile.
            tried = text(
                "SELECT 1 FROM pg_stat_activity"
                " WHERE query LIKE 'SELECT pg_try_advisory_xact_lock%'"
            )
            with second.connect() as looking:
                while looking.execute(tried).first() is None:
                    looking.rollback()

        with before(first, "CREATE TABLE events", join):
            migrate(first)
        waiting[0].result()
    assert is_usable(second)
    assert installation_id(first) == installation_id(second)
    first.dispose()
    second.dispose()


def test_a_lease_that_ended_goes_to_one(postgres_engine: Engine, other: Engine) -> None:
    """Of two holders that find it free, the second waits for the first and gets False."""
    first, second = SqlLeases(postgres_engine), SqlLeases(other)
    assert first.acquire("settle", holder="gone", now=NOON, lasting=timedelta(0))
    acquire = partial(second.acquire, "settle", now=NOON, lasting=MINUTE)
    waiting: list[Future[bool]] = []
    with ThreadPoolExecutor(1) as pool:

        def contend(_: Connection) -> None:
            waiting.append(pool.submit(acquire, holder="b"))
            await_blocked_sessions(other)

        with before(postgres_engine, "UPDATE leases", contend):
            assert first.acquire("settle", holder="a", now=NOON, lasting=MINUTE)
        assert not waiting[0].result()


def test_an_id_that_many_drafts_name_is_given_once(postgres_engine: Engine) -> None:
    """One event gets it, the others get `IdTaken`, and later ids differ."""
    add = partial(SqlEvents(postgres_engine).add, at=NOON, by="suite")
    with ThreadPoolExecutor(8) as pool:
        named = list(pool.map(lambda _: add(event_draft(event_id=3)), range(8)))
        given = list(pool.map(lambda _: add(event_draft()), range(8)))
    assert named.count(IdTaken(3)) == 7
    ids = [outcome.event.event_id for outcome in (*named, *given) if isinstance(outcome, Added)]
    assert len(set(ids)) == 9


def test_a_key_remembered_by_two_at_once_is_stored(postgres_engine: Engine, other: Engine) -> None:
    """As when two processes start with the same new key at the same moment."""
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "abc"}

    def remember(_: Connection) -> None:
        SqlPublicKeys(other).remember("new", jwk)

    keys = SqlPublicKeys(postgres_engine)
    with before(postgres_engine, "INSERT INTO public_keys", remember):
        keys.remember("new", jwk)
    assert keys.all() == {"new": jwk}
