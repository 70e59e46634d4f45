"""A request that waits for the provider gives its slot to others, and has one again at once."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from threading import Event
from typing import TYPE_CHECKING

import pytest

from ticketing_service.capacity.limits import Limits
from ticketing_service.capacity.load_shedding import LoadShedding
from ticketing_service.capacity.slots import Kind, Slots

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
from tests.integration.capacity.rush import LOOK, REFUSAL, SOON, call, wait_until


def test_a_request_that_waits_for_the_provider_holds_no_slot() -> None:
    """Its slot goes to the next; when it is back it has one, even if that is one too many."""
    slots = Slots(Limits(4), patience=SOON)
    came = Queue[str]()

    back, done = Event(), Event()

    def far_away(_: object, start_response: "StartResponse") -> Iterable[bytes]:
        with slots.lent(), slots.lent():
            came.put("left")
            assert back.wait(SOON)
        came.put("is back")
        assert done.wait(SOON)
        start_response("200 OK", [])
        return [b"done"]

    app = LoadShedding(far_away, slots=slots, refusal=REFUSAL, purchase_path="/buy", free_paths=[])
    with ThreadPoolExecutor(5) as pool:
        calls = [pool.submit(call, app, LOOK) for _ in range(4)]
        assert [came.get(timeout=SOON) for _ in range(4)] == ["left"] * 4
        assert [slots.acquire(Kind.OTHER) for _ in range(4)] == [True] * 4
        queued = pool.submit(slots.acquire, Kind.OTHER)
        wait_until(lambda: slots.waiting(Kind.OTHER) == 1)
        back.set()
        assert [came.get(timeout=SOON) for _ in range(4)] == ["is back"] * 4
        for _ in range(4):
            slots.release(Kind.OTHER)
        assert not queued.done()
        done.set()
        assert [each.result(SOON) for each in calls] == [200] * 4
        assert queued.result(SOON)


def test_leaving_without_a_slot_changes_nothing() -> None:
    """The settler has none, and calls the same provider."""
    slots = Slots(Limits(1), patience=0.01)
    with slots.lent():
        assert slots.acquire(Kind.OTHER)
    assert not slots.acquire(Kind.OTHER)


def test_a_failed_call_of_the_provider_loses_no_slot() -> None:
    """A request that comes back with an error has a slot again, and releases it as usual."""
    slots = Slots(Limits(1), patience=0.01)

    def fails(*_: object) -> Iterable[bytes]:
        with slots.lent():
            raise ValueError

    app = LoadShedding(fails, slots=slots, refusal=REFUSAL, purchase_path="/buy", free_paths=[])
    for _ in range(3):
        with pytest.raises(ValueError, match=r"^$"):
            call(app, LOOK)
    assert [slots.acquire(Kind.OTHER) for _ in range(2)] == [True, False]
