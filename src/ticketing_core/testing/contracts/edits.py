"""The contract of both repositories: events that change while they are sold, and cancelled ones."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from attrs import evolve

from ticketing_core.errors import CapacityBelowKept, EventCancelled, EventChanged
from ticketing_core.event import Edited, EditedMeanwhile, Event
from ticketing_core.money import Money
from ticketing_core.ports.events import EventRepository
from ticketing_core.reservation import Held
from ticketing_core.sums import ToRefund
from ticketing_core.testing.contracts.examples import (
    FREE,
    MINUTE,
    NOON,
    draft,
    held,
    paying,
    stored,
    stored_event,
)
from ticketing_core.testing.contracts.holds import THREADS
from ticketing_core.testing.contracts.looks import LookContract
from ticketing_core.ticket import Ticket

CANCELLED_AT = NOON + MINUTE


def edited(events: EventRepository, old: Event, new: Event) -> Event:
    """Replace an event, which must succeed, and return it."""
    outcome = events.replace(old, new, at=NOON, why="test", by="suite")
    assert isinstance(outcome, Edited), outcome
    return outcome.event


class EditContract(LookContract):
    """The tests of changes of an event whose places are taken meanwhile."""

    def test_the_capacity_covers_what_is_kept(self) -> None:
        """It is compared with the places that are kept now, not with those that were seen."""
        events, tickets, event = self.on_sale(capacity=10)
        held(tickets, draft(event, quantity=4))
        below = event.edited(capacity=3)
        outcome = events.replace(event, below, at=NOON, why="test", by="suite")
        assert outcome == CapacityBelowKept(4)
        smaller = edited(events, event, event.edited(capacity=4))
        assert (smaller.capacity, smaller.kept, smaller.places_left) == (4, 4, 0)
        assert events.latest(event.event_id) == smaller

    def test_an_edit_keeps_the_count_of_places(self) -> None:
        """``kept`` is the store's, whatever the two versions say; taking places is no edit."""
        events, tickets, event = self.on_sale()
        held(tickets, draft(event, quantity=3))
        new = edited(events, event, evolve(event.edited(name="New"), kept=0))
        assert (new.kept, new.version) == (3, 2)
        held(tickets, draft(new))
        now = events.latest(event.event_id)
        assert now is not None
        assert (now.kept, now.version) == (4, 2)

    def test_nothing_is_sold_beyond_a_capacity_that_falls_meanwhile(self) -> None:
        """Edits and holds at the same time never leave more places kept than there are."""
        events, tickets, event = self.on_sale(capacity=THREADS)

        def shrink() -> object:
            now = events.latest(event.event_id)
            assert now is not None
            new = now.edited(capacity=max(1, now.capacity - 1))
            return events.replace(now, new, at=NOON, why="test", by="suite")

        with ThreadPoolExecutor(THREADS) as pool:
            orders = [
                pool.submit(tickets.hold, draft(event, buyer=f"b{n}")) for n in range(THREADS)
            ]
            edits = [pool.submit(shrink) for _ in range(THREADS)]
            sold = sum(isinstance(order.result(), Held) for order in orders)
            assert all(
                isinstance(each.result(), Edited | EditedMeanwhile | CapacityBelowKept)
                for each in edits
            )
        now = events.latest(event.event_id)
        assert now is not None
        assert sold == now.kept <= now.capacity

    def test_a_draft_at_the_old_price_is_refused(self) -> None:
        """Also right after the edit. Tickets keep the total at which they were ordered."""
        events, tickets, event = self.on_sale()
        ticket = held(tickets, draft(event))
        dearer = edited(events, event, event.edited(price=Money(9900, "usd")))
        assert tickets.hold(draft(event, buyer="other")) == EventChanged()
        assert held(tickets, draft(dearer, buyer="other")).total == Money(9900, "usd")
        assert tickets.by_id(ticket.ticket_id) == ticket

    def test_nothing_is_held_after_the_cancellation(self) -> None:
        """Of no event of that id, also not by a draft from before. Held ones stay as they are."""
        events, tickets, event = self.on_sale()
        first = draft(event)
        ticket = held(tickets, first)
        cancelled = edited(events, event, event.cancelled(at=CANCELLED_AT))
        assert tickets.hold(draft(event, buyer="other")) == EventCancelled()
        assert tickets.hold(draft(cancelled, buyer="other")) == EventCancelled()
        assert held(tickets, first) == ticket

    # --- what is left of it -----------------------------------------------------------------------

    def lives(self, event: Event, tickets: Any) -> dict[str, Ticket]:
        """Store a ticket of each status."""

        def order(**changes: Any) -> Ticket:
            return held(tickets, draft(event, quantity=2, **changes))

        def issued() -> Ticket:
            ticket = paying(tickets, order())
            return stored(tickets, ticket, ticket.issued())

        lives = {
            "reserved": order(held_until=CANCELLED_AT),
            "reserved longer": order(held_until=CANCELLED_AT + timedelta(microseconds=1)),
            "paying": paying(tickets, order()),
            "issued": issued(),
        }
        lives["cancelled"] = stored(tickets, given_up := order(), given_up.cancelled())
        lives["expired"] = stored(tickets, late := order(), late.expired())
        lives["refunding"] = stored(tickets, void := issued(), void.refunding(at=NOON))
        lives["refunded"] = stored(tickets, owed := lives["refunding"], owed.refunded())
        lives["refunding"] = stored(tickets, void := issued(), void.refunding(at=NOON))
        return lives

    def test_tickets_that_keep_all_places_are_found(self) -> None:
        """Those of the event alone, page by page; of unpaid ones only what is held for longer."""
        events, tickets, event = self.on_sale(capacity=100)
        lives = self.lives(event, tickets)
        other = stored_event(events)
        held(tickets, draft(other))
        good = [lives[each] for each in ("reserved", "reserved longer", "paying", "issued")]
        assert tickets.keeping_all(event.event_id, limit=100) == good
        assert tickets.keeping_all(event.event_id, held_after=CANCELLED_AT, limit=100) == good[1:]
        assert tickets.keeping_all(event.event_id, held_after=CANCELLED_AT, limit=2) == good[1:3]
        assert tickets.keeping_all(2**80, limit=1) == []

    def test_what_a_cancellation_refunds_is_added_up(self) -> None:
        """What is still there of the payments of issued tickets, never less than nothing."""
        events, tickets, event = self.on_sale(capacity=100)
        self.lives(event, tickets)
        ticket = tickets.keeping_all(event.event_id, limit=100)[-1]
        total = ticket.total.amount_minor
        assert tickets.to_refund(event.event_id) == ToRefund(tickets=1, amount_minor=total)
        stored(tickets, ticket, ticket.marked(refunded_minor=100, charged_back_minor=20))
        left = ToRefund(tickets=1, amount_minor=total - 120)
        assert tickets.to_refund(event.event_id) == left
        lost = paying(tickets, held(tickets, draft(event)))
        lost = stored(tickets, lost, lost.issued())
        gone = lost.total.amount_minor
        stored(tickets, lost, lost.marked(refunded_minor=gone, charged_back_minor=gone))
        assert tickets.to_refund(event.event_id) == evolve(left, tickets=2)
        free = stored_event(events, price=FREE)
        held(tickets, draft(free))
        assert tickets.to_refund(free.event_id) == ToRefund(tickets=1, amount_minor=0)
        assert tickets.to_refund(2**80) == ToRefund(tickets=0, amount_minor=0)
