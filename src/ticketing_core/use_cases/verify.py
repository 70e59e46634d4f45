"""Verify: the buyer is back from the checkout; issue the ticket if it is paid."""

from typing import assert_never

from ticketing_core.errors import (
    GatewayUnavailable,
    NotYourTicket,
    OrderCancelled,
    OrderExpired,
    PaymentNotFound,
    PaymentOpen,
    PaymentProcessing,
    Refunded,
    StoreUnavailable,
    TicketingError,
    TicketNotFound,
    raises,
)
from ticketing_core.payment import Open, Processing
from ticketing_core.ports.admission import AdmissionSigner, QrEncoder
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.ticket import TicketStatus
from ticketing_core.use_cases.admission import admission_of
from ticketing_core.use_cases.lookup import own_ticket
from ticketing_core.use_cases.purchase import Issued
from ticketing_core.use_cases.settle import Settlement, settle_ticket


@raises(
    TicketNotFound,
    NotYourTicket,
    PaymentNotFound,
    PaymentOpen,
    PaymentProcessing,
    OrderCancelled,
    OrderExpired,
    Refunded,
    GatewayUnavailable,
    StoreUnavailable,
)
def verify(
    *,
    ticket_id: int,
    checkout_id: str,
    buyer: str,
    tickets: TicketRepository,
    gateway: PaymentGateway,
    signer: AdmissionSigner,
    qr_encoder: QrEncoder,
    clock: Clock,
) -> Issued:
    """Issue a ticket whose checkout is paid. See `BoxOffice.verify`."""
    ticket = own_ticket(ticket_id, buyer=buyer, tickets=tickets)
    if ticket.checkout is None or ticket.checkout.checkout_id != checkout_id:
        raise PaymentNotFound
    settlement = Settlement(ticket, None)
    if ticket.status is TicketStatus.PAYING:
        settlement = settle_ticket(
            ticket, by="buyer", tickets=tickets, gateway=gateway, clock=clock
        )
    if settlement.ticket.status is not TicketStatus.ISSUED:
        raise _why_not(settlement)
    return Issued(
        ticket=settlement.ticket,
        admission=admission_of(settlement.ticket, signer=signer, qr_encoder=qr_encoder),
    )


def _why_not(settlement: Settlement) -> TicketingError:
    match settlement.ticket.status:
        case TicketStatus.CANCELLED:
            return OrderCancelled()
        case TicketStatus.EXPIRED:
            return OrderExpired()
        case TicketStatus.REFUNDING | TicketStatus.REFUNDED:
            return Refunded()
        case TicketStatus.PAYING | TicketStatus.RESERVED | TicketStatus.ISSUED:
            match settlement.seen:
                case Open():
                    return PaymentOpen()
                case Processing():
                    return PaymentProcessing()
                case _:
                    return GatewayUnavailable()
        case status:
            assert_never(status)
