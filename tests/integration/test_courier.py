"""The courier delivers what is due, and no subscriber holds up another one."""

import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.couriers import SOON, Shop, Taker, served
from ticketing_adapters.jobs import courier as courier_module
from ticketing_adapters.jobs.courier import LEASE, PAGE, Pruner
from ticketing_core import Message, Subscription
from ticketing_core.ports import Subscriber
from ticketing_core.ports.outbox import Claimed, Delivered, DeliveryOutcome, Unanswered
from ticketing_core.subscription import DELIVERED_KEPT
from ticketing_core.testing import InMemoryOutbox


@pytest.fixture
def shop() -> Shop:
    """Give a seller without subscriptions."""
    return Shop()


def goes_on_beside_one_that_hangs(shop: Shop) -> bool:
    """Return whether a subscriber gets its messages while another one does not answer."""
    may_end, began = threading.Event(), threading.Event()

    def hang(_: Message) -> DeliveryOutcome:
        began.set()
        may_end.wait()
        return Unanswered()

    good = Taker()
    try:
        # The line is served in the order of names.
        shop.begins({"a-hangs": Taker(hang), "good": good}, messages=20)
        assert began.wait(SOON)
        return not good.gets_nothing()
    finally:
        may_end.set()


def test_a_subscriber_that_hangs_holds_up_no_other(shop: Shop) -> None:
    """Each has threads of its own."""
    assert goes_on_beside_one_that_hangs(shop)


