"""A payment provider of your own as a `PaymentGateway`: the imaginary Acme Pay, with a JSON API.

Four things matter, whatever your provider is. No answer is `Unknown`, never a refusal: the call may
have taken effect. A repeat opens and refunds nothing twice: the ticket has the idempotency keys.
After `close` the provider says what the page is; a refusal to close may mean that it is paid. And
amounts say whose money it is, not the status of a refund or a dispute.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from attrs import frozen

from ticketing_core import Checkout, Money, Ticket
from ticketing_core.errors import (
    Overloaded,
    PaymentRefused,
    PaymentsNotConfigured,
    TotalTooLarge,
)
from ticketing_core.payment import (
    CheckoutState,
    Closed,
    GivenBack,
    ListedCheckout,
    ListedPage,
    Missing,
    NewsPage,
    NewsSource,
    Open,
    OpenOutcome,
    Paid,
    PaymentHint,
    Processing,
    RefundOutcome,
    Refused,
    Unknown,
    Waiting,
)

Send = Callable[[str, str, Mapping[str, Any]], tuple[int, Any]]
"""Sends a method, a path and parameters; returns the status and the body. Raises `OSError`."""

LARGEST = 99_999_999
"""Minor units of one payment at Acme."""

_USUAL_EMAIL = re.compile(r"[A-Za-z0-9._+-]{1,64}@[a-z0-9.-]{1,180}\.[a-z]{2,}")
_OK, _NOT_FOUND, _TOO_MANY = 200, 404, 429
_FORBIDDEN = (401, 403)
_REFUSED = range(400, 500)


@frozen
class AcmeGateway:
    """Takes money through Acme's payment pages.

    Attributes:
        send: Sends a request to Acme, with a time-out and your key.
    """

    send: Send

    def objection(self, total: Money) -> TotalTooLarge | None:
        """See `PaymentGateway.objection`."""
        if total.amount_minor > LARGEST:
            return TotalTooLarge(Money(LARGEST, total.currency))
        return None

    def open(
        self, ticket: Ticket, *, event_name: str, ends_at: datetime, email: str | None = None
    ) -> OpenOutcome:
        """See `PaymentGateway.open`."""
        page = {
            "amount": ticket.total.amount_minor,
            "currency": ticket.total.currency,
            "title": event_name,
            "expires_at": ends_at.isoformat(),
            "reference": str(ticket.ticket_code),
            "number": ticket.ticket_id,
            "email": email if email and _USUAL_EMAIL.fullmatch(email) else None,
            "idempotency_key": ticket.open_key,
        }
        status, body = self._call("POST", "/pages", page)
        if status == _OK:
            return Open(_checkout(body))
        if status == _TOO_MANY:
            return Overloaded(timedelta(seconds=2))
        if status in _FORBIDDEN:
            return PaymentsNotConfigured()
        if status in _REFUSED:
            return PaymentRefused(body["code"], retryable=False)
        return Unknown(f"status {status}")

    def look_up(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.look_up`."""
        return self._page("GET", f"/pages/{checkout_id}")

    def close(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.close`."""
        return self._page("POST", f"/pages/{checkout_id}/close")

    def refund(self, paid: Paid, *, key: str) -> RefundOutcome:
        """See `PaymentGateway.refund`."""
        amount = paid.ours.amount_minor
        wanted = {"charge": paid.payment_id, "amount": amount, "idempotency_key": key}
        status, body = self._call("POST", "/refunds", wanted)
        if status in _REFUSED:
            return Refused(body["code"], retryable=status == _TOO_MANY)
        match body if status == _OK else None:
            case {"status": "sent"}:
                return GivenBack()
            case {"status": "waits", "for": why}:
                return Waiting(why)
            case _:
                # Also a refund that has failed at once: the next look counts it.
                return Unknown(f"status {status}")

    def list_checkouts(self, *, since: datetime, after: str | None) -> ListedPage | Unknown:
        """See `PaymentGateway.list_checkouts`."""
        wanted = {"created_from": since.isoformat(), "cursor": after}
        status, body = self._call("GET", "/pages", wanted)
        if status != _OK:
            return Unknown(f"status {status}")
        return ListedPage(checkouts=[_listed(page) for page in body["pages"]], next=body["cursor"])

    def checkout_of(self, payment_id: str) -> ListedCheckout | Missing | Unknown:
        """See `PaymentGateway.checkout_of`."""
        status, body = self._call("GET", f"/charges/{payment_id}/page", {})
        if status == _NOT_FOUND:
            return Missing()
        return _listed(body) if status == _OK else Unknown(f"status {status}")

    def list_news(
        self, source: NewsSource, *, since: datetime, after: str | None
    ) -> NewsPage | Unknown:
        """See `PaymentGateway.list_news`."""
        wanted = {"created_from": since.isoformat(), "cursor": after}
        status, body = self._call("GET", f"/{source.value}", wanted)
        if status != _OK:
            return Unknown(f"status {status}")
        return NewsPage(
            news=[_hint(each) for each in body["entries"]],
            answered_at=datetime.fromisoformat(body["answered_at"]),
            next=body["cursor"],
        )

    def _page(self, method: str, path: str) -> CheckoutState:
        status, body = self._call(method, path, {})
        if status == _NOT_FOUND:
            return Missing()
        return _state(body) if status == _OK else Unknown(f"status {status}")

    def _call(self, method: str, path: str, parameters: Mapping[str, Any]) -> tuple[int, Any]:
        try:
            return self.send(method, path, parameters)
        except OSError:
            return 0, None


def _checkout(page: Mapping[str, Any]) -> Checkout:
    ends_at = datetime.fromisoformat(page["expires_at"])
    return Checkout(checkout_id=page["id"], url=page["url"], ends_at=ends_at)


def _state(page: Mapping[str, Any]) -> CheckoutState:
    match page["status"]:
        case "open":
            return Open(_checkout(page))
        case "processing":
            return Processing()
        case "closed":
            return Closed()
        case "paid":
            return _paid(page)
        case status:
            return Unknown(f"an unknown status: {status}")


def _paid(page: Mapping[str, Any]) -> Paid:
    charge = page["charge"]
    return Paid(
        ticket_code=UUID(page["reference"]),
        payment_id=charge["id"],
        total=Money(charge["amount"], page["currency"]),
        refunded_minor=charge["refunded"],
        held_minor=charge["held"],
        lost_minor=charge["lost"],
        disputed=charge["disputed"],
        waiting=Waiting(charge["refund_waits_for"]) if charge["refund_waits_for"] else None,
        failed_refunds=charge["failed_refunds"],
    )


def _listed(page: Mapping[str, Any]) -> ListedCheckout:
    return ListedCheckout(
        checkout_id=page["id"],
        ticket_code=UUID(page["reference"]),
        ticket_id=page["number"],
        opened_at=datetime.fromisoformat(page["created_at"]),
        state=_state(page),
    )


def _hint(entry: Mapping[str, Any]) -> PaymentHint:
    return PaymentHint(
        payment_id=entry["charge"],
        ticket_code=UUID(entry["reference"]) if entry["reference"] else None,
        refunded_minor=entry["refunded"],
        is_fraud_warning=entry["is_fraud_warning"],
    )
