"""Buyers and an organizer who do what people do, and remember what they were told."""

from collections.abc import Mapping
from queue import Empty
from random import Random
from typing import Any

import requests
from attrs import field, frozen

from tests.integration.chaos.site import DELIVERIES, Site
from tests.integration.chaos.told import Order, Told
from tests.support.server import access_token
from ticketing_service.sandbox import Decline, PayWith, Refused

CREATE = "/api/payments/create-payment-intent/"
VERIFY = "/api/payments/verify/"
CANCEL = "/api/payments/cancel/"
REFUND = "/api/payments/refund/"

REFUSALS = {"sold_out", "payment_refused", "payment_not_started", "order_closed"}
"""Why a purchase may come to nothing."""

WAYS_TO_GO_ON = ["pay"] * 6 + ["decline", "debit", "leave", "cancel", "late", "news"]
WAYS_OF_AN_ORGANIZER = ["keep"] * 6 + ["refund"] * 3 + ["dashboard", "partly"]

UNTRUE_ONCE_PAID = {"payment_open", "order_cancelled", "order_expired"}
LOOK_FOR_AN_ISSUED_ONE_SECONDS = 0.2


@frozen(kw_only=True)
class Buyer:
    """Buys again and again, in all the ways there are."""

    name: str
    site: Site
    rng: Random
    told: Told = field(factory=Told)
    _paid: set[str] = field(factory=set, init=False)
    _token: str = field(init=False)

    @_token.default
    def _token_of(self) -> str:
        return access_token(self.name)

    def run(self) -> Told:
        """Buy until it is over."""
        number = 0
        while not self.site.over.is_set():
            number += 1
            key = f"purchase {number}" if self.rng.random() < 0.6 else None
            self._shop(key=key)
        return self.told

    def _shop(self, *, key: str | None) -> None:
        body = {
            "event_id": self.rng.choice([self.site.hot, self.site.large, self.site.free]),
            "quantity": self.rng.randint(1, 3),
        }
        order = self._buy(body, key=key)
        if order is None and key is None and self.rng.random() < 0.5:
            order = self._lost_order()
        if order is None:
            return
        if key is not None and self.rng.random() < 0.2:
            # A double click, or a page that was loaded again.
            self._buy(body, key=key)
        if order.session_id is not None:
            self._go_on(order, session_id=order.session_id)

    def _go_on(self, order: Order, *, session_id: str) -> None:
        match self.rng.choice(
            ["pay"] * 6 + ["decline", "debit", "leave", "cancel", "late", "news"]
        ):
            case "pay":
                self._pay(session_id)
                self._verify(order)
            case "decline":
                self._pay(session_id, PayWith.DECLINED_CARD)
                self._pay(session_id)
                self._verify(order)
            case "debit":
                self._pay(session_id, PayWith.BANK_DEBIT)
                self._verify(order)
            case "cancel":
                self._cancel(order)
                self._pay(session_id)
                if order.ticket_id in self.told.cancelled and session_id in self._paid:
                    self.told.lie(order, "was paid", "before that it is cancelled")
            case "late":
                self._pay(session_id)
                self._cancel(order)
            case "news":
                # The browser is closed: only a webhook or settling can tell of the payment.
                self._pay(session_id)
            case _:
                pass

    def _buy(self, body: Mapping[str, int], *, key: str | None) -> Order | None:
        headers = {} if key is None else {"Idempotency_Key": f'"{key}"'}
        answer = self.site.ask(
            CREATE, body, token=self._token, told=self.told, repeat=key is not None, **headers
        )
        if answer is None or answer.status == 503:
            return None
        if answer.status != 200:
            if answer.status == 400 and answer.body["code"] not in REFUSALS:
                self.told.lies.append(f"a purchase was refused: {answer.content!r}")
            return None
        order = self._order(answer.body, event_id=body["event_id"], quantity=body["quantity"])
        self.told.order(order, key=key)
        if answer.body.get("qr_code_data"):
            self._issued(order)
        return order

    def _lost_order(self) -> Order | None:
        """Find the newest order that can be paid in the list of tickets, as a page would."""
        try:
            answer = self.site.server.get("/api/tickets/", token=self._token)
        except requests.RequestException:
            return None
        for shown in answer.body["tickets"] if answer.status == 200 else []:
            if shown["checkout_url"] is not None:
                order = self._order(shown, event_id=shown["event_id"], quantity=shown["quantity"])
                self.told.order(order, key=None)
                return order
        return None

    def _order(self, shown: Mapping[str, Any], *, event_id: int, quantity: int) -> Order:
        return Order(
            buyer=self.name,
            event_id=event_id,
            quantity=quantity,
            ticket_id=shown["ticket_id"],
            ticket_code=shown["ticket_code"],
            session_id=shown.get("session_id"),
        )

    def _pay(self, session_id: str, pay_with: PayWith = PayWith.CARD) -> None:
        """Pay at the provider's page, if it still lets him."""
        try:
            outcome = self.site.sandbox.pay(
                session_id, pay_with, delivery=self.rng.choice(DELIVERIES)
            )
        except Refused:
            return
        if pay_with is PayWith.CARD:
            assert not isinstance(outcome, Decline)
            self._paid.add(session_id)

    def _verify(self, order: Order) -> None:
        body = {"session_id": order.session_id, "ticket_id": order.ticket_id}
        answer = self.site.ask(VERIFY, body, token=self._token, told=self.told)
        if answer is None:
            return
        paid = order.session_id in self._paid
        if answer.status == 200:
            if not paid:
                self.told.lie(order, "is unpaid", answer.body["detail"])
            self._issued(order)
        elif paid and answer.status == 400 and answer.body["code"] in UNTRUE_ONCE_PAID:
            self.told.lie(order, "is paid", answer.body)

    def _cancel(self, order: Order) -> None:
        paid = order.session_id in self._paid
        body = {"ticket_id": order.ticket_id}
        answer = self.site.ask(CANCEL, body, token=self._token, told=self.told)
        if answer is not None and answer.status == 200:
            if paid:
                self.told.lie(order, "is paid", answer.body)
            self.told.cancelled.add(order.ticket_id)

    def _issued(self, order: Order) -> None:
        self.told.issued.add(order.ticket_id)
        self.site.issued.put(order)


