"""Group commit: each caller gets its own result, and a single caller gets it at once."""

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

TIMEOUT_SECONDS = 10.0


@define
class Store:
    """Doubles numbers, one step at a time, and records its steps. The test can hold a step up.

    Attributes:
        result: Returns the result of one number.
        steps: The requests of each step.
        is_open: While it is cleared, every step waits.
        is_entered: Set when a step has begun.
    """

    result: Callable[[int], int] = lambda number: number * 2
    steps: list[list[int]] = field(factory=list)
    is_open: Flag = field(factory=Flag)
    is_entered: Flag = field(factory=Flag)
    _one_at_a_time: Lock = field(factory=Lock)

    def step(self, requests: Sequence[int]) -> Sequence[int]:
        """Run one step."""
        assert self._one_at_a_time.acquire(blocking=False), "two steps at the same time"
        try:
            self.steps.append(list(requests))
            self.is_entered.set()
            assert self.is_open.wait(TIMEOUT_SECONDS)
            return [self.result(number) for number in requests]
        finally:
            self._one_at_a_time.release()


def crowd(
    store: Store, batcher: Batcher[int, int], pool: ThreadPoolExecutor, requests: Sequence[int]
) -> list[Future[int]]:
    """Start the first request; while its step is held up, queue the others in their order."""
    futures = [pool.submit(batcher.run, requests[0])]
    assert store.is_entered.wait(TIMEOUT_SECONDS)
    for number in requests[1:]:
        futures.append(pool.submit(batcher.run, number))
        while len(batcher._waiting) < len(futures) - 1:  # noqa: SLF001 - nothing else shows it
            pass
    store.is_open.set()
    return futures


@define
class Arriving:
    """Stands for `sleep`: in each pause, so many callers as `arrivals` says join the queue."""

    arrivals: Sequence[int]
    batcher: Batcher[int, int]
    pool: ThreadPoolExecutor
    pauses: int = 0

    def __call__(self, _: float) -> None:
        """Pause."""
        waiting = len(self.batcher._waiting)  # noqa: SLF001 - nothing else shows it
        self.pauses += 1
        count = self.arrivals[self.pauses - 1]
        for _ in range(count):
            self.pool.submit(self.batcher.run, 100)
        while len(self.batcher._waiting) < waiting + count:  # noqa: SLF001 - as above
            pass


@pytest.mark.parametrize(
    ("queued", "arrivals", "pauses", "size"),
    [
        pytest.param(1, [], 0, 1, id="alone"),
        pytest.param(2, [0], 1, 2, id="nobody else comes"),
        pytest.param(2, [3, 1, 0], 3, 6, id="some come"),
        pytest.param(2, [3, 9], 2, 14, id="enough come"),
        pytest.param(2, [1] * 9 + [0], 10, 11, id="they come slowly"),
        pytest.param(12, [], 0, 12, id="enough are there"),
    ],
)
def test_a_leader_with_company_pauses_while_callers_arrive(
    monkeypatch: pytest.MonkeyPatch, queued: int, arrivals: list[int], pauses: int, size: int
) -> None:
    """It is never held up for longer than that, and a caller who is alone is not held up."""
    store = Store()
    batcher = Batcher(store.step)
    with ThreadPoolExecutor(40) as pool:
        arriving = Arriving(arrivals, batcher, pool)
        monkeypatch.setattr(batching, "sleep", arriving)
        for future in crowd(store, batcher, pool, range(1 + queued)):
            future.result()
    assert (arriving.pauses, len(store.steps[1])) == (pauses, size)


