"""What people and the world around do in a simulation, each in one line of a script."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, cast

from attrs import frozen

from ticketing_core.box_office import BoxOffice
from ticketing_core.errors import TicketingError, Unavailable
from ticketing_core.event import Added, EventDraft
from ticketing_core.testing.gateway import CannotPay
from ticketing_core.testing.simulation.calls import SILENT, Call, Port
from ticketing_core.testing.simulation.facts import Facts
from ticketing_core.testing.simulation.stage import Stage
from ticketing_core.testing.simulation.world import World
from ticketing_core.ticket import Ticket
from ticketing_core.use_cases.purchase import Issued, Purchase, ToPay

Act = Callable[["Desk"], object]
"""Something that somebody does."""


class WatchedPort:
    """An adapter whose every call is a call on the stage."""

    def __init__(self, adapter: object, *, port: Port, stage: Stage) -> None:
        self._adapter = adapter
        self._port = port
        self._stage = stage

    def __getattr__(self, method: str) -> Any:
        """The adapter's method, played on the stage."""
        original = getattr(self._adapter, method)
        if (self._port, method) in SILENT:
            return original

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._stage.perform(
                Call(self._port, method, args, kwargs), partial(original, *args, **kwargs)
            )

        # Found without asking again.
        setattr(self, method, call)
        return call


SINCE_THE_BEGINNING = timedelta(days=30)
"""Longer than any run: its hours pass by the dozen."""


@frozen
class Desk:
    """Where everybody comes to; the office behind it works over watched ports.

    What a buyer does with a purchase he does with his latest; without one, he does nothing.

    Attributes:
        office: The use cases.
        world: The adapters themselves; a call to them is no call on the stage.
        facts: What really happened.
    """

    office: BoxOffice
    world: World
    facts: Facts
    stage: Stage

    def put_on_sale(self, draft: EventDraft) -> None:
        """Offer what this run sells."""
        added = self.world.events.add(draft)
        if not isinstance(added, Added):
            raise TypeError(f"the store of a new world has an event already: {added}")
        self.facts.event_id = added.event.event_id

    # --- buyers -------------------------------------------------------------------------------

    def purchase(self, buyer: str, *, quantity: int = 1, key: str | None = None) -> Purchase:
        """Buy; what is answered, the buyer knows from now on."""
        self.facts.wish(buyer, key)
        purchase = self.office.purchase(
            event_id=self.facts.event_id, quantity=quantity, buyer=buyer, key=key
        )
        if isinstance(purchase, ToPay):
            self.facts.hand_out(buyer, purchase)
        return purchase

    def pay(self, buyer: str) -> None:
        """Pay at the address that the buyer was given."""
        for purchase in self._latest(buyer):
            self._buyer_pays("pay", purchase, self.world.gateway.pay)

    def pay_slowly(self, buyer: str) -> None:
        """Pay there by a method that decides later."""
        for purchase in self._latest(buyer):
            self._buyer_pays("pay_slowly", purchase, self.world.gateway.pay_slowly)

    def verify(self, buyer: str) -> Issued | None:
        """Come back from the checkout."""
        for purchase in self._latest(buyer):
            return self.office.verify(
                ticket_id=purchase.ticket.ticket_id,
                checkout_id=purchase.checkout_id,
                buyer=buyer,
            )
        return None

    def cancel(self, buyer: str) -> Ticket | None:
        """Give up the newest ticket; the list of his tickets shows it to a buyer."""
        for ticket in self._newest(buyer):
            return self.office.cancel(ticket_id=ticket.ticket_id, buyer=buyer)
        return None

    # --- whoever else comes to the office -----------------------------------------------------

    def refund(self, buyer: str) -> Ticket | None:
        """The organizer gives the money of the buyer's newest ticket back."""
        for ticket in self._newest(buyer):
            return self.office.refund(ticket_id=ticket.ticket_id, by="organizer")
        return None

    def settle(self) -> None:
        """One pass over what is due."""
        self.office.settle_due(limit=100, by="settler")

    def news(self) -> None:
        """A notification of each checkout there is; a repeat of this is a duplicate."""
        for checkout_id in list(self.facts.opened):
            self.office.settle_checkout(checkout_id, by="webhook")

    def reconcile(self) -> None:
        """A comparison of everything there is, which heals what differs."""
        for _ in self.office.reconcile(since=self.world.clock.now() - SINCE_THE_BEGINNING):
            pass

    # --- what happens without the office ------------------------------------------------------

    def decide(self, buyer: str, *, paid: bool) -> None:
        """The bank decides a slow payment."""
        for purchase in self._latest(buyer):
            decide = partial(self.world.gateway.decide, purchase.checkout_id, paid=paid)
            self._outside("decide", purchase, decide, paid=paid)

    def give_back_by_hand(self, buyer: str) -> None:
        """Somebody gives all money back on the gateway's own pages."""
        for purchase in self._paid(buyer):
            self.facts.moved_by_hand.add(purchase.checkout_id)
            give_back = partial(self.world.gateway.give_back, purchase.checkout_id)
            self._outside("give_back", purchase, give_back)

    def dispute(self, buyer: str) -> None:
        """The buyer tells his bank that it was not him."""
        for purchase in self._paid(buyer):
            dispute = partial(self.world.gateway.dispute, purchase.checkout_id)
            self._outside("dispute", purchase, dispute)

    def let_pass(self, duration: timedelta) -> None:
        """Time passes."""
        call = Call("time", "passes", (duration,))
        self.stage.perform(call, partial(self.world.clock.advance, duration))

    def _latest(self, buyer: str) -> list[ToPay]:
        return self.facts.told.get(buyer, [])[-1:]

    def _paid(self, buyer: str) -> list[ToPay]:
        taken = self.world.gateway.taken_for
        return [each for each in self._latest(buyer) if taken(each.ticket.ticket_code)]

    def _newest(self, buyer: str) -> list[Ticket]:
        return list(self.world.tickets.of_buyer(buyer, before=None, limit=1))

    def _buyer_pays(self, how: str, purchase: ToPay, effect: Callable[[str], object]) -> None:
        with suppress(CannotPay):
            self.stage.perform(
                Call("buyer", how, (purchase.checkout_id,)),
                partial(effect, purchase.checkout_url),
            )

    def _outside(
        self, what: str, purchase: ToPay, effect: Callable[[], object], **told: object
    ) -> None:
        with suppress(CannotPay):
            self.stage.perform(Call("outside", what, (purchase.checkout_id,), told), effect)


def desk_on(stage: Stage, *, world: World, facts: Facts) -> Desk:
    """A desk whose office plays on the stage."""

    def watched(adapter: object, port: Port) -> Any:
        return cast("Any", WatchedPort(adapter, port=port, stage=stage))

    office = world.office_over(
        events=watched(world.events, "events"),
        tickets=watched(world.tickets, "tickets"),
        gateway=watched(world.gateway, "gateway"),
        clock=stage,
    )
    return Desk(office, world, facts, stage)


def in_turn(*acts: Act) -> Act:
    """One act after the other, as a person does whom a refusal does not stop."""

    def play(desk: Desk) -> None:
        for act in acts:
            with suppress(TicketingError):
                act(desk)

    return play


def insistently(act: Act) -> Act:
    """An act that is repeated once if there was no answer, as a frontend does."""

    def play(desk: Desk) -> object:
        try:
            return act(desk)
        except Unavailable:
            return act(desk)

    return play
