"""Servers killed with SIGKILL while buyers buy: afterwards both sides agree to the cent."""

import os
import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import requests
from attrs import define, evolve, field, frozen
from sqlalchemy import Engine

from adapters.sql import SqlEvents, SqlTickets, engine_for, installation_id
from adapters.stripe_checkout import StripeCheckout
from adapters.system import RandomCodes, SystemClock
from entrypoints.sandbox import Delivery, Refused
from tests.integration.end_to_end.conftest import CANCEL, CREATE, VERIFY, Shop
from tests.support.audit import Books, Payment, differences, payments_of
from tests.support.server import Answer, Server, access_token
from ticketing_core import BoxOffice, Event, IdempotencyKey, Money, Ticket, TicketStatus
from ticketing_core.ports import HistoryEntry, PaymentGateway
from ticketing_core.testing import PlainQrEncoder, PlainSigner

SECONDS = float(os.environ.get("TICKETING_CHAOS_SECONDS", "12"))
"""How long buyers buy; longer outside of the usual run."""

BUYERS = 6
LATER = timedelta(hours=3)
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


@frozen
class LaterClock(SystemClock):
    """The machine's clock, set forward: every hold and every checkout is over."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        return super().now() + LATER


@define
class Buyer:
    """Buys as frontends do: repeats what got no answer, and remembers what he was told."""

    name: str
    shop: Shop
    events: list[Event]
    chance: random.Random
    over: threading.Event
    issued: set[int] = field(factory=set)
    refunded: set[int] = field(factory=set)
    failures: list[str] = field(factory=list)

    def run(self) -> None:
        """Buy until it is over."""
        while not self.over.is_set():
            order = self._buy()
            if order is not None:
                self.chance.choice(
                    [
                        self._pay,
                        self._pay,
                        self._pay_and_leave,
                        self._cancel,
                        self._leave,
                        self._pay_and_cancel,
                        self._pay_and_be_refunded,
                    ]
                )(order)

    def _buy(self) -> Mapping[str, Any] | None:
        event = self.chance.choice(self.events)
        body = {"event_id": event.event_id, "quantity": self.chance.randint(1, 3)}
        key = {"Idempotency-Key": str(UUID(int=self.chance.getrandbits(128)))}
        with_key = self.chance.random() < 0.8
        answer = self._ask(CREATE, body, **(key if with_key else {}))
        if answer is None or answer.status != 200:
            return None
        order: dict[str, Any] = answer.body
        if "qr_code_data" in order:
            self.issued.add(order["ticket_id"])
            return None
        return order

    def _ask(self, path: str, body: object, **headers: str) -> Answer | None:
        """Ask until there is an answer, as long as it goes on; None if it is over first."""
        roles = ["organizer"]
        while not self.over.is_set():
            with suppress(requests.RequestException):
                token = access_token(self.name, roles=roles)
                answer = self.shop.server.post(path, body, token=token, **headers)
                if answer.status == 500:
                    self.failures.append(answer.content.decode())
                if answer.status < 500:
                    return answer
            if path == CREATE and not headers:
                # Without a key nobody knows whether it was bought: a careful frontend stops.
                return None
            self.over.wait(0.1)
        return None

    def _pay(self, order: Mapping[str, Any]) -> None:
        self._pay_and_leave(order)
        body = {"session_id": order["session_id"], "ticket_id": order["ticket_id"]}
        answer = self._ask(VERIFY, body)
        if answer is not None and answer.status == 200:
            self.issued.add(order["ticket_id"])

    def _pay_and_leave(self, order: Mapping[str, Any]) -> None:
        with suppress(Refused):
            self.shop.running.sandbox.pay(
                order["session_id"], delivery=self.chance.choice(list(Delivery)[:4])
            )

    def _cancel(self, order: Mapping[str, Any]) -> None:
        self._ask(CANCEL, {"ticket_id": order["ticket_id"]})

    def _leave(self, order: Mapping[str, Any]) -> None:
        del order

    def _pay_and_cancel(self, order: Mapping[str, Any]) -> None:
        self._pay_and_leave(order)
        self._cancel(order)

    def _pay_and_be_refunded(self, order: Mapping[str, Any]) -> None:
        self._pay(order)
        self.refunded.add(order["ticket_id"])
        self._ask("/api/payments/refund/", {"ticket_id": order["ticket_id"]})


@pytest.fixture
def engine(shop: Shop) -> Iterator[Engine]:
    """The server's database, looked at from outside."""
    made = engine_for(shop.database_url)
    yield made
    made.dispose()


def kill_now_and_then(server: Server, chance: random.Random) -> int:
    """Kill all of it, or one worker, until the time is over; how often."""
    kills, end = 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        time.sleep(chance.uniform(0.3, 1.5))
        kills += 1
        if chance.random() < 0.7:
            server.kill_all()
            server.start()
        else:
            server.kill_worker()
    return kills


