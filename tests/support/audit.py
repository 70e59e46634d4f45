"""The audit after a crash: whether store and payment provider agree to the cent."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from attrs import frozen

from entrypoints.sandbox import Sandbox
from ticketing_core import Event, Ticket, TicketStatus
from ticketing_core.ports import HistoryEntry

S = TicketStatus


@frozen(kw_only=True)
class Payment:
    """What the provider has of one checkout."""

    checkout_id: str
    payable: bool
    taken: int
    captured: int


@frozen(kw_only=True)
class Books:
    """Everything that two sides know, once nothing moves any more."""

    events: Sequence[Event]
    tickets: Sequence[Ticket]
    histories: Mapping[int, Sequence[HistoryEntry]]
    payments: Mapping[UUID, Sequence[Payment]]


def payments_of(sandbox: Sandbox) -> Mapping[UUID, Sequence[Payment]]:
    """The provider's side, by the ticket that each checkout names."""
    found: defaultdict[UUID, list[Payment]] = defaultdict(list)
    for session in sandbox.sessions():
        charge = sandbox.charge(session.id)
        paid = charge is not None and charge.status == "succeeded"
        found[UUID(session.asked["metadata"]["ticket_code"])].append(
            Payment(
                checkout_id=session.id,
                payable=session.status == "open",
                taken=charge.amount if charge is not None and paid else 0,
                captured=charge.refundable if charge is not None else 0,
            )
        )
    return found


def differences(books: Books) -> list[str]:
    """All that does not agree, in sentences; empty if the books balance."""
    return [
        *_places(books),
        *(said for ticket in books.tickets for said in _ticket(ticket, books)),
        *_strays(books),
        *_keys(books.tickets),
    ]


def _places(books: Books) -> Iterable[str]:
    kept = Counter[int]()
    for ticket in books.tickets:
        kept[ticket.event_id] += ticket.places
    for event in books.events:
        if event.kept != kept[event.event_id]:
            yield f"event {event.event_id} says {event.kept} kept, its tickets {kept}"
        if event.kept > event.capacity:
            yield f"event {event.event_id} is oversold"


def _ticket(ticket: Ticket, books: Books) -> Iterable[str]:
    name = f"ticket {ticket.ticket_id} ({ticket.status})"
    payments = books.payments.get(ticket.ticket_code, ())
    captured = sum(payment.captured for payment in payments)
    owed = ticket.total.amount_minor if ticket.status is S.ISSUED else 0
    if captured != owed:
        yield f"{name}: {captured} captured, {owed} would be right"
    if sum(payment.taken > 0 for payment in payments) > 1:
        yield f"{name}: charged more than once"
    if any(payment.payable for payment in payments):
        yield f"{name}: somebody could still pay"
    if ticket.status in (S.RESERVED, S.PAYING, S.REFUNDING):
        yield f"{name}: left unsettled"
    versions = [entry.version for entry in books.histories[ticket.ticket_id]]
    if versions != list(range(1, ticket.version + 1)):
        yield f"{name}: its history has the versions {versions}"
    issued = [e for e in books.histories[ticket.ticket_id] if e.status is S.ISSUED]
    if len({entry.why for entry in issued if entry.why == "payment seen"}) != len(
        [entry for entry in issued if entry.why == "payment seen"]
    ):
        yield f"{name}: issued twice"


def _strays(books: Books) -> Iterable[str]:
    known = {ticket.ticket_code for ticket in books.tickets}
    for code, payments in books.payments.items():
        if code not in known and any(payment.captured for payment in payments):
            yield f"money for {code}, which no ticket has"


def _keys(tickets: Sequence[Ticket]) -> Iterable[str]:
    keyed = Counter(
        (ticket.buyer, ticket.key.value)
        for ticket in tickets
        if ticket.key is not None and ticket.places
    )
    for (buyer, key), count in keyed.items():
        if count > 1:
            yield f"{count} tickets of {buyer} keep places under the key {key}"
