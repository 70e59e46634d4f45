"""Runs actors in threads, exactly one at a time, and decides at each call which one goes on.

An actor runs until its next call to a port. There the scheduler decides which actor makes the next
call, and what goes wrong with it. Actors meet nowhere else, so the decisions determine the run.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import Lock, Thread
from traceback import format_exc
from typing import Any, TypeVar

from attrs import define, field

from ticketing_core.errors import PaymentRefused, StoreUnavailable, TicketingError
from ticketing_core.payment import Refused, Unknown
from ticketing_core.testing.environment import ManualClock
from ticketing_core.testing.simulation.calls import Call, Mishap
from ticketing_core.testing.simulation.choices import NO_MISHAPS, Bounds, Choices
from ticketing_core.testing.simulation.trace import Line, PromiseBroken, Raised

Result = TypeVar("Result")


class Crashed(BaseException):
    """The process of an actor has died. No use case can catch this."""


def _acquired_lock() -> Lock:
    lock = Lock()
    lock.acquire()
    return lock


@define(eq=False)
class _Actor:
    """A thread of the run, and where it stands.

    Attributes:
        moves_clock: Whether its only call moves the clock.
        is_single_effect: Whether it is one effect without decisions of its own.
        resume: Released to let the actor go on after it has let another run.
        has_turn: Whether it was chosen to make the next call; then no other is considered.
        wakes_at: Until when it sleeps.
        slept_since_change: How many changes there were when it fell asleep.
    """

    name: str
    run: Callable[[], object]
    moves_clock: bool = False
    is_single_effect: bool = False
    resume: Lock = field(factory=_acquired_lock)
    is_started: bool = False
    is_finished: bool = False
    has_turn: bool = False
    wakes_at: datetime | None = None
    slept_since_change: int = 0


class Scheduler:
    """Runs actors by decisions. It is the `Clock` of the box office, too.

    Args:
        clock: The time of the world. It passes while all actors sleep.
        choices: Makes the decisions.
        bounds: Limits them.
        after_change: Called after each effect; may raise `PromiseBroken`.
    """

    def __init__(
        self,
        *,
        clock: ManualClock,
        choices: Choices,
        bounds: Bounds,
        after_change: Callable[[Call, object], None],
    ) -> None:
        self._clock = clock
        self._choices = choices
        self._bounds = bounds
        self._after_change = after_change
        self._actors: list[_Actor] = []
        self._running = _Actor("before", lambda: None)
        self._allowed = NO_MISHAPS
        self._all_ended = _acquired_lock()
        self._changes = 0
        self._switches = 0
        self._mishaps = 0
        self._is_stopped = False
        self.lines: list[Line] = []
        self.failure: str | None = None

    # --- for the runner -----------------------------------------------------------------------

    def add(self, name: str, run: Callable[[], object], *, moves_clock: bool = False) -> None:
        """Add an actor; one that moves the clock makes a single call."""
        self._actors.append(_Actor(name, run, moves_clock, is_single_effect=moves_clock))

    def run(self) -> None:
        """Run all actors to their end, and all late effects."""
        if not self._actors:
            return
        self._allowed = self._bounds
        self._run_thread(self._pick(self._ready()))
        self._all_ended.acquire()
        self._allowed = NO_MISHAPS
        self._running = _Actor("afterwards", lambda: None)

    # --- for the ports ------------------------------------------------------------------------

    def perform(self, call: Call, effect: Callable[[], Result]) -> Result | Any:
        """Make a call when it is this actor's turn, with the mishap that the choices decide.

        Raises:
            StoreUnavailable: The mishap is a store that does not answer.
            Crashed: The mishap is a crash.
        """
        self._await_turn(self._running)
        mishap = self._choose_mishap(call)
        match mishap:
            case None:
                return self._take_effect(call, effect)
            case Mishap.REFUSED:
                error = PaymentRefused if call.method == "open" else Refused
                refused = error("refused", retryable=False)
                self._record(call, mishap, refused)
                return refused
            case Mishap.AFTER_EFFECT:
                self._take_effect(call, effect, mishap)
            case _:
                self._record(call, mishap, None)
        if mishap in (Mishap.LATE_EFFECT, Mishap.CRASH_IN_FLIGHT):
            late = _Actor(f"late {call.method}", lambda: self._take_effect(call, effect))
            late.is_single_effect = True
            self._actors.append(late)
        if mishap in (Mishap.CRASH, Mishap.CRASH_IN_FLIGHT):
            raise Crashed
        if call.port == "gateway":
            return Unknown(f"{call.method}: no answer")
        raise StoreUnavailable(f"{call.method}: no answer")

    def now(self) -> datetime:
        """Return the time. Only an actor that moves the clock can run first."""
        actor = self._running
        if not actor.has_turn:
            movers = [each for each in self._ready() if each.moves_clock]
            if self._may_switch(actor, movers):
                actor.has_turn = False
        return self._clock.now()

    def sleep(self, duration: timedelta) -> None:
        """Let others run. Wake up when they have changed something, or none of them can go on."""
        actor = self._running
        wakes_at = self._clock.now() + duration
        actor.wakes_at = wakes_at
        actor.slept_since_change = self._changes
        following = self._next_actor()
        if following is not None and following is not actor:
            self._switch(actor, following)
        actor.wakes_at = None
        actor.has_turn = True
        if self._clock.now() < wakes_at:
            self._clock.advance(wakes_at - self._clock.now())

    # --- which actor runs ---------------------------------------------------------------------

    def _await_turn(self, actor: _Actor) -> None:
        if not actor.has_turn:
            self._may_switch(actor, [each for each in self._ready() if each is not actor])
        actor.has_turn = False

    def _may_switch(self, actor: _Actor, others: Sequence[_Actor]) -> bool:
        """Run one of the others first if the choices say so, and return whether one ran."""
        allowed = self._allowed.allow_switch(mishaps=self._mishaps, switches=self._switches)
        if not others or not allowed:
            return False
        taken = self._choices.choose("switch", 1 + len(others))
        if taken == 0:
            return False
        self._switches += 1
        self._switch(actor, others[taken - 1])
        return True

    def _ready(self) -> list[_Actor]:
        # A sleeper that looks again before anything changed would only repeat equal runs.
        return [
            actor
            for actor in self._actors
            if not actor.is_finished
            and (actor.wakes_at is None or self._changes > actor.slept_since_change)
        ]

    def _pick(self, actors: Sequence[_Actor]) -> _Actor:
        return actors[self._choices.choose("first", len(actors)) if len(actors) > 1 else 0]

    def _next_actor(self) -> _Actor | None:
        """Return the actor that goes on when the running one does not."""
        ready = self._ready()
        if ready:
            return self._pick(ready)
        sleeping = [actor for actor in self._actors if actor.wakes_at and not actor.is_finished]
        return min(sleeping, key=lambda actor: actor.wakes_at or self._clock.now(), default=None)

    def _switch(self, actor: _Actor, following: _Actor | None) -> None:
        """Let another actor run, and return when it is this actor's turn again."""
        while following is not None and following.is_single_effect:
            # It cannot be interrupted, so it needs no thread of its own.
            following = self._run_to_end(following)
            if self._is_stopped:
                raise Crashed
        if following is actor or following is None:
            self._give_turn(actor)
            return
        self._go_on(following)
        actor.resume.acquire()
        if self._is_stopped:
            raise Crashed

    def _go_on(self, actor: _Actor) -> None:
        if actor.is_started:
            self._give_turn(actor)
            actor.resume.release()
        else:
            Thread(target=self._run_thread, args=(actor,), name=actor.name, daemon=True).start()

    def _give_turn(self, actor: _Actor) -> None:
        self._running = actor
        actor.has_turn = True

    def _run_thread(self, actor: _Actor) -> None:
        """Run an actor in this thread, then each that starts when the one before it has ended."""
        following: _Actor | None = actor
        while following is not None and not following.is_started:
            following = self._run_to_end(following)
        if following is None:
            self._all_ended.release()
        else:
            self._go_on(following)

    def _run_to_end(self, actor: _Actor) -> _Actor | None:
        """Run an actor in this thread to its end, and return the next one."""
        actor.is_started = True
        self._give_turn(actor)
        try:
            actor.run()
        except TicketingError as error:
            self.lines.append(Line(actor.name, None, None, Raised(error)))
        except Crashed:
            pass
        except BaseException:  # noqa: BLE001 - whatever it is, it ends the run and is shown
            self._stop(f"an unexpected error:\n{format_exc()}")
        actor.is_finished = True
        if self._is_stopped:
            return next((a for a in self._actors if a.is_started and not a.is_finished), None)
        return self._next_actor()

    def _stop(self, failure: str) -> None:
        self._is_stopped = True
        self.failure = self.failure or failure

    # --- what happens -------------------------------------------------------------------------

    def _choose_mishap(self, call: Call) -> Mishap | None:
        if not self._allowed.allow_mishap(mishaps=self._mishaps, switches=self._switches):
            return None
        possible = call.mishaps
        taken = self._choices.choose("mishap", 1 + len(possible)) if possible else 0
        if taken == 0:
            return None
        self._mishaps += 1
        return possible[taken - 1]

    def _take_effect(
        self, call: Call, effect: Callable[[], Result], mishap: Mishap | None = None
    ) -> Result:
        try:
            result = effect()
        except Exception as error:
            self._record(call, mishap, Raised(error))
            raise
        self._record(call, mishap, result)
        if not call.changes_nothing:
            self._changes += 1
            try:
                self._after_change(call, result)
            except PromiseBroken as broken:
                self._stop(str(broken))
                raise Crashed from None
        return result

    def _record(self, call: Call, mishap: Mishap | None, outcome: object) -> None:
        self.lines.append(Line(self._running.name, call, mishap, outcome))
