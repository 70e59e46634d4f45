"""The contract of `TicketRepository`: notes that a payment has to be looked at, and money owed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from ticketing_core.schedule import DueLook
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
from ticketing_core.testing.contracts.payments import PaymentContract
from ticketing_core.ticket import Ticket

SECOND = timedelta(seconds=1)


class LookContract(PaymentContract):
    """The tests of looks in every ticket repository."""

    def test_noted_tickets_are_claimed_once_the_oldest_note_first(self) -> None:
        """At most ``limit`` of them, not before their note and not twice; nothing else is due."""
        events, tickets, _ = self.on_sale()
        event = stored_event(events, price=FREE)
        first, second, third, _ = (held(tickets, draft(event)) for _ in range(4))
        tickets.look_again([second.ticket_id], at=NOON + MINUTE)
        tickets.look_again([third.ticket_id, first.ticket_id], at=NOON + 2 * MINUTE)
        assert list(tickets.claim_looks(now=NOON + MINUTE - SECOND, limit=9)) == []
        (look,) = tickets.claim_looks(now=NOON + 2 * MINUTE, limit=1)
        assert look.ticket == second
        both = tickets.claim_looks(now=NOON + 2 * MINUTE, limit=9)
        assert [each.ticket for each in both] == [first, third]
        assert list(tickets.claim_looks(now=NOON + 2 * MINUTE, limit=9)) == []
        assert list(tickets.claim_due(now=NOON + 99 * MINUTE, limit=9)) == []

    def test_the_next_due_instant_is_that_of_the_ticket_that_waits_longest(self) -> None:
        """Unpaid, owed or noted; a claim moves its instant to the end of the claim."""
        _, tickets, event = self.on_sale()
        assert tickets.next_due() is None
        unpaid = held(tickets, draft(event, held_until=NOON + 3 * MINUTE))
        assert tickets.next_due() == NOON + 3 * MINUTE
        owing = paying(tickets, held(tickets, draft(event, held_until=NOON + 9 * MINUTE)))
        owing = stored(tickets, owing, owing.issued())
        assert tickets.next_due() == NOON + 3 * MINUTE
        stored(tickets, owing, owing.refunding(at=NOON + 2 * MINUTE))
        assert tickets.next_due() == NOON + 2 * MINUTE
        tickets.look_again([unpaid.ticket_id], at=NOON + MINUTE)
        assert tickets.next_due() == NOON + MINUTE
        (look,) = tickets.claim_looks(now=NOON + MINUTE, limit=9)
        assert tickets.next_due() == min(look.look_at, NOON + 2 * MINUTE)
        tickets.clear_look(look)
        tickets.claim_due(now=NOON + 2 * MINUTE, limit=9)
        assert tickets.next_due() == NOON + 3 * MINUTE
        tickets.claim_due(now=NOON + 3 * MINUTE, limit=9)
        following = tickets.next_due()
        assert following is not None
        assert following > NOON + 3 * MINUTE

    def test_ids_that_no_ticket_has_are_not_noted(self) -> None:
        """However strange. The others of the same call are; so is none of none."""
        events, tickets, _ = self.on_sale()
        ticket = held(tickets, draft(stored_event(events, price=FREE)))
        tickets.look_again([999, 0, -1, 2**80, ticket.ticket_id, ticket.ticket_id], at=NOON)
        tickets.look_again([], at=NOON)
        (look,) = tickets.claim_looks(now=NOON, limit=9)
        assert look.ticket == ticket
        tickets.look_again([999], at=NOON)
        held(tickets, draft(stored_event(events, price=FREE)))
        assert list(tickets.claim_looks(now=NOON, limit=9)) == []

    def test_a_note_and_the_ticket_do_not_change_each_other(self) -> None:
        """The ticket stays as it is and due as it was; a change of it leaves the note."""
        _, tickets, event = self.on_sale()
        ticket = held(tickets, draft(event, held_until=NOON + 5 * MINUTE))
        tickets.look_again([ticket.ticket_id], at=NOON)
        assert tickets.by_id(ticket.ticket_id) == ticket
        assert list(tickets.claim_due(now=NOON, limit=9)) == []
        ticket = paying(tickets, ticket)
        ticket = stored(tickets, ticket, ticket.issued())
        (look,) = tickets.claim_looks(now=NOON, limit=9)
        assert look.ticket == ticket
        ticket = stored(tickets, ticket, ticket.refunding(at=NOON + MINUTE))
        tickets.clear_look(look)
        assert tickets.by_id(ticket.ticket_id) == ticket
        assert list(tickets.claim_due(now=NOON + MINUTE, limit=9)) == [ticket]

    def test_a_look_that_failed_comes_again_later_each_time(self) -> None:
        """After the lease, which doubles. A change of the ticket and a success reset it."""
        _, tickets, event = self.on_sale()
        ticket = paying(tickets, held(tickets, draft(event)))
        tickets.look_again([ticket.ticket_id], at=NOON)
        now = NOON
        for minutes in (1, 2, 4, 8, 16, 32, *[60] * 50):
            (look,) = tickets.claim_looks(now=now, limit=9)
            assert list(tickets.claim_looks(now=now + minutes * MINUTE - SECOND, limit=9)) == []
            now += minutes * MINUTE
        ticket = stored(tickets, ticket, ticket.issued())
        assert tickets.claim_looks(now=now, limit=9)[0].ticket == ticket
        now += MINUTE
        (look,) = tickets.claim_looks(now=now, limit=9)
        tickets.clear_look(look)
        tickets.look_again([ticket.ticket_id], at=now)
        for _ in range(2):
            (look,) = tickets.claim_looks(now=now, limit=9)
            now += MINUTE

    def test_a_note_is_gone_after_the_look(self) -> None:
        """It does not come again; newer news does."""
        events, tickets, _ = self.on_sale()
        ticket = held(tickets, draft(stored_event(events, price=FREE)))
        tickets.look_again([ticket.ticket_id], at=NOON)
        (look,) = tickets.claim_looks(now=NOON, limit=9)
        for _ in range(2):
            tickets.clear_look(look)
            assert list(tickets.claim_looks(now=NOON + 999 * MINUTE, limit=9)) == []
        tickets.look_again([ticket.ticket_id], at=NOON + MINUTE)
        assert len(tickets.claim_looks(now=NOON + MINUTE, limit=9)) == 1

    def test_news_that_comes_during_a_look_stays(self) -> None:
        """At whatever instant: when the look began, later, or when its claim ends."""
        instant = timedelta(microseconds=1)
        for after in (0 * instant, instant, MINUTE - instant, MINUTE, MINUTE + instant):
            events, tickets, _ = self.on_sale()
            ticket = held(tickets, draft(stored_event(events, price=FREE)))
            tickets.look_again([ticket.ticket_id], at=NOON)
            (look,) = tickets.claim_looks(now=NOON, limit=9)
            tickets.look_again([ticket.ticket_id], at=NOON + after)
            tickets.clear_look(look)
            later = tickets.claim_looks(now=NOON + after, limit=9)
            assert [each.ticket for each in later] == [ticket], after
            tickets.clear_look(later[0])

    def test_a_look_that_took_too_long_clears_nothing(self) -> None:
        """Another one has claimed the note meanwhile, and clears it itself."""
        events, tickets, _ = self.on_sale()
        ticket = held(tickets, draft(stored_event(events, price=FREE)))
        tickets.look_again([ticket.ticket_id], at=NOON)
        (slow,) = tickets.claim_looks(now=NOON, limit=9)
        (second,) = tickets.claim_looks(now=NOON + MINUTE, limit=9)
        tickets.clear_look(slow)
        (third,) = tickets.claim_looks(now=NOON + 3 * MINUTE, limit=9)
        assert third.look_at != second.look_at
        tickets.clear_look(third)
        assert list(tickets.claim_looks(now=NOON + 999 * MINUTE, limit=9)) == []

    def test_what_a_clock_far_ahead_has_noted_is_due(self) -> None:
        """So is what it has claimed. What is due by the right clock comes first."""
        events, tickets, _ = self.on_sale()
        event = stored_event(events, price=FREE)
        first, second, third = (held(tickets, draft(event)) for _ in range(3))
        tickets.look_again([first.ticket_id], at=NOON)
        tickets.claim_looks(now=NOON + timedelta(days=365), limit=9)
        tickets.look_again([second.ticket_id], at=NOON + timedelta(days=366))
        tickets.look_again([third.ticket_id], at=NOON)
        claimed = tickets.claim_looks(now=NOON, limit=9)
        assert [look.ticket for look in claimed] == [third, first, second]
        assert list(tickets.claim_looks(now=NOON, limit=9)) == []

    def test_many_settlers_share_the_looks(self) -> None:
        """Of many claims at once, exactly one gets each ticket."""
        events, tickets, _ = self.on_sale()
        event = stored_event(events, price=FREE, capacity=99)
        ids = [held(tickets, draft(event)).ticket_id for _ in range(3 * THREADS)]
        tickets.look_again(ids, at=NOON)

        def claim(_: int) -> list[DueLook]:
            return list(tickets.claim_looks(now=NOON, limit=3))

        with ThreadPoolExecutor(THREADS) as pool:
            claimed = [look for batch in pool.map(claim, range(len(ids))) for look in batch]
        assert sorted(look.ticket.ticket_id for look in claimed) == ids

    def test_many_pages_of_news_are_noted_at_once(self) -> None:
        """Whatever their order, while the same tickets are claimed, changed and cleared."""
        _, tickets, event = self.on_sale(capacity=99)
        own = [paying(tickets, held(tickets, draft(event))) for _ in range(2 * THREADS)]
        ids = [ticket.ticket_id for ticket in own]

        def work(number: int) -> None:
            tickets.look_again(ids[number:] + ids[:number][::-1], at=NOON)
            for look in tickets.claim_looks(now=NOON, limit=2):
                tickets.clear_look(look)
            stored(tickets, own[number], own[number].issued())

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(work, range(len(own))))
        tickets.look_again(ids[::-1], at=NOON)
        assert len(tickets.claim_looks(now=NOON, limit=99)) == len(ids)
        assert {ticket and ticket.version for ticket in map(tickets.by_id, ids)} == {3}

    def test_the_newest_checkout_is_that_of_the_newest_ticket_with_one(self) -> None:
        """Whatever has become of the ticket; free and unopened ones are passed over."""
        events, tickets, event = self.on_sale()
        assert tickets.newest_checkout() is None
        older, newer = (held(tickets, draft(event)) for _ in range(2))
        held(tickets, draft(event))
        held(tickets, draft(stored_event(events, price=FREE)))
        assert tickets.newest_checkout() is None
        newer = paying(tickets, newer)
        paying(tickets, older)
        newer = stored(tickets, newer, newer.expired())
        assert newer.checkout is not None
        assert tickets.newest_checkout() == newer.checkout.checkout_id

    def test_all_tickets_that_owe_a_refund_are_found(self) -> None:
        """Page by page, the smallest id first, however old and whether due or claimed."""
        _, tickets, event = self.on_sale()
        owing: list[Ticket] = []
        for minutes in range(5):
            ticket = paying(tickets, held(tickets, draft(event)))
            ticket = stored(tickets, ticket, ticket.issued())
            owed_since = NOON - minutes * MINUTE
            owing.append(stored(tickets, ticket, ticket.refunding(at=owed_since)))
            paying(tickets, held(tickets, draft(event)))
        refunded = owing.pop(1)
        stored(tickets, refunded, refunded.refunded())
        tickets.claim_due(now=NOON, limit=2)
        read: list[Ticket] = []
        while page := tickets.owing(after=read[-1].ticket_id if read else 0, limit=3):
            assert len(page) <= 3
            read += page
        assert read == owing
        assert list(tickets.owing(after=-(2**80), limit=9)) == owing
        assert list(tickets.owing(after=2**80, limit=9)) == []
