"""What a run leaves to read: a line for each call, and the failure with the way to replay it."""

from datetime import datetime, timedelta
from uuid import UUID

from attrs import frozen

from ticketing_core.changes import Replaced, Stale
from ticketing_core.errors import TicketingError
from ticketing_core.event import Edited, EditedMeanwhile, Event
from ticketing_core.message import Message
from ticketing_core.payment import Open, Paid, Unknown
from ticketing_core.ports.outbox import Claimed
from ticketing_core.reservation import Held, KeyTaken, TicketDraft
from ticketing_core.scan import Entry, GateRequest, Scan, ScanAnswer
from ticketing_core.testing.simulation.calls import Call, Mishap
from ticketing_core.ticket import Ticket
from ticketing_core.use_cases.sync import JournalEntry

OMITTED = frozenset({"at", "by", "ends_at", "now", "limit", "event_name", "before", "email"})
"""Arguments that do not help to see why a run failed."""


class PromiseBroken(Exception):
    """A promise does not hold; the text says which, and for which ticket."""


@frozen
class Raised:
    """An error that a call raised instead of returning."""

    error: Exception


@frozen
class Line:
    """One call of one actor.

    Attributes:
        actor: The caller.
        call: The call, or None for the end of an actor by an error.
        mishap: What went wrong with it.
        outcome: What it returned; None if nothing came back.
    """

    actor: str
    call: Call | None
    mishap: Mishap | None
    outcome: object

    def __str__(self) -> str:
        if self.call is None:
            return f"{self.actor:<18} ends: {describe(self.outcome)}"
        outcome = "" if self.outcome is None and self.mishap else f" -> {describe(self.outcome)}"
        mishap = f"  !! {self.mishap.value}" if self.mishap else ""
        return f"{self.actor:<18} {_describe_call(self.call)}{outcome}{mishap}"


@frozen(kw_only=True)
class Failure:
    """A run that broke a promise.

    Attributes:
        scenario: The name of the scenario.
        promise: What does not hold.
        choices: The decisions of the run, for `replay`.
        lines: All calls, in order.
        seed: The seed of a random run.
        run: How to run it again, if not by `replay`.
    """

    scenario: str
    promise: str
    choices: tuple[int, ...]
    lines: tuple[Line, ...]
    seed: int | None = None
    run: str | None = None

    def __str__(self) -> str:
        replay = self.run or f"replay(scenario, make_world, choices={self.choices!r})"
        numbered = (f"{number:4} {line}" for number, line in enumerate(self.lines, start=1))
        return "\n".join(
            [
                f"PROMISE BROKEN: {self.promise}",
                f"in: {self.scenario}",
                *numbered,
                f"again: {replay}",
            ]
        )


def _describe_call(call: Call) -> str:
    arguments = [describe(value) for value in call.args]
    if call.method == "replace":
        old, new = call.args[:2]
        arguments = [f"{_name(old)}: {_state(old)} => {_state(new)}"]
    shown = (item for item in call.kwargs.items() if item[0] not in OMITTED)
    arguments += [f"{name}={describe(value)}" for name, value in shown]
    return f"{call.port}.{call.method}({', '.join(arguments)})"


def describe(value: object) -> str:
    """Return a value in a few words."""
    match value:
        case Ticket():
            return f"{_name(value)} {_state(value)}"
        case TicketDraft():
            key = f", key {value.key.value}" if value.key else ""
            return f"{value.quantity} for {value.buyer}{key}"
        case Event():
            return f"event {value.event_id} keeps {value.kept} of {value.capacity}"
        case Replaced(ticket) | Stale(ticket) | Held(ticket) | KeyTaken(ticket):
            return f"{type(value).__name__}({describe(ticket)})"
        case Raised(error):
            code = f" {error.code}" if isinstance(error, TicketingError) else ""
            return f"{type(error).__name__}{code}: {error}"
        case GateRequest():
            people = f"{value.people} of " if isinstance(value, Scan | Entry) else ""
            return f"scan {_short(value.scan_id)} at {value.gate}: {people}ticket {value.ticket_id}"
        case JournalEntry():
            undo = "undo of " if value.undo else ""
            return f"{undo}scan {_short(value.scan_id)} at {value.gate}: {value.people}"
        case ScanAnswer(outcome=outcome, ticket=ticket):
            return f"{outcome!r}, {describe(ticket)}"
        case list() | tuple():
            return f"[{', '.join(describe(each) for each in value)}]"
        case _:
            return _describe_plain(value)


def _describe_plain(value: object) -> str:
    match value:
        case Edited(event) | EditedMeanwhile(event):
            return f"{type(value).__name__}({_name(event)} {_state(event)})"
        case Claimed(message=message):
            return _describe_plain(message)
        case Message():
            return f"{value.kind} (epoch {value.epoch}, version {value.version})"
        case Open(checkout):
            return f"Open({checkout.checkout_id})"
        case Paid():
            return _describe_paid(value)
        case Unknown():
            return "Unknown"
        case UUID():
            return f"code {_short(value)}"
        case datetime() | timedelta():
            return str(value)
        case _:
            return repr(value)


def _short(code: UUID) -> int:
    return code.int % 0xFFFF


def _describe_paid(paid: Paid) -> str:
    others = {
        "refunded": paid.refunded_minor,
        "held": paid.held_minor,
        "lost": paid.lost_minor,
        "disputed": paid.disputed,
        "failed refunds": paid.failed_refunds,
    }
    shown = [f"{what} {value}" for what, value in others.items() if value]
    if paid.waiting:
        shown.append(f"waiting: {paid.waiting.why}")
    return f"Paid({', '.join([f'ours {paid.ours.amount_minor}', *shown])})"


def _name(stored: Ticket | Event) -> str:
    if isinstance(stored, Event):
        return f"event {stored.event_id}"
    return f"ticket {stored.ticket_id}"


def _state(stored: Ticket | Event) -> str:
    if isinstance(stored, Ticket):
        state = stored.status.value
    elif stored.cancelled_at is None:
        state = f"{stored.price.amount_minor} for each of {stored.capacity}"
    else:
        state = "unwound" if stored.unwound_at else "cancelled"
    return f"{state} (version {stored.version})"