def test_control_one_thread_for_all_would_hang(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above would fail."""
    monkeypatch.setattr(courier_module, "SUBSCRIBERS_AT_ONCE", 1)
    assert not goes_on_beside_one_that_hangs(shop)


def test_it_goes_on_at_once_while_there_is_more(shop: Shop) -> None:
    """One pass delivers all pages."""
    taker = Taker()
    shop.begins({"taker": taker}, messages=2 * PAGE + 1)
    assert len({each.message_id for each in taker.gets(2 * PAGE + 1)}) == 2 * PAGE + 1
    assert taker.gets_nothing()


def test_more_subscribers_than_threads_get_their_turn(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long backlog of one takes its place in the line again after each page."""
    monkeypatch.setattr(courier_module, "SUBSCRIBERS_AT_ONCE", 1)
    first, second = Taker(), Taker()
    shop.subscriptions.subscribe("first")
    shop.sell(2 * PAGE)
    seen: list[int] = []

    def look(_: Message) -> DeliveryOutcome:
        seen.append(first.told.qsize())
        return Delivered()

    second.answer = look
    shop.subscriptions.subscribe("second")
    shop.sell(1)
    shop.courier({"first": first, "second": second}).run_once()
    second.gets(1)
    assert seen == [PAGE]


def test_one_process_of_many_delivers(shop: Shop) -> None:
    """Another one does once the lease has ended."""
    one, other = Taker(), Taker()
    served(shop.begins({"taker": one}))
    second = shop.courier({"taker": other})
    shop.sell()
    shop.world.clock.advance(LEASE - timedelta(seconds=1))
    second.run_once()
    assert other.gets_nothing()
    shop.world.clock.advance(timedelta(seconds=1))
    second.run_once()
    assert len(other.gets(1)) == 1


def test_nothing_is_delivered_during_a_restore(shop: Shop) -> None:
    """What the database says then is old."""
    taker = Taker()
    shop.subscriptions.subscribe("taker")
    shop.sell()
    shop.world.installation.begin_restore(at=shop.world.clock.now())
    courier = shop.courier({"taker": taker})
    courier.run_once()
    assert taker.gets_nothing()
    shop.world.installation.end_restore()
    courier.run_once()
    assert len(taker.gets(1)) == 1


def test_a_subscriber_that_this_program_lacks_waits(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says so once, and the others go on."""
    taker = Taker()
    shop.subscriptions.subscribe("elsewhere")
    courier = shop.begins({"taker": taker})
    taker.gets(1)
    shop.sell()
    courier.run_once()
    taker.gets(1)
    told = [each for each in caplog.messages if "no subscriber elsewhere" in each]
    assert len(told) == 1


def test_each_page_uses_the_secret_of_now(shop: Shop) -> None:
    """After a rotation a long backlog is signed with both, and not only with the old one."""
    secrets: list[str | None] = []
    pages = threading.Event()
    taker = Taker()

    def of(subscription: Subscription) -> Subscriber:
        secrets.append(subscription.secret)
        if len(secrets) == 1:
            shop.subscriptions.rotate("taker", "new")
        if len(secrets) > 1:
            pages.set()
        return taker

    shop.subscriptions.subscribe("taker", url="https://mailer.example/", secret="old")
    shop.sell(PAGE + 1)
    courier = shop.courier({})
    courier.subscriber_of = of
    courier.run_once()
    assert pages.wait(SOON)
    assert secrets[:2] == ["old", "new"]


def steps_at_once(monkeypatch: pytest.MonkeyPatch, *, lock: Any = None) -> bool:
    """Return whether two steps of the store ever run at once, with several busy subscribers."""
    meeting = threading.Barrier(2, timeout=0.5)
    met = threading.Event()

    class Slow(InMemoryOutbox):
        def claim(self, name: str, *, now: datetime, limit: int) -> Sequence[Claimed]:
            """Wait for another claim to come."""
            try:
                meeting.wait()
                met.set()
            except threading.BrokenBarrierError:
                meeting.reset()
            return super().claim(name, now=now, limit=limit)

    shop = Shop(outbox_class=Slow)
    takers = {name: Taker() for name in ("one", "two", "three")}
    for name in takers:
        shop.subscriptions.subscribe(name)
    shop.sell(3)
    courier = shop.courier(takers)
    if lock is not None:
        monkeypatch.setattr(courier, "_database", lock)
    courier.run_once()
    for taker in takers.values():
        taker.gets(3)
    return met.is_set()


def test_it_uses_one_connection_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are for buyers and for settling."""
    assert not steps_at_once(monkeypatch)


def test_control_without_its_lock_it_would_use_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above would fail."""

    class Free(nullcontext[None]):
        def acquire(self) -> None: ...
        def release(self) -> None: ...

    assert steps_at_once(monkeypatch, lock=Free())


def test_a_connection_is_not_kept_while_a_subscriber_is_asked(shop: Shop) -> None:
    """A subscriber that calls the service meanwhile finds the store free."""
    free: list[bool] = []

    def look(_: Message) -> DeliveryOutcome:
        free.append(courier._database.acquire(timeout=SOON))  # noqa: SLF001 - what is asked
        courier._database.release()  # noqa: SLF001 - as above
        return Delivered()

    taker = Taker(look)
    shop.subscriptions.subscribe("taker")
    shop.sell()
    courier = shop.courier({"taker": taker})
    courier.run_once()
    taker.gets(1)
    assert free == [True]


def test_old_messages_are_deleted(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """In steps, until none is left; one process does it at a time."""
    monkeypatch.setattr(courier_module, "PRUNED_AT_ONCE", 2)
    taker = Taker()
    courier = shop.begins({"taker": taker}, messages=5)
    taker.gets(5)
    served(courier)
    shop.world.clock.advance(DELIVERED_KEPT + timedelta(seconds=1))
    pruner = Pruner(office=shop.world.office, leases=shop.leases, subscriptions=shop.subscriptions)
    pruner.run_once()
    assert shop.subscriptions.prune(limit=1) == 0
    assert not shop.leases.acquire(
        Pruner.name,
        holder="another",
        now=shop.world.clock.now(),
        lasting=LEASE,
        at_most=Pruner.longest_lease,
    )


EXIT_DURING_A_DELIVERY = """
import threading
from tests.integration.couriers import Shop, Taker
asked = threading.Event()
def hang(_):
    asked.set()
    threading.Event().wait()
Shop().begins({"taker": Taker(hang)})
assert asked.wait(10)
"""
"""A process that ends while a subscriber does not answer."""


def test_the_end_of_a_process_waits_for_no_subscriber() -> None:
    """One that never answers does not delay a planned stop."""
    program = [sys.executable, "-c", EXIT_DURING_A_DELIVERY]
    subprocess.run(program, check=True, cwd=Path(__file__).parents[2], timeout=60)
