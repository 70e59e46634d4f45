"""Runs actors in threads, exactly one at a time, and decides at each call which one goes on.

An actor runs until its next call to a port. There the scheduler decides which actor makes the next
call, and what goes wrong with it. Actors meet nowhere else, so the decisions determine the run.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from traceback import format_exc
from typing import Any, TypeVar

from ticketing_core.errors import TicketingError
from ticketing_core.testing.environment import ManualClock
from ticketing_core.testing.simulation.actor import Actor, Crashed, acquired_lock
from ticketing_core.testing.simulation.calls import OF_A_PROCESS, OF_THE_STORE, Call, Mishap
from ticketing_core.testing.simulation.choices import NO_MISHAPS, Bounds, Choices
from ticketing_core.testing.simulation.threads import Start, start_thread
from ticketing_core.testing.simulation.trace import Line, PromiseBroken, Raised

Result = TypeVar("Result")


class Scheduler:
    """Runs actors by decisions. It is the `Clock` of the box office, too.

    Args:
        clock: The time of the world. It passes while all actors sleep.
        choices: Makes the decisions.
        bounds: Limits them.
        after_change: Called after each effect; may raise `PromiseBroken`.
        start: Starts a thread; see `reused_threads`.

    Attributes:
        lines: All calls, in order.
        effects: All calls that may have changed something: when, which, and what they returned.
        failure: The promise that was broken, if any.
    """

    def __init__(
        self,
        *,
        clock: ManualClock,
        choices: Choices,
        bounds: Bounds,
        after_change: Callable[[Call, object], None],
        start: Start = start_thread,
    ) -> None:
        self._clock = clock
        self._choices = choices
        self._bounds = bounds
        self._after_change = after_change
        self._start = start
        self._actors: list[Actor] = []
        self._running = Actor("before", lambda: None)
        self._allowed = NO_MISHAPS
        self._all_ended = acquired_lock()
        self._changes = 0
        self._switches = 0
        self._mishaps = 0
        self._gone_back = 0
        self._is_stopped = False
        self.lines: list[Line] = []
        self.effects: list[tuple[datetime, Call, object]] = []
        self.failure: str | None = None

    # --- for the runner -----------------------------------------------------------------------

    def add(self, name: str, run: Callable[[], object], *, moves_clock: bool = False) -> None:
        """Add an actor; one that moves the clock makes a single call."""
        self._actors.append(Actor(name, run, moves_clock, is_single_effect=moves_clock))

    def run(self) -> None:
        """Run all actors to their end, and all late effects."""
        if not self._actors:
            return
        self._allowed = self._bounds
        self._run_thread(self._pick(self._ready()))
        self._all_ended.acquire()
        self._allowed = NO_MISHAPS
        self._running = Actor("afterwards", lambda: None)

    def begin_process(self) -> None:
        """Let the running actor make its calls from a new process."""
        self._running.process = self._gone_back

    def end_all_processes(self) -> None:
        """Let all processes die, because the store goes back to a backup.

        Their calls to the store that are on their way never happen, those to the gateway may.
        """
        self._gone_back += 1
        for actor in self._actors:
            actor.is_finished |= actor.is_single_effect and self._is_dead(actor)

    # --- for the ports ------------------------------------------------------------------------

    def perform(self, call: Call, effect: Callable[[], Result]) -> Result | Any:
        """Make a call when it is this actor's turn, with the mishap that the choices decide.

        Raises:
            StoreUnavailable: The mishap is a store that does not answer.
            Crashed: The mishap is a crash, or the process has died meanwhile.
        """
        actor = self._running
        if call.port not in OF_A_PROCESS:
            actor.process = None
        self._await_turn(actor)
        if self._is_dead(actor):
            self._record(call, Mishap.CRASH, None)
            raise Crashed
        mishap = self._choose_mishap(call)
        match mishap:
            case None:
                return self._take_effect(call, effect)
            case Mishap.REFUSED:
                self._record(call, mishap, call.refusal)
                return call.refusal
            case Mishap.AFTER_EFFECT:
                self._take_effect(call, effect, mishap)
            case _:
                self._record(call, mishap, None)
        if mishap in (Mishap.LATE_EFFECT, Mishap.CRASH_IN_FLIGHT):
            late = Actor(f"late {call.method}", lambda: self._take_effect(call, effect))
            late.is_single_effect = True
            late.process = self._gone_back if call.port in OF_THE_STORE else None
            self._actors.append(late)
        if mishap in (Mishap.CRASH, Mishap.CRASH_IN_FLIGHT):
            raise Crashed
        return call.no_answer

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

    def _await_turn(self, actor: Actor) -> None:
        if not actor.has_turn:
            self._may_switch(actor, [each for each in self._ready() if each is not actor])
        actor.has_turn = False

    def _may_switch(self, actor: Actor, others: Sequence[Actor]) -> bool:
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

    def _ready(self) -> list[Actor]:
        # A sleeper that looks again before anything changed would only repeat equal runs.
        return [
            actor
            for actor in self._actors
            if not actor.is_finished
            and not self._is_dead(actor)
            and (actor.wakes_at is None or self._changes > actor.slept_since_change)
        ]

    def _pick(self, actors: Sequence[Actor]) -> Actor:
        return actors[self._choices.choose("first", len(actors)) if len(actors) > 1 else 0]

    def _next_actor(self) -> Actor | None:
        """Return the actor that goes on when the running one does not."""
        ready = self._ready()
        if ready:
            return self._pick(ready)
        left = [actor for actor in self._actors if not actor.is_finished]
        # The dead have nothing to do but end.
        dead = [actor for actor in left if self._is_dead(actor)]
        sleeping = [actor for actor in left if actor.wakes_at]
        soonest = min(sleeping, key=lambda each: each.wakes_at or self._clock.now(), default=None)
        return dead[0] if dead else soonest

    def _is_dead(self, actor: Actor) -> bool:
        return actor.process is not None and actor.process < self._gone_back

    def _switch(self, actor: Actor, following: Actor | None) -> None:
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

    def _go_on(self, actor: Actor) -> None:
        if actor.is_started:
            self._give_turn(actor)
            actor.resume.release()
        else:
            self._start(partial(self._run_thread, actor))

    def _give_turn(self, actor: Actor) -> None:
        self._running = actor
        actor.has_turn = True

    def _run_thread(self, actor: Actor) -> None:
        """Run an actor in this thread, then each that starts when the one before it has ended."""
        following: Actor | None = actor
        while following is not None and not following.is_started:
            following = self._run_to_end(following)
        if following is None:
            self._all_ended.release()
        else:
            self._go_on(following)

    def _run_to_end(self, actor: Actor) -> Actor | None:
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
            self.effects.append((self._clock.now(), call, error))
            raise
        self._record(call, mishap, result)
        if not call.changes_nothing:
            self.effects.append((self._clock.now(), call, result))
            self._changes += 1
            try:
                self._after_change(call, result)
            except PromiseBroken as broken:
                self._stop(str(broken))
                raise Crashed from None
        return result

    def _record(self, call: Call, mishap: Mishap | None, outcome: object) -> None:
        self.lines.append(Line(self._running.name, call, mishap, outcome))
