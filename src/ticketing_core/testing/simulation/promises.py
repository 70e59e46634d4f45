"""The promises that every run has to keep: some always, the others once everything has settled.

They are checked against what the gateway holds and what buyers were given, never against the
result of a use case.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from attrs import frozen

from ticketing_core.payment import Paid, Processing
from ticketing_core.testing.simulation.facts import Facts
from ticketing_core.testing.simulation.trace import PromiseBroken
from ticketing_core.testing.simulation.world import World
from ticketing_core.ticket import KEEPS_ALL_PLACES, TRANSITIONS, Ticket, TicketStatus

_S = TicketStatus

MOST_TICKETS = 1000
"""Of one buyer; a run makes only a few."""


@frozen
class Promises:
    """Compares the store with the gateway and with what buyers know."""

    world: World
    facts: Facts

    def tickets(self) -> Iterator[Ticket]:
        """Return all tickets of the run."""
        for buyer in self.facts.ordered:
            yield from self.world.tickets.of_buyer(buyer, before=None, limit=MOST_TICKETS)

    def check_always(self) -> None:
        """Check what holds after each single effect.

        Raises:
            PromiseBroken: Something does not hold.
        """
        tickets = list(self.tickets())
        self._places_add_up(tickets)
        self._nobody_keeps_more_than_ordered(tickets)
        for ticket in tickets:
            self._money_matches(ticket)
            self._void_is_not_payable(ticket)

    def check_settled(self) -> None:
        """Check what holds once nothing is left to do.

        Raises:
            PromiseBroken: Something does not hold.
        """
        self.check_always()
        for ticket in self.tickets():
            self._is_final(ticket)
            self._money_is_where_it_belongs(ticket)
            self._history_is_complete(ticket)

    # --- always -------------------------------------------------------------------------------

    def _places_add_up(self, tickets: Sequence[Ticket]) -> None:
        event = self.world.events.by_id(self.facts.event_id)
        kept = sum(ticket.places for ticket in tickets)
        if event is None:
            raise PromiseBroken("the event is not found")
        _check(kept <= event.capacity, f"tickets keep {kept} of {event.capacity} places")
        _check(event.kept == kept, f"the event counts {event.kept} places, its tickets keep {kept}")

    def _nobody_keeps_more_than_ordered(self, tickets: Sequence[Ticket]) -> None:
        for buyer, ordered in self.facts.ordered.items():
            kept = [t.ticket_id for t in tickets if t.buyer == buyer and t.places]
            _check(len(kept) <= ordered, f"{buyer} ordered {ordered} tickets and keeps {kept}")

    def _money_matches(self, ticket: Ticket) -> None:
        taken = self.world.gateway.taken_for(ticket.ticket_code)
        captured = self.world.gateway.captured_for(ticket.ticket_code)
        total = ticket.total.amount_minor
        name = f"ticket {ticket.ticket_id} ({ticket.status}, total {total})"
        _check(taken <= total, f"{name} was paid more than once: {taken}")
        _check(captured >= 0, f"{name}: {taken} were paid and {taken - captured} given back")
        by_hand = ticket.checkout and ticket.checkout.checkout_id in self.facts.given_back_by_hand
        if ticket.status is _S.ISSUED and not by_hand:
            _check(captured == total, f"{name} is valid, and {captured} are captured for it")
        if ticket.status in (_S.CANCELLED, _S.EXPIRED):
            _check(captured == 0, f"{name} was given up, and {captured} are captured for it")

    def _void_is_not_payable(self, ticket: Ticket) -> None:
        known = {purchase.checkout_id for purchase in self.facts.to_pay.get(ticket.buyer, ())}
        payable = sorted(known & set(self.world.gateway.payable_for(ticket.ticket_code)))
        name = f"ticket {ticket.ticket_id} ({ticket.status})"
        _check(len(payable) <= 1, f"{ticket.buyer} can pay {name} twice: {payable}")
        if ticket.status not in KEEPS_ALL_PLACES:
            _check(not payable, f"{ticket.buyer} can still pay {name} at {payable}")

    # --- once everything has settled ----------------------------------------------------------

    def _is_final(self, ticket: Ticket) -> None:
        match ticket.status:
            case _S.RESERVED:
                final = False
            case _S.PAYING:
                final = isinstance(self._seen(ticket), Processing)
            case _S.REFUNDING:
                seen = self._seen(ticket)
                final = isinstance(seen, Paid) and seen.disputed
            case _:
                final = True
        _check(final, f"ticket {ticket.ticket_id} stays {ticket.status}")

    def _seen(self, ticket: Ticket) -> object:
        return ticket.checkout and self.world.gateway.look_up(ticket.checkout.checkout_id)

    def _money_is_where_it_belongs(self, ticket: Ticket) -> None:
        captured = self.world.gateway.captured_for(ticket.ticket_code)
        name = f"ticket {ticket.ticket_id} ({ticket.status})"
        if ticket.status is _S.ISSUED:
            total = ticket.total.amount_minor
            _check(captured == total, f"{captured} of {total} are captured for {name} in the end")
        elif ticket.status is not _S.REFUNDING:
            _check(captured == 0, f"{captured} are captured for {name} in the end")

    def _history_is_complete(self, ticket: Ticket) -> None:
        entries = self.world.tickets.history(ticket.ticket_id)
        name = f"the history of ticket {ticket.ticket_id}"
        versions = [entry.version for entry in entries]
        _check(versions == list(range(1, ticket.version + 1)), f"{name} has versions {versions}")
        steps = [(a.status, b.status) for a, b in pairwise(entries) if a.status is not b.status]
        wrong = [f"{a} => {b}" for a, b in steps if b not in TRANSITIONS[a]]
        _check(not wrong, f"{name} has {wrong}")
        issued = sum(b is _S.ISSUED for _, b in steps)
        _check(issued <= 1, f"{name} has the ticket issued {issued} times")


def _check(condition: bool, otherwise: str) -> None:  # noqa: FBT001 - as in an assert statement
    if not condition:
        raise PromiseBroken(otherwise)
