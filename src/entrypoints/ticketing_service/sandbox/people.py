"""What buyers, banks, card networks and the Dashboard do: the part of `Sandbox` for tests."""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Literal

from ticketing_service.sandbox.disputes import FirstStatus, Move
from ticketing_service.sandbox.ledger import Ledger
from ticketing_service.sandbox.payment_methods import (
    USUAL_CARDS,
    CardNumber,
    Decline,
    PayWith,
    SlowOutcome,
)
from ticketing_service.sandbox.records import (
    Charge,
    Dispute,
    FraudWarning,
    Intent,
    Refund,
    Session,
)
from ticketing_service.sandbox.refund_plan import RefundPlan
from ticketing_service.sandbox.webhooks import Delivery

RefundStep = Literal["complete", "fail", "name_account", "cancel"]


class People(ABC):
    """All methods raise `Refused` if the step is not possible.

    `delivery` is how the events of a step reach the webhook endpoint; None stands for the sandbox's
    own `delivery`.
    """

    @abstractmethod
    def ledger(self, *, delivery: Delivery | None = None) -> AbstractContextManager[Ledger]:
        """Lock the account, brought up to date; at the end, send the events of what was done."""

    # Buyers.

    def pay(
        self,
        session_id: str,
        pay_with: PayWith | CardNumber = PayWith.CARD,
        *,
        email: str | None = None,
        name: str | None = None,
        slow_outcome: SlowOutcome | None = None,
        slow_seconds: int = 0,
        delivery: Delivery | None = None,
    ) -> Session | Decline:
        """Pay an open session as its buyer does; see `Ledger.pay`."""
        card = pay_with if isinstance(pay_with, CardNumber) else USUAL_CARDS.get(pay_with)
        with self.ledger(delivery=delivery) as ledger:
            return ledger.pay(
                session_id,
                card=card,
                slow=PayWith.VOUCHER if pay_with is PayWith.VOUCHER else PayWith.BANK_DEBIT,
                email=email,
                name=name,
                slow_outcome=slow_outcome,
                slow_seconds=slow_seconds,
            )

    def authenticate(
        self, session_id: str, *, passed: bool, delivery: Delivery | None = None
    ) -> Session | Decline:
        """Pass or fail the question of the buyer's bank (3-D Secure)."""
        with self.ledger(delivery=delivery) as ledger:
            return ledger.authenticate(session_id, passed=passed)

    # Slow payments.

    def end_slow_payment(
        self, session_id: str, outcome: SlowOutcome, *, delivery: Delivery | None = None
    ) -> Session:
        """Let a pending bank debit or voucher succeed or fail."""
        with self.ledger(delivery=delivery) as ledger:
            return ledger.end_slow_payment(session_id, outcome)

    def cancel_payment(self, session_id: str, *, delivery: Delivery | None = None) -> Intent:
        """Cancel a pending bank debit or voucher; see `Ledger.cancel_payment`."""
        with self.ledger(delivery=delivery) as ledger:
            return ledger.cancel_payment(session_id)

    # The Dashboard.

    def expire(self, session_id: str, *, delivery: Delivery | None = None) -> Session:
        """Expire an open session from the Dashboard."""
        with self.ledger(delivery=delivery) as ledger:
            return ledger.expire_session(session_id)

    def refund(
        self, session_id: str, *, amount: int | None = None, delivery: Delivery | None = None
    ) -> Refund:
        """Refund the payment of a session from the Dashboard; None is all that is captured."""
        with self.ledger(delivery=delivery) as ledger:
            return ledger.create_refund(ledger.charge_of(session_id), amount=amount)

    # Refunds.

    def plan_refund(self, plan: RefundPlan, *, times: int = 1) -> None:
        """Decide how the next refunds go, whether by the API or from the Dashboard."""
        with self.ledger() as ledger:
            ledger.refund_plans.extend([plan] * times)

    def planned_refunds(self) -> list[RefundPlan]:
        """Return the plans that no refund has used yet."""
        with self.ledger() as ledger:
            return list(ledger.refund_plans)

    def fail_refund(
        self,
        refund_id: str,
        *,
        reason: str = "lost_or_stolen_card",
        delivery: Delivery | None = None,
    ) -> Refund:
        """Let the buyer's bank return a refund."""
        with self.ledger(delivery=delivery) as ledger:
            return ledger.fail_refund(refund_id, reason=reason)

    def move_refund(
        self, refund_id: str, step: RefundStep, *, delivery: Delivery | None = None
    ) -> Refund:
        """Take the next step of a refund: the method of `Ledger` with this name."""
        with self.ledger(delivery=delivery) as ledger:
            steps = {
                "complete": ledger.complete_refund,
                "fail": ledger.fail_refund,
                "name_account": ledger.name_account,
                "cancel": ledger.cancel_refund,
            }
            return steps[step](refund_id)

    # Disputes.

    def dispute(
        self,
        session_id: str,
        *,
        amount: int | None = None,
        status: FirstStatus = FirstStatus.CHARGEBACK,
        reason: str = "fraudulent",
        delivery: Delivery | None = None,
    ) -> Dispute:
        """Open a dispute of a session's payment; None is all that is captured."""
        with self.ledger(delivery=delivery) as ledger:
            charge = ledger.charge_of(session_id)
            return ledger.open_dispute(charge, amount=amount, status=status, reason=reason)

    def move_dispute(
        self, dispute_id: str, move: Move, *, delivery: Delivery | None = None
    ) -> Dispute:
        """Bring a dispute into its next status."""
        with self.ledger(delivery=delivery) as ledger:
            return ledger.move_dispute(dispute_id, move)

    def add_evidence(
        self, dispute_id: str, *, characters: int, delivery: Delivery | None = None
    ) -> Dispute:
        """Stage evidence of this length, which makes the events of a dispute large."""
        evidence = {"uncategorized_text": "x" * characters}
        with self.ledger(delivery=delivery) as ledger:
            return ledger.add_evidence(dispute_id, evidence=evidence, submit=False)

    def warn_of_fraud(self, session_id: str, *, delivery: Delivery | None = None) -> FraudWarning:
        """Send an early fraud warning about the payment of a session."""
        with self.ledger(delivery=delivery) as ledger:
            return ledger.warn_of_fraud(ledger.charge_of(session_id))

    # Look-ups.

    def sessions(self) -> list[Session]:
        """Return all sessions, newest first."""
        with self.ledger() as ledger:
            return list(reversed(ledger.sessions.values()))

    def session(self, session_id: str) -> Session:
        """Return a session."""
        with self.ledger() as ledger:
            return ledger.session(session_id)

    def intent(self, session_id: str) -> Intent | None:
        """Return the payment intent of a session, or None before the first attempt to pay."""
        with self.ledger() as ledger:
            return ledger.intents.get(ledger.session(session_id).payment_intent or "")

    def charge(self, session_id: str) -> Charge | None:
        """Return the newest charge of a session, or None before there is one."""
        with self.ledger() as ledger:
            intent = ledger.intents.get(ledger.session(session_id).payment_intent or "")
            return ledger.charges.get(intent.latest_charge or "") if intent else None

    def refunds(self, session_id: str) -> list[Refund]:
        """Return the refunds of a session's payment, newest first."""
        charge = self.charge(session_id)
        with self.ledger() as ledger:
            return ledger.refunds_of(charge.id) if charge else []

    def disputes(self, session_id: str) -> list[Dispute]:
        """Return the disputes of a session's payment, newest first."""
        charge = self.charge(session_id)
        with self.ledger() as ledger:
            return ledger.disputes_of(charge.id) if charge else []
