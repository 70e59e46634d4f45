"""What a run leaves to read: one line for each call, and the failure with the way to replay it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from attrs import frozen

from ticketing_core.errors import TicketingError
from ticketing_core.event import Event
from ticketing_core.payment import Open, Paid, Unknown
from ticketing_core.reservation import Held, KeyTaken, TicketDraft
from ticketing_core.testing.simulation.calls import Call, Mishap
from ticketing_core.ticket import Replaced, Stale, Ticket

UNTOLD = frozenset({"at", "by", "ends_at", "now", "limit", "event_name", "before"})
"""Arguments that say nothing about why a run failed."""


class PromiseBroken(Exception):
    """A promise does not hold; the text says which, and for whom."""


@frozen
class Raised:
    """An error that came instead of an answer."""

    error: Exception


@frozen
class Line:
    """One call of one actor.

    Attributes:
        actor: Who called.
        call: The call, or None for the end of an actor that an error ended.
        mishap: What went wrong with it.
        outcome: What came back; None where nothing did.
    """

    actor: str
    call: Call | None
    mishap: Mishap | None
    outcome: object

    def __str__(self) -> str:
        """The line, in words that somebody who debugs a use case knows."""
        if self.call is None:
            return f"{self.actor:<18} ends: {told(self.outcome)}"
        outcome = "" if self.outcome is None and self.mishap else f" -> {told(self.outcome)}"
        mishap = f"  !! {self.mishap.value}" if self.mishap else ""
        return f"{self.actor:<18} {_told_call(self.call)}{outcome}{mishap}"


@frozen(kw_only=True)
class Failure:
    """A run that broke a promise.

    Attributes:
        scenario: The name of what was played.
        promise: What does not hold.
        choices: The decisions of the run: `replay` follows them.
        lines: All calls, in order.
        seed: What a run by chance was made from: `run_random` with it does the same again.
    """

    scenario: str
    promise: str
    choices: tuple[int, ...]
    lines: tuple[Line, ...]
    seed: int | None = None

    def __str__(self) -> str:
        """The whole story, for a person."""
        again = (
            f"run_random(make_world, seed={self.seed})"
            if self.seed is not None
            else f"replay(scenario, make_world, choices={self.choices!r})"
        )
        numbered = (f"{number:4} {line}" for number, line in enumerate(self.lines, start=1))
        return "\n".join(
            [
                f"PROMISE BROKEN: {self.promise}",
                f"in: {self.scenario}",
                *numbered,
                f"again: {again}",
            ]
        )


def _told_call(call: Call) -> str:
    arguments = [told(value) for value in call.args]
    if call.method == "replace":
        old, new = call.args[:2]
        arguments = [f"ticket {old.ticket_id}: {_told_state(old)} => {_told_state(new)}"]
    arguments += _told_keywords(call.kwargs)
    return f"{call.port}.{call.method}({', '.join(arguments)})"


def _told_keywords(kwargs: Mapping[str, Any]) -> list[str]:
    return [f"{name}={told(value)}" for name, value in kwargs.items() if name not in UNTOLD]


def told(value: object) -> str:
    """A value in few words."""
    match value:
        case Ticket():
            return f"ticket {value.ticket_id} {_told_state(value)}"
        case TicketDraft():
            key = f", key {value.key.value}" if value.key else ""
            return f"{value.quantity} for {value.buyer}{key}"
        case Event():
            return f"event {value.event_id} keeps {value.kept} of {value.capacity}"
        case Replaced(ticket) | Stale(ticket) | Held(ticket) | KeyTaken(ticket):
            return f"{type(value).__name__}({told(ticket)})"
        case Raised(error):
            return _told_error(error)
        case list() | tuple():
            return f"[{', '.join(told(each) for each in value)}]"
        case _:
            return _told_plainly(value)


def _told_plainly(value: object) -> str:
    match value:
        case Open(checkout):
            return f"Open({checkout.checkout_id})"
        case Paid():
            return f"Paid({value.captured.amount_minor}{', disputed' if value.disputed else ''})"
        case Unknown():
            return "Unknown"
        case UUID():
            return f"code {value.int % 0xFFFF}"
        case datetime() | timedelta():
            return str(value)
        case _:
            return repr(value)


def _told_state(ticket: Ticket) -> str:
    return f"{ticket.status} (version {ticket.version})"


def _told_error(error: Exception) -> str:
    code = f" {error.code}" if isinstance(error, TicketingError) else ""
    return f"{type(error).__name__}{code}: {error}"
