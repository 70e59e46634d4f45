"""Settle one ticket: look at its checkout, decide by `settlement.next_step`, store, repeat.

Safe to run at any time, from anywhere, as often as one likes. Each round is one look-up and one
compare-and-swap; a call that loses it reads the ticket again and decides again.
"""

from collections.abc import Callable
from typing import assert_never

from attrs import frozen

from ticketing_core.changes import Replaced, Stale
from ticketing_core.errors import GatewayUnavailable, StoreUnavailable, raises
from ticketing_core.payment import (
    CheckoutState,
    GivenBack,
    Missing,
    Open,
    Paid,
    Refused,
    Unknown,
    Waiting,
)
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import Installation, StrayRepository, TicketRepository
from ticketing_core.settlement import Step, may_refund, next_step, owed, refunded
from ticketing_core.ticket import UNPAID, Checkout, Ticket, TicketStatus
from ticketing_core.use_cases.strays import has_another_checkout, note_stray

MOST_ROUNDS = 20
"""A ticket can make only a few transitions; more rounds mean a store that answers nonsense."""

LOST_ADDRESS = "about:blank"
"""The address of a checkout that is already paid, which needs no address any more."""

ANOTHER_ACCOUNT = Unknown("the gateway's key belongs to another account than the one that sold")
"""What is seen of a missing checkout while the newest one of all is missing, too."""


@frozen
class Settlement:
    """Where settling ended.

    Attributes:
        ticket: The ticket as stored now.
        seen: The last state of its checkout; None if the gateway was not called.
    """

    ticket: Ticket
    seen: CheckoutState | None


@frozen
class Round:
    """What one round found.

    Attributes:
        step: The change to store, or None if there is nothing to change.
        seen: The state of the checkout; None if the gateway was not called.
    """

    step: Step | None
    seen: CheckoutState | None = None


@raises(StoreUnavailable)
def settle_ticket(
    ticket: Ticket,
    *,
    by: str,
    tickets: TicketRepository,
    gateway: PaymentGateway,
    clock: Clock,
) -> Settlement:
    """Bring one ticket in line with the gateway. See `BoxOffice.settle`."""

    def one_round(current: Ticket) -> Round:
        return _one_round(current, tickets=tickets, gateway=gateway, clock=clock)

    return run_rounds(ticket, one_round, by=by, tickets=tickets, clock=clock)


@raises(StoreUnavailable)
def issue_if_paid(
    ticket: Ticket,
    *,
    by: str,
    tickets: TicketRepository,
    gateway: PaymentGateway,
    clock: Clock,
) -> Settlement:
    """Issue a ticket that is paid, by one look at its checkout: guests at a gate wait for it.

    Nothing is closed or refunded; the settler does that.

    Args:
        ticket: RESERVED or PAYING as last read.
    """
    checkout = ticket.checkout
    if checkout is None:
        return Settlement(ticket, None)
    seen = gateway.look_up(checkout.checkout_id)

    def one_round(current: Ticket) -> Round:
        # What others have settled meanwhile, they may have seen later.
        if not isinstance(seen, Paid) or current.status not in UNPAID:
            return Round(None, seen)
        return Round(next_step(current, seen, checkout=checkout, now=clock.now()), seen)

    return run_rounds(ticket, one_round, by=by, tickets=tickets, clock=clock)


@raises(GatewayUnavailable, StoreUnavailable)
def settle_checkout(
    checkout_id: str,
    *,
    by: str,
    tickets: TicketRepository,
    strays: StrayRepository,
    installation: Installation,
    gateway: PaymentGateway,
    clock: Clock,
) -> Settlement | None:
    """Settle the ticket of a checkout, or note its payment as a stray and return None."""
    ticket = tickets.by_checkout(checkout_id)
    if ticket is not None:
        return settle_ticket(ticket, by=by, tickets=tickets, gateway=gateway, clock=clock)
    seen = gateway.look_up(checkout_id)
    if isinstance(seen, Unknown):
        raise GatewayUnavailable
    if not isinstance(seen, Paid):
        return None
    ticket = tickets.by_code(seen.ticket_code)
    if ticket is None or has_another_checkout(ticket, checkout_id):
        is_new = note_stray(checkout_id, seen, strays=strays, at=clock.now())
        if ticket is None and is_new:
            # A ticket is stored before anybody can pay for it, so the store has lost this one.
            installation.begin_restore(at=clock.now())
        return None
    lost = Checkout(checkout_id=checkout_id, url=LOST_ADDRESS, ends_at=clock.now())

    def one_round(current: Ticket) -> Round:
        if current.checkout is None:
            return Round(next_step(current, seen, checkout=lost, now=clock.now()), seen)
        return _one_round(current, tickets=tickets, gateway=gateway, clock=clock)

    return run_rounds(ticket, one_round, by=by, tickets=tickets, clock=clock)


