"""The rule of settling: from a ticket and the state of its checkout to the next ticket.

Pure: it calls nothing and stores nothing. Every path by which a payment can come to light (verify,
cancel, a webhook, the periodic pass) decides here.
"""

from datetime import datetime, timedelta

from attrs import frozen

from ticketing_core.payment import CheckoutState, Closed, GivenBack, Missing, Paid
from ticketing_core.ticket import Checkout, Ticket, TicketStatus

MISSING_GRACE = timedelta(hours=1)
"""How long after its end a checkout that the gateway does not know counts as unknown."""

_S = TicketStatus


@frozen
class Step:
    """A change to store, and the reason for the history."""

    ticket: Ticket
    why: str


def next_step(
    ticket: Ticket, seen: CheckoutState, *, checkout: Checkout, now: datetime
) -> Step | None:
    """Return what has to change, or None if all is as it should be or nothing is known.

    Args:
        ticket: The ticket as stored.
        seen: The state of ``checkout`` at the gateway.
        checkout: The ticket's checkout, or one that the store has lost.
        now: The present instant.
    """
    match ticket.status, seen:
        case _S.RESERVED, Paid():
            # Only a lost commit leads here: an address is handed out after PAYING is stored.
            return Step(ticket.paying(checkout, until=checkout.ends_at), "lost checkout found")
        case _S.PAYING, Paid():
            return _paid(ticket, seen)
        case _S.PAYING, Closed() | GivenBack():
            return Step(ticket.expired(), "checkout ended unpaid")
        case _S.PAYING, Missing() if now >= checkout.ends_at + MISSING_GRACE:
            return Step(ticket.expired(), "checkout unknown to the gateway long after its end")
        case ((_S.CANCELLED | _S.EXPIRED | _S.REFUNDED), Paid(disputed=False)):
            return Step(ticket.refunding(checkout), f"money seen for a {ticket.status} ticket")
        case _S.ISSUED, Closed() | GivenBack():
            return Step(ticket.refunded(), "given back in full at the gateway")
        case _S.REFUNDING, Closed() | GivenBack():
            return Step(ticket.refunded(), "nothing captured any more")
        case _, Paid(disputed=True) if not ticket.disputed:
            return Step(ticket.under_dispute(), "dispute opened")
        case _S.ISSUED, Paid() if seen.refunded.amount_minor != ticket.refunded_minor:
            part = ticket.partly_refunded(seen.refunded.amount_minor)
            return Step(part, f"{seen.refunded} given back at the gateway")
        case _:
            return None


def _paid(ticket: Ticket, seen: Paid) -> Step:
    if seen.ticket_code != ticket.ticket_code:
        return Step(ticket.refunding(), "the payment names another ticket")
    if seen.total != ticket.total:
        return Step(ticket.refunding(), f"{seen.total} paid instead of {ticket.total}")
    issued = ticket.issued(refunded_minor=seen.refunded.amount_minor, disputed=seen.disputed)
    return Step(issued, "payment seen")
