"""The promises of an event that changes: what may be held, what is paid, and what is left."""

from collections.abc import Sequence

from attrs import frozen

from ticketing_core.event import Edited, Event
from ticketing_core.payment import CheckoutState, Processing
from ticketing_core.reservation import Held
from ticketing_core.testing.simulation.calls import Call
from ticketing_core.testing.simulation.facts import Facts
from ticketing_core.testing.simulation.trace import PromiseBroken
from ticketing_core.testing.simulation.world import World
from ticketing_core.ticket import KEEPS_ALL_PLACES, Ticket


@frozen
class EventPromises:
    """Compares the store with the answers to the organizer, and with what buyers have seen."""

    world: World
    facts: Facts

    def check_answer(self, call: Call, outcome: object) -> None:
        """Check a change of the event, or a ticket that was held by the event as it is now.

        Raises:
            PromiseBroken: A change was lost, or the ticket should not have been held.
        """
        match outcome:
            case Edited(event):
                self._follows(event)
            case Held(ticket) if call.method == "hold":
                self._may_be_held(ticket)
            case _:
                pass

    def _follows(self, event: Event) -> None:
        known = self.facts.event
        if known is None or known == event:
            return
        _check(
            event.version in (known.version, known.version + 1),
            f"version {event.version} of the event follows version {known.version}",
        )
        cancelled = known.cancelled_at in (None, event.cancelled_at)
        _check(cancelled, "the event was cancelled, and is on sale again")

    def _may_be_held(self, ticket: Ticket) -> None:
        event = self._event()
        if ticket.ticket_code in self.facts.totals:
            return
        name = f"ticket {ticket.ticket_id}"
        _check(event.cancelled_at is None, f"{name} is held, and its event is cancelled")
        closed = event.closes_at is not None and ticket.created_at >= event.closes_at
        _check(not closed, f"{name} is held, and the sale is closed")
        total = event.price.times(ticket.quantity)
        _check(
            ticket.total == total,
            f"{name} costs {ticket.total.amount_minor}, and its places {total.amount_minor}",
        )

    def check_always(self, tickets: Sequence[Ticket]) -> None:
        """Check what holds after each single effect.

        Raises:
            PromiseBroken: Something does not hold.
        """
        event, known = self._event(), self.facts.event
        if known is not None:
            _check(
                (event.version, event.terms) == (known.version, known.terms),
                f"version {known.version} of the event was stored, and it has {event.version}",
            )
        for ticket in tickets:
            self._costs_what_the_buyer_saw(ticket)
            is_good = ticket.status in KEEPS_ALL_PLACES
            name = f"ticket {ticket.ticket_id} ({ticket.status})"
            _check(not (event.unwound_at and is_good), f"the event is unwound, and {name} is not")

    def check_settled(self, tickets: Sequence[Ticket]) -> None:
        """Check that a cancelled event is unwound, unless a bank has not decided yet.

        Raises:
            PromiseBroken: Something does not hold.
        """
        event = self._event()
        if event.cancelled_at is None:
            return
        good = [each for each in tickets if each.status in KEEPS_ALL_PLACES]
        for ticket in good:
            waits = isinstance(self._seen(ticket), Processing)
            name = f"ticket {ticket.ticket_id} ({ticket.status})"
            _check(waits, f"the event is cancelled, and {name} is left in the end")
        _check(bool(good) or event.unwound_at is not None, "the event is never unwound")

    def _costs_what_the_buyer_saw(self, ticket: Ticket) -> None:
        seen = self.facts.totals.get(ticket.ticket_code, ticket.total)
        asked = {each.total for each in self.world.gateway.checkouts_of(ticket.ticket_code)}
        totals = {ticket.total, *asked}
        _check(
            totals == {seen},
            f"ticket {ticket.ticket_id} was ordered at {seen.amount_minor}, and costs"
            f" {sorted(each.amount_minor for each in totals)}",
        )

    def _event(self) -> Event:
        event = self.world.events.latest(self.facts.event_id)
        if event is None:
            raise PromiseBroken("the event is not found")
        return event

    def _seen(self, ticket: Ticket) -> CheckoutState | None:
        for checkout in self.world.gateway.checkouts_of(ticket.ticket_code):
            return checkout.state(self.world.clock.now())
        return None


def _check(condition: bool, otherwise: str) -> None:  # noqa: FBT001 - as in an assert statement
    if not condition:
        raise PromiseBroken(otherwise)
