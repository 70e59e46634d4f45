"""Whether the database is what clients were told: nothing oversold, lost or doubled.

A fast answer that is not true is worth nothing, so each measurement ends with this.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from attrs import define, field, frozen

from benchmarks.books import Books, TicketRow
from benchmarks.load.seen import OK, Seen
from benchmarks.orders import Order

KEEPS_PLACES = frozenset({"reserved", "paying", "issued"})
SOLD = frozenset({"paying", "issued"})
"""What a ticket may be that somebody was told he has."""

SERVER_ERROR = 500
CERTAIN = frozenset({"overloaded"})
"""Codes of answers above 499 that say that nothing was done."""


@frozen(kw_only=True)
class Told:
    """A ticket that a client was told of.

    Attributes:
        session_id: The checkout that he was told to pay; None for a free ticket.
    """

    ticket_id: int | None
    ticket_code: str | None
    buyer: str
    event_id: int
    quantity: int
    session_id: str | None = None


@define
class Ledger:
    """What the clients of one database were told.

    Attributes:
        sold: The tickets of new purchases.
        shown: Tickets that were there before, and were answered again.
        uncertain: Purchases that may have had their effect without an answer that says so.
    """

    sold: list[Told] = field(factory=list)
    shown: list[Told] = field(factory=list)
    uncertain: int = 0

    def note(self, seen: Seen, orders: Sequence[Order], *, first: int, buying: bool = True) -> None:
        """Note what a window of load was told.

        Args:
            seen: What came back.
            orders: What was asked for, in the order of the window's requests.
            first: Which of them was sent first.
            buying: Whether each success is a new ticket.
        """
        into = self.sold if buying else self.shown
        for answer in seen.answers:
            if answer.status == OK:
                order = orders[(first + answer.number) % len(orders)]
                into.append(
                    Told(
                        ticket_id=answer.ticket_id,
                        ticket_code=answer.ticket_code,
                        buyer=order.buyer,
                        event_id=order.event_id,
                        quantity=order.quantity,
                        session_id=answer.session_id,
                    )
                )
            elif buying and answer.status >= SERVER_ERROR and answer.code not in CERTAIN:
                self.uncertain += 1
        if buying:
            self.uncertain += len(seen.unanswered)


def problems(books: Books, ledger: Ledger, *, may_be: Collection[str] = SOLD) -> Iterator[str]:
    """All that is wrong, each in one sentence; nothing if nothing is.

    Args:
        books: The database; its tickets are those of the purchases, and those that were shown.
        ledger: What the clients were told.
        may_be: What a ticket may be that somebody was told he has.
    """
    yield from _oversold(books)
    yield from _lost(books, ledger, may_be=may_be)
    yield from _doubled(books, ledger)
    for ticket_id in books.bad_histories:
        yield f"ticket {ticket_id} has a history that lacks versions or has too many"


def _oversold(books: Books) -> Iterator[str]:
    for event in books.events:
        if event.kept != event.places:
            yield f"event {event.event_id} keeps {event.kept} places, its tickets {event.places}"
        if event.places > event.capacity:
            yield f"event {event.event_id} sold {event.places} of {event.capacity} places"


def _lost(books: Books, ledger: Ledger, *, may_be: Collection[str]) -> Iterator[str]:
    stored = {ticket.ticket_id: ticket for ticket in books.tickets}
    for told in [*ledger.sold, *ledger.shown]:
        ticket = stored.get(told.ticket_id or 0)
        if ticket is None:
            yield f"{told.buyer} was told of ticket {told.ticket_id}, which is not stored"
        elif ticket.status not in may_be or not _is(ticket, told):
            yield f"{told} was told, and {ticket} is stored"


def _is(ticket: TicketRow, told: Told) -> bool:
    return (
        (ticket.ticket_code, ticket.buyer) == (told.ticket_code, told.buyer)
        and (ticket.event_id, ticket.quantity) == (told.event_id, told.quantity)
        and told.session_id in (None, ticket.checkout_id)
    )


def _doubled(books: Books, ledger: Ledger) -> Iterator[str]:
    for ticket_id, count in Counter(told.ticket_id for told in ledger.sold).items():
        if count > 1:
            yield f"ticket {ticket_id} was sold {count} times"
    shown = {told.ticket_id for told in ledger.shown}
    kept = sum(
        ticket.status in KEEPS_PLACES and ticket.ticket_id not in shown for ticket in books.tickets
    )
    most = len(ledger.sold) + ledger.uncertain
    if not len(ledger.sold) <= kept <= most:
        yield (
            f"{kept} tickets keep places; {len(ledger.sold)} were answered, and "
            f"{ledger.uncertain} more may have been bought without an answer"
        )
