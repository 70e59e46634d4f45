"""Sharing a step: everybody gets his own answer, at once where nobody else is there."""

import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event as Flag
from threading import Lock, Timer, main_thread
from typing import Any

import pytest
from attrs import define, field

from ticketing_adapters.sql import batching
from ticketing_adapters.sql.batching import Batcher
from ticketing_core.errors import StoreUnavailable

PATIENCE_SECONDS = 10.0


@define
class Store:
    """Doubles numbers, one step at a time, and notes its steps; a step can be held up.

    Attributes:
        steps: What was asked in each.
        answer: How one number is answered.
        is_open: Cleared, it holds every step up.
        is_entered: Set when a step has begun.
    """

    answer: Callable[[int], int] = lambda number: number * 2
    steps: list[list[int]] = field(factory=list)
    is_open: Flag = field(factory=Flag)
    is_entered: Flag = field(factory=Flag)
    _one_at_a_time: Lock = field(factory=Lock)

    def run(self, asked: Sequence[int]) -> Sequence[int]:
        """One step."""
        assert self._one_at_a_time.acquire(blocking=False), "two steps at the same time"
        try:
            self.steps.append(list(asked))
            self.is_entered.set()
            assert self.is_open.wait(PATIENCE_SECONDS)
            return [self.answer(number) for number in asked]
        finally:
            self._one_at_a_time.release()


def crowd(
    store: Store, batcher: Batcher[int, int], pool: ThreadPoolExecutor, asked: Sequence[int]
) -> list[Future[int]]:
    """One asks, and while his step is held up all others queue, in their order."""
    futures = [pool.submit(batcher.ask, asked[0])]
    assert store.is_entered.wait(PATIENCE_SECONDS)
    for number in asked[1:]:
        futures.append(pool.submit(batcher.ask, number))
        while len(batcher._waiting) < len(futures) - 1:  # noqa: SLF001 - nothing else shows it
            pass
    store.is_open.set()
    return futures


def test_whoever_is_alone_waits_for_nobody() -> None:
    """Each step has one question."""
    store = Store()
    store.is_open.set()
    batcher = Batcher(store.run)
    assert [batcher.ask(number) for number in (1, 2)] == [2, 4]
    assert store.steps == [[1], [2]]


def test_whoever_comes_meanwhile_shares_the_next_step() -> None:
    """In the order of coming, and with his own answer."""
    store = Store()
    batcher = Batcher(store.run)
    with ThreadPoolExecutor(5) as pool:
        futures = crowd(store, batcher, pool, [1, 2, 3, 4, 5])
        assert [future.result() for future in futures] == [2, 4, 6, 8, 10]
    assert store.steps == [[1], [2, 3, 4, 5]]


def test_one_who_is_refused_does_not_fail_his_neighbours() -> None:
    """The shared step fails for all of them, so each is asked alone."""

    def answer(number: int) -> int:
        if number == 3:
            raise LookupError("three")
        return number * 2

    store = Store(answer)
    batcher = Batcher(store.run)
    with ThreadPoolExecutor(4) as pool:
        futures = crowd(store, batcher, pool, [1, 2, 3, 4])
        assert [futures[n].result() for n in (0, 1, 3)] == [2, 4, 8]
        with pytest.raises(LookupError, match="three"):
            futures[2].result()
    assert store.steps == [[1], [2, 3, 4], [2], [3], [4]]


def test_an_outage_is_told_to_all_who_shared_the_step() -> None:
    """Nothing is done again: it may have taken effect. Each gets an error of his own."""

    def answer(number: int) -> int:
        if number == 2:
            raise StoreUnavailable("cut off")
        return number * 2

    store = Store(answer)
    batcher = Batcher(store.run)
    with ThreadPoolExecutor(3) as pool:
        futures = crowd(store, batcher, pool, [1, 2, 3])
        assert futures[0].result() == 2
        errors = [future.exception() for future in futures[1:]]
    assert [str(getattr(error, "reason", error)) for error in errors] == ["cut off"] * 2
    assert errors[0] is not errors[1]
    assert store.steps == [[1], [2, 3]]
    assert batcher.ask(5) == 10


