"""What tickets have sold, and where the money that they took is now: the sums of a report."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from attrs import fields, frozen

from ticketing_core.ticket import Ticket, TicketStatus

Key = TypeVar("Key", bound=Hashable)

_S = TicketStatus
STILL_CAPTURED = frozenset({_S.ISSUED, _S.REFUNDING})
"""Their whole total was paid, and what has not gone back is still captured. So it is for a disputed
ticket. Of all others nothing is left, so no more was paid than has gone back."""


@frozen(kw_only=True)
class Sums:
    """What tickets of one currency have sold and taken, by what is known of their payments now.

    Amounts are minor units. ``taken`` is always the sum of the five amounts below it. A payment of
    another amount than the ticket's total, which a gateway should not accept, counts as the total.

    Attributes:
        kept: Places that the tickets keep now, also unpaid ones.
        sold: Places of issued tickets, also free ones.
        admitted: People inside with a right to a place.
        excess: People inside without one.
        taken: What buyers have paid.
        earned: What is the seller's, also while a bank decides on a dispute about it. Negative if
            more was given back than paid, as after a refund and a lost dispute.
        refunded: What the gateway has refunded.
        charged_back: What banks have returned to buyers after disputes.
        owed: What void tickets still have to give back.
        paid_back_otherwise: What people have paid back outside the gateway.
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
        """Return the sums of both; the caller knows that they have the same currency."""
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
    """The sums of what was ordered of one event on one day, in one currency."""

    day: date
    event_id: int
    currency: str
    sums: Sums


@frozen
class SumsPage:
    """The sums of a part of all tickets.

    Attributes:
        lines: One for each event and currency that has tickets in it.
        next_at: The creation of the oldest ticket after this part; None at the end.
    """

    lines: Sequence[EventSums]
    next_at: datetime | None


SPAN = timedelta(minutes=15)
"""Of all time zones hours and days begin at whole quarters of an hour in UTC."""

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
    """What a cancellation of an event gives back: of its ISSUED tickets.

    Attributes:
        tickets: How many there are, also free ones.
        amount_minor: What of their payments has not gone back yet, in minor units.
    """

    tickets: int
    amount_minor: int

    @classmethod
    def of(cls, tickets: Iterable[Ticket]) -> "ToRefund":
        """Return the sum over the tickets of an event."""
        earned = [Sums.of(each).earned for each in tickets if each.status is _S.ISSUED]
        return cls(tickets=len(earned), amount_minor=sum(max(0, each) for each in earned))


def sums_page(
    tickets: Iterable[Ticket], *, since: datetime, until: datetime, event_id: int | None
) -> SumsPage:
    """Return what `TicketRepository.report` returns of a store with these tickets."""
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
    """Return what `EventTickets.sums_of` returns of an event with these tickets, by id."""
    page = tickets[:limit]
    found: dict[datetime, Sums] = {}
    for ticket in page:
        since = ticket.created_at - (ticket.created_at - _FIRST_SPAN) % SPAN
        found[since] = found.get(since, Sums()) + Sums.of(ticket)
    spans = [SpanSums(since=since, sums=sums) for since, sums in sorted(found.items())]
    return SpansPage(spans, page[-1].ticket_id if len(tickets) > limit else None)


def sums_by(lines: Iterable[DaySums], *, by: Callable[[DaySums], Key]) -> dict[Key, Sums]:
    """Return the sums of each group of lines. ``by`` must not put two currencies in one."""
    found: dict[Key, Sums] = {}
    for line in lines:
        found[by(line)] = found.get(by(line), Sums()) + line.sums
    return found
