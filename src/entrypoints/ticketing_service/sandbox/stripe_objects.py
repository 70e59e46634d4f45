"""Writes the stored records as the objects of Stripe's API reference.

`stripe_objects.json` has one complete object of each type, and its variants: what a failure or a
card changes in it. The functions here replace what differs between objects of a type. Related
objects are ids; `expansion` replaces them.
"""

import json
from pathlib import Path

from ticketing_service.sandbox.records import Charge, Dispute, Refund, Session, new_id, sibling_id
from ticketing_service.sandbox.refusals import Json

_TEMPLATES: dict[str, Json] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
_SEVEN_DAYS = 7 * 24 * 3600

API_VERSION: str = _TEMPLATES["event"]["api_version"]
"""The version that stripe 16.1.0 speaks and that the objects follow."""


def session_object(session: Session) -> Json:
    """Return a Checkout Session."""
    template = _TEMPLATES["checkout.session"]
    complete = session.status == "complete"
    # Optional parameters are shown under their own names; nested ones are completed.
    shown = {
        name: template[name] | value if isinstance(value, dict) else value
        for name, value in session.params.items()
        if name in template
    }
    if session.params.get("automatic_tax") == {"enabled": True}:
        shown |= _TEMPLATES["checkout.session (taxed)"]
        if complete:
            shown["automatic_tax"] = shown["automatic_tax"] | {"status": "complete"}
    return (
        template
        | shown
        | {
            "id": session.id,
            "amount_subtotal": session.amount_total,
            "amount_total": session.amount_total,
            "created": session.created,
            "currency": session.currency,
            "customer_details": _customer_details(session),
            "expires_at": session.expires_at,
            "payment_intent": session.payment_intent,
            "payment_method_types": list(session.methods),
            "payment_status": session.payment_status,
            "status": session.status,
            "url": session.page_url if session.status == "open" else None,
        }
    )


def _customer_details(session: Session) -> Json | None:
    email = session.buyer_email or session.params.get("customer_email")
    if email is None and session.buyer_name is None:
        return None
    details: Json = _TEMPLATES["checkout.session (customer)"]["customer_details"]
    taxes = {"tax_exempt": "none", "tax_ids": []} if session.status == "complete" else {}
    return details | {"email": email, "name": session.buyer_name} | taxes


def payment_intent_object(charge: Charge) -> Json:
    """Return the payment intent of a charge."""
    statuses = {"pending": "processing", "failed": "requires_payment_method"}
    written = _TEMPLATES["payment_intent"] | charge.params
    written |= {
        "id": charge.payment_intent,
        "amount": charge.amount,
        "amount_received": charge.amount if charge.status == "succeeded" else 0,
        "client_secret": f"{charge.payment_intent}_secret_sandbox",
        "created": charge.created,
        "currency": charge.currency,
        "latest_charge": charge.id,
        "payment_method": sibling_id(charge.id, "pm"),
        "payment_method_types": [charge.method],
        "status": statuses.get(charge.status, "succeeded"),
    }
    if charge.status == "failed":
        failure = _TEMPLATES["payment_intent (failed)"]
        error = failure["last_payment_error"] | {"charge": charge.id}
        written |= failure | {"last_payment_error": error}
    return written


def charge_object(charge: Charge) -> Json:
    """Return the charge; `refunds` is there only when expanded."""
    template = _TEMPLATES["charge"]
    succeeded = charge.status == "succeeded"
    written = template | {
        "id": charge.id,
        "amount": charge.amount,
        "amount_captured": charge.amount if succeeded else 0,
        "amount_refunded": charge.amount_refunded,
        "balance_transaction": sibling_id(charge.id, "txn") if succeeded else None,
        "billing_details": template["billing_details"]
        | {"email": charge.email, "name": charge.name},
        "captured": succeeded,
        "created": charge.created,
        "currency": charge.currency,
        "description": charge.params.get("description"),
        "disputed": charge.disputed,
        "metadata": charge.params.get("metadata", {}),
        "paid": succeeded,
        "payment_intent": charge.payment_intent,
        "payment_method": sibling_id(charge.id, "pm"),
        "payment_method_details": _payment_method_details(charge),
        "refunded": succeeded and charge.amount_refunded == charge.amount,
        "status": charge.status,
    }
    return written | _TEMPLATES["charge (failed)"] if charge.status == "failed" else written


def _payment_method_details(charge: Charge) -> Json:
    if charge.card is None:
        debit = {"fingerprint": None, "last4": "6789"}
        return {"type": charge.method, charge.method: debit}
    brand, last4 = charge.card.brand, charge.card.number[-4:]
    card = {"amount_authorized": charge.amount, "brand": brand, "last4": last4, "network": brand}
    template = _TEMPLATES["charge"]["payment_method_details"]["card"]
    return {"type": "card", "card": template | card}


def refund_object(refund: Refund) -> Json:
    """Return a refund."""
    written = _TEMPLATES["refund"] | {
        "id": refund.id,
        "amount": refund.amount,
        "balance_transaction": sibling_id(refund.id, "txn"),
        "charge": refund.charge,
        "created": refund.created,
        "currency": refund.currency,
        "metadata": refund.metadata,
        "payment_intent": sibling_id(refund.charge, "pi"),
        "reason": refund.reason,
        "status": refund.status,
    }
    if refund.card:
        written |= _TEMPLATES["refund (card)"]
    if refund.status == "failed":
        written |= _TEMPLATES["refund (failed)"]
        written["failure_balance_transaction"] = sibling_id(f"{refund.id}f", "txn")
    return written


def dispute_object(dispute: Dispute) -> Json:
    """Return a dispute that the seller has not responded to yet."""
    template = _TEMPLATES["dispute"]
    due_by = dispute.created + _SEVEN_DAYS
    written = template | {
        "id": dispute.id,
        "amount": dispute.amount,
        "balance_transactions": [_dispute_transaction(dispute)],
        "charge": dispute.charge,
        "created": dispute.created,
        "currency": dispute.currency,
        "evidence_details": template["evidence_details"] | {"due_by": due_by},
        "payment_intent": sibling_id(dispute.charge, "pi"),
    }
    if dispute.card:
        details = _TEMPLATES["dispute (card)"]["payment_method_details"]
        card = details["card"] | {"brand": dispute.card.brand}
        written["payment_method_details"] = details | {"card": card}
    return written


def _dispute_transaction(dispute: Dispute) -> Json:
    template = _TEMPLATES["balance_transaction"]
    return template | {
        "id": sibling_id(dispute.id, "txn"),
        "amount": -dispute.amount,
        "available_on": dispute.created,
        "created": dispute.created,
        "currency": dispute.currency,
        "description": f"Chargeback withdrawal for {dispute.charge}",
        "net": -dispute.amount - template["fee"],
        "source": dispute.id,
    }


def list_object(data: list[Json], *, url: str, has_more: bool = False) -> Json:
    """Return a page of objects."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def event_object(event_type: str, subject: Json, *, previous: Json | None, created: int) -> Json:
    """Return a new event about an object as it is now.

    `previous` holds what the event changed, with the values from before.
    """
    changed = {} if previous is None else {"previous_attributes": previous}
    return _TEMPLATES["event"] | {
        "id": new_id("evt_1"),
        "created": created,
        "data": {"object": subject, **changed},
        "type": event_type,
    }
