"""Settle what is due: one bounded pass over reservations, unpaid checkouts and owed refunds."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from attrs import field, frozen

from ticketing_core.errors import StoreUnavailable
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.gateway import PaymentGateway, Processing
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.ticket import Ticket, TicketStatus
from ticketing_core.use_cases.settle import Settlement, settle_ticket

SLOW_PAYMENT_PAUSE = timedelta(minutes=10)
"""Between two looks at a payment that a bank has not decided; most take hours or days."""

FIRST_REFUSAL_PAUSE = timedelta(minutes=1)
LONGEST_REFUSAL_PAUSE = timedelta(hours=1)
"""Between two tries of a refund that is refused, doubled each time: most wait for a balance."""

Result = Settlement | None
"""Where settling ended, or None where it could not be stored."""

Run = Callable[[Callable[[Ticket], Result], Iterable[Ticket]], Iterable[Result]]
"""Calls the function for each ticket, as `map` does; one that works in parallel is welcome."""


@frozen(kw_only=True)
class Tally:
    """What one pass came to.

    Attributes:
        claimed: Tickets that were due and taken; fewer than the limit means that none are left.
        moved: How many came to which status.
        left: How many stay as they were, since there is nothing to do yet or nobody answered.
        failed: How many could not be stored; they are due again.
    """

    claimed: int
    moved: Mapping[TicketStatus, int] = field(factory=dict)
    left: int = 0
    failed: int = 0


def settle_due(
    *,
    limit: int,
    by: str,
    tickets: TicketRepository,
    gateway: PaymentGateway,
    clock: Clock,
    run: Run = map,
) -> Tally:
    """Settle at most ``limit`` tickets that are due, the longest waiting first.

    No answer of the gateway leaves a ticket as it is; its lease grows with each try, so a
    thousand hopeless ones starve nobody. One ticket that fails does not stop the others.

    Args:
        limit: The most tickets of this pass.
        by: Who settles; the history tells.
        run: How the tickets are gone through.

    Raises:
        StoreUnavailable: Nothing could be claimed.
    """
    due = tickets.claim_due(now=clock.now(), limit=limit)

    def settle(ticket: Ticket) -> Result:
        try:
            settlement = settle_ticket(ticket, by=by, tickets=tickets, gateway=gateway, clock=clock)
            _postpone(settlement, tickets=tickets, clock=clock)
        except StoreUnavailable:
            return None
        return settlement

    settled = list(run(settle, due))
    moved = Counter(
        settlement.ticket.status
        for before, settlement in zip(due, settled, strict=True)
        if settlement is not None and settlement.ticket.status is not before.status
    )
    failed = settled.count(None)
    return Tally(
        claimed=len(due),
        moved=moved,
        left=len(due) - moved.total() - failed,
        failed=failed,
    )


def _postpone(settlement: Settlement, *, tickets: TicketRepository, clock: Clock) -> None:
    """Say when to look again, where that is known better than by the growing lease."""
    ticket = settlement.ticket
    if isinstance(settlement.seen, Processing):
        pause = SLOW_PAYMENT_PAUSE
    elif ticket.status is TicketStatus.REFUNDING and ticket.refund_problem is not None:
        doubled = FIRST_REFUSAL_PAUSE * 2 ** min(ticket.refund_attempt, 10)
        pause = min(doubled, LONGEST_REFUSAL_PAUSE)
    else:
        return
    tickets.postpone(ticket, until=clock.now() + pause)
