"""The figures of the store: what is late, owed, kept and led, on both databases."""

from datetime import timedelta
from uuid import uuid4

import pytest
from attrs import define, field
from sqlalchemy import Engine

from ticketing_adapters.sql import (
    SqlEvents,
    SqlFigures,
    SqlInstallation,
    SqlLeases,
    SqlOutbox,
    SqlStrays,
    SqlTickets,
    figures,
)
from ticketing_core import Money
from ticketing_core.changes import Replaced
from ticketing_core.stray import Stray
from ticketing_core.subscription import ABANDONED_AFTER, Subscription
from ticketing_core.testing.contracts.examples import (
    FREE,
    MINUTE,
    NOON,
    checkout,
    draft,
    held,
    paying,
    stored,
    stored_event,
)
from ticketing_core.ticket import APPEAL_WON, Ticket

HOUR = timedelta(hours=1)


def read(engine: Engine, *, after: timedelta = timedelta(0)) -> dict[str, float]:
    """Return the figures at noon or later; of those with labels, the label's value is added."""
    found = SqlFigures(engine).read(NOON + after)
    return {" ".join([each.name, *each.labels.values()]): each.value for each in found}


def test_a_new_store_has_nothing_late_or_owed(engine: Engine) -> None:
    """Each figure that needs no event, lease or news is there, and zero."""
    assert set(read(engine).values()) == {0}


def test_unpaid_tickets_are_late_when_their_hold_is_over(engine: Engine) -> None:
    """Not before. A claim does not make the oldest look younger; one that waits is not late."""
    event, tickets = stored_event(SqlEvents(engine), capacity=10), SqlTickets(engine)
    ticket = paying(tickets, held(tickets, draft(event, quantity=2)))
    assert ticket.held_until is not None
    overdue = ticket.held_until - NOON
    now = read(engine)
    assert (now["unpaid_tickets"], now["late_tickets"]) == (1, 0)
    tickets.claim_due(now=NOON + overdue, limit=10)
    later = read(engine, after=overdue + HOUR)
    assert later["late_tickets"] == 1
    assert later["oldest_paid_unissued_seconds"] == HOUR.total_seconds()
    tickets.postpone(ticket, until=NOON + overdue + 2 * HOUR)
    assert read(engine, after=overdue + HOUR)["late_tickets"] == 0


def test_news_that_nobody_has_looked_at_counts_as_paid(engine: Engine) -> None:
    """As long as the note is there."""
    event, tickets = stored_event(SqlEvents(engine)), SqlTickets(engine)
    ticket = paying(tickets, held(tickets, draft(event)))
    tickets.look_again([ticket.ticket_id], at=NOON)
    found = read(engine, after=MINUTE)
    assert (found["looks_due"], found["oldest_paid_unissued_seconds"]) == (1, 60)


def test_owed_refunds_and_those_that_wait_for_a_person(engine: Engine) -> None:
    """A person decides on one of two; the oldest tells for how long."""
    event, tickets = stored_event(SqlEvents(engine), capacity=10), SqlTickets(engine)
    for problem in (None, APPEAL_WON):
        issued = stored(tickets, one := paying(tickets, held(tickets, draft(event))), one.issued())
        owed = issued.refunding(at=NOON)
        stored(tickets, issued, owed if problem is None else owed.refund_refused(problem))
    found = read(engine, after=HOUR)
    assert found["refunds_owed"] == 2
    assert found["refunds_waiting_for_person"] == 1
    assert found["oldest_refund_owed_seconds"] == HOUR.total_seconds()


def test_strays_that_are_not_settled(engine: Engine) -> None:
    """The settled one does not count."""
    strays = SqlStrays(engine)
    for number in (1, 2):
        strays.put(
            Stray(
                checkout_id=f"cs_{number}",
                ticket_code=uuid4(),
                payment_id=None,
                amount=Money(1, "usd"),
                state="paid",
                first_seen_at=NOON,
                settled_at=None if number == 1 else NOON,
                how=None if number == 1 else "refunded",
            )
        )
    assert read(engine)["strays"] == 1


def test_places_of_the_events_that_sell(engine: Engine) -> None:
    """Kept and sold. An event without an order has no series."""
    events, tickets = SqlEvents(engine), SqlTickets(engine)
    paid, free = stored_event(events, capacity=10), stored_event(events, price=FREE)
    stored_event(events)
    issued = paying(tickets, held(tickets, draft(paid, quantity=3)))
    stored(tickets, issued, issued.issued())
    held(tickets, draft(paid, quantity=2))
    held(tickets, draft(free, quantity=4))
    found = {name: value for name, value in read(engine).items() if name.startswith("event_")}
    assert found == {
        f"event_places {paid.event_id}": paid.capacity,
        f"event_places_kept {paid.event_id}": 5,
        f"event_places_sold {paid.event_id}": 3,
        f"event_places {free.event_id}": free.capacity,
        f"event_places_kept {free.event_id}": 4,
        f"event_places_sold {free.event_id}": 4,
    }


