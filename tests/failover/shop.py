"""Buyers at the front, who keep receipts and the time of each sale."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from random import Random

import requests
from attrs import field, frozen
from sqlalchemy import Engine

from tests.failover.machines import wait_until
from tests.integration.chaos.gates import Gate, gates_at
from tests.integration.chaos.people import CREATE, Buyer, Organizer
from tests.integration.chaos.site import MOST_TRIES, MOST_TRIES_OF_BUSY, Site
from tests.support.audit import Receipts
from tests.support.audit.receipts import merged
from tests.support.server import Answer, Server
from ticketing_adapters.sql import SqlEvents
from ticketing_core import Money
from ticketing_core.testing.contracts.examples import stored_event
from ticketing_service.sandbox import RunningSandbox

BUYERS = 10
_THINKS_SECONDS = 0.15
"""Before each request. The load shall be steady and leave the machine time to fail over: it carries
three databases, two services and their balancers on perhaps two cores."""

_CERTAIN = "overloaded"
"""The only 503 that guarantees that nothing was done."""

_SOLD_SECONDS = 60.0

_SELLS_OUT = 40
_NEVER_SELLS_OUT = 1_000_000


@frozen(kw_only=True)
class Shop(Site):
    """A site whose machines fail.

    Attributes:
        sales: When each purchase was answered with a ticket, by `time.monotonic`.
    """

    sales: list[float] = field(factory=list)

    def call(
        self,
        path: str,
        body: object,
        *,
        token: str,
        receipts: Receipts,
        repeat: bool = True,
        **headers: str,
    ) -> Answer | None:
        """See `Site.call`. Behind a balancer, a lost connection may also be its 502 or 504."""
        busy = 0
        for _ in range(MOST_TRIES if repeat else 1):
            time.sleep(_THINKS_SECONDS)
            try:
                answer = self.server.post(path, body, token=token, **headers)
            except requests.RequestException:
                receipts.uncertain += 1
                continue
            if answer.status >= 500:
                receipts.uncertain += _may_have_happened(answer)
                busy += 1
                if answer.status not in {502, 503, 504}:
                    receipts.lies.append(f"{path} {body}: {answer.status} {answer.content!r}")
                if busy == MOST_TRIES_OF_BUSY:
                    return None
                continue
            if answer.status not in {200, 400}:
                receipts.lies.append(f"{path} {body}: {answer.status} {answer.content!r}")
            if answer.status == 200 and path == CREATE:
                self.sales.append(time.monotonic())
            return answer
        return None

    def wait_for_sales(self, count: int) -> None:
        """Wait until so many more purchases were answered.

        Raises:
            TimeoutError: Nothing is sold any more.
        """
        enough = len(self.sales) + count
        wait_until(lambda: len(self.sales) >= enough, seconds=_SOLD_SECONDS, what="sales")

    def stood_still(self, *, since: float, until: float) -> float:
        """Return the longest time without a sale, in seconds."""
        times = [since, *(sale for sale in sorted(self.sales) if since < sale < until), until]
        return max(later - earlier for earlier, later in pairwise(times))


def open_shop(*, front: str, provider: RunningSandbox, engine: Engine) -> Shop:
    """Put three new events on sale: one that sells out, and two that do not."""
    hot, large, free = (
        add_event(engine, price=price, capacity=capacity)
        for price, capacity in ((2500, _SELLS_OUT), (1999, _NEVER_SELLS_OUT), (0, _NEVER_SELLS_OUT))
    )
    return Shop(
        server=Server(url=front, environment={}, folder=Path()),
        sandbox=provider.sandbox,
        sandbox_url=provider.url,
        engine=engine,
        hot=hot,
        large=large,
        free=free,
    )


def add_event(engine: Engine, *, price: int, capacity: int) -> int:
    """Put an event on sale; return its id."""
    event = stored_event(SqlEvents(engine), price=Money(price, "usd"), capacity=capacity)
    return event.event_id


@contextmanager
def selling(shop: Shop, *, name: str, rng: Random) -> Iterator[Future[Receipts]]:
    """Let people buy while the context lasts; afterwards the future has what they learned."""
    learned: Future[Receipts] = Future()
    people: list[Buyer | Organizer | Gate] = [Organizer(site=shop, rng=rng)]
    people += gates_at(shop, name=f"gate {name}", rng=rng)
    for number in range(BUYERS):
        buyer = Buyer(name=f"{name} {number}", site=shop, rng=rng)
        people.append(buyer)
    with ThreadPoolExecutor(len(people)) as pool:
        lives = [pool.submit(each.run) for each in people]
        try:
            yield learned
        finally:
            shop.over.set()
        learned.set_result(merged(life.result() for life in lives))


def _may_have_happened(answer: Answer) -> bool:
    if "json" not in answer.headers.get("Content-Type", ""):
        return True
    return bool(answer.body["code"] != _CERTAIN)
