"""A real server under more load than it can serve: a crowd of buyers, and a slow Stripe."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Barrier
from threading import Event as Signal
from typing import TypeVar
from uuid import uuid4

import pytest
import requests
from attrs import evolve
from sqlalchemy import text

from tests.integration.end_to_end.conftest import CREATE, Shop, open_shop
from tests.support.server import Answer, access_token
from ticketing_adapters.sql import engine_for
from ticketing_adapters.sql.engine import writing
from ticketing_core import Event
from ticketing_service.capacity.limits import Limits
from ticketing_service.sandbox import Fault

pytestmark = pytest.mark.usefixtures("no_webhooks")

T = TypeVar("T")

LONGEST_SECONDS = 60.0
"""A crowd that is not served within it never will be."""

HANGING_SECONDS = 6.0
"""The delay of Stripe: longer than the other calls take, shorter than its callers' time-out."""

SOON_SECONDS = HANGING_SECONDS / 2
"""Calls that do not wait for Stripe finish within it, even on a busy machine."""

_LOCK = text("UPDATE events SET capacity = capacity WHERE event_id = :event_id")

# The same server, except that a call that waits for the payment provider keeps its slot.
WAITING_AT_WORK = [
    sys.executable,
    "-c",
    """
from contextlib import nullcontext
from ticketing_service import cli
from ticketing_service.capacity import slots
slots.Slots.lent = lambda _: nullcontext()
cli.main()
""",
    "serve",
]


def buy(shop: Shop, event: Event, *, times: int, start: Barrier, refused: Signal) -> Counter[str]:
    """Buy as one of a crowd, retry at once when refused, and count the statuses."""
    statuses: Counter[str] = Counter()
    deadline = time.monotonic() + LONGEST_SECONDS
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {access_token(f'crowd-{uuid4()}')}"
        start.wait(LONGEST_SECONDS)
        while statuses["200"] < times:
            assert time.monotonic() < deadline, statuses
            answer = session.post(
                shop.server.url + CREATE,
                json={"event_id": event.event_id, "quantity": 1},
                timeout=LONGEST_SECONDS,
            )
            if answer.status_code == 503:
                assert answer.json()["code"] == "overloaded"
                assert answer.json()["retryable"] is True
                assert int(answer.headers["Retry-After"]) > 0
                refused.set()
            statuses[str(answer.status_code)] += 1
    return statuses


@contextmanager
def locked(shop: Shop, event: Event) -> Iterator[None]:
    """Let no purchase of an event finish."""
    engine = engine_for(shop.database_url)
    try:
        with writing(engine) as connection:
            connection.execute(_LOCK, {"event_id": event.event_id})
            yield
    finally:
        engine.dispose()


def test_a_crowd_is_served_or_refused_and_nothing_is_lost(shop: Shop) -> None:
    """Four times as many buyers as there is room for; the health check passes throughout.

    Until one is refused, none is served: otherwise a fast server would have room for a slow crowd.
    """
    limits, times = Limits(shop.server.threads), 3
    buyers = 4 * (limits.purchases + limits.queue_length)
    event = shop.event(price=0, capacity=buyers * times + 5)
    start, refused = Barrier(buyers + 1), Signal()
    with ThreadPoolExecutor(buyers) as pool:
        crowd = [
            pool.submit(buy, shop, event, times=times, start=start, refused=refused)
            for _ in range(buyers)
        ]
        with locked(shop, event):
            start.wait(LONGEST_SECONDS)
            assert refused.wait(LONGEST_SECONDS)
        health = [shop.server.get("/healthz").status]
        while not all(each.done() for each in crowd):
            health.append(shop.server.get("/healthz").status)
        statuses = sum((each.result() for each in crowd), Counter[str]())
    assert set(statuses) == {"200", "503"}
    assert statuses["200"] == buyers * times
    assert set(health) == {200}
    assert shop.places_left(event) == 5


@contextmanager
def slow_stripe(shop: Shop) -> Iterator[None]:
    """Make Stripe slow, with as many creates and verifies waiting for it as are let in.

    There are so many of each kind that some are refused, which shows that no more get in.
    """
    threads = shop.server.threads
    paid_event = shop.event(capacity=1000)
    # Nobody may call so often, nor keep so many unpaid places.
    crowd = [evolve(shop, buyer=f"crowd-{uuid4()}") for _ in range(5 * threads)]
    unpaid = [(each, each.bought(paid_event)) for each in crowd[: 3 * threads]]
    shop.running.sandbox.plan_fault(Fault(path="/v1/*", delay=HANGING_SECONDS, times=None))
    with ThreadPoolExecutor(8 * threads) as pool:
        buyers = [pool.submit(each.create, paid_event) for each in crowd]
        verifiers = [pool.submit(each.verify, order) for each, order in unpaid]
        for kind in (buyers, verifiers):
            refused, hanging = wait(kind, timeout=SOON_SECONDS, return_when=FIRST_COMPLETED)
            assert refused
            assert hanging
            assert all(each.result().body["retryable"] for each in refused)
        yield
        assert not all(each.done() for each in buyers)
        assert not all(each.done() for each in verifiers)
    kept = 2 * sum(each.result().status == 200 for each in buyers)
    assert kept > 0
    assert shop.places_left(paid_event) == 1000 - 2 * len(unpaid) - kept


def in_time(call: Callable[[], Answer]) -> Future[Answer]:
    """Start a call whose result is needed soon."""
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(call)
    finally:
        pool.shutdown(wait=False)


def statuses_while_stripe_is_slow(shop: Shop) -> list[int]:
    """Return the statuses of two calls that need no Stripe: an issued ticket, and a free event."""
    order = shop.bought(shop.event())
    shop.world.pay(order["checkout_url"])
    assert shop.verify(order).status == 200
    free = shop.event(price=0)
    with slow_stripe(shop):
        calls = [in_time(lambda: shop.verify(order)), in_time(lambda: shop.create(free))]
        answers = [each.result(SOON_SECONDS) for each in calls]
    return [answer.status for answer in answers]


def test_slow_stripe_does_not_block_calls_that_need_no_stripe(shop: Shop) -> None:
    """Calls that wait for Stripe fill their own threads and no others."""
    assert statuses_while_stripe_is_slow(shop) == [200, 200]


def test_waiting_for_stripe_at_work_is_the_control(request: pytest.FixtureRequest) -> None:
    """If calls of Stripe may keep every slot, the same two calls are refused."""
    with open_shop("sqlite", request, program=WAITING_AT_WORK) as shop:
        assert statuses_while_stripe_is_slow(shop) == [503, 503]
