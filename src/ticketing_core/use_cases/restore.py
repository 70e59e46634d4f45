"""Restore: bring a store that was restored from a backup in line with the gateway.

The order matters. Nothing is sold until ids that were given before are out of reach, and nothing is
settled until it was compared. All of it may be repeated, so a run that was interrupted anywhere is
finished by the next one.
"""

import enum
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from attrs import frozen

from ticketing_core.errors import GatewayUnavailable, StoreUnavailable, raises
from ticketing_core.money import Money
from ticketing_core.payment import (
    CheckoutState,
    Closed,
    ListedCheckout,
    Open,
    Paid,
    Unknown,
)
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import Installation, StrayRepository, TicketRepository
from ticketing_core.stray import Stray
from ticketing_core.ticket import Ticket
from ticketing_core.use_cases.reconcile import (
    Compared,
    Finding,
    describe,
    listed_since,
    reconcile,
)
from ticketing_core.use_cases.restore_news import look_again_at_moved_money, settle_noted
from ticketing_core.use_cases.settle import settle_checkout
from ticketing_core.use_cases.settle_due import settle_due

MARGIN = timedelta(days=2)
"""How long before the backup a checkout may have been opened whose ticket changed after it: twice
the longest life of a checkout."""

ID_GAP = 1_000_000
"""More tickets than a seller hands out between a backup and its restore. The gateway does not know
the ids of free tickets."""

NOTHING = Money(0, "xxx")
"""The amount of a checkout that was never paid, in "no currency" (ISO 4217)."""

PAGE = 100
"""Tickets settled, and strays and owed refunds read, at a time."""


class RestoreStep(enum.StrEnum):
    """What has been done."""

    STOPPED = "stopped"
    """Nothing is sold or settled from now on."""
    IDS_SKIPPED = "ids_skipped"
    """New ids are out of reach of those given before; ``count`` is the largest that was named."""
    COMPARED = "compared"
    """``count`` checkouts and tickets were compared, and settled where they differed."""
    NEWS_READ = "news_read"
    """``count`` tickets whose money may have moved later will be looked at."""
    CLOSED = "closed"
    """``count`` checkouts that no ticket knows can no longer be paid."""
    SETTLED = "settled"
    """``count`` tickets that were due have been settled."""
    ENDED = "ended"
    """Sales and settling go on."""


@frozen(kw_only=True)
class StepDone:
    """A step of the restore is done; `RestoreStep` says what ``count`` is."""

    step: RestoreStep
    count: int = 0


@frozen(kw_only=True)
class LeftOpen:
    """The restore is not finished: so many checkouts that no ticket knows can still be paid."""

    count: int


@frozen(kw_only=True)
class LeftForPerson:
    """What no rule decides.

    Attributes:
        since: Since when checkouts were compared, less the margin.
        strays: Money without a ticket.
        tickets: Tickets whose refund waits for a person.
    """

    since: datetime
    strays: Sequence[Stray]
    tickets: Sequence[Ticket]


Restoring = StepDone | Finding | Compared | LeftOpen | LeftForPerson


@raises(GatewayUnavailable, StoreUnavailable)
def restore(
    *,
    since: datetime,
    may_close: Callable[[int], bool],
    refund_unknown: bool = False,
    by: str = "restore",
    tickets: TicketRepository,
    strays: StrayRepository,
    installation: Installation,
    gateway: PaymentGateway,
    clock: Clock,
) -> Iterator[Restoring]:
    """Bring the store and the gateway together after a restore. See `BackOffice.restore`."""
    work = _Restore(by=by, tickets=tickets, strays=strays, gateway=gateway, clock=clock)
    installation.begin_restore(at=clock.now())
    yield StepDone(step=RestoreStep.STOPPED)
    since, named = work.lost_since(since)
    installation.skip_ids(named=named, gap=ID_GAP)
    yield StepDone(step=RestoreStep.IDS_SKIPPED, count=named)
    compared = 0
    for found in reconcile(
        since=since - MARGIN,
        refund_unknown=refund_unknown,
        by=by,
        tickets=tickets,
        strays=strays,
        installation=installation,
        gateway=gateway,
        clock=clock,
    ):
        compared += isinstance(found, Compared)
        yield found
    yield StepDone(step=RestoreStep.COMPARED, count=compared)
    noted = look_again_at_moved_money(since=since, tickets=tickets, gateway=gateway, clock=clock)
    yield StepDone(step=RestoreStep.NEWS_READ, count=noted)
    still_open = work.note_unknown(since)
    if still_open and not may_close(len(still_open)):
        yield LeftOpen(count=len(still_open))
        return
    for each in still_open:
        work.close(each)
    yield StepDone(step=RestoreStep.CLOSED, count=len(still_open))
    yield StepDone(step=RestoreStep.SETTLED, count=work.settle_all())
    yield LeftForPerson(since=since, strays=work.unsettled(), tickets=work.waiting())
    installation.end_restore()
    yield StepDone(step=RestoreStep.ENDED)


