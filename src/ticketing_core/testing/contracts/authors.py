"""The contract of `Authors`: names change in all records, and nothing else does."""

import abc
from typing import Any

from attrs import evolve

from ticketing_core.authored import Authored
from ticketing_core.ports import Admissions, Authors, EventRepository, TicketRepository
from ticketing_core.testing.contracts.door import Door, scan_of
from ticketing_core.testing.contracts.examples import NOON, stored_event

NAMES = {"gate ann": "gate x", "organizer ann": "organizer x", "ann": "x"}
LIKE_THEM = ("gate anna", "gate", "ann gate ann", "Gate ann", "organizer  ann")
"""Other names, which look like those or begin like them."""


class AuthorsContract(abc.ABC):
    """The tests of every store of authors."""

    @abc.abstractmethod
    def make_authors(self) -> tuple[EventRepository, TicketRepository, Admissions, Authors]:
        """Return four empty repositories over one store."""

    def busy_store(self) -> tuple[Door, Authors]:
        """Return a store in which many people have done something."""
        events, tickets, admissions, authors = self.make_authors()
        door = Door(events, tickets, admissions, stored_event(events, capacity=99))
        for by in (*NAMES, *LIKE_THEM):
            change: dict[str, Any] = {"at": NOON, "why": f"{by} did it", "by": by}
            ticket = door.issued(2)
            tickets.replace(ticket, ticket.marked(refund_problem="odd"), **change)
            event = stored_event(events)
            events.replace(event, event.edited(name="New"), **change)
            admissions.admit(scan_of(door.issued(2), by=by))
        return door, authors

    def records(self, door: Door) -> dict[Authored, list[Any]]:
        """Return everything that has an author, as it is stored."""
        events = door.events.newest(before=None, limit=99)
        tickets = door.tickets.made_since(NOON, after=0, limit=99)
        ids = [each.ticket_id for each in tickets]
        return {
            Authored.TICKET_CHANGES: [each for i in ids for each in door.tickets.history(i)],
            Authored.EVENT_CHANGES: [
                each
                for event in events
                for each in door.events.history(event.event_id, before=None, limit=99)
            ],
            Authored.SCANS: [each for i in ids for each in door.admissions.of_ticket(i)],
        }

    def test_authors_get_other_names_and_nothing_else_changes(self) -> None:
        """In the records that were asked for alone, page by page, and only by their whole text."""
        door, authors = self.busy_store()
        for of in Authored:
            before = self.records(door)
            after: int | None = 0
            while after is not None:
                after = authors.rename(NAMES, of=of, after=after, limit=3)
            renamed = [evolve(each, by=NAMES.get(each.by, each.by)) for each in before[of]]
            assert renamed != before[of]
            assert self.records(door) == before | {of: renamed}

    def test_odd_names_change_nothing(self) -> None:
        """Whatever a person types: names that no store can hold, or no names at all."""
        door, authors = self.busy_store()
        before = self.records(door)
        for names in ({}, {"\0": "x"}, {"\ud800": "x"}, {"'; --": "x"}, {"%": "x"}):
            for of in Authored:
                assert authors.rename(names, of=of, after=0, limit=1000) is None
        assert self.records(door) == before
