"""The life of disputes (docs.stripe.com/disputes/how-disputes-work, /api/disputes/object).

The statuses are those of stripe.Dispute in the SDK. Its version 16.1.0 has the two of an appeal,
`appeal_needs_response` and `appeal_under_review`, which the OpenAPI document of the tests lacks. An
appeal is a stage of the same dispute there: its evidence has a part of its own.
"""

from contextlib import suppress
from enum import StrEnum

from attrs import evolve

from ticketing_service.sandbox.records import (
    Charge,
    Dispute,
    DisputeStatus,
    FraudWarning,
    new_id,
)
from ticketing_service.sandbox.refunds import Refunds
from ticketing_service.sandbox.refusals import Refused, invalid, wrong_state
from ticketing_service.sandbox.returned_money import dispute_object, fraud_warning_object

_LONGEST_EVIDENCE = 150_000
"""docs.stripe.com/api/disputes/update: the characters of all fields together."""


class FirstStatus(StrEnum):
    """How a dispute begins."""

    CHARGEBACK = "needs_response"
    INQUIRY = "warning_needs_response"
    PREVENTED = "prevented"


class Move(StrEnum):
    """What the seller, the bank or the card network does with a dispute."""

    RESPOND = "respond"
    ESCALATE = "escalate"
    CLOSE_INQUIRY = "close_inquiry"
    WIN = "win"
    LOSE = "lose"
    APPEAL = "appeal"


_MOVES: dict[Move, dict[DisputeStatus, DisputeStatus]] = {
    Move.RESPOND: {
        "warning_needs_response": "warning_under_review",
        "needs_response": "under_review",
        "appeal_needs_response": "appeal_under_review",
    },
    Move.ESCALATE: {
        "warning_needs_response": "needs_response",
        "warning_under_review": "needs_response",
    },
    Move.CLOSE_INQUIRY: {
        "warning_needs_response": "warning_closed",
        "warning_under_review": "warning_closed",
    },
    Move.WIN: {
        "needs_response": "won",
        "under_review": "won",
        "appeal_needs_response": "won",
        "appeal_under_review": "won",
    },
    Move.LOSE: {
        "needs_response": "lost",
        "under_review": "lost",
        "appeal_needs_response": "lost",
        "appeal_under_review": "lost",
    },
    Move.APPEAL: {"lost": "appeal_needs_response"},
}

_BY_EVIDENCE: dict[str, tuple[Move, ...]] = {
    "winning_evidence": (Move.WIN,),
    "losing_evidence": (Move.LOSE, Move.CLOSE_INQUIRY),
    "escalate_inquiry_evidence": (Move.ESCALATE,),
}
"""What the bank decides by the `uncategorized_text`, if the dispute can take the move
(docs.stripe.com/testing#evidence)."""

_DECIDED_AFTER = 5.0
"""Seconds. The page above states no time; a response still finds the dispute under review."""


