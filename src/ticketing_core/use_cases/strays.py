"""Note strays: payments of this installation that no ticket has stored."""

from datetime import datetime
from uuid import UUID

from attrs import evolve

from ticketing_core.money import Money
from ticketing_core.payment import CheckoutState, Closed, Paid
from ticketing_core.ports.repository import StrayRepository
from ticketing_core.stray import Stray
from ticketing_core.ticket import Ticket

NOTHING_LEFT = "nothing is left of it"
"""How a stray was settled whose money has gone back in any way."""

NEVER_PAID = "never paid"
"""How a stray was settled that nobody has paid, and nobody can pay any more."""

REFUNDED = "refunded"
"""How a stray was settled that was refunded because it is one."""

ADOPTED = "a ticket has it"
"""How a stray was settled whose ticket has come back, or has found its lost checkout."""


NOTHING = Money(0, "xxx")
"""The amount of a checkout that is not paid, in "no currency" (ISO 4217)."""


def has_another_checkout(ticket: Ticket, checkout_id: str) -> bool:
    """Return whether the checkout is not the ticket's, and cannot become it."""
    return ticket.checkout is not None and ticket.checkout.checkout_id != checkout_id


def note_stray(
    checkout_id: str, seen: Paid, *, strays: StrayRepository, at: datetime, how: str = NOTHING_LEFT
) -> bool:
    """Store what is left of a payment that no ticket has. It is settled when nothing is.

    Returns whether it was unknown until now.

    Args:
        checkout_id: A checkout of this installation.
        seen: Its payment as just seen.
        strays: Keeps it.
        at: The present instant.
        how: How it was settled, if it is.
    """
    known = strays.by_checkout(checkout_id)
    if seen.is_gone and known is not None and known.settled_at is not None:
        return False
    stray = Stray(
        checkout_id=checkout_id,
        ticket_code=seen.ticket_code,
        payment_id=seen.payment_id,
        amount=Money(seen.ours.amount_minor + seen.held_minor, seen.total.currency),
        state=describe(seen),
        first_seen_at=at,
    )
    strays.put(evolve(stray, settled_at=at, how=how) if seen.is_gone else stray)
    return known is None


def note_unpaid(
    checkout_id: str,
    ticket_code: UUID,
    seen: CheckoutState,
    *,
    strays: StrayRepository,
    at: datetime,
) -> None:
    """Store a checkout that no ticket has and that is not paid, so that it proves no restore.

    It is settled once it can no longer be paid. See `forgotten_restore.proves_restore`.
    """
    how = NEVER_PAID if isinstance(seen, Closed) else None
    strays.put(
        Stray(
            checkout_id=checkout_id,
            ticket_code=ticket_code,
            payment_id=None,
            amount=NOTHING,
            state=describe(seen),
            first_seen_at=at,
            settled_at=at if how else None,
            how=how,
        )
    )


def refund_key(checkout_id: str, seen: Paid) -> str:
    """Return the idempotency key with which the gateway refunds a stray.

    A stray stores no attempts, so the key is made from all that can ask for a new one. A refund
    that has failed used its key up. For one key a gateway takes one amount, which another refund or
    a dispute changes. After an appeal the same amount is owed again, but then more was refunded.
    """
    moved = f"{seen.failed_refunds}:{seen.refunded_minor}:{seen.ours.amount_minor}"
    return f"{seen.ticket_code}:refund:{checkout_id}:{moved}"


def describe(seen: CheckoutState) -> str:
    """Describe the state of a checkout for a table."""
    match seen:
        case Paid():
            return f"paid, {seen.ours} captured"
        case Closed():
            return "closed, nothing captured"
        case _:
            return type(seen).__name__.lower()
