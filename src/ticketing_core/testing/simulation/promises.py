"""The promises that every run has to keep: some always, the others once everything has settled.

They are checked against what the gateway holds and what buyers were given, never against the
result of a use case.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from attrs import frozen

from ticketing_core.payment import CheckoutState, Paid, Processing
from ticketing_core.settlement import owed
from ticketing_core.testing.fake_checkout import FakeCheckout, FakeRefund, RefundStatus
from ticketing_core.testing.simulation.calls import Call
from ticketing_core.testing.simulation.event_promises import EventPromises
from ticketing_core.testing.simulation.facts import Facts
from ticketing_core.testing.simulation.gate_promises import GatePromises
from ticketing_core.testing.simulation.outbox_promises import OutboxPromises
from ticketing_core.testing.simulation.trace import PromiseBroken
from ticketing_core.testing.simulation.world import MOST_UNPAID, World
from ticketing_core.ticket import (
    KEEPS_ALL_PLACES,
    PERSON_DECIDES,
    TRANSITIONS,
    Ticket,
    TicketStatus,
)

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

    def check_answer(self, call: Call, outcome: object) -> None:
        """Check what a call has returned. It has to see each of them.

        Raises:
            PromiseBroken: Something does not hold.
        """
        self._of_the_event.check_answer(call, outcome)
        self._of_the_outbox.check_answer(call)
        self._at_the_gates.check_answer(call, outcome)

    def check_always(self) -> None:
        """Check what holds after each single effect.

        Raises:
            PromiseBroken: Something does not hold.
        """
        tickets = list(self.tickets())
        self._places_add_up(tickets)
        self._nobody_keeps_more_than_ordered(tickets)
        self._nobody_hoards(tickets)
        self._no_id_is_given_twice()
        for ticket in tickets:
            self._money_matches(ticket)
            self._void_is_not_payable(ticket)
        self._of_the_event.check_always(tickets)
        if self.facts.gate.devices:
            self._at_the_gates.check_always(tickets)
        if not self.facts.is_down and self.world.installation.state().restoring_since is None:
            self._what_can_be_paid_has_a_ticket()

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
        for checkout in self.world.gateway.checkouts:
            self._money_is_in_view(checkout)
            self._who_has_paid_has_a_ticket(checkout)
        self._of_the_event.check_settled(list(self.tickets()))
        self._of_the_outbox.check_settled(list(self.tickets()))
        if self.facts.gate.devices:
            self._at_the_gates.check_settled(list(self.tickets()))

    @property
    def _of_the_outbox(self) -> OutboxPromises:
        return OutboxPromises(self.world, self.facts)

    @property
    def _of_the_event(self) -> EventPromises:
        return EventPromises(self.world, self.facts)

    @property
    def _at_the_gates(self) -> GatePromises:
        return GatePromises(self.world, self.facts)

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

    def _nobody_hoards(self, tickets: Sequence[Ticket]) -> None:
        event = self.world.events.by_id(self.facts.event_id)
        most = max(MOST_UNPAID, event.max_per_order if event else 0)
        for buyer in self.facts.ordered:
            own = [t for t in tickets if t.buyer == buyer and t.status in (_S.RESERVED, _S.PAYING)]
            unpaid = sum(ticket.quantity for ticket in own)
            _check(unpaid <= most, f"{buyer} keeps {unpaid} unpaid places of {most}")

    def _money_matches(self, ticket: Ticket) -> None:
        taken = self.world.gateway.taken_for(ticket.ticket_code)
        captured = self.world.gateway.captured_for(ticket.ticket_code)
        total = ticket.total.amount_minor
        name = f"ticket {ticket.ticket_id} ({ticket.status}, total {total})"
        refunds = [each for each in self._refunds(ticket) if each.status is not RefundStatus.FAILED]
        back = sum(each.amount for each in refunds) + ticket.paid_back_minor
        _check(taken <= total, f"{name} was paid more than once: {taken}")
        _check(back <= taken, f"{name}: {taken} were paid and {back} given back")
        if ticket.status is _S.ISSUED and not self._was_moved(ticket):
            _check(captured == total, f"{name} is valid, and {captured} are captured for it")
        if ticket.status in (_S.CANCELLED, _S.EXPIRED):
            _check(captured == 0, f"{name} was given up, and {captured} are captured for it")
        if ticket.status is _S.REFUNDED:
            waits = any(
                each.key and each.status is RefundStatus.REQUIRES_ACTION for each in refunds
            )
            _check(not waits, f"{name} counts as refunded, and its refund needs the buyer")

    def _refunds(self, ticket: Ticket) -> Sequence[FakeRefund]:
        checkouts = self.world.gateway.checkouts_of(ticket.ticket_code)
        return [each for checkout in checkouts for each in checkout.refunds]

    def _was_moved(self, ticket: Ticket) -> bool:
        return ticket.checkout is not None and ticket.checkout.checkout_id in self.facts.moved

    def _void_is_not_payable(self, ticket: Ticket) -> None:
        known = {purchase.checkout_id for purchase in self.facts.to_pay.get(ticket.buyer, ())}
        payable = sorted(known & set(self.world.gateway.payable_for(ticket.ticket_code)))
        name = f"ticket {ticket.ticket_id} ({ticket.status})"
        _check(len(payable) <= 1, f"{ticket.buyer} can pay {name} twice: {payable}")
        if ticket.status not in KEEPS_ALL_PLACES:
            _check(not payable, f"{ticket.buyer} can still pay {name} at {payable}")

    def _no_id_is_given_twice(self) -> None:
        twice = sorted(each for each, codes in self.facts.given.items() if len(codes) > 1)
        _check(not twice, f"ids {twice} were given twice")

    def _what_can_be_paid_has_a_ticket(self) -> None:
        """An address is handed out after it was stored, and a restore closes what was lost."""
        known = {each.checkout_id for given in self.facts.to_pay.values() for each in given}
        now = self.world.clock.now()
        for checkout in self.world.gateway.checkouts:
            checkout_id = checkout.checkout.checkout_id
            if checkout_id in known and checkout.is_payable(now):
                ticket = self.world.tickets.by_checkout(checkout_id)
                _check(ticket is not None, f"{checkout_id} can be paid, and no ticket has it")

    # --- once everything has settled ----------------------------------------------------------

    def _is_final(self, ticket: Ticket) -> None:
        match ticket.status:
            case _S.RESERVED:
                final = False
            case _S.PAYING:
                final = isinstance(self._seen(ticket), Processing)
            case _S.REFUNDING:
                final = self._has_to_wait(ticket)
            case _:
                final = True
        _check(final, f"ticket {ticket.ticket_id} stays {ticket.status}: {ticket.refund_problem}")

    def _has_to_wait(self, ticket: Ticket) -> bool:
        """Return whether an owed refund waits for a bank, the buyer or a person, and says so."""
        seen = self._seen(ticket)
        if not isinstance(seen, Paid) or seen.held_minor:
            return isinstance(seen, Paid)
        if seen.waiting is None:
            is_owed = owed(ticket, seen).ours.amount_minor > 0
            return is_owed and ticket.waits_for_person and ticket.refund_problem is not None
        return ticket.refund_problem in (seen.waiting.why, *PERSON_DECIDES)

    def _seen(self, ticket: Ticket) -> CheckoutState | None:
        # The gateway of the run may be a broken variant; this is how it really is.
        for checkout in self.world.gateway.checkouts_of(ticket.ticket_code):
            return checkout.state(self.world.clock.now())
        return None

    def _money_is_where_it_belongs(self, ticket: Ticket) -> None:
        captured = self.world.gateway.captured_for(ticket.ticket_code)
        seen = self._seen(ticket)
        name = f"ticket {ticket.ticket_id} ({ticket.status})"
        if ticket.status is _S.ISSUED:
            total = ticket.total.amount_minor
            enough = captured == total or (captured > 0 and self._was_moved(ticket))
            _check(enough, f"{captured} of {total} are captured for {name} in the end")
            shown = ticket.total.amount_minor - ticket.refunded_minor - ticket.charged_back_minor
            _check(shown == captured, f"{captured} are captured for {name}, and it shows {shown}")
        elif ticket.status is not _S.REFUNDING and isinstance(seen, Paid):
            ours = owed(ticket, seen).ours.amount_minor
            _check(ours == 0, f"{ours} are captured for {name} in the end")
            _check(seen.waiting is None, f"a refund of {name} is not final in the end")

    def _money_is_in_view(self, checkout: FakeCheckout) -> None:
        """Money of no ticket is a stray, for a person to see, until nothing is left of it."""
        checkout_id = checkout.checkout.checkout_id
        if not checkout.captured or self.world.tickets.by_checkout(checkout_id) is not None:
            return
        stray = self.world.strays.by_checkout(checkout_id)
        is_seen = stray is not None and stray.settled_at is None
        shown = stray.amount.amount_minor if stray is not None and is_seen else 0
        captured = checkout.captured
        _check(
            shown == captured,
            f"{captured} of {checkout_id} have no ticket, and {shown} are in view",
        )

    def _who_has_paid_has_a_ticket(self, checkout: FakeCheckout) -> None:
        """Unless the organizer, the seller or a bank wanted it otherwise, or the ticket is lost."""
        ticket = self.world.tickets.by_code(checkout.ticket_code)
        untouched = not checkout.disputes and all(each.key for each in checkout.refunds)
        wanted = self.facts.was_cancelled or checkout.ticket_code in self.facts.refund_asked
        if ticket is None or wanted or not untouched:
            return
        is_valid = ticket.status is _S.ISSUED
        name = f"ticket {ticket.ticket_id} ({ticket.status})"
        _check(is_valid or not checkout.taken, f"{name} was paid, and nobody wanted it void")

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
