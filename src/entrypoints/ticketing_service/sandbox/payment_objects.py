"""Writes payment intents, charges, refunds and disputes as Stripe's API reference shows them."""

from typing import Any

from ticketing_service.sandbox.records import Charge, Dispute, PaymentIntent, Refund

_SEVEN_DAYS = 7 * 24 * 3600
_FEE_PER_DISPUTE = 1500


def payment_intent_object(intent: PaymentIntent) -> dict[str, Any]:
    """Return the complete object; `latest_charge` is an id."""
    succeeded = intent.status == "succeeded"
    failed = intent.status == "requires_payment_method"
    return {
        "id": intent.id,
        "object": "payment_intent",
        "allowed_payment_method_types": None,
        "amount": intent.amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": intent.amount if succeeded else 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": intent.secret,
        "confirmation_method": "automatic",
        "created": intent.created,
        "currency": intent.currency,
        "customer": None,
        "customer_account": None,
        "description": intent.asked.get("description"),
        "excluded_payment_method_types": None,
        "last_payment_error": _last_error(intent) if failed else None,
        "latest_charge": intent.charge,
        "livemode": False,
        "metadata": intent.asked.get("metadata", {}),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None if failed else "pm_1" + intent.charge.removeprefix("ch_3"),
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": [intent.method],
        "processing": None,
        "receipt_email": intent.asked.get("receipt_email"),
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "statement_descriptor": intent.asked.get("statement_descriptor"),
        "statement_descriptor_suffix": intent.asked.get("statement_descriptor_suffix"),
        "status": intent.status,
        "transfer_data": None,
        "transfer_group": None,
    }


def _last_error(intent: PaymentIntent) -> dict[str, Any]:
    return {
        "charge": intent.charge,
        "code": "payment_method_provider_decline",
        "doc_url": "https://docs.stripe.com/error-codes#payment-method-provider-decline",
        "message": "The bank returned the debit.",
        "type": "invalid_request_error",
    }


def charge_object(charge: Charge) -> dict[str, Any]:
    """Return the complete object; `refunds` is there only when expanded."""
    succeeded = charge.status == "succeeded"
    return {
        "id": charge.id,
        "object": "charge",
        "amount": charge.amount,
        "amount_captured": charge.amount if succeeded else 0,
        "amount_refunded": charge.amount_refunded,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": _transaction(charge.id) if succeeded else None,
        "billing_details": {
            "address": dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state")),
            "email": charge.email,
            "name": charge.name,
            "phone": None,
            "tax_id": None,
        },
        "calculated_statement_descriptor": "SANDBOX",
        "captured": succeeded,
        "created": charge.created,
        "currency": charge.currency,
        "customer": None,
        "description": charge.description,
        "disputed": charge.disputed,
        "failure_balance_transaction": None,
        "failure_code": "payment_method_provider_decline" if charge.status == "failed" else None,
        "failure_message": "The bank returned the debit." if charge.status == "failed" else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": charge.metadata,
        "on_behalf_of": None,
        "outcome": _outcome(charge),
        "paid": succeeded,
        "payment_intent": charge.payment_intent,
        "payment_method": charge.payment_method,
        "payment_method_details": _method_details(charge),
        "radar_options": {},
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": succeeded and charge.amount_refunded == charge.amount,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": charge.status,
        "transfer_data": None,
        "transfer_group": None,
    }


def _outcome(charge: Charge) -> dict[str, Any]:
    failed = charge.status == "failed"
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network" if failed else "approved_by_network",
        "reason": "generic_decline" if failed else None,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": "The bank returned the debit." if failed else "Payment complete.",
        "type": "issuer_declined" if failed else "authorized",
    }


def _method_details(charge: Charge) -> dict[str, Any]:
    if charge.method != "card":
        inner: dict[str, Any] = {"fingerprint": None, "last4": charge.last4}
        return {"type": charge.method, charge.method: inner}
    return {
        "type": "card",
        "card": {
            "amount_authorized": charge.amount,
            "authorization_code": None,
            "brand": charge.brand,
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "pass",
            },
            "country": "US",
            "exp_month": 12,
            "exp_year": 2034,
            "fingerprint": None,
            "funding": "credit",
            "installments": None,
            "last4": charge.last4,
            "mandate": None,
            "network": charge.brand,
            "network_token": {"used": False},
            "network_transaction_id": None,
            "regulated_status": "unregulated",
            "three_d_secure": None,
            "wallet": None,
        },
    }


def refund_object(refund: Refund) -> dict[str, Any]:
    """Return the complete object; `charge` and `payment_intent` are ids."""
    failed = refund.status == "failed"
    fields: dict[str, Any] = {
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount,
        "balance_transaction": _transaction(refund.id),
        "charge": refund.charge,
        "created": refund.created,
        "currency": refund.currency,
        "metadata": refund.metadata,
        "payment_intent": refund.payment_intent,
        "reason": refund.reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": refund.status,
        "transfer_reversal": None,
    }
    if refund.method == "card":
        fields["destination_details"] = {
            "type": "card",
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
        }
    if failed:
        fields["failure_balance_transaction"] = _transaction(refund.id + "f")
        fields["failure_reason"] = "lost_or_stolen_card"
    return fields


def dispute_object(dispute: Dispute) -> dict[str, Any]:
    """Return the complete object of a dispute that nobody has answered yet."""
    fields: dict[str, Any] = {
        "id": dispute.id,
        "object": "dispute",
        "amount": dispute.amount,
        "balance_transactions": [_dispute_transaction(dispute)],
        "charge": dispute.charge,
        "created": dispute.created,
        "currency": dispute.currency,
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(_EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": dispute.created + _SEVEN_DAYS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": dispute.payment_intent,
        "reason": "fraudulent",
        "status": "needs_response",
    }
    if dispute.method == "card":
        fields["payment_method_details"] = {
            "type": "card",
            "card": {
                "brand": dispute.brand,
                "case_type": "chargeback",
                "network_reason_code": "10.4",
            },
        }
    return fields


_EVIDENCE = (
    "access_activity_log billing_address cancellation_policy cancellation_policy_disclosure "
    "cancellation_rebuttal customer_communication customer_email_address customer_name "
    "customer_purchase_ip customer_signature duplicate_charge_documentation "
    "duplicate_charge_explanation duplicate_charge_id product_description receipt refund_policy "
    "refund_policy_disclosure refund_refusal_explanation service_date service_documentation "
    "shipping_address shipping_carrier shipping_date shipping_documentation "
    "shipping_tracking_number uncategorized_file uncategorized_text"
).split()


def _dispute_transaction(dispute: Dispute) -> dict[str, Any]:
    return {
        "id": _transaction(dispute.id),
        "object": "balance_transaction",
        "amount": -dispute.amount,
        "available_on": dispute.created,
        "balance_type": "payments",
        "created": dispute.created,
        "currency": dispute.currency,
        "description": f"Chargeback withdrawal for {dispute.charge}",
        "exchange_rate": None,
        "fee": _FEE_PER_DISPUTE,
        "fee_details": [],
        "net": -dispute.amount - _FEE_PER_DISPUTE,
        "reporting_category": "dispute",
        "source": dispute.id,
        "status": "available",
        "type": "adjustment",
    }


def _transaction(object_id: str) -> str:
    """Return the id of the balance transaction that belongs to one object."""
    return "txn_" + object_id.partition("_")[2]
