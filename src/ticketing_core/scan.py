"""Scans of a ticket at a gate: requests of devices, what is stored, and the outcomes."""

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
    """A gate's request about a scan: a `Scan`, an `Entry` or an `Undo`.

    Attributes:
        scan_id: The id that the device gave to the scan.
        ticket_id: The ticket that was scanned.
        ticket_code: The code that was shown; None if staff typed the id of the ticket.
        event_id: The event at whose gate it was scanned.
        gate: The name of the gate.
        by: The identity of the member of staff.
        at: When it was scanned, by the device's clock, corrected. No decision depends on it.
        stored_at: When the service received it.
        offline: Whether the device could not reach the service.
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
        """The author of the change, for the history."""
        return f"gate {self.by}"


@frozen(kw_only=True)
class Scan(GateRequest):
    """People ask to be let in.

    Attributes:
        people: How many; None for all who are not inside yet.
        payment_seen: Whether the gateway was asked about the payment just now. Unless it was,
            `NotPaid` is not stored.
    """

    people: int | None = field(default=None, validator=v.optional(positive))
    payment_seen: bool = False


@frozen(kw_only=True)
class Entry(GateRequest):
    """People went in at an offline gate. They are counted, with or without a right to a place.

    Attributes:
        people: How many.
    """

    people: int = field(validator=positive)
    offline: bool = True


@frozen(kw_only=True)
class Undo(GateRequest):
    """A scan is taken back: its people are out again, or never went in."""


class ScanKind(enum.StrEnum):
    """What a stored scan did. Each id has at most one scan of each kind."""

    REFUSED = "refused"
    LET_IN = "let_in"
    UNDONE = "undone"
    """Taken back, perhaps before it arrived."""
    STRAY = "stray"
    """People went in with a ticket that is unknown or of another event."""


@frozen(kw_only=True)
class StoredScan:
    """A scan as it is stored. It never changes.

    Attributes:
        people: By how much the number of people inside changed; 0 for a refusal or a stray.
        asked: How many people asked to go in; None for all who were not inside yet.
        outcome: The name of the outcome, see `name_of`.
        inside_after: How many people of this ticket were inside afterwards.
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


# --- the outcomes of a scan -----------------------------------------------------------------------


@frozen
class NotOnRecord:
    """The token is genuine, but its ticket is not stored. This happens only after a restore."""


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
    """More people asked to go in than are left."""

    left: int


@frozen
class Admitted:
    """``people`` may go in, and ``left`` more may go in later."""

    people: int
    left: int


Refusal = NotOnRecord | WrongEvent | Withdrawn | Void | NotPaid | AlreadyAdmitted | TooMany
ScanOutcome = Admitted | Refusal | Forged | UnknownKey


@frozen(kw_only=True)
class ScanAnswer:
    """The answer to a scan.

    Attributes:
        scan_id: The id of the scan. A repeat gets the same outcome.
        outcome: Whether people may go in, or why not.
        ticket: The ticket as it is now; None if it is not known.
    """

    scan_id: UUID
    outcome: ScanOutcome
    ticket: Ticket | None


# --- the outcomes of an entry or an undo ----------------------------------------------------------


class NoRight(enum.StrEnum):
    """Why people who are inside have no right to a place."""

    VOID = "void"
    NOT_PAID = "not_paid"
    TOO_MANY = "too_many"


@frozen
class Recorded:
    """The people who went in are counted.

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
    """The ticket is unknown or of another event. The scan is stored, and no ticket was changed."""


@frozen
class TakenBack:
    """``people`` are out again; ``left`` of the ticket's people are not inside now."""

    people: int
    left: int


@frozen
class NothingYet:
    """No such scan let anybody in. If it arrives later, its outcome is `Withdrawn`."""


def name_of(outcome: object) -> str:
    """Return the name of an outcome, as the API and the commands show it."""
    return "stray" if isinstance(outcome, StrayEntry) else code_of(type(outcome))


EntryOutcome = Recorded | Known | StrayEntry | ScanIdReused
UndoOutcome = TakenBack | NothingYet | NotOnRecord | WrongEvent | ScanIdReused
