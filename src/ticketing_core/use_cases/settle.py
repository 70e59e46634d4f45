"""Settle one ticket: ask the gateway, decide by `settlement.next_step`, store, until it is quiet.

Safe to run at any time, from anywhere, as often as one likes. Each round is one look and one
compare-and-swap; whoever loses it reads again and decides again.
"""

from collections.abc import Callable
from typing import assert_never

from attrs import frozen

from ticketing_core.errors import GatewayUnavailable, StoreUnavailable
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.gateway import (
    CheckoutState,
    Closed,
    GivenBack,
    Open,
    Paid,
    PaymentGateway,
    Refused,
    Unknown,
)
from ticketing_core.ports.repository import Replaced, Stale, TicketRepository
from ticketing_core.settlement import Step, next_step
from ticketing_core.ticket import Checkout, Ticket, TicketStatus

MOST_ROUNDS = 20
"""A ticket has no more than a handful of moves left at any time; more rounds mean a store that
answers nonsense."""

LOST_ADDRESS = "about:blank"
"""Stands for the address of a checkout that is paid already: nobody needs it any more."""


@frozen
class Settlement:
    """Where settling ended.

    Attributes:
        ticket: The ticket as stored now.
        seen: What the gateway last said of its checkout; None if it had not to be asked.
    """

    ticket: Ticket
    seen: CheckoutState | None


def settle_ticket(
    ticket: Ticket,
    *,
    by: str,
    tickets: TicketRepository,
    gateway: PaymentGateway,
    clock: Clock,
) -> Settlement:
    """Bring one ticket in line with the gateway: issue, expire, refund, or leave it.

    A checkout that is still open is closed only once the ticket's hold is over, and the places
    are freed only after the gateway has said that it is closed.

    Raises:
        StoreUnavailable: The outcome is unknown.
    """

    def act(current: Ticket) -> tuple[Step | None, CheckoutState | None]:
        return _act(current, gateway=gateway, clock=clock)

    return run_rounds(ticket, act, by=by, tickets=tickets, clock=clock)


def settle_checkout(
    checkout_id: str,
    *,
    by: str,
    tickets: TicketRepository,
    gateway: PaymentGateway,
    clock: Clock,
) -> Settlement | None:
    """Settle the ticket of a checkout that somebody had news of.

    The news itself is not trusted; the gateway is asked. If the store has lost the checkout,
    the payment's own reference leads to the ticket.

    Returns:
        None if no ticket of ours belongs to the checkout.

    Raises:
        GatewayUnavailable: Whether it is ours could not be found out now.
        StoreUnavailable: The outcome is unknown.
    """
    ticket = tickets.by_checkout(checkout_id)
    if ticket is not None:
        return settle_ticket(ticket, by=by, tickets=tickets, gateway=gateway, clock=clock)
    seen = gateway.look_up(checkout_id)
    if isinstance(seen, Unknown):
        raise GatewayUnavailable
    ticket = tickets.by_code(seen.ticket_code) if isinstance(seen, Paid) else None
    if ticket is None or ticket.checkout is not None:
        return None
    lost = Checkout(checkout_id=checkout_id, url=LOST_ADDRESS, ends_at=clock.now())

    def adopt(current: Ticket) -> tuple[Step | None, CheckoutState | None]:
        if current.checkout is None:
            return next_step(current, seen, checkout=lost, now=clock.now()), seen
        return _act(current, gateway=gateway, clock=clock)

    return run_rounds(ticket, adopt, by=by, tickets=tickets, clock=clock)


def run_rounds(
    ticket: Ticket,
    act: Callable[[Ticket], tuple[Step | None, CheckoutState | None]],
    *,
    by: str,
    tickets: TicketRepository,
    clock: Clock,
) -> Settlement:
    """Repeat look, decide, compare-and-swap until there is nothing to change.

    Args:
        ticket: The ticket as last read.
        act: Says what to change next and what was seen at the gateway.
    """
    for _ in range(MOST_ROUNDS):
        step, seen = act(ticket)
        if step is None:
            return Settlement(ticket, seen)
        match tickets.replace(ticket, step.ticket, at=clock.now(), why=step.why, by=by):
            case Replaced(stored):
                if not _goes_on(ticket, stored):
                    return Settlement(stored, seen)
                ticket = stored
            case Stale(current):
                ticket = current
    raise StoreUnavailable(f"ticket {ticket.ticket_id} keeps changing")


def _goes_on(before: Ticket, after: Ticket) -> bool:
    """Whether there is more to do at once: a found payment to issue, an owed one to give back.

    Anywhere else, looking again would only repeat what was just asked of the gateway: what was
    given back may take a moment to show, and a refusal is for the next pass.
    """
    return after.status is not before.status and after.status in (
        TicketStatus.PAYING,
        TicketStatus.REFUNDING,
    )


def _act(
    ticket: Ticket, *, gateway: PaymentGateway, clock: Clock
) -> tuple[Step | None, CheckoutState | None]:
    checkout = ticket.checkout
    if checkout is None:
        return _without_checkout(ticket, clock=clock), None
    if ticket.status is TicketStatus.REFUNDING:
        return _refund(ticket, checkout, gateway=gateway, clock=clock)
    seen = gateway.look_up(checkout.checkout_id)
    if isinstance(seen, Open) and _hold_is_over(ticket, clock=clock):
        seen = gateway.close(checkout.checkout_id)
    return next_step(ticket, seen, checkout=checkout, now=clock.now()), seen


def _without_checkout(ticket: Ticket, *, clock: Clock) -> Step | None:
    if ticket.status is TicketStatus.RESERVED and _hold_is_over(ticket, clock=clock):
        return Step(ticket.expired(), "no checkout was opened in time")
    return None


def _refund(
    ticket: Ticket, checkout: Checkout, *, gateway: PaymentGateway, clock: Clock
) -> tuple[Step | None, CheckoutState | None]:
    seen = gateway.look_up(checkout.checkout_id)
    if isinstance(seen, Paid) and not seen.disputed:
        outcome = gateway.refund(ticket)
        match outcome:
            case GivenBack():
                back = ticket.refunded(refunded_minor=seen.taken.amount_minor)
                return Step(back, "given back"), Closed()
            case Refused(code=code, retryable=False):
                return Step(ticket.refund_refused(code), f"refund refused: {code}"), seen
            case Refused() | Unknown():
                # Whether it was done or will be, a repeat with the same key tells.
                return None, seen
            case _:
                assert_never(outcome)
    return next_step(ticket, seen, checkout=checkout, now=clock.now()), seen


def _hold_is_over(ticket: Ticket, *, clock: Clock) -> bool:
    return ticket.held_until is not None and clock.now() >= ticket.held_until
