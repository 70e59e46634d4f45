"""The public API for organizers: puts events on sale, changes and cancels them."""

from collections.abc import Container, Mapping, Sequence
from typing import Any

from attrs import frozen

from ticketing_core.event import Event, EventDraft, EventHistoryEntry
from ticketing_core.ports import Clock, EventRepository, PaymentGateway, TicketRepository
from ticketing_core.use_cases.edit_event import (
    Cancellation,
    cancel_event,
    change_event,
    close_sale,
    create_event,
    own_event,
    preview_cancellation,
)
from ticketing_core.use_cases.unwind import unwind


@frozen(kw_only=True)
class Organizer:
    """Puts events on sale, changes and cancels them.

    For example::

        event = organizer.create_event(draft, by="alice")
        event = organizer.change_event(
            event.event_id, {"capacity": 600}, version=event.version, by="alice"
        )

    Every method may be called from several threads and processes at once, and may be repeated: a
    repeat changes nothing more. Besides the errors it lists, each may raise `StoreUnavailable`: the
    outcome is unknown.

    All take ``scope``: the ids of the events that the caller may act on; None for all. A change
    takes the ``version`` that the caller has read, so that nobody overwrites a change unseen.

    Attributes:
        events: Stores the events.
        tickets: Stores the tickets.
        gateway: Tells which prices can be paid.
        clock: Tells the time.
    """

    events: EventRepository
    tickets: TicketRepository
    gateway: PaymentGateway
    clock: Clock

    def create_event(
        self, draft: EventDraft, *, by: str, scope: Container[int] | None = None
    ) -> Event:
        """Store a new event. It is on sale at once, or from ``draft.opens_at`` on.

        Args:
            draft: The event.
            by: The author, for the history.
            scope: None; others cannot create events, since their ids are not known before.

        Raises:
            ValueError: No cards are charged in the currency of the price, zero or not.
            IdTaken: Another event has the id of the draft.
            PaymentsNotConfigured: The event is not free, and the seller has not set up payments.
            TotalTooLarge: One place costs more than one payment can be.
            TotalTooSmall: One place costs less than the payment provider accepts. Stripe says so
                only at a purchase.
            NotYourEvent: ``scope`` is not None: the caller may only act on certain events.
        """
        return create_event(
            draft,
            by=by,
            scope=scope,
            events=self.events,
            gateway=self.gateway,
            clock=self.clock,
        )

    def change_event(
        self,
        event_id: int,
        terms: Mapping[str, Any],
        *,
        version: int,
        by: str,
        scope: Container[int] | None = None,
    ) -> Event:
        """Change an event. Tickets keep the price at which they were ordered.

        Args:
            event_id: The event.
            terms: The new values, by the names of the attributes of `EventDraft`; others stay.
            version: The version that the caller has read.
            by: The author, for the history.
            scope: The ids of the events that the caller may act on; None for all.

        Raises:
            ValueError: A value is out of bounds, as in `EventDraft`, or the currency differs.
            CapacityBelowKept: Tickets keep more places than the new capacity.
            PaymentsNotConfigured: The event is not free, and the seller has not set up payments.
            TotalTooLarge: One place costs more than one payment can be.
            TotalTooSmall: One place costs less than the payment provider accepts. Stripe says so
                only at a purchase.
            StaleVersion: The event has changed since ``version``.
            EventNotFound: No event has this id.
            NotYourEvent: It is not in the scope.
        """
        return change_event(
            event_id,
            terms,
            version=version,
            by=by,
            scope=scope,
            events=self.events,
            gateway=self.gateway,
            clock=self.clock,
        )

    def close_sale(
        self, event_id: int, *, version: int, by: str, scope: Container[int] | None = None
    ) -> Event:
        """End the sale of the event now. To open it again, change ``closes_at``.

        Args:
            event_id: The event.
            version: The version that the caller has read.
            by: The author, for the history.
            scope: The ids of the events that the caller may act on; None for all.

        Raises:
            StaleVersion: The event has changed since ``version``.
            EventNotFound: No event has this id.
            NotYourEvent: It is not in the scope.
        """
        return close_sale(
            event_id, version=version, by=by, scope=scope, events=self.events, clock=self.clock
        )

    def preview_cancellation(
        self, event_id: int, *, scope: Container[int] | None = None
    ) -> Cancellation:
        """Return what cancelling the event would do now.

        Raises:
            EventNotFound: No event has this id.
            NotYourEvent: It is not in the scope.
        """
        return preview_cancellation(event_id, scope=scope, events=self.events, tickets=self.tickets)

    def cancel_event(
        self,
        event_id: int,
        *,
        version: int,
        refund_total_minor: int,
        by: str,
        scope: Container[int] | None = None,
    ) -> Event:
        """Cancel the event for good. Nothing of it is sold from then on.

        `unwind` then voids its tickets.

        Args:
            event_id: The event.
            version: The version that the caller has read.
            refund_total_minor: The money that goes back to buyers, in minor units, as in the
                preview. It confirms the cancellation. Close the sale first, so that the sum does
                not grow between the two calls.
            by: The author, for the history.
            scope: The ids of the events that the caller may act on; None for all.

        Raises:
            StaleVersion: The event has changed since ``version``, or the sum has changed.
            EventNotFound: No event has this id.
            NotYourEvent: It is not in the scope.
        """
        return cancel_event(
            event_id,
            version=version,
            refund_total_minor=refund_total_minor,
            by=by,
            scope=scope,
            events=self.events,
            tickets=self.tickets,
            clock=self.clock,
        )

    def unwind(self, *, limit: int, by: str) -> int:
        """Void at most ``limit`` tickets of cancelled events. Settling then refunds them.

        Call it every few seconds, like `BackOffice.settle_due`, unless `Shop.settling` does. An
        event is unwound when none of its tickets is valid any more.

        Args:
            limit: The most tickets to change in this call.
            by: The author, for the history.

        Returns:
            The number of tickets that were changed. If it is ``limit``, there may be more.
        """
        return unwind(
            limit=limit, by=by, events=self.events, tickets=self.tickets, clock=self.clock
        )

    def history(
        self,
        event_id: int,
        *,
        before: int | None = None,
        limit: int,
        scope: Container[int] | None = None,
    ) -> Sequence[EventHistoryEntry]:
        """Return a page of the changes of the event, the newest first.

        Args:
            event_id: The event.
            before: Only versions below this one: that of the last change of the page before.
            limit: The most changes to return.
            scope: The ids of the events that the caller may act on; None for all.

        Raises:
            EventNotFound: No event has this id.
            NotYourEvent: It is not in the scope.
        """
        own_event(event_id, scope=scope, events=self.events)
        return self.events.history(event_id, before=before, limit=limit)
