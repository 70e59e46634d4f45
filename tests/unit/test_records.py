"""What operators and organizers see: a ticket's whole story, and reports by day."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing_core import DaySums, Records
from ticketing_core.changes import HistoryEntry
from ticketing_core.errors import TicketNotFound
from ticketing_core.money import Money
from ticketing_core.sums import SumsPage, sums_by
from ticketing_core.testing import InMemoryEvents, InMemoryTickets
from ticketing_core.testing.contracts.examples import (
    NOON,
    draft,
    held,
    paying,
    stored,
    stored_event,
)
from ticketing_core.use_cases import report

BERLIN = ZoneInfo("Europe/Berlin")
NEWFOUNDLAND = ZoneInfo("America/St_Johns")
"""Until 2011 its clocks went back at 00:01, so the end of a day came twice."""
SAMOA = ZoneInfo("Pacific/Apia")
"""It had no 30 December 2011."""
ZONES = [UTC, BERLIN, NEWFOUNDLAND, SAMOA, ZoneInfo("America/Havana"), ZoneInfo("Asia/Kathmandu")]

OFTEN = st.integers(0, 15_000_000).map(
    lambda minutes: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
AROUND_ODD_NIGHTS = st.sampled_from(
    [
        datetime(2010, 11, 7, 2, tzinfo=UTC),
        datetime(2011, 12, 30, 10, tzinfo=UTC),
        datetime(2024, 3, 10, 5, tzinfo=UTC),
    ]
).flatmap(lambda at: st.integers(-200, 200).map(lambda minutes: at + timedelta(minutes=minutes)))


def sold(instants: Iterable[datetime]) -> InMemoryTickets:
    """Return a store with a reserved ticket of each instant."""
    events = InMemoryEvents()
    tickets = InMemoryTickets(events)
    event = stored_event(events, capacity=999)
    for at in instants:
        held(tickets, draft(event, at=at, held_until=at + timedelta(minutes=2)))
    return tickets


def days(tickets: InMemoryTickets, **chosen: Any) -> dict[str, int]:
    """Return how many places each day has."""
    lines = Records(tickets=tickets).report(**chosen)
    return {str(line.day): line.sums.kept for line in lines}


# --- a ticket's story -----------------------------------------------------------------------------


def test_a_ticket_is_shown_with_its_history() -> None:
    """By its id or its code."""
    events = InMemoryEvents()
    tickets = InMemoryTickets(events)
    ticket = held(tickets, draft(stored_event(events)))
    ticket = stored(tickets, ticket, ticket.cancelled())
    for name in (ticket.ticket_id, ticket.ticket_code):
        story = Records(tickets=tickets).story(name)
        assert story.ticket == ticket
        assert [each.status for each in story.history] == ["reserved", "cancelled"]


@pytest.mark.parametrize("name", [7, UUID(int=7, version=4)])
def test_an_unknown_ticket_is_not_found(name: int | UUID) -> None:
    """The message has the id or the code that was asked for."""
    with pytest.raises(TicketNotFound, match=f"no ticket {name}"):
        Records(tickets=InMemoryTickets(InMemoryEvents())).story(name)


class ChangesMeanwhile(InMemoryTickets):
    """The ticket changes after it was read."""

    def history(self, ticket_id: int) -> Sequence[HistoryEntry]:
        """See `TicketRepository.history`."""
        ticket = self.by_id(ticket_id)
        assert ticket is not None
        stored(self, ticket, ticket.marked())
        return super().history(ticket_id)


def test_the_history_leads_to_the_ticket_that_is_shown() -> None:
    """A change that comes between the two look-ups is not shown by half."""
    events = InMemoryEvents()
    tickets = ChangesMeanwhile(events)
    ticket = held(tickets, draft(stored_event(events)))
    story = Records(tickets=tickets).story(ticket.ticket_id)
    assert [each.version for each in story.history] == [story.ticket.version]
    assert len(tickets.history(ticket.ticket_id)) > len(story.history)


# --- reports --------------------------------------------------------------------------------------


def test_a_day_is_that_of_the_creation_in_the_chosen_zone() -> None:
    """At 22:30 UTC it is tomorrow in Berlin in summer; days without tickets are left out."""
    evening = datetime(2030, 6, 1, 22, 30, tzinfo=UTC)
    tickets = sold([evening, evening + timedelta(days=200)])
    assert days(tickets) == {"2030-06-01": 1, "2030-12-18": 1}
    assert days(tickets, zone=BERLIN) == {"2030-06-02": 1, "2030-12-18": 1}


def test_money_that_moves_later_is_counted_on_the_day_of_the_sale() -> None:
    """So what was taken is where it is, on each day."""
    events = InMemoryEvents()
    tickets = InMemoryTickets(events)
    ticket = paying(tickets, held(tickets, draft(stored_event(events))))
    ticket = stored(tickets, ticket, ticket.issued())
    owing = ticket.refunding(at=NOON + timedelta(days=40))
    tickets.replace(ticket, owing, at=NOON + timedelta(days=40), why="test", by="suite")
    (line,) = Records(tickets=tickets).report()
    assert line.day == NOON.date()
    assert line.sums.taken == line.sums.owed == ticket.total.amount_minor


def test_the_first_and_the_last_day_are_chosen() -> None:
    """Both are in the report."""
    tickets = sold(NOON + timedelta(days=n) for n in range(5))
    assert [*days(tickets, since=date(2030, 6, 3))] == ["2030-06-03", "2030-06-04", "2030-06-05"]
    assert [*days(tickets, until=date(2030, 6, 2))] == ["2030-06-01", "2030-06-02"]
    second = date(2030, 6, 2)
    assert [*days(tickets, since=second, until=second)] == ["2030-06-02"]
    assert days(tickets, since=date(2030, 7, 1)) == {}


def test_currencies_are_never_added() -> None:
    """Groups of lines are added up by what the caller keeps apart."""
    events = InMemoryEvents()
    tickets = InMemoryTickets(events)
    for price in (Money(100, "usd"), Money(30, "eur"), Money(4, "usd")):
        ticket = paying(tickets, held(tickets, draft(stored_event(events, price=price))))
        stored(tickets, ticket, ticket.issued())
    found = sums_by(Records(tickets=tickets).report(), by=lambda line: line.currency)
    assert {currency: sums.taken for currency, sums in found.items()} == {"usd": 104, "eur": 30}


@given(st.lists(OFTEN | AROUND_ODD_NIGHTS, max_size=8), st.sampled_from(ZONES))
def test_each_ticket_is_in_exactly_one_day(instants: list[datetime], zone: tzinfo) -> None:
    """Also where clocks skip midnight, skip a day, or show the end of a day twice."""
    counted = days(sold(instants), zone=zone)
    assert sum(counted.values()) == len(instants)
    assert list(counted) == sorted(counted)
    if zone is not NEWFOUNDLAND:
        assert set(counted) == {str(each.astimezone(zone).date()) for each in instants}


class CountsMidnightTwice(InMemoryTickets):
    """The end of a day is in it."""

    def report(self, *, since: datetime, until: datetime, event_id: int | None) -> SumsPage:
        """See `TicketRepository.report`."""
        last = until + timedelta(microseconds=1)
        page = super().report(since=since, until=last, event_id=event_id)
        next_at = super().report(since=since, until=until, event_id=event_id).next_at
        return SumsPage(page.lines, next_at)


def test_control_a_ticket_in_two_days_is_noticed() -> None:
    """Control: at midnight, of a store that counts it twice."""
    events = InMemoryEvents()
    tickets = CountsMidnightTwice(events)
    midnight = datetime(2030, 6, 2, tzinfo=UTC)
    event = stored_event(events)
    for at in (midnight - timedelta(hours=1), midnight):
        held(tickets, draft(event, at=at))
    assert sum(days(tickets).values()) > 2


def test_the_report_is_read_day_by_day() -> None:
    """Nothing is read before it is needed."""
    tickets = sold([NOON, NOON + timedelta(days=1)])
    lines = report(zone=UTC, since=None, until=None, event_id=None, tickets=tickets)
    first = next(lines)
    assert isinstance(first, DaySums)
    assert first.day == NOON.date()
