"""Stripe's rules about what a session may sell and for how long, and what can be refunded."""

from typing import Any

from ticketing_service.sandbox.amounts import check_granularity, in_words
from ticketing_service.sandbox.payment_methods import BANK_DEBITS, VOUCHERS
from ticketing_service.sandbox.records import Charge, Dispute, LineItem
from ticketing_service.sandbox.refusals import Refused, invalid, wrong_state

# docs.stripe.com/payments/checkout/managing-limited-inventory; in seconds
_SHORTEST_SESSION, _LONGEST_SESSION = 30 * 60, 24 * 3600


def line_items(lines: list[dict[str, Any]]) -> tuple[LineItem, ...]:
    """Return the lines. They must have one currency, and amounts that it can express."""
    currency = lines[0]["price_data"]["currency"]
    for position, line in enumerate(lines):
        param = f"line_items[{position}][price_data]"
        if line["price_data"]["currency"] != currency:
            raise invalid(
                "All line items of a Checkout Session must have the same currency.",
                param=f"{param}[currency]",
            )
        amount = line["price_data"]["unit_amount"]
        check_granularity(amount=amount, currency=currency, param=f"{param}[unit_amount]")
    return tuple(
        LineItem(
            name=line["price_data"]["product_data"]["name"],
            description=line["price_data"]["product_data"].get("description"),
            unit_amount=line["price_data"]["unit_amount"],
            quantity=line["quantity"],
        )
        for line in lines
    )


def offered_methods(params: dict[str, Any], *, currency: str) -> tuple[str, ...]:
    """Return the payment method types that the page of a session offers."""
    allowed = params.get("allowed_payment_method_types")
    excluded = params.get("excluded_payment_method_types", [])
    methods = tuple(
        method
        for method in ("card", BANK_DEBITS.get(currency), VOUCHERS.get(currency))
        if method and (not allowed or method in allowed) and method not in excluded
    )
    if not methods:
        raise invalid(
            "No valid payment method types for this Checkout Session.",
            param="allowed_payment_method_types",
        )
    return methods


def end_of_session(expires_at: int | None, *, now: float) -> int:
    """Return when a session that is opened now expires."""
    if expires_at is None:
        return int(now) + _LONGEST_SESSION
    if expires_at < now + _SHORTEST_SESSION:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session "
            "creation.",
            param="expires_at",
        )
    if expires_at > now + _LONGEST_SESSION:
        raise invalid(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
            param="expires_at",
        )
    return expires_at


def check_refundable(charge: Charge, *, amount: int | None, disputes: list[Dispute]) -> None:
    """Raise `Refused` if Stripe would not refund `amount` (None: the rest) of the charge.

    While a chargeback is open, nothing is refunded. An inquiry, and a dispute that was won, hinder
    no refund; what was lost is gone.
    """
    if any(dispute.taken and not dispute.is_over for dispute in disputes):
        raise _charged_back(charge)
    if charge.status != "succeeded":
        raise wrong_state(
            f"This PaymentIntent ({charge.payment_intent}) does not have a successful charge to "
            "refund."
        )
    if charge.given_back >= charge.amount:
        raise wrong_state(
            f"Charge {charge.id} has already been refunded.", code="charge_already_refunded"
        )
    if not charge.refundable:
        raise _charged_back(charge)
    if amount is not None and amount > charge.refundable:
        raise wrong_state(
            f"Refund amount ({in_words(amount, charge.currency)}) is greater than unrefunded "
            f"amount on charge ({in_words(charge.refundable, charge.currency)})"
        )


def _charged_back(charge: Charge) -> Refused:
    return wrong_state(
        f"Charge {charge.id} has been charged back; cannot issue a refund.",
        code="charge_disputed",
    )
