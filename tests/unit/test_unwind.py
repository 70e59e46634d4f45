"""A cancelled event is unwound: every ticket is given up or refunded."""

from datetime import timedelta
from typing import Any, cast

import pytest
from attrs import evolve

from tests.unit.box_offices import BUYER, World
from tests.unit.test_edit_event import cancelled
from ticketing_core import Event, Organizer, Ticket, TicketStatus
from ticketing_core.errors import StoreUnavailable
from ticketing_core.ports import TicketRepository

BY = "settler"


class Cancelling:
    """A box office, an event of it that is cancelled, and the job that unwinds it."""

    def __init__(self) -> None:
        self.world = World()
        self.event = self.world.event(capacity=100)
        self.organizer = Organizer(
            events=self.world.events,
            tickets=self.world.tickets,
            gateway=self.world.gateway,
            clock=self.world.clock,
        )

    def cancel(self) -> None:
        """Cancel the event."""
        self.world.clock.sleep(timedelta(minutes=1))
        cancelled(self.organizer, self.event)

    def unwind(self, *, limit: int = 100) -> int:
        """Let the job do one page."""
        return self.organizer.unwind(limit=limit, by=BY)

    def now(self) -> Event:
        """Return the event as it is now."""
        event = self.world.events.latest(self.event.event_id)
        assert event is not None
        return event

    def status(self, ticket: Ticket) -> TicketStatus:
        """Return the status of a ticket now."""
        return self.world.now(ticket).status


@pytest.fixture
def cancelling() -> Cancelling:
    """Return an event that is not cancelled yet."""
    return Cancelling()


def test_paid_tickets_are_refunded_by_settling(cancelling: Cancelling) -> None:
    """The job calls no gateway; the money is owed, and goes back at the pace of settling."""
    ticket = cancelling.world.issued(cancelling.event)
    cancelling.cancel()
    assert cancelling.unwind() == 1
    assert cancelling.status(ticket) is TicketStatus.REFUNDING
    cancelling.world.settle_due()
    assert cancelling.status(ticket) is TicketStatus.REFUNDED
    assert cancelling.world.now(ticket).refunded_minor == 5000
    assert cancelling.world.tickets.history(ticket.ticket_id)[-2].why == "event cancelled"


def test_free_tickets_are_void_at_once(cancelling: Cancelling) -> None:
    """Nothing is owed for them."""
    world = cancelling.world
    cancelling.event = world.event(price=0)
    world.office.purchase(event_id=cancelling.event.event_id, quantity=1, buyer=BUYER)
    ticket = world.only_ticket()
    cancelling.cancel()
    cancelling.unwind()
    assert cancelling.status(ticket) is TicketStatus.REFUNDED
    assert world.kept(cancelling.event) == 0


def test_open_checkouts_are_closed(cancelling: Cancelling) -> None:
    """Long before they would end. What was reserved is given up, too."""
    world = cancelling.world
    paying = world.to_pay(cancelling.event).ticket
    reserved = world.office.reserve(event_id=cancelling.event.event_id, quantity=1, buyer="43")
    cancelling.cancel()
    assert cancelling.unwind() == 2
    assert cancelling.unwind() == 0, "each is met once"
    world.settle_due()
    assert {cancelling.status(each) for each in (paying, reserved)} == {TicketStatus.EXPIRED}
    assert world.kept(cancelling.event) == 0


def test_what_is_paid_meanwhile_goes_back(cancelling: Cancelling) -> None:
    """The buyer pays after the cancellation: the ticket is issued, and refunded by a later page."""
    world = cancelling.world
    bought = world.to_pay(cancelling.event)
    cancelling.cancel()
    world.gateway.pay(bought.checkout_url)
    cancelling.unwind()
    world.settle_due()
    assert cancelling.status(bought.ticket) is TicketStatus.ISSUED
    assert cancelling.unwind() == 1
    world.settle_due()
    assert cancelling.status(bought.ticket) is TicketStatus.REFUNDED
    assert world.now(bought.ticket).refunded_minor == 5000


def test_it_ends_when_no_ticket_is_good_any_more(cancelling: Cancelling) -> None:
    """Also not one that a bank has not decided about. Refunds that are owed do not hold it up."""
    world = cancelling.world
    world.issued(cancelling.event)
    slow = world.to_pay(cancelling.event)
    cancelling.cancel()
    cancelling.unwind()
    assert cancelling.unwind() == 0
    assert cancelling.now().unwound_at is None, "the checkout is still open"
    world.gateway.pay(slow.checkout_url)
    world.settle_due()
    cancelling.unwind()
    assert cancelling.now().unwound_at is None
    cancelling.unwind()
    assert cancelling.now().unwound_at == world.clock.now()
    assert world.events.unwinding() == []
    (last,) = cancelling.organizer.history(cancelling.event.event_id, limit=1)
    assert last.why == "unwound"


