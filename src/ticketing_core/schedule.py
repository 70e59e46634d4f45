"""When a ticket has to be settled, how long to wait between two tries, and when a lease is free.

Pure arithmetic.
"""

from datetime import datetime, timedelta

from attrs import frozen

from ticketing_core.payment import CheckoutState, Paid, Processing
from ticketing_core.ticket import Ticket, TicketStatus

FIRST_LEASE = timedelta(minutes=1)
"""Longer than settling one ticket takes while the gateway answers; otherwise two may settle it at
once, which is safe."""

LONGEST_LEASE = timedelta(hours=1)
"""A ticket that cannot be settled for days is still tried every hour."""

SLOW_PAYMENT_PAUSE = timedelta(minutes=10)
"""Between two looks at a payment that a bank has not decided; most take hours or days."""

UNDECIDED_PAUSE = timedelta(days=1)
"""Between two looks at a refund that waits for the bank, the buyer or a person: weeks, mostly."""

FIRST_REFUSAL_PAUSE = timedelta(minutes=1)
LONGEST_REFUSAL_PAUSE = timedelta(hours=1)
"""Between two tries of a refund that is refused; most of them wait for the seller's balance."""

FARTHEST_TRY = timedelta(hours=25)
"""A checkout lives 24 hours at most, so nothing has to wait for longer than this. A clock that was
ahead has postponed what waits for longer, and it is due now."""

LEASE_SLACK = timedelta(minutes=1)
"""How far beyond the longest time that a lease is taken for its end is believed. Of two calls at
once, the one with the later ``now`` may reach the store first, when the other has waited ten
seconds for a connection and ten for the row; and clocks differ by seconds."""


@frozen(kw_only=True)
class DueLook:
    """A claimed note that the payment of a ticket has to be looked at.

    Attributes:
        look_at: The note, by which it is told from later ones.
    """

    ticket: Ticket
    look_at: datetime


def due_at(ticket: Ticket) -> datetime | None:
    """Return from when on the ticket has to be settled, or None if there is nothing to do."""
    match ticket.status:
        case TicketStatus.RESERVED | TicketStatus.PAYING:
            return ticket.held_until
        case TicketStatus.REFUNDING:
            return ticket.owed_since
        case _:
            return None


def lease(claims: int) -> timedelta:
    """Return how long a claim lasts after so many claims in a row: the claim is the back-off."""
    return _doubled(FIRST_LEASE, claims, at_most=LONGEST_LEASE)


def new_note(at: datetime) -> datetime:
    """Return the note (`DueLook.look_at`) of news that came at this instant.

    Its microseconds are even, and those of `claimed_note` are odd. So news is told from a claim
    that ends at the same instant.
    """
    return at - timedelta(microseconds=at.microsecond % 2)


def claimed_note(now: datetime, *, claims: int) -> datetime:
    """Return the note of a ticket that is claimed now, after so many claims in a row."""
    end = now + lease(claims)
    return end - timedelta(microseconds=1 - end.microsecond % 2)


def lease_is_free(*, ends: datetime, now: datetime, at_most: timedelta) -> bool:
    """Return whether a lease of somebody else is free: it has ended, or its end cannot be true.

    Args:
        ends: The stored end.
        now: The present instant.
        at_most: The longest that the lease is taken for.
    """
    return not now < ends <= now + at_most + LEASE_SLACK


def is_due(at: datetime, *, now: datetime) -> bool:
    """Return whether what waits until ``at`` is due.

    Its time has come, or is so far ahead (`FARTHEST_TRY`) that only a wrong clock can have set it.
    """
    return not now < at <= now + FARTHEST_TRY


def pause(ticket: Ticket, seen: CheckoutState | None) -> timedelta | None:
    """Return when to look again at a ticket that was just settled.

    None leaves it to the growing lease, which suits a gateway that does not answer.
    """
    if isinstance(seen, Processing):
        return SLOW_PAYMENT_PAUSE
    if ticket.waits_for_person or (isinstance(seen, Paid) and _is_undecided(ticket, seen)):
        return UNDECIDED_PAUSE
    if ticket.status is TicketStatus.REFUNDING and ticket.refund_problem is not None:
        return _doubled(FIRST_REFUSAL_PAUSE, ticket.refund_attempt, at_most=LONGEST_REFUSAL_PAUSE)
    return None


def _is_undecided(ticket: Ticket, seen: Paid) -> bool:
    held = seen.held_minor > 0 or seen.waiting is not None
    return ticket.status is TicketStatus.REFUNDING and held


def _doubled(first: timedelta, times: int, *, at_most: timedelta) -> timedelta:
    # The exponent is bounded too: a count of thousands would overflow a timedelta.
    return min(first * (1 << min(times, 10)), at_most)


def owed_share(limit: int) -> int:
    """Return how many of ``limit`` claims are for owed refunds, if enough of all kinds are due.

    A third, rounded up. A single claim is for what keeps places.
    """
    return -(-limit // 3) if limit > 1 else 0
