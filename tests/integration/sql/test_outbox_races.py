"""Each message is claimed by one process, and there is one exactly if its change is stored."""

from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest
from sqlalchemy import Connection, Engine, func, select

from tests.integration.sql import outbox_racing
from tests.integration.sql.interleaving import await_blocked_sessions, before
from tests.integration.sql.outbox_racing import free_mail_room, once_before_commit
from tests.integration.sql.racing import race, stored_tickets
from ticketing_adapters.sql import SqlOutbox
from ticketing_adapters.sql.outbox_tables import outbox
from ticketing_core.subscription import Subscription
from ticketing_core.testing.contracts.examples import NOON, draft, held
from ticketing_core.testing.contracts.messages import LATER, MANY

MESSAGES = 60


@pytest.fixture
def processes(engine: Engine) -> int:
    """The number of processes. SQLite has one writer, so a few are enough to crowd it."""
    return 2 if engine.dialect.name == "sqlite" else 4


def test_each_message_is_claimed_once(engine: Engine, migrated_url: str, processes: int) -> None:
    """Whatever several real processes do at the same moment, and none is left out."""
    room = free_mail_room(engine)
    tickets = [held(room.tickets, draft(room.event)) for _ in range(MESSAGES)]
    taken = race(outbox_racing.take_all, url=migrated_url, processes=processes, limit=7)
    assert sorted(chain(*taken)) == sorted(f"ticket_{each.ticket_code}_1_1" for each in tickets)


def test_claiming_what_was_read_before_is_the_control(
    engine: Engine, migrated_url: str, processes: int
) -> None:
    """Control: all who read the same messages claim them."""
    room = free_mail_room(engine)
    held(room.tickets, draft(room.event))
    claim = outbox_racing.claim_carelessly
    taken = race(claim, url=migrated_url, processes=processes, limit=7)
    assert len([*chain(*taken)]) == processes


@pytest.mark.parametrize(("moment", "stored"), [("commit", 0), ("checkin", 1)])
def test_a_process_that_dies_stores_both_or_none(
    engine: Engine, migrated_url: str, moment: str, stored: int
) -> None:
    """Killed between the last statement and its commit, or after it."""
    room = free_mail_room(engine)
    order = draft(room.event)
    outbox_racing.killed_while_buying(migrated_url, order, moment=moment)
    assert len(stored_tickets(engine, room.event)) == stored
    subjects = [message.subject for message in room.taken()]
    assert subjects == [f"ticket_{order.ticket_code}"][:stored]


def _rows(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(outbox)).scalar_one())


def test_a_removed_subscription_fails_no_sale(postgres_engine: Engine, other: Engine) -> None:
    """Neither waits for the other. A new one of its name does not get what the sale wrote."""
    room = free_mail_room(postgres_engine)
    removed = []
    once_before_commit(postgres_engine, lambda: removed.append(SqlOutbox(other).remove("all")))
    held(room.tickets, draft(room.event))
    assert removed == [True]
    room.subscribe("all")
    assert room.taken() == []
    assert _rows(other) == 1
    assert room.outbox.prune(delivered_before=NOON, made_before=NOON, limit=MANY) == 1
    assert _rows(other) == 0


def test_a_replay_waits_for_changes_that_began_before_the_subscription(
    postgres_engine: Engine, other: Engine
) -> None:
    """Such a change makes no message of its own, so the replay tells of it."""
    room = free_mail_room(postgres_engine)
    ticket = held(room.tickets, draft(room.event))
    store = SqlOutbox(other)

    def replay() -> None:
        store.replay("new", since=NOON, now=LATER, limit=MANY)

    with ThreadPoolExecutor(1) as pool:
        replays = []

        def meanwhile() -> None:
            store.add(Subscription(name="new"))
            replays.append(pool.submit(replay))
            await_blocked_sessions(other, unless=replays[0].done)

        once_before_commit(postgres_engine, meanwhile)
        room.changed(ticket)
        replays[0].result()
    told = {each.subject: each.version for each in room.taken("new")}
    assert told[f"ticket_{ticket.ticket_code}"] == 2


def test_what_is_delivered_during_a_claim_lets_the_next_one_go_on(
    postgres_engine: Engine, other: Engine
) -> None:
    """The claim sees that the next one has to wait, just before it need not any more."""
    room = free_mail_room(postgres_engine)
    room.changed(held(room.tickets, draft(room.event)))
    (first,) = room.claimed()
    store = SqlOutbox(other)
    with ThreadPoolExecutor(1) as pool:
        ends = []

        def end(_: Connection) -> None:
            ends.append(pool.submit(store.delivered, [first], at=LATER))
            await_blocked_sessions(other, unless=ends[0].done)

        with before(postgres_engine, "SELECT outbox.subject", end):
            assert room.claimed() == []
        ends[0].result()
    assert [each.message.version for each in room.claimed()] == [2]