def test_it_goes_page_by_page_over_all_cancelled_events(cancelling: Cancelling) -> None:
    """A page has a limit, so others get their turn; it may stop after any of them."""
    world = cancelling.world
    events = [cancelling.event, world.event(capacity=100)]
    for number in range(5):
        world.office.reserve(
            event_id=events[number % 2].event_id, quantity=1, buyer=f"buyer-{number}"
        )
    world.clock.sleep(timedelta(minutes=1))
    for event in events:
        cancelled(cancelling.organizer, event)
    assert [cancelling.unwind(limit=2) for _ in range(4)] == [2, 2, 1, 0]


class Locked:
    """Tickets of which another transaction keeps some locked."""

    def __init__(self, tickets: TicketRepository, locked: set[int]) -> None:
        self._tickets, self._locked = tickets, locked
        self.refused = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tickets, name)

    def replace(self, old: Ticket, new: Ticket, **how: Any) -> Any:
        """See `TicketRepository.replace`."""
        if old.ticket_id in self._locked:
            self.refused += 1
            raise StoreUnavailable("locked")
        return self._tickets.replace(old, new, **how)


def unwound_beside_locked(cancelling: Cancelling, locked: set[int]) -> tuple[set[int], int]:
    """Unwind three events with three tickets each, some of which are locked.

    Returns:
        Which are still good, of the numbers from 0 to 8, and how many were tried in vain.
    """
    world = cancelling.world
    events = [cancelling.event, world.event(), world.event()]
    sold = [world.issued(event) for event in events for _ in range(3)]
    for event in events:
        cancelled(cancelling.organizer, event)
    tickets = Locked(world.tickets, {sold[number].ticket_id for number in locked})
    organizer = evolve(cancelling.organizer, tickets=cast("TicketRepository", tickets))
    with pytest.raises(StoreUnavailable):
        organizer.unwind(limit=100, by=BY)
    good = {n for n, each in enumerate(sold) if cancelling.status(each) is TicketStatus.ISSUED}
    return good, tickets.refused


def test_a_locked_ticket_holds_up_no_other(cancelling: Cancelling) -> None:
    """Somebody has forgotten a transaction. The next pass tries the ticket again."""
    assert unwound_beside_locked(cancelling, {0}) == ({0}, 1)


def test_a_locked_event_holds_up_no_other(cancelling: Cancelling) -> None:
    """None of its tickets can be changed, and after the second it is left."""
    assert unwound_beside_locked(cancelling, {0, 1, 2}) == ({0, 1, 2}, 2)


def test_a_store_that_is_away_is_not_asked_for_each_ticket(cancelling: Cancelling) -> None:
    """Each try may take seconds."""
    assert unwound_beside_locked(cancelling, set(range(9))) == (set(range(9)), 4)


def test_another_event_is_left_alone(cancelling: Cancelling) -> None:
    """One that goes on."""
    world = cancelling.world
    other = world.event()
    ticket = world.issued(other)
    cancelling.cancel()
    cancelling.unwind()
    assert world.now(ticket) == ticket


def test_control_every_unpaid_ticket_again(
    cancelling: Cancelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: without the bound on holds, unpaid tickets fill the page for ever."""
    world = cancelling.world
    for number in range(2):
        world.office.reserve(
            event_id=cancelling.event.event_id, quantity=1, buyer=f"buyer-{number}"
        )
    ticket = world.issued(cancelling.event)
    cancelling.cancel()
    found = world.tickets.keeping_all

    def unbound(event_id: int, *, held_after: object = None, limit: int) -> object:
        del held_after
        return found(event_id, limit=limit)

    monkeypatch.setattr(type(world.tickets), "keeping_all", lambda _, *a, **k: unbound(*a, **k))
    for _ in range(3):
        cancelling.unwind(limit=2)
    assert cancelling.status(ticket) is TicketStatus.ISSUED
    monkeypatch.undo()
    for _ in range(2):
        cancelling.unwind(limit=2)
    assert cancelling.status(ticket) is TicketStatus.REFUNDING