def test_a_single_caller_does_not_wait_for_company(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step has one request, and there is no pause."""
    monkeypatch.setattr(batching, "sleep", None)
    store = Store()
    store.is_open.set()
    batcher = Batcher(store.step)
    assert [batcher.run(number) for number in (1, 2)] == [2, 4]
    assert store.steps == [[1], [2]]


def test_callers_that_arrive_meanwhile_share_the_next_step() -> None:
    """In the order of arrival, each with its own result."""
    store = Store()
    batcher = Batcher(store.step)
    with ThreadPoolExecutor(5) as pool:
        futures = crowd(store, batcher, pool, [1, 2, 3, 4, 5])
        assert [future.result() for future in futures] == [2, 4, 6, 8, 10]
    assert store.steps == [[1], [2, 3, 4, 5]]


def test_a_request_that_fails_does_not_fail_its_neighbours() -> None:
    """The shared step fails for all of them, so each runs alone."""

    def result(number: int) -> int:
        if number == 3:
            raise LookupError("three")
        return number * 2

    store = Store(result)
    batcher = Batcher(store.step)
    with ThreadPoolExecutor(4) as pool:
        futures = crowd(store, batcher, pool, [1, 2, 3, 4])
        assert [futures[n].result() for n in (0, 1, 3)] == [2, 4, 8]
        with pytest.raises(LookupError, match="three"):
            futures[2].result()
    assert store.steps == [[1], [2, 3, 4], [2], [3], [4]]


def test_an_outage_is_raised_in_all_callers_of_the_step() -> None:
    """Nothing is repeated: the step may have taken effect. Each caller gets its own error."""

    def result(number: int) -> int:
        if number == 2:
            raise StoreUnavailable("cut off")
        return number * 2

    store = Store(result)
    batcher = Batcher(store.step)
    with ThreadPoolExecutor(3) as pool:
        futures = crowd(store, batcher, pool, [1, 2, 3])
        assert futures[0].result() == 2
        errors = [future.exception() for future in futures[1:]]
    assert [str(getattr(error, "reason", error)) for error in errors] == ["cut off"] * 2
    assert errors[0] is not errors[1]
    assert store.steps == [[1], [2, 3]]
    assert batcher.run(5) == 10


def test_requests_with_a_common_key_run_in_their_order() -> None:
    """The second one of a key waits for the next step, and no later one overtakes it."""
    store = Store()
    batcher = Batcher(store.step, conflict_keys=str)
    with ThreadPoolExecutor(5) as pool:
        # 3 could join 2, but then it would overtake 23.
        futures = crowd(store, batcher, pool, [1, 2, 23, 3, 4])
        assert [future.result() for future in futures] == [2, 4, 46, 6, 8]
    assert store.steps == [[1], [2, 4], [23], [3]]


def test_a_batch_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests that do not fit run in the next step."""
    monkeypatch.setattr(batching, "MAX_BATCH", 2)
    store = Store()
    batcher = Batcher(store.step)
    with ThreadPoolExecutor(4) as pool:
        futures = crowd(store, batcher, pool, [1, 2, 3, 4])
        assert [future.result() for future in futures] == [2, 4, 6, 8]
    assert store.steps == [[1], [2, 3], [4]]


def test_a_leader_that_dies_leaves_no_caller_waiting() -> None:
    """For its followers the outcome is unknown; later callers go on."""

    class ThreadEnds(BaseException):
        """An error that no code handles."""

    def result(number: int) -> int:
        if number == 2:
            raise ThreadEnds
        return number * 2

    store = Store(result)
    batcher = Batcher(store.step, conflict_keys=lambda number: (number % 10,))
    with ThreadPoolExecutor(4) as pool:
        futures = crowd(store, batcher, pool, [1, 2, 3, 13])
        with pytest.raises(ThreadEnds):
            futures[1].result()
        with pytest.raises(StoreUnavailable) as raised:
            futures[2].result()
        assert "interrupted" in raised.value.reason
        assert futures[3].result() == 26


def test_a_caller_that_dies_in_the_queue_leaves_no_other_waiting() -> None:
    """It withdraws, since it would never take its turn; the others go on."""

    class Interrupted(BaseException):
        """What a signal handler may raise at any point."""

    def interrupt(*_: object) -> None:
        raise Interrupted

    store = Store()
    batcher = Batcher(store.step)
    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(batcher.run, 1)
            assert store.is_entered.wait(TIMEOUT_SECONDS)
            timer = Timer(0.1, signal.pthread_kill, [main_thread().ident, signal.SIGUSR1])
            timer.start()
            # Signals are handled in the main thread, which is the one that waits.
            with pytest.raises(Interrupted):
                batcher.run(2)
            timer.join()
            store.is_open.set()
            assert first.result(TIMEOUT_SECONDS) == 2
            assert pool.submit(batcher.run, 3).result(TIMEOUT_SECONDS) == 6
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert store.steps == [[1], [3]]


def test_a_request_whose_keys_fail_joins_no_step() -> None:
    """Its caller gets the error, and later requests are served."""

    def conflict_keys(number: int) -> list[int]:
        return [10 // number]

    store = Store()
    store.is_open.set()
    batcher = Batcher(store.step, conflict_keys=conflict_keys)
    with pytest.raises(ZeroDivisionError):
        batcher.run(0)
    assert batcher.run(5) == 10


def test_a_leader_that_fails_before_its_step_lets_the_next_one_lead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As when there is no memory left; its request never ran."""
    store = Store()
    store.is_open.set()
    batcher = Batcher(store.step)
    take_batch = batcher._take_batch  # noqa: SLF001 - nothing else comes before the step

    def fails() -> Any:
        monkeypatch.setattr(batcher, "_take_batch", take_batch)
        raise MemoryError

    monkeypatch.setattr(batcher, "_take_batch", fails)
    with pytest.raises(MemoryError):
        batcher.run(1)
    assert batcher.run(2) == 4
    assert store.steps == [[2]]


def test_no_caller_waits_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers behind a step that hangs give up, and their requests do not run."""
    monkeypatch.setattr(batching, "MAX_WAIT_SECONDS", 0.05)
    store = Store()
    batcher = Batcher(store.step)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(batcher.run, 1)
        assert store.is_entered.wait(TIMEOUT_SECONDS)
        with pytest.raises(StoreUnavailable, match="database"):
            batcher.run(2)
        store.is_open.set()
        assert first.result() == 2
    assert batcher.run(3) == 6
    assert store.steps == [[1], [3]]


def test_each_request_of_a_crowd_runs_once() -> None:
    """Thousands of requests from many threads: none is lost, none runs twice."""
    store = Store()
    store.is_open.set()
    batcher = Batcher(store.step)
    numbers = range(5000)
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(batcher.run, numbers)) == [number * 2 for number in numbers]
    assert sorted(number for step in store.steps for number in step) == list(numbers)
