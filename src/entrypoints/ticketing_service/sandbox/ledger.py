"""The state of the sandbox and every step that changes it. It knows no HTTP, thread or lock."""

import heapq
from collections.abc import Callable
from typing import Any, Literal

from attrs import evolve

from ticketing_service.sandbox.errors import Json, invalid, missing_object, wrong_state
from ticketing_service.sandbox.events import event_object
from ticketing_service.sandbox.identifiers import new_id
from ticketing_service.sandbox.money import check_total
from ticketing_service.sandbox.payment_methods import (
    BANK_DEBITS,
    DECLINES,
    CardNumber,
    Decline,
    PayWith,
    SlowOutcome,
    offered,
)
from ticketing_service.sandbox.payment_objects import charge_object, dispute_object, refund_object
from ticketing_service.sandbox.records import Charge, Dispute, PaymentIntent, Refund, Session
from ticketing_service.sandbox.sales import (
    check_refundable,
    end_of_session,
    line_items,
    one_currency,
)
from ticketing_service.sandbox.session_object import session_object


class Ledger:
    """All objects by id, oldest first. Not safe for threads: its owner holds a lock.

    Every method that cannot do its step raises `Refused` and has changed nothing.
    """

    def __init__(self, *, now: Callable[[], float], public_url: str) -> None:
        self.sessions: dict[str, Session] = {}
        self.intents: dict[str, PaymentIntent] = {}
        self.charges: dict[str, Charge] = {}
        self.refunds: dict[str, Refund] = {}
        self.disputes: dict[str, Dispute] = {}
        self.public_url = public_url
        self.now = now
        self._events: list[Json] = []
        self._due: list[tuple[float, Literal["expire", "settle"], str]] = []

    def take_events(self) -> list[Json]:
        """Return the events since the last call, for the webhook endpoint."""
        events, self._events = self._events, []
        return events

    def catch_up(self) -> None:
        """Do what time alone does: sessions expire, and slow payments that have a date end."""
        while self._due and self._due[0][0] <= self.now():
            _, step, object_id = heapq.heappop(self._due)
            if step == "expire" and self.sessions[object_id].status == "open":
                self._expire(self.sessions[object_id])
            if step == "settle" and self.intents[object_id].status == "processing":
                self._end_slow_payment(
                    self.intents[object_id], well=self.intents[object_id].settles_well
                )

    def session(self, session_id: str) -> Session:
        """Return the session, or raise `Refused` as the API does for an unknown id."""
        found = self.sessions.get(session_id)
        if found is None:
            raise missing_object(kind="checkout.session", object_id=session_id, param="session")
        return found

    def open_session(self, asked: dict[str, Any]) -> Session:
        """Open a session with parameters that the table of parameters has already checked."""
        currency = one_currency(asked["line_items"])
        items = tuple(line_items(asked["line_items"]))
        check_total(amount=sum(item.amount for item in items), currency=currency)
        methods = offered(
            currency=currency,
            allowed=asked.get("allowed_payment_method_types"),
            excluded=asked.get("excluded_payment_method_types"),
        )
        if not methods:
            raise invalid(
                "No valid payment method types for this Checkout Session.",
                param="allowed_payment_method_types",
            )
        session = Session(
            id=new_id("cs_test_a1"),
            created=int(self.now()),
            expires_at=end_of_session(asked.get("expires_at"), now=self.now()),
            currency=currency,
            line_items=items,
            asked=asked,
            methods=tuple(methods),
        )
        self.sessions[session.id] = session
        heapq.heappush(self._due, (session.expires_at, "expire", session.id))
        return session

    def expire_session(self, session_id: str) -> Session:
        """Close an open session for good; any other state is refused, without a code."""
        session = self.session(session_id)
        if session.status != "open":
            raise wrong_state(
                'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
                f"Session has a status of `{session.status}`."
            )
        return self._expire(session)

    def _expire(self, session: Session) -> Session:
        return self._change_session(evolve(session, status="expired"), event="expired")

    def pay(
        self,
        session_id: str,
        *,
        pay_with: PayWith,
        card: CardNumber | None = None,
        email: str | None = None,
        name: str | None = None,
        slow_outcome: SlowOutcome | None = None,
        slow_seconds: int = 0,
    ) -> Session | Decline:
        """Pay as a buyer does on the hosted page. A decline leaves the session open.

        A bank debit is `processing` until `end_slow_payment`, or ends by itself after
        `slow_seconds` when a `slow_outcome` is given.
        """
        session = self.session(session_id)
        slow = pay_with is PayWith.BANK_DEBIT
        method = BANK_DEBITS.get(session.currency, "bank debit") if slow else "card"
        if session.status != "open":
            raise wrong_state(f"This Checkout Session is {session.status} and cannot be paid.")
        if method not in session.methods:
            raise wrong_state(f"The page of this Checkout Session does not offer {method}.")
        decline = DECLINES.get(pay_with)
        if decline is not None:
            return decline
        charge = self._charge(session, method=method, card=card, email=email, name=name)
        intent = PaymentIntent(
            id=charge.payment_intent,
            secret=new_id(f"{charge.payment_intent}_secret_"),
            created=charge.created,
            session=session.id,
            charge=charge.id,
            amount=charge.amount,
            currency=charge.currency,
            method=method,
            asked=session.asked.get("payment_intent_data", {}),
            status="processing" if slow else "succeeded",
            settles_at=int(self.now()) + slow_seconds if slow and slow_outcome else None,
            settles_well=slow_outcome is SlowOutcome.SUCCEEDS,
        )
        self.intents[intent.id] = intent
        if intent.settles_at is not None:
            heapq.heappush(self._due, (intent.settles_at, "settle", intent.id))
        return self._change_session(
            evolve(
                session,
                status="complete",
                payment_status="unpaid" if slow else "paid",
                payment_intent=intent.id,
                buyer_email=email,
                buyer_name=name,
            ),
            event="completed",
        )

    def _charge(
        self,
        session: Session,
        *,
        method: str,
        card: CardNumber | None,
        email: str | None,
        name: str | None,
    ) -> Charge:
        charge_id = new_id("ch_3")
        asked = session.asked.get("payment_intent_data", {})
        is_card = method == "card"
        charge = Charge(
            id=charge_id,
            created=int(self.now()),
            payment_intent=new_id("pi_3"),
            amount=session.amount_total,
            currency=session.currency,
            method=method,
            payment_method="pm_1" + charge_id.removeprefix("ch_3"),
            last4=card.number[-4:] if card else "4242" if is_card else "6789",
            brand=card.brand if card else "visa" if is_card else None,
            metadata=asked.get("metadata", {}),
            description=asked.get("description"),
            email=email or session.asked.get("customer_email"),
            name=name,
            status="succeeded" if is_card else "pending",
        )
        self.charges[charge.id] = charge
        return charge

    def end_slow_payment(self, session_id: str, outcome: SlowOutcome) -> Session:
        """Let the bank answer a debit that is still processing."""
        session = self.session(session_id)
        intent = self.intents.get(session.payment_intent or "")
        if intent is None or intent.status != "processing":
            raise wrong_state("This Checkout Session has no payment that is processing.")
        return self._end_slow_payment(intent, well=outcome is SlowOutcome.SUCCEEDS)

    def _end_slow_payment(self, intent: PaymentIntent, *, well: bool) -> Session:
        self.intents[intent.id] = evolve(
            intent, status="succeeded" if well else "requires_payment_method"
        )
        charge = self.charges[intent.charge]
        self.charges[charge.id] = evolve(charge, status="succeeded" if well else "failed")
        session = self.sessions[intent.session]
        if not well:
            return self._change_session(session, event="async_payment_failed")
        paid = evolve(session, payment_status="paid")
        return self._change_session(paid, event="async_payment_succeeded")

    def refund(
        self,
        charge: Charge,
        *,
        amount: int | None = None,
        reason: str | None = None,
        metadata: dict[str, str] | None = None,
    ) -> Refund:
        """Give back `amount` minor units, or all that is still captured."""
        check_refundable(charge, amount=amount)
        refund = Refund(
            id=new_id("re_3"),
            created=int(self.now()),
            charge=charge.id,
            payment_intent=charge.payment_intent,
            amount=amount or charge.refundable,
            currency=charge.currency,
            method=charge.method,
            metadata=metadata or {},
            reason=reason,
        )
        self.refunds[refund.id] = refund
        self._change_charge(charge, refunded=charge.amount_refunded + refund.amount)
        return refund

    def fail_refund(self, refund_id: str) -> Refund:
        """Let the bank send a refund back: the charge counts as captured again."""
        refund = self.refunds.get(refund_id)
        if refund is None:
            raise missing_object(kind="refund", object_id=refund_id, param="id")
        if refund.status == "failed":
            raise wrong_state("This refund has failed already.")
        failed = evolve(refund, status="failed")
        self.refunds[refund.id] = failed
        charge = self.charges[refund.charge]
        self.charges[charge.id] = evolve(
            charge, amount_refunded=charge.amount_refunded - refund.amount
        )
        self._emit("refund.failed", refund_object(failed), {"status": refund.status})
        return failed

    def dispute(self, charge: Charge) -> Dispute:
        """Let the buyer's bank take back what is still captured."""
        if charge.disputed or not charge.refundable:
            raise wrong_state("Nothing of this charge is left to be disputed.")
        self.charges[charge.id] = evolve(charge, disputed=True)
        dispute = Dispute(
            id=new_id("du_1"),
            created=int(self.now()),
            charge=charge.id,
            payment_intent=charge.payment_intent,
            amount=charge.refundable,
            currency=charge.currency,
            method=charge.method,
            brand=charge.brand,
        )
        self.disputes[dispute.id] = dispute
        self._emit("charge.dispute.created", dispute_object(dispute))
        return dispute

    def charge_of(self, session_id: str) -> Charge:
        """Return the charge of a session that a buyer has paid, or began to pay."""
        session = self.session(session_id)
        if session.payment_intent is None:
            raise wrong_state("This Checkout Session has no payment.")
        return self.charges[self.intents[session.payment_intent].charge]

    def _change_charge(self, charge: Charge, *, refunded: int) -> None:
        changed = evolve(charge, amount_refunded=refunded)
        self.charges[charge.id] = changed
        old, new = charge_object(charge), charge_object(changed)
        names = ("amount_refunded", "refunded")
        self._emit(
            "charge.refunded", new, {name: old[name] for name in names if old[name] != new[name]}
        )

    def _change_session(self, session: Session, *, event: str) -> Session:
        self.sessions[session.id] = session
        self._emit(f"checkout.session.{event}", session_object(session, public_url=self.public_url))
        return session

    def _emit(self, kind: str, subject: Json, previous: Json | None = None) -> None:
        self._events.append(
            event_object(kind=kind, subject=subject, previous=previous, created=int(self.now()))
        )
