"""Purchase: reserve places, then open a checkout for them unless they are free."""

from copy import copy
from datetime import timedelta
from typing import assert_never

from attrs import frozen

from ticketing_core.admission import Admission
from ticketing_core.changes import Replaced, Stale
from ticketing_core.errors import (
    Overloaded,
    PaymentNotStarted,
    PaymentRefused,
    PaymentsNotConfigured,
    StoreUnavailable,
    TotalTooSmall,
    errors_of,
    raises,
)
from ticketing_core.event import Event
from ticketing_core.payment import Open, Unknown
from ticketing_core.ports.admission import AdmissionSigner, QrEncoder
from ticketing_core.ports.environment import Clock, Codes
from ticketing_core.ports.events import EventRepository
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.ticket import Ticket, TicketStatus
from ticketing_core.use_cases.admission import admission_of
from ticketing_core.use_cases.reserve import (
    GIVEN_UP_BY,
    reserve,
    reserve_places,
    sell,
)
from ticketing_core.validators import LARGEST_INTEGER, require_whole


@frozen(kw_only=True)
class Issued:
    """The ticket is paid or free, and valid now: give the buyer the QR code.

    Attributes:
        ticket: The ticket, ISSUED.
        admission: What the buyer shows at the gate: the token, and its QR code as an image.
    """

    ticket: Ticket
    admission: Admission


@frozen(kw_only=True)
class ToPay:
    """The places are kept, and the buyer has to pay: send them to the checkout.

    Call `BoxOffice.verify` when they come back. If they never do, settling issues the ticket once
    it is paid, or frees its places when the hold is over.

    Attributes:
        ticket: The ticket, PAYING. It keeps its places until ``ticket.held_until``.
        checkout_id: The gateway's id of the checkout, which `BoxOffice.verify` needs.
        checkout_url: The address of the payment page, for this buyer alone.
    """

    ticket: Ticket
    checkout_id: str
    checkout_url: str


Purchase = Issued | ToPay
_NotOpened = PaymentRefused | PaymentsNotConfigured | PaymentNotStarted | Overloaded


@raises(PaymentRefused, PaymentsNotConfigured, PaymentNotStarted, Overloaded, StoreUnavailable)
def open_checkout(
    ticket: Ticket,
    *,
    event: Event,
    hold: timedelta,
    tickets: TicketRepository,
    gateway: PaymentGateway,
    clock: Clock,
    email: str | None = None,
) -> Ticket:
    """Open the checkout of a reserved ticket and store it. See `BoxOffice.open_checkout`.

    The address must not leave this function before PAYING is stored with it.
    """
    # For one idempotency key a gateway takes only the same values, so a repeat has to send them.
    held_until = ticket.created_at + hold
    opened = gateway.open(ticket, event_name=event.name, ends_at=held_until, email=email)
    match opened:
        case PaymentRefused(gateway_code=code):
            why = f"payment refused: {code}"
            return _give_up(ticket, opened, why=why, tickets=tickets, clock=clock)
        case PaymentsNotConfigured():
            why = "the gateway is not set up"
            return _give_up(ticket, opened, why=why, tickets=tickets, clock=clock)
        case Unknown(reason):
            # A checkout may be open, but it cannot be paid: its address is lost.
            error, why = PaymentNotStarted(), f"no answer: {reason}"
            return _give_up(ticket, error, why=why, tickets=tickets, clock=clock)
        case Overloaded():
            why = "no room at the gateway"
            return _give_up(ticket, opened, why=why, tickets=tickets, clock=clock)
        case Open(checkout):
            pass
        case _:
            assert_never(opened)
    paying = ticket.paying(checkout, until=held_until)
    match tickets.replace(ticket, paying, at=clock.now(), why="checkout opened", by="buyer"):
        case Replaced(stored):
            return stored
        case Stale(current):
            known = current.checkout
            if known is None or known.checkout_id != checkout.checkout_id:
                # Given up meanwhile. Closing is best effort: the checkout ends by itself, and its
                # address is dropped here.
                gateway.close(checkout.checkout_id)
            return _opened_before(current, PaymentNotStarted())


@raises(*errors_of(reserve), *errors_of(open_checkout), TotalTooSmall)
def purchase(
    *,
    event_id: int,
    quantity: int,
    buyer: str,
    hold: timedelta,
    key: str | None = None,
    email: str | None = None,
    max_unpaid_places: int,
    events: EventRepository,
    tickets: TicketRepository,
    gateway: PaymentGateway,
    signer: AdmissionSigner,
    qr_encoder: QrEncoder,
    clock: Clock,
    codes: Codes,
) -> Purchase:
    """Buy ``quantity`` places of an event. See `BoxOffice.purchase`."""
    require_whole("quantity", quantity, largest=LARGEST_INTEGER)

    def buy(event: Event) -> Ticket:
        if not event.is_free:
            refused = gateway.objection(event.price.times(quantity))
            # A repeat gets what the first call bought: nothing is opened for it.
            if refused is not None and not (key and tickets.by_key(buyer, key)):
                raise copy(refused)
        ticket = reserve_places(
            event,
            quantity=quantity,
            buyer=buyer,
            key=key,
            max_unpaid_places=max_unpaid_places,
            events=events,
            tickets=tickets,
            clock=clock,
            codes=codes,
        )
        if ticket.status is not TicketStatus.RESERVED:
            return ticket
        return open_checkout(
            ticket,
            event=event,
            hold=hold,
            tickets=tickets,
            gateway=gateway,
            clock=clock,
            email=email,
        )

    ticket = sell(event_id, buy, events=events)
    if ticket.checkout is None:
        admission = admission_of(ticket, signer=signer, qr_encoder=qr_encoder)
        return Issued(ticket=ticket, admission=admission)
    return ToPay(
        ticket=ticket,
        checkout_id=ticket.checkout.checkout_id,
        checkout_url=ticket.checkout.url,
    )


def _give_up(
    ticket: Ticket, error: _NotOpened, *, why: str, tickets: TicketRepository, clock: Clock
) -> Ticket:
    match tickets.replace(ticket, ticket.cancelled(), at=clock.now(), why=why, by=GIVEN_UP_BY):
        case Replaced():
            raise copy(error)
        case Stale(current):
            return _opened_before(current, error)


def _opened_before(ticket: Ticket, error: _NotOpened) -> Ticket:
    """Return a ticket for which an earlier call has opened a checkout, else raise ``error``."""
    if ticket.status in (TicketStatus.PAYING, TicketStatus.ISSUED):
        return ticket
    raise copy(error)
