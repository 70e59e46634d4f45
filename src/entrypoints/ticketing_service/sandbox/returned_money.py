"""Writes refunds, disputes and fraud warnings as the objects of Stripe's API reference."""

from ticketing_service.sandbox.records import Dispute, FraudWarning, Refund, sibling_id
from ticketing_service.sandbox.refusals import Json
from ticketing_service.sandbox.stripe_objects import TEMPLATES

_SEVEN_DAYS, _FORTY_FIVE_DAYS = 7 * 24 * 3600, 45 * 24 * 3600


def refund_object(refund: Refund) -> Json:
    """Return a refund. A field that Stripe has no value for is left out."""
    written = TEMPLATES["refund"] | {
        "id": refund.id,
        "amount": refund.amount,
        "balance_transaction": sibling_id(refund.id, "txn"),
        "charge": refund.charge,
        "created": refund.created,
        "currency": refund.currency,
        "metadata": refund.metadata,
        "payment_intent": refund.payment_intent,
        "reason": refund.reason,
        "status": refund.status,
    }
    if refund.card:
        written |= TEMPLATES["refund (referenced)" if refund.referenced else "refund (card)"]
    if refund.pending_reason:
        written["pending_reason"] = refund.pending_reason
    if refund.status == "requires_action":
        written["next_action"] = _next_action(refund)
    if refund.failure_reason:
        written["failure_reason"] = refund.failure_reason
        written["failure_balance_transaction"] = sibling_id(f"{refund.id}f", "txn")
    return written


def _next_action(refund: Refund) -> Json:
    sent = {"email_sent_at": refund.created, "email_sent_to": refund.email or ""}
    details = {"email_sent": sent, "expires_at": refund.created + _FORTY_FIVE_DAYS}
    return {"type": "display_details", "display_details": details}


def dispute_object(dispute: Dispute) -> Json:
    """Return a dispute."""
    template = TEMPLATES["dispute"]
    written = template | {
        "id": dispute.id,
        "amount": dispute.amount,
        "balance_transactions": [
            _balance_transaction(dispute, position) for position in range(len(dispute.movements))
        ],
        "charge": dispute.charge,
        "created": dispute.created,
        "currency": dispute.currency,
        "evidence": template["evidence"] | dispute.evidence,
        "evidence_details": template["evidence_details"]
        | {
            "due_by": 0 if dispute.status == "prevented" else dispute.created + _SEVEN_DAYS,
            "has_evidence": bool(dispute.evidence),
            "submission_count": dispute.submissions,
        },
        "is_charge_refundable": dispute.is_inquiry or dispute.status == "won",
        "metadata": dispute.metadata,
        "payment_intent": dispute.payment_intent,
        "reason": dispute.reason,
        "status": dispute.status,
    }
    if dispute.card:
        case_type = "inquiry" if dispute.is_inquiry else "chargeback"
        details = TEMPLATES["dispute (card)"]["payment_method_details"]
        card = details["card"] | {
            "brand": dispute.card.brand,
            # docs.stripe.com/changelog/basil/2025-08-27/add-preventions-to-dispute
            "case_type": "resolution" if dispute.status == "prevented" else case_type,
        }
        written["payment_method_details"] = details | {"card": card}
    return written


def _balance_transaction(dispute: Dispute, position: int) -> Json:
    template = TEMPLATES["balance_transaction"]
    at, amount = dispute.movements[position]
    taken = amount < 0
    # docs.stripe.com/disputes/how-disputes-work: the fee is not given back.
    fee = template["fee"] if taken else 0
    return template | {
        "id": sibling_id(f"{dispute.id}{position}", "txn"),
        "amount": amount,
        "available_on": at,
        "created": at,
        "currency": dispute.currency,
        "description": f"Chargeback {'withdrawal' if taken else 'reversal'} for {dispute.charge}",
        "fee": fee,
        "net": amount - fee,
        "reporting_category": "dispute" if taken else "dispute_reversal",
        "source": dispute.id,
    }


def fraud_warning_object(warning: FraudWarning) -> Json:
    """Return an early fraud warning."""
    return TEMPLATES["radar.early_fraud_warning"] | {
        "id": warning.id,
        "actionable": warning.actionable,
        "charge": warning.charge,
        "created": warning.created,
        "payment_intent": warning.payment_intent,
    }
