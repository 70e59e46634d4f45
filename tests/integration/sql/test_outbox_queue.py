"""What has to wait for an earlier message of its subject does not hold up other subjects."""

import pytest
from sqlalchemy import Engine, func, select

from tests.integration.sql.outbox_racing import free_mail_room
from tests.unit.box_offices import World
from ticketing_adapters.jobs.courier import Pruner
from ticketing_adapters.sql import outbox_claims
from ticketing_adapters.sql.outbox_claims import MOST_LOOKS
from ticketing_adapters.sql.outbox_tables import outbox
from ticketing_core import Subscriptions
from ticketing_core.testing import InMemoryLeases, ManualClock
from ticketing_core.testing.contracts.examples import draft, held
from ticketing_core.testing.contracts.messages import LATER, MailRoom

CLAIMS = 3
BLOCKED = CLAIMS * MOST_LOOKS


def _blocked(engine: Engine) -> MailRoom:
    """Return a room where many messages wait for others that are claimed, and one for nothing."""
    room = free_mail_room(engine)
    tickets = [held(room.tickets, draft(room.event)) for _ in range(BLOCKED)]
    assert len(room.claimed()) == BLOCKED
    for ticket in tickets:
        room.changed(ticket)
    held(room.tickets, draft(room.event, at=LATER))
    return room


def test_each_claim_goes_further(engine: Engine) -> None:
    """However many have to wait: each claim reads some, and no other claim reads them again."""
    room = _blocked(engine)
    assert [len(room.claimed(limit=1)) for _ in range(CLAIMS + 1)] == [0] * CLAIMS + [1]
    assert room.claimed() == []


def test_reading_them_again_is_the_control(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: a claim that leaves them where they are finds nothing else."""
    monkeypatch.setattr(outbox_claims, "_put_behind", lambda *_: None)
    room = _blocked(engine)
    assert [len(room.claimed(limit=1)) for _ in range(CLAIMS + 1)] == [0] * CLAIMS + [0]


def test_a_claim_is_bounded(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the limit is: who delivers goes on with the rest."""
    monkeypatch.setattr(outbox_claims, "MOST_CLAIMED", 2)
    room = free_mail_room(engine)
    for _ in range(5):
        held(room.tickets, draft(room.event))
    assert [len(room.claimed()) for _ in range(4)] == [2, 2, 1, 0]


def test_they_go_on_at_once(engine: Engine) -> None:
    """As soon as the earlier one is delivered, and not when its claim ends."""
    room = free_mail_room(engine)
    ticket = held(room.tickets, draft(room.event))
    first = room.claimed()
    room.changed(room.changed(ticket))
    assert room.claimed() == []
    room.outbox.delivered(first, at=LATER)
    assert [message.version for message in room.taken()] == [2, 3]


def test_the_last_subscriber_leaves_nothing(engine: Engine) -> None:
    """The messages that it did not get are deleted, although no subscriber is left."""
    room = free_mail_room(engine)
    held(room.tickets, draft(room.event))
    room.outbox.remove("all")
    Pruner(
        office=World().office,
        leases=InMemoryLeases(),
        subscriptions=Subscriptions(outbox=room.outbox, clock=ManualClock(LATER)),
    ).run_once()
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(outbox)).scalar_one() == 0
