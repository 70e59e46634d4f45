"""The steps of Checkout Sessions and their payments."""

from typing import Any, Literal

from attrs import evolve

from ticketing_service.sandbox.amounts import check_total
from ticketing_service.sandbox.payment_methods import (
    BANK_DEBITS,
    DEBIT_RETURNED,
    NOT_AUTHENTICATED,
    VOUCHER_EXPIRED,
    VOUCHERS,
    CardNumber,
    Decline,
    PayWith,
    SlowOutcome,
)
from ticketing_service.sandbox.payment_rules import end_of_session, line_items, offered_methods
from ticketing_service.sandbox.records import Charge, Intent, Session, new_id
from ticketing_service.sandbox.refusals import wrong_state
from ticketing_service.sandbox.state import State
from ticketing_service.sandbox.stripe_objects import (
    charge_object,
    payment_intent_object,
    session_object,
)


class Checkouts(State):
    """A method that cannot do its step raises `Refused` and changes nothing."""

    def open_session(self, params: dict[str, Any]) -> Session:
        """Open a session with parameters that `parameters` has checked one by one."""
        self.account.check_checkout()
        items = line_items(params["line_items"])
        currency = params["line_items"][0]["price_data"]["currency"]
        check_total(amount=sum(item.amount for item in items), currency=currency)
        session_id = new_id("cs_test_a1")
        session = Session(
            id=session_id,
            created=self.now,
            methods=offered_methods(params, currency=currency),
            expires_at=end_of_session(params.get("expires_at"), now=self.clock.wall_now()),
            currency=currency,
            line_items=items,
            params=params,
            page_url=f"{self._public_url}/c/pay/{session_id}",
        )
        self.sessions[session.id] = session
        due = session.expires_at + self.clock.ahead
        self.plan(lambda: self._expire_if_open(session.id), due=due)
        return session

    def expire_session(self, session_id: str) -> Session:
        """Close an open session for good. Stripe refuses any other state, without a code.

        Its payment intent can only be canceled in this way
        (docs.stripe.com/api/payment_intents/cancel).
        """
        session = self.session(session_id)
        if session.status != "open":
            raise wrong_state(
                'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
                f"Session has a status of `{session.status}`."
            )
        if session.payment_intent:
            self._cancel(self.intents[session.payment_intent], reason="expired")
        return self._change_session(evolve(session, status="expired"), event="expired")

    def pay(
        self,
        session_id: str,
        *,
        card: CardNumber | None,
        slow: Literal[PayWith.BANK_DEBIT, PayWith.VOUCHER] = PayWith.BANK_DEBIT,
        email: str | None = None,
        name: str | None = None,
        slow_outcome: SlowOutcome | None = None,
        slow_seconds: int = 0,
    ) -> Session | Decline:
        """Pay as a buyer does on the hosted page. A decline leaves the session open.

        So does a card that asks first, until `authenticate`. Without a card this is a bank debit or
        a voucher. It is unpaid until `end_slow_payment`. With a `slow_outcome`, it ends by itself
        after `slow_seconds`.
        """
        session = self.session(session_id)
        schemes = VOUCHERS if slow is PayWith.VOUCHER else BANK_DEBITS
        method = "card" if card else schemes.get(session.currency, slow.replace("_", " "))
        if session.status != "open":
            raise wrong_state(f"This Checkout Session is {session.status} and cannot be paid.")
        if method not in session.methods:
            raise wrong_state(f"The page of this Checkout Session does not offer {method}.")
        intent = evolve(
            self._intent_of(session),
            method=method,
            card=card,
            email=email or session.params.get("customer_email"),
            name=name,
            slow_outcome=slow_outcome,
            problem=None,
        )
        session = evolve(session, payment_intent=intent.id, buyer_email=email, buyer_name=name)
        self.sessions[session.id] = session
        if card is None:
            return self._pay_slowly(session, intent, seconds=slow_seconds)
        if card.asks_first:
            self._change_intent(evolve(intent, status="requires_action"), event="requires_action")
            return session
        return self._try_card(session, intent)

    def authenticate(self, session_id: str, *, passed: bool) -> Session | Decline:
        """Let the buyer pass or fail the question of their bank (3-D Secure)."""
        session = self.session(session_id)
        intent = self.intents.get(session.payment_intent or "")
        waits = intent and intent.status == "requires_action" and session.status == "open"
        if not (intent and waits):
            raise wrong_state("This Checkout Session has no card that waits for authentication.")
        if passed:
            return self._try_card(session, intent)
        # Without authentication the card is not charged at all.
        self._fail(evolve(intent, latest_charge=None), NOT_AUTHENTICATED)
        return NOT_AUTHENTICATED

    def end_slow_payment(self, session_id: str, outcome: SlowOutcome) -> Session:
        """Let a bank debit or a voucher that is still unpaid be paid or fail."""
        session = self.session(session_id)
        intent = self.intents.get(session.payment_intent or "")
        if not (intent and session.status == "complete" and _waits_for_money(intent)):
            raise wrong_state("This Checkout Session has no payment that is processing.")
        pending = self.charges.get(intent.latest_charge or "")
        if outcome is SlowOutcome.FAILS:
            if pending:
                self._fail_charge(pending, DEBIT_RETURNED)
            self._fail(intent, DEBIT_RETURNED if pending else VOUCHER_EXPIRED)
            return self._change_session(session, event="async_payment_failed")
        self._succeed(intent, pending or self._new_charge(intent, status="pending"))
        paid = evolve(session, payment_status="paid")
        return self._change_session(paid, event="async_payment_succeeded")

    def cancel_payment(self, session_id: str) -> Intent:
        """Cancel a bank debit or a voucher that is still unpaid, in the Dashboard.

        The session stays complete and unpaid: only its payment intent shows it.
        """
        session = self.session(session_id)
        intent = self.intents.get(session.payment_intent or "")
        if not (intent and session.status == "complete" and _waits_for_money(intent)):
            raise wrong_state("This Checkout Session has no payment that can be canceled.")
        if intent.latest_charge:
            self._fail_charge(self.charges[intent.latest_charge], DEBIT_RETURNED)
        return self._cancel(intent, reason="requested_by_customer")

    def after_payment(self, charge: Charge) -> None:
        """Do what the test card of a new charge is known for."""

    def _intent_of(self, session: Session) -> Intent:
        if session.payment_intent:
            return self.intents[session.payment_intent]
        # Stripe makes it at the first attempt (docs.stripe.com/upgrades#2022-08-01).
        intent = Intent(
            id=new_id("pi_3"),
            created=self.now,
            session=session.id,
            amount=session.amount_total,
            currency=session.currency,
            method=session.methods[0],
            params=session.params.get("payment_intent_data", {}),
        )
        return self._change_intent(intent, event="created")

    def _try_card(self, session: Session, intent: Intent) -> Session | Decline:
        charge = self._new_charge(intent, status="pending")
        if intent.card and intent.card.decline:
            self._fail_charge(charge, intent.card.decline)
            failed = evolve(intent, latest_charge=charge.id)
            self._fail(failed, intent.card.decline)
            return intent.card.decline
        charge = self._succeed(intent, charge)
        complete = evolve(session, status="complete", payment_status="paid")
        changed = self._change_session(complete, event="completed")
        self.after_payment(charge)
        return changed

    def _pay_slowly(self, session: Session, intent: Intent, *, seconds: int) -> Session:
        if intent.method in VOUCHERS.values():
            waiting = evolve(intent, status="requires_action", latest_charge=None)
            self._change_intent(waiting, event="requires_action")
        else:
            charge = self._new_charge(intent, status="pending")
            self.emit("charge.pending", charge_object(charge))
            waiting = evolve(intent, status="processing", latest_charge=charge.id)
            self._change_intent(waiting, event="processing")
        if intent.slow_outcome:
            self.plan(lambda: self._end_as_planned(intent.id), due=self.now + seconds)
        return self._change_session(evolve(session, status="complete"), event="completed")

    def _end_as_planned(self, intent_id: str) -> None:
        intent = self.intents[intent_id]
        if intent.slow_outcome and _waits_for_money(intent):
            self.end_slow_payment(intent.session, intent.slow_outcome)

    def _new_charge(self, intent: Intent, *, status: Literal["pending"]) -> Charge:
        charge = Charge(
            id=new_id("ch_3"),
            created=self.now,
            session=intent.session,
            payment_intent=intent.id,
            amount=intent.amount,
            currency=intent.currency,
            method=intent.method,
            card=intent.card,
            email=intent.email,
            name=intent.name,
            params=intent.params,
            status=status,
        )
        self.charges[charge.id] = charge
        return charge

    def _succeed(self, intent: Intent, charge: Charge) -> Charge:
        charge = self.charges[charge.id] = evolve(charge, status="succeeded")
        written = charge_object(charge)
        # The balance transaction follows (docs.stripe.com/payments/payment-intents/
        # asynchronous-capture).
        self.emit("charge.succeeded", written | {"balance_transaction": None})
        self.emit("charge.updated", written, {"balance_transaction": None})
        paid = evolve(intent, status="succeeded", latest_charge=charge.id, problem=None)
        self._change_intent(paid, event="succeeded")
        return charge

    def _fail_charge(self, charge: Charge, problem: Decline) -> None:
        failed = self.charges[charge.id] = evolve(charge, status="failed", problem=problem)
        self.emit("charge.failed", charge_object(failed))

    def _fail(self, intent: Intent, problem: Decline) -> None:
        failed = evolve(intent, status="requires_payment_method", problem=problem)
        self._change_intent(failed, event="payment_failed")

    def _cancel(self, intent: Intent, *, reason: str) -> Intent:
        canceled = evolve(
            intent, status="canceled", canceled_at=self.now, cancellation_reason=reason
        )
        return self._change_intent(canceled, event="canceled")

    def _expire_if_open(self, session_id: str) -> None:
        if self.sessions[session_id].status == "open":
            self.expire_session(session_id)

    def _change_intent(self, intent: Intent, *, event: str) -> Intent:
        self.intents[intent.id] = intent
        self.emit(f"payment_intent.{event}", payment_intent_object(intent))
        return intent

    def _change_session(self, session: Session, *, event: str) -> Session:
        self.sessions[session.id] = session
        self.emit(f"checkout.session.{event}", session_object(session))
        return session


def _waits_for_money(intent: Intent) -> bool:
    return intent.status in {"processing", "requires_action"}
