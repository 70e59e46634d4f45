"""What a restore reads of the money that has moved since the backup."""

from datetime import datetime, timedelta
from types import MappingProxyType

from ticketing_core.errors import GatewayUnavailable, StoreUnavailable, raises
from ticketing_core.payment import NewsSource, PaymentHint, Unknown
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.use_cases.settle import settle_ticket

PERIODS = MappingProxyType(
    {NewsSource.REFUNDS: timedelta(days=120), NewsSource.DISPUTES: timedelta(days=200)}
)
"""How long before the backup a refund was made, or a dispute opened, that may have changed since. A
bank may return a refund after weeks, and decide on a dispute after months."""

BATCH = 100


@raises(GatewayUnavailable, StoreUnavailable)
def look_again_at_moved_money(
    *, since: datetime, tickets: TicketRepository, gateway: PaymentGateway, clock: Clock
) -> int:
    """Note all tickets whose payments were refunded or disputed, and return how many."""
    found: set[int] = set()
    for source, period in PERIODS.items():
        after = None
        while True:
            page = gateway.list_news(source, since=since - period, after=after)
            if isinstance(page, Unknown):
                raise GatewayUnavailable
            named = [_ticket_of(each, tickets=tickets) for each in page.news]
            noted = {ticket_id for ticket_id in named if ticket_id is not None}
            tickets.look_again(noted, at=clock.now())
            found |= noted
            after = page.next
            if after is None:
                break
    return len(found)


def _ticket_of(hint: PaymentHint, *, tickets: TicketRepository) -> int | None:
    ticket = tickets.by_payment(hint.payment_id)
    if ticket is None and hint.ticket_code is not None:
        ticket = tickets.by_code(hint.ticket_code)
    return ticket.ticket_id if ticket else None


def settle_noted(
    *, by: str, tickets: TicketRepository, gateway: PaymentGateway, clock: Clock
) -> int:
    """Settle all tickets that were noted, and return how many of them moved."""
    moved = 0
    while looks := tickets.claim_looks(now=clock.now(), limit=BATCH):
        for look in looks:
            settlement = settle_ticket(
                look.ticket, by=by, tickets=tickets, gateway=gateway, clock=clock
            )
            moved += settlement.ticket.status is not look.ticket.status
            if not isinstance(settlement.seen, Unknown):
                tickets.clear_look(look)
    return moved
