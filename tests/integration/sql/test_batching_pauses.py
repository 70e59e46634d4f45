"""Group commit: a caller is refused behind a step that takes too long, not because of a pause."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from attrs import define, field

from tests.integration.sql.test_batching import Store
from ticketing_adapters.sql import batching
from ticketing_adapters.sql.batching import Batcher

PATIENCE_SECONDS = 60.0


@define
class Clock:
    """Stands for the clock and for `sleep`: time stands still but for what the test adds.

    Attributes:
        now: In seconds.
        late: The calls of those who come while a leader pauses.
    """

    batcher: Batcher[int, int]
    pool: ThreadPoolExecutor
    now: float = 1000.0
    late: list[Future[int]] = field(factory=list)

    def pause(self, _: float = 0) -> None:
        """Let one more caller come."""
        waiting = len(self.batcher._waiting)  # noqa: SLF001 - nothing else shows it
        self.now += 0.001
        self.late.append(self.pool.submit(self.batcher.run, 9))
        while not self.late[-1].done() and len(self.batcher._waiting) == waiting:  # noqa: SLF001
            pass


def test_who_comes_in_a_pause_joins_the_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the last step took: it is over."""
    store = Store()
    batcher = Batcher(store.step, patience=PATIENCE_SECONDS)
    with ThreadPoolExecutor(40) as pool:
        clock = Clock(batcher, pool)
        monkeypatch.setattr(batching, "sleep", clock.pause)
        monkeypatch.setattr(batching, "monotonic", lambda: clock.now)
        called = [pool.submit(batcher.run, 0)]
        assert store.is_entered.wait(PATIENCE_SECONDS)
        clock.now += PATIENCE_SECONDS
        called += [pool.submit(batcher.run, number) for number in (1, 2)]
        while len(batcher._waiting) < 2:  # noqa: SLF001 - nothing else shows it
            pass
        store.is_open.set()
        assert [each.result() for each in called] == [0, 2, 4]
    assert clock.late
    assert {each.result() for each in clock.late} == {18}


def test_who_comes_second_after_a_quiet_time_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time since the last step does not count as a step that runs."""
    store = Store()
    store.is_open.set()
    batcher = Batcher(store.step, patience=PATIENCE_SECONDS)
    with ThreadPoolExecutor(2) as pool:
        clock = Clock(batcher, pool)
        monkeypatch.setattr(batching, "monotonic", lambda: clock.now)
        # Between the moment in which the first one leads and its step.
        monkeypatch.setattr(batcher, "_gather", clock.pause)
        assert batcher.run(1) == 2
        monkeypatch.undo()
        assert [each.result() for each in clock.late] == [18]
