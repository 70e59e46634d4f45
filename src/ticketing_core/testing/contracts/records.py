"""The contract of `TicketRepository`: what people find, and sums."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from attrs import evolve

from ticketing_core.event import Event
from ticketing_core.money import Money
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.query import TicketQuery
from ticketing_core.sums import Sums, SumsPage, sums_page
from ticketing_core.testing.contracts.edits import EditContract
from ticketing_core.testing.contracts.examples import (
    FREE,
    MINUTE,
    NOON,
    draft,
    held,
    kept,
    paying,
    stored,
    stored_event,
)
from ticketing_core.ticket import Ticket, TicketStatus

INSTANT = timedelta(microseconds=1)


def lives(tickets: TicketRepository, event: Event) -> list[Ticket]:
    """Store tickets whose money went every way that it can, for two people each."""

    def order() -> Ticket:
        return paying(tickets, held(tickets, draft(event, quantity=2)))

    def changed(ticket: Ticket, **changes: Any) -> Ticket:
        return stored(tickets, ticket, ticket.marked(**changes))

    def issued() -> Ticket:
        ticket = order()
        return stored(tickets, ticket, ticket.issued())

    def void(**changes: Any) -> Ticket:
        return changed(stored(tickets, owed := issued(), owed.refunding(at=NOON)), **changes)

    def paid_back(amount: int) -> dict[str, Any]:
        return {"paid_back_minor": amount, "paid_back_otherwise": "cash"}

    total = issued().total.amount_minor
    given_up = order()
    return [
        held(tickets, draft(event, quantity=2)),
        order(),
        stored(tickets, given_up, given_up.expired()),
        changed(issued(), admitted=1),
        changed(issued(), refunded_minor=300, charged_back_minor=20),
        void(admitted=2, excess=3),
        void(refunded_minor=300, charged_back_minor=20, **paid_back(1)),
        void(refunded_minor=total, charged_back_minor=total),
        *(
            stored(tickets, each := void(**gone), each.refunded())
            for gone in (
                {"refunded_minor": total},
                {"charged_back_minor": total},
                {"refunded_minor": 1, **paid_back(total - 1)},
                {"refunded_minor": total, "charged_back_minor": total},
                {},
                {"disputed": True, "refunded_minor": 1},
            )
        ),
    ]


class RecordContract(EditContract):
    """The tests of what people look for in every ticket repository."""

    def test_each_condition_finds_the_tickets_that_fit(self) -> None:
        """The newest first; several conditions have to fit all."""
        events, tickets, event = self.on_sale(capacity=99)
        other = stored_event(events)
        first, second = (held(tickets, draft(event, buyer="ann")) for _ in range(2))
        third = paying(tickets, held(tickets, draft(other, buyer="ann")))
        fourth = paying(tickets, held(tickets, draft(event, buyer="Ann")))
        paid = stored(tickets, fourth, evolve(fourth.issued(), payment_id="pay_1"))
        assert third.checkout is not None
        for query, found in (
            (TicketQuery(), [paid, third, second, first]),
            (TicketQuery(buyer="ann"), [third, second, first]),
            (TicketQuery(buyer="an"), []),
            (TicketQuery(ticket_code=second.ticket_code), [second]),
            (TicketQuery(ticket_code=UUID(int=9, version=4)), []),
            (TicketQuery(checkout_id=third.checkout.checkout_id), [third]),
            (TicketQuery(payment_id="pay_1"), [paid]),
            (TicketQuery(event_id=event.event_id), [paid, second, first]),
            (TicketQuery(status=TicketStatus.RESERVED), [second, first]),
            (TicketQuery(event_id=other.event_id, status=TicketStatus.RESERVED), []),
            (TicketQuery(event_id=event.event_id, buyer="ann"), [second, first]),
            (TicketQuery(payment_id="pay_1", buyer="ann"), []),
        ):
            assert list(tickets.find(query, before=None, limit=9)) == found, query

    def test_a_buyer_is_found_by_how_they_begin(self) -> None:
        """In the same case, in any script, and no character stands for others."""
        _, tickets, event = self.on_sale(capacity=99)
        buyers = ["ann", "Anna", "50%", "50 percent", "a_n", "éva", "😀x", "anna"]
        found = {buyer: held(tickets, draft(event, buyer=buyer)) for buyer in buyers}
        for prefix, fits in {
            "an": ["anna", "ann"],
            "A": ["Anna"],
            "50%": ["50%"],
            "a_": ["a_n"],
            "é": ["éva"],
            "😀": ["😀x"],
            "x": [],
            "annabel": [],
        }.items():
            query = TicketQuery(buyer_prefix=prefix)
            page = tickets.find(query, before=None, limit=9)
            assert list(page) == [found[buyer] for buyer in fits], prefix

    def test_what_was_found_comes_page_by_page(self) -> None:
        """Each page has smaller ids than the one before."""
        _, tickets, event = self.on_sale(capacity=99)
        first, second, third = (held(tickets, draft(event, buyer="ann")) for _ in range(3))
        held(tickets, draft(event, buyer="bob"))
        query = TicketQuery(buyer="ann")
        assert list(tickets.find(query, before=None, limit=2)) == [third, second]
        assert list(tickets.find(query, before=second.ticket_id, limit=2)) == [first]
        assert list(tickets.find(query, before=first.ticket_id, limit=2)) == []

    def test_strange_text_and_ids_find_nothing(self) -> None:
        """Whatever a person types may be looked for, and is in no report."""
        _, tickets, event = self.on_sale()
        held(tickets, draft(event))
        for text in ("\0", "4\x002", "\ud800", "x" * 10_000):
            for query in (
                TicketQuery(buyer=text),
                TicketQuery(buyer_prefix=text),
                TicketQuery(checkout_id=text),
                TicketQuery(payment_id=text),
            ):
                assert list(tickets.find(query, before=None, limit=9)) == []
        for number in (-1, 0, 2**63, 2**80):
            assert list(tickets.find(TicketQuery(event_id=number), before=None, limit=9)) == []
            page = tickets.report(since=NOON, until=NOON + MINUTE, event_id=number)
            assert page == SumsPage([], None)

    def test_a_report_adds_up_what_each_ticket_is(self) -> None:
        """Whatever happened to its money, and its kept places are those of the event."""
        events, tickets, event = self.on_sale(capacity=99)
        lives(tickets, event)
        all_tickets = tickets.find(TicketQuery(), before=None, limit=99)
        page = tickets.report(since=NOON, until=NOON + MINUTE, event_id=None)
        assert page == sums_page(all_tickets, since=NOON, until=NOON + MINUTE, event_id=None)
        (line,) = page.lines
        assert line.sums.kept == kept(events, event)
        assert line.sums.earned != 0
        assert line.sums.owed != 0

    def test_a_report_has_each_event_and_currency_apart(self) -> None:
        """Also of an event whose tickets are in two currencies. One event can be chosen."""
        events, tickets, dollars = self.on_sale(capacity=99)
        euros = stored_event(events, price=Money(10, "eur"))
        free = stored_event(events, price=FREE)
        held(tickets, draft(free))
        for event in (euros, dollars, dollars):
            ticket = paying(tickets, held(tickets, draft(event)))
            stored(tickets, ticket, ticket.issued())
        old = held(tickets, draft(euros))
        stored(tickets, old, evolve(old.cancelled(), total=Money(10, "chf")))
        page = tickets.report(since=NOON, until=NOON + MINUTE, event_id=None)
        assert [
            (line.event_id, line.currency, line.sums.sold, line.sums.taken) for line in page.lines
        ] == [
            (dollars.event_id, "usd", 2, 2 * dollars.price.amount_minor),
            (euros.event_id, "chf", 0, 0),
            (euros.event_id, "eur", 1, 10),
            (free.event_id, "usd", 1, 0),
        ]
        one = tickets.report(since=NOON, until=NOON + MINUTE, event_id=euros.event_id)
        assert list(one.lines) == list(page.lines[1:3])

    def test_a_report_counts_what_was_created_in_its_time(self) -> None:
        """From ``since`` on and before ``until``; it also returns when the next one was created."""
        _, tickets, event = self.on_sale(capacity=99)
        late, early = NOON + 9 * MINUTE, NOON + MINUTE
        for at in (late, early, NOON, NOON - INSTANT):
            held(tickets, draft(event, at=at))

        def kept_in(since: timedelta, until: timedelta) -> tuple[int, object]:
            page = tickets.report(since=NOON + since, until=NOON + until, event_id=None)
            sums = [line.sums for line in page.lines] or [Sums()]
            return sums[0].kept, page.next_at

        assert kept_in(timedelta(0), MINUTE) == (1, early)
        assert kept_in(-INSTANT, MINUTE + INSTANT) == (3, late)
        assert kept_in(INSTANT, MINUTE) == (0, early)
        assert kept_in(timedelta(0), timedelta(0)) == (0, NOON)
        assert kept_in(timedelta(0), 10 * MINUTE) == (3, None)

    def test_a_report_is_exact_beyond_what_one_column_holds(self) -> None:
        """The largest amounts, several times."""
        events, tickets, _ = self.on_sale()
        event = stored_event(events, price=Money(2**53 - 1, "idr"))
        for _ in range(5):
            ticket = paying(tickets, held(tickets, draft(event)))
            stored(tickets, ticket, ticket.issued())
        (line,) = tickets.report(since=NOON, until=NOON + MINUTE, event_id=event.event_id).lines
        assert line.sums.taken == line.sums.earned == 5 * (2**53 - 1)
