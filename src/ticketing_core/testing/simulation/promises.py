"""The promises that a run has to keep: those of every instant, and those once all is quiet.

They are judged by what the gateway holds and what buyers were told, never by an answer of a
use case.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from attrs import frozen

from ticketing_core.payment import Paid, Processing
from ticketing_core.testing.simulation.facts import Facts
from ticketing_core.testing.simulation.trace import PromiseBroken
from ticketing_core.testing.simulation.world import World
from ticketing_core.ticket import TRANSITIONS, Ticket, TicketStatus

_S = TicketStatus
_VOID = frozenset({_S.CANCELLED, _S.EXPIRED, _S.REFUNDING, _S.REFUNDED})

MOST_TICKETS = 1000
"""Of one buyer; a run makes a handful."""


@frozen
class Promises:
    """Compares the store with the gateway and with what buyers know."""

    world: World
    facts: Facts

    def tickets(self) -> Iterator[Ticket]:
        """All tickets there are."""
        for buyer in self.facts.wishes:
            yield from self.world.tickets.of_buyer(buyer, before=None, limit=MOST_TICKETS)

    def check_instant(self) -> None:
        """What holds after every single effect.

        Raises:
            PromiseBroken: Something does not hold.
        """
        tickets = list(self.tickets())
        self._places_add_up(tickets)
        self._nobody_keeps_more_than_he_asked_for(tickets)
        for ticket in tickets:
            self._money_matches(ticket)
            self._void_is_not_payable(ticket)

    def check_quiet(self) -> None:
        """What holds when nothing is left to be done.

        Raises:
            PromiseBroken: Something does not hold.
        """
        self.check_instant()
        for ticket in self.tickets():
            self._is_final(ticket)
            self._money_is_where_it_belongs(ticket)
            self._history_is_whole(ticket)

    # --- at every instant ---------------------------------------------------------------------

    def _places_add_up(self, tickets: Sequence[Ticket]) -> None:
        event = self.world.events.by_id(self.facts.event_id)
        kept = sum(ticket.places for ticket in tickets)
        _hold(event is not None, "the event is there")
        if event is not None:
            _hold(kept <= event.capacity, f"tickets keep {kept} of {event.capacity} places")
            _hold(
                event.kept == kept, f"the event says {event.kept} places, its tickets keep {kept}"
            )

    def _nobody_keeps_more_than_he_asked_for(self, tickets: Sequence[Ticket]) -> None:
        for buyer, wishes in self.facts.wishes.items():
            kept = [t.ticket_id for t in tickets if t.buyer == buyer and t.places]
            _hold(len(kept) <= wishes, f"{buyer} asked for {wishes} tickets and keeps {kept}")

    def _money_matches(self, ticket: Ticket) -> None:
        taken = self.world.gateway.taken_for(ticket.ticket_code)
        captured = self.world.gateway.captured_for(ticket.ticket_code)
        total = ticket.total.amount_minor
        name = f"ticket {ticket.ticket_id} ({ticket.status}, total {total})"
        _hold(taken <= total, f"{name} was paid more than once: {taken}")
        _hold(captured >= 0, f"{name}: {taken} were paid and {taken - captured} given back")
        by_hand = ticket.checkout and ticket.checkout.checkout_id in self.facts.moved_by_hand
        if ticket.status is _S.ISSUED and not by_hand:
            _hold(captured == total, f"{name} is valid, and {captured} are captured for it")
        if ticket.status in (_S.CANCELLED, _S.EXPIRED):
            _hold(captured == 0, f"{name} was given up, and {captured} are captured for it")

    def _void_is_not_payable(self, ticket: Ticket) -> None:
        payable = self.world.gateway.payable_for(ticket.ticket_code)
        told = [p.checkout_id for p in self.facts.told.get(ticket.buyer, ())]
        open_to_him = sorted(set(told) & set(payable))
        name = f"ticket {ticket.ticket_id} ({ticket.status})"
        _hold(len(open_to_him) <= 1, f"{ticket.buyer} can pay {name} twice: {open_to_him}")
        if ticket.status in _VOID:
            _hold(not open_to_him, f"{ticket.buyer} can still pay {name} at {open_to_him}")

    # --- once all is quiet --------------------------------------------------------------------

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
        _hold(final, f"ticket {ticket.ticket_id} stays {ticket.status}")

    def _seen(self, ticket: Ticket) -> object:
        return ticket.checkout and self.world.gateway.look_up(ticket.checkout.checkout_id)

    def _money_is_where_it_belongs(self, ticket: Ticket) -> None:
        captured = self.world.gateway.captured_for(ticket.ticket_code)
        name = f"ticket {ticket.ticket_id} ({ticket.status})"
        if ticket.status is _S.ISSUED:
            total = ticket.total.amount_minor
            _hold(captured == total, f"{captured} of {total} are captured for {name} in the end")
        elif ticket.status is not _S.REFUNDING:
            _hold(captured == 0, f"{captured} are captured for {name} in the end")

    def _history_is_whole(self, ticket: Ticket) -> None:
        entries = self.world.tickets.history(ticket.ticket_id)
        name = f"the history of ticket {ticket.ticket_id}"
        versions = [entry.version for entry in entries]
        _hold(versions == list(range(1, ticket.version + 1)), f"{name} has versions {versions}")
        steps = [(a.status, b.status) for a, b in pairwise(entries) if a.status is not b.status]
        wrong = [f"{a} => {b}" for a, b in steps if b not in TRANSITIONS[a]]
        _hold(not wrong, f"{name} has {wrong}")
        issued = sum(b is _S.ISSUED for _, b in steps)
        _hold(issued <= 1, f"{name} tells {issued} times that it was issued")


def _hold(condition: bool, otherwise: str) -> None:  # noqa: FBT001 - the condition that holds
    if not condition:
        raise PromiseBroken(otherwise)
