"""The ports to the store. Each method is one atomic step that may be repeated with its arguments.

A use case cannot hold a transaction open. A step that cannot know whether it took effect raises
`StoreUnavailable`; repeating it returns the truth.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from ticketing_core.changes import HistoryEntry, Replaced, Stale
from ticketing_core.installation import InstallationState
from ticketing_core.ports.event_tickets import EventTickets
from ticketing_core.query import TicketQuery
from ticketing_core.reservation import HoldOutcome, TicketDraft
from ticketing_core.schedule import DueLook
from ticketing_core.stray import Stray
from ticketing_core.sums import SumsPage, ToRefund
from ticketing_core.ticket import Ticket


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


class TicketRepository(EventTickets, Protocol):
    """Stores tickets and counts the places they keep.

    After each step, an event's ``kept`` is the sum of `Ticket.places` over its tickets and lies
    between zero and its capacity, whatever runs at the same time.
    """

    def hold(self, draft: TicketDraft) -> HoldOutcome:
        """Take the places and store the ticket, or take nothing and return why.

        If the ``ticket_code`` is known, the outcome is the stored ticket. If the buyer used the key
        for another ticket, the outcome is `KeyTaken` with that one. Everything else is decided by
        `reservation.objection`. While `Installation.restoring_since` is set, which is read in the
        same step, the outcome is `reservation.RESTORING` unless the ``ticket_code`` is known.
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

    def by_key(self, buyer: str, key: str) -> Ticket | None:
        """Return the ticket that the buyer's idempotency key belongs to, or None."""

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

    def next_due(self) -> datetime | None:
        """Return the earliest instant at which a ticket is due or has to be looked at, or None.

        It is one of the past while something waits to be claimed: `claim_due`, `claim_looks`.
        """

    def postpone(self, ticket: Ticket, *, until: datetime) -> None:
        """Make the ticket due at ``until`` and reset its count of claims.

        Does nothing if the ticket has changed since it was read, or is never due.
        """

    def look_again(self, ticket_ids: Collection[int], *, at: datetime) -> None:
        """Note that the tickets' payments have to be looked at; `claim_looks` returns them.

        A note is a value of its own: it does not change the ticket, and no change of the ticket
        removes it. Ids that no ticket has are ignored.

        Args:
            ticket_ids: The tickets.
            at: The present instant.
        """

    def claim_looks(self, *, now: datetime, limit: int) -> Sequence[DueLook]:
        """Claim at most ``limit`` tickets whose payment has to be looked at, the oldest note first.

        As in `claim_due`, no other call gets them until `schedule.lease` ends, and a note beyond
        `schedule.FARTHEST_TRY` is due, too. The claim changes the note.
        """

    def clear_look(self, look: DueLook) -> None:
        """Remove the note that was claimed, after the result of the look is stored.

        Does nothing if the note has changed since: there is newer news, which this look may have
        been too early to see.
        """

    def newest_checkout(self) -> str | None:
        """Return the id of the checkout of the newest ticket that has one, or None."""

    def owing(self, *, after: int, limit: int) -> Sequence[Ticket]:
        """Return at most ``limit`` REFUNDING tickets with ids above ``after``, smallest first."""

    def keeping_all(
        self, event_id: int, *, held_after: datetime | None = None, limit: int
    ) -> Sequence[Ticket]:
        """Return at most ``limit`` tickets of an event that keep all of their places.

        Those are RESERVED, PAYING and ISSUED ones, smallest id first.

        Args:
            event_id: The event.
            held_after: Leaves out unpaid tickets whose hold ends at or before it; None for none.
            limit: The most tickets to return.
        """

    def to_refund(self, event_id: int) -> ToRefund:
        """Add up what cancelling the event would give back now."""

    def places_are_due(self, *, event_id: int, now: datetime) -> bool:
        """Return whether settling may free places of the event soon.

        True while a ticket whose hold is over is due or claimed, and not postponed. The answer may
        be a second old.
        """

    def history(self, ticket_id: int) -> Sequence[HistoryEntry]:
        """Return all changes of a ticket, the oldest first; none for an unknown ticket."""

    def find(self, query: TicketQuery, *, before: int | None, limit: int) -> Sequence[Ticket]:
        """Return at most ``limit`` tickets that meet the query, largest id first.

        Args:
            query: Which tickets. Its texts may be any text.
            before: Only ids below this one.
            limit: The most tickets of this page.
        """

    def report(self, *, since: datetime, until: datetime, event_id: int | None) -> SumsPage:
        """Add up the tickets created at or after ``since`` and before ``until``.

        Args:
            since: The oldest creation to count.
            until: The first creation that is too late. `SumsPage.next_at` is the oldest creation
                at or after it, of any event.
            event_id: Only tickets of this event; None for all events.

        Returns:
            The sums of `sums.Sums.of` over the tickets, sorted by event and currency.
        """


class StrayRepository(Protocol):
    """Keeps the checkouts of this installation that no ticket has stored."""

    def put(self, stray: Stray) -> None:
        """Store it, or update the one with its ``checkout_id``; ``first_seen_at`` stays."""

    def by_checkout(self, checkout_id: str) -> Stray | None:
        """Return the stray of this checkout, or None."""

    def unsettled(self, *, after: str, limit: int) -> Sequence[Stray]:
        """Return at most ``limit`` unsettled strays with ``checkout_id`` above ``after``.

        They are in the order of their ids; ``after`` is ``""`` for the first page.
        """


class Installation(Protocol):
    """Keeps what is true of the installation as a whole."""

    def state(self) -> InstallationState:
        """Return all of it, as it is in one instant."""

    def move_news_position(self, to: datetime) -> None:
        """Store up to where the gateway's news was read, by the gateway's clock."""

    def begin_restore(self, *, at: datetime) -> None:
        """Stop sales and settling, unless that is so already, and let ``epoch`` rise.

        It becomes `installation.next_epoch`.

        After the return, no step of `TicketRepository.hold` that began before can take effect.
        """

    def skip_ids(self, *, named: int, gap: int) -> None:
        """Make new ids larger by more than ``gap`` than all that may have been given before.

        Near the largest possible id the gap is smaller (`installation.last_skipped_id`), so that an
        id which an organizer chose for an event does not use up the others.

        Args:
            named: The largest id of a ticket that the gateway knows, or 0. The largest stored ids
                of tickets and events count as well.
            gap: How many ids to leave out.
        """

    def end_restore(self) -> None:
        """Allow sales and settling again."""
