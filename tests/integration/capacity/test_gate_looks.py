"""A gate waits for a look at a payment for a bounded time, and the look goes on without it."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotDone
from threading import Event, Thread

import pytest
from attrs import define, field

from tests.integration.capacity.looking import BUSY, CHECKOUT, OPEN, PAID, SOON
from ticketing_core.payment import CheckoutState
from ticketing_service.capacity.looks import SharedLooks
from ticketing_service.capacity.rooms import Room

MOMENT = 0.05
"""Seconds that the gate of the tests waits."""


@define
class HangingProvider:
    """Answers when the test lets it."""

    state: CheckoutState = PAID
    begun: int = 0
    asked: Event = field(factory=Event)
    answers: Event = field(factory=Event)
    looks: SharedLooks = field(factory=lambda: SharedLooks(waiting=Room(8)))
    pool: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(8))

    def comes(self, *, at_most: float | None) -> Future[CheckoutState]:
        """Let a caller come who waits for so many seconds."""
        return self.pool.submit(self.looks.look_up, CHECKOUT, self._look, at_most=at_most)

    def _look(self) -> CheckoutState:
        self.begun += 1
        self.asked.set()
        assert self.answers.wait(SOON)
        return self.state


@pytest.fixture
def provider() -> Iterator[HangingProvider]:
    """Give a provider that hangs until the test ends."""
    made = HangingProvider()
    yield made
    made.answers.set()
    made.pool.shutdown()


def test_a_gate_does_not_wait_for_a_provider_that_hangs(provider: HangingProvider) -> None:
    """It hears that nothing is known; a buyer who comes meanwhile gets what the look finds."""
    assert provider.comes(at_most=MOMENT).result(SOON) == BUSY
    buyer = provider.comes(at_most=None)
    # Only one who comes before the answer shares the look.
    with pytest.raises(NotDone):
        buyer.result(10 * MOMENT)
    provider.answers.set()
    assert buyer.result(SOON) == PAID
    assert provider.begun == 1


def test_control_a_look_without_a_bound_waits(provider: HangingProvider) -> None:
    """As long as the provider takes, so a gate that looked like a buyer would hang, too."""
    buyer = provider.comes(at_most=None)
    assert provider.asked.wait(SOON)
    with pytest.raises(NotDone):
        buyer.result(2 * MOMENT)


def test_a_gate_does_not_wait_for_the_look_of_a_buyer(provider: HangingProvider) -> None:
    """Who began it waits, and the gate does not."""
    buyer = provider.comes(at_most=None)
    assert provider.asked.wait(SOON)
    assert provider.comes(at_most=MOMENT).result(SOON) == BUSY
    assert not buyer.done()


def test_a_gate_gets_the_finding_of_its_look(
    provider: HangingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the next one, if the guest was still paying when the running one began."""
    monkeypatch.setattr("ticketing_service.capacity.looks.GAP_SECONDS", 0.0)
    provider.answers.set()
    assert provider.comes(at_most=SOON).result(SOON) == PAID
    provider.answers.clear()
    provider.asked.clear()
    provider.state = OPEN
    first = provider.comes(at_most=SOON)
    assert provider.asked.wait(SOON)
    second = provider.comes(at_most=SOON)
    provider.answers.set()
    assert (first.result(SOON), second.result(SOON)) == (OPEN, OPEN)


def test_without_a_thread_nothing_is_known_and_nobody_hangs(
    provider: HangingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next caller looks again."""
    monkeypatch.setattr("ticketing_service.capacity.looks.GAP_SECONDS", 0.0)

    def no_thread(_: Thread) -> None:
        raise RuntimeError

    with monkeypatch.context() as full:
        full.setattr("ticketing_service.capacity.looks.Thread.start", no_thread)
        assert provider.looks.look_up(CHECKOUT, lambda: PAID, at_most=SOON) == BUSY
    assert provider.looks.look_up(CHECKOUT, lambda: PAID, at_most=SOON) == PAID
