"""Writes a Checkout Session as docs.stripe.com/api/checkout/sessions/object shows it."""

from typing import Any

from ticketing_service.sandbox.records import Session


def session_object(session: Session, *, public_url: str) -> dict[str, Any]:
    """Return the complete object; `payment_intent` is an id, to be expanded by the caller."""
    return {
        "id": session.id,
        "object": "checkout.session",
        **_state(session, public_url=public_url),
        **_as_asked(session),
        **_never_used(),
    }


def _state(session: Session, *, public_url: str) -> dict[str, Any]:
    is_open = session.status == "open"
    return {
        "amount_subtotal": session.amount_total,
        "amount_total": session.amount_total,
        "created": session.created,
        "currency": session.currency,
        "customer_details": _customer_details(session),
        "expires_at": session.expires_at,
        "livemode": False,
        "payment_intent": session.payment_intent,
        "payment_method_types": list(session.methods),
        "payment_status": session.payment_status,
        "status": session.status,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "url": f"{public_url}/c/pay/{session.id}" if is_open else None,
    }


def _customer_details(session: Session) -> dict[str, Any] | None:
    email = session.buyer_email or session.asked.get("customer_email")
    if email is None and session.buyer_name is None:
        return None
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": session.buyer_name,
        "phone": None,
        "tax_exempt": "none" if session.status == "complete" else None,
        "tax_ids": [] if session.status == "complete" else None,
    }


def _as_asked(session: Session) -> dict[str, Any]:
    asked = session.asked
    taxed = asked.get("automatic_tax", {}).get("enabled", False)
    text = asked.get("custom_text", {})
    return {
        "adaptive_pricing": {"enabled": asked.get("adaptive_pricing", {}).get("enabled", False)},
        "allow_promotion_codes": asked.get("allow_promotion_codes"),
        "allowed_payment_method_types": asked.get("allowed_payment_method_types"),
        "automatic_tax": {
            "enabled": taxed,
            "liability": {"type": "self"} if taxed else None,
            "provider": "stripe" if taxed else None,
            "status": _tax_status(session) if taxed else None,
        },
        "billing_address_collection": asked.get("billing_address_collection"),
        "cancel_url": asked.get("cancel_url"),
        "client_reference_id": asked.get("client_reference_id"),
        "custom_text": {
            "after_submit": text.get("after_submit"),
            "shipping_address": None,
            "submit": text.get("submit"),
            "terms_of_service_acceptance": None,
        },
        "customer_creation": asked.get("customer_creation", "if_required"),
        "customer_email": asked.get("customer_email"),
        "excluded_payment_method_types": asked.get("excluded_payment_method_types", []),
        "locale": asked.get("locale"),
        "metadata": asked.get("metadata", {}),
        "mode": asked["mode"],
        "phone_number_collection": {
            "enabled": asked.get("phone_number_collection", {}).get("enabled", False)
        },
        "submit_type": asked.get("submit_type"),
        "success_url": asked["success_url"],
        "ui_mode": asked.get("ui_mode", "hosted_page"),
    }


def _tax_status(session: Session) -> str:
    return "complete" if session.status == "complete" else "requires_location_inputs"


def _never_used() -> dict[str, Any]:
    """Return the fields whose features the sandbox has not, as Stripe sends them then."""
    return {
        "after_expiration": None,
        "branding_settings": {
            "background_color": "#ffffff",
            "border_style": "rounded",
            "button_color": "#0074d4",
            "display_name": "Sandbox",
            "font_family": "default",
            "icon": None,
            "logo": None,
        },
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "currency_conversion": None,
        "custom_fields": [],
        "customer": None,
        "customer_account": None,
        "discounts": [],
        "integration_identifier": None,
        "invoice": None,
        "invoice_creation": {
            "enabled": False,
            "invoice_data": {
                "account_tax_ids": None,
                "custom_fields": None,
                "description": None,
                "footer": None,
                "issuer": None,
                "metadata": {},
                "rendering_options": None,
            },
        },
        "managed_payments": {"enabled": False},
        "origin_context": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "permissions": None,
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "subscription": None,
        "wallet_options": None,
    }
