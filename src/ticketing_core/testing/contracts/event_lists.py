"""The contract of `TicketRepository`: what organizers read of the tickets of one event."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from ticketing_core.event import Event
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.query import TicketQuery
from ticketing_core.sums import SPAN, SpanSums, spans_page
from ticketing_core.testing.contracts.examples import (
    NOON,
    draft,
    held,
    paying,
    stored,
    stored_event,
)
from ticketing_core.testing.contracts.records import RecordContract, lives
from ticketing_core.ticket import Ticket, TicketStatus

BUYERS = (
    "ann",
    "Anna",
    "anna",
    "ann",
    "an\ud7ff",
    "an\ue000",
    "an\U0010ffff",
    "an\U0010ffffx",
    "éva",
)
"""Some at the ends of the ranges of characters that are no text by themselves."""

_BOUND = timedelta(microseconds=1)


def _ids(found: Sequence[Ticket]) -> list[int]:
    return [each.ticket_id for each in found]


def _all_pages(page: Callable[[int], Sequence[Ticket]]) -> list[int]:
    """Return the ids of all pages, each of which names the last id of the one before."""
    found: list[int] = []
    while ids := _ids(page(found[-1] if found else 0)):
        found += ids
    return found


def _all_spans(tickets: TicketRepository, event: Event, *, limit: int) -> list[SpanSums]:
    found: dict[object, SpanSums] = {}
    after: int | None = 0
    while after is not None:
        page = tickets.sums_of(event.event_id, after=after, limit=limit)
        for each in page.spans:
            known = found.get(each.since)
            sums = each.sums if known is None else known.sums + each.sums
            found[each.since] = SpanSums(since=each.since, sums=sums)
        after = page.last
    return [found[since] for since in sorted(found, key=str)]


class EventListContract(RecordContract):
    """The tests of lists and sums of one event."""

    def test_the_tickets_of_an_event_come_newest_first(self) -> None:
        """Of all statuses together and of each, page by page; not those of other events."""
        events, tickets, event = self.on_sale(capacity=99)
        other = stored_event(events)
        ours = lives(tickets, event)
        held(tickets, draft(other))
        ids = sorted(
            (
                each.ticket_id
                for each in tickets.find(
                    TicketQuery(event_id=event.event_id), before=None, limit=99
                )
            ),
            reverse=True,
        )
        assert {each.ticket_id for each in ours} <= set(ids)
        for status in (None, *TicketStatus):
            query = TicketQuery(event_id=event.event_id, status=status)

            def page(after: int, query: TicketQuery = query) -> Sequence[Ticket]:
                return tickets.find(query, before=after or None, limit=2)

            stored_now = {each: tickets.by_id(each) for each in ids}
            fits = [each for each, now in stored_now.items() if now is not None and query.fits(now)]
            assert _all_pages(page) == fits, status

    def test_buyers_of_an_event_are_found_by_how_they_begin(self) -> None:
        """In the order of their characters and of ids, page by page, whatever the character."""
        events, tickets, event = self.on_sale(capacity=99)
        other = stored_event(events)
        ours = [held(tickets, draft(event, buyer=buyer)) for buyer in BUYERS]
        first = stored(tickets, ours[0], ours[0].cancelled())
        for buyer in BUYERS:
            held(tickets, draft(other, buyer=buyer))
        places = sorted((each.buyer, each.ticket_id) for each in ours)
        for prefix in ("", "a", "an", "ann", "A", "é", "x", "annabel", *BUYERS, "\U0010ffff"):
            fits = [place for place in places if place[0].startswith(prefix)]
            found: list[tuple[str, int]] = []
            while page := tickets.of_buyers(
                event.event_id,
                prefix=prefix,
                status=None,
                after=found[-1] if found else None,
                limit=2,
            ):
                found += [(each.buyer, each.ticket_id) for each in page]
            assert found == fits, prefix
        given_up = tickets.of_buyers(
            event.event_id, prefix="an", status=TicketStatus.CANCELLED, after=None, limit=9
        )
        assert list(given_up) == [first]
        assert _ids(
            tickets.of_buyers(
                event.event_id, prefix="ann", status=TicketStatus.RESERVED, after=None, limit=9
            )
        ) == [ours[3].ticket_id, ours[2].ticket_id]

    def test_owed_refunds_and_disputes_of_an_event_come_oldest_first(self) -> None:
        """Page by page. A dispute of a refunded ticket is open, too."""
        events, tickets, event = self.on_sale(capacity=99)
        other = stored_event(events, capacity=99)
        for each in (event, other, event):
            lives(tickets, each)
        ticket = paying(tickets, held(tickets, draft(event)))
        issued = stored(tickets, ticket, ticket.issued())
        stored(tickets, issued, issued.marked(disputed=True))
        query = TicketQuery(event_id=event.event_id)
        ours = tickets.find(query, before=None, limit=99)[::-1]
        number = event.event_id
        assert _all_pages(lambda after: tickets.owing_of(number, after=after, limit=2)) == [
            each.ticket_id for each in ours if each.status is TicketStatus.REFUNDING
        ]
        disputed = [each for each in ours if each.disputed]
        assert {each.status for each in disputed} == {TicketStatus.REFUNDED, TicketStatus.ISSUED}
        assert _all_pages(lambda after: tickets.disputed(number, after=after, limit=2)) == _ids(
            disputed
        )

    def test_the_histories_of_many_tickets_are_read_at_once(self) -> None:
        """Each as it is read alone; unknown tickets have none, whatever their ids are."""
        _, tickets, event = self.on_sale(capacity=99)
        ids = [each.ticket_id for each in lives(tickets, event)]
        asked = [*reversed(ids), -1, 999, 2**63, 2**80]
        found = tickets.histories(asked)
        assert {each: list(changes) for each, changes in found.items()} == {
            each: list(tickets.history(each)) for each in ids
        }
        assert dict(tickets.histories(ids[:1])).keys() == {ids[0]}
        assert dict(tickets.histories([])) == {}

    def test_the_tickets_of_an_event_are_added_up_by_quarters_of_an_hour(self) -> None:
        """Each exactly once, in however many steps, in the quarter in which it was created."""
        events, tickets, event = self.on_sale(capacity=999)
        other = stored_event(events)
        lives(tickets, event)
        quarter = NOON.replace(microsecond=0)
        for at in (quarter - _BOUND, quarter, quarter + SPAN - _BOUND, quarter + SPAN):
            held(tickets, draft(event, at=at))
        held(tickets, draft(other))
        query = TicketQuery(event_id=event.event_id)
        ours = tickets.find(query, before=None, limit=99)[::-1]
        expected = list(spans_page(ours, limit=99).spans)
        assert [each.since for each in expected] == [quarter - SPAN, quarter, quarter + SPAN]
        for limit in (1, 2, len(ours) - 1, len(ours), 99):
            assert _all_spans(tickets, event, limit=limit) == expected, limit
        assert tickets.sums_of(event.event_id, after=0, limit=len(ours)).last is None

    def test_strange_events_and_buyers_have_no_tickets(self) -> None:
        """Whatever a person types may be looked for."""
        _, tickets, event = self.on_sale()
        held(tickets, draft(event))
        for number in (-1, 0, 2**63, 2**80):
            buyers = tickets.of_buyers(number, prefix="", status=None, after=None, limit=9)
            assert list(buyers) == []
            assert list(tickets.owing_of(number, after=0, limit=9)) == []
            assert list(tickets.disputed(number, after=0, limit=9)) == []
            page = tickets.sums_of(number, after=0, limit=9)
            assert (list(page.spans), page.last) == ([], None)
        for text in ("\0", "4\x002", "\ud800", "x" * 10_000):
            buyers = tickets.of_buyers(
                event.event_id, prefix=text, status=None, after=None, limit=9
            )
            assert list(buyers) == []
        assert list(tickets.owing_of(event.event_id, after=2**80, limit=9)) == []
        assert list(tickets.disputed(event.event_id, after=-1, limit=9)) == []
