"""When a ticket has to be settled, and how long to wait between two tries. Pure arithmetic."""

from datetime import datetime, timedelta

from ticketing_core.payment import CheckoutState, Processing
from ticketing_core.ticket import Ticket, TicketStatus

FIRST_LEASE = timedelta(minutes=1)
"""Longer than settling one ticket takes: a few gateway calls of at most 30 seconds each."""

LONGEST_LEASE = timedelta(hours=1)
"""A ticket that cannot be settled for days is still tried every hour."""

SLOW_PAYMENT_PAUSE = timedelta(minutes=10)
"""Between two looks at a payment that a bank has not decided; most take hours or days."""

FIRST_REFUSAL_PAUSE = timedelta(minutes=1)
LONGEST_REFUSAL_PAUSE = timedelta(hours=1)
"""Between two tries of a refund that is refused; most of them wait for the seller's balance."""


def due_at(ticket: Ticket) -> datetime | None:
    """Return from when on the ticket has to be settled, or None if there is nothing to do.

    An owed refund is due at once, so it is due since the ticket was created.
    """
    match ticket.status:
        case TicketStatus.RESERVED | TicketStatus.PAYING:
            return ticket.held_until
        case TicketStatus.REFUNDING:
            return ticket.created_at
        case _:
            return None


def lease(claims: int) -> timedelta:
    """Return how long a claim lasts after so many claims in a row: the claim is the back-off."""
    return _doubled(FIRST_LEASE, claims, at_most=LONGEST_LEASE)


def pause(ticket: Ticket, seen: CheckoutState | None) -> timedelta | None:
    """Return when to look again at a ticket that was just settled.

    None leaves it to the growing lease, which suits a gateway that does not answer.
    """
    if isinstance(seen, Processing):
        return SLOW_PAYMENT_PAUSE
    if ticket.status is TicketStatus.REFUNDING and ticket.refund_problem is not None:
        return _doubled(FIRST_REFUSAL_PAUSE, ticket.refund_attempt, at_most=LONGEST_REFUSAL_PAUSE)
    return None


def _doubled(first: timedelta, times: int, *, at_most: timedelta) -> timedelta:
    # The exponent is bounded too: a count of thousands would overflow a timedelta.
    return min(first * (1 << min(times, 10)), at_most)
