"""Controls of the contract of outboxes: outboxes that it must catch."""

from collections.abc import Callable
from typing import ClassVar

import pytest

from tests.unit.broken_outboxes import (
    AbandonsByAge,
    ClaimsAnyRow,
    ClaimsForNobody,
    ClaimsTheOldestThatIsFree,
    CountsWhatIsPutOff,
    KeepsWhatWasRemoved,
    LosesWhatIsPutOff,
    MarksBeforeItIsSent,
    NotesWhatIsDueAgain,
    OrdersByVersion,
    PrunesWhatWaits,
    RefusesWithPatience,
    TellsOfTheOldEpoch,
    WritesForNobody,
    WritesInASecondStep,
)
from ticketing_core.ports import (
    Admissions,
    EventRepository,
    Installation,
    Outbox,
    TicketRepository,
)
from ticketing_core.testing import (
    InMemoryAdmissions,
    InMemoryEvents,
    InMemoryInstallation,
    InMemoryOutbox,
    InMemoryTickets,
    OutboxContract,
)


class Suite(OutboxContract):
    """The contract over an outbox that may be broken."""

    outbox: ClassVar[type[InMemoryOutbox]] = InMemoryOutbox

    def make_outbox(
        self,
    ) -> tuple[EventRepository, TicketRepository, Admissions, Installation, Outbox]:
        """See the suite."""
        events = InMemoryEvents()
        tickets = InMemoryTickets(events)
        admissions = InMemoryAdmissions(events, tickets)
        return (
            events,
            tickets,
            admissions,
            InMemoryInstallation(events),
            self.outbox(events, tickets),
        )


S = Suite
BROKEN: list[tuple[type[InMemoryOutbox], Callable[[Suite], None]]] = [
    (ClaimsAnyRow, S.test_later_messages_of_a_subject_wait),
    (ClaimsTheOldestThatIsFree, S.test_later_messages_of_a_subject_wait),
    (OrdersByVersion, S.test_a_restore_begins_a_new_epoch),
    (MarksBeforeItIsSent, S.test_a_claim_ends_and_grows),
    (ClaimsForNobody, S.test_many_share_the_messages),
    (WritesInASecondStep, S.test_a_free_ticket_makes_its_message_with_the_hold),
    (WritesInASecondStep, S.test_a_message_is_there_as_soon_as_its_change_is_seen),
    (WritesForNobody, S.test_changes_before_a_subscription_make_none_for_it),
    (LosesWhatIsPutOff, S.test_what_is_put_off_was_never_claimed),
    (CountsWhatIsPutOff, S.test_what_is_put_off_was_never_claimed),
    (RefusesWithPatience, S.test_a_refused_one_waits_and_is_abandoned_in_the_end),
    (AbandonsByAge, S.test_a_refused_one_waits_and_is_abandoned_in_the_end),
    (TellsOfTheOldEpoch, S.test_a_restore_begins_a_new_epoch),
    (TellsOfTheOldEpoch, S.test_a_replay_after_a_restore_is_of_the_new_epoch),
    (NotesWhatIsDueAgain, S.test_a_new_one_of_the_name_loses_nothing),
    (KeepsWhatWasRemoved, S.test_a_removed_one_leaves_nothing),
    (PrunesWhatWaits, S.test_old_messages_are_deleted),
]


@pytest.mark.parametrize(
    ("broken", "test"),
    BROKEN,
    ids=[f"{broken.__name__}-{test.__name__}" for broken, test in BROKEN],
)
def test_control_a_broken_outbox_is_caught(
    broken: type[InMemoryOutbox], test: Callable[[Suite], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test passes over the outbox in memory, and fails over the broken one."""
    test(Suite())
    monkeypatch.setattr(Suite, "outbox", broken)
    with pytest.raises((AssertionError, IndexError)):
        test(Suite())
