"""The port to the store of events. Each method is one atomic step, as in `repository`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from ticketing_core.errors import CapacityBelowKept, IdTaken
from ticketing_core.event import (
    Added,
    Edited,
    EditedMeanwhile,
    Event,
    EventDraft,
    EventHistoryEntry,
)


class EventRepository(Protocol):
    """Keeps events and their history. Events are never deleted."""

    def add(self, draft: EventDraft, *, at: datetime, by: str) -> Added | IdTaken:
        """Store a new event, with the id of the draft or the next free one.

        Args:
            draft: The event.
            at: The present instant, for the history.
            by: The author, for the history.
        """

    def replace(
        self, old: Event, new: Event, *, at: datetime, why: str, by: str
    ) -> Edited | EditedMeanwhile | CapacityBelowKept:
        """Compare-and-swap: store ``new`` if the stored event still has ``old``'s version.

        The same step writes the history. ``kept`` of ``old`` and ``new`` is ignored: the stored
        value stays, and the capacity is compared with it. If ``new`` is already stored, nothing is
        written and the outcome is `Edited`.

        After the return, no `TicketRepository.hold` decides by ``old``.

        Raises:
            LookupError: No such event was ever stored: a bug of the caller.
        """

    def by_id(self, event_id: int) -> Event | None:
        """Return the event, perhaps a second old, or None. Only `TicketRepository.hold` decides."""

    def to_sell(self, event_id: int) -> Event | None:
        """Return the event for a purchase: as `by_id`, but a free one perhaps far older.

        A paid one is younger because its price is sent to the gateway before any hold compares it.
        """

    def latest(self, event_id: int) -> Event | None:
        """Return the event as it is now, or None."""

    def unwinding(self) -> Sequence[Event]:
        """Return the cancelled events that are not unwound yet, in the order of their ids."""

    def history(
        self, event_id: int, *, before: int | None, limit: int
    ) -> Sequence[EventHistoryEntry]:
        """Return at most ``limit`` changes with versions below ``before``, the newest first.

        An unknown event has none.
        """

    def newest(self, *, before: int | None, limit: int) -> Sequence[Event]:
        """Return at most ``limit`` events with ids below ``before``, largest id first."""