class Disputes(Refunds):
    """A method that cannot do its step raises `Refused` and changes nothing."""

    def open_dispute(
        self,
        charge: Charge,
        *,
        amount: int | None = None,
        status: FirstStatus = FirstStatus.CHARGEBACK,
        reason: str = "fraudulent",
    ) -> Dispute:
        """Open an inquiry or a chargeback for `amount`, or for what is still captured.

        A prevented dispute ends at once: the network gives the buyer the money
        (docs.stripe.com/disputes/prevention). Several disputes can never exceed the charge.
        """
        others = sum(
            other.amount
            for other in self.disputes_of(charge.id)
            if other.status not in {"won", "warning_closed"}
        )
        if amount is None:
            amount = charge.amount - charge.given_back - others
        self._check_disputable(charge, amount=amount, others=others)
        dispute = Dispute(
            id=new_id("du_1"),
            created=self.now,
            charge=charge.id,
            payment_intent=charge.payment_intent,
            amount=amount,
            currency=charge.currency,
            card=charge.card,
            reason=reason,
            status=status.value,
        )
        self.disputes[dispute.id] = dispute
        self.disputes_by_charge[charge.id].append(dispute.id)
        self._mark(dispute)
        self.emit("charge.dispute.created", dispute_object(dispute))
        self.end_warnings(charge.id)
        if not dispute.is_inquiry:
            dispute = self._withdraw(dispute)
        if dispute.is_over:
            self.emit("charge.dispute.closed", dispute_object(dispute))
        return dispute

    def move_dispute(self, dispute_id: str, move: Move) -> Dispute:
        """Bring a dispute into its next status."""
        dispute = self.dispute(dispute_id)
        status = _MOVES[move].get(dispute.status)
        if status is None:
            raise wrong_state(f"This is not possible for a dispute that is {dispute.status}.")
        if move is Move.ESCALATE:
            # "After the payment has been fully refunded, no further funds are withdrawn": the
            # description of `is_charge_refundable`.
            _check_not_refunded(self.charges[dispute.charge])
        old = dispute_object(dispute)
        submissions = dispute.submissions + (move is Move.RESPOND)
        dispute = evolve(dispute, status=status, submissions=submissions)
        self.disputes[dispute.id] = dispute
        if dispute.is_over:
            if status == "won":
                dispute = self._reinstate(dispute)
            self.emit_change("charge.dispute.closed", old, dispute_object(dispute))
            return dispute
        self.emit_change("charge.dispute.updated", old, dispute_object(dispute))
        if move is Move.ESCALATE:
            self._mark(dispute)
            dispute = self._withdraw(dispute)
        return dispute

    def add_evidence(
        self,
        dispute_id: str,
        *,
        evidence: dict[str, str] | None = None,
        metadata: dict[str, str] | None = None,
        submit: bool = True,
    ) -> Dispute:
        """Add the seller's evidence, and send it to the bank unless it is only staged."""
        dispute = self.dispute(dispute_id)
        if dispute.is_over:
            raise wrong_state("This dispute is already closed.")
        whole = dispute.evidence | (evidence or {})
        if sum(map(len, whole.values())) > _LONGEST_EVIDENCE:
            message = f"The evidence can have at most {_LONGEST_EVIDENCE} characters in all."
            raise invalid(message, param="evidence")
        old = dispute_object(dispute)
        dispute = evolve(dispute, evidence=whole, metadata=dispute.metadata | (metadata or {}))
        self.disputes[dispute.id] = dispute
        if submit and dispute.status in _MOVES[Move.RESPOND]:
            for move in _BY_EVIDENCE.get(whole.get("uncategorized_text", ""), ()):
                self._plan_move(dispute_id, move)
            return self.move_dispute(dispute_id, Move.RESPOND)
        self.emit_change("charge.dispute.updated", old, dispute_object(dispute))
        return dispute

    def close_dispute(self, dispute_id: str) -> Dispute:
        """Accept a dispute without a response (docs.stripe.com/api/disputes/close)."""
        if self.dispute(dispute_id).is_inquiry:
            raise wrong_state("An inquiry takes no money: there is nothing to accept.")
        return self.move_dispute(dispute_id, Move.LOSE)

    def warn_of_fraud(self, charge: Charge) -> FraudWarning:
        """Let the card's network suspect a charge; see docs.stripe.com/api/radar."""
        warning = FraudWarning(
            id=new_id("issfr_1"),
            created=self.now,
            charge=charge.id,
            payment_intent=charge.payment_intent,
            actionable=charge.given_back < charge.amount and not self.disputes_of(charge.id),
        )
        self.fraud_warnings[warning.id] = warning
        self.emit("radar.early_fraud_warning.created", fraud_warning_object(warning))
        return warning

    def _plan_move(self, dispute_id: str, move: Move) -> None:
        def decide() -> None:
            # What it can no longer become, it stays.
            with suppress(Refused):
                self.move_dispute(dispute_id, move)

        self.plan(decide, due=self.clock.now() + _DECIDED_AFTER)

    def _check_disputable(self, charge: Charge, *, amount: int, others: int) -> None:
        if charge.status != "succeeded":
            raise wrong_state("Only a charge that succeeded can be disputed.")
        _check_not_refunded(charge)
        if not 0 < amount <= charge.amount - others:
            raise wrong_state("Nothing of this charge is left to be disputed.")

    def _mark(self, dispute: Dispute) -> None:
        """Mark the charge for good: `disputed` stays true after a win."""
        if dispute.is_inquiry and not self.unsettled.inquiries_mark_the_charge:
            return
        charge = self.charges[dispute.charge]
        self.charges[charge.id] = evolve(charge, disputed=True)

    def _withdraw(self, dispute: Dispute) -> Dispute:
        dispute = self._move_money(dispute, amount=-dispute.amount)
        self.emit("charge.dispute.funds_withdrawn", dispute_object(dispute))
        # docs.stripe.com/refunds#failed-refunds
        for refund in self.refunds_of(dispute.charge):
            if refund.status == "pending":
                self.fail_refund(refund.id, reason="charge_for_pending_refund_disputed")
        return dispute

    def _reinstate(self, dispute: Dispute) -> Dispute:
        dispute = self._move_money(dispute, amount=dispute.taken)
        self.emit("charge.dispute.funds_reinstated", dispute_object(dispute))
        return dispute

    def _move_money(self, dispute: Dispute, *, amount: int) -> Dispute:
        moved = evolve(dispute, movements=(*dispute.movements, (self.now, amount)))
        self.disputes[moved.id] = moved
        charge = self.charges[moved.charge]
        taken = charge.charged_back - amount
        self.charges[charge.id] = evolve(charge, charged_back=taken)
        return moved


def _check_not_refunded(charge: Charge) -> None:
    """Raise `Refused` if all is given back (docs.stripe.com/refunds#refund-requests)."""
    if charge.given_back >= charge.amount:
        raise wrong_state("A charge that is fully refunded cannot be charged back.")
