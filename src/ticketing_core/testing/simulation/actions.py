"""The actions of a simulation: what buyers, the organizer, the settler, banks and time can do."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, cast

from attrs import frozen

from ticketing_core.box_office import BoxOffice
from ticketing_core.errors import TicketingError, Unavailable
from ticketing_core.event import Added, EventDraft
from ticketing_core.payment import Hint
from ticketing_core.testing.fake_checkout import (
    CannotPay,
    DisputeStatus,
    FakeCheckout,
    RefundStatus,
)
from ticketing_core.testing.simulation.calls import LOCAL, Call, Port
from ticketing_core.testing.simulation.facts import Facts
from ticketing_core.testing.simulation.scheduler import Scheduler
from ticketing_core.testing.simulation.world import World
from ticketing_core.ticket import Ticket
from ticketing_core.use_cases.purchase import Issued, Purchase, ToPay

Action = Callable[["Simulation"], object]
"""What an actor does."""

COMPARED_SPAN = timedelta(days=30)
"""Longer than any run, so reconciling compares everything."""


class ScheduledPort:
    """An adapter whose every call goes through the scheduler."""

    def __init__(self, adapter: object, *, port: Port, scheduler: Scheduler) -> None:
        self._adapter = adapter
        self._port = port
        self._scheduler = scheduler

    def __getattr__(self, method: str) -> Any:
        """Return the adapter's method, scheduled."""
        original = getattr(self._adapter, method)
        if (self._port, method) in LOCAL:
            return original

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._scheduler.perform(
                Call(self._port, method, args, kwargs), partial(original, *args, **kwargs)
            )

        # Cached: the next look-up of the attribute finds it.
        setattr(self, method, call)
        return call


