"""Starts the threads of actors. A search reuses them from run to run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue
from threading import Thread

Work = Callable[[], object]
Start = Callable[[Work], object]
"""Starts work in another thread."""


def start_thread(work: Work) -> Thread:
    """Start work in a new thread."""
    thread = Thread(target=work, daemon=True)
    thread.start()
    return thread


@contextmanager
def reused_threads() -> Iterator[Start]:
    """Yield a function that starts work in an idle thread, or in a new one if there is none.

    Most runs need a second thread, and a new one costs a sixth of a run.
    """
    idle: list[SimpleQueue[Work | None]] = []
    threads: dict[Thread, SimpleQueue[Work | None]] = {}

    def serve(given: SimpleQueue[Work | None]) -> None:
        while work := given.get():
            work()
            idle.append(given)

    def start(work: Work) -> None:
        if not idle:
            given = SimpleQueue[Work | None]()
            threads[start_thread(partial(serve, given))] = given
            idle.append(given)
        idle.pop().put(work)

    try:
        yield start
    finally:
        for given in threads.values():
            given.put(None)
    for thread in threads:
        thread.join()