@frozen(kw_only=True)
class Organizer:
    """Gives money back: through the service, and behind its back in the provider's Dashboard."""

    site: Site
    rng: Random
    told: Told = field(factory=Told)

    def run(self) -> Told:
        """Refund some of what was issued until it is over."""
        token = access_token("organizer", roles=["organizer"])
        while not self.site.over.is_set():
            try:
                order = self.site.issued.get(timeout=LOOK_FOR_AN_ISSUED_ONE_SECONDS)
            except Empty:
                continue
            match self.rng.choice(WAYS_OF_AN_ORGANIZER):
                case "refund":
                    self._refund(order, token=token)
                case "dashboard":
                    self._refund_at_the_provider(order, amount=None)
                case "partly":
                    self._refund_at_the_provider(order, amount=100)
                case _:
                    pass
        return self.told

    def _refund(self, order: Order, *, token: str) -> None:
        self.told.refund_asked.add(order.ticket_id)
        body = {"ticket_id": order.ticket_id}
        answer = self.site.ask(REFUND, body, token=token, told=self.told)
        if answer is not None and answer.status == 200 and answer.body["status"] == "refunded":
            self.told.refunded.add(order.ticket_id)

    def _refund_at_the_provider(self, order: Order, *, amount: int | None) -> None:
        if order.session_id is None:
            return
        if amount is None:
            self.told.refund_asked.add(order.ticket_id)
        try:
            self.site.sandbox.refund(
                order.session_id, amount=amount, delivery=self.rng.choice(DELIVERIES)
            )
        except Refused:
            # A repeated verify has put the order here twice, and it was given back already.
            return
