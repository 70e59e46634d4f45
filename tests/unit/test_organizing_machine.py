"""Events that change in the state machine, in memory, and broken variants that it has to detect."""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.checked_machine import Store
from tests.support.organizing_machine import OrganizingMachine
from tests.unit.box_offices import lose_commit
from tests.unit.simulation.broken_events import (
    ComparesWithTheSeen,
    CountsOnlyThePage,
    GivesUpFirst,
    LastEditWins,
    blind_to,
)
from tests.unit.test_machine import STEADY, UNSHRUNK
from ticketing_core.errors import EventCancelled
from ticketing_core.testing import (
    InMemoryAdmissions,
    InMemoryEvents,
    InMemoryInstallation,
    InMemoryTickets,
    store,
)

SHORT = settings(STEADY, max_examples=60, stateful_step_count=30)
LONG = settings(UNSHRUNK, stateful_step_count=30)


class InMemoryMachine(OrganizingMachine):
    """The machine over the store in memory."""

    transitions: ClassVar = set()
    ends: ClassVar = set()
    events_class = InMemoryEvents

    def make_store(self) -> Store:
        """See `OrganizingMachine`."""
        events = self.events_class()
        tickets = InMemoryTickets(events)
        return Store(
            events=events,
            tickets=tickets,
            installation=InMemoryInstallation(events),
            admissions=InMemoryAdmissions(events, tickets),
            lose_commit=partial(lose_commit, tickets),
        )


def test_the_promises_hold_while_events_change() -> None:
    """Some events stay on sale, some are unwound, and some wait for a bank that never decides."""
    run_state_machine_as_test(InMemoryMachine, settings=SHORT)
    assert InMemoryMachine.ends == {"on sale", "unwinding", "unwound"}


def fails(**variant: object) -> None:
    """Run a variant, which has to fail."""
    parts = {**variant, "transitions": set(), "ends": set(), "__doc__": "Broken."}
    Broken = type("Broken", (InMemoryMachine,), parts)  # noqa: N806 - a class
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Broken, settings=LONG)


@pytest.mark.parametrize(
    "broken",
    [
        {"events_class": ComparesWithTheSeen},
        {"events_class": LastEditWins},
        {"organizer_class": CountsOnlyThePage},
        {"organizer_class": GivesUpFirst},
    ],
    ids=lambda broken: next(iter(broken.values())).__name__,
)
def test_control_a_broken_variant_is_detected(broken: Mapping[str, type]) -> None:
    """The same runs over a broken store or organizer fail."""
    fails(**broken)


def test_control_a_cancelled_event_that_is_sold_is_detected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same for a hold that does not look whether the event is cancelled."""
    monkeypatch.setattr(store, "objection", blind_to(EventCancelled))
    fails()
