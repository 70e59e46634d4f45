"""Purchase: reserve places, then issue them if they are free, else open a checkout for them."""

from datetime import datetime, timedelta
from typing import assert_never

from attrs import frozen

from ticketing_core.admission import Admission
from ticketing_core.errors import (
    GatewayBusy,
    IdempotencyKeyReused,
    OrderClosed,
    PaymentNotStarted,
    PaymentRefused,
    PaymentsNotConfigured,
    PurchaseInProgress,
    TotalTooSmall,
)
from ticketing_core.event import Event
from ticketing_core.ports.admission import AdmissionSigner, QrEncoder
from ticketing_core.ports.environment import Clock, Codes
from ticketing_core.ports.gateway import (
    Busy,
    NotConfigured,
    Open,
    PaymentGateway,
    Refused,
    TooSmall,
    Unknown,
)
from ticketing_core.ports.repository import (
    EventRepository,
    Replaced,
    Stale,
    TicketRepository,
)
from ticketing_core.reservation import Held
from ticketing_core.ticket import IdempotencyKey, Ticket, TicketStatus
from ticketing_core.use_cases.admission import admission_of
from ticketing_core.use_cases.reserve import existing_event, take_places

SHORTEST_CHECKOUT = timedelta(minutes=35)
"""Gateways refuse checkouts that live shorter: Stripe wants 30 minutes after creation, to which
latency and a clock that runs ahead are added (docs.stripe.com/api/checkout/sessions/create)."""

PATIENCE = timedelta(seconds=2)
"""How long a repeat waits for the first call under its key: a double click is answered in one
request, and no server thread is held for long."""

PAUSE = timedelta(milliseconds=100)
"""Between two looks at the first call; opening a checkout takes 0.3 to 1 second."""

ABANDONED_AFTER = timedelta(seconds=60)
"""Twice as long as all tries of opening a checkout take: whoever is older is not at work."""


@frozen(kw_only=True)
class Issued:
    """The ticket is valid now.

    Attributes:
        ticket: The ticket, ISSUED.
        admission: What the buyer shows at the gate.
    """

    ticket: Ticket
    admission: Admission


@frozen(kw_only=True)
class ToPay:
    """The buyer has to pay at the checkout.

    Attributes:
        ticket: The ticket, PAYING.
        checkout_id: The gateway's id of the checkout.
        checkout_url: Where he pays.
    """

    ticket: Ticket
    checkout_id: str
    checkout_url: str


Purchase = Issued | ToPay


def purchase(
    *,
    event_id: int,
    quantity: int,
    buyer: str,
    hold: timedelta,
    key: str | None = None,
    events: EventRepository,
    tickets: TicketRepository,
    gateway: PaymentGateway,
    signer: AdmissionSigner,
    qr_encoder: QrEncoder,
    clock: Clock,
    codes: Codes,
) -> Purchase:
    """Buy ``quantity`` places: issue them if they are free, else open a checkout for them.

    Args:
        event_id: What is bought.
        quantity: For how many people.
        buyer: Who buys.
        hold: How long an unpaid ticket keeps its places.
        key: The buyer's idempotency key: a repeat with it answers the first purchase.

    Raises:
        EventNotFound: There is no such event.
        PurchaseRefused: Nothing was taken; the subclass says why.
        IdempotencyKeyReused: The key stands for another request.
        PurchaseInProgress: The first call with the key is still at work.
        OrderClosed: The purchase under the key was given up.
        GatewayBusy: Nothing was taken, and the key is not used up.
        StoreUnavailable: The outcome is unknown; a repeat with the same key tells.
    """
    event = existing_event(event_id, events=events)
    if not event.is_free:
        _refuse_unpayable(event, quantity=quantity, gateway=gateway)
    ticket = _held_or_repeated(
        event,
        quantity=quantity,
        buyer=buyer,
        key=None if key is None else _named(key, event_id=event_id, quantity=quantity),
        tickets=tickets,
        clock=clock,
        codes=codes,
    )
    if ticket.status is TicketStatus.RESERVED:
        ticket = _open_checkout(
            ticket, event=event, hold=hold, tickets=tickets, gateway=gateway, clock=clock
        )
    return _answer(ticket, signer=signer, qr_encoder=qr_encoder)