@frozen(kw_only=True)
class _Restore:
    by: str
    tickets: TicketRepository
    strays: StrayRepository
    gateway: PaymentGateway
    clock: Clock

    def lost_since(self, since: datetime) -> tuple[datetime, int]:
        """Return since when tickets are lost at the latest, and the largest id that one had.

        Checkouts of lost tickets that were opened before ``since`` show that the backup is older.
        """
        named = 0
        while True:
            oldest = since
            for each in listed_since(since - MARGIN, gateway=self.gateway):
                named = max(named, each.ticket_id)
                if self.tickets.by_code(each.ticket_code) is None:
                    oldest = min(oldest, each.opened_at)
            if oldest == since:
                return since, named
            since = oldest

    def note_unknown(self, since: datetime) -> Sequence[ListedCheckout]:
        """Store a stray for each checkout that no ticket has, and return those that are open."""
        still_open = []
        for each in listed_since(since - MARGIN, gateway=self.gateway):
            if self.tickets.by_checkout(each.checkout_id) is not None:
                continue
            if isinstance(each.state, Open):
                still_open.append(each)
            else:
                self._note(each, each.state)
        return still_open

    def close(self, each: ListedCheckout) -> None:
        """Close a checkout, and store what became of it."""
        seen = self.gateway.close(each.checkout_id)
        if isinstance(seen, Open | Unknown):
            raise GatewayUnavailable
        if isinstance(seen, Paid) and self._has_ticket(each.checkout_id):
            return
        self._note(each, seen)

    def _has_ticket(self, checkout_id: str) -> bool:
        """Settle the ticket of a checkout that was paid at the last moment, if there is one."""
        settlement = settle_checkout(
            checkout_id,
            by=self.by,
            tickets=self.tickets,
            gateway=self.gateway,
            clock=self.clock,
        )
        return settlement is not None

    def _note(self, each: ListedCheckout, seen: CheckoutState) -> None:
        known = self.strays.by_checkout(each.checkout_id)
        if known is None or known.settled_at is None:
            self.strays.put(stray_of(each, seen, now=self.clock.now()))

    def settle_all(self) -> int:
        """Settle all that is due, and return how many tickets have moved."""
        moved = settle_noted(
            by=self.by, tickets=self.tickets, gateway=self.gateway, clock=self.clock
        )
        while True:
            tally = settle_due(
                limit=PAGE,
                by=self.by,
                tickets=self.tickets,
                gateway=self.gateway,
                clock=self.clock,
            )
            moved += sum(tally.moved.values())
            if tally.claimed < PAGE:
                return moved

    def unsettled(self) -> Sequence[Stray]:
        """Return all money without a ticket."""
        found: list[Stray] = []
        while page := self.strays.unsettled(
            after=found[-1].checkout_id if found else "", limit=PAGE
        ):
            found.extend(page)
        return found

    def waiting(self) -> Sequence[Ticket]:
        """Return all tickets whose refund waits for a person."""
        found: list[Ticket] = []
        after = 0
        while page := self.tickets.owing(after=after, limit=PAGE):
            found.extend(each for each in page if each.waits_for_person)
            after = page[-1].ticket_id
        return found


def stray_of(each: ListedCheckout, seen: CheckoutState, *, now: datetime) -> Stray:
    """Return the stray of a checkout that no ticket has.

    One that was never paid is settled at once. It is stored all the same, since an unknown checkout
    proves that the store was restored; see `proves_restore`.
    """
    amount, payment_id, how = NOTHING, None, None
    if isinstance(seen, Paid):
        amount = Money(seen.ours.amount_minor + seen.held_minor, seen.total.currency)
        payment_id = seen.payment_id
        how = "nothing is left of it" if seen.is_gone else None
    elif isinstance(seen, Closed):
        how = "never paid"
    return Stray(
        checkout_id=each.checkout_id,
        ticket_code=each.ticket_code,
        payment_id=payment_id,
        amount=amount,
        state=describe(seen),
        first_seen_at=now,
        settled_at=now if how else None,
        how=how,
    )
