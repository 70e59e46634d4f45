"""What happens without the box office: banks decide, sellers refund by hand, time passes."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial

from attrs import frozen

from ticketing_core.testing.fake_checkout import (
    CannotPay,
    DisputeStatus,
    FakeCheckout,
    RefundStatus,
)
from ticketing_core.testing.simulation.calls import Call
from ticketing_core.testing.simulation.facts import Facts
from ticketing_core.testing.simulation.scheduler import Scheduler
from ticketing_core.testing.simulation.world import World
from ticketing_core.use_cases.purchase import ToPay


@frozen(kw_only=True)
class Outside:
    """The moves of a run that no box office makes.

    Moves of a purchase are about the buyer's latest; for a buyer without one, nothing happens.

    Attributes:
        world: The adapters themselves; calls to them are not scheduled.
        facts: What really happened.
        scheduler: Decides who is next, and what goes wrong.
    """

    world: World
    facts: Facts
    scheduler: Scheduler

    # --- banks and sellers --------------------------------------------------------------------

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

    def warn_of_fraud(self, buyer: str) -> None:
        """The bank suspects fraud."""
        for purchase in self._paid(buyer):
            self._outside("warn_of_fraud", purchase, self.world.gateway.warn_of_fraud)

    # --- time and the store -------------------------------------------------------------------

    def let_pass(self, duration: timedelta) -> None:
        """Time passes."""
        call = Call("time", "passes", (duration,))
        self.scheduler.perform(call, partial(self.world.clock.advance, duration))

    def show_events_late(self, delay: timedelta) -> None:
        """From now on the gateway lists each event so long after it happened."""
        self.world.gateway.news.delay = delay

    def back_up(self) -> None:
        """Make a backup of the store, in one instant, if the world can."""

        def effect() -> None:
            if self.world.back_up is not None:
                self.facts.put_back = self.world.back_up()
                self.facts.backed_up_at = self.world.clock.now()

        self.scheduler.perform(Call("outside", "back_up"), effect)

    def go_back(self) -> None:
        """The store is lost and goes back to the backup. All processes die, and none begins."""

        def effect() -> None:
            if self.facts.put_back is None:
                return
            self.facts.put_back()
            self.facts.event = None
            self.facts.is_down = True
            # The money that the box office has moved since then, it has not moved any more.
            self.facts.moved.update(self.facts.opened)
            self.scheduler.end_all_processes()

        self.scheduler.perform(Call("outside", "go_back"), effect)

    # --- of which purchase --------------------------------------------------------------------

    def _latest(self, buyer: str) -> list[ToPay]:
        return self.facts.to_pay.get(buyer, [])[-1:]

    def _paid(self, buyer: str) -> list[ToPay]:
        taken = self.world.gateway.taken_for
        return [each for each in self._latest(buyer) if taken(each.ticket.ticket_code)]

    def _at_gateway(self, purchase: ToPay) -> Sequence[FakeCheckout]:
        return self.world.gateway.checkouts_of(purchase.ticket.ticket_code)

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