def _refuse_unpayable(event: Event, *, quantity: int, gateway: PaymentGateway) -> None:
    match gateway.objection(event.price.times(quantity)):
        case NotConfigured():
            raise PaymentsNotConfigured
        case TooSmall(minimum):
            raise TotalTooSmall(minimum)
        case Busy(retry_after):
            raise GatewayBusy(retry_after=retry_after)
        case None:
            return


def _open_checkout(
    ticket: Ticket,
    *,
    event: Event,
    hold: timedelta,
    tickets: TicketRepository,
    gateway: PaymentGateway,
    clock: Clock,
) -> Ticket:
    """Open the checkout of a reserved ticket and store it; only then may its address be told."""
    now = clock.now()
    opened = gateway.open(ticket, event_name=event.name, ends_at=now + max(hold, SHORTEST_CHECKOUT))
    match opened:
        case Refused(code=code, retryable=retryable):
            _give_up(ticket, why=f"payment refused: {code}", tickets=tickets, clock=clock)
            raise PaymentRefused(gateway_code=code, retryable=retryable)
        case Unknown(reason):
            # A checkout may have been opened, but nobody can pay it: its address is lost.
            _give_up(ticket, why=f"no answer: {reason}", tickets=tickets, clock=clock)
            raise PaymentNotStarted
        case Busy(retry_after):
            _give_up(ticket, why="no room at the gateway", tickets=tickets, clock=clock)
            raise GatewayBusy(retry_after=retry_after)
        case Open(checkout):
            pass
        case _:
            assert_never(opened)
    paying = ticket.paying(checkout, until=now + hold)
    match tickets.replace(ticket, paying, at=clock.now(), why="checkout opened", by="buyer"):
        case Replaced(stored):
            return stored
        case Stale():
            # Given up meanwhile. Best effort: the checkout ends by itself, and its address is
            # dropped here.
            gateway.close(checkout.checkout_id)
            raise PaymentNotStarted


def _give_up(ticket: Ticket, *, why: str, tickets: TicketRepository, clock: Clock) -> None:
    # Whoever was faster has given it up, too: a reservation without a checkout has no other way.
    tickets.replace(ticket, ticket.cancelled(), at=clock.now(), why=why, by="purchase")


def _named(key: str, *, event_id: int, quantity: int) -> IdempotencyKey:
    return IdempotencyKey(value=key, fingerprint=f"{event_id}:{quantity}")


def _held_or_repeated(
    event: Event,
    *,
    quantity: int,
    buyer: str,
    key: IdempotencyKey | None,
    tickets: TicketRepository,
    clock: Clock,
    codes: Codes,
) -> Ticket:
    """A new reservation (or free ticket), or the ticket that this key stands for already."""
    patience_ends_at = clock.now() + PATIENCE
    while True:
        held = take_places(
            event,
            quantity=quantity,
            buyer=buyer,
            key=key,
            tickets=tickets,
            clock=clock,
            codes=codes,
        )
        if isinstance(held, Held):
            return held.ticket
        first = held.ticket
        if first.key != key:
            raise IdempotencyKeyReused
        match first.status:
            case TicketStatus.PAYING | TicketStatus.ISSUED:
                return first
            case TicketStatus.RESERVED:
                _await_first_call(first, until=patience_ends_at, tickets=tickets, clock=clock)
            case _:
                raise OrderClosed


def _await_first_call(
    first: Ticket, *, until: datetime, tickets: TicketRepository, clock: Clock
) -> None:
    """Wait a moment for the call that is still at work under the key; replace a dead one.

    Raises:
        PurchaseInProgress: It is still at work, and may yet succeed.
    """
    now = clock.now()
    if now >= first.created_at + ABANDONED_AFTER:
        # Its process has died, or lost its answer. Giving up frees the key for a new hold.
        tickets.replace(first, first.cancelled(), at=now, why="taken over", by="purchase")
    elif now >= until:
        raise PurchaseInProgress
    else:
        clock.sleep(PAUSE)


def _answer(ticket: Ticket, *, signer: AdmissionSigner, qr_encoder: QrEncoder) -> Purchase:
    if ticket.checkout is not None:
        return ToPay(
            ticket=ticket,
            checkout_id=ticket.checkout.checkout_id,
            checkout_url=ticket.checkout.url,
        )
    return Issued(
        ticket=ticket,
        admission=admission_of(ticket, signer=signer, qr_encoder=qr_encoder),
    )
