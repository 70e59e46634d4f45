"""The actions of a simulation: what buyers, the organizer, the jobs and the operator can do."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, cast

from attrs import evolve, frozen

from ticketing_core.box_office import BoxOffice
from ticketing_core.errors import TicketingError, Unavailable
from ticketing_core.event import Added, EventDraft
from ticketing_core.payment import Hint
from ticketing_core.subscriptions import Subscriptions
from ticketing_core.testing.fake_checkout import CannotPay
from ticketing_core.testing.simulation.calls import Call, Port
from ticketing_core.testing.simulation.deliveries import AtTheOutbox
from ticketing_core.testing.simulation.facts import Facts
from ticketing_core.testing.simulation.scheduled import ScheduledPort, WrongClock
from ticketing_core.testing.simulation.scheduler import Scheduler
from ticketing_core.testing.simulation.world import World
from ticketing_core.ticket import Ticket
from ticketing_core.use_cases.purchase import Issued, Purchase, ToPay

Action = Callable[["Simulation"], object]
"""What an actor does."""

COMPARED_SPAN = timedelta(days=30)
"""Longer than most runs, so reconciling compares everything."""

CHECKOUTS_BACK = timedelta(days=2)
"""Which checkouts are compared where news can no longer be read: longer than one can be paid."""


@frozen(kw_only=True)
class Simulation(AtTheOutbox):
    """One run of a scenario. Its methods are the actions, each one line of a script.

    Actions on a purchase act on the buyer's latest; a buyer without one does nothing.
    """

    _office: BoxOffice

    @classmethod
    def of(cls, world: World, *, facts: Facts, scheduler: Scheduler) -> "Simulation":
        """Return a simulation whose box office calls its ports through the scheduler."""

        def scheduled(adapter: object, port: Port) -> Any:
            return cast("Any", ScheduledPort(adapter, port=port, scheduler=scheduler))

        events, tickets = scheduled(world.events, "events"), scheduled(world.tickets, "tickets")
        gateway = scheduled(world.gateway, "gateway")
        office = world.office_over(
            events=events,
            tickets=tickets,
            strays=scheduled(world.strays, "strays"),
            installation=scheduled(world.installation, "installation"),
            gateway=gateway,
            clock=scheduler,
        )
        gate = world.gate_over(
            events=events,
            tickets=tickets,
            admissions=scheduled(world.admissions, "admissions"),
            gateway=gateway,
            clock=scheduler,
        )
        organizer = world.organizer_over(
            events=events, tickets=tickets, gateway=gateway, clock=scheduler
        )
        subscriptions = Subscriptions(outbox=scheduled(world.outbox, "outbox"), clock=scheduler)
        return cls(
            office=office,
            gate=gate,
            organizer=organizer,
            subscriptions=subscriptions,
            subscriber=scheduled(facts.reader, "subscriber"),
            world=world,
            facts=facts,
            scheduler=scheduler,
        )

    @property
    def office(self) -> BoxOffice:
        """The use cases, over scheduled ports, in a new process.

        Raises:
            StoreUnavailable: Nothing is served; see `begin_process`.
        """
        self.begin_process()
        return self._office

    def by_clock(self, ahead: timedelta) -> "Simulation":
        """Return the same simulation for processes whose clock is ahead, or behind."""
        clock = WrongClock(self.scheduler, ahead)
        return evolve(
            self,
            office=evolve(self._office, clock=clock),
            gate=evolve(self._gate, clock=clock),
            organizer=evolve(self._organizer, clock=clock),
            subscriptions=evolve(self._subscriptions, clock=clock),
        )

    def put_on_sale(self, draft: EventDraft) -> None:
        """Store the event of the scenario."""
        added = self.world.events.add(draft, at=self.world.clock.now(), by="organizer")
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

    # --- the organizer and the gateway --------------------------------------------------------

    def refund(self, buyer: str, *, again: bool = False) -> Ticket | None:
        """The organizer refunds the buyer's newest ticket, or tries a stuck refund again."""
        for ticket in self._newest(buyer):
            self.facts.refund_asked.add(ticket.ticket_code)
            return self.office.refund(ticket_id=ticket.ticket_id, by="organizer", again=again)
        return None

    def pay_back(self, buyer: str) -> Ticket | None:
        """The organizer pays the buyer back by other means, and marks the stuck refund."""
        for ticket in self._newest(buyer):
            return self.office.refund(
                ticket_id=ticket.ticket_id, by="organizer", paid_back="bank transfer"
            )
        return None

    def notify(self) -> None:
        """Deliver one notification for each checkout; called again, it delivers duplicates."""
        for checkout_id in list(self.facts.opened):
            self.office.settle_news(Hint(checkout_id), by="webhook")

    # --- the jobs -----------------------------------------------------------------------------

    def settle(self) -> None:
        """Settle all that is due, and look at all that was noted."""
        if not self._is_restoring:
            office = self.office
            while office.settle_due(limit=100, by="settler").more:
                pass

    def read_news(self) -> None:
        """Read what has happened to payments."""
        if not self._is_restoring:
            office = self.office
            office.read_news(checkouts_since=office.clock.now() - CHECKOUTS_BACK)

    def reconcile(self, *, span: timedelta = COMPARED_SPAN) -> None:
        """Compare gateway and store, and heal what differs."""
        if not self._is_restoring:
            office = self.office
            for _ in office.reconcile(since=office.clock.now() - span):
                pass

    # --- the operator -------------------------------------------------------------------------

    def restore(self) -> None:
        """Bring the store that has gone back in line with the gateway, whatever has to be closed.

        Nothing happens if there is no backup.
        """
        since = self.facts.backed_up_at
        if since is not None:
            self.scheduler.begin_process()
            for _ in self._office.restore(since=since, may_close=lambda _: True):
                pass

    @property
    def needs_restore(self) -> bool:
        """Whether the store has gone back, and no restore has come to its end."""
        return self.facts.is_down or self._is_restoring

    def _pay(self, method: str, buyer: str, effect: Callable[[str], object]) -> None:
        for purchase in self._latest(buyer):
            call = Call("buyer", method, (purchase.checkout_id,))
            with suppress(CannotPay):
                self.scheduler.perform(call, partial(effect, purchase.checkout_url))


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


def by_clock(ahead: timedelta, action: Action) -> Action:
    """Return the action of a process whose clock is ahead by so much, or behind."""

    def run(simulation: Simulation) -> object:
        return action(simulation.by_clock(ahead))

    return run
