"""Cancel: the buyer gives a ticket up before paying it. The checkout is closed first."""

from ticketing_core.errors import (
    AlreadyPaid,
    AlreadyProcessed,
    GatewayUnavailable,
    PaymentProcessing,
)
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.gateway import CheckoutState, Closed, PaymentGateway, Processing
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.settlement import Step, next_step
from ticketing_core.ticket import Ticket, TicketStatus
from ticketing_core.use_cases.lookup import own_ticket
from ticketing_core.use_cases.settle import run_rounds


def cancel(
    *,
    ticket_id: int,
    buyer: str,
    tickets: TicketRepository,
    gateway: PaymentGateway,
    clock: Clock,
) -> Ticket:
    """Give up a ticket that is not paid, and free its places.

    The places are freed only after the gateway has said that the checkout can no longer be
    paid. If it turns out to be paid, the ticket is issued instead.

    Raises:
        TicketNotFound: There is no such ticket.
        NotYourTicket: It is somebody else's.
        AlreadyProcessed: It is issued, given up or refunded already.
        AlreadyPaid: It was paid in the meantime and is issued now.
        PaymentProcessing: A slow payment method has not decided yet.
        GatewayUnavailable: The gateway did not answer; nothing changed.
        StoreUnavailable: The outcome is unknown.
    """
    ticket = own_ticket(ticket_id, buyer=buyer, tickets=tickets)
    if ticket.status not in (TicketStatus.RESERVED, TicketStatus.PAYING):
        raise AlreadyProcessed

    def act(current: Ticket) -> tuple[Step | None, CheckoutState | None]:
        return _give_up(current, gateway=gateway, clock=clock)

    settlement = run_rounds(ticket, act, by="buyer", tickets=tickets, clock=clock)
    match settlement.ticket.status:
        case TicketStatus.CANCELLED:
            return settlement.ticket
        case TicketStatus.RESERVED | TicketStatus.PAYING:
            if isinstance(settlement.seen, Processing):
                raise PaymentProcessing
            raise GatewayUnavailable
        case TicketStatus.ISSUED:
            raise AlreadyPaid
        case _:
            raise AlreadyProcessed


def _give_up(
    ticket: Ticket, *, gateway: PaymentGateway, clock: Clock
) -> tuple[Step | None, CheckoutState | None]:
    if ticket.status is TicketStatus.RESERVED:
        # Nobody was given an address, so there is nothing that could still be paid.
        return Step(ticket.cancelled(), "cancelled before a checkout was opened"), None
    if ticket.status is not TicketStatus.PAYING or ticket.checkout is None:
        return None, None
    seen = gateway.close(ticket.checkout.checkout_id)
    if isinstance(seen, Closed):
        return Step(ticket.cancelled(), "cancelled"), seen
    return next_step(ticket, seen, checkout=ticket.checkout, now=clock.now()), seen
