"""The sums of a report: what was sold, and where the money is now."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from attrs import fields, frozen

from ticketing_core.ticket import Ticket, TicketStatus

Key = TypeVar("Key", bound=Hashable)

_S = TicketStatus
STILL_CAPTURED = frozenset({_S.ISSUED, _S.REFUNDING})
"""These tickets were paid in full, and what has not gone back is still captured. The same is true
of a disputed ticket. Of any other ticket, all that was paid has gone back."""


@frozen(kw_only=True)
class Sums:
    """What was sold and taken for some tickets of one currency, as far as their payments are known.

    Amounts are in minor units. ``taken`` is always the sum of the five amounts after it. A payment
    that differs from the ticket's total, which a gateway should not accept, counts as the total.

    Attributes:
        kept: The places that the tickets keep now, unpaid ones included.
        sold: The places of issued tickets, free ones included.
        admitted: People inside with a right to a place.
        excess: People inside without one.
        taken: What buyers have paid.
        earned: What belongs to the seller, also while a bank decides a dispute about it. Negative
            if more went back than was paid, as after a refund and a lost dispute.
        refunded: What the gateway has refunded.
        charged_back: What banks have returned to buyers after disputes.
        owed: What has still to go back for void tickets.
        paid_back_otherwise: What the seller has paid back outside the gateway.
    """

    kept: int = 0
    sold: int = 0
    admitted: int = 0
    excess: int = 0
    taken: int = 0
    earned: int = 0
    refunded: int = 0
    charged_back: int = 0
    owed: int = 0
    paid_back_otherwise: int = 0

    @classmethod
    def of(cls, ticket: Ticket) -> "Sums":
        """Return the sums of one ticket."""
        total, status = ticket.total.amount_minor, ticket.status
        # A ticket is disputed and REFUNDED if the refund failed while the bank holds the money.
        captured = status in STILL_CAPTURED or ticket.disputed
        gone = ticket.refunded_minor + ticket.charged_back_minor + ticket.paid_back_minor
        left = total - gone
        return cls(
            kept=ticket.places,
            sold=ticket.quantity if status is _S.ISSUED else 0,
            admitted=ticket.admitted,
            excess=ticket.excess,
            taken=total if captured else min(total, gone),
            earned=left if status is _S.ISSUED else min(left, 0),
            refunded=ticket.refunded_minor,
            charged_back=ticket.charged_back_minor,
            owed=max(left, 0) if captured and status is not _S.ISSUED else 0,
            paid_back_otherwise=ticket.paid_back_minor,
        )

    def __add__(self, other: "Sums") -> "Sums":
        """Return the sums of both. The caller has to make sure that the currency is the same."""
        names = [each.name for each in fields(Sums)]
        return Sums(**{name: getattr(self, name) + getattr(other, name) for name in names})


@frozen(kw_only=True)
class EventSums:
    """The sums of one event in one currency."""

    event_id: int
    currency: str
    sums: Sums


@frozen(kw_only=True)
class DaySums:
    """The sums of the tickets of one event that were created on one day, in one currency.

    Attributes:
        day: The day, in the time zone that the report was made for.
        event_id: The event.
        currency: The currency, in which all amounts of the sums are minor units.
        sums: The counts and amounts.
    """

    day: date
    event_id: int
    currency: str
    sums: Sums


@frozen
class SumsPage:
    """The sums of a part of all tickets.

    Attributes:
        lines: One for each event and currency that has tickets in it.
        next_at: When the oldest ticket after this part was created; None at the end.
    """

    lines: Sequence[EventSums]
    next_at: datetime | None


SPAN = timedelta(minutes=15)
"""In every time zone, hours and days begin at a whole quarter of an hour in UTC."""

_FIRST_SPAN = datetime(1970, 1, 1, tzinfo=UTC)


@frozen(kw_only=True)
class SpanSums:
    """The sums of tickets of one event that were created in one `SPAN`.

    Attributes:
        since: When it begins, a whole number of spans after 1970 in UTC.
        sums: The sums.
    """

    since: datetime
    sums: Sums


@frozen
class SpansPage:
    """The sums of a part of an event's tickets.

    Attributes:
        spans: One for each span that has tickets in it.
        last: The largest id that was added up; None if no ticket is left after it.
    """

    spans: Sequence[SpanSums]
    last: int | None


@frozen(kw_only=True)
class ToRefund:
    """What cancelling an event would give back for its ISSUED tickets.

    Attributes:
        tickets: The number of tickets, free ones included.
        amount_minor: The part of their payments that has not gone back yet, in minor units.
    """

    tickets: int
    amount_minor: int

    @classmethod
    def of(cls, tickets: Iterable[Ticket]) -> "ToRefund":
        """Return the sum for the tickets of an event."""
        earned = [Sums.of(each).earned for each in tickets if each.status is _S.ISSUED]
        return cls(tickets=len(earned), amount_minor=sum(max(0, each) for each in earned))


def sums_page(
    tickets: Iterable[Ticket], *, since: datetime, until: datetime, event_id: int | None
) -> SumsPage:
    """Return what `TicketRepository.report` returns for a store with these tickets."""
    found: dict[tuple[int, str], Sums] = {}
    next_at = None
    for ticket in tickets:
        if ticket.created_at >= until:
            next_at = min(next_at or ticket.created_at, ticket.created_at)
        elif ticket.created_at >= since and event_id in (None, ticket.event_id):
            key = (ticket.event_id, ticket.total.currency)
            found[key] = found.get(key, Sums()) + Sums.of(ticket)
    lines = [
        EventSums(event_id=number, currency=currency, sums=sums)
        for (number, currency), sums in sorted(found.items())
    ]
    return SumsPage(lines, next_at)


def spans_page(tickets: Sequence[Ticket], *, limit: int) -> SpansPage:
    """Return what `EventTickets.sums_of` returns for an event with these tickets, sorted by id."""
    page = tickets[:limit]
    found: dict[datetime, Sums] = {}
    for ticket in page:
        since = ticket.created_at - (ticket.created_at - _FIRST_SPAN) % SPAN
        found[since] = found.get(since, Sums()) + Sums.of(ticket)
    spans = [SpanSums(since=since, sums=sums) for since, sums in sorted(found.items())]
    return SpansPage(spans, page[-1].ticket_id if len(tickets) > limit else None)


def sums_by(lines: Iterable[DaySums], *, by: Callable[[DaySums], Key]) -> dict[Key, Sums]:
    """Return the sums of each group of lines. ``by`` must not group different currencies."""
    found: dict[Key, Sums] = {}
    for line in lines:
        found[by(line)] = found.get(by(line), Sums()) + line.sums
    return found
