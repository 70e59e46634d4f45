"""Controls of the contracts of leases and claims: broken rules that the suites must catch."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from ticketing_core import schedule
from ticketing_core.ports import EventRepository, Leases, TicketRepository
from ticketing_core.testing import (
    InMemoryEvents,
    InMemoryLeases,
    InMemoryTickets,
    LeasesContract,
    TicketRepositoryContract,
)


class InMemory(LeasesContract, TicketRepositoryContract):
    """Both suites, over stores that pass them."""

    def make_leases(self) -> Leases:
        """See the suite."""
        return InMemoryLeases()

    def make_stores(self) -> tuple[EventRepository, TicketRepository]:
        """See the suite."""
        events = InMemoryEvents()
        return events, InMemoryTickets(events)


def believes_the_stored_end(*, ends: datetime, now: datetime, at_most: timedelta) -> bool:
    """A lease is free once it has ended, whatever clock has taken it."""
    del at_most
    return ends <= now


def keeps_every_microsecond(at: datetime) -> datetime:
    """A note is the instant of the news, which may be the end of a claim."""
    return at


def ends_with_the_lease(now: datetime, *, claims: int) -> datetime:
    """A claim ends at the very instant at which news may come."""
    return now + schedule.lease(claims)


CENTURY = timedelta(days=36525)
BROKEN = [
    ("lease_is_free", believes_the_stored_end, InMemory.test_a_lease_of_a_clock_far_ahead_is_free),
    ("LEASE_SLACK", timedelta(0), InMemory.test_an_earlier_instant_that_comes_later_takes_nothing),
    ("FARTHEST_TRY", CENTURY, InMemory.test_what_a_clock_far_ahead_has_claimed_is_due),
    ("FARTHEST_TRY", CENTURY, InMemory.test_what_a_clock_far_ahead_has_noted_is_due),
    ("new_note", keeps_every_microsecond, InMemory.test_news_that_comes_during_a_look_stays),
    ("claimed_note", ends_with_the_lease, InMemory.test_news_that_comes_during_a_look_stays),
]


@pytest.mark.parametrize(
    ("rule", "broken", "test"), BROKEN, ids=[f"{rule}-{test.__name__}" for rule, _, test in BROKEN]
)
def test_control_a_broken_rule_is_caught(
    rule: str,
    broken: object,
    test: Callable[[InMemory], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The test of the suite passes by the right rule, and fails by the broken one."""
    test(InMemory())
    monkeypatch.setattr(schedule, rule, broken)
    with pytest.raises(AssertionError):
        test(InMemory())
