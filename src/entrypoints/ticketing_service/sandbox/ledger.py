"""The state of the Stripe account and each step that changes it. No HTTP, threads or locks here."""

import heapq
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from attrs import evolve

from ticketing_service.sandbox.amounts import check_total
from ticketing_service.sandbox.payment_methods import BANK_DEBITS, CardNumber, Decline, SlowOutcome
from ticketing_service.sandbox.payment_rules import (
    check_refundable,
    end_of_session,
    line_items,
    offered_methods,
)
from ticketing_service.sandbox.records import Charge, Dispute, Refund, Session, new_id, sibling_id
from ticketing_service.sandbox.refusals import Json, missing_object, wrong_state
from ticketing_service.sandbox.stripe_objects import (
    charge_object,
    dispute_object,
    event_object,
    refund_object,
    session_object,
)

_Record = TypeVar("_Record", Session, Charge, Refund)


class Ledger:
    """All objects by id, oldest first. Not thread-safe: `Sandbox` holds a lock.

    A method that cannot do its step raises `Refused` and changes nothing.
    """

    def __init__(self, *, now: Callable[[], float], public_url: str) -> None:
        self.sessions: dict[str, Session] = {}
        self.charges: dict[str, Charge] = {}
        self.refunds: dict[str, Refund] = {}
        self.disputes: dict[str, Dispute] = {}
        self._public_url = public_url
        self._now = now
        self._events: list[Json] = []
        self._due: list[tuple[float, Literal["expire", "end_slow_payment"], str]] = []

    def take_events(self) -> list[Json]:
        """Return the events since the last call, for the webhook endpoint."""
        events, self._events = self._events, []
        return events

    def catch_up(self) -> None:
        """Take the steps that are due: sessions expire, planned ends of slow payments come."""
        while self._due and self._due[0][0] <= self._now():
            _, step, session_id = heapq.heappop(self._due)
            session = self.sessions[session_id]
            if step == "expire" and session.status == "open":
                self.expire_session(session_id)
            if step == "end_slow_payment":
                charge = self.charge_of(session_id)
                if charge.status == "pending" and charge.slow_outcome:
                    self.end_slow_payment(session_id, charge.slow_outcome)

    # Look-ups. An unknown id is refused as the API refuses it; `param` names the wrong parameter.

    def session(self, session_id: str) -> Session:
        """Return a session."""
        return _found(self.sessions, session_id, object_type="checkout.session", param="session")

    def charge(self, charge_id: str, *, param: str = "id") -> Charge:
        """Return a charge."""
        return _found(self.charges, charge_id, object_type="charge", param=param)

    def refund(self, refund_id: str, *, param: str = "id") -> Refund:
        """Return a refund."""
        return _found(self.refunds, refund_id, object_type="refund", param=param)

    def charge_of_intent(self, intent_id: str, *, param: str) -> Charge:
        """Return the charge of a payment intent."""
        charge = self.charges.get(sibling_id(intent_id, "ch"))
        if charge is None or charge.payment_intent != intent_id:
            raise missing_object(object_type="payment_intent", object_id=intent_id, param=param)
        return charge

    def charge_of(self, session_id: str) -> Charge:
        """Return the charge of a session that was paid, or whose slow payment began."""
        intent_id = self.session(session_id).payment_intent
        if intent_id is None:
            raise wrong_state("This Checkout Session has no payment.")
        return self.charges[sibling_id(intent_id, "ch")]

    # Steps.

    def open_session(self, params: dict[str, Any]) -> Session:
        """Open a session with parameters that `parameters` has checked one by one."""
        items = line_items(params["line_items"])
        currency = params["line_items"][0]["price_data"]["currency"]
        check_total(amount=sum(item.amount for item in items), currency=currency)
        session_id = new_id("cs_test_a1")
        session = Session(
            id=session_id,
            created=int(self._now()),
            methods=offered_methods(params, currency=currency),
            expires_at=end_of_session(params.get("expires_at"), now=self._now()),
            currency=currency,
            line_items=items,
            params=params,
            page_url=f"{self._public_url}/c/pay/{session_id}",
        )
        self.sessions[session.id] = session
        heapq.heappush(self._due, (session.expires_at, "expire", session.id))
        return session

    def expire_session(self, session_id: str) -> Session:
        """Close an open session for good. Stripe refuses any other state, without a code."""
        session = self.session(session_id)
        if session.status != "open":
            raise wrong_state(
                'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
                f"Session has a status of `{session.status}`."
            )
        return self._change_session(evolve(session, status="expired"), event="expired")

    def pay(
        self,
        session_id: str,
        *,
        card: CardNumber | None,
        email: str | None = None,
        name: str | None = None,
        slow_outcome: SlowOutcome | None = None,
        slow_seconds: int = 0,
    ) -> Session | Decline:
        """Pay as a buyer does on the hosted page. A decline leaves the session open.

        Without a card this is a bank debit. It is pending until `end_slow_payment`. With a
        `slow_outcome`, it ends by itself after `slow_seconds`.
        """
        session = self.session(session_id)
        slow = card is None
        method = BANK_DEBITS.get(session.currency, "bank debit") if slow else "card"
        if session.status != "open":
            raise wrong_state(f"This Checkout Session is {session.status} and cannot be paid.")
        if method not in session.methods:
            raise wrong_state(f"The page of this Checkout Session does not offer {method}.")
        if card and card.decline:
            return card.decline
        charge = Charge(
            id=new_id("ch_3"),
            created=int(self._now()),
            session=session.id,
            amount=session.amount_total,
            currency=session.currency,
            method=method,
            card=card,
            email=email or session.params.get("customer_email"),
            name=name,
            params=session.params.get("payment_intent_data", {}),
            status="pending" if slow else "succeeded",
            slow_outcome=slow_outcome,
        )
        self.charges[charge.id] = charge
        if slow and slow_outcome:
            due = int(self._now()) + slow_seconds
            heapq.heappush(self._due, (due, "end_slow_payment", session.id))
        return self._change_session(
            evolve(
                session,
                status="complete",
                payment_status="unpaid" if slow else "paid",
                payment_intent=charge.payment_intent,
                buyer_email=email,
                buyer_name=name,
            ),
            event="completed",
        )

    def end_slow_payment(self, session_id: str, outcome: SlowOutcome) -> Session:
        """Let the bank pay or return a debit that is still pending."""
        session = self.session(session_id)
        charge = self.charge_of(session_id) if session.payment_intent else None
        if charge is None or charge.status != "pending":
            raise wrong_state("This Checkout Session has no payment that is processing.")
        if outcome is SlowOutcome.FAILS:
            self.charges[charge.id] = evolve(charge, status="failed")
            return self._change_session(session, event="async_payment_failed")
        self.charges[charge.id] = evolve(charge, status="succeeded")
        paid = evolve(session, payment_status="paid")
        return self._change_session(paid, event="async_payment_succeeded")

    def create_refund(
        self,
        charge: Charge,
        *,
        amount: int | None = None,
        reason: str | None = None,
        metadata: dict[str, str] | None = None,
    ) -> Refund:
        """Give back `amount`, or all that is still captured."""
        check_refundable(charge, amount=amount)
        refund = Refund(
            id=new_id("re_3"),
            created=int(self._now()),
            charge=charge.id,
            amount=amount or charge.refundable,
            currency=charge.currency,
            card=charge.card,
            metadata=metadata or {},
            reason=reason,
        )
        self.refunds[refund.id] = refund
        changed = evolve(charge, amount_refunded=charge.amount_refunded + refund.amount)
        self.charges[charge.id] = changed
        old, new = charge_object(charge), charge_object(changed)
        self._emit("charge.refunded", new, {n: old[n] for n in new if old[n] != new[n]})
        return refund

    def fail_refund(self, refund_id: str) -> Refund:
        """Let the bank return a refund: the charge counts as captured again."""
        refund = self.refund(refund_id)
        if refund.status == "failed":
            raise wrong_state("This refund has failed already.")
        failed = evolve(refund, status="failed")
        self.refunds[refund.id] = failed
        charge = self.charges[refund.charge]
        rest = charge.amount_refunded - refund.amount
        self.charges[charge.id] = evolve(charge, amount_refunded=rest)
        self._emit("refund.failed", refund_object(failed), {"status": refund.status})
        return failed

    def open_dispute(self, charge: Charge) -> Dispute:
        """Let the buyer's bank take back what is still captured."""
        if charge.disputed or not charge.refundable:
            raise wrong_state("Nothing of this charge is left to be disputed.")
        self.charges[charge.id] = evolve(charge, disputed=True)
        dispute = Dispute(
            id=new_id("du_1"),
            created=int(self._now()),
            charge=charge.id,
            amount=charge.refundable,
            currency=charge.currency,
            card=charge.card,
        )
        self.disputes[dispute.id] = dispute
        self._emit("charge.dispute.created", dispute_object(dispute))
        return dispute

    def _change_session(self, session: Session, *, event: str) -> Session:
        self.sessions[session.id] = session
        self._emit(f"checkout.session.{event}", session_object(session))
        return session

    def _emit(self, event_type: str, subject: Json, previous: Json | None = None) -> None:
        event = event_object(event_type, subject, previous=previous, created=int(self._now()))
        self._events.append(event)


def _found(
    records: Mapping[str, _Record], object_id: str, *, object_type: str, param: str
) -> _Record:
    if object_id not in records:
        raise missing_object(object_type=object_type, object_id=object_id, param=param)
    return records[object_id]
