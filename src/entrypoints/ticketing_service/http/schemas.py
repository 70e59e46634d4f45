"""What is sent over the wire, as msgspec types: for the views and for the OpenAPI document.

These names, types and nullability are the contract with frontends. The names of the classes are
part of it, since clients are generated from the document.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from ticketing_core.ticket import LONGEST_CHECKOUT_ID, LONGEST_NOTE, TicketStatus
from ticketing_core.use_cases.sync import MOST_PEOPLE
from ticketing_core.validators import LARGEST_ID, LARGEST_INTEGER

LARGEST_PAGE = 100
"""Entries on one page: a few tens of kilobytes, and one index range in the store."""

DEFAULT_PAGE = 50

_INTEGER_OR_DIGITS = 'A JSON integer, or the same digits as text: `10` and `"10"`, not `10.0`.'

# A pattern on an integer: text is accepted too (`openapi` writes both types).
Id = Annotated[
    int,
    Meta(
        ge=1,
        le=LARGEST_ID,
        description=_INTEGER_OR_DIGITS,
        extra_json_schema={"pattern": "^[1-9][0-9]{0,15}$", "format": "int64"},
    ),
]
ShownId = Annotated[int, Meta(extra_json_schema={"format": "int64"})]
Quantity = Annotated[
    int,
    Meta(
        ge=1,
        le=LARGEST_INTEGER,
        description=_INTEGER_OR_DIGITS,
        extra_json_schema={"pattern": "^[1-9][0-9]{0,9}$"},
    ),
]
People = Annotated[
    int,
    Meta(
        ge=1,
        le=MOST_PEOPLE,
        description=_INTEGER_OR_DIGITS,
        extra_json_schema={"pattern": "^[1-9][0-9]{0,4}$"},
    ),
]
SessionId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_CHECKOUT_ID,
        description="From the create call, or from the address that the buyer came back to.",
    ),
]
TicketCode = Annotated[
    str, Meta(description="The ticket's unguessable name.", extra_json_schema={"format": "uuid"})
]
QrCodeData = Annotated[
    str,
    Meta(
        description="Base64 of a PNG, without a `data:` prefix.",
        extra_json_schema={"contentEncoding": "base64", "contentMediaType": "image/png"},
    ),
]
# A time zone in the type makes it a `date-time` (RFC 3339) in the document.
Instant = Annotated[datetime, Meta(tz=True)]
ServerNow = Annotated[Instant, Meta(description="The server's clock, to count down by.")]
Next = Annotated[
    str | None,
    Meta(description="Path and query of the next page on this server; null on the last page."),
]


class PurchaseRequest(Struct):
    """What to buy."""

    event_id: Id
    quantity: Quantity


class VerifyRequest(Struct):
    """Which payment to check."""

    session_id: SessionId
    ticket_id: Id


class CancelRequest(Struct):
    """Which ticket to give up."""

    ticket_id: Id


class RefundRequest(Struct):
    """Which ticket to refund."""

    ticket_id: Id
    again: Annotated[bool, Meta(description="Try a refund that is stuck once more.")] = False
    paid_back: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=LONGEST_NOTE,
                description="The buyer has the money by other means: how. Ends a stuck refund.",
            ),
        ]
        | UnsetType
    ) = UNSET


class PageQuery(Struct):
    """Which part of a list."""

    limit: Annotated[
        int, Meta(ge=1, le=LARGEST_PAGE, description="The most entries to return.")
    ] = DEFAULT_PAGE
    before: (
        Annotated[int, Meta(ge=1, le=LARGEST_ID, description="Only entries with a smaller id.")]
        | UnsetType
    ) = UNSET


class CheckoutAnswer(Struct):
    """The places are held; send the buyer to `checkout_url`."""

    checkout_url: str
    session_id: str
    ticket_id: ShownId
    ticket_code: TicketCode


class IssuedAnswer(Struct):
    """The ticket is valid; show its QR code."""

    detail: str
    qr_code_data: QrCodeData
    ticket_id: ShownId
    ticket_code: TicketCode


class CancelledAnswer(Struct):
    """The places are free again."""

    detail: str


class RefundAnswer(Struct):
    """The ticket is void."""

    detail: str
    ticket_id: ShownId
    status: Annotated[TicketStatus, Meta(description="`refunding` until the refund is made.")]
    refund_problem: Annotated[
        str | None,
        Meta(
            description="Why the refund is not made: the provider's code; `disputed`: the bank "
            "decides; `refund_returned`, `appeal_won`: a person decides (`again`, `paid_back`)."
        ),
    ]


class NotificationAnswer(Struct):
    """The notification need not be sent again."""

    detail: str


class Amount(Struct):
    """An amount of money."""

    amount_minor: Annotated[int, Meta(description="In the smallest unit: 2500 is 25.00 USD.")]
    currency: Annotated[str, Meta(description="ISO 4217, in lower case.")]


class EventAnswer(Struct):
    """An event on sale."""

    event_id: ShownId
    name: str
    price: Annotated[Amount, Meta(description="Of one place; zero is a free event.")]
    capacity: int
    places_left: Annotated[int, Meta(description="A recent count; buying decides.")]
    opens_at: Annotated[Instant | None, Meta(description="Null: the sale has begun.")]
    closes_at: Annotated[Instant | None, Meta(description="Null: the sale does not end.")]
    max_per_order: int
    max_per_buyer: Annotated[int | None, Meta(description="Null: no limit.")]
    starts_at: Instant | None
    ends_at: Instant | None
    doors_at: Annotated[Instant | None, Meta(description="From when on people are let in.")]
    venue: str | None
    time_zone: Annotated[str, Meta(description="In which to show times; an IANA name.")]
    version: Annotated[int, Meta(description="Rises with each change by an organizer.")]
    cancelled_at: Annotated[Instant | None, Meta(description="Null: it takes place.")]
    unwound_at: Annotated[
        Instant | None, Meta(description="When no ticket of the cancelled event was good any more.")
    ]
    server_now: ServerNow


class EventPage(Struct):
    """Events, the newest first."""

    events: list[EventAnswer]
    next: Next


class TicketAnswer(Struct):
    """One of the caller's tickets."""

    ticket_id: ShownId
    ticket_code: TicketCode
    event_id: ShownId
    quantity: Annotated[int, Meta(description="People it lets in.")]
    status: TicketStatus
    total: Amount
    refunded: Annotated[Amount, Meta(description="What was refunded so far.")]
    charged_back: Annotated[Amount, Meta(description="What the bank returned to the buyer.")]
    session_id: Annotated[str | None, Meta(description="Null: free, or no checkout opened.")]
    checkout_url: Annotated[str | None, Meta(description="Where to pay, while it can be paid.")]
    expires_at: Annotated[
        Instant | None, Meta(description="When an unpaid ticket loses its places.")
    ]
    admitted: Annotated[int, Meta(description="People already inside.")]
    disputed: Annotated[bool, Meta(description="The buyer's bank disputes the payment.")]
    created_at: Instant
    server_now: ServerNow


class TicketPage(Struct):
    """The caller's tickets, the newest first."""

    tickets: list[TicketAnswer]
    next: Next


class KeySet(Struct):
    """The public keys of admission tokens (RFC 7517)."""

    keys: list[dict[str, str]]


class HealthAnswer(Struct):
    """The check passed."""

    status: Literal["ok"]
    degraded: Annotated[
        list[str] | UnsetType,
        Meta(description="What does not work as it should, although tickets can be sold."),
    ] = UNSET
