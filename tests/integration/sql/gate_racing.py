"""Races at the gate between real processes: the job of each, and how people are counted."""

import multiprocessing
import os
import signal
from collections.abc import Sequence
from uuid import uuid4

from attrs import evolve
from sqlalchemy import Engine, event

from tests.integration.sql.racing import start
from ticketing_adapters.sql import SqlAdmissions, SqlTickets, engine_for
from ticketing_core.changes import Replaced
from ticketing_core.errors import ScanIdReused
from ticketing_core.gate_rules import admission
from ticketing_core.scan import Admitted, Scan, ScanAnswer, ScanOutcome
from ticketing_core.testing.contracts.door import Door, scan_of, undo_of
from ticketing_core.testing.contracts.examples import NOON
from ticketing_core.ticket import Ticket

Outcome = ScanOutcome | ScanIdReused


class CountsByReplace(SqlAdmissions):
    """The control, wrong on purpose: it counts by `TicketRepository.replace`."""

    def admit(self, scan: Scan) -> ScanAnswer | ScanIdReused:
        """Read, decide, let the other processes do the same, then compare and swap."""
        store = SqlTickets(self._engine)
        ticket = store.by_id(scan.ticket_id)
        assert ticket is not None
        decided = admission(ticket, self.of_ticket(scan.ticket_id), scan)
        start()
        assert decided.ticket is not None
        stored = store.replace(
            ticket, decided.ticket, at=NOON, why=decided.why, by=f"gate {scan.by}"
        )
        assert isinstance(stored, Replaced)
        assert not isinstance(decided.outcome, ScanIdReused)
        return ScanAnswer(scan_id=scan.scan_id, outcome=decided.outcome, ticket=stored.ticket)


def ready(url: str) -> SqlAdmissions:
    """Return a store with a connection, when every process of the race has one."""
    store = SqlAdmissions(engine_for(url))
    store.of_ticket(1)
    start()
    return store


def outcome(store: SqlAdmissions, scan: Scan) -> Outcome:
    """Return what a scan is answered."""
    answer = store.admit(scan)
    return answer if isinstance(answer, ScanIdReused) else answer.outcome


def scan_often(*, url: str, number: int, ticket: Ticket, scans: int) -> list[Outcome]:
    """Show one ticket again and again, at a gate of this process."""
    store = ready(url)
    made = [scan_of(ticket, scan_id=uuid4(), gate=f"gate {number}") for _ in range(scans)]
    return [outcome(store, each) for each in made]


def scan_carelessly(*, url: str, number: int, ticket: Ticket) -> list[Outcome]:
    """Show the ticket once, with `CountsByReplace`."""
    store = CountsByReplace(engine_for(url))
    return [outcome(store, scan_of(ticket, scan_id=uuid4(), gate=f"gate {number}"))]


def scan_one_id(*, url: str, number: int, tickets: Sequence[Ticket], scan: Scan) -> Outcome:
    """Show a ticket of this process, under an id that all processes use."""
    ticket = tickets[number]
    own = evolve(scan, ticket_id=ticket.ticket_id, ticket_code=ticket.ticket_code)
    return outcome(ready(url), own)


def scan_and_take_back(*, url: str, number: int, scans: Sequence[Scan]) -> None:
    """Send copies of the same scans as the other processes, or take them back."""
    store = ready(url)
    for scan in scans:
        if number % 2:
            store.admit(scan)
        else:
            store.take_back(undo_of(scan))


def scan_or_refund(*, url: str, number: int, ticket: Ticket, scans: int) -> list[Outcome]:
    """Scan; the first process voids the ticket instead."""
    if number:
        return scan_often(url=url, number=number, ticket=ticket, scans=scans)
    ready(url)
    store = SqlTickets(engine_for(url))
    while True:
        now = store.by_id(ticket.ticket_id)
        assert now is not None
        voided = now.refunding(at=NOON)
        if isinstance(store.replace(now, voided, at=NOON, why="refund", by="test"), Replaced):
            return []


def people_let_in(door: Door, ticket: Ticket, outcomes: Sequence[Outcome]) -> int:
    """Return how many people went in.

    Raises:
        AssertionError: They are not those that are counted, or more than have a right.
    """
    people = sum(each.people for each in outcomes if isinstance(each, Admitted))
    assert people <= ticket.quantity, f"{people} people went in on {ticket.quantity}"
    now = door.now(ticket)
    stored = door.admissions.of_ticket(ticket.ticket_id)
    assert people == now.inside == sum(each.people for each in stored)
    assert len(door.tickets.history(ticket.ticket_id)) == now.version
    return people


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _scan_and_die(url: str, scan: Scan, moment: str) -> None:
    engine: Engine = engine_for(url)
    store = SqlAdmissions(engine)
    event.listen(engine, moment, _die)
    store.admit(scan)


def killed_while_scanning(url: str, scan: Scan, *, moment: str) -> None:
    """Scan in a process that is killed at an event of its engine."""
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=_scan_and_die, args=(url, scan, moment))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