def settle_until_quiet(engine: Engine, gateway: PaymentGateway) -> None:
    """What the settler does in the hours to come."""
    office = BoxOffice(
        events=SqlEvents(engine),
        tickets=SqlTickets(engine),
        gateway=gateway,
        signer=PlainSigner(),
        qr_encoder=PlainQrEncoder(),
        clock=LaterClock(),
        codes=RandomCodes(),
    )
    while office.settle_due(limit=200, by="settler").claimed:
        pass
    for _ in office.reconcile(since=BEGINNING):
        pass


def books(engine: Engine, shop: Shop) -> Books:
    """Both sides."""
    events, tickets = SqlEvents(engine), SqlTickets(engine)
    stored = tickets.made_since(BEGINNING, after=0, limit=100_000)
    return Books(
        events=events.newest(before=None, limit=1000),
        tickets=stored,
        histories={t.ticket_id: tickets.history(t.ticket_id) for t in stored},
        payments=payments_of(shop.running.sandbox),
    )


@pytest.mark.timeout(300)
def test_sigkill_loses_no_cent_and_no_seat(shop: Shop, engine: Engine) -> None:
    """Every process of the server dies at random, again and again, in the midst of it all."""
    seed = random.SystemRandom().getrandbits(32)
    chance, over = random.Random(seed), threading.Event()  # noqa: S311 - a seed to repeat
    on_sale = [shop.event(capacity=15), shop.event(capacity=400), shop.event(price=0)]
    shop.server.stop()
    shop.server.workers = 2
    shop.server.start()
    buyers = [
        Buyer(str(n), shop, on_sale, random.Random(seed + n), over)  # noqa: S311 - as above
        for n in range(BUYERS)
    ]
    threads = [threading.Thread(target=buyer.run) for buyer in buyers]
    for thread in threads:
        thread.start()
    try:
        kills = kill_now_and_then(shop.server, chance)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    # Nobody else is at work while the books are made.
    shop.server.stop()
    shop.running.sandbox.advance_clock(LATER.total_seconds())
    gateway = StripeCheckout(
        secret_key="sk_test_any",
        frontend_url="http://localhost:5173",
        installation_id=installation_id(engine),
        api_base=shop.running.url,
    )
    settle_until_quiet(engine, gateway)
    found = books(engine, shop)
    told = set().union(*(buyer.issued - buyer.refunded for buyer in buyers))
    valid = {t.ticket_id for t in found.tickets if t.status is TicketStatus.ISSUED}
    assert differences(found) == [], f"seed {seed}"
    assert told <= valid, f"seed {seed}"
    assert [failure for buyer in buyers for failure in buyer.failures] == [], f"seed {seed}"
    # It was worth something: there were kills, sales, and payments that nobody verified.
    assert kills > 2
    assert len(told) > 5
    assert len(found.tickets) > 20
    shop.server.start()


TOLD = HistoryEntry(version=1, status=TicketStatus.RESERVED, at=BEGINNING, why="reserved", by="x")
SOLD = Ticket(
    ticket_id=31,
    ticket_code=UUID(int=31, version=4),
    event_id=15,
    buyer="42",
    quantity=2,
    total=Money(5000, "usd"),
    status=TicketStatus.ISSUED,
    version=2,
    created_at=BEGINNING,
    key=IdempotencyKey(value="k", fingerprint="15:2"),
)
EVENT = Event(
    event_id=15,
    name="Concert",
    price=Money(2500, "usd"),
    capacity=10,
    kept=2,
    opens_at=None,
    closes_at=None,
    max_per_order=10,
    max_per_buyer=None,
)
PAYMENT = Payment(checkout_id="cs_1", payable=False, taken=5000, captured=5000)
BALANCED = Books(
    events=[EVENT],
    tickets=[SOLD],
    histories={31: [TOLD, evolve(TOLD, version=2, status=TicketStatus.ISSUED)]},
    payments={SOLD.ticket_code: [PAYMENT]},
)


DOCTORED: list[dict[str, Any]] = [
    {"tickets": [evolve(SOLD, status=TicketStatus.EXPIRED)]},
    {"tickets": [evolve(SOLD, status=TicketStatus.PAYING)]},
    {"tickets": []},
    {
        "tickets": [SOLD, evolve(SOLD, ticket_id=32)],
        "histories": {**BALANCED.histories, 32: []},
    },
    {"events": [evolve(EVENT, kept=1)]},
    {"events": [evolve(EVENT, capacity=1)]},
    {"payments": {}},
    {"payments": {SOLD.ticket_code: [evolve(PAYMENT, captured=4999)]}},
    {"payments": {SOLD.ticket_code: [evolve(PAYMENT, payable=True)]}},
    {"payments": {SOLD.ticket_code: [PAYMENT, evolve(PAYMENT, captured=0)]}},
    {"histories": {31: [TOLD]}},
]


@pytest.mark.parametrize(
    "wrong",
    DOCTORED,
    ids="given_up unsettled lost key kept oversold unpaid cent payable twice history".split(),
)
def test_control_the_audit_sees_what_it_is_there_for(wrong: dict[str, Any]) -> None:
    """Books that were doctored in one place do not balance; the others do."""
    assert differences(BALANCED) == []
    assert differences(evolve(BALANCED, **wrong)) != []
