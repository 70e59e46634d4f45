"""Each person goes in once, whatever several real processes do at the same moment."""

import pytest
from sqlalchemy import Engine

from tests.integration.sql import gate_racing, racing
from ticketing_adapters.sql import SqlAdmissions, SqlEvents, SqlTickets
from ticketing_core.errors import ScanIdReused
from ticketing_core.scan import Admitted, AlreadyAdmitted, Void, Withdrawn
from ticketing_core.testing.contracts.door import Door, scan_of
from ticketing_core.testing.contracts.examples import stored_event
from ticketing_core.ticket import TicketStatus

GROUP = 7


@pytest.fixture
def processes(engine: Engine) -> int:
    """The number of processes. SQLite has one writer, so a few are enough to crowd it."""
    return 3 if engine.dialect.name == "sqlite" else 6


@pytest.fixture
def door(engine: Engine) -> Door:
    """A door of an event."""
    events = SqlEvents(engine)
    event = stored_event(events, capacity=100, max_per_order=100)
    return Door(events, SqlTickets(engine), SqlAdmissions(engine), event)


def test_a_group_is_let_in_once(door: Door, engine: Engine, migrated_url: str) -> None:
    """At twenty gates at once exactly its people go in; the others hear that all are inside."""
    ticket = door.issued(GROUP)
    results = racing.race(
        gate_racing.scan_often,
        url=migrated_url,
        processes=3 if engine.dialect.name == "sqlite" else 20,
        ticket=ticket,
        scans=4,
    )
    outcomes = [outcome for result in results for outcome in result]
    assert gate_racing.people_let_in(door, ticket, outcomes) == GROUP
    assert sum(isinstance(each, AlreadyAdmitted) for each in outcomes) == len(outcomes) - GROUP
    left = sorted(each.left for each in outcomes if isinstance(each, Admitted))
    assert left == list(range(GROUP))


def test_counting_by_replace_is_the_control(door: Door, migrated_url: str, processes: int) -> None:
    """Control: all who read the same ticket are told that their change is stored."""
    ticket = door.issued()
    results = racing.race(
        gate_racing.scan_carelessly, url=migrated_url, processes=processes, ticket=ticket
    )
    outcomes = [outcome for result in results for outcome in result]
    assert outcomes == [Admitted(1, 0)] * processes
    assert door.now(ticket).admitted == 1
    with pytest.raises(AssertionError, match=f"{processes} people went in on 1"):
        gate_racing.people_let_in(door, ticket, outcomes)


def test_one_id_lets_one_ticket_in(
    engine: Engine, door: Door, migrated_url: str, processes: int
) -> None:
    """Processes meet only at the unique key of the scans; who comes second decides again."""
    tickets = [door.issued() for _ in range(processes)]
    outcomes = racing.race(
        gate_racing.scan_one_id,
        url=migrated_url,
        processes=processes,
        tickets=tickets,
        scan=scan_of(tickets[0]),
    )
    assert outcomes.count(Admitted(1, 0)) == 1
    assert outcomes.count(ScanIdReused()) == processes - 1
    assert sum(door.now(each).inside for each in tickets) == 1
    assert racing.count_places(engine, door.event) == processes


def test_nobody_goes_in_after_a_refund(
    engine: Engine, door: Door, migrated_url: str, processes: int
) -> None:
    """Who was inside before keeps a place, and the other places are free."""
    ticket = door.issued(20)
    results = racing.race(
        gate_racing.scan_or_refund, url=migrated_url, processes=processes, ticket=ticket, scans=4
    )
    outcomes = [outcome for result in results for outcome in result]
    inside = gate_racing.people_let_in(door, ticket, outcomes)
    now = door.now(ticket)
    assert now.status is TicketStatus.REFUNDING
    assert racing.count_places(engine, door.event) == now.places == inside
    assert door.tickets.history(ticket.ticket_id)[-1].why == "refund"
    assert door.outcome(scan_of(ticket)) == Void(TicketStatus.REFUNDING)


def test_a_scan_that_is_taken_back_stays_out(door: Door, migrated_url: str, processes: int) -> None:
    """In whatever order the scan, its copies and the undos arrive."""
    ticket = door.issued(GROUP)
    scans = [scan_of(ticket, 2) for _ in range(8)]
    racing.race(gate_racing.scan_and_take_back, url=migrated_url, processes=processes, scans=scans)
    assert gate_racing.people_let_in(door, ticket, []) == 0
    assert [door.outcome(each) for each in scans] == [Withdrawn()] * len(scans)


@pytest.mark.parametrize(
    ("moment", "counted"), [("commit", 0), ("checkin", 1)], ids=["before", "after"]
)
def test_a_process_that_dies_counts_nobody_twice(
    door: Door, migrated_url: str, moment: str, counted: int
) -> None:
    """Killed before or after the commit: the repeat is answered as if nothing had happened."""
    ticket = door.issued()
    scan = scan_of(ticket)
    gate_racing.killed_while_scanning(migrated_url, scan, moment=moment)
    assert door.now(ticket).inside == counted
    outcome = door.outcome(scan)
    assert outcome == Admitted(1, 0)
    assert gate_racing.people_let_in(door, ticket, [outcome]) == 1
