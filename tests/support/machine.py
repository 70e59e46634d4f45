"""A Hypothesis state machine over any store: buyers, banks, faults, lost commits and time."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, multiple, rule

from tests.support.checked_machine import BUYERS, CheckedMachine
from ticketing_core import Money, ToPay
from ticketing_core.errors import TicketingError
from ticketing_core.payment import Hint
from ticketing_core.testing import CannotPay, DisputeStatus, Fault, RefundStatus
from ticketing_core.testing.contracts.examples import FREE, MINUTE, PRICE, stored_event

BUYER = st.sampled_from(BUYERS)
QUANTITY = st.integers(1, 3)
# Most calls succeed: a run in which everything fails gets nowhere.
FAULT = st.sampled_from([None] * 2 * len(Fault) + [*Fault])


class BoxOfficeMachine(CheckedMachine):
    """Inherit, and implement `make_store`."""

    bought = Bundle("bought")

    # --- what buyers and the organizer do -----------------------------------------------------

    @initialize(capacity=st.integers(3, 9), limit=st.sampled_from([None, 4]))
    def put_on_sale(self, capacity: int, limit: int | None) -> None:
        """Offer a paid event and a free one."""
        for price in (PRICE, FREE):
            event = stored_event(self.events, price=price, capacity=capacity, max_per_buyer=limit)
            self.event_ids.append(event.event_id)

    @rule(
        target=bought,
        buyer=BUYER,
        quantity=QUANTITY,
        key=st.sampled_from([None, "k"]),
        fault=FAULT,
    )
    def buy(self, buyer: str, quantity: int, key: str | None, fault: Fault | None) -> Any:
        """Buy a paid ticket."""
        with self._fault("open", fault):
            return self._buy(self.event_ids[0], buyer=buyer, quantity=quantity, key=key)

    @rule(target=bought, buyer=BUYER, quantity=QUANTITY)
    def buy_free(self, buyer: str, quantity: int) -> Any:
        """Take a free ticket."""
        return self._buy(self.event_ids[1], buyer=buyer, quantity=quantity, key=None)

    def _buy(self, event_id: int, *, buyer: str, quantity: int, key: str | None) -> Any:
        try:
            return self.office.purchase(event_id=event_id, quantity=quantity, buyer=buyer, key=key)
        except TicketingError:
            return multiple()

    @rule(target=bought, buyer=BUYER, quantity=QUANTITY)
    def buy_and_pay(self, buyer: str, quantity: int) -> Any:
        """Buy, pay and come back, as most buyers do."""
        purchase = self._buy(self.event_ids[0], buyer=buyer, quantity=quantity, key=None)
        if isinstance(purchase, ToPay):
            self.pay(purchase)
            self.verify(purchase)
        return purchase

    @rule(buyer=BUYER)
    def crash_after_reserving(self, buyer: str) -> None:
        """The process dies between the hold and the checkout."""
        with suppress(TicketingError):
            self.office.reserve(event_id=self.event_ids[0], quantity=1, buyer=buyer)

    @rule(purchase=bought)
    def pay(self, purchase: Any) -> None:
        """Pay at the address that the buyer was given."""
        with suppress(CannotPay):
            if isinstance(purchase, ToPay):
                self.gateway.pay(purchase.checkout_url)

    @rule(target=bought, buyer=BUYER)
    def buy_and_pay_another_amount(self, buyer: str) -> Any:
        """A coupon or a currency conversion at the gateway changes the amount."""
        purchase = self._buy(self.event_ids[0], buyer=buyer, quantity=1, key=None)
        if isinstance(purchase, ToPay):
            self.gateway.pay(purchase.checkout_url, amount=Money(1, "usd"))
            self.notify(purchase)
        return purchase

    @rule(purchase=bought, paid=st.none() | st.booleans())
    def pay_slowly(self, purchase: Any, paid: bool | None) -> None:  # noqa: FBT001 - drawn
        """Pay by bank debit, which is decided now or never."""
        with suppress(CannotPay):
            if isinstance(purchase, ToPay):
                self.gateway.pay_slowly(purchase.checkout_url)
                if paid is not None:
                    self.gateway.decide(purchase.checkout_id, paid=paid)

    @rule(purchase=bought, fault=FAULT)
    def verify(self, purchase: Any, fault: Fault | None = None) -> None:
        """Come back from the checkout."""
        if isinstance(purchase, ToPay):
            with suppress(TicketingError), self._fault("look_up", fault):
                self.office.verify(
                    ticket_id=purchase.ticket.ticket_id,
                    checkout_id=purchase.checkout_id,
                    buyer=purchase.ticket.buyer,
                )

    @rule(purchase=bought, fault=FAULT)
    def cancel(self, purchase: Any, fault: Fault | None = None) -> None:
        """Cancel the order."""
        with suppress(TicketingError), self._fault("close", fault):
            self.office.cancel(ticket_id=purchase.ticket.ticket_id, buyer=purchase.ticket.buyer)

    @rule(target=bought, buyer=BUYER, fault=FAULT)
    def buy_and_cancel(self, buyer: str, fault: Fault | None) -> Any:
        """Buy, and cancel on the payment page."""
        purchase = self._buy(self.event_ids[0], buyer=buyer, quantity=1, key=None)
        if isinstance(purchase, ToPay):
            self.cancel(purchase, fault)
        return purchase

    @rule(purchase=bought, fault=FAULT)
    def refund(self, purchase: Any, fault: Fault | None = None) -> None:
        """The organizer refunds the ticket."""
        with suppress(TicketingError), self._fault("refund", fault):
            self.office.refund(ticket_id=purchase.ticket.ticket_id, by="organizer")

    # --- what happens outside the box office --------------------------------------------------

    @rule(purchase=bought, part=st.sampled_from([None, 100]))
    def give_back_by_hand(self, purchase: Any, part: int | None) -> None:
        """The seller refunds on the gateway's own pages, unless they paid the buyer otherwise."""
        stored = self.tickets.by_id(purchase.ticket.ticket_id)
        assert stored is not None
        if isinstance(purchase, ToPay) and self._paid(purchase) and not stored.paid_back_minor:
            self.moved.add(purchase.ticket.ticket_id)
            self.gateway.give_back(purchase.checkout_id, part)
            self.notify(purchase)

    @rule(purchase=bought)
    def refund_and_send_it_back(self, purchase: Any) -> None:
        """The organizer refunds the ticket, and the buyer's bank returns the money."""
        self.refund(purchase)
        if isinstance(purchase, ToPay) and self._paid(purchase):
            self.moved.add(purchase.ticket.ticket_id)
            self.gateway.send_back(purchase.checkout_id)
            self.notify(purchase)

    @rule(status=st.sampled_from(RefundStatus))
    def refund_as(self, status: RefundStatus) -> None:
        """From now on refunds succeed, are pending, need the buyer, or fail at once."""
        self.gateway.refund_as(status)

    @rule(purchase=bought, status=st.sampled_from([RefundStatus.SUCCEEDED, RefundStatus.FAILED]))
    def end_refunds(self, purchase: Any, status: RefundStatus) -> None:
        """The buyer names an account, or the bank returns the refunds."""
        if isinstance(purchase, ToPay) and self._paid(purchase):
            self.moved.add(purchase.ticket.ticket_id)
            self.gateway.end_refunds(purchase.checkout_id, status)
            self.notify(purchase)

    @rule(purchase=bought, again=st.booleans())
    def end_a_stuck_refund(self, purchase: Any, again: bool) -> None:  # noqa: FBT001 - drawn
        """The organizer tries it again, or has paid the buyer back otherwise."""
        # A call to the gateway ends within seconds, and a person takes longer than that.
        self.gateway.land_late_effects()
        how = {"again": True} if again else {"paid_back": "bank transfer"}
        with suppress(TicketingError):
            self.office.refund(ticket_id=purchase.ticket.ticket_id, by="organizer", **how)

    @rule(
        purchase=bought,
        part=st.sampled_from([None, 100]),
        statuses=st.lists(st.sampled_from(DisputeStatus), min_size=1, max_size=4),
    )
    def dispute(self, purchase: Any, part: int | None, statuses: list[DisputeStatus]) -> None:
        """The buyer disputes the payment at the bank, which decides, also on an appeal."""
        if isinstance(purchase, ToPay) and self._paid(purchase):
            self.moved.add(purchase.ticket.ticket_id)
            self.gateway.dispute(purchase.checkout_id, part)
            for status in statuses:
                self.gateway.decide_dispute(purchase.checkout_id, status)
                self.notify(purchase)

    @rule(buyer=BUYER, meanwhile=st.sampled_from(["cancel", "expire", "nothing"]))
    def lose_a_commit(self, buyer: str, meanwhile: str) -> None:
        """The store is restored from a backup; the buyer still has the address, and pays."""
        purchase = self._buy(self.event_ids[0], buyer=buyer, quantity=1, key=None)
        if isinstance(purchase, ToPay):
            self.lose_commit(purchase.ticket)
            self.lost.add(purchase.ticket.ticket_id)
            if meanwhile == "cancel":
                self.cancel(purchase)
            elif meanwhile == "expire":
                self.clock.advance(3 * MINUTE)
                self.settle_everything_due()
            self.pay(purchase)
            self.notify(purchase)

    @rule(purchase=bought)
    def notify(self, purchase: Any) -> None:
        """Deliver a notification, which may be late or a duplicate."""
        if isinstance(purchase, ToPay):
            self.office.settle_news(Hint(purchase.checkout_id), by="webhook")

    @rule()
    def land_late_effects(self) -> None:
        """Let late effects happen."""
        self.gateway.land_late_effects()

    @rule(minutes=st.sampled_from([1, 3, 36]))
    def let_time_pass(self, minutes: int) -> None:
        """Let reservations, holds and checkouts end."""
        self.clock.advance(minutes * MINUTE)

    @rule(call=st.sampled_from(["look_up", "close", "refund"]), fault=FAULT)
    def settle_all_due(self, call: str, fault: Fault | None) -> None:
        """Settle once what is due; one call may go wrong."""
        with self._fault(call, fault):
            self.settle_everything_due()

    @contextmanager
    def _fault(self, call: str, fault: Fault | None) -> Iterator[None]:
        if fault is not None:
            self.gateway.fail_next(call, fault)
        try:
            yield
        finally:
            self.gateway.heal()

    def _paid(self, purchase: Any) -> bool:
        return self.gateway.taken_for(purchase.ticket.ticket_code) > 0
