"""The life of refunds (docs.stripe.com/refunds, docs.stripe.com/api/refunds/object)."""

from attrs import evolve

from ticketing_service.sandbox.payment_rules import check_refundable
from ticketing_service.sandbox.records import Charge, Refund, new_id
from ticketing_service.sandbox.refund_plan import RefundPlan, RefundStatus
from ticketing_service.sandbox.refusals import wrong_state
from ticketing_service.sandbox.returned_money import fraud_warning_object, refund_object
from ticketing_service.sandbox.state import State
from ticketing_service.sandbox.stripe_objects import charge_object

_UNDER_WAY: tuple[RefundStatus, ...] = ("succeeded", "pending", "requires_action")


class Refunds(State):
    """A method that cannot do its step raises `Refused` and changes nothing."""

    def create_refund(
        self,
        charge: Charge,
        *,
        amount: int | None = None,
        reason: str | None = None,
        metadata: dict[str, str] | None = None,
    ) -> Refund:
        """Give back `amount`, or all that is still captured.

        The next of `refund_plans` decides how it goes, else the card that was paid with.
        """
        check_refundable(charge, amount=amount, disputes=self.disputes_of(charge.id))
        by_card = charge.card and charge.card.refund
        plan = self.refund_plans.popleft() if self.refund_plans else by_card or RefundPlan()
        refund = Refund(
            id=new_id("re_3"),
            created=self.now,
            charge=charge.id,
            payment_intent=charge.payment_intent,
            amount=amount or charge.refundable,
            currency=charge.currency,
            card=charge.card,
            email=charge.email,
            metadata=metadata or {},
            reason=reason,
            status=plan.status,
            pending_reason=plan.pending_reason,
            failure_reason=plan.failure_reason if plan.status == "failed" else None,
        )
        self.refunds[refund.id] = refund
        self.refunds_by_charge[charge.id].append(refund.id)
        self.emit("refund.created", refund_object(refund))
        self._recount(charge.id)
        if refund.status == "failed":
            self.emit("refund.failed", refund_object(refund))
        if refund.status == "succeeded" and refund.card:
            # The reference number follows (docs.stripe.com/refunds#tracing-refunds).
            refund = self._change(evolve(refund, referenced=True))
        if plan.then:
            status, reason_to_fail = plan.then, plan.failure_reason
            self.plan(
                lambda: self._move_as_planned(refund.id, status, reason_to_fail),
                due=self.clock.now() + plan.after,
            )
        return refund

    def complete_refund(self, refund_id: str) -> Refund:
        """Let a pending refund reach the buyer."""
        refund = self._in_status(refund_id, "pending")
        return self._change(
            evolve(refund, status="succeeded", pending_reason=None, referenced=True)
        )

    def fail_refund(self, refund_id: str, *, reason: str = "lost_or_stolen_card") -> Refund:
        """Let the bank return a refund, which may happen weeks later."""
        refund = self._in_status(refund_id, *_UNDER_WAY)
        failed = evolve(refund, status="failed", pending_reason=None, failure_reason=reason)
        return self._change(failed)

    def name_account(self, refund_id: str) -> Refund:
        """Let the buyer name the account that a refund goes to: it is on its way then."""
        refund = self._in_status(refund_id, "requires_action")
        return self._change(evolve(refund, status="pending", pending_reason="processing"))

    def cancel_refund(self, refund_id: str) -> Refund:
        """Cancel a refund that waits for the buyer (docs.stripe.com/api/refunds/cancel)."""
        refund = self._in_status(refund_id, "requires_action")
        return self._change(evolve(refund, status="canceled"))

    def _in_status(self, refund_id: str, *statuses: RefundStatus) -> Refund:
        refund = self.refund(refund_id, param="refund")
        if refund.status not in statuses:
            raise wrong_state(f"This is not possible for a refund that is {refund.status}.")
        return refund

    def _move_as_planned(self, refund_id: str, status: RefundStatus, reason: str) -> None:
        refund = self.refunds[refund_id]
        if status == "succeeded" and refund.status == "pending":
            self.complete_refund(refund_id)
        if status == "failed" and refund.status in _UNDER_WAY:
            self.fail_refund(refund_id, reason=reason)

    def _change(self, refund: Refund) -> Refund:
        old = refund_object(self.refunds[refund.id])
        self.refunds[refund.id] = refund
        self._recount(refund.charge)
        new = refund_object(refund)
        # The second is the older name of the first (docs.stripe.com/api/events/types).
        for event_type in ("refund.updated", "charge.refund.updated"):
            self.emit_change(event_type, old, new)
        if refund.status == "failed":
            self.emit_change("refund.failed", old, new)
        return refund

    def _recount(self, charge_id: str) -> None:
        """Compute what is given back of a charge; `charge.refunded` is sent when it has risen."""
        charge, refunds = self.charges[charge_id], self.refunds_of(charge_id)
        counted = self.unsettled.counted_refunds()
        changed = self.charges[charge_id] = evolve(
            charge,
            given_back=sum(r.amount for r in refunds if r.status in _UNDER_WAY),
            amount_refunded=sum(r.amount for r in refunds if r.status in counted),
        )
        if changed.amount_refunded > charge.amount_refunded:
            self.emit_change("charge.refunded", charge_object(charge), charge_object(changed))
        if changed.given_back >= changed.amount:
            self.end_warnings(charge_id)

    def end_warnings(self, charge_id: str) -> None:
        """Let nothing be left to do about early fraud warnings of a charge."""
        for old in list(self.fraud_warnings.values()):
            if old.charge == charge_id and old.actionable:
                new = self.fraud_warnings[old.id] = evolve(old, actionable=False)
                self.emit_change(
                    "radar.early_fraud_warning.updated",
                    fraud_warning_object(old),
                    fraud_warning_object(new),
                )
