"""Controls of the contract of payments and owed refunds: stores that its tests must catch."""

from collections.abc import Callable, Sequence
from datetime import datetime

import pytest

from ticketing_core import Ticket, schedule
from ticketing_core.ports import EventRepository, TicketRepository
from ticketing_core.testing import InMemoryEvents, InMemoryTickets, TicketRepositoryContract


class OneQueue(InMemoryTickets):
    """Claims whatever waits longest."""

    def claim_due(self, *, now: datetime, limit: int) -> Sequence[Ticket]:
        """See `TicketRepository.claim_due`."""
        due = sorted((at, i) for i, at in self._next_try_at.items() if at <= now)[:limit]
        for _, ticket_id in due:
            self._next_try_at[ticket_id] = now + schedule.lease(0)
        return [self._by_id[ticket_id] for _, ticket_id in due]


class SharedPayments(InMemoryTickets):
    """Never finds that a ticket has a payment, so it stores a second one with it."""

    def by_payment(self, payment_id: str) -> Ticket | None:
        """See `TicketRepository.by_payment`."""
        del payment_id
        return None


def suite(store: type[InMemoryTickets]) -> TicketRepositoryContract:
    """Return the suite over such stores."""

    class Suite(TicketRepositoryContract):
        def make_stores(self) -> tuple[EventRepository, TicketRepository]:
            """See the suite."""
            events = InMemoryEvents()
            return events, store(events)

    return Suite()


CONTROLS = [
    (OneQueue, TicketRepositoryContract.test_owed_refunds_do_not_hold_back_places),
    (OneQueue, TicketRepositoryContract.test_places_do_not_hold_back_all_owed_refunds),
    (SharedPayments, TicketRepositoryContract.test_a_ticket_is_found_by_its_payment),
    (SharedPayments, TicketRepositoryContract.test_a_payment_belongs_to_one_ticket),
]


@pytest.mark.parametrize(("store", "test"), CONTROLS, ids=[test.__name__ for _, test in CONTROLS])
def test_control_a_broken_store_is_caught(
    store: type[InMemoryTickets], test: Callable[[TicketRepositoryContract], None]
) -> None:
    """The test passes over the right store, and fails over the broken one."""
    test(suite(InMemoryTickets))
    with pytest.raises(AssertionError):
        test(suite(store))


def test_control_places_that_take_everything_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Owed refunds would wait for as long as reservations end."""
    monkeypatch.setattr(schedule, "owed_share", lambda _limit: 0)
    with pytest.raises(AssertionError):
        suite(InMemoryTickets).test_places_do_not_hold_back_all_owed_refunds()


@pytest.mark.parametrize(
    ("limit", "share"), [(1, 0), (2, 1), (3, 1), (4, 2), (9, 3), (10, 4), (100, 34)]
)
def test_a_third_of_the_claims_is_for_owed_refunds(limit: int, share: int) -> None:
    """Rounded up; a single claim is for what keeps places."""
    assert schedule.owed_share(limit) == share
