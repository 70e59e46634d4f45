"""What organizers send and get, as msgspec types: a part of `schemas`."""

from typing import Annotated, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from ticketing_core.event import LARGEST_OWN_ID, LONGEST_NAME, LONGEST_VENUE
from ticketing_core.money import LARGEST_AMOUNT_MINOR
from ticketing_service.http.organizer_reads_schemas import Cursor, Limit, NextId
from ticketing_service.http.schemas import (
    DEFAULT_PAGE,
    Amount,
    EventAnswer,
    Instant,
    Quantity,
    ShownId,
)

_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"

Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME, pattern=_LINE)]
Venue = Annotated[str, Meta(min_length=1, max_length=LONGEST_VENUE, pattern=_LINE)]
TimeZone = Annotated[
    str, Meta(min_length=1, max_length=100, description="A name of the IANA database.")
]
Version = Annotated[
    Quantity, Meta(description="The version that was read: another one answers `stale_version`.")
]
OwnId = Annotated[
    int,
    Meta(
        ge=1,
        le=LARGEST_OWN_ID,
        description="By default the next free one.",
        extra_json_schema={"pattern": "^[1-9][0-9]{0,15}$", "format": "int64"},
    ),
]
OrNone: TypeAlias = Instant | UnsetType | None


class Price(Struct):
    """The price of one place; zero makes the event free."""

    amount_minor: Annotated[
        int,
        Meta(ge=0, le=LARGEST_AMOUNT_MINOR, description="In the smallest unit: 2500 is 25.00 USD."),
    ]
    currency: Annotated[
        str, Meta(min_length=3, max_length=3, description="ISO 4217. It never changes.")
    ]


class EventRequest(Struct):
    """A new event."""

    name: Name
    price: Price
    capacity: Quantity
    event_id: OwnId | UnsetType = UNSET
    opens_at: OrNone = UNSET
    closes_at: OrNone = UNSET
    max_per_order: Quantity | UnsetType = UNSET
    max_per_buyer: Quantity | UnsetType | None = UNSET
    starts_at: OrNone = UNSET
    ends_at: OrNone = UNSET
    doors_at: OrNone = UNSET
    venue: Venue | UnsetType | None = UNSET
    time_zone: TimeZone | UnsetType = UNSET


class EventChange(Struct):
    """What changes; null takes away what is optional, and all else stays."""

    version: Version
    name: Name | UnsetType = UNSET
    price: Price | UnsetType = UNSET
    capacity: Quantity | UnsetType = UNSET
    opens_at: OrNone = UNSET
    closes_at: OrNone = UNSET
    max_per_order: Quantity | UnsetType = UNSET
    max_per_buyer: Quantity | UnsetType | None = UNSET
    starts_at: OrNone = UNSET
    ends_at: OrNone = UNSET
    doors_at: OrNone = UNSET
    venue: Venue | UnsetType | None = UNSET
    time_zone: TimeZone | UnsetType = UNSET


class CloseRequest(Struct):
    """Which version of the event was read."""

    version: Version


class CancellationRequest(Struct):
    """A confirmation of what the preview showed."""

    version: Version
    refund_total_minor: Annotated[
        int, Meta(ge=0, le=LARGEST_AMOUNT_MINOR, description="`refund_total` of the preview.")
    ]


class CancellationAnswer(Struct):
    """What cancelling the event would do now."""

    event_id: ShownId
    version: int
    tickets: Annotated[int, Meta(description="Issued tickets that would be void.")]
    refund_total: Annotated[Amount, Meta(description="What would go back for them.")]


class EventHistoryLine(Struct):
    """One change of an event."""

    version: int
    at: Instant
    why: str
    by: str


class HistoryQuery(Struct):
    """Which part of an event's history."""

    limit: Limit = DEFAULT_PAGE
    before: Cursor | UnsetType = UNSET


class EventHistoryAnswer(Struct):
    """Changes of an event, the newest first."""

    changes: list[EventHistoryLine]
    next: NextId


__all__ = [
    "CancellationAnswer",
    "CancellationRequest",
    "CloseRequest",
    "EventAnswer",
    "EventChange",
    "EventHistoryAnswer",
    "EventRequest",
    "HistoryQuery",
]
