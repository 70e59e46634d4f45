"""The contract of `TicketRepository`: changes, look-ups, the schedule and the history."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

from attrs import evolve

from ticketing_core.changes import HistoryEntry, Replaced, Stale
from ticketing_core.testing.contracts.event_lists import EventListContract
from ticketing_core.testing.contracts.examples import (
    FREE,
    MINUTE,
    NOON,
    checkout,
    draft,
    held,
    kept,
    paying,
    stored,
    stored_event,
)
from ticketing_core.testing.contracts.holds import THREADS
from ticketing_core.ticket import Ticket, TicketStatus


class TicketRepositoryContract(EventListContract):
    """The tests of every ticket repository."""

    def test_a_change_reads_back_unchanged(self) -> None:
        """So does every value of the new version."""
        _, tickets, event = self.on_sale()
        ticket = paying(tickets, held(tickets, draft(event, quantity=3)))
        ticket = stored(tickets, ticket, ticket.issued())
        read = tickets.by_id(ticket.ticket_id)
        assert read == ticket
        assert read is not None
        assert read.checkout == ticket.checkout

    def test_places_are_freed_with_the_change(self) -> None:
        """Giving up frees all places. A refund keeps those of people who are inside."""
        events, tickets, event = self.on_sale()
        given_up = held(tickets, draft(event, quantity=2))
        stored(tickets, given_up, given_up.cancelled())
        assert kept(events, event) == 0
        group = paying(tickets, held(tickets, draft(event, quantity=4)))
        group = stored(tickets, group, group.issued())
        inside = evolve(group, admitted=1, version=group.version + 1)
        group = stored(tickets, group, inside)
        assert kept(events, event) == 4
        group = stored(tickets, group, group.refunding(at=NOON))
        assert kept(events, event) == 1
        stored(tickets, group, group.refunded())
        assert kept(events, event) == 1

    def test_a_change_of_an_old_version_writes_nothing(self) -> None:
        """It returns the ticket as it is now. The event's count and the history stay."""
        events, tickets, event = self.on_sale()
        ticket = held(tickets, draft(event))
        now = paying(tickets, ticket)
        history = tickets.history(ticket.ticket_id)
        outcome = tickets.replace(ticket, ticket.cancelled(), at=NOON, why="late", by="suite")
        assert outcome == Stale(now)
        assert tickets.by_id(ticket.ticket_id) == now
        assert kept(events, event) == 1
        assert tickets.history(ticket.ticket_id) == history

    def test_a_repeated_change_is_made_once(self) -> None:
        """The outcome is the same. Places are not freed twice, and the history has one entry."""
        events, tickets, event = self.on_sale()
        held(tickets, draft(event, quantity=2))
        ticket = held(tickets, draft(event, quantity=2))
        new = ticket.cancelled()
        for _ in range(2):
            outcome = tickets.replace(ticket, new, at=NOON, why="test", by="suite")
            assert outcome == Replaced(new)
        assert kept(events, event) == 2
        assert len(tickets.history(ticket.ticket_id)) == 2

    def test_one_of_many_changes_at_once_is_made(self) -> None:
        """All change the same version: one wins, and the others get its ticket."""
        events, tickets, event = self.on_sale()
        ticket = paying(tickets, held(tickets, draft(event, quantity=2)))
        changes = [ticket.issued(), ticket.cancelled(), ticket.expired(), ticket.refunding(at=NOON)]

        def change(new: Ticket) -> Replaced | Stale:
            return tickets.replace(ticket, new, at=NOON, why="race", by="suite")

        with ThreadPoolExecutor(len(changes)) as pool:
            outcomes = list(pool.map(change, changes))
        now = tickets.by_id(ticket.ticket_id)
        assert now is not None
        assert now in changes
        assert outcomes.count(Replaced(now)) == 1
        assert outcomes.count(Stale(now)) == len(changes) - 1
        assert kept(events, event) == now.places
        assert len(tickets.history(ticket.ticket_id)) == 3

    def test_changing_a_ticket_that_was_never_stored_is_a_bug(self) -> None:
        """It is neither `Stale` nor `Replaced`."""
        _, tickets, event = self.on_sale()
        ticket = evolve(held(tickets, draft(event)), ticket_id=999)
        try:
            tickets.replace(ticket, ticket.cancelled(), at=NOON, why="bug", by="suite")
        except LookupError:
            return
        raise AssertionError("an unknown ticket was changed")

    def test_a_ticket_is_found_by_each_of_its_names(self) -> None:
        """By id, code and checkout. An unknown name returns None, however strange."""
        _, tickets, event = self.on_sale()
        ticket = paying(tickets, held(tickets, draft(event)))
        assert ticket.checkout is not None
        assert tickets.by_id(ticket.ticket_id) == ticket
        assert tickets.by_code(ticket.ticket_code) == ticket
        assert tickets.by_checkout(ticket.checkout.checkout_id) == ticket
        assert tickets.by_id(2**80) is None
        assert tickets.by_code(UUID(int=2**127)) is None
        for strange in ("", "co_unknown", "\0", "\ud800", "x" * 10_000):
            assert tickets.by_checkout(strange) is None

    def test_the_tickets_of_a_buyer_come_newest_first(self) -> None:
        """Page by page, without those of others. An unknown or strange buyer has none."""
        _, tickets, event = self.on_sale()
        own = [held(tickets, draft(event, buyer=buyer)) for buyer in ("42", "43", "42", "42")]
        expected = [ticket.ticket_id for ticket in reversed(own) if ticket.buyer == "42"]
        first = tickets.of_buyer("42", before=None, limit=2)
        rest = tickets.of_buyer("42", before=first[-1].ticket_id, limit=2)
        assert [ticket.ticket_id for ticket in (*first, *rest)] == expected
        for strange in ("nobody", "\0", "\ud800"):
            assert list(tickets.of_buyer(strange, before=None, limit=2)) == []

    def test_tickets_since_an_instant_come_oldest_first(self) -> None:
        """Page by page, including those of that very instant."""
        _, tickets, event = self.on_sale()
        made = [held(tickets, draft(event, at=NOON + n * MINUTE)) for n in range(5)]
        since = NOON + MINUTE
        read: list[Ticket] = []
        while page := tickets.made_since(since, after=read[-1].ticket_id if read else 0, limit=2):
            read += page
        assert read == made[1:]

    def test_the_newest_paying_ticket_is_found(self) -> None:
        """Only of this buyer, at this event."""
        events, tickets, event = self.on_sale()
        other = stored_event(events)
        assert tickets.paying(buyer="42", event_id=event.event_id) is None
        held(tickets, draft(event))
        paying(tickets, held(tickets, draft(event)))
        waiting = paying(tickets, held(tickets, draft(event)))
        paying(tickets, held(tickets, draft(other)))
        paying(tickets, held(tickets, draft(event, buyer="43")))
        assert tickets.paying(buyer="42", event_id=event.event_id) == waiting

    def test_each_ticket_is_found_by_its_own_checkout(self) -> None:
        """So a notification never leads to another ticket."""
        _, tickets, event = self.on_sale()
        both = [paying(tickets, held(tickets, draft(event))) for _ in range(2)]
        for ticket in both:
            assert ticket.checkout is not None
            assert tickets.by_checkout(ticket.checkout.checkout_id) == ticket

    def test_due_tickets_are_claimed_once_the_longest_waiting_first(self) -> None:
        """Not before they are due, at most ``limit`` of them, and not twice."""
        events, tickets, event = self.on_sale()
        late = held(tickets, draft(event, held_until=NOON + 3 * MINUTE))
        soon = held(tickets, draft(event, held_until=NOON + 2 * MINUTE))
        held(tickets, draft(event, held_until=NOON + 60 * MINUTE))
        held(tickets, draft(stored_event(events, price=FREE)))
        assert list(tickets.claim_due(now=NOON + 2 * MINUTE - MINUTE / 60, limit=9)) == []
        assert list(tickets.claim_due(now=NOON + 3 * MINUTE, limit=1)) == [soon]
        assert list(tickets.claim_due(now=NOON + 3 * MINUTE, limit=9)) == [late]
        assert list(tickets.claim_due(now=NOON + 3 * MINUTE, limit=9)) == []

    def test_a_lease_doubles_with_each_claim_up_to_an_hour(self) -> None:
        """So hopeless work gives way. A change of the ticket resets the count."""
        _, tickets, event = self.on_sale()
        ticket = held(tickets, draft(event, held_until=NOON))
        now = NOON
        # Fifty more doublings would overflow any duration.
        for minutes in (1, 2, 4, 8, 16, 32, *[60] * 50):
            assert list(tickets.claim_due(now=now, limit=9)) == [ticket]
            pause = minutes * MINUTE
            assert list(tickets.claim_due(now=now + pause - MINUTE / 60, limit=9)) == []
            now += pause
        ticket = stored(tickets, ticket, ticket.paying(checkout(), until=now))
        assert list(tickets.claim_due(now=now, limit=9)) == [ticket]
        assert list(tickets.claim_due(now=now + MINUTE, limit=9)) == [ticket]

    def test_what_a_clock_far_ahead_has_claimed_is_due(self) -> None:
        """Nothing waits for more than 25 hours. What is due by the right clock comes first."""
        _, tickets, event = self.on_sale()
        first, second = (held(tickets, draft(event, held_until=NOON)) for _ in range(2))
        assert len(tickets.claim_due(now=NOON + timedelta(days=365), limit=2)) == 2
        tickets.postpone(second, until=NOON)
        assert list(tickets.claim_due(now=NOON, limit=2)) == [second, first]
        tickets.postpone(first, until=NOON + timedelta(hours=25))
        assert list(tickets.claim_due(now=NOON, limit=2)) == []

    def test_a_claim_does_not_prevent_a_change(self) -> None:
        """A caller that read the ticket before the claim can still change it."""
        _, tickets, event = self.on_sale()
        ticket = held(tickets, draft(event, held_until=NOON))
        tickets.claim_due(now=NOON, limit=9)
        stored(tickets, ticket, ticket.expired())

    def test_an_owed_refund_is_due_when_it_is_owed_and_a_final_ticket_never(self) -> None:
        """Final tickets are those that are issued, refunded or given up."""
        _, tickets, event = self.on_sale()
        ticket = paying(tickets, held(tickets, draft(event)))
        ticket = stored(tickets, ticket, ticket.issued())
        given_up = held(tickets, draft(event))
        stored(tickets, given_up, given_up.expired())
        assert list(tickets.claim_due(now=NOON + 999 * MINUTE, limit=9)) == []
        ticket = stored(tickets, ticket, ticket.refunding(at=NOON + MINUTE))
        assert list(tickets.claim_due(now=NOON, limit=9)) == []
        assert list(tickets.claim_due(now=NOON + MINUTE, limit=9)) == [ticket]
        stored(tickets, ticket, ticket.refunded())
        assert list(tickets.claim_due(now=NOON + 999 * MINUTE, limit=9)) == []

    def test_a_postponed_ticket_is_due_later(self) -> None:
        """At that instant and not before, with the shortest lease again."""
        _, tickets, event = self.on_sale()
        ticket = held(tickets, draft(event, held_until=NOON))
        for _ in range(3):
            tickets.claim_due(now=NOON + 99 * MINUTE, limit=9)
        later = NOON + 200 * MINUTE
        tickets.postpone(ticket, until=later)
        assert list(tickets.claim_due(now=later - MINUTE / 60, limit=9)) == []
        assert list(tickets.claim_due(now=later, limit=9)) == [ticket]
        assert list(tickets.claim_due(now=later + MINUTE, limit=9)) == [ticket]

    def test_an_old_version_postpones_nothing(self) -> None:
        """Nor does postponing make a final ticket due."""
        _, tickets, event = self.on_sale()
        old = held(tickets, draft(event, held_until=NOON))
        now = stored(tickets, old, old.paying(checkout(), until=NOON))
        tickets.postpone(old, until=NOON + 9 * MINUTE)
        assert list(tickets.claim_due(now=NOON, limit=9)) == [now]
        issued = stored(tickets, now, now.issued())
        tickets.postpone(issued, until=NOON)
        assert list(tickets.claim_due(now=NOON + 99 * MINUTE, limit=9)) == []

    def test_places_are_due_if_settling_may_free_them(self) -> None:
        """They are of this event, their hold is over, and they are still kept."""
        events, tickets, event = self.on_sale()
        other = stored_event(events)
        ticket = held(tickets, draft(event, held_until=NOON))
        instant = timedelta(microseconds=1)
        assert tickets.places_are_due(event_id=event.event_id, now=NOON)
        assert not tickets.places_are_due(event_id=event.event_id, now=NOON - instant)
        assert not tickets.places_are_due(event_id=other.event_id, now=NOON)
        stored(tickets, ticket, ticket.expired())
        assert not tickets.places_are_due(event_id=event.event_id, now=NOON)

    def test_claimed_places_are_due_and_postponed_ones_are_not(self) -> None:
        """Claimed ones may be free in a moment; those that wait for a bank may not."""
        _, tickets, event = self.on_sale()
        held(tickets, draft(event, held_until=NOON))
        (claimed,) = tickets.claim_due(now=NOON, limit=1)
        assert tickets.places_are_due(event_id=event.event_id, now=NOON)
        tickets.postpone(claimed, until=NOON + timedelta(minutes=10))
        assert not tickets.places_are_due(event_id=event.event_id, now=NOON)

    def test_many_settlers_share_the_work(self) -> None:
        """Of many claims at once, exactly one gets each due ticket."""
        _, tickets, event = self.on_sale(capacity=99)
        due = [held(tickets, draft(event, held_until=NOON)) for _ in range(3 * THREADS)]

        def claim(_: int) -> list[Ticket]:
            return list(tickets.claim_due(now=NOON, limit=3))

        with ThreadPoolExecutor(THREADS) as pool:
            claimed = [ticket for batch in pool.map(claim, range(3 * THREADS)) for ticket in batch]
        ids = [ticket.ticket_id for ticket in claimed]
        assert sorted(ids) == [ticket.ticket_id for ticket in due]

    def test_the_history_has_each_change_once(self) -> None:
        """Each change with its time, reason and author, from the hold on."""
        _, tickets, event = self.on_sale()
        ticket = held(tickets, draft(event))
        later = NOON + MINUTE
        tickets.replace(ticket, ticket.cancelled(), at=later, why="changed my mind", by="buyer")
        first, second = tickets.history(ticket.ticket_id)
        assert (first.version, first.status, first.at) == (1, TicketStatus.RESERVED, NOON)
        assert second == HistoryEntry(
            version=2, status=TicketStatus.CANCELLED, at=later, why="changed my mind", by="buyer"
        )
        assert list(tickets.history(999)) == []