def run_rounds(
    ticket: Ticket,
    one_round: Callable[[Ticket], Round],
    *,
    by: str,
    tickets: TicketRepository,
    clock: Clock,
) -> Settlement:
    """Repeat rounds, each with a compare-and-swap, until there is nothing to change.

    Args:
        ticket: The ticket as last read.
        one_round: Looks up what is needed, and decides what to change next.
    """
    for _ in range(MOST_ROUNDS):
        found = one_round(ticket)
        if found.step is None:
            return Settlement(ticket, found.seen)
        step = found.step
        match tickets.replace(ticket, step.ticket, at=clock.now(), why=step.why, by=by):
            case Replaced(stored):
                if not _goes_on(ticket, stored):
                    return Settlement(stored, found.seen)
                ticket = stored
            case Stale(current):
                ticket = current
    raise StoreUnavailable(f"ticket {ticket.ticket_id} keeps changing")


def _goes_on(before: Ticket, after: Ticket) -> bool:
    """Return whether there is more to do at once: a payment to issue, an owed refund to make.

    After any other change another look would only repeat the last one: a refund may take a moment
    to show at the gateway, and a refused one is left to the next pass.
    """
    return after.status is not before.status and after.status in (
        TicketStatus.PAYING,
        TicketStatus.REFUNDING,
    )


def decided(
    ticket: Ticket,
    seen: CheckoutState,
    *,
    checkout: Checkout,
    tickets: TicketRepository,
    gateway: PaymentGateway,
    clock: Clock,
) -> Round:
    """Return what follows from the state of a ticket's checkout; see `settlement.next_step`.

    A gateway does not forget checkouts. While it does not know the newest one of all either, its
    key belongs to another account, and `Missing` proves nothing.
    """
    step = next_step(ticket, seen, checkout=checkout, now=clock.now())
    if step is None or not isinstance(seen, Missing):
        return Round(step, seen)
    doubt = account_doubt(tickets=tickets, gateway=gateway)
    return Round(step, seen) if doubt is None else Round(None, doubt)


def account_doubt(*, tickets: TicketRepository, gateway: PaymentGateway) -> Unknown | None:
    """Return why the gateway may be that of another account than the one that sold, or None."""
    newest = tickets.newest_checkout()
    match None if newest is None else gateway.look_up(newest):
        case Missing():
            return ANOTHER_ACCOUNT
        case Unknown() as no_answer:
            return no_answer
        case _:
            return None


def _one_round(
    ticket: Ticket, *, tickets: TicketRepository, gateway: PaymentGateway, clock: Clock
) -> Round:
    checkout = ticket.checkout
    if checkout is None:
        return Round(_without_checkout(ticket, clock=clock))
    seen = gateway.look_up(checkout.checkout_id)
    if isinstance(seen, Open) and _hold_is_over(ticket, clock=clock):
        seen = gateway.close(checkout.checkout_id)
    found = decided(ticket, seen, checkout=checkout, tickets=tickets, gateway=gateway, clock=clock)
    if found.step is None and isinstance(seen, Paid) and may_refund(ticket, seen):
        return _refund(ticket, seen, gateway=gateway)
    return found


def _without_checkout(ticket: Ticket, *, clock: Clock) -> Step | None:
    if ticket.status is TicketStatus.RESERVED and _hold_is_over(ticket, clock=clock):
        return Step(ticket.expired(), "no checkout was opened in time")
    return None


def _refund(ticket: Ticket, seen: Paid, *, gateway: PaymentGateway) -> Round:
    outcome = gateway.refund(owed(ticket, seen), key=ticket.refund_key)
    match outcome:
        case GivenBack():
            return Round(Step(refunded(ticket, seen), "given back"), seen)
        case Waiting(why) if why != ticket.refund_problem:
            waiting = ticket.marked(refund_problem=why)
            return Round(Step(waiting, f"refund is not final: {why}"), seen)
        case Refused(code=code, retryable=False):
            return Round(Step(ticket.refund_refused(code), f"refund refused: {code}"), seen)
        case Waiting() | Refused() | Unknown():
            # Repeating the call with the same key shows whether it was or will be made.
            return Round(None, seen)
        case _:
            assert_never(outcome)


def _hold_is_over(ticket: Ticket, *, clock: Clock) -> bool:
    return ticket.held_until is not None and clock.now() >= ticket.held_until
