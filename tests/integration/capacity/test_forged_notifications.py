"""Forged notifications, which anybody can send by the thousand, take no slot from buyers."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Queue
from threading import Event
from typing import Any

import pytest

from tests.integration.capacity.rush import SOON
from tests.integration.http.services import PLAIN, WEBHOOK, Service, problem
from ticketing_core.payment import Notification
from ticketing_core.testing import plain_notification
from ticketing_service.capacity.limits import Limits

ONE = Limits(1)
FORGED = 3


class SlowReader:
    """Reads notifications one day: checking a signature takes the time of a processor."""

    def __init__(self) -> None:
        self.entered = Queue[bool]()
        self.may_go_on = Event()

    def read(self, body: bytes, headers: Mapping[str, str]) -> Notification:
        """See `NotificationReader.read`."""
        self.entered.put(True)
        assert self.may_go_on.wait(SOON)
        return PLAIN.read(body, headers)


@contextmanager
def flood(service: Service, reader: SlowReader, *, reach: int) -> Iterator[Callable[[], list[int]]]:
    """Have forged notifications checked meanwhile, and give a function that returns their statuses.

    Args:
        reach: How many of them get as far as the reader.
    """
    with ThreadPoolExecutor(FORGED) as pool:
        post: Any = service.client.post
        calls = [pool.submit(post, WEBHOOK, data=b"forged") for _ in range(FORGED)]
        for _ in range(reach):
            reader.entered.get(timeout=SOON)

        def let_go() -> list[int]:
            reader.may_go_on.set()
            return [each.result(SOON).status_code for each in calls]

        try:
            yield let_go
        finally:
            reader.may_go_on.set()


def issued(service: Service) -> Mapping[str, Any]:
    """Return an order that is paid and verified, so that verifying it needs no provider."""
    bought = service.bought(service.event())
    service.pay(bought)
    assert service.verify(bought).status_code == 200
    return bought


def test_a_flood_of_forgeries_keeps_nobody_from_verifying(service: Service) -> None:
    """There is one slot; several forgeries are being checked, and none of them has it."""
    bought, reader = issued(service), SlowReader()
    service.rebuild(limits=ONE, notification_reader=reader)
    with flood(service, reader, reach=FORGED) as let_go:
        assert service.verify(bought).status_code == 200
        assert let_go() == [400] * FORGED


def test_checking_with_a_slot_is_the_control(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a notification had a slot before its signature is checked, the buyer would be refused."""
    bought, reader = issued(service), SlowReader()
    monkeypatch.setattr("ticketing_service.capacity.load_shedding.is_free", lambda _: False)
    service.rebuild(limits=ONE, notification_reader=reader)
    with flood(service, reader, reach=1):
        assert problem(service.verify(bought), 503)["code"] == "overloaded"


def test_a_genuine_notification_takes_its_turn(service: Service) -> None:
    """Without a slot it is a 503, so that it comes again; a forgery is refused all the same."""
    bought = service.bought(service.event())
    service.pay(bought)
    service.rebuild(limits=Limits(0))
    assert problem(service.notify(bought["session_id"]), 503)["code"] == "overloaded"
    _, headers = plain_notification("another")
    forged = service.client.post(WEBHOOK, data=b"co_1", headers=headers)
    assert problem(forged, 400)["code"] == "bad_notification"
    service.rebuild(limits=ONE)
    for _ in range(3):
        assert service.notify(bought["session_id"]).status_code == 200
    assert service.verify(bought).status_code == 200
