"""Cancel: the buyer gives a ticket up before paying it. The checkout is closed first."""

from copy import copy

from ticketing_core.errors import (
    AlreadyPaid,
    AlreadyProcessed,
    GatewayUnavailable,
    NotReady,
    NotYourTicket,
    PaymentProcessing,
    StoreUnavailable,
    TicketNotFound,
    raises,
)
from ticketing_core.payment import Closed, Paid, Processing
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import Installation, TicketRepository
from ticketing_core.reservation import RESTORING
from ticketing_core.settlement import Step
from ticketing_core.ticket import UNPAID, Ticket, TicketStatus
from ticketing_core.use_cases.lookup import own_ticket
from ticketing_core.use_cases.settle import Round, decided, run_rounds


@raises(
    TicketNotFound,
    NotYourTicket,
    AlreadyProcessed,
    AlreadyPaid,
    PaymentProcessing,
    GatewayUnavailable,
    NotReady,
    StoreUnavailable,
)
def cancel(
    *,
    ticket_id: int,
    buyer: str,
    tickets: TicketRepository,
    installation: Installation,
    gateway: PaymentGateway,
    clock: Clock,
) -> Ticket:
    """Give up a ticket that is not paid, and free its places. See `BoxOffice.cancel`."""
    ticket = own_ticket(ticket_id, buyer=buyer, tickets=tickets)
    if ticket.status not in UNPAID:
        raise AlreadyProcessed
    if ticket.status is TicketStatus.RESERVED and installation.state().restoring_since is not None:
        # Its checkout may be lost, and paid.
        raise copy(RESTORING)

    def one_round(current: Ticket) -> Round:
        return _close_and_cancel(current, tickets=tickets, gateway=gateway, clock=clock)

    settlement = run_rounds(ticket, one_round, by="buyer", tickets=tickets, clock=clock)
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


def _close_and_cancel(
    ticket: Ticket, *, tickets: TicketRepository, gateway: PaymentGateway, clock: Clock
) -> Round:
    if ticket.status is TicketStatus.RESERVED:
        # No address was handed out, so there is nothing that could still be paid.
        return Round(Step(ticket.cancelled(), "cancelled before a checkout was opened"))
    if ticket.status is not TicketStatus.PAYING or ticket.checkout is None:
        return Round(None)
    seen = gateway.close(ticket.checkout.checkout_id)
    if isinstance(seen, Closed) or (isinstance(seen, Paid) and seen.is_gone):
        return Round(Step(ticket.cancelled(), "cancelled"), seen)
    return decided(
        ticket, seen, checkout=ticket.checkout, tickets=tickets, gateway=gateway, clock=clock
    )
