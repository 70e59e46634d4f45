"""What a Checkout Session is opened with, and which of it the seller chooses."""

import re
from datetime import datetime, timedelta
from urllib.parse import urlencode

from attrs import frozen
from stripe.params.checkout import SessionCreateParams

from ticketing_adapters.stripe_checkout.marks import marks
from ticketing_core.ticket import Ticket

SHORTEST_SESSION = timedelta(minutes=35)
"""Stripe refuses sessions shorter than 30 minutes; the rest allows for latency and for clocks that
differ (docs.stripe.com/api/checkout/sessions/create)."""

SLOW_METHODS = (
    "acss_debit",
    "au_becs_debit",
    "bacs_debit",
    "boleto",
    "customer_balance",
    "konbini",
    "multibanco",
    "nz_bank_account",
    "oxxo",
    "sepa_debit",
    "us_bank_account",
)
"""Bank debits, bank transfers and vouchers: they complete the session at once and pay days later
(docs.stripe.com/payments/payment-methods#payment-notification). A session that is complete cannot
be expired, so anybody could keep the places of a whole event for days without paying."""


LONGEST_EMAIL, LONGEST_LOCAL_PART = 254, 64
"""Characters, of the whole and of what stands before the @ (RFC 5321, 4.5.3.1)."""

_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(
    rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])",
    re.ASCII | re.IGNORECASE,
)
"""Dot-atoms at a domain of two labels or more. Rarer addresses are left out, also those in quotes
and in other alphabets: Stripe refuses the whole session for an address that it does not take
(docs.stripe.com/error-codes#email-invalid), and the buyer can still write it on the page."""


@frozen(kw_only=True)
class PageOptions:
    """What the seller chooses about the payment page and the statement.

    Attributes:
        slow_methods: Whether buyers may pay by methods that take days, such as bank debits.
        statement_suffix: What follows the account's prefix on the statement of a card.
        locale: The language of the page; None for that of the buyer's browser.
        terms: Whether buyers have to accept the terms of service whose address is set in the
            Dashboard.
    """

    slow_methods: bool = False
    statement_suffix: str | None = None
    locale: str | None = None
    terms: bool = False


USUAL_PAGE = PageOptions()


def session_params(
    ticket: Ticket,
    *,
    event_name: str,
    ends_at: datetime,
    frontend_url: str,
    installation_id: str,
    options: PageOptions,
) -> SessionCreateParams:
    """Return the parameters of the session of a ticket, the same ones for every try."""
    metadata = marks(ticket, installation_id=installation_id)
    ticket_id = urlencode({"ticket_id": ticket.ticket_id})
    frontend = f"{frontend_url}/payment"
    params: SessionCreateParams = {
        "mode": "payment",
        "submit_type": "book",
        "line_items": [
            {
                "quantity": ticket.quantity,
                "price_data": {
                    "currency": ticket.total.currency,
                    "unit_amount": ticket.total.amount_minor // ticket.quantity,
                    "product_data": {"name": event_name},
                },
            }
        ],
        "client_reference_id": str(ticket.ticket_code),
        "metadata": metadata,
        "payment_intent_data": {
            # Stripe does not copy it from the session; refunds and disputes are matched by it.
            "metadata": metadata,
            "description": f"{event_name} (ticket {ticket.ticket_id})",
        },
        # Stripe replaces the placeholder; its braces must not be encoded.
        "success_url": f"{frontend}/success?session_id={{CHECKOUT_SESSION_ID}}&{ticket_id}",
        "cancel_url": f"{frontend}/cancel?{ticket_id}",
        # Both count from the ticket's creation, so a retry with the same key sends the same.
        "expires_at": int(max(ends_at, ticket.created_at + SHORTEST_SESSION).timestamp()),
        # Otherwise settings in the Dashboard could change the amount that is charged.
        "adaptive_pricing": {"enabled": False},
        "automatic_tax": {"enabled": False},
        "allow_promotion_codes": False,
    }
    if not options.slow_methods:
        params["excluded_payment_method_types"] = list(SLOW_METHODS)
    if options.statement_suffix is not None:
        params["payment_intent_data"]["statement_descriptor_suffix"] = options.statement_suffix
    if options.locale is not None:
        params["locale"] = options.locale
    if options.terms:
        params["consent_collection"] = {"terms_of_service": "required"}
    return params


def is_usual_email(text: str) -> bool:
    """Return whether this is an address of a form that Stripe takes."""
    found = _EMAIL.fullmatch(text) if len(text) <= LONGEST_EMAIL else None
    return found is not None and len(found["local"]) <= LONGEST_LOCAL_PART
