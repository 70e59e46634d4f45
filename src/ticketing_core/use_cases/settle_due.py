"""Settle what is due, and look at payments that news was about: one bounded pass over both."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from attrs import field, frozen

from ticketing_core.errors import StoreUnavailable, raises
from ticketing_core.payment import Missing, Unknown
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.schedule import DueLook, pause
from ticketing_core.ticket import Ticket, TicketStatus
from ticketing_core.use_cases.settle import ANOTHER_ACCOUNT, Settlement, settle_ticket

Result = Settlement | Exception
"""Where settling ended, or why it failed."""

Run = Callable[[Callable[[Ticket], Result], Iterable[Ticket]], Iterable[Result]]
"""Calls the function for each ticket, as `map` does; the ``map`` of a thread pool fits too."""


@frozen(kw_only=True)
class Tally:
    """The result of one pass.

    Attributes:
        claimed: Tickets that were claimed, because they were due or had to be looked at.
        more: Whether some may be left: the pass has claimed as many as it may.
        moved: How many reached which status.
        left: How many stay as they were: nothing to do yet, or no answer from the gateway.
        stuck: Tickets whose refund has a problem: it was refused or returned, or waits for
            somebody. Each is in the pass that tried it or looked at it.
        failures: What went wrong with tickets by their ids. They are tried again.
        another_account: Whether checkouts are missing because the gateway's key belongs to another
            account than the one that sold. Their tickets stay as they are.
    """

    claimed: int
    more: bool
    moved: Mapping[TicketStatus, int] = field(factory=dict)
    left: int = 0
    stuck: Sequence[Ticket] = field(default=(), repr=False)
    failures: Mapping[int, Exception] = field(factory=dict, repr=False)
    another_account: bool = False

    @property
    def failed(self) -> int:
        """How many failed, most of them because the result could not be stored."""
        return len(self.failures)


@raises(StoreUnavailable)
def settle_due(
    *,
    limit: int,
    by: str,
    tickets: TicketRepository,
    gateway: PaymentGateway,
    clock: Clock,
    run: Run = map,
    due_at: datetime | None = None,
) -> Tally:
    """Settle at most ``limit`` tickets that are due. See `BackOffice.settle_due`.

    Repeated with one ``due_at``, which is now by default, it settles each ticket once.
    """
    due, noted = _claimed(limit, tickets=tickets, now=due_at or clock.now())
    looks = {look.ticket.ticket_id: look for look in noted}
    # A ticket that is due and noted is settled once.
    claimed = {ticket.ticket_id: ticket for ticket in (*due, *(look.ticket for look in noted))}

    def settle(ticket: Ticket) -> Result:
        try:
            settlement = settle_ticket(ticket, by=by, tickets=tickets, gateway=gateway, clock=clock)
            wait = pause(settlement.ticket, settlement.seen)
            if wait is not None:
                tickets.postpone(settlement.ticket, until=clock.now() + wait)
            look = looks.get(ticket.ticket_id)
            # Without a state the note stays, and its lease is the back-off. A checkout that the
            # gateway does not know says nothing either: the key may be that of another account.
            if look is not None and not isinstance(settlement.seen, Unknown | Missing):
                tickets.clear_look(look)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            return error
        return settlement

    results = dict(zip(claimed, run(settle, claimed.values()), strict=True))
    settled = {key: each.ticket for key, each in results.items() if isinstance(each, Settlement)}
    moved = Counter(
        after.status for key, after in settled.items() if after.status is not claimed[key].status
    )
    return Tally(
        claimed=len(claimed),
        more=len(due) + len(noted) >= limit,
        moved=moved,
        left=len(settled) - moved.total(),
        stuck=[ticket for ticket in settled.values() if ticket.refund_problem is not None],
        failures={key: each for key, each in results.items() if isinstance(each, Exception)},
        another_account=any(
            isinstance(each, Settlement) and each.seen == ANOTHER_ACCOUNT
            for each in results.values()
        ),
    )


def _claimed(
    limit: int, *, tickets: TicketRepository, now: datetime
) -> tuple[Sequence[Ticket], Sequence[DueLook]]:
    """Claim what is due first, which keeps places. A third is for looks while there are any."""
    due = tickets.claim_due(now=now, limit=limit - limit // 3)
    noted = tickets.claim_looks(now=now, limit=limit - len(due))
    rest = limit - len(due) - len(noted)
    if rest and len(due) == limit - limit // 3:
        due = [*due, *tickets.claim_due(now=now, limit=rest)]
    return due, noted
