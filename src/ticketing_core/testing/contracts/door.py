"""A door with tickets, for the suites of `Admissions`."""

import abc
from itertools import count
from typing import Any
from uuid import UUID

from attrs import define, fields

from ticketing_core.event import Event
from ticketing_core.ports import Admissions, EventRepository, TicketRepository
from ticketing_core.scan import Entry, GateRequest, Scan, ScanAnswer, ScanOutcome, Undo
from ticketing_core.testing.contracts.examples import (
    NOON,
    draft,
    held,
    kept,
    paying,
    stored,
    stored_event,
)
from ticketing_core.ticket import Ticket

_numbers = count(1)


def scan_of(ticket: Ticket, people: int | None = 1, **changes: Any) -> Scan:
    """Return a scan of a ticket at the gate of its event, with a new id."""
    values: dict[str, Any] = {
        "scan_id": UUID(int=next(_numbers), version=4),
        "ticket_id": ticket.ticket_id,
        "ticket_code": ticket.ticket_code,
        "event_id": ticket.event_id,
        "people": people,
        "gate": "North",
        "by": "alice",
        "at": NOON,
        "stored_at": NOON,
        "payment_seen": True,
    }
    return Scan(**(values | changes))


def undo_of(scan: Scan) -> Undo:
    """Return the undo of a scan."""
    return Undo(**_shared(scan) | {"at": NOON, "stored_at": NOON})


def entry_of(scan: Scan, **changes: Any) -> Entry:
    """Return the entry of an offline device that let the people of a scan in."""
    noted = {"people": scan.people, "offline": True}
    return Entry(**_shared(scan) | noted | changes)


def _shared(scan: Scan) -> dict[str, Any]:
    return {each.name: getattr(scan, each.name) for each in fields(GateRequest)}


@define
class Door:
    """A store, and an event whose people are let in."""

    events: EventRepository
    tickets: TicketRepository
    admissions: Admissions
    event: Event

    def issued(self, quantity: int = 1, **changes: Any) -> Ticket:
        """Return an issued ticket of the event."""
        ticket = paying(
            self.tickets, held(self.tickets, draft(self.event, quantity=quantity, **changes))
        )
        return stored(self.tickets, ticket, ticket.issued())

    def refunded(self, ticket: Ticket) -> Ticket:
        """Void a ticket, and return it."""
        ticket = stored(self.tickets, self.now(ticket), self.now(ticket).refunding(at=NOON))
        return stored(self.tickets, ticket, ticket.refunded())

    def now(self, ticket: Ticket) -> Ticket:
        """Return the ticket as it is stored now."""
        found = self.tickets.by_id(ticket.ticket_id)
        assert found is not None
        return found

    def outcome(self, scan: Scan) -> ScanOutcome:
        """Return the outcome of a scan, which must not be `ScanIdReused`."""
        answer = self.admissions.admit(scan)
        assert isinstance(answer, ScanAnswer), answer
        assert answer.scan_id == scan.scan_id
        return answer.outcome

    def kept(self) -> int:
        """Return how many places of the event are kept."""
        return kept(self.events, self.event)


class DoorContract(abc.ABC):
    """The common part of the suites of `Admissions`."""

    @abc.abstractmethod
    def make_door(self) -> tuple[EventRepository, TicketRepository, Admissions]:
        """Return three empty repositories over one store, which several threads may use."""

    def open_door(self) -> Door:
        """Return an empty store with an event of ten places."""
        events, tickets, admissions = self.make_door()
        return Door(events, tickets, admissions, stored_event(events))
