"""Controls of the contracts of looks, strays and the installation: stores that they must catch."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import pytest
from attrs import evolve

from ticketing_core.changes import Replaced, Stale
from ticketing_core.ports import EventRepository, Installation, StrayRepository, TicketRepository
from ticketing_core.reservation import HoldOutcome, TicketDraft
from ticketing_core.schedule import DueLook
from ticketing_core.stray import Stray
from ticketing_core.testing import (
    InMemoryEvents,
    InMemoryInstallation,
    InMemoryStrays,
    InMemoryTickets,
    InstallationContract,
    StrayRepositoryContract,
    TicketRepositoryContract,
)
from ticketing_core.ticket import Ticket, TicketStatus
from ticketing_core.validators import LARGEST_ID


class KeepsItsFirstNote(InMemoryTickets):
    """News that comes during a look is not noted."""

    def look_again(self, ticket_ids: Collection[int], *, at: datetime) -> None:
        """See `TicketRepository.look_again`."""
        super().look_again(set(ticket_ids) - set(self._look_at), at=at)


class ClearsWhateverIsNoted(InMemoryTickets):
    """A look that was too early clears newer news."""

    def clear_look(self, look: DueLook) -> None:
        """See `TicketRepository.clear_look`."""
        self._look_at.pop(look.ticket.ticket_id, None)


class ForgetsTheNoteWithAChange(InMemoryTickets):
    """A change of the ticket removes its note."""

    def replace(
        self, old: Ticket, new: Ticket, *, at: datetime, why: str, by: str
    ) -> Replaced | Stale:
        """See `TicketRepository.replace`."""
        self._look_at.pop(old.ticket_id, None)
        return super().replace(old, new, at=at, why=why, by=by)


class ClaimsForNobody(InMemoryTickets):
    """Two callers get the same look."""

    def claim_looks(self, *, now: datetime, limit: int) -> Sequence[DueLook]:
        """See `TicketRepository.claim_looks`."""
        before = dict(self._look_at)
        looks = super().claim_looks(now=now, limit=limit)
        self._look_at = before
        return looks


class KnowsKeysOfAnybody(InMemoryTickets):
    """A key leads to a ticket of another buyer."""

    def by_key(self, buyer: str, key: str) -> Ticket | None:
        """See `TicketRepository.by_key`."""
        del buyer
        return self._newest(lambda each: each.key is not None and each.key.value == key)


class OverlooksNotes(InMemoryTickets):
    """A payment that has to be looked at is due only with its ticket."""

    def next_due(self) -> datetime | None:
        """See `TicketRepository.next_due`."""
        return min(self._next_try_at.values(), default=None)


class KnowsOpenOnes(InMemoryTickets):
    """The newest checkout is that of a ticket that is PAYING."""

    def newest_checkout(self) -> str | None:
        """See `TicketRepository.newest_checkout`."""
        newest = self._newest(lambda ticket: ticket.status == "paying")
        return None if newest is None or newest.checkout is None else newest.checkout.checkout_id


class FindsWhatIsDue(InMemoryTickets):
    """A refund that is claimed is not owed."""

    def owing(self, *, after: int, limit: int) -> Sequence[Ticket]:
        """See `TicketRepository.owing`."""
        owing = super().owing(after=after, limit=limit)
        return [ticket for ticket in owing if not self._tries[ticket.ticket_id]]


class RemembersItsBuyers(InMemoryTickets):
    """It decides on what a buyer had at the first order: before the lock, in short."""

    def __init__(self, events: InMemoryEvents) -> None:
        super().__init__(events)
        self._seen: dict[tuple[str, int], Sequence[Ticket]] = {}

    def _of_buyer(self, draft: TicketDraft) -> Iterator[Ticket]:
        seen = list(super()._of_buyer(draft))
        return iter(self._seen.setdefault((draft.buyer, draft.event_id), seen))


class CountsReservationsAlone(InMemoryTickets):
    """An order whose payment page was handed out counts as paid."""

    def _of_buyer(self, draft: TicketDraft) -> Iterator[Ticket]:
        return (each for each in super()._of_buyer(draft) if each.status != "paying")


class CountsWhatWasPaid(InMemoryTickets):
    """A paid order counts as unpaid for ever."""

    def _of_buyer(self, draft: TicketDraft) -> Iterator[Ticket]:
        for each in super()._of_buyer(draft):
            yield each if each.status != "issued" else evolve(each, status=TicketStatus.PAYING)


class LooksForRepeatsLast(InMemoryTickets):
    """A repeat needs room for another order."""

    def by_code(self, ticket_code: UUID) -> Ticket | None:
        """See `TicketRepository.by_code`."""
        del ticket_code
        return None


class SellsDuringARestore(InMemoryTickets):
    """It does not ask whether a restore is under way."""

    def hold(self, draft: TicketDraft) -> HoldOutcome:
        """See `TicketRepository.hold`."""
        with self._lock:
            since, self._events.restoring_since = self._events.restoring_since, None
            outcome = super().hold(draft)
            self._events.restoring_since = since
            return outcome


class CountsRepeats(InMemoryInstallation):
    """Each repeat of the command is a new epoch."""

    def begin_restore(self, *, at: datetime) -> None:
        """See `Installation.begin_restore`."""
        self.end_restore()
        super().begin_restore(at=at)


class SkipsWhatIsStored(InMemoryInstallation):
    """It does not know which tickets were lost."""

    def skip_ids(self, *, named: int, gap: int) -> None:
        """See `Installation.skip_ids`."""
        del named
        super().skip_ids(named=0, gap=gap)


class SkipsTicketsAlone(InMemoryInstallation):
    """It gives the ids of lost events again."""

    def skip_ids(self, *, named: int, gap: int) -> None:
        """See `Installation.skip_ids`."""
        last = self._events.last_event_id
        super().skip_ids(named=named, gap=gap)
        self._events.last_event_id = last


class SkipsAllIds(InMemoryInstallation):
    """It goes beyond the largest id."""

    def skip_ids(self, *, named: int, gap: int) -> None:
        """See `Installation.skip_ids`."""
        super().skip_ids(named=named, gap=gap)
        if self._events.last_ticket_id > LARGEST_ID // 2:
            self._events.last_ticket_id += gap


class SeesItForTheFirstTime(InMemoryStrays):
    """Each update moves the instant at which the stray was noticed."""

    def put(self, stray: Stray) -> None:
        """See `StrayRepository.put`."""
        self._by_checkout[stray.checkout_id] = stray


class KeepsTheFirst(InMemoryStrays):
    """An update changes nothing."""

    def put(self, stray: Stray) -> None:
        """See `StrayRepository.put`."""
        self._by_checkout.setdefault(stray.checkout_id, stray)


class ShowsSettledOnes(InMemoryStrays):
    """What is settled is shown for ever."""

    def unsettled(self, *, after: str, limit: int) -> Sequence[Stray]:
        """See `StrayRepository.unsettled`."""
        with_settled = InMemoryStrays()
        for each in self._by_checkout.values():
            with_settled.put(evolve(each, settled_at=None, how=None))
        return with_settled.unsettled(after=after, limit=limit)


class Suites(TicketRepositoryContract, StrayRepositoryContract, InstallationContract):
    """All three suites, over stores of which one may be broken."""

    tickets: ClassVar = InMemoryTickets
    strays: ClassVar = InMemoryStrays
    installation: ClassVar = InMemoryInstallation

    def make_stores(self) -> tuple[EventRepository, TicketRepository]:
        """See the suite."""
        events = InMemoryEvents()
        return events, self.tickets(events)

    def make_strays(self) -> StrayRepository:
        """See the suite."""
        return self.strays()

    def make_installation(self) -> tuple[EventRepository, TicketRepository, Installation]:
        """See the suite."""
        events = InMemoryEvents()
        return events, self.tickets(events), self.installation(events)


TICKETS, INSTALLATION, STRAYS = "tickets", "installation", "strays"
S = Suites
BROKEN: list[tuple[str, type, Callable[[Suites], None]]] = [
    (TICKETS, KeepsItsFirstNote, S.test_news_that_comes_during_a_look_stays),
    (TICKETS, ClearsWhateverIsNoted, S.test_news_that_comes_during_a_look_stays),
    (TICKETS, ClearsWhateverIsNoted, S.test_a_look_that_took_too_long_clears_nothing),
    (TICKETS, ForgetsTheNoteWithAChange, S.test_a_note_and_the_ticket_do_not_change_each_other),
    (TICKETS, ClaimsForNobody, S.test_noted_tickets_are_claimed_once_the_oldest_note_first),
    (TICKETS, ClaimsForNobody, S.test_many_settlers_share_the_looks),
    (TICKETS, KnowsKeysOfAnybody, S.test_a_key_belongs_to_one_ticket_of_its_buyer),
    (
        TICKETS,
        OverlooksNotes,
        S.test_the_next_due_instant_is_that_of_the_ticket_that_waits_longest,
    ),
    (
        TICKETS,
        KnowsOpenOnes,
        S.test_the_newest_checkout_is_that_of_the_newest_ticket_with_one,
    ),
    (TICKETS, FindsWhatIsDue, S.test_all_tickets_that_owe_a_refund_are_found),
    (TICKETS, RemembersItsBuyers, S.test_unpaid_places_of_a_buyer_are_limited),
    (
        TICKETS,
        RemembersItsBuyers,
        S.test_many_orders_at_once_do_not_pass_the_limit_of_unpaid_places,
    ),
    (TICKETS, CountsReservationsAlone, S.test_unpaid_places_of_a_buyer_are_limited),
    (TICKETS, CountsWhatWasPaid, S.test_unpaid_places_of_a_buyer_are_limited),
    (TICKETS, LooksForRepeatsLast, S.test_a_repeat_needs_no_room),
    (TICKETS, SellsDuringARestore, S.test_nothing_is_sold_during_a_restore),
    (TICKETS, SellsDuringARestore, S.test_no_hold_takes_effect_after_a_restore_began),
    (INSTALLATION, CountsRepeats, S.test_a_restore_begins_once_and_ends),
    (INSTALLATION, SkipsWhatIsStored, S.test_new_ids_leave_a_gap),
    (INSTALLATION, SkipsTicketsAlone, S.test_new_ids_leave_a_gap),
    (INSTALLATION, SkipsTicketsAlone, S.test_ids_of_an_empty_store_leave_a_gap),
    (INSTALLATION, SkipsAllIds, S.test_a_gap_leaves_ids_to_give),
    (STRAYS, SeesItForTheFirstTime, S.test_a_second_one_of_the_same_checkout_updates_the_first),
    (STRAYS, KeepsTheFirst, S.test_a_second_one_of_the_same_checkout_updates_the_first),
    (STRAYS, ShowsSettledOnes, S.test_unsettled_ones_come_page_by_page),
]


@pytest.mark.parametrize(
    ("part", "broken", "test"),
    BROKEN,
    ids=[f"{broken.__name__}-{test.__name__}" for _, broken, test in BROKEN],
)
def test_control_a_broken_store_is_caught(
    part: str,
    broken: type,
    test: Callable[[Suites], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The test passes over the store in memory, and fails over the broken one."""
    test(Suites())
    monkeypatch.setattr(Suites, part, broken)
    with pytest.raises((AssertionError, ValueError)):
        test(Suites())
