"""Scans of a ticket at a gate: what a device says, what is stored, and what is answered."""

import enum
from datetime import datetime
from uuid import UUID

from attrs import field, frozen
from attrs import validators as v

from ticketing_core.errors.root import code_of
from ticketing_core.errors.ticket import ScanIdReused
from ticketing_core.signature import Forged, UnknownKey
from ticketing_core.ticket import LONGEST_BUYER, Ticket, TicketStatus
from ticketing_core.validators import aware, one_line, positive, storable_text, valid_id

LONGEST_GATE = 60
"""Characters of a gate's name, which devices show in large letters."""


@frozen(kw_only=True)
class GateRequest:
    """What a gate says of a scan. A request is one of the three below.

    Attributes:
        scan_id: The scan, by the id that its device gave it.
        ticket_id: The ticket that was scanned.
        ticket_code: The code that was shown with it; None if a person has typed the id.
        event_id: The event at whose gate it was scanned.
        gate: The name of the gate.
        by: The staff's identity claim.
        at: When, by the device's clock, corrected. No decision uses it.
        stored_at: When the service heard of it.
        offline: Whether the device could not ask.
    """

    scan_id: UUID = field(validator=v.instance_of(UUID))
    ticket_id: int = field(validator=valid_id)
    ticket_code: UUID | None = None
    event_id: int = field(validator=valid_id)
    gate: str = field(validator=v.and_(one_line, v.max_len(LONGEST_GATE)))
    by: str = field(validator=v.and_(storable_text, v.max_len(LONGEST_BUYER)))
    at: datetime = field(validator=aware)
    stored_at: datetime = field(validator=aware)
    offline: bool = False

    @property
    def author(self) -> str:
        """Who changed the ticket, as the history says it."""
        return f"gate {self.by}"


@frozen(kw_only=True)
class Scan(GateRequest):
    """People ask to be let in.

    Attributes:
        people: How many; None for all that are left.
        payment_seen: Whether the ticket was settled just now. Before that, `NotPaid` is not stored.
    """

    people: int | None = field(default=None, validator=v.optional(positive))
    payment_seen: bool = False


@frozen(kw_only=True)
class Entry(GateRequest):
    """People have gone in at a gate that could not ask. It is judged, and never refused.

    Attributes:
        people: How many.
    """

    people: int = field(validator=positive)
    offline: bool = True


@frozen(kw_only=True)
class Undo(GateRequest):
    """A scan is taken back: its people are out again, or have never gone in."""


class ScanKind(enum.StrEnum):
    """What a stored scan did. Each id has at most one scan of each kind."""

    REFUSED = "refused"
    LET_IN = "let_in"
    UNDONE = "undone"
    """Taken back, perhaps before it arrived."""
    STRAY = "stray"
    """People have gone in on a ticket that is unknown or of another event."""


@frozen(kw_only=True)
class StoredScan:
    """What is kept of a scan, and is never changed.

    Attributes:
        people: By how many the people inside have changed: none for a refusal or a stray.
        asked: How many people asked; None for all that were left.
        outcome: The name of the answer.
        inside_after: How many people were inside on this ticket then.
    """

    scan_id: UUID
    kind: ScanKind
    ticket_id: int
    event_id: int
    people: int
    asked: int | None
    outcome: str
    inside_after: int
    gate: str
    by: str
    at: datetime
    stored_at: datetime
    offline: bool


@frozen(kw_only=True)
class Inside:
    """The people who are inside at an event.

    Attributes:
        admitted: Those with a right to a place.
        excess: Those without one.
    """

    admitted: int
    excess: int


@frozen
class GateCount:
    """The people who went in at a gate and are still counted as inside.

    Attributes:
        gate: The name of the gate.
        people: How many, also those without a right to a place.
    """

    gate: str
    people: int


# --- what a scan is answered ----------------------------------------------------------------------


@frozen
class NotOnRecord:
    """The token is genuine and its ticket is not stored: only after a restore. Staff decides."""


@frozen
class WrongEvent:
    """The ticket is of another event."""

    event_id: int


@frozen
class Withdrawn:
    """This scan was taken back, perhaps before it arrived."""


@frozen
class Void:
    """The ticket was given up or refunded."""

    status: TicketStatus


@frozen
class NotPaid:
    """The ticket is not paid."""


@frozen
class Seen:
    """When and where people were let in, and who did it."""

    at: datetime
    gate: str
    by: str


@frozen
class AlreadyAdmitted:
    """All people of the ticket are inside.

    Attributes:
        last: The last scan that let people in.
    """

    last: Seen | None


@frozen
class TooMany:
    """Fewer people are left than have asked."""

    left: int


@frozen
class Admitted:
    """So many people may go in, and so many are left then."""

    people: int
    left: int


Refusal = NotOnRecord | WrongEvent | Withdrawn | Void | NotPaid | AlreadyAdmitted | TooMany
ScanOutcome = Admitted | Refusal | Forged | UnknownKey


@frozen(kw_only=True)
class ScanAnswer:
    """What a gate shows.

    Attributes:
        scan_id: The scan that this answers; repeating it gets the same outcome.
        outcome: Whether people may go in, and why not.
        ticket: The ticket as it is now; None if it is not known.
    """

    scan_id: UUID
    outcome: ScanOutcome
    ticket: Ticket | None


# --- what an entry or an undo is answered ---------------------------------------------------------


class NoRight(enum.StrEnum):
    """Why people who are inside have no right to a place."""

    VOID = "void"
    NOT_PAID = "not_paid"
    TOO_MANY = "too_many"


@frozen
class Recorded:
    """People who have gone in are counted.

    Attributes:
        people: How many.
        excess: How many of them have no right to a place.
        why: Why they have none; None if all have one.
    """

    people: int
    excess: int
    why: NoRight | None


@frozen
class Known:
    """The store knew this already; nothing was changed."""


@frozen
class StrayEntry:
    """The ticket is unknown or of another event. It is noted, and no ticket was changed."""


@frozen
class TakenBack:
    """So many people are out again, and so many are left then."""

    people: int
    left: int


@frozen
class NothingYet:
    """No such scan let anybody in. If it arrives later, it is answered with `Withdrawn`."""


def name_of(outcome: object) -> str:
    """Return the name of an outcome, by which devices and operators know it."""
    return "stray" if isinstance(outcome, StrayEntry) else code_of(type(outcome))


EntryOutcome = Recorded | Known | StrayEntry | ScanIdReused
UndoOutcome = TakenBack | NothingYet | NotOnRecord | WrongEvent | ScanIdReused