def test_series_of_events_are_bounded(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest ones are told. The control: without the bound there are more."""
    events, tickets = SqlEvents(engine), SqlTickets(engine)
    for _ in range(3):
        held(tickets, draft(stored_event(events)))
    assert sum(name.startswith("event_places_kept") for name in read(engine)) == 3
    monkeypatch.setattr(figures, "MOST_EVENTS", 2)
    kept = {name for name in read(engine) if name.startswith("event_places_kept")}
    assert kept == {"event_places_kept 2", "event_places_kept 3"}


def test_news_leases_and_restores(engine: Engine) -> None:
    """How old the news is, how long a lease lasts, and that a restore is under way."""
    installation = SqlInstallation(engine)
    installation.move_news_position(NOON - HOUR)
    SqlLeases(engine).acquire("news", holder="a", now=NOON, lasting=MINUTE)
    installation.begin_restore(at=NOON)
    found = read(engine)
    assert found["news_age_seconds"] == HOUR.total_seconds()
    assert found["lease_seconds_left news"] == MINUTE.total_seconds()
    assert found["restoring"] == 1
    assert read(engine, after=HOUR)["lease_seconds_left news"] == 0


def test_the_oldest_message_that_waits_for_a_subscriber(engine: Engine) -> None:
    """The oldest of all subscriptions, claimed or not. Without any, nothing waits."""
    outbox, events = SqlOutbox(engine), SqlEvents(engine)
    stored_event(events)
    assert read(engine, after=HOUR)["oldest_undelivered_message_seconds"] == 0
    for name in ("first", "second"):
        outbox.add(Subscription(name=name))
    stored_event(events)
    claimed = outbox.claim("first", now=NOON, limit=9)
    assert read(engine, after=HOUR)["oldest_undelivered_message_seconds"] == HOUR.total_seconds()
    outbox.delivered(outbox.claim("second", now=NOON, limit=9), at=NOON)
    assert read(engine, after=HOUR)["oldest_undelivered_message_seconds"] == HOUR.total_seconds()
    outbox.delivered(claimed, at=NOON)
    assert read(engine, after=HOUR)["oldest_undelivered_message_seconds"] == 0


def test_messages_that_were_left_out(engine: Engine) -> None:
    """Those that were refused for too long, and not those that are refused since a while."""
    outbox = SqlOutbox(engine)
    outbox.add(Subscription(name="all"))
    for _ in range(2):
        stored_event(SqlEvents(engine))
    claimed = outbox.claim("all", now=NOON, limit=9)
    outbox.refused(claimed, at=NOON)
    assert read(engine)["abandoned_messages"] == 0
    outbox.refused(claimed[:1], at=NOON + ABANDONED_AFTER)
    assert read(engine)["abandoned_messages"] == 1


@define
class Heard:
    """Remembers what it was told."""

    changes: list[tuple[str | None, str, str, str]] = field(factory=list)
    batches: list[tuple[str, int]] = field(factory=list)

    def changed(self, old: Ticket | None, new: Ticket, *, why: str, by: str) -> None:
        """See `TicketObserver.changed`."""
        self.changes.append((old.status if old else None, new.status, why, by))

    def batch(self, step: str, size: int) -> None:
        """See `TicketObserver.batch`."""
        self.batches.append((step, size))


def test_each_change_is_told_once(engine: Engine) -> None:
    """Not a change that lost a race, nor one that was made already: both write nothing."""
    heard = Heard()
    tickets = SqlTickets(engine, observer=heard)
    event = stored_event(SqlEvents(engine))
    ticket = held(tickets, draft(event))
    new = ticket.paying(checkout(), until=NOON + HOUR)
    for _ in range(2):
        tickets.replace(ticket, new, at=NOON, why="opened", by="buyer")
    tickets.replace(ticket, ticket.cancelled(), at=NOON, why="late", by="buyer")
    assert heard.changes == [
        (None, "reserved", "reserved", "buyer"),
        ("reserved", "paying", "opened", "buyer"),
    ]
    assert heard.batches == [("hold", 1), *[("change", 1)] * 3]


class Broken:
    """Cannot hear."""

    def changed(self, *_: object, **__: object) -> None:
        """See `TicketObserver.changed`."""
        raise RuntimeError("deaf")

    batch = changed


def test_an_observer_that_fails_undoes_no_sale(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    """What is stored is sold, whatever happens to those who are told of it."""
    tickets = SqlTickets(engine, observer=Broken())
    ticket = held(tickets, draft(stored_event(SqlEvents(engine))))
    new = ticket.paying(checkout(), until=NOON + HOUR)
    outcome = tickets.replace(ticket, new, at=NOON, why="opened", by="buyer")
    assert isinstance(outcome, Replaced)
    assert tickets.by_id(ticket.ticket_id) == outcome.ticket
    # A batch and a change, twice, and the look-up.
    assert caplog.messages == ["the observer of tickets failed"] * 5
