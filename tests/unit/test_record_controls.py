"""Controls of the contract of what people find and of sums: stores that it must catch."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

import pytest
from attrs import evolve

from ticketing_core.ports import EventRepository, TicketRepository
from ticketing_core.query import TicketQuery
from ticketing_core.sums import Sums, SumsPage
from ticketing_core.testing import InMemoryEvents, InMemoryTickets, TicketRepositoryContract
from ticketing_core.ticket import Ticket


class IgnoresCase(InMemoryTickets):
    """As LIKE does on SQLite."""

    def find(self, query: TicketQuery, *, before: int | None, limit: int) -> Sequence[Ticket]:
        """See `TicketRepository.find`."""
        prefix = (query.buyer_prefix or "").lower()
        fits = super().find(evolve(query, buyer_prefix=None), before=before, limit=99)
        return [each for each in fits if each.buyer.lower().startswith(prefix)][:limit]


class FindsWhatFitsOneCondition(InMemoryTickets):
    """The buyer is forgotten if the payment is given."""

    def find(self, query: TicketQuery, *, before: int | None, limit: int) -> Sequence[Ticket]:
        """See `TicketRepository.find`."""
        if query.payment_id is not None:
            query = TicketQuery(payment_id=query.payment_id)
        return super().find(query, before=before, limit=limit)


class RepeatsTheLast(InMemoryTickets):
    """Each page begins with the last ticket of the page before."""

    def find(self, query: TicketQuery, *, before: int | None, limit: int) -> Sequence[Ticket]:
        """See `TicketRepository.find`."""
        return super().find(query, before=before and before + 1, limit=limit)


class Reports(InMemoryTickets):
    """Reports wrongly."""

    def report(self, *, since: datetime, until: datetime, event_id: int | None) -> SumsPage:
        """See `TicketRepository.report`."""
        page = super().report(since=since, until=until, event_id=event_id)
        return SumsPage(
            [evolve(line, sums=self.of(line.sums)) for line in page.lines], page.next_at
        )

    def of(self, sums: Sums) -> Sums:
        """Return the sums, wrong."""
        raise NotImplementedError


class CallsALostDisputeARefund(Reports):
    """The buyer's bank took it."""

    def of(self, sums: Sums) -> Sums:
        """See above."""
        return evolve(sums, refunded=sums.refunded + sums.charged_back, charged_back=0)


class ForgetsWhoHasNoRight(Reports):
    """Only people with a place are counted."""

    def of(self, sums: Sums) -> Sums:
        """See above."""
        return evolve(sums, excess=0)


class AddsFloats(Reports):
    """They are exact up to 2^53 only."""

    def of(self, sums: Sums) -> Sums:
        """See above."""
        return evolve(sums, taken=int(float(sums.taken)))


class CountsTheEnd(InMemoryTickets):
    """A ticket created at midnight is in two days."""

    def report(self, *, since: datetime, until: datetime, event_id: int | None) -> SumsPage:
        """See `TicketRepository.report`."""
        later = until + timedelta(microseconds=1)
        return super().report(since=since, until=later, event_id=event_id)


class ReportsAllEvents(InMemoryTickets):
    """The chosen event is ignored."""

    def report(self, *, since: datetime, until: datetime, event_id: int | None) -> SumsPage:
        """See `TicketRepository.report`."""
        return super().report(since=since, until=until, event_id=event_id and None)


class Suite(TicketRepositoryContract):
    """The suite, over a store that may be broken."""

    store: ClassVar = InMemoryTickets

    def make_stores(self) -> tuple[EventRepository, TicketRepository]:
        """See the suite."""
        events = InMemoryEvents()
        return events, self.store(events)


BROKEN: list[tuple[type, Callable[[Suite], None]]] = [
    (IgnoresCase, Suite.test_a_buyer_is_found_by_how_they_begin),
    (FindsWhatFitsOneCondition, Suite.test_each_condition_finds_the_tickets_that_fit),
    (RepeatsTheLast, Suite.test_what_was_found_comes_page_by_page),
    (CallsALostDisputeARefund, Suite.test_a_report_adds_up_what_each_ticket_is),
    (ForgetsWhoHasNoRight, Suite.test_a_report_adds_up_what_each_ticket_is),
    (AddsFloats, Suite.test_a_report_is_exact_beyond_what_one_column_holds),
    (CountsTheEnd, Suite.test_a_report_counts_what_was_created_in_its_time),
    (ReportsAllEvents, Suite.test_a_report_has_each_event_and_currency_apart),
]


@pytest.mark.parametrize(("broken", "test"), BROKEN, ids=[each.__name__ for each, _ in BROKEN])
def test_control_a_broken_store_is_caught(
    broken: type, test: Callable[[Suite], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test passes over the store in memory, and fails over the broken one."""
    test(Suite())
    monkeypatch.setattr(Suite, "store", broken)
    with pytest.raises(AssertionError):
        test(Suite())
