"""Buyers and an organizer who do what people do, and keep the receipts of what they learned."""

from collections.abc import Mapping
from queue import Empty
from random import Random
from typing import Any

import requests
from attrs import field, frozen

from tests.integration.chaos.site import DELIVERIES, Shown, Site
from tests.support.audit import Receipt, Receipts
from tests.support.server import Answer, access_token
from ticketing_service.sandbox import Decline, PayWith, Refused

CREATE = "/api/payments/create-payment-intent/"
VERIFY = "/api/payments/verify/"
CANCEL = "/api/payments/cancel/"
REFUND = "/api/payments/refund/"

REFUSALS = {
    "sold_out",
    "over_buyer_limit",
    "payment_refused",
    "payment_not_started",
    "sale_closed",
    "event_cancelled",
    "order_closed",
}
"""Codes with which a purchase may fail."""

WAYS_TO_GO_ON = ["pay"] * 6 + ["decline", "debit", "leave", "cancel", "late", "close the browser"]
WAYS_OF_AN_ORGANIZER = ["keep"] * 6 + ["refund"] * 3 + ["dashboard", "partly"]

UNTRUE_ONCE_PAID = {"payment_open", "order_cancelled", "order_expired"}
WAIT_FOR_AN_ISSUED_TICKET_SECONDS = 0.2


@frozen(kw_only=True)
class Buyer:
    """Buys again and again, in all possible ways."""

    name: str
    site: Site
    rng: Random
    receipts: Receipts = field(factory=Receipts)
    _paid: set[str] = field(factory=set, init=False)
    _token: str = field(init=False)

    @_token.default
    def _token_of(self) -> str:
        return access_token(self.name)

    def run(self) -> Receipts:
        """Buy until the site closes."""
        number = 0
        while not self.site.over.is_set():
            number += 1
            self.buy(number)
        return self.receipts

    def buy(self, number: int) -> None:
        """Buy once; `number` tells apart the purchases of a buyer."""
        key = f"purchase {number}" if self.rng.random() < 0.6 else None
        self._shop(key=key)

    def _shop(self, *, key: str | None) -> None:
        body = {
            "event_id": self.rng.choice(self.site.events),
            "quantity": self.rng.randint(1, 3),
        }
        receipt = self._buy(body, key=key)
        if receipt is None and key is None and self.rng.random() < 0.5:
            receipt = self._lost_order()
        if receipt is None:
            return
        if key is not None and self.rng.random() < 0.2:
            # A double click, or a reloaded page.
            self._buy(body, key=key)
        if receipt.session_id is not None:
            self._go_on(receipt, session_id=receipt.session_id)

    def _go_on(self, receipt: Receipt, *, session_id: str) -> None:
        match self.rng.choice(WAYS_TO_GO_ON):
            case "pay":
                self._pay(session_id)
                self._verify(receipt)
            case "decline":
                self._pay(session_id, PayWith.DECLINED_CARD)
                self._pay(session_id)
                self._verify(receipt)
            case "debit":
                self._pay(session_id, PayWith.BANK_DEBIT)
                self._verify(receipt)
            case "cancel":
                self._cancel(receipt)
                self._pay(session_id)
                if receipt.ticket_id in self.receipts.cancelled and session_id in self._paid:
                    self.receipts.lie(receipt, "could be paid", "that it is cancelled")
            case "late":
                self._pay(session_id)
                self._cancel(receipt)
            case "close the browser":
                # Only a webhook or settling can report the payment.
                self._pay(session_id)
            case _:
                pass

    def _buy(self, body: Mapping[str, int], *, key: str | None) -> Receipt | None:
        headers = {} if key is None else {"Idempotency_Key": f'"{key}"'}
        is_over = self.site.cancelled.is_set() and body["event_id"] == self.site.doomed
        answer = self.site.call(
            CREATE,
            body,
            token=self._token,
            receipts=self.receipts,
            repeat=key is not None,
            **headers,
        )
        if answer is None or answer.status == 503:
            return None
        if answer.status != 200:
            if answer.status == 400 and answer.body["code"] not in REFUSALS:
                self.receipts.lies.append(f"a purchase was refused: {answer.content!r}")
            return None
        receipt = self._receipt(answer.body, event_id=body["event_id"], quantity=body["quantity"])
        self.receipts.show(receipt, key=key)
        if is_over and key is None:
            self.receipts.lie(receipt, "is of a cancelled event", answer.body)
        if answer.body.get("qr_code_data"):
            self._issued(receipt, answer)
        return receipt

    def _lost_order(self) -> Receipt | None:
        """Find the newest order that can be paid in the list of tickets, as a page would."""
        try:
            answer = self.site.server.get("/api/tickets/", token=self._token)
        except requests.RequestException:
            return None
        for shown in answer.body["tickets"] if answer.status == 200 else []:
            if shown["checkout_url"] is not None:
                receipt = self._receipt(
                    shown, event_id=shown["event_id"], quantity=shown["quantity"]
                )
                self.receipts.show(receipt, key=None)
                return receipt
        return None

    def _receipt(self, shown: Mapping[str, Any], *, event_id: int, quantity: int) -> Receipt:
        return Receipt(
            buyer=self.name,
            event_id=event_id,
            quantity=quantity,
            ticket_id=shown["ticket_id"],
            ticket_code=shown["ticket_code"],
            session_id=shown.get("session_id"),
        )

    def _pay(self, session_id: str, pay_with: PayWith = PayWith.CARD) -> None:
        """Pay at the provider's page, if it still accepts a payment."""
        try:
            outcome = self.site.sandbox.pay(
                session_id, pay_with, delivery=self.rng.choice(DELIVERIES)
            )
        except Refused:
            return
        if pay_with is PayWith.CARD:
            assert not isinstance(outcome, Decline)
            self._paid.add(session_id)

    def _verify(self, receipt: Receipt) -> None:
        body = {"session_id": receipt.session_id, "ticket_id": receipt.ticket_id}
        answer = self.site.call(VERIFY, body, token=self._token, receipts=self.receipts)
        if answer is None:
            return
        paid = receipt.session_id in self._paid
        if answer.status == 200:
            if not paid and not self._is_debited(receipt):
                self.receipts.lie(receipt, "is unpaid", answer.body["detail"])
            self._issued(receipt, answer)
        elif paid and answer.status == 400 and answer.body["code"] in UNTRUE_ONCE_PAID:
            self.receipts.lie(receipt, "is paid", answer.body)

    def _is_debited(self, receipt: Receipt) -> bool:
        """Return whether the bank has decided to pay."""
        assert receipt.session_id is not None
        charge = self.site.sandbox.charge(receipt.session_id)
        return charge is not None and charge.status == "succeeded"

    def _cancel(self, receipt: Receipt) -> None:
        paid = receipt.session_id in self._paid
        body = {"ticket_id": receipt.ticket_id}
        answer = self.site.call(CANCEL, body, token=self._token, receipts=self.receipts)
        if answer is not None and answer.status == 200:
            if paid:
                self.receipts.lie(receipt, "is paid", answer.body)
            self.receipts.cancelled.add(receipt.ticket_id)

    def _issued(self, receipt: Receipt, answer: Answer) -> None:
        self.receipts.issued.add(receipt.ticket_id)
        self.site.show(Shown(receipt=receipt, qr_code=answer.body["qr_code_data"]))
        self.site.issued.put(receipt)


