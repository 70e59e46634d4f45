"""Purchases that are retried with an Idempotency-Key, also after a real server was killed."""

import sys
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from functools import partial
from uuid import uuid4

import pytest

from tests.integration.capacity.rush import wait_until
from tests.integration.end_to_end.conftest import DATABASES, Shop, open_shop
from ticketing_service.sandbox import Fault

pytestmark = pytest.mark.usefixtures("no_webhooks")

BUYERS, REPEATS = 2, 12
"""As many as there are slots for purchases; of one buyer alone some would come too often."""

PATIENCE_SECONDS, SLOW_SECONDS = 6.0, 8.0
"""How long a repeat waits: two seconds in production, in which a busy machine may not sell. The
first call takes longer, but no longer than the service waits for Stripe."""

_PATIENT = f"""
import sys
from datetime import timedelta
from ticketing_service import cli
reserve = sys.modules["ticketing_core.use_cases.reserve"]
reserve.RETRY_PATIENCE = timedelta(seconds={PATIENCE_SECONDS})
"""
PATIENT = [sys.executable, "-c", f"{_PATIENT}cli.main()", "serve"]

# The same server, except that a purchase that waits for another one keeps its slot.
WAITING_AT_WORK = [
    sys.executable,
    "-c",
    f"""{_PATIENT}
from ticketing_service.capacity.clocks import BoundedClock
BoundedClock.sleep = lambda self, duration: self._clock.sleep(duration)
cli.main()
""",
    "serve",
]


@pytest.mark.parametrize("price", [2500, 0])
def test_a_retry_buys_nothing_more(shop: Shop, price: int) -> None:
    """It returns the first purchase, which opened the only session."""
    event, key = shop.event(price=price), str(uuid4())
    first = shop.create(event, Idempotency_Key=key)
    sessions = len(shop.running.sandbox.sessions())
    again = shop.create(event, quantity="2", Idempotency_Key=key)
    assert (first.status, again.status) == (200, 200)
    # The QR code may be signed anew, but the ticket is the same.
    fields = ("ticket_id", "ticket_code", "session_id", "checkout_url")
    assert [again.body.get(name) for name in fields] == [first.body.get(name) for name in fields]
    assert shop.places_left(event) == 8
    assert len(shop.running.sandbox.sessions()) == sessions


def test_a_key_is_for_one_request_of_one_buyer(shop: Shop) -> None:
    """Another quantity is a 422; another buyer may use the same key."""
    event, key = shop.event(), str(uuid4())
    assert shop.create(event, Idempotency_Key=key).status == 200
    shop.create(event, quantity=3, Idempotency_Key=key).problem(422, "idempotency_key_reused")
    assert shop.create(event, buyer="43", Idempotency_Key=key).status == 200
    assert shop.places_left(event) == 6


def test_a_sale_goes_on_after_the_server_was_killed(shop: Shop) -> None:
    """The key still returns its purchase, and a payment in the meantime is found."""
    event, key = shop.event(), str(uuid4())
    first = shop.create(event, Idempotency_Key=key)
    shop.server.kill_all()
    shop.world.pay(first.body["checkout_url"])
    shop.server.start()
    assert shop.create(event, Idempotency_Key=key).body == first.body
    assert shop.verify(first.body).status == 200
    assert shop.places_left(event) == 8


def is_sold_beside_repeats(shop: Shop) -> bool:
    """Return whether a free purchase ends before any of many repeats that wait for a first one."""
    slow, free = shop.event(), shop.event(price=0)
    slowly = Fault(path="/v1/checkout/sessions", times=BUYERS, delay=SLOW_SECONDS)
    shop.running.sandbox.plan_fault(slowly)
    with ThreadPoolExecutor(BUYERS * (REPEATS + 1)) as pool:
        buy = [
            partial(shop.create, slow, buyer=f"{slow.event_id}-{n}", Idempotency_Key=str(n))
            for n in range(BUYERS)
        ]
        firsts = [pool.submit(each) for each in buy]
        wait_until(lambda: shop.places_left(slow) == 10 - 2 * BUYERS)
        repeats = [pool.submit(each) for each in buy for _ in range(REPEATS)]
        # Some are refused as soon as all are there.
        wait(repeats, return_when=FIRST_COMPLETED)
        while shop.create(free, buyer=str(uuid4())).status != 200:
            pass
        ended = [each.result() for each in repeats if each.done()]
        waited = [each for each in ended if each.body["code"] == "purchase_in_progress"]
        assert {each.result().status for each in repeats} == {503}
        assert {each.result().status for each in firsts} == {200}
    assert shop.places_left(slow) == 10 - 2 * BUYERS
    return not waited


@pytest.mark.parametrize("kind", DATABASES)
def test_repeats_that_wait_leave_room_for_purchases(
    kind: str, request: pytest.FixtureRequest
) -> None:
    """They hold no slot, and only a few wait; the others are told to come back."""
    with open_shop(kind, request, program=PATIENT) as shop:
        assert is_sold_beside_repeats(shop)


def test_repeats_that_wait_at_work_are_the_control(request: pytest.FixtureRequest) -> None:
    """If each keeps its slot, nothing is sold until they end: the test above would fail."""
    with open_shop("sqlite", request, program=WAITING_AT_WORK) as shop:
        # A repeat's answer may reach this process after the purchase that follows it.
        assert not all(is_sold_beside_repeats(shop) for _ in range(2))
