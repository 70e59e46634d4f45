"""Settle what is due: one bounded pass over reservations, unpaid checkouts and owed refunds."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from attrs import field, frozen

from ticketing_core.errors import StoreUnavailable, raises
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.schedule import pause
from ticketing_core.ticket import Ticket, TicketStatus
from ticketing_core.use_cases.settle import ANOTHER_ACCOUNT, Settlement, settle_ticket

Result = Settlement | None
"""Where settling ended, or None if it could not be stored."""

Run = Callable[[Callable[[Ticket], Result], Iterable[Ticket]], Iterable[Result]]
"""Calls the function for each ticket, as `map` does; the ``map`` of a thread pool fits too."""


@frozen(kw_only=True)
class Tally:
    """The result of one pass.

    Attributes:
        claimed: Tickets that were due and claimed; fewer than the limit if none are left.
        moved: How many reached which status.
        left: How many stay as they were: nothing to do yet, or no answer from the gateway.
        failed: How many could not be stored; they are due again.
        another_account: Whether checkouts are missing because the gateway's key belongs to another
            account than the one that sold. Their tickets stay as they are.
    """

    claimed: int
    moved: Mapping[TicketStatus, int] = field(factory=dict)
    left: int = 0
    failed: int = 0
    another_account: bool = False


@raises(StoreUnavailable)
def settle_due(
    *,
    limit: int,
    by: str,
    tickets: TicketRepository,
    gateway: PaymentGateway,
    clock: Clock,
    run: Run = map,
) -> Tally:
    """Settle at most ``limit`` tickets that are due. See `BoxOffice.settle_due`."""
    due = tickets.claim_due(now=clock.now(), limit=limit)

    def settle(ticket: Ticket) -> Result:
        try:
            settlement = settle_ticket(ticket, by=by, tickets=tickets, gateway=gateway, clock=clock)
            wait = pause(settlement.ticket, settlement.seen)
            if wait is not None:
                tickets.postpone(settlement.ticket, until=clock.now() + wait)
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
        another_account=any(each and each.seen == ANOTHER_ACCOUNT for each in settled),
    )