@frozen(kw_only=True)
class Organizer:
    """Gives money back: through the service, and behind its back in the provider's Dashboard."""

    site: Site
    rng: Random
    receipts: Receipts = field(factory=Receipts)

    def run(self) -> Receipts:
        """Refund some of the issued tickets until the site closes."""
        while not self.site.over.is_set():
            try:
                receipt = self.site.issued.get(timeout=WAIT_FOR_AN_ISSUED_TICKET_SECONDS)
            except Empty:
                continue
            match self.rng.choice(WAYS_OF_AN_ORGANIZER):
                case "refund":
                    # A new one each time: a long run outlives a token.
                    self._refund(receipt, token=access_token("organizer", roles=["organizer"]))
                case "dashboard":
                    self._refund_at_the_provider(receipt, amount=None)
                case "partly":
                    self._refund_at_the_provider(receipt, amount=100)
                case _:
                    pass
        return self.receipts

    def _refund(self, receipt: Receipt, *, token: str) -> None:
        self.receipts.refund_requested.add(receipt.ticket_id)
        body = {"ticket_id": receipt.ticket_id}
        answer = self.site.call(REFUND, body, token=token, receipts=self.receipts)
        if answer is not None and answer.status == 200 and answer.body["status"] == "refunded":
            self.receipts.refunded.add(receipt.ticket_id)

    def _refund_at_the_provider(self, receipt: Receipt, *, amount: int | None) -> None:
        if receipt.session_id is None:
            return
        if amount is None:
            self.receipts.refund_requested.add(receipt.ticket_id)
        try:
            self.site.sandbox.refund(
                receipt.session_id, amount=amount, delivery=self.rng.choice(DELIVERIES)
            )
        except Refused:
            # A repeated verify has queued the receipt twice, and the money went back already.
            return
