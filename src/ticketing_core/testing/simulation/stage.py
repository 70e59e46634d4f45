"""The stage: actors in threads of which exactly one runs, and who runs is decided at each call.

An actor goes on until its next call at a port; there the stage decides who makes the next call,
and what goes wrong with it. Nothing else lets actors meet, so the decisions determine the run.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import Lock, Thread
from traceback import format_exc
from typing import Any, TypeVar

from ticketing_core.errors import PaymentRefused, StoreUnavailable, TicketingError
from ticketing_core.payment import Refused, Unknown
from ticketing_core.testing.environment import ManualClock
from ticketing_core.testing.simulation.calls import Call, Mishap
from ticketing_core.testing.simulation.choices import NOTHING_GOES_WRONG, Bounds, Choices
from ticketing_core.testing.simulation.trace import Line, PromiseBroken, Raised

Result = TypeVar("Result")


class Crashed(BaseException):
    """The process of an actor is gone. No use case can catch it."""


class _Actor:
    """Somebody who acts; where he waits in the middle of it, he waits for his baton."""

    def __init__(
        self,
        name: str,
        play: Callable[[], object],
        *,
        moves_clock: bool = False,
        is_single_effect: bool = False,
    ) -> None:
        self.name = name
        self.play = play
        self.moves_clock = moves_clock
        self.is_single_effect = is_single_effect
        self.baton = Lock()
        self.baton.acquire()
        self.is_started = False
        self.is_finished = False
        # It was chosen to make the next call, so nobody is asked again before that.
        self.has_turn = False
        self.wakes_at: datetime | None = None
        self.slept_since_change = 0


class Stage:
    """Runs actors by decisions.

    Args:
        clock: The time of the world; it passes while everybody sleeps.
        choices: Decides.
        bounds: How far decisions may go.
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
        self._allowed = NOTHING_GOES_WRONG
        self._curtain = Lock()
        self._changes = 0
        self._switches = 0
        self._mishaps = 0
        self._is_stopped = False
        self.lines: list[Line] = []
        self.failure: str | None = None

    # --- for whoever sets up the play ---------------------------------------------------------

    def add(self, name: str, play: Callable[[], object], *, moves_clock: bool = False) -> None:
        """Add an actor; one that moves the clock makes a single call."""
        actor = _Actor(name, play, moves_clock=moves_clock, is_single_effect=moves_clock)
        self._actors.append(actor)

    def play(self) -> None:
        """Run all actors until each has ended, and all that was late has happened."""
        if not self._actors:
            return
        self._allowed = self._bounds
        self._curtain.acquire()
        self._live(self._one_of(self._ready()))
        self._curtain.acquire()
        self._curtain.release()
        self._allowed = NOTHING_GOES_WRONG
        self._running = _Actor("afterwards", lambda: None)

    # --- for the ports ------------------------------------------------------------------------

    def perform(self, call: Call, effect: Callable[[], Result]) -> Result | Any:
        """Make a call once it is this actor's turn, and let go wrong what is decided to.

        Raises:
            StoreUnavailable: The store was made not to answer.
            Crashed: The actor was made to die.
        """
        self._await_turn(self._running)
        mishap = self._mishap_of(call)
        match mishap:
            case None:
                return self._effect(call, effect)
            case Mishap.CRASH:
                self._note(call, mishap, None)
                raise Crashed
            case Mishap.CRASH_IN_FLIGHT:
                self._note(call, mishap, None)
                self._let_happen_later(call, effect)
                raise Crashed
            case Mishap.REFUSED:
                refused: PaymentRefused | Refused = Refused("refused", retryable=False)
                if call.method == "open":
                    refused = PaymentRefused("refused", retryable=False)
                self._note(call, mishap, refused)
                return refused
            case Mishap.LATE:
                self._note(call, mishap, None)
                self._let_happen_later(call, effect)
            case Mishap.ANSWER_LOST:
                self._effect(call, effect, mishap)
            case Mishap.NO_ANSWER:
                self._note(call, mishap, None)
        if call.port == "gateway":
            return Unknown(f"{call.method}: no answer")
        raise StoreUnavailable(f"{call.method}: no answer")

    def now(self) -> datetime:
        """The time. Only an actor that moves the clock can come before it."""
        actor = self._running
        if not actor.has_turn:
            movers = [
                other for other in self._actors if other.moves_clock and self._is_ready(other)
            ]
            if self._switched(actor, movers):
                actor.has_turn = False
        return self._clock.now()

    def sleep(self, duration: timedelta) -> None:
        """Let others go on; wake when they have changed something, or when nobody else can."""
        actor = self._running
        wakes_at = self._clock.now() + duration
        actor.wakes_at = wakes_at
        actor.slept_since_change = self._changes
        following = self._following()
        if following is not None and following is not actor:
            self._give_way(actor, following)
        actor.wakes_at = None
        actor.has_turn = True
        if self._clock.now() < wakes_at:
            self._clock.advance(wakes_at - self._clock.now())

    # --- who runs -----------------------------------------------------------------------------

    def _await_turn(self, actor: _Actor) -> None:
        if not actor.has_turn:
            self._switched(actor, [other for other in self._ready() if other is not actor])
        actor.has_turn = False

    def _switched(self, actor: _Actor, others: Sequence[_Actor]) -> bool:
        """Whether somebody else was let go first; back here, it is the actor's turn."""
        allowed = self._allowed.allow_switch(mishaps=self._mishaps, switches=self._switches)
        if not others or not allowed:
            return False
        taken = self._choices.choose("switch", 1 + len(others))
        if taken == 0:
            return False
        self._switches += 1
        self._give_way(actor, others[taken - 1])
        return True

    def _ready(self) -> list[_Actor]:
        return [actor for actor in self._actors if self._is_ready(actor)]

    def _is_ready(self, actor: _Actor) -> bool:
        if actor.is_finished:
            return False
        # To look again at what nobody has changed would only multiply equal runs.
        return actor.wakes_at is None or self._changes > actor.slept_since_change

    def _one_of(self, actors: Sequence[_Actor]) -> _Actor:
        return actors[self._choices.choose("who is first", len(actors)) if len(actors) > 1 else 0]

    def _following(self) -> _Actor | None:
        """Who goes on when the running actor does not."""
        ready = self._ready()
        if ready:
            return self._one_of(ready)
        sleeping = [actor for actor in self._actors if actor.wakes_at and not actor.is_finished]
        return min(sleeping, key=lambda actor: actor.wakes_at or self._clock.now(), default=None)

    def _give_way(self, actor: _Actor, following: _Actor | None) -> None:
        """Let somebody else go on, until it is the actor's turn again."""
        while following is not None and following.is_single_effect:
            # It cannot be interrupted, so it needs no thread of its own.
            following = self._run(following)
            if self._is_stopped:
                raise Crashed
        if following is actor or following is None:
            self._give_turn(actor)
            return
        self._go_on(following)
        actor.baton.acquire()
        if self._is_stopped:
            raise Crashed

    def _go_on(self, actor: _Actor) -> None:
        if actor.is_started:
            self._give_turn(actor)
            actor.baton.release()
        else:
            Thread(target=self._live, args=(actor,), name=actor.name, daemon=True).start()

    def _give_turn(self, actor: _Actor) -> None:
        self._running = actor
        actor.has_turn = True

    def _live(self, actor: _Actor) -> None:
        """What a thread does: an actor, and whoever begins when another one has ended."""
        following: _Actor | None = actor
        while following is not None and not following.is_started:
            following = self._run(following)
        if following is None:
            self._curtain.release()
        else:
            self._go_on(following)

    def _run(self, actor: _Actor) -> _Actor | None:
        """Run an actor in this thread to its end, and tell who follows."""
        actor.is_started = True
        self._give_turn(actor)
        try:
            actor.play()
        except TicketingError as error:
            self.lines.append(Line(actor.name, None, None, Raised(error)))
        except Crashed:
            pass
        except BaseException:  # noqa: BLE001 - whatever it is, the run has to tell it and end
            self._stop(f"an error that nobody expects:\n{format_exc()}")
        actor.is_finished = True
        if self._is_stopped:
            return next((a for a in self._actors if a.is_started and not a.is_finished), None)
        return self._following()

    def _stop(self, failure: str) -> None:
        self._is_stopped = True
        self.failure = self.failure or failure

    # --- what happens -------------------------------------------------------------------------

    def _mishap_of(self, call: Call) -> Mishap | None:
        if not self._allowed.allow_mishap(mishaps=self._mishaps, switches=self._switches):
            return None
        possible = call.mishaps
        taken = self._choices.choose("mishap", 1 + len(possible)) if possible else 0
        if taken == 0:
            return None
        self._mishaps += 1
        return possible[taken - 1]

    def _effect(
        self, call: Call, effect: Callable[[], Result], mishap: Mishap | None = None
    ) -> Result:
        try:
            result = effect()
        except Exception as error:
            self._note(call, mishap, Raised(error))
            raise
        self._note(call, mishap, result)
        if not call.changes_nothing:
            self._changes += 1
            try:
                self._after_change(call, result)
            except PromiseBroken as broken:
                self._stop(str(broken))
                raise Crashed from None
        return result

    def _let_happen_later(self, call: Call, effect: Callable[[], object]) -> None:
        late = _Actor(
            f"late {call.method}", lambda: self._effect(call, effect), is_single_effect=True
        )
        self._actors.append(late)

    def _note(self, call: Call, mishap: Mishap | None, outcome: object) -> None:
        self.lines.append(Line(self._running.name, call, mishap, outcome))
