"""The contract of `TicketRepository.hold`: which orders get places."""

import abc
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from ticketing_core.errors import (
    EventChanged,
    OverBuyerLimit,
    OverOrderLimit,
    SaleClosed,
    SaleNotOpen,
    SoldOut,
    TotalTooLarge,
)
from ticketing_core.event import Event
from ticketing_core.money import LARGEST_AMOUNT_MINOR, Money
from ticketing_core.ports.events import EventRepository
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.reservation import Held, HoldOutcome, KeyTaken
from ticketing_core.testing.contracts.examples import (
    FREE,
    NOON,
    draft,
    held,
    kept,
    paying,
    stored,
    stored_event,
)
from ticketing_core.ticket import IdempotencyKey, TicketStatus

THREADS = 8


class HoldContract(abc.ABC):
    """The tests of `hold` in every ticket repository."""

    @abc.abstractmethod
    def make_stores(self) -> tuple[EventRepository, TicketRepository]:
        """Return empty repositories over the same store."""

    def on_sale(self, **changes: Any) -> tuple[EventRepository, TicketRepository, Event]:
        """Return new repositories and the only event in them; see `event_draft`."""
        events, tickets = self.make_stores()
        return events, tickets, stored_event(events, **changes)

    def test_places_are_taken_and_counted(self) -> None:
        """A hold stores the ticket as ordered and counts its places."""
        events, tickets, event = self.on_sale()
        order = draft(event, quantity=3, key=IdempotencyKey(value="k", fingerprint="f"))
        ticket = held(tickets, order)
        assert ticket == order.ticket(ticket.ticket_id)
        assert tickets.by_id(ticket.ticket_id) == ticket
        assert ticket.status is TicketStatus.RESERVED
        assert kept(events, event) == 3

    def test_a_free_ticket_is_issued_by_the_hold(self) -> None:
        """There is no second step, and nothing becomes due."""
        _, tickets, event = self.on_sale(price=FREE)
        ticket = held(tickets, draft(event))
        assert ticket.status is TicketStatus.ISSUED
        assert tickets.claim_due(now=NOON + timedelta(days=9), limit=9) == []

    def test_an_order_is_never_filled_in_part(self) -> None:
        """One that needs more places than are left is refused; a smaller one still fits."""
        events, tickets, event = self.on_sale(capacity=5)
        held(tickets, draft(event, quantity=3))
        assert tickets.hold(draft(event, quantity=3)) == SoldOut(places_left=2)
        assert kept(events, event) == 3
        held(tickets, draft(event, quantity=2))
        assert tickets.hold(draft(event)) == SoldOut(places_left=0)

    def test_the_sale_window_is_half_open(self) -> None:
        """It includes the instant of opening and excludes the instant of closing."""
        events, tickets = self.make_stores()
        end = NOON + timedelta(hours=1)
        event = stored_event(events, opens_at=NOON, closes_at=end)
        instant = timedelta(microseconds=1)
        assert tickets.hold(draft(event, at=NOON - instant)) == SaleNotOpen(NOON)
        assert tickets.hold(draft(event, at=end)) == SaleClosed()
        held(tickets, draft(event, at=NOON))
        held(tickets, draft(event, at=end - instant))
        assert kept(events, event) == 2

    def test_an_order_is_limited(self) -> None:
        """The event sets the most places of one order."""
        _, tickets, event = self.on_sale(max_per_order=4)
        assert tickets.hold(draft(event, quantity=5)) == OverOrderLimit(4)
        held(tickets, draft(event, quantity=4))

    def test_a_buyer_is_limited_over_all_tickets(self) -> None:
        """Places given up do not count, nor those of other buyers or at other events."""
        events, tickets, event = self.on_sale(max_per_buyer=4)
        other_event = stored_event(events, max_per_buyer=4)
        first = held(tickets, draft(event, quantity=3))
        over = OverBuyerLimit(4, kept=3)
        assert tickets.hold(draft(event, quantity=2)) == over
        held(tickets, draft(event, buyer="43", quantity=4))
        held(tickets, draft(other_event, quantity=4))
        stored(tickets, first, first.cancelled())
        held(tickets, draft(event, quantity=2))

    def test_unpaid_places_of_a_buyer_are_limited(self) -> None:
        """At each event by itself. What is paid or given up does not count, nor do others'."""
        events, tickets, event = self.on_sale(capacity=99, max_per_order=3)
        other_event = stored_event(events)

        def hold(at: Event, quantity: int, buyer: str = "42") -> HoldOutcome:
            order = draft(at, quantity=quantity, buyer=buyer, max_unpaid_places=5)
            return tickets.hold(order)

        first = hold(event, 3)
        assert isinstance(first, Held)
        assert hold(event, 3) == OverBuyerLimit(5, kept=3, unpaid=True)
        open_order = paying(tickets, first.ticket)
        assert hold(event, 3) == OverBuyerLimit(5, kept=3, unpaid=True)
        second = hold(event, 2)
        assert isinstance(second, Held)
        assert hold(event, 1) == OverBuyerLimit(5, kept=5, unpaid=True)
        assert isinstance(hold(event, 3, "43"), Held)
        assert isinstance(hold(other_event, 5), Held)
        stored(tickets, open_order, open_order.issued())
        stored(tickets, second.ticket, second.ticket.expired())
        assert isinstance(hold(event, 3), Held)
        assert hold(event, 3) == OverBuyerLimit(5, kept=3, unpaid=True)

    def test_the_largest_order_is_always_possible(self) -> None:
        """Even if it has more places than one buyer may have unpaid."""
        _, tickets, event = self.on_sale(max_per_order=4)
        held(tickets, draft(event, quantity=4, max_unpaid_places=1))
        over = OverBuyerLimit(4, kept=4, unpaid=True)
        assert tickets.hold(draft(event, max_unpaid_places=1)) == over

    def test_free_tickets_are_never_unpaid(self) -> None:
        """Only the event's own limits count."""
        _, tickets, event = self.on_sale(price=FREE, max_per_order=1)
        for _ in range(3):
            held(tickets, draft(event, max_unpaid_places=1))

    def test_a_repeat_needs_no_room(self) -> None:
        """By its code or its key it leads to the first ticket, although the buyer has no room."""
        _, tickets, event = self.on_sale(max_per_order=1)
        key = IdempotencyKey(value="once", fingerprint="f")
        order = draft(event, key=key, max_unpaid_places=1)
        ticket = held(tickets, order)
        assert tickets.hold(order) == Held(ticket)
        assert tickets.hold(draft(event, key=key, max_unpaid_places=1)) == KeyTaken(ticket)

    def test_no_places_of_a_changed_event_are_taken(self) -> None:
        """Its price or currency differs from the draft's, or there is no such event."""
        events, tickets, event = self.on_sale()
        assert tickets.hold(draft(event, price=Money(1, "usd"))) == EventChanged()
        assert tickets.hold(draft(event, price=Money(2500, "eur"))) == EventChanged()
        assert tickets.hold(draft(event, event_id=999)) == EventChanged()
        assert kept(events, event) == 0

    def test_a_total_is_limited(self) -> None:
        """It is exact in every reader of JSON. A used key is reported first."""
        events, tickets, event = self.on_sale(price=Money(99_999_999, "usd"))
        too_many = LARGEST_AMOUNT_MINOR // event.price.amount_minor + 1
        key = IdempotencyKey(value="once", fingerprint="f")
        ticket = held(tickets, draft(event, quantity=3, key=key))
        too_large = TotalTooLarge(Money(LARGEST_AMOUNT_MINOR, "usd"))
        assert tickets.hold(draft(event, quantity=too_many)) == too_large
        assert tickets.hold(draft(event, quantity=too_many, key=key)) == KeyTaken(ticket)
        assert kept(events, event) == 3

    def test_a_repeated_hold_takes_nothing_more(self) -> None:
        """The same ticket code returns the stored ticket, even after it or the sale changed."""
        events, tickets, event = self.on_sale(capacity=1, closes_at=NOON + timedelta(hours=1))
        order = draft(event)
        ticket = held(tickets, order)
        assert tickets.hold(order) == Held(ticket)
        changed = paying(tickets, ticket)
        assert tickets.hold(order) == Held(changed)
        assert kept(events, event) == 1

    def test_a_key_belongs_to_one_ticket_of_its_buyer(self) -> None:
        """At all events. The same key of another buyer is another key."""
        events, tickets, event = self.on_sale()
        other = stored_event(events)
        key = IdempotencyKey(value="once", fingerprint="f")
        ticket = held(tickets, draft(event, key=key))
        changed = IdempotencyKey(value="once", fingerprint="g")
        assert tickets.hold(draft(event, key=key)) == KeyTaken(ticket)
        assert tickets.hold(draft(other, key=changed)) == KeyTaken(ticket)
        assert tickets.by_key(ticket.buyer, "once") == ticket
        assert tickets.by_key(ticket.buyer, "twice") is None
        assert tickets.by_key("43", "once") is None
        theirs = held(tickets, draft(event, key=key, buyer="43"))
        assert tickets.by_key("43", "once") == theirs
        assert (kept(events, event), kept(events, other)) == (2, 0)

    def test_a_reservation_that_is_given_up_frees_its_key(self) -> None:
        """A purchase that could never be paid may be tried again with the same key."""
        _, tickets, event = self.on_sale()
        key = IdempotencyKey(value="once", fingerprint="f")
        first = held(tickets, draft(event, key=key))
        stored(tickets, first, first.expired())
        assert tickets.by_key(first.buyer, "once") is None
        second = held(tickets, draft(event, key=key))
        given_up = paying(tickets, second)
        given_up = stored(tickets, given_up, given_up.cancelled())
        assert tickets.hold(draft(event, key=key)) == KeyTaken(given_up)

    def test_ids_rise_and_are_never_reused(self) -> None:
        """Even when tickets were refused or given up in between."""
        _, tickets, event = self.on_sale(capacity=2)
        first = held(tickets, draft(event))
        stored(tickets, first, first.cancelled())
        tickets.hold(draft(event, quantity=9))
        second = held(tickets, draft(event))
        assert second.ticket_id > first.ticket_id

    def test_many_orders_at_once_sell_exactly_the_capacity(self) -> None:
        """All others are refused as sold out."""
        events, tickets, event = self.on_sale(capacity=5)
        orders = [draft(event, buyer=str(n)) for n in range(4 * THREADS)]
        with ThreadPoolExecutor(THREADS) as pool:
            outcomes = list(pool.map(tickets.hold, orders))
        assert sum(isinstance(outcome, Held) for outcome in outcomes) == 5
        assert outcomes.count(SoldOut(places_left=0)) == len(orders) - 5
        assert kept(events, event) == 5

    def test_many_orders_at_once_do_not_pass_the_buyers_limit(self) -> None:
        """One buyer keeps no more places than the limit."""
        events, tickets, event = self.on_sale(capacity=100, max_per_buyer=3)
        orders = [draft(event) for _ in range(3 * THREADS)]
        with ThreadPoolExecutor(THREADS) as pool:
            outcomes = list(pool.map(tickets.hold, orders))
        assert sum(isinstance(outcome, Held) for outcome in outcomes) == 3
        assert kept(events, event) == 3

    def test_many_orders_at_once_do_not_pass_the_limit_of_unpaid_places(self) -> None:
        """One buyer keeps no more unpaid places than the limit."""
        events, tickets, event = self.on_sale(capacity=100, max_per_order=2)
        orders = [draft(event, max_unpaid_places=3) for _ in range(3 * THREADS)]
        with ThreadPoolExecutor(THREADS) as pool:
            outcomes = list(pool.map(tickets.hold, orders))
        assert sum(isinstance(outcome, Held) for outcome in outcomes) == 3
        assert outcomes.count(OverBuyerLimit(3, kept=3, unpaid=True)) == len(orders) - 3
        assert kept(events, event) == 3

    def test_a_double_click_is_one_ticket(self) -> None:
        """Of many holds at once with one key, at two events, one wins. Others get its ticket."""
        events, tickets, event = self.on_sale()
        both = [event, stored_event(events)]
        key = IdempotencyKey(value="once", fingerprint="f")
        orders = [draft(both[n % 2], key=key) for n in range(2 * THREADS)]
        with ThreadPoolExecutor(THREADS) as pool:
            outcomes = list(pool.map(tickets.hold, orders))
        winners = [outcome for outcome in outcomes if isinstance(outcome, Held)]
        assert len(winners) == 1
        assert outcomes.count(KeyTaken(winners[0].ticket)) == len(orders) - 1
        assert sum(kept(events, event) for event in both) == 1
