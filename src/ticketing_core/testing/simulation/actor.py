"""An actor of a run: a thread, and where it stands."""

from collections.abc import Callable
from datetime import datetime
from threading import Lock

from attrs import define, field


class Crashed(BaseException):
    """The process of an actor has died. No use case can catch this."""


def acquired_lock() -> Lock:
    """Return a lock that somebody else has to release."""
    lock = Lock()
    lock.acquire()
    return lock


@define(eq=False)
class Actor:
    """A thread of the run, and where it stands.

    Attributes:
        moves_clock: Whether its only call moves the clock.
        is_single_effect: Whether it is one effect without decisions of its own.
        resume: Released to let the actor go on after it has let another run.
        has_turn: Whether it was chosen to make the next call; then no other is considered.
        wakes_at: Until when it sleeps.
        slept_since_change: How many changes there were when it fell asleep.
        process: The process that makes its calls, by the number of times that the store had gone
            back when it began; None between two processes.
    """

    name: str
    run: Callable[[], object]
    moves_clock: bool = False
    is_single_effect: bool = False
    resume: Lock = field(factory=acquired_lock)
    is_started: bool = False
    is_finished: bool = False
    has_turn: bool = False
    wakes_at: datetime | None = None
    slept_since_change: int = 0
    process: int | None = None
