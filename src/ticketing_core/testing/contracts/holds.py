"""The contract of `TicketRepository.hold`: who gets places, and who does not."""

import abc
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

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
from ticketing_core.ports.repository import EventRepository, TicketRepository
from ticketing_core.reservation import Held, KeyTaken
from ticketing_core.testing.contracts.examples import (
    FREE,
    NOON,
    draft,
    held,
    paying,
    stored,
    stored_event,
)
from ticketing_core.ticket import IdempotencyKey, TicketStatus

THREADS = 8


class HoldContract(abc.ABC):
    """What every ticket repository does when places are asked for."""

    @abc.abstractmethod
    def make_stores(self) -> tuple[EventRepository, TicketRepository]:
        """Empty repositories over the same store."""

    def test_places_are_taken_and_counted(self) -> None:
        """A hold stores the ticket as asked for and counts its places."""
        events, tickets = self.make_stores()
        event = stored_event(events)
        asked = draft(event, quantity=3, key=IdempotencyKey(value="k", fingerprint="f"))
        ticket = held(tickets, asked)
        assert ticket == asked.ticket(ticket.ticket_id)
        assert tickets.by_id(ticket.ticket_id) == ticket
        assert ticket.status is TicketStatus.RESERVED
        assert kept(events, event) == 3

    def test_a_free_ticket_is_issued_by_the_hold(self) -> None:
        """No second step is needed, and nothing becomes due."""
        events, tickets = self.make_stores()
        ticket = held(tickets, draft(stored_event(events, price=FREE)))
        assert ticket.status is TicketStatus.ISSUED
        assert tickets.claim_due(now=NOON + timedelta(days=9), limit=9) == []

    def test_more_than_is_left_is_refused_whole(self) -> None:
        """An order is never filled in part; a smaller one still fits."""
        events, tickets = self.make_stores()
        event = stored_event(events, capacity=5)
        held(tickets, draft(event, quantity=3))
        assert tickets.hold(draft(event, quantity=3)) == SoldOut(places_left=2)
        assert kept(events, event) == 3
        held(tickets, draft(event, quantity=2))
        assert tickets.hold(draft(event)) == SoldOut(places_left=0)

    def test_the_sale_window_is_half_open(self) -> None:
        """From the very instant of opening; not any more at the instant of closing."""
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
        """One order may have as many as the event says, and no more."""
        events, tickets = self.make_stores()
        event = stored_event(events, max_per_order=4)
        assert tickets.hold(draft(event, quantity=5)) == OverOrderLimit(4)
        held(tickets, draft(event, quantity=4))

    def test_a_buyer_is_limited_over_all_his_tickets(self) -> None:
        """What he gave back does not count; what others have does not, nor another event."""
        events, tickets = self.make_stores()
        event = stored_event(events, max_per_buyer=4)
        other_event = stored_event(events, max_per_buyer=4)
        first = held(tickets, draft(event, quantity=3))
        over = OverBuyerLimit(4, kept=3)
        assert tickets.hold(draft(event, quantity=2)) == over
        held(tickets, draft(event, buyer="43", quantity=4))
        held(tickets, draft(other_event, quantity=4))
        stored(tickets, first, first.cancelled())
        held(tickets, draft(event, quantity=2))

    def test_a_changed_event_takes_nothing(self) -> None:
        """Another price or currency than decided on, or no event at all."""
        events, tickets = self.make_stores()
        event = stored_event(events)
        assert tickets.hold(draft(event, price=Money(1, "usd"))) == EventChanged()
        assert tickets.hold(draft(event, price=Money(2500, "eur"))) == EventChanged()
        assert tickets.hold(draft(event, event_id=999)) == EventChanged()
        assert kept(events, event) == 0

    def test_a_total_is_limited(self) -> None:
        """One payment can be so large and no larger; a repeat under a key is told first."""
        events, tickets = self.make_stores()
        event = stored_event(events, price=Money(LARGEST_AMOUNT_MINOR // 3, "usd"))
        key = IdempotencyKey(value="once", fingerprint="f")
        ticket = held(tickets, draft(event, quantity=3, key=key))
        too_dear = TotalTooLarge(Money(LARGEST_AMOUNT_MINOR, "usd"))
        assert tickets.hold(draft(event, quantity=4)) == too_dear
        assert tickets.hold(draft(event, quantity=4, key=key)) == KeyTaken(ticket)
        assert kept(events, event) == 3

    def test_a_repeated_hold_takes_nothing_more(self) -> None:
        """The same code answers the stored ticket, whatever became of it or of the sale."""
        events, tickets = self.make_stores()
        event = stored_event(events, capacity=1, closes_at=NOON + timedelta(hours=1))
        asked = draft(event)
        ticket = held(tickets, asked)
        assert tickets.hold(asked) == Held(ticket)
        moved = paying(tickets, ticket)
        assert tickets.hold(asked) == Held(moved)
        assert kept(events, event) == 1

    def test_a_key_stands_for_one_ticket_of_its_buyer(self) -> None:
        """At the same event and at another; another buyer's equal key is another key."""
        events, tickets = self.make_stores()
        event, other = stored_event(events), stored_event(events)
        key = IdempotencyKey(value="once", fingerprint="f")
        ticket = held(tickets, draft(event, key=key))
        changed = IdempotencyKey(value="once", fingerprint="g")
        assert tickets.hold(draft(event, key=key)) == KeyTaken(ticket)
        assert tickets.hold(draft(other, key=changed)) == KeyTaken(ticket)
        held(tickets, draft(event, key=key, buyer="43"))
        assert (kept(events, event), kept(events, other)) == (2, 0)

    def test_a_reservation_given_up_gives_its_key_back(self) -> None:
        """A purchase that never became payable may be tried again under the same key."""
        events, tickets = self.make_stores()
        event = stored_event(events)
        key = IdempotencyKey(value="once", fingerprint="f")
        first = held(tickets, draft(event, key=key))
        stored(tickets, first, first.expired())
        second = held(tickets, draft(event, key=key))
        given_up = paying(tickets, second)
        given_up = stored(tickets, given_up, given_up.cancelled())
        assert tickets.hold(draft(event, key=key)) == KeyTaken(given_up)

    def test_ids_rise_and_are_never_given_twice(self) -> None:
        """Also when tickets were refused or given up in between."""
        events, tickets = self.make_stores()
        event = stored_event(events, capacity=2)
        first = held(tickets, draft(event))
        stored(tickets, first, first.cancelled())
        tickets.hold(draft(event, quantity=9))
        second = held(tickets, draft(event))
        assert second.ticket_id > first.ticket_id

    def test_the_last_places_go_to_as_many_as_there_are(self) -> None:
        """Many at once: exactly the capacity is sold, everybody else is told so."""
        events, tickets = self.make_stores()
        event = stored_event(events, capacity=5)
        asked = [draft(event, buyer=str(n)) for n in range(4 * THREADS)]
        with ThreadPoolExecutor(THREADS) as pool:
            outcomes = list(pool.map(tickets.hold, asked))
        assert sum(isinstance(outcome, Held) for outcome in outcomes) == 5
        assert outcomes.count(SoldOut(places_left=0)) == len(asked) - 5
        assert kept(events, event) == 5

    def test_a_buyer_cannot_pass_his_limit_by_being_fast(self) -> None:
        """Many orders of one buyer at once keep no more than his limit."""
        events, tickets = self.make_stores()
        event = stored_event(events, capacity=100, max_per_buyer=3)
        asked = [draft(event) for _ in range(3 * THREADS)]
        with ThreadPoolExecutor(THREADS) as pool:
            outcomes = list(pool.map(tickets.hold, asked))
        assert sum(isinstance(outcome, Held) for outcome in outcomes) == 3
        assert kept(events, event) == 3

    def test_a_double_click_is_one_ticket(self) -> None:
        """Many holds under one key at once, at two events: one wins, the others learn of it."""
        events, tickets = self.make_stores()
        both = [stored_event(events), stored_event(events)]
        key = IdempotencyKey(value="once", fingerprint="f")
        asked = [draft(both[n % 2], key=key) for n in range(2 * THREADS)]
        with ThreadPoolExecutor(THREADS) as pool:
            outcomes = list(pool.map(tickets.hold, asked))
        winners = [outcome for outcome in outcomes if isinstance(outcome, Held)]
        assert len(winners) == 1
        assert outcomes.count(KeyTaken(winners[0].ticket)) == len(asked) - 1
        assert sum(kept(events, event) for event in both) == 1


def kept(events: EventRepository, event: Event) -> int:
    """How many places of the event are kept now."""
    now = events.by_id(event.event_id)
    assert now is not None
    return now.kept
