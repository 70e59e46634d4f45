"""What a subscriber does wrong, and what the machine lacks, ends no delivery."""

import re
import sys
import threading

import pytest

from tests.integration.couriers import SOON, Shop, Taker, served
from ticketing_adapters.jobs import courier as courier_module
from ticketing_core import Message
from ticketing_core.ports.outbox import Delivered, DeliveryOutcome, Gone, Unanswered


@pytest.fixture
def shop() -> Shop:
    """Give a seller without subscriptions."""
    return Shop()


def test_what_a_subscriber_raises_is_told_with_its_traceback(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug in one does not end the courier, and its message waits."""

    def fail(_: Message) -> DeliveryOutcome:
        told.set()
        raise ZeroDivisionError

    told = threading.Event()
    good = Taker()
    courier = shop.begins({"bug": Taker(fail), "good": good})
    good.gets(1)
    assert told.wait(SOON)
    shop.sell()
    courier.run_once()
    good.gets(1)
    served(courier)
    assert [
        each.exc_info for each in caplog.records if "bug failed at ticket 1 version" in each.message
    ]


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Gone(), "ticketing subscriber enable taker"),
        (Unanswered(), r"is paused until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$"),
    ],
)
def test_one_that_stops_is_told(
    shop: Shop, caplog: pytest.LogCaptureFixture, outcome: DeliveryOutcome, told: str
) -> None:
    """With what to do if it is for good, and it is not asked again at once."""
    taker = Taker(lambda _: outcome)
    courier = shop.begins({"taker": taker})
    taker.gets(1)
    served(courier)
    assert any(re.search(told, message) for message in caplog.messages)
    shop.sell()
    courier.run_once()
    assert taker.gets_nothing()


def test_a_bug_is_logged_once_for_each_page(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """A bug that fails at thousands of messages is logged once; another error is logged as well."""

    def fail(message: Message) -> DeliveryOutcome:
        if message.data["ticket_id"] == 1:
            raise LookupError
        raise ZeroDivisionError

    served(shop.begins({"bug": Taker(fail)}, messages=20))
    told = [each.exc_info for each in caplog.records if "bug failed at ticket" in each.message]
    assert sorted(str(each and each[0] and each[0].__name__) for each in told) == [
        "LookupError",
        "ZeroDivisionError",
    ]


def test_a_subscriber_that_exits_is_served_again(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    """Its `SystemExit` ends no thread, so that nothing waits for one that is gone."""
    taker = Taker(lambda _: sys.exit(3))
    courier = shop.begins({"exits": taker}, messages=20)
    served(courier)
    assert "must not call sys.exit" in caplog.text
    taker.answer = lambda _: Delivered()
    shop.sell()
    courier.run_once()
    taker.gets(1)
    assert taker.gets_nothing()


@pytest.mark.parametrize("threads", [0, 3])
def test_a_machine_without_more_threads_delivers(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    """Those that it has deliver all, and at the least the one of the subscriber."""
    started: list[threading.Thread] = []

    class Scarce(threading.Thread):
        def start(self) -> None:
            if self.name == "deliver-message":
                if len(started) == threads:
                    raise RuntimeError("can't start new thread")
                started.append(self)
            super().start()

    monkeypatch.setattr(courier_module, "Thread", Scarce)
    taker = Taker()
    served(shop.begins({"taker": taker}, messages=20))
    assert len({each.message_id for each in taker.gets(20)}) == 20
    assert len(started) == threads
