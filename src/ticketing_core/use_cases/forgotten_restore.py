"""The proof of a forgotten restore: the gateway knows a ticket that the store has lost."""

from datetime import datetime, timedelta

from ticketing_core.errors import GatewayUnavailable, StoreUnavailable, raises
from ticketing_core.payment import ListedCheckout
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import Installation, StrayRepository, TicketRepository
from ticketing_core.use_cases.pages import listed_since

PROOF_AGE = timedelta(minutes=10)
"""A ticket is stored before its checkout is opened, so any unknown one is a proof. Younger ones are
left alone in case clocks differ, or a database that took over is still catching up."""

NOTICED = 100
"""How many of the newest checkouts that are old enough are looked at: more than are opened between
a restore and the first look at it."""

MOST_PAGES = 20
"""How many pages are read for them on an account that has many checkouts of others."""

NOTICE_SINCE = timedelta(days=30)
"""How far back to look for the newest checkouts of a shop that sells little."""


def proves_restore(
    listed: ListedCheckout, *, tickets: TicketRepository, strays: StrayRepository, now: datetime
) -> bool:
    """Return whether the store has lost the ticket of a checkout, and no restore has noted it.

    A store that was restored from a backup has, and so has a copy of it that is used beside it.
    """
    return (
        listed.opened_at < now - PROOF_AGE
        and tickets.by_code(listed.ticket_code) is None
        and strays.by_checkout(listed.checkout_id) is None
    )


@raises(GatewayUnavailable, StoreUnavailable)
def notice_restore(
    *,
    tickets: TicketRepository,
    strays: StrayRepository,
    installation: Installation,
    gateway: PaymentGateway,
    clock: Clock,
) -> ListedCheckout | None:
    """Stop sales and settling if the newest checkouts prove a restore. See `BackOffice`."""
    now = clock.now()
    looked_at = 0
    for listed in listed_since(now - NOTICE_SINCE, gateway=gateway, most_pages=MOST_PAGES):
        if listed.opened_at >= now - PROOF_AGE:
            continue
        if proves_restore(listed, tickets=tickets, strays=strays, now=now):
            installation.begin_restore(at=now)
            return listed
        looked_at += 1
        if looked_at == NOTICED:
            return None
    return None
