"""Controls of the contract of admissions: a store that it must catch."""

from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from ticketing_core.ports import Admissions, EventRepository, TicketRepository
from ticketing_core.scan import GateCount, GateRequest, StoredScan
from ticketing_core.testing import (
    AdmissionsContract,
    InMemoryAdmissions,
    InMemoryEvents,
    InMemoryTickets,
)


class KnowsScansByTicket(InMemoryAdmissions):
    """It does not look whether another ticket has the scan's id."""

    def _stored(self, scan: GateRequest) -> Sequence[StoredScan]:
        return [each for each in super()._stored(scan) if each.ticket_id == scan.ticket_id]


class CountsWhatWasSaid(InMemoryAdmissions):
    """It takes people away at the gate where somebody takes their scan back."""

    def by_gate(self, event_id: int) -> Sequence[GateCount]:
        """See `Admissions.by_gate`."""
        people = Counter[str]()
        for each in self.stored:
            people[each.gate] += each.people if each.event_id == event_id else 0
        counted = [GateCount(gate, number) for gate, number in people.items() if number]
        return sorted(counted, key=lambda each: (-each.people, each.gate))


class CountsWhoCameIn(InMemoryAdmissions):
    """It does not take people away at all."""

    def by_gate(self, event_id: int) -> Sequence[GateCount]:
        """See `Admissions.by_gate`."""
        people = Counter[str]()
        for each in self.stored:
            people[each.gate] += max(0, each.people) if each.event_id == event_id else 0
        counted = [GateCount(gate, number) for gate, number in people.items() if number]
        return sorted(counted, key=lambda each: (-each.people, each.gate))


class Suite(AdmissionsContract):
    """The contract over a store of which one part is exchanged."""

    store: type[InMemoryAdmissions] = InMemoryAdmissions

    def make_door(self) -> tuple[EventRepository, TicketRepository, Admissions]:
        """See the suite."""
        events = InMemoryEvents()
        tickets = InMemoryTickets(events)
        return events, tickets, self.store(events, tickets)


@pytest.mark.parametrize(
    "test",
    [
        Suite.test_an_id_belongs_to_one_ticket,
        Suite.test_an_id_of_another_scan_is_told,
        Suite.test_one_id_on_many_tickets_counts_once,
    ],
)
def test_control_a_broken_store_is_caught(
    test: Callable[[Suite], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test passes over the store in memory, and fails over the broken one."""
    test(Suite())
    monkeypatch.setattr(Suite, "store", KnowsScansByTicket)
    with pytest.raises(AssertionError):
        test(Suite())


@pytest.mark.parametrize("store", [CountsWhatWasSaid, CountsWhoCameIn])
def test_control_a_wrong_count_of_a_gate_is_caught(
    store: type[InMemoryAdmissions], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test fails over stores that take nobody away, or do it at the wrong gate."""
    monkeypatch.setattr(Suite, "store", store)
    with pytest.raises(AssertionError):
        Suite().test_people_are_counted_where_they_went_in()
