"""Settling as programs that embed the library run it: it starts, goes on after errors, stops."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.integration.couriers import Shop as Messages
from tests.integration.couriers import Taker
from tests.unit.box_offices import HOLD, World
from ticketing_adapters.jobs import Comparer, Job, Settler, Settling, Unwinder
from ticketing_core import Event, Organizer
from ticketing_core.errors import StoreUnavailable
from ticketing_core.testing import InMemoryLeases

SOON = 10.0
"""Seconds: far above what anything here takes."""


@pytest.fixture
def world() -> World:
    """Give a seller without events."""
    return World()


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for job in (Settler, Unwinder, Comparer):
        monkeypatch.setattr(job, "pause", timedelta(seconds=0.01))


def settling(world: World) -> Settling:
    """Return the settling of a process that is alone."""
    shared = InMemoryLeases()
    organizer = Organizer(
        events=world.events, tickets=world.tickets, gateway=world.gateway, clock=world.clock
    )

    def jobs() -> list[Job]:
        return [
            Settler(office=world.office, leases=shared),
            Unwinder(office=world.office, leases=shared, organizer=organizer),
        ]

    return Settling(jobs)


def comes_true(fact: Callable[[], bool], *, within: float = SOON) -> bool:
    """Return whether something becomes true in time."""
    until = time.monotonic() + within
    while not fact():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def held_too_long(world: World) -> Event:
    """Return an event with a place whose hold is over."""
    event = world.event()
    world.office.reserve(event_id=event.event_id, quantity=1, buyer="42")
    world.clock.advance(HOLD)
    return event


def nothing_more_than(before: set[threading.Thread]) -> bool:
    """Return whether all threads have ended that have begun since; others may have left some."""
    return set(threading.enumerate()) <= before


def test_it_frees_places_until_it_is_stopped(world: World) -> None:
    """After the block no thread is left, and nothing is settled any more."""
    before = set(threading.enumerate())
    with settling(world):
        event = held_too_long(world)
        assert comes_true(lambda: world.kept(event) == 0)
    assert nothing_more_than(before)
    event = held_too_long(world)
    assert not comes_true(lambda: world.kept(event) == 0, within=0.2)


def test_it_can_be_started_again(world: World) -> None:
    """But not twice at once. To stop it twice does nothing."""
    running = settling(world)
    for _ in range(2):
        running.start()
        with pytest.raises(RuntimeError, match="already"):
            running.start()
        event = held_too_long(world)
        assert comes_true(lambda event=event: world.kept(event) == 0)  # type: ignore[misc]
        assert running.stop()
        assert running.stop()


def goes_on_after_errors(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> bool:
    """Let the store fail twice, in two ways, and return whether it settles and has logged both."""
    errors: list[Exception] = [StoreUnavailable("away"), KeyError("a bug")]
    claim = world.tickets.claim_due

    def fails_at_first(**arguments: object) -> object:
        if errors:
            raise errors.pop(0)
        return claim(**arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(world.tickets, "claim_due", fails_at_first)
    event = held_too_long(world)
    with settling(world):
        settled = comes_true(lambda: world.kept(event) == 0, within=1)
    return settled and "store_unavailable" in caplog.text and "a bug" in caplog.text


def test_it_logs_errors_and_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An outage, and a bug."""
    assert goes_on_after_errors(world, monkeypatch, caplog)


def test_an_outage_is_logged_once(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With its reason, when it begins; and its end. A pass may fail several times a second."""
    caplog.set_level(logging.INFO)
    claim = world.tickets.claim_due
    passes: list[None] = []

    def away_for_a_while(**arguments: object) -> object:
        passes.append(None)
        if len(passes) <= 3:
            raise StoreUnavailable("connection refused")
        return claim(**arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(world.tickets, "claim_due", away_for_a_while)
    event = held_too_long(world)
    with settling(world):
        assert comes_true(lambda: world.kept(event) == 0)
        assert comes_true(lambda: "goes on" in caplog.text)
    told = [each.getMessage() for each in caplog.records if "settle: " in each.getMessage()]
    assert told == [
        "settle: a pass ended early: store_unavailable: connection refused",
        "settle: goes on",
    ]


def test_a_loop_that_ends_at_an_error_is_the_control(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing would be settled after it: the test above would fail."""

    def run(job: Job) -> None:
        try:
            while True:
                time.sleep(0.01)
                job.run_once()
        except Exception:  # noqa: BLE001 - it ends the thread, without a word
            return

    monkeypatch.setattr(Job, "_run", run)
    assert not goes_on_after_errors(world, monkeypatch, caplog)


def test_what_comes_before_the_jobs_may_keep_them_from_starting(world: World) -> None:
    """A restore that nobody has finished is noticed before anything expires."""

    def fails() -> None:
        raise StoreUnavailable("away")

    broken = Settling(lambda: [Settler(office=world.office, leases=InMemoryLeases())], before=fails)
    before = set(threading.enumerate())
    with pytest.raises(StoreUnavailable):
        broken.start()
    assert nothing_more_than(before)


def test_a_provider_that_hangs_does_not_hold_up_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It says so, and that the work goes on until the process ends."""
    asked, may_answer = threading.Event(), threading.Event()
    look_up = world.gateway.look_up

    def hangs(checkout_id: str) -> object:
        asked.set()
        may_answer.wait(SOON)
        return look_up(checkout_id)

    monkeypatch.setattr(world.gateway, "look_up", hangs)
    world.to_pay(world.event())
    world.clock.advance(HOLD)
    before = set(threading.enumerate())
    running = settling(world)
    running.start()
    try:
        assert asked.wait(SOON)
        assert not running.stop(within=timedelta(seconds=0.1))
        assert "still at work" in caplog.text
    finally:
        may_answer.set()
    assert comes_true(lambda: nothing_more_than(before))


def test_the_threads_that_deliver_messages_end_as_well() -> None:
    """Otherwise each start would leave eight behind."""
    shop, taker = Messages(), Taker()
    shop.subscriptions.subscribe("taker")
    before = set(threading.enumerate())
    courier = shop.courier({"taker": taker})
    shop.world.event()
    courier.run_once()
    taker.gets(1)
    assert not nothing_more_than(before)
    courier.stop()
    assert comes_true(lambda: nothing_more_than(before))
