"""Writes sessions, payments and events as the objects of Stripe's API reference.

`stripe_objects.json` has one complete object of each type, and its variants: what a failure or a
card changes in it. The functions here replace what differs between objects of a type. Related
objects are ids; `expansion` replaces them.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

from attrs import asdict

from ticketing_service.sandbox.payment_methods import Decline
from ticketing_service.sandbox.records import Charge, Intent, Session, new_id, sibling_id
from ticketing_service.sandbox.refusals import Json

TEMPLATES: dict[str, Json] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))

_PATHS = {
    "charge": "charges",
    "checkout.session": "checkout/sessions",
    "dispute": "disputes",
    "payment_intent": "payment_intents",
    "radar.early_fraud_warning": "radar/early_fraud_warnings",
    "refund": "refunds",
}

API_VERSION: str = TEMPLATES["event"]["api_version"]
"""The version that stripe 16.1.0 speaks and that the objects follow."""


def session_object(session: Session) -> Json:
    """Return a Checkout Session."""
    template = TEMPLATES["checkout.session"]
    complete = session.status == "complete"
    # Optional parameters are shown under their own names; nested ones are completed.
    shown = {
        name: (template[name] or {}) | value if isinstance(value, dict) else value
        for name, value in session.params.items()
        if name in template
    }
    if session.params.get("automatic_tax") == {"enabled": True}:
        shown |= TEMPLATES["checkout.session (taxed)"]
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
    details: Json = TEMPLATES["checkout.session (customer)"]["customer_details"]
    taxes = {"tax_exempt": "none", "tax_ids": []} if session.status == "complete" else {}
    return details | {"email": email, "name": session.buyer_name} | taxes


def payment_intent_object(intent: Intent) -> Json:
    """Return a payment intent."""
    paid_with = intent.latest_charge or (intent.id if intent.status == "requires_action" else None)
    written = TEMPLATES["payment_intent"] | intent.params
    return written | {
        "id": intent.id,
        "amount": intent.amount,
        "amount_received": intent.amount if intent.status == "succeeded" else 0,
        "canceled_at": intent.canceled_at,
        "cancellation_reason": intent.cancellation_reason,
        "client_secret": f"{intent.id}_secret_sandbox",
        "created": intent.created,
        "currency": intent.currency,
        "last_payment_error": _payment_error(intent),
        "latest_charge": intent.latest_charge,
        "next_action": _next_action(intent) if intent.status == "requires_action" else None,
        "payment_method": sibling_id(paid_with, "pm") if paid_with and not intent.problem else None,
        "payment_method_types": [intent.method],
        "status": intent.status,
    }


def _payment_error(intent: Intent) -> Json | None:
    if intent.problem is None:
        return None
    code = intent.problem.code
    error = asdict(intent.problem) | {
        "charge": intent.latest_charge,
        "doc_url": f"https://docs.stripe.com/error-codes#{code.replace('_', '-')}",
    }
    return {name: value for name, value in error.items() if value is not None}


def _next_action(intent: Intent) -> Json:
    if intent.method == "card":
        return {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
    name = f"{intent.method}_display_details"
    return {"type": name, name: TEMPLATES["payment_intent (vouchers)"]["next_action"][name]}


def charge_object(charge: Charge) -> Json:
    """Return the charge; `refunds` is there only when expanded."""
    template = TEMPLATES["charge"]
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
    return written | _failure(charge.problem) if charge.problem else written


def _failure(problem: Decline) -> Json:
    outcome = TEMPLATES["charge (failed)"]["outcome"]
    return {
        "failure_code": problem.code,
        "failure_message": problem.message,
        "outcome": outcome
        | {
            "reason": problem.decline_code or "generic_decline",
            "seller_message": problem.message,
        },
    }


def _payment_method_details(charge: Charge) -> Json:
    if charge.card is None:
        details = TEMPLATES["charge (slow)"]["payment_method_details"]
        return {"type": charge.method, charge.method: details[charge.method]}
    brand, last4 = charge.card.brand, charge.card.number[-4:]
    card = {"amount_authorized": charge.amount, "brand": brand, "last4": last4, "network": brand}
    template = TEMPLATES["charge"]["payment_method_details"]["card"]
    return {"type": "card", "card": template | card}


def list_object(data: list[Json], *, url: str, has_more: bool = False) -> Json:
    """Return a page of objects."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def event_object(event_type: str, subject: Json, *, previous: Json | None, created: int) -> Json:
    """Return a new event about an object as it is now.

    `previous` holds what the event changed, with the values from before.
    """
    changed = {} if previous is None else {"previous_attributes": previous}
    return TEMPLATES["event"] | {
        "id": new_id("evt_1"),
        "created": created,
        "data": {"object": subject, **changed},
        "type": event_type,
    }


def thin_event_object(event: Json) -> Json:
    """Return an event as a "thin" endpoint gets it (docs.stripe.com/event-destinations)."""
    subject = event["data"]["object"]
    created = datetime.fromtimestamp(event["created"], UTC)
    return TEMPLATES["v2.core.event"] | {
        "id": event["id"],
        "created": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "related_object": {
            "id": subject["id"],
            "type": subject["object"],
            "url": f"/v1/{_PATHS[subject['object']]}/{subject['id']}",
        },
        "type": f"v1.{event['type']}",
    }
