"""Whether database, gateway and what people were told agree to the cent, once all is settled."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tests.integration.chaos.books import Books, EventRow, Payment, TicketRow
from tests.integration.chaos.told import Told
from ticketing_core import TRANSITIONS, TicketStatus

KEEPS_PLACES = {"reserved", "paying", "issued"}
SETTLED = {"issued", "cancelled", "expired", "refunded"}


def problems(books: Books, told: Told) -> list[str]:
    """All that is wrong, each in one sentence; empty if nothing is."""
    return [
        *places_problems(books.events),
        *_money_problems(books),
        *_ticket_problems(books),
        *_key_problems(books, told),
        *_address_problems(books, told),
        *_promise_problems(books, told),
        *told.lies,
    ]


def places_problems(events: Sequence[EventRow]) -> Iterator[str]:
    """Never oversold, and counted right. This holds at every moment."""
    for event in events:
        if event.kept != event.places:
            yield f"event {event.event_id} keeps {event.kept} places, its tickets {event.places}"
        if event.places > event.capacity:
            yield f"event {event.event_id} sold {event.places} of {event.capacity} places"


def _money_problems(books: Books) -> Iterator[str]:
    """Money without a ticket, and tickets without money."""
    by_code = {ticket.ticket_code: ticket for ticket in books.tickets}
    for payment in books.payments.values():
        yield from _payment_problems(payment, by_code.get(payment.ticket_code))
    for ticket in books.tickets:
        paid = books.payments.get(ticket.checkout_id or "")
        if ticket.status == "issued" and ticket.total_minor and (not paid or not paid.captured):
            yield f"ticket {ticket.ticket_id} is issued, and nothing is captured for it"
    captured = sum(payment.captured for payment in books.payments.values())
    worth = sum(
        ticket.total_minor - ticket.refunded_minor
        for ticket in books.tickets
        if ticket.status == "issued"
    )
    if captured != worth:
        yield f"the gateway has captured {captured} in all, the issued tickets are worth {worth}"


def _payment_problems(payment: Payment, ticket: TicketRow | None) -> Iterator[str]:
    if ticket is None:
        if payment.captured:
            yield f"{payment.captured} are captured for no ticket"
        return
    name = f"ticket {ticket.ticket_id}"
    if ticket.checkout_id != payment.checkout_id:
        if payment.captured:
            yield f"{name} was charged by a second checkout"
        return
    if payment.captured and ticket.status != "issued":
        yield f"{payment.captured} are captured for {name}, which is {ticket.status}"
    if ticket.status == "issued" and payment.captured + payment.given_back != ticket.total_minor:
        yield f"{name} costs {ticket.total_minor}, and another amount was taken"
    if ticket.status in {"issued", "refunded"} and payment.given_back != ticket.refunded_minor:
        yield (
            f"{ticket.refunded_minor} are stored as given back for {name}, "
            f"and {payment.given_back} were"
        )


def _ticket_problems(books: Books) -> Iterator[str]:
    """Nothing waits any more, and the history tells all that happened and only what may."""
    for ticket in books.tickets:
        name = f"ticket {ticket.ticket_id}"
        if ticket.status not in SETTLED:
            yield f"{name} is still {ticket.status}"
        versions = [version for version, _ in ticket.history]
        statuses = [TicketStatus(status) for _, status in ticket.history]
        if versions != list(range(1, ticket.version + 1)):
            yield f"{name} has version {ticket.version}, and a history of {versions}"
        elif statuses[-1] != ticket.status:
            yield f"{name} is {ticket.status}, and its history ends with {statuses[-1]}"
        for before, after in pairwise(statuses):
            if before is not after and after not in TRANSITIONS[before]:
                yield f"{name} went from {before} to {after}"


def _key_problems(books: Books, told: Told) -> Iterator[str]:
    """One idempotency key buys once."""
    keeping = Counter(
        (ticket.buyer, ticket.key)
        for ticket in books.tickets
        if ticket.key is not None and ticket.status in KEEPS_PLACES
    )
    for (buyer, key), count in keeping.items():
        if count > 1:
            yield f"{count} tickets keep places under the key {key} of {buyer}"
    for (buyer, key), ticket_ids in told.by_key.items():
        if len(ticket_ids) > 1:
            yield f"{buyer} was told of the tickets {sorted(ticket_ids)} under his key {key}"


def _address_problems(books: Books, told: Told) -> Iterator[str]:
    """Nobody can still pay: neither what he was told, nor what his list of tickets shows.

    What was opened by a process that was killed before it stored the address does not count:
    nobody was ever given it.
    """
    stored = {ticket.checkout_id for ticket in books.tickets}
    for payment in books.payments.values():
        if payment.is_open and payment.checkout_id in told.addresses | stored:
            yield f"{payment.checkout_id} can still be paid"


def _promise_problems(books: Books, told: Told) -> Iterator[str]:
    """What somebody was told is true, unless a refund was asked for later."""
    by_id = {ticket.ticket_id: ticket for ticket in books.tickets}
    for order in told.orders:
        ticket = by_id.get(order.ticket_id)
        if ticket is None:
            yield f"ticket {order.ticket_id} was sold and is not there"
        elif (
            ticket.buyer,
            ticket.event_id,
            ticket.quantity,
            str(ticket.ticket_code),
            ticket.checkout_id,
        ) != (order.buyer, order.event_id, order.quantity, order.ticket_code, order.session_id):
            yield f"ticket {order.ticket_id} is not what was sold: {order}"
    for ticket_ids, status in (
        (told.issued - told.refund_asked, "issued"),
        (told.cancelled, "cancelled"),
        (told.refunded, "refunded"),
    ):
        for ticket_id in sorted(ticket_ids & by_id.keys()):
            if by_id[ticket_id].status != status:
                yield f"ticket {ticket_id} was told {status}, it is {by_id[ticket_id].status}"
