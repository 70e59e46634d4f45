"""Lets callers that come while a step runs share the next one: group commit, without a thread.

Nobody waits for others to come: whoever finds no step under way runs his own at once. Whoever
comes meanwhile waits, and the first of those then runs one step for all of them. So the wait is
that of the step under way and of one's own, however many there are.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from threading import Lock
from typing import Generic, TypeVar

from ticketing_core.errors import StoreUnavailable

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

MOST_AT_ONCE = 200
"""In one step: it stays some ten milliseconds long, which others wait for at the event's row."""

LONGEST_WAIT_SECONDS = 40.0
"""For a step under way and one's own, each of which the engine's time-outs end."""


def nothing_in_common(_: object) -> Iterable[Hashable]:
    """For what may stand twice in one step."""
    return ()


class _Caller(Generic[Asked, Answer]):
    """One who asks, and what he gets. His turn comes when he is answered, or has to lead."""

    __slots__ = ("answer", "asked", "error", "has_answer", "leads", "subjects", "turn")

    def __init__(self, asked: Asked, *, subjects: frozenset[Hashable]) -> None:
        self.asked = asked
        self.subjects = subjects
        self.leads = False
        self.has_answer = False
        self.answer: Answer | None = None
        self.error: Exception | None = None
        self.turn = Lock()
        self.turn.acquire()


class Batcher(Generic[Asked, Answer]):
    """Answers each caller by a step that many may share. Safe to use from any thread.

    Args:
        run: The step: the answers in the order of what was asked. It either does all, or nothing
            and raises; after a `StoreUnavailable` nobody knows which.
        subjects: What one step must not meet twice, such as the ticket that is changed; whoever
            names the same waits for the next step.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Asked]], Sequence[Answer]],
        *,
        subjects: Callable[[Asked], Iterable[Hashable]] = nothing_in_common,
    ) -> None:
        self._run = run
        self._subjects = subjects
        self._lock = Lock()
        self._is_running = False
        self._waiting: list[_Caller[Asked, Answer]] = []

    def ask(self, asked: Asked) -> Answer:
        """The answer to one's own question.

        Raises:
            StoreUnavailable: The step had no answer, or did not come in time; the outcome is
                unknown.
            Exception: What the step raises for this question alone.
        """
        subjects = frozenset(self._subjects(asked))
        caller: _Caller[Asked, Answer] = _Caller(asked, subjects=subjects)
        try:
            with self._lock:
                self._waiting.append(caller)
                caller.leads = not self._is_running
                self._is_running = True
            if not caller.leads:
                self._await_turn(caller)
            if caller.leads:
                self._lead(caller)
        except BaseException:
            # Whatever ends a thread in the midst of it must not end the service for the others.
            self._withdraw(caller)
            raise
        if caller.error is not None:
            raise caller.error
        return caller.answer  # type: ignore[return-value]  # None only if that is the answer

    def _await_turn(self, caller: _Caller[Asked, Answer]) -> None:
        if caller.turn.acquire(timeout=LONGEST_WAIT_SECONDS):
            return
        with self._lock:
            if caller.leads or caller.has_answer:
                # It came at this very moment.
                return
        raise StoreUnavailable("too many steps wait for the database")

    def _lead(self, leader: _Caller[Asked, Answer]) -> None:
        """Run one step for all that wait, then let the next of them lead."""
        batch: list[_Caller[Asked, Answer]] = []
        try:
            with self._lock:
                batch = self._take()
            self._answer(batch)
        finally:
            # First whoever runs the next step, so that the database is not idle meanwhile.
            self._hand_over(leader)
            for caller in batch:
                if not caller.has_answer:
                    # Something ended this thread in the midst of it.
                    caller.error = StoreUnavailable("the step was interrupted")
                if caller is not leader:
                    caller.turn.release()

    def _take(self) -> list[_Caller[Asked, Answer]]:
        """The longest waiting ones whose subjects differ, in their order."""
        batch: list[_Caller[Asked, Answer]] = []
        left: list[_Caller[Asked, Answer]] = []
        taken: set[Hashable] = set()
        for caller in self._waiting:
            fits = len(batch) < MOST_AT_ONCE and taken.isdisjoint(caller.subjects)
            # Nor may anybody pass at his subject whoever has to wait.
            taken |= caller.subjects
            (batch if fits else left).append(caller)
        self._waiting = left
        return batch

    def _hand_over(self, leader: _Caller[Asked, Answer]) -> None:
        """Let the next lead, if there is one; once, however often it is asked for."""
        with self._lock:
            if not leader.leads:
                return
            leader.leads = False
            if self._waiting:
                following = self._waiting[0]
                following.leads = True
                following.turn.release()
            else:
                self._is_running = False

    def _withdraw(self, caller: _Caller[Asked, Answer]) -> None:
        """He waits for nothing any more, and does not lead."""
        with self._lock:
            if caller in self._waiting:
                self._waiting.remove(caller)
        self._hand_over(caller)

    def _answer(self, batch: Sequence[_Caller[Asked, Answer]]) -> None:
        try:
            answers = self._run([caller.asked for caller in batch])
        except StoreUnavailable as error:
            for caller in batch:
                # One each: a traceback belongs to one thread.
                caller.error = StoreUnavailable(error.reason)
                caller.error.__cause__ = error
                caller.has_answer = True
        except Exception as error:  # noqa: BLE001 - raised again, by whoever it belongs to
            if len(batch) == 1:
                batch[0].error = error
                batch[0].has_answer = True
                return
            # Nothing was done. Whoever is at fault shall be alone with it.
            for caller in batch:
                self._answer([caller])
        else:
            for caller, answer in zip(batch, answers, strict=True):
                caller.answer = answer
                caller.has_answer = True
