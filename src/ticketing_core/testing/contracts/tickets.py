"""The contract of `TicketRepository`: changes, look-ups, the schedule and the history."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

from attrs import evolve

from ticketing_core.testing.contracts.examples import (
    FREE,
    NOON,
    checkout,
    draft,
    held,
    paying,
    stored,
    stored_event,
)
from ticketing_core.testing.contracts.holds import THREADS, HoldContract, kept
from ticketing_core.ticket import HistoryEntry, Replaced, Stale, Ticket, TicketStatus

MINUTE = timedelta(minutes=1)


class TicketRepositoryContract(HoldContract):
    """What every ticket repository does. Inherit, and say how to make an empty one."""

    def test_a_change_reads_back_to_the_letter(self) -> None:
        """Every value of the new version is stored, marks included."""
        events, tickets = self.make_stores()
        ticket = paying(tickets, held(tickets, draft(stored_event(events), quantity=3)))
        ticket = stored(tickets, ticket, ticket.issued())
        ticket = stored(tickets, ticket, ticket.partly_refunded(2**40))
        ticket = stored(tickets, ticket, ticket.under_dispute())
        ticket = stored(tickets, ticket, ticket.refunding())
        ticket = stored(tickets, ticket, ticket.refund_refused("charge_disputed"))
        read = tickets.by_id(ticket.ticket_id)
        assert read == ticket
        assert read is not None
        marks = (read.refunded_minor, read.disputed, read.refund_attempt, read.refund_problem)
        assert marks == (2**40, True, 1, "charge_disputed")

    def test_places_are_given_back_with_the_change(self) -> None:
        """Giving up frees all places; a refund keeps those of people already inside."""
        events, tickets = self.make_stores()
        event = stored_event(events)
        given_up = held(tickets, draft(event, quantity=2))
        stored(tickets, given_up, given_up.cancelled())
        assert kept(events, event) == 0
        group = paying(tickets, held(tickets, draft(event, quantity=4)))
        group = stored(tickets, group, group.issued())
        inside = evolve(group, admitted=1, version=group.version + 1)
        group = stored(tickets, group, inside)
        assert kept(events, event) == 4
        group = stored(tickets, group, group.refunding())
        assert kept(events, event) == 1
        stored(tickets, group, group.refunded())
        assert kept(events, event) == 1

    def test_whoever_decided_on_an_old_version_writes_nothing(self) -> None:
        """He gets the ticket as it is now; the event's count and the history stay."""
        events, tickets = self.make_stores()
        event = stored_event(events)
        ticket = held(tickets, draft(event))
        now = paying(tickets, ticket)
        history = tickets.history(ticket.ticket_id)
        outcome = tickets.replace(ticket, ticket.cancelled(), at=NOON, why="late", by="suite")
        assert outcome == Stale(now)
        assert tickets.by_id(ticket.ticket_id) == now
        assert kept(events, event) == 1
        assert tickets.history(ticket.ticket_id) == history

    def test_a_repeated_change_is_done_once(self) -> None:
        """The answer is the same; places are not given back twice, the history has one line."""
        events, tickets = self.make_stores()
        event = stored_event(events)
        held(tickets, draft(event, quantity=2))
        ticket = held(tickets, draft(event, quantity=2))
        new = ticket.cancelled()
        for _ in range(2):
            outcome = tickets.replace(ticket, new, at=NOON, why="test", by="suite")
            assert outcome == Replaced(new)
        assert kept(events, event) == 2
        assert len(tickets.history(ticket.ticket_id)) == 2

    def test_of_many_different_changes_one_is_done(self) -> None:
        """Many threads change the same version at once: one wins, the others are told."""
        events, tickets = self.make_stores()
        event = stored_event(events)
        ticket = paying(tickets, held(tickets, draft(event, quantity=2)))
        changes = [ticket.issued(), ticket.cancelled(), ticket.expired(), ticket.refunding()]

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

    def test_changing_a_ticket_that_never_was_is_a_bug(self) -> None:
        """It is neither stale nor done."""
        events, tickets = self.make_stores()
        ticket = evolve(held(tickets, draft(stored_event(events))), ticket_id=999)
        try:
            tickets.replace(ticket, ticket.cancelled(), at=NOON, why="bug", by="suite")
        except LookupError:
            return
        raise AssertionError("an unknown ticket was changed")

    def test_a_ticket_is_found_by_each_of_its_names(self) -> None:
        """By id, code and checkout; unknown names are None, however strange."""
        events, tickets = self.make_stores()
        ticket = paying(tickets, held(tickets, draft(stored_event(events))))
        assert ticket.checkout is not None
        assert tickets.by_id(ticket.ticket_id) == ticket
        assert tickets.by_code(ticket.ticket_code) == ticket
        assert tickets.by_checkout(ticket.checkout.checkout_id) == ticket
        assert tickets.by_id(2**80) is None
        assert tickets.by_code(UUID(int=2**127)) is None
        for strange in ("", "co_unknown", "\0", "\ud800", "x" * 10_000):
            assert tickets.by_checkout(strange) is None

    def test_a_buyer_sees_his_tickets_new_to_old(self) -> None:
        """Page by page, without those of others; an unknown or strange buyer has none."""
        events, tickets = self.make_stores()
        event = stored_event(events)
        own = [held(tickets, draft(event, buyer=who)) for who in ("42", "43", "42", "42")]
        expected = [ticket.ticket_id for ticket in reversed(own) if ticket.buyer == "42"]
        first = tickets.of_buyer("42", before=None, limit=2)
        rest = tickets.of_buyer("42", before=first[-1].ticket_id, limit=2)
        assert [ticket.ticket_id for ticket in (*first, *rest)] == expected
        for strange in ("nobody", "\0", "\ud800"):
            assert list(tickets.of_buyer(strange, before=None, limit=2)) == []

    def test_tickets_of_a_time_are_told_old_to_new(self) -> None:
        """Page by page, from the very instant on."""
        events, tickets = self.make_stores()
        event = stored_event(events)
        made = [held(tickets, draft(event, at=NOON + n * MINUTE)) for n in range(5)]
        told: list[Ticket] = []
        while page := tickets.made_since(
            NOON + MINUTE, after=told[-1].ticket_id if told else 0, limit=2
        ):
            told += page
        assert told == made[1:]

    def test_the_newest_ticket_that_waits_for_payment_is_found(self) -> None:
        """Only one that is PAYING, of this buyer, at this event."""
        events, tickets = self.make_stores()
        event, other = stored_event(events), stored_event(events)
        assert tickets.paying(buyer="42", event_id=event.event_id) is None
        held(tickets, draft(event))
        paying(tickets, held(tickets, draft(event)))
        waiting = paying(tickets, held(tickets, draft(event)))
        paying(tickets, held(tickets, draft(other)))
        paying(tickets, held(tickets, draft(event, buyer="43")))
        assert tickets.paying(buyer="42", event_id=event.event_id) == waiting

    def test_a_checkout_belongs_to_one_ticket(self) -> None:
        """Each ticket is found by its own."""
        events, tickets = self.make_stores()
        event = stored_event(events)
        both = [paying(tickets, held(tickets, draft(event))) for _ in range(2)]
        for ticket in both:
            assert ticket.checkout is not None
            assert tickets.by_checkout(ticket.checkout.checkout_id) == ticket

    def test_what_is_due_is_claimed_once_the_longest_waiting_first(self) -> None:
        """Not before its time, at most as many as asked for, and not twice."""
        events, tickets = self.make_stores()
        event = stored_event(events)
        late = held(tickets, draft(event, held_until=NOON + 3 * MINUTE))
        soon = held(tickets, draft(event, held_until=NOON + 2 * MINUTE))
        held(tickets, draft(event, held_until=NOON + 60 * MINUTE))
        held(tickets, draft(stored_event(events, price=FREE)))
        assert list(tickets.claim_due(now=NOON + 2 * MINUTE - MINUTE / 60, limit=9)) == []
        assert list(tickets.claim_due(now=NOON + 3 * MINUTE, limit=1)) == [soon]
        assert list(tickets.claim_due(now=NOON + 3 * MINUTE, limit=9)) == [late]
        assert list(tickets.claim_due(now=NOON + 3 * MINUTE, limit=9)) == []

    def test_a_lease_grows_with_each_claim_up_to_an_hour(self) -> None:
        """So hopeless work gives way; a change of the ticket starts the count anew."""
        events, tickets = self.make_stores()
        ticket = held(tickets, draft(stored_event(events), held_until=NOON))
        now = NOON
        # Two days in a row is far more than there are doublings in any duration.
        for minutes in (1, 2, 4, 8, 16, 32, *[60] * 50):
            assert list(tickets.claim_due(now=now, limit=9)) == [ticket]
            pause = minutes * MINUTE
            assert list(tickets.claim_due(now=now + pause - MINUTE / 60, limit=9)) == []
            now += pause
        ticket = stored(tickets, ticket, ticket.paying(checkout(), until=now))
        assert list(tickets.claim_due(now=now, limit=9)) == [ticket]
        assert list(tickets.claim_due(now=now + MINUTE, limit=9)) == [ticket]

    def test_a_claim_does_not_stand_in_the_way_of_a_change(self) -> None:
        """Whoever read the ticket before the claim can still change it."""
        events, tickets = self.make_stores()
        ticket = held(tickets, draft(stored_event(events), held_until=NOON))
        tickets.claim_due(now=NOON, limit=9)
        stored(tickets, ticket, ticket.expired())

    def test_what_is_owed_is_due_at_once_and_what_is_settled_never(self) -> None:
        """REFUNDING is due from the start; an issued, refunded or given-up ticket is not."""
        events, tickets = self.make_stores()
        event = stored_event(events)
        ticket = paying(tickets, held(tickets, draft(event)))
        ticket = stored(tickets, ticket, ticket.issued())
        given_up = held(tickets, draft(event))
        stored(tickets, given_up, given_up.expired())
        assert list(tickets.claim_due(now=NOON + 999 * MINUTE, limit=9)) == []
        ticket = stored(tickets, ticket, ticket.refunding())
        assert list(tickets.claim_due(now=NOON, limit=9)) == [ticket]
        stored(tickets, ticket, ticket.refunded())
        assert list(tickets.claim_due(now=NOON + 999 * MINUTE, limit=9)) == []

    def test_what_is_postponed_is_due_later(self) -> None:
        """At that time and not before, with a lease that starts small again."""
        events, tickets = self.make_stores()
        ticket = held(tickets, draft(stored_event(events), held_until=NOON))
        for _ in range(3):
            tickets.claim_due(now=NOON + 99 * MINUTE, limit=9)
        later = NOON + 200 * MINUTE
        tickets.postpone(ticket, until=later)
        assert list(tickets.claim_due(now=later - MINUTE / 60, limit=9)) == []
        assert list(tickets.claim_due(now=later, limit=9)) == [ticket]
        assert list(tickets.claim_due(now=later + MINUTE, limit=9)) == [ticket]

    def test_whoever_read_an_old_version_postpones_nothing(self) -> None:
        """Nor is a settled ticket made due."""
        events, tickets = self.make_stores()
        event = stored_event(events)
        old = held(tickets, draft(event, held_until=NOON))
        now = stored(tickets, old, old.paying(checkout(), until=NOON))
        tickets.postpone(old, until=NOON + 9 * MINUTE)
        assert list(tickets.claim_due(now=NOON, limit=9)) == [now]
        issued = stored(tickets, now, now.issued())
        tickets.postpone(issued, until=NOON)
        assert list(tickets.claim_due(now=NOON + 99 * MINUTE, limit=9)) == []

    def test_due_places_are_those_that_settling_may_free(self) -> None:
        """Of this event, due by now, and still kept."""
        events, tickets = self.make_stores()
        event, other = stored_event(events), stored_event(events)
        ticket = held(tickets, draft(event, held_until=NOON))
        instant = timedelta(microseconds=1)
        assert tickets.places_are_due(event_id=event.event_id, now=NOON)
        assert not tickets.places_are_due(event_id=event.event_id, now=NOON - instant)
        assert not tickets.places_are_due(event_id=other.event_id, now=NOON)
        stored(tickets, ticket, ticket.expired())
        assert not tickets.places_are_due(event_id=event.event_id, now=NOON)

    def test_places_stay_due_while_somebody_settles_them(self) -> None:
        """What is claimed may be free in a moment; what waits for a bank may not."""
        events, tickets = self.make_stores()
        event = stored_event(events)
        held(tickets, draft(event, held_until=NOON))
        (claimed,) = tickets.claim_due(now=NOON, limit=1)
        assert tickets.places_are_due(event_id=event.event_id, now=NOON)
        tickets.postpone(claimed, until=NOON + timedelta(minutes=10))
        assert not tickets.places_are_due(event_id=event.event_id, now=NOON)

    def test_many_settlers_share_the_work(self) -> None:
        """Each due ticket goes to exactly one of those who claim at the same time."""
        events, tickets = self.make_stores()
        event = stored_event(events, capacity=99)
        due = [held(tickets, draft(event, held_until=NOON)) for _ in range(3 * THREADS)]

        def claim(_: int) -> list[Ticket]:
            return list(tickets.claim_due(now=NOON, limit=3))

        with ThreadPoolExecutor(THREADS) as pool:
            claimed = [ticket for batch in pool.map(claim, range(3 * THREADS)) for ticket in batch]
        ids = [ticket.ticket_id for ticket in claimed]
        assert sorted(ids) == [ticket.ticket_id for ticket in due]

    def test_the_history_tells_each_change_once(self) -> None:
        """When, why and by whom, from the hold on; unknown tickets have none."""
        events, tickets = self.make_stores()
        ticket = held(tickets, draft(stored_event(events)))
        later = NOON + MINUTE
        tickets.replace(ticket, ticket.cancelled(), at=later, why="changed my mind", by="buyer")
        first, second = tickets.history(ticket.ticket_id)
        assert (first.version, first.status, first.at) == (1, TicketStatus.RESERVED, NOON)
        assert second == HistoryEntry(
            version=2, status=TicketStatus.CANCELLED, at=later, why="changed my mind", by="buyer"
        )
        assert list(tickets.history(999)) == []
