"""What devices at a gate send and get, as msgspec types: the other half of `schemas`."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from ticketing_core.scan import LONGEST_GATE, ScanKind
from ticketing_core.ticket import TicketStatus
from ticketing_core.validators import LARGEST_ID
from ticketing_service.http.schemas import (
    DEFAULT_PAGE,
    LARGEST_PAGE,
    Id,
    Instant,
    Next,
    People,
    Quantity,
    ServerNow,
    ShownId,
)

LONGEST_SHOWN = 7089
"""Characters of the largest QR code, if all are digits (ISO/IEC 18004)."""

MOST_SCANS = 100
"""In one sync. Each is a step of its own, and some 30 KiB hold them all."""

AnyText = Annotated[
    str, Meta(max_length=LONGEST_SHOWN, description="What the QR code says, whatever it is.")
]
GateName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_GATE,
        pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$",
        description="Shown to staff, on one line.",
    ),
]
ScanId = Annotated[
    UUID, Meta(description="Made by the device for each look at a code. A repeat counts nobody.")
]
TypedCode = Annotated[UUID, Meta(description="Typed by staff, in place of the token.")]
TypedId = Annotated[Id, Meta(description="Typed by staff, in place of the token.")]
Sent = Annotated[datetime, Meta(tz=True, description="The device's clock now.")]
Kid = Annotated[
    str | UnsetType, Meta(description="The name of a key that is unknown; fetch the key set.")
]


class CheckInRequest(Struct):
    """Who asks to go in where. Exactly one of `token`, `ticket_code` and `ticket_id` is needed."""

    event_id: Id
    token: AnyText | UnsetType = UNSET
    ticket_code: TypedCode | UnsetType = UNSET
    ticket_id: TypedId | UnsetType = UNSET
    admit: Annotated[Quantity, Meta(description="How many; all that are left if it is absent.")] | (
        UnsetType
    ) = UNSET
    scan_id: ScanId | UnsetType = UNSET
    gate: GateName | UnsetType = UNSET


class UndoRequest(Struct):
    """Which scan is taken back. Exactly one of `token`, `ticket_code` and `ticket_id` is needed."""

    event_id: Id
    scan_id: ScanId
    token: AnyText | UnsetType = UNSET
    ticket_code: TypedCode | UnsetType = UNSET
    ticket_id: TypedId | UnsetType = UNSET
    gate: GateName | UnsetType = UNSET


class NotedScan(Struct):
    """A scan that a device has decided by itself."""

    scan_id: ScanId
    token: Annotated[str, Meta(description="What the QR code said.")]
    people: People
    at: Annotated[datetime, Meta(tz=True, description="By the device's clock.")]
    gate: GateName
    undo: Annotated[bool, Meta(description="They are out again: the scan is taken back.")] = False


class SyncRequest(Struct):
    """What a device has noted, in the order in which it happened."""

    event_id: Id
    sent_at: Sent
    scans: Annotated[
        list[NotedScan],
        Meta(
            min_length=1,
            max_length=MOST_SCANS,
            description="A wrong one is answered with `invalid`, and the others are recorded.",
        ),
    ]


class Seen(Struct):
    """When and where people were let in, and who did it."""

    at: Instant
    gate: str
    by: str


class CheckInAnswer(Struct):
    """What the gate shows. Only `admitted` lets anybody in."""

    outcome: Literal[
        "admitted",
        "already_admitted",
        "too_many",
        "void",
        "not_paid",
        "wrong_event",
        "withdrawn",
        "not_on_record",
        "forged",
        "unknown_key",
    ]
    scan_id: UUID
    ticket_id: Annotated[
        ShownId | None, Meta(description="Null: `forged`, `unknown_key`, `not_on_record`.")
    ]
    event_id: Annotated[ShownId, Meta(description="Of the ticket, if there is one.")]
    quantity: Annotated[
        int, Meta(description="People on the ticket; 0 if it is of another event, or unknown.")
    ]
    people: Annotated[int, Meta(description="How many may go in now.")]
    left: Annotated[int, Meta(description="How many may still go in after that.")]
    disputed: Annotated[bool, Meta(description="The buyer's bank disputes the payment.")]
    partly_refunded: Annotated[bool, Meta(description="All of its people may go in.")]
    server_now: ServerNow
    why: Annotated[TicketStatus | UnsetType, Meta(description="Why the ticket is `void`.")] = UNSET
    last: Annotated[Seen | UnsetType, Meta(description="The last scan that let people in.")] = UNSET
    event_name: Annotated[str | UnsetType, Meta(description="Where it is good.")] = UNSET
    kid: Kid = UNSET


class UndoAnswer(Struct):
    """What was taken back. `nothing_yet`: if the scan arrives later, it lets nobody in."""

    outcome: Literal[
        "taken_back", "nothing_yet", "wrong_event", "not_on_record", "forged", "unknown_key"
    ]
    scan_id: UUID
    people: Annotated[int, Meta(description="How many are out again.")]
    left: Annotated[int, Meta(description="How many may go in after that.")]
    server_now: ServerNow
    kid: Kid = UNSET


class SyncedScan(Struct):
    """What has become of a scan.

    The device keeps what is `forged`, `unknown_key`, `scan_id_reused` or `invalid`: nobody is
    counted.
    """

    scan_id: Annotated[UUID | None, Meta(description="Null: it is none.")]
    outcome: Literal[
        "recorded",
        "known",
        "taken_back",
        "nothing_yet",
        "stray",
        "wrong_event",
        "not_on_record",
        "forged",
        "unknown_key",
        "scan_id_reused",
        "invalid",
    ]
    counted: Annotated[int, Meta(description="How many people are counted, or no longer are.")] = 0
    excess: Annotated[int, Meta(description="How many of them have no right to a place.")] = 0
    why: Annotated[
        Literal["void", "not_paid", "too_many"] | UnsetType, Meta(description="Why not.")
    ] = UNSET
    detail: Annotated[str | UnsetType, Meta(description="What makes it `invalid`.")] = UNSET
    kid: Kid = UNSET


class SyncAnswer(Struct):
    """What has become of each scan, in the same order."""

    results: list[SyncedScan]
    server_now: ServerNow


class AdmissionsQuery(Struct):
    """Which part of the people inside."""

    only: (
        Annotated[Literal["excess"], Meta(description="Those without a right to a place.")]
        | UnsetType
    ) = UNSET
    limit: Annotated[
        int, Meta(ge=1, le=LARGEST_PAGE, description="The most tickets to return.")
    ] = DEFAULT_PAGE
    after: (
        Annotated[int, Meta(ge=1, le=LARGEST_ID, description="Only tickets with a larger id.")]
        | UnsetType
    ) = UNSET


class GateCount(Struct):
    """The people who went in at a gate and are still inside."""

    gate: str
    people: Annotated[int, Meta(description="Also those without a right to a place.")]


class AdmissionsAnswer(Struct):
    """How many people are inside."""

    event_id: ShownId
    inside: int
    admitted: Annotated[int, Meta(description="Those with a right to a place.")]
    excess: Annotated[int, Meta(description="Those without one.")]
    kept: Annotated[int, Meta(description="Places that tickets keep; a recent count.")]
    capacity: int
    gates: Annotated[
        list[GateCount],
        Meta(description="Where they went in: the most people first, then by name."),
    ]
    server_now: ServerNow


class ShownScan(Struct):
    """A scan as it is stored."""

    scan_id: UUID
    kind: ScanKind
    people: Annotated[int, Meta(description="How many went in; negative if they came out again.")]
    gate: str
    by: str
    at: Annotated[Instant, Meta(description="By the device's clock, corrected.")]
    stored_at: Instant
    offline: Annotated[bool, Meta(description="The device could not ask.")]


class ExcessTicket(Struct):
    """A ticket with more people inside than have a right to a place."""

    ticket_id: ShownId
    status: TicketStatus
    quantity: int
    admitted: int
    excess: int
    scans: list[ShownScan]


class StrayScan(Struct):
    """People who went in on a ticket that is unknown or of another event."""

    ticket_id: ShownId
    scan: ShownScan


class ExcessPage(Struct):
    """Who is inside without a right to a place, the smallest ticket ids first."""

    tickets: list[ExcessTicket]
    strays: Annotated[
        list[StrayScan], Meta(description="On the first page: the newest, 1,000 at most.")
    ]
    next: Next