def test_what_has_the_same_subject_comes_one_after_the_other() -> None:
    """The second at a subject waits for the next step, and nobody passes him there."""
    store = Store()
    batcher = Batcher(store.run, subjects=lambda number: (number % 10,))
    with ThreadPoolExecutor(5) as pool:
        futures = crowd(store, batcher, pool, [1, 2, 12, 22, 3])
        assert [future.result() for future in futures] == [2, 4, 24, 44, 6]
    assert store.steps == [[1], [2, 3], [12], [22]]


def test_a_step_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is too many for one step comes in the next."""
    monkeypatch.setattr(batching, "MOST_AT_ONCE", 2)
    store = Store()
    batcher = Batcher(store.run)
    with ThreadPoolExecutor(4) as pool:
        futures = crowd(store, batcher, pool, [1, 2, 3, 4])
        assert [future.result() for future in futures] == [2, 4, 6, 8]
    assert store.steps == [[1], [2, 3], [4]]


def test_whoever_dies_while_he_leads_leaves_nobody_waiting() -> None:
    """Those who shared his step do not know what became of it; the next ones go on."""

    class ThreadEnds(BaseException):
        """Not an error that anybody handles."""

    def answer(number: int) -> int:
        if number == 2:
            raise ThreadEnds
        return number * 2

    store = Store(answer)
    batcher = Batcher(store.run, subjects=lambda number: (number % 10,))
    with ThreadPoolExecutor(4) as pool:
        futures = crowd(store, batcher, pool, [1, 2, 3, 13])
        with pytest.raises(ThreadEnds):
            futures[1].result()
        with pytest.raises(StoreUnavailable) as told:
            futures[2].result()
        assert "interrupted" in told.value.reason
        assert futures[3].result() == 26


def test_whoever_dies_while_he_waits_leaves_nobody_waiting() -> None:
    """His turn would come and nobody would take it: he withdraws, and the others go on."""

    class Interrupted(BaseException):
        """What a signal's handler may raise at any point."""

    def interrupt(*_: object) -> None:
        raise Interrupted

    store = Store()
    batcher = Batcher(store.run)
    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(batcher.ask, 1)
            assert store.is_entered.wait(PATIENCE_SECONDS)
            timer = Timer(0.1, signal.pthread_kill, [main_thread().ident, signal.SIGUSR1])
            timer.start()
            # Signals come to the main thread, which is the one that waits.
            with pytest.raises(Interrupted):
                batcher.ask(2)
            timer.join()
            store.is_open.set()
            assert first.result(PATIENCE_SECONDS) == 2
            assert pool.submit(batcher.ask, 3).result(PATIENCE_SECONDS) == 6
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert store.steps == [[1], [3]]


def test_a_question_without_subjects_is_its_askers_own_fault() -> None:
    """It comes into no step, and the next ones are answered."""

    def subjects(number: int) -> list[int]:
        return [10 // number]

    store = Store()
    store.is_open.set()
    batcher = Batcher(store.run, subjects=subjects)
    with pytest.raises(ZeroDivisionError):
        batcher.ask(0)
    assert batcher.ask(5) == 10


def test_a_leader_who_fails_before_his_step_lets_the_next_one_lead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As one who has no memory left; his question was never asked."""
    store = Store()
    store.is_open.set()
    batcher = Batcher(store.run)
    take = batcher._take  # noqa: SLF001 - nothing else comes before the step

    def fails() -> Any:
        monkeypatch.setattr(batcher, "_take", take)
        raise MemoryError

    monkeypatch.setattr(batcher, "_take", fails)
    with pytest.raises(MemoryError):
        batcher.ask(1)
    assert batcher.ask(2) == 4
    assert store.steps == [[2]]


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that hangs is left by those who wait for the next one; it is not done for them."""
    monkeypatch.setattr(batching, "LONGEST_WAIT_SECONDS", 0.05)
    store = Store()
    batcher = Batcher(store.run)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(batcher.ask, 1)
        assert store.is_entered.wait(PATIENCE_SECONDS)
        with pytest.raises(StoreUnavailable, match="database"):
            batcher.ask(2)
        store.is_open.set()
        assert first.result() == 2
    assert batcher.ask(3) == 6
    assert store.steps == [[1], [3]]


def test_a_crowd_is_answered_to_the_last() -> None:
    """Thousands of questions from many threads: none is lost, none is asked twice."""
    store = Store()
    store.is_open.set()
    batcher = Batcher(store.run)
    numbers = range(5000)
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(batcher.ask, numbers)) == [number * 2 for number in numbers]
    assert sorted(number for step in store.steps for number in step) == list(numbers)
