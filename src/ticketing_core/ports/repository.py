"""The ports to the store. Each method is one atomic step that may be repeated with its arguments.

A use case cannot hold a transaction open. A step that cannot know whether it took effect raises
`StoreUnavailable`; repeating it returns the truth.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from ticketing_core.event import Added, Event, EventDraft, IdTaken
from ticketing_core.reservation import HoldOutcome, TicketDraft
from ticketing_core.ticket import HistoryEntry, Replaced, Stale, Ticket


class Leases(Protocol):
    """Lets exactly one of many processes do a piece of work."""

    def acquire(
        self,
        name: str,
        *,
        holder: str,
        now: datetime,
        lasting: timedelta,
        at_most: timedelta | None = None,
    ) -> bool:
        """Take the lease ``name``, or let it last from now on, if it is free or the holder's.

        A lease is free by `schedule.lease_is_free`: also when it ends later than anybody may take
        it for, since a clock that was ahead has taken it.

        Args:
            name: Which lease.
            holder: Who wants it.
            now: The present instant. All callers need the same clock, to a few seconds.
            lasting: How long to have it.
            at_most: The longest that any caller takes it for, if that is longer than ``lasting``.

        Returns:
            Whether ``holder`` has the lease, until ``now + lasting``.
        """


class EventRepository(Protocol):
    """Keeps events. Events are never deleted."""

    def add(self, draft: EventDraft) -> Added | IdTaken:
        """Store a new event, with the id of the draft or the next free one."""

    def by_id(self, event_id: int) -> Event | None:
        """Return the event or None. Its ``kept`` may be a second old: only `hold` decides."""

    def newest(self, *, before: int | None, limit: int) -> Sequence[Event]:
        """Return at most ``limit`` events with ids below ``before``, the largest id first."""


class TicketRepository(Protocol):
    """Keeps tickets and counts the places they keep.

    After each step, an event's ``kept`` is the sum of `Ticket.places` over its tickets and lies
    between zero and its capacity, whatever runs at the same time.
    """

    def hold(self, draft: TicketDraft) -> HoldOutcome:
        """Take the places and store the ticket, or take nothing and return why.

        If the ``ticket_code`` is known, the outcome is the stored ticket. If the buyer used the key
        for another ticket, the outcome is `KeyTaken` with that one. Everything else is decided by
        `reservation.objection`.
        """

    def replace(
        self, old: Ticket, new: Ticket, *, at: datetime, why: str, by: str
    ) -> Replaced | Stale:
        """Compare-and-swap: store ``new`` if the stored ticket still has ``old``'s version.

        The same step frees places (``old.places - new.places``), writes the history, and makes the
        ticket due at `schedule.due_at`. If ``new`` is already stored, nothing is written and the
        outcome is `Replaced`.

        Raises:
            LookupError: No such ticket was ever stored: a bug of the caller.
            ValueError: Another ticket has the payment of ``new``; nothing was written.
        """

    def by_id(self, ticket_id: int) -> Ticket | None:
        """Return the ticket or None."""

    def by_code(self, ticket_code: UUID) -> Ticket | None:
        """Return the ticket or None."""

    def by_checkout(self, checkout_id: str) -> Ticket | None:
        """Return the ticket that has this checkout stored, or None."""

    def by_payment(self, payment_id: str) -> Ticket | None:
        """Return the ticket that has this payment stored, or None."""

    def of_buyer(self, buyer: str, *, before: int | None, limit: int) -> Sequence[Ticket]:
        """Return at most ``limit`` tickets with ids below ``before``, the largest id first."""

    def made_since(self, since: datetime, *, after: int, limit: int) -> Sequence[Ticket]:
        """Return at most ``limit`` tickets created at or after ``since``, the smallest id first.

        Args:
            since: The oldest creation to return.
            after: Only ids above this one.
            limit: The most tickets of this page.
        """

    def paying(self, *, buyer: str, event_id: int) -> Ticket | None:
        """Return the buyer's newest ticket of the event that is PAYING, or None."""

    def claim_due(self, *, now: datetime, limit: int) -> Sequence[Ticket]:
        """Claim at most ``limit`` tickets that are due, in two queues, the longest waiting first.

        What keeps places (RESERVED, PAYING) comes before owed refunds (REFUNDING), which get
        `schedule.owed_share` of the limit where there are enough of both. So the refunds of a
        cancelled event do not hold back the places of another one.

        No other call gets them until the claim ends, after `schedule.lease`, which grows with each
        claim in a row. A change of the ticket resets the count. So work that a crash left behind is
        taken up again, and hopeless work gives way to the rest.

        A ticket that waits for an instant beyond `schedule.FARTHEST_TRY` is due, too.
        """

    def postpone(self, ticket: Ticket, *, until: datetime) -> None:
        """Make the ticket due at ``until`` and reset its count of claims.

        Does nothing if the ticket has changed since it was read, or is never due.
        """

    def places_are_due(self, *, event_id: int, now: datetime) -> bool:
        """Return whether settling may free places of the event soon.

        True while a ticket whose hold is over is due or claimed, and not postponed. The answer may
        be a second old.
        """

    def history(self, ticket_id: int) -> Sequence[HistoryEntry]:
        """Return all changes of a ticket, the oldest first; none for an unknown ticket."""
