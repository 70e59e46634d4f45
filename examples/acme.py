"""A stand-in for Acme Pay, with the money of the kit's `FakeGateway` behind it.

For a provider that exists, its test mode takes this place.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import frozen

from ticketing_core import Money, Ticket, TicketStatus
from ticketing_core.errors import PaymentRefused
from ticketing_core.payment import (
    Closed,
    GivenBack,
    ListedCheckout,
    ListedPage,
    NewsPage,
    NewsSource,
    Open,
    Paid,
    Processing,
    Refused,
    Waiting,
)
from ticketing_core.testing import FakeGateway, ManualClock

Answer = tuple[int, Any]
NOT_FOUND: Answer = (404, {"code": "not_found"})


@frozen
class Acme:
    """Answers requests as Acme does."""

    money: FakeGateway
    clock: ManualClock

    def send(self, method: str, path: str, parameters: Mapping[str, Any]) -> Answer:
        """Answer one request."""
        match method, path.strip("/").split("/"):
            case "POST", ["pages"]:
                return self._open(parameters)
            case "POST", ["pages", page_id, "close"]:
                self.money.close(page_id)
                return self._page(page_id)
            case "GET", ["pages", page_id]:
                return self._page(page_id)
            case "POST", ["refunds"]:
                return self._refund(parameters)
            case "GET", ["pages"]:
                return self._pages(parameters)
            case "GET", ["charges", charge_id, "page"]:
                found = self.money.checkout_of(charge_id)
                return (200, self._shown(found)) if isinstance(found, ListedCheckout) else NOT_FOUND
            case "GET", [source]:
                return self._news(NewsSource(source), parameters)
            case _:
                return NOT_FOUND

    def _open(self, wanted: Mapping[str, Any]) -> Answer:
        # The fake gateway opens checkouts for tickets.
        ticket = Ticket(
            ticket_id=wanted["number"],
            ticket_code=UUID(wanted["reference"]),
            event_id=1,
            buyer="buyer",
            quantity=1,
            total=Money(wanted["amount"], wanted["currency"]),
            status=TicketStatus.RESERVED,
            created_at=self.clock.now(),
        )
        ends_at = datetime.fromisoformat(wanted["expires_at"])
        opened = self.money.open(
            ticket, event_name=wanted["title"], ends_at=ends_at, email=wanted["email"]
        )
        match opened:
            case Open(checkout):
                return self._page(checkout.checkout_id)
            case PaymentRefused():
                return 400, {"code": opened.gateway_code}
            case _:
                return 500, None

    def _page(self, page_id: str) -> Answer:
        for each in self.money.checkouts:
            if each.checkout.checkout_id == page_id:
                return 200, self._shown(each.listed(self.clock.now()))
        return NOT_FOUND

    def _refund(self, wanted: Mapping[str, Any]) -> Answer:
        paid = Paid(
            ticket_code=UUID(int=0),
            payment_id=wanted["charge"],
            total=Money(wanted["amount"], "usd"),
        )
        match self.money.refund(paid, key=wanted["idempotency_key"]):
            case GivenBack():
                return 200, {"status": "sent"}
            case Waiting(why):
                return 200, {"status": "waits", "for": why}
            case Refused(code):
                return 400, {"code": code}
            case _:
                return 200, {"status": "failed"}

    def _pages(self, wanted: Mapping[str, Any]) -> Answer:
        since = datetime.fromisoformat(wanted["created_from"])
        listed = self.money.list_checkouts(since=since, after=wanted["cursor"])
        assert isinstance(listed, ListedPage)
        pages = [self._shown(each) for each in listed.checkouts]
        return 200, {"pages": pages, "cursor": listed.next}

    def _news(self, source: NewsSource, wanted: Mapping[str, Any]) -> Answer:
        since = datetime.fromisoformat(wanted["created_from"])
        page = self.money.list_news(source, since=since, after=wanted["cursor"])
        assert isinstance(page, NewsPage)
        entries = [
            {
                "charge": hint.payment_id,
                "reference": str(hint.ticket_code) if hint.ticket_code else None,
                "refunded": hint.refunded_minor,
                "is_fraud_warning": hint.is_fraud_warning,
            }
            for hint in page.news
        ]
        answered_at = page.answered_at.isoformat()
        return 200, {"entries": entries, "answered_at": answered_at, "cursor": page.next}

    def _shown(self, found: ListedCheckout) -> dict[str, Any]:
        [kept] = [
            each for each in self.money.checkouts if each.checkout.checkout_id == found.checkout_id
        ]
        names = {Open: "open", Processing: "processing", Closed: "closed"}
        page: dict[str, Any] = {
            "id": found.checkout_id,
            "url": kept.checkout.url,
            "expires_at": kept.checkout.ends_at.isoformat(),
            "created_at": found.opened_at.isoformat(),
            "reference": str(found.ticket_code),
            "number": found.ticket_id,
            "currency": kept.total.currency,
            "status": names.get(type(found.state), "paid"),
        }
        if isinstance(found.state, Paid):
            paid = found.state
            page["charge"] = {
                "id": paid.payment_id,
                "amount": paid.total.amount_minor,
                "refunded": paid.refunded_minor,
                "held": paid.held_minor,
                "lost": paid.lost_minor,
                "disputed": paid.disputed,
                "refund_waits_for": paid.waiting.why if paid.waiting else None,
                "failed_refunds": paid.failed_refunds,
            }
        return page
