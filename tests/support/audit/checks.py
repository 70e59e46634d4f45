"""Compares the books with the receipts: nothing oversold, lost, doubled or charged wrongly."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

from tests.support.audit.books import Books, EventRow, Payment, TicketRow
from tests.support.audit.gates import gate_problems
from tests.support.audit.receipts import Receipt, Receipts
from ticketing_core import TRANSITIONS, TicketStatus

KEEPS_PLACES = frozenset({"reserved", "paying", "issued"})
SOLD = frozenset({"paying", "issued"})
SETTLED = frozenset({"issued", "cancelled", "expired", "refunded"})


def problems(books: Books, receipts: Receipts, *, may_be: Collection[str] = SOLD) -> list[str]:
    """Return all that is wrong, each in one sentence. This needs no books of the gateway.

    Args:
        books: The tickets that the receipts are about, and no others.
        receipts: What the clients learned.
        may_be: The statuses that a ticket with a receipt may have.
    """
    return [
        *place_problems(books.events),
        *_history_problems(books),
        *_receipt_problems(books, receipts, may_be=may_be),
        *_number_problems(books, receipts),
        *_key_problems(books, receipts),
        *_status_problems(books, receipts),
        *gate_problems(books, receipts),
        *receipts.lies,
    ]


def settled_problems(books: Books, receipts: Receipts) -> list[str]:
    """Return all that is wrong once everything is settled, to the cent."""
    return [
        *problems(books, receipts, may_be=SETTLED),
        *_unsettled_problems(books, receipts),
        *_money_problems(books),
    ]


def place_problems(events: Sequence[EventRow]) -> Iterator[str]:
    """Check that nothing is oversold and places are counted right; this holds at every moment."""
    for event in events:
        if event.kept != event.places:
            yield f"event {event.event_id} keeps {event.kept} places, its tickets {event.places}"
        if event.places > event.capacity:
            yield f"event {event.event_id} sold {event.places} of {event.capacity} places"


def _history_problems(books: Books) -> Iterator[str]:
    """Each history has all versions, ends with the ticket's status, and only allowed changes."""
    for ticket in books.tickets:
        name = f"ticket {ticket.ticket_id}"
        versions = [version for version, _ in ticket.history]
        statuses = [TicketStatus(status) for _, status in ticket.history]
        if versions != list(range(1, ticket.version + 1)):
            yield f"{name} has version {ticket.version}, and a history of {versions}"
        elif statuses[-1] != ticket.status:
            yield f"{name} is {ticket.status}, and its history ends with {statuses[-1]}"
        for before, after in pairwise(statuses):
            if before is not after and after not in TRANSITIONS[before]:
                yield f"{name} went from {before} to {after}"


def _receipt_problems(
    books: Books, receipts: Receipts, *, may_be: Collection[str]
) -> Iterator[str]:
    """Each receipt is for a stored ticket that is what the receipt says."""
    stored = {ticket.ticket_id: ticket for ticket in books.tickets}
    for receipt in [*receipts.sold, *receipts.shown]:
        ticket = stored.get(receipt.ticket_id)
        if ticket is None:
            yield f"{receipt.buyer} was sold ticket {receipt.ticket_id}, which is not stored"
        elif ticket.status not in may_be or _receipt_for(ticket) != receipt:
            yield f"ticket {ticket.ticket_id} is not what was sold: {receipt}, {ticket} is stored"


def _receipt_for(ticket: TicketRow) -> Receipt:
    return Receipt(
        buyer=ticket.buyer,
        event_id=ticket.event_id,
        quantity=ticket.quantity,
        ticket_id=ticket.ticket_id,
        ticket_code=ticket.ticket_code,
        session_id=ticket.checkout_id,
    )


def _number_problems(books: Books, receipts: Receipts) -> Iterator[str]:
    """No ticket was sold twice, and none keeps places that no request can have bought."""
    for ticket_id, count in Counter(receipt.ticket_id for receipt in receipts.sold).items():
        if count > 1:
            yield f"ticket {ticket_id} was sold {count} times"
    shown = {receipt.ticket_id for receipt in receipts.shown}
    kept = sum(
        ticket.status in KEEPS_PLACES and ticket.ticket_id not in shown for ticket in books.tickets
    )
    sold = len(receipts.sold)
    if not sold <= kept <= sold + receipts.uncertain:
        yield (
            f"{kept} tickets keep places, {sold} have a receipt, "
            f"and at most {receipts.uncertain} were bought without one"
        )


def _key_problems(books: Books, receipts: Receipts) -> Iterator[str]:
    """An idempotency key buys once."""
    keeping = Counter(
        (ticket.buyer, ticket.idempotency_key)
        for ticket in books.tickets
        if ticket.idempotency_key is not None and ticket.status in KEEPS_PLACES
    )
    for (buyer, key), count in keeping.items():
        if count > 1:
            yield f"{count} tickets keep places under the key {key} of {buyer}"
    for (buyer, key), ticket_ids in receipts.by_key.items():
        if len(ticket_ids) > 1:
            yield f"{buyer} got the tickets {sorted(ticket_ids)} under the key {key}"


def _status_problems(books: Books, receipts: Receipts) -> Iterator[str]:
    """Each reported status is still true, unless a refund was requested or the event cancelled."""
    by_id = {ticket.ticket_id: ticket for ticket in books.tickets}
    for ticket_ids, status in (
        (receipts.issued - receipts.refund_requested - _of_cancelled(books).keys(), "issued"),
        (receipts.cancelled, "cancelled"),
        (receipts.refunded, "refunded"),
    ):
        for ticket_id in sorted(ticket_ids & by_id.keys()):
            if by_id[ticket_id].status != status:
                yield f"ticket {ticket_id} was reported {status}, it is {by_id[ticket_id].status}"


def _of_cancelled(books: Books) -> Mapping[int, TicketRow]:
    """Return the tickets of cancelled events."""
    events = {event.event_id for event in books.events if event.is_cancelled}
    return {each.ticket_id: each for each in books.tickets if each.event_id in events}


def _unsettled_problems(books: Books, receipts: Receipts) -> Iterator[str]:
    """No ticket waits any more, and no checkout that a client can know of can still be paid.

    A checkout that was opened by a process that was killed before storing it does not count:
    no client ever got its address.
    """
    for ticket in books.tickets:
        if ticket.status not in SETTLED:
            yield f"ticket {ticket.ticket_id} is still {ticket.status}"
    for ticket in _of_cancelled(books).values():
        if ticket.status == "issued":
            yield f"ticket {ticket.ticket_id} is issued, and its event is cancelled"
    known = receipts.checkouts | {ticket.checkout_id for ticket in books.tickets}
    for payment in books.payments.values():
        if payment.is_open and payment.checkout_id in known:
            yield f"{payment.checkout_id} can still be paid"


def _money_problems(books: Books) -> Iterator[str]:
    """No money without a ticket, and no ticket without its money."""
    by_code = {ticket.ticket_code: ticket for ticket in books.tickets}
    for payment in books.payments.values():
        yield from _payment_problems(payment, by_code.get(payment.ticket_code))
    issued = [ticket for ticket in books.tickets if ticket.status == "issued"]
    for ticket in issued:
        paid = books.payments.get(ticket.checkout_id or "")
        if ticket.total_minor and (not paid or not paid.captured):
            yield f"ticket {ticket.ticket_id} is issued, and nothing is captured for it"
    captured = sum(payment.captured for payment in books.payments.values())
    worth = sum(ticket.total_minor - ticket.refunded_minor for ticket in issued)
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
