"""What organizers read of their events, as msgspec types: a part of `schemas`."""

from datetime import date
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from ticketing_core.ticket import LONGEST_BUYER, TicketStatus
from ticketing_core.validators import LARGEST_ID
from ticketing_service.http.gate_schemas import ShownScan
from ticketing_service.http.schemas import (
    DEFAULT_PAGE,
    LARGEST_PAGE,
    Amount,
    Instant,
    ShownId,
    TicketCode,
)

Limit = Annotated[int, Meta(ge=1, le=LARGEST_PAGE, description="The most entries to return.")]
Cursor = Annotated[int, Meta(ge=1, le=LARGEST_ID, description="The `next` of the page before.")]
Status = Annotated[TicketStatus, Meta(description="Only tickets with this status.")]
Text = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_BUYER,
        description="An exact code, an exact id, or how the buyer begins, in the same case.",
    ),
]
NextId = Annotated[
    int | None,
    Meta(
        description="Send it to get the next page; null on the last page.",
        extra_json_schema={"format": "int64"},
    ),
]


class ExportQuery(Struct):
    """Which tickets of an event."""

    status: Status | UnsetType = UNSET
    q: Text | UnsetType = UNSET


class SearchQuery(Struct):
    """Which tickets of an event, and which part of them."""

    status: Status | UnsetType = UNSET
    q: Text | UnsetType = UNSET
    limit: Limit = DEFAULT_PAGE
    before: Cursor | UnsetType = UNSET


class AfterQuery(Struct):
    """Which part of a list."""

    limit: Limit = DEFAULT_PAGE
    after: Cursor | UnsetType = UNSET


class SoldTicket(Struct):
    """A ticket as organizers of its event see it. Amounts are minor units of `total`."""

    ticket_id: ShownId
    ticket_code: TicketCode
    event_id: ShownId
    buyer: str
    status: TicketStatus
    quantity: Annotated[int, Meta(description="People it lets in.")]
    admitted: Annotated[int, Meta(description="People inside with a right to a place.")]
    excess: Annotated[int, Meta(description="People inside without one.")]
    total: Amount
    created_at: Instant
    held_until: Annotated[Instant | None, Meta(description="Null: it was free.")]
    disputed: Annotated[bool, Meta(description="The buyer's bank disputes the payment.")]
    refunded_minor: int
    charged_back_minor: Annotated[int, Meta(description="What the bank returned to the buyer.")]
    paid_back_minor: Annotated[int, Meta(description="What a person has paid back otherwise.")]
    paid_back_otherwise: Annotated[str | None, Meta(description="How, in that person's words.")]
    owed_minor: Annotated[int, Meta(description="What the buyer still has to get back.")]
    owed_since: Instant | None
    refund_problem: Annotated[
        str | None, Meta(description="Why the refund is not made: see the refund call.")
    ]
    waits_for_person: Annotated[
        bool, Meta(description="No refund is made until somebody decides: see the refund call.")
    ]


class SoldTicketPage(Struct):
    """Tickets of an event."""

    tickets: list[SoldTicket]
    next: NextId


class StoryChange(Struct):
    """One change of a ticket."""

    version: int
    status: Annotated[TicketStatus, Meta(description="After the change.")]
    at: Instant
    why: str
    by: str


class StoryScan(ShownScan):
    """A scan of a ticket at a gate."""

    outcome: Annotated[str, Meta(description="What the gate was answered.")]
    asked: Annotated[int | None, Meta(description="How many asked; null: all that were left.")]
    inside_after: Annotated[int, Meta(description="How many of the ticket were inside then.")]


class TicketStoryAnswer(Struct):
    """A ticket, and all that has happened to it, the oldest first."""

    ticket: SoldTicket
    changes: list[StoryChange]
    scans: list[StoryScan]


class RefundPage(Struct):
    """Tickets whose money is owed, the smallest ids first."""

    refunds: list[SoldTicket]
    next: NextId


class DisputeEvidence(Struct):
    """What can be said in a dispute, in the fields of Stripe's evidence as far as they are known.

    Texts are cut at the 20,000 characters that Stripe takes.
    """

    product_description: Annotated[
        str, Meta(description="What was bought, when, by which account.")
    ]
    service_date: Annotated[
        str | None, Meta(description="When the event begins, as people write it; null: unknown.")
    ]
    access_activity_log: Annotated[
        str | None, Meta(description="Who went in when and where; null: nobody.")
    ]
    uncategorized_text: Annotated[str, Meta(description="All that has happened to the ticket.")]
    payment_id: Annotated[str | None, Meta(description="The provider's id of the payment.")]
    paid_at: Annotated[Instant | None, Meta(description="When the payment was seen.")]


class Dispute(Struct):
    """A ticket with an open dispute."""

    ticket: SoldTicket
    evidence: DisputeEvidence


class DisputePage(Struct):
    """Open disputes, the smallest ticket ids first."""

    disputes: list[Dispute]
    next: NextId


class ReportSums(Struct):
    """Places, people and amounts. `taken` is always the sum of the five amounts below it."""

    kept: Annotated[int, Meta(description="Places that tickets keep now, also unpaid ones.")]
    sold: Annotated[int, Meta(description="Places of issued tickets, also free ones.")]
    admitted: int
    excess: int
    taken: Annotated[int, Meta(description="What buyers have paid.")]
    earned: Annotated[int, Meta(description="What is the seller's of it; may be negative.")]
    refunded: int
    charged_back: int
    owed: int
    paid_back_otherwise: int


class ReportDay(Struct):
    """What was ordered on one day."""

    day: date
    sums: ReportSums


class ReportHour(Struct):
    """What was ordered in one hour."""

    at: Annotated[Instant, Meta(description="When the hour begins.")]
    sold: int
    taken: int


class EventReportAnswer(Struct):
    """What was sold of an event, and where the money is, in minor units."""

    event_id: ShownId
    currency: Annotated[str, Meta(description="ISO 4217, in lower case.")]
    sums: ReportSums
    days: Annotated[
        list[ReportDay], Meta(description="In the event's time zone; without empty days.")
    ]
    hours: Annotated[list[ReportHour], Meta(description="The last 48, the present one included.")]
    added_up_at: Annotated[Instant, Meta(description="When; a large event's sums are kept longer.")]
