"""Ports to the store: each method is one atomic step, and may be repeated with the same arguments.

There is no transaction for a use case to hold open. A step that cannot say whether it took
effect raises `StoreUnavailable`; whoever repeats it learns the truth.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from attrs import frozen

from ticketing_core.event import Event, EventDraft
from ticketing_core.reservation import HoldOutcome, TicketDraft
from ticketing_core.ticket import Ticket, TicketStatus


@frozen
class Added:
    """The event is stored."""

    event: Event


@frozen
class IdTaken:
    """Another event has this id."""

    event_id: int


@frozen
class Replaced:
    """The new version is stored (now, or by an earlier call with the same arguments)."""

    ticket: Ticket


@frozen
class Stale:
    """Somebody else changed the ticket first; nothing was written.

    Attributes:
        current: The ticket as it is now, to decide on again.
    """

    current: Ticket


@frozen(kw_only=True)
class HistoryEntry:
    """One change of a ticket, written in the same step as the change.

    Attributes:
        version: The ticket's version after the change; 1 is the hold.
        status: Its status after the change.
        at: When, by the clock of whoever made the change.
        why: What led to it, such as ``payment seen``.
        by: Who did it, such as ``buyer`` or ``settler``.
    """

    version: int
    status: TicketStatus
    at: datetime
    why: str
    by: str


class Leases(Protocol):
    """Lets one of many processes do what only one of them should."""

    def acquire(self, name: str, *, holder: str, now: datetime, until: datetime) -> bool:
        """Take or prolong the lease ``name`` for ``holder``, if it is free, over, or his.

        Returns:
            Whether he has it until then.
        """


class EventRepository(Protocol):
    """Keeps events. Events are never deleted."""

    def add(self, draft: EventDraft) -> Added | IdTaken:
        """Store a new event, with the id it asks for or the next free one."""

    def by_id(self, event_id: int) -> Event | None:
        """The event, or None. The places it keeps may be those of a second ago: a report."""

    def newest(self, *, before: int | None, limit: int) -> Sequence[Event]:
        """At most ``limit`` events in falling order of id, those below ``before`` only."""


class TicketRepository(Protocol):
    """Keeps tickets and counts the places they keep.

    After each step, an event's ``kept`` is the sum of `Ticket.places` over its tickets and lies
    between zero and its capacity, whatever runs at the same time.
    """

    def hold(self, draft: TicketDraft) -> HoldOutcome:
        """Take the places and store the ticket, or take nothing and say why.

        A known ``ticket_code`` answers the stored ticket. A key that this buyer used for another
        ticket answers that one. Everything else is decided by `reservation.objection`.
        """

    def replace(
        self, old: Ticket, new: Ticket, *, at: datetime, why: str, by: str
    ) -> Replaced | Stale:
        """Compare-and-swap: store ``new`` if the stored ticket still has ``old``'s version.

        In the same step it gives places back (``old.places - new.places``), writes the history,
        and makes the ticket due at ``new.due_at``. If ``new`` is what is stored already, the
        answer is `Replaced` and nothing is written.

        Raises:
            LookupError: No such ticket was ever stored: a bug of the caller.
        """

    def by_id(self, ticket_id: int) -> Ticket | None:
        """The ticket, or None."""

    def by_code(self, ticket_code: UUID) -> Ticket | None:
        """The ticket, or None."""

    def by_checkout(self, checkout_id: str) -> Ticket | None:
        """The ticket that has this checkout stored, or None."""

    def of_buyer(self, buyer: str, *, before: int | None, limit: int) -> Sequence[Ticket]:
        """At most ``limit`` tickets in falling order of id, those below ``before`` only."""

    def made_since(self, since: datetime, *, after: int, limit: int) -> Sequence[Ticket]:
        """At most ``limit`` tickets created at or after ``since``, in rising order of id.

        Args:
            since: The oldest creation that is told.
            after: Only ids above this one.
            limit: The most tickets of this page.
        """

    def paying(self, *, buyer: str, event_id: int) -> Ticket | None:
        """The buyer's newest ticket of the event that is PAYING, or None."""

    def claim_due(self, *, now: datetime, limit: int) -> Sequence[Ticket]:
        """Take at most ``limit`` tickets that are due, the longest waiting first.

        No other call gets them until their lease ends: a minute, doubled with each claim in a
        row up to an hour. A change of the ticket starts the count anew. So work that a crash
        left is taken up again, and hopeless work gives way to the rest.
        """

    def postpone(self, ticket: Ticket, *, until: datetime) -> None:
        """Make the ticket due at ``until`` and start the count of claims anew.

        Nothing happens if the ticket has changed since it was read, or is never due.
        """

    def places_are_due(self, *, event_id: int, now: datetime) -> bool:
        """Whether settling may free places of the event soon.

        That is so while a ticket whose hold is over is due or claimed, and not postponed.

        A report: it may be a second old.
        """

    def history(self, ticket_id: int) -> Sequence[HistoryEntry]:
        """All changes of one ticket, the oldest first; empty for an unknown one."""
