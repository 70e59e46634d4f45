"""Stripe's rules about what is sold, how long it is offered, and how much can go back."""

from collections.abc import Iterator
from typing import Any

from ticketing_service.sandbox.errors import invalid, wrong_state
from ticketing_service.sandbox.money import check_granularity, in_words
from ticketing_service.sandbox.records import Charge, LineItem

# docs.stripe.com/payments/checkout/managing-limited-inventory; in seconds
_SHORTEST_SESSION, _LONGEST_SESSION = 30 * 60, 24 * 3600


def one_currency(asked: list[dict[str, Any]]) -> str:
    """Return the currency of all lines; a session has only one."""
    currency: str = asked[0]["price_data"]["currency"]
    for position, line in enumerate(asked):
        if line["price_data"]["currency"] != currency:
            raise invalid(
                "All line items of a Checkout Session must have the same currency.",
                param=f"line_items[{position}][price_data][currency]",
            )
    return currency


def line_items(asked: list[dict[str, Any]]) -> Iterator[LineItem]:
    """Yield the lines, with amounts that their currency can express."""
    for position, line in enumerate(asked):
        price = line["price_data"]
        check_granularity(
            amount=price["unit_amount"],
            currency=price["currency"],
            param=f"line_items[{position}][price_data][unit_amount]",
        )
        yield LineItem(
            name=price["product_data"]["name"],
            description=price["product_data"].get("description"),
            unit_amount=price["unit_amount"],
            quantity=line["quantity"],
        )


def end_of_session(asked: int | None, *, now: float) -> int:
    """Return when a session that is opened now ends; both in Unix seconds."""
    if asked is None:
        return int(now) + _LONGEST_SESSION
    if asked < now + _SHORTEST_SESSION:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session "
            "creation.",
            param="expires_at",
        )
    if asked > now + _LONGEST_SESSION:
        raise invalid(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
            param="expires_at",
        )
    return asked


def check_refundable(charge: Charge, *, amount: int | None) -> None:
    """Raise `Refused` when Stripe would not give `amount` (or all) of the charge back."""
    if charge.disputed:
        raise wrong_state(
            f"Charge {charge.id} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    if charge.status != "succeeded":
        raise wrong_state(
            f"This PaymentIntent ({charge.payment_intent}) does not have a successful charge to "
            "refund."
        )
    if not charge.refundable:
        raise wrong_state(
            f"Charge {charge.id} has already been refunded.", code="charge_already_refunded"
        )
    if amount is not None and amount > charge.refundable:
        raise wrong_state(
            f"Refund amount ({in_words(amount, charge.currency)}) is greater than unrefunded "
            f"amount on charge ({in_words(charge.refundable, charge.currency)})"
        )