@frozen
class Simulation:
    """One run of a scenario. Its methods are the actions, each one line of a script.

    Actions on a purchase act on the buyer's latest; a buyer without one does nothing.

    Attributes:
        office: The use cases, over scheduled ports.
        world: The adapters themselves; calls to them are not scheduled.
        facts: What really happened.
    """

    office: BoxOffice
    world: World
    facts: Facts
    scheduler: Scheduler

    @classmethod
    def of(cls, world: World, *, facts: Facts, scheduler: Scheduler) -> "Simulation":
        """Return a simulation whose box office calls its ports through the scheduler."""

        def scheduled(adapter: object, port: Port) -> Any:
            return cast("Any", ScheduledPort(adapter, port=port, scheduler=scheduler))

        office = world.office_over(
            events=scheduled(world.events, "events"),
            tickets=scheduled(world.tickets, "tickets"),
            gateway=scheduled(world.gateway, "gateway"),
            clock=scheduler,
        )
        return cls(office, world, facts, scheduler)

    def put_on_sale(self, draft: EventDraft) -> None:
        """Store the event of the scenario."""
        added = self.world.events.add(draft)
        if not isinstance(added, Added):
            raise TypeError(f"the store of a new world has an event already: {added}")
        self.facts.event_id = added.event.event_id

    # --- buyers -------------------------------------------------------------------------------

    def purchase(self, buyer: str, *, quantity: int = 1, key: str | None = None) -> Purchase:
        """Buy, and remember the address to pay at."""
        self.facts.add_order(buyer, key)
        purchase = self.office.purchase(
            event_id=self.facts.event_id, quantity=quantity, buyer=buyer, key=key
        )
        if isinstance(purchase, ToPay):
            self.facts.add_address(buyer, purchase)
        return purchase

    def pay(self, buyer: str) -> None:
        """Pay at the address that the buyer was given."""
        self._pay("pay", buyer, self.world.gateway.pay)

    def pay_slowly(self, buyer: str) -> None:
        """Pay there with a method that decides later."""
        self._pay("pay_slowly", buyer, self.world.gateway.pay_slowly)

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
        """Cancel the newest ticket, which buyers find in the list of their tickets."""
        for ticket in self._newest(buyer):
            return self.office.cancel(ticket_id=ticket.ticket_id, buyer=buyer)
        return None

    # --- other callers of the box office ------------------------------------------------------

    def refund(self, buyer: str, *, again: bool = False) -> Ticket | None:
        """The organizer refunds the buyer's newest ticket, or tries a stuck refund again."""
        for ticket in self._newest(buyer):
            return self.office.refund(ticket_id=ticket.ticket_id, by="organizer", again=again)
        return None

    def settle(self) -> None:
        """Settle once all that is due."""
        self.office.settle_due(limit=100, by="settler")

    def notify(self) -> None:
        """Deliver one notification for each checkout; called again, it delivers duplicates."""
        for checkout_id in list(self.facts.opened):
            self.office.settle_news(Hint(checkout_id), by="webhook")

    def reconcile(self) -> None:
        """Compare gateway and store, and heal what differs."""
        for _ in self.office.reconcile(since=self.world.clock.now() - COMPARED_SPAN):
            pass

    # --- what happens without the box office --------------------------------------------------

    def decide(self, buyer: str, *, paid: bool) -> None:
        """The bank decides a slow payment."""
        for purchase in self._latest(buyer):
            decide = partial(self.world.gateway.decide, paid=paid)
            self._outside("decide", purchase, decide, paid=paid)

    def give_back_by_hand(self, buyer: str, *, amount_minor: int | None = None) -> None:
        """The seller refunds on the gateway's own pages, all or a part."""
        for purchase in self._paid(buyer):
            give_back = partial(self.world.gateway.give_back, amount_minor=amount_minor)
            self._move("give_back", purchase, give_back, amount_minor=amount_minor)

    def refund_as(self, status: RefundStatus) -> None:
        """From now on refunds start like this: they succeed, need the buyer, or fail at once."""
        call = Call("outside", "refund_as", (status.name,))
        self.scheduler.perform(call, partial(self.world.gateway.refund_as, status))

    def end_refunds(self, buyer: str, *, status: RefundStatus) -> None:
        """The buyer names an account, or the bank returns the refunds."""
        for purchase in self._paid(buyer):
            end_refunds = partial(self.world.gateway.end_refunds, status=status)
            self._move("end_refunds", purchase, end_refunds, status=status.name)

    def dispute(
        self,
        buyer: str,
        *,
        amount_minor: int | None = None,
        status: DisputeStatus = DisputeStatus.OPEN,
    ) -> None:
        """The buyer disputes the payment at the bank, or a part of it."""
        for purchase in self._paid(buyer):
            dispute = partial(self.world.gateway.dispute, amount_minor=amount_minor, status=status)
            self._move("dispute", purchase, dispute, amount_minor=amount_minor, status=status.name)

    def decide_dispute(self, buyer: str, *, status: DisputeStatus) -> None:
        """The bank decides the newest dispute, or the seller appeals."""
        for purchase in self._paid(buyer):
            if any(each.disputes for each in self._at_gateway(purchase)):
                decide = partial(self.world.gateway.decide_dispute, status=status)
                self._move("decide_dispute", purchase, decide, status=status.name)

    def let_pass(self, duration: timedelta) -> None:
        """Time passes."""
        call = Call("time", "passes", (duration,))
        self.scheduler.perform(call, partial(self.world.clock.advance, duration))

    def _latest(self, buyer: str) -> list[ToPay]:
        return self.facts.to_pay.get(buyer, [])[-1:]

    def _paid(self, buyer: str) -> list[ToPay]:
        taken = self.world.gateway.taken_for
        return [each for each in self._latest(buyer) if taken(each.ticket.ticket_code)]

    def _at_gateway(self, purchase: ToPay) -> Sequence[FakeCheckout]:
        return self.world.gateway.checkouts_of(purchase.ticket.ticket_code)

    def _newest(self, buyer: str) -> list[Ticket]:
        return list(self.world.tickets.of_buyer(buyer, before=None, limit=1))

    def _pay(self, method: str, buyer: str, effect: Callable[[str], object]) -> None:
        for purchase in self._latest(buyer):
            call = Call("buyer", method, (purchase.checkout_id,))
            with suppress(CannotPay):
                self.scheduler.perform(call, partial(effect, purchase.checkout_url))

    def _move(
        self, method: str, purchase: ToPay, effect: Callable[[str], object], **shown: object
    ) -> None:
        """Move money of a purchase without the box office."""
        self.facts.moved.add(purchase.checkout_id)
        self._outside(method, purchase, effect, **shown)

    def _outside(
        self, method: str, purchase: ToPay, effect: Callable[[str], object], **shown: object
    ) -> None:
        call = Call("outside", method, (purchase.checkout_id,), shown)
        with suppress(CannotPay):
            self.scheduler.perform(call, partial(effect, purchase.checkout_id))


def in_turn(*actions: Action) -> Action:
    """Return an action that does one after another, and goes on after a refusal."""

    def run(simulation: Simulation) -> None:
        for action in actions:
            with suppress(TicketingError):
                action(simulation)

    return run


def retried(action: Action) -> Action:
    """Return an action that is repeated once if there was no answer, as frontends do."""

    def run(simulation: Simulation) -> object:
        try:
            return action(simulation)
        except Unavailable:
            return action(simulation)

    return run
