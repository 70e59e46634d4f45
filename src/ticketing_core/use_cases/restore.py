"""Restore: bring a store that was restored from a backup in line with the gateway.

The order matters. Nothing is sold until ids that were given before are out of reach, and nothing is
settled until it was compared. All of it may be repeated, so a run that was interrupted anywhere is
finished by the next one.
"""

import enum
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from attrs import frozen

from ticketing_core.changes import Replaced
from ticketing_core.errors import GatewayUnavailable, StoreUnavailable, raises
from ticketing_core.payment import (
    CheckoutState,
    ListedCheckout,
    Open,
    Paid,
    Processing,
    Unknown,
)
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import Installation, StrayRepository, TicketRepository
from ticketing_core.stray import Stray
from ticketing_core.ticket import RESTORED, Checkout, Ticket, TicketStatus
from ticketing_core.use_cases.news import Reading
from ticketing_core.use_cases.pages import listed_since, owing_tickets, unsettled_strays
from ticketing_core.use_cases.reconcile import Compared, Finding, reconcile
from ticketing_core.use_cases.settle import (
    ANOTHER_ACCOUNT,
    LOST_ADDRESS,
    account_doubt,
    settle_checkout,
)
from ticketing_core.use_cases.settle_due import settle_due
from ticketing_core.use_cases.strays import note_unpaid

MARGIN = timedelta(days=2)
"""How long before the backup a checkout may have been opened whose ticket changed after it: twice
the longest life of a checkout."""

ID_GAP = 1_000_000
"""More tickets than a seller hands out between a backup and its restore. The gateway does not know
the ids of free tickets."""

BATCH = 100
"""Tickets settled at a time."""


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
    """A step of the restore is done.

    Attributes:
        step: Which one; `RestoreStep` says what is counted.
        count: How many there were.
    """

    step: RestoreStep
    count: int = 0


@frozen(kw_only=True)
class AnotherAccount:
    """The restore is not finished: the key is of another account than the one that sold."""


@frozen(kw_only=True)
class LeftOpen:
    """The restore is not finished: checkouts that no ticket knows can still be paid.

    Attributes:
        count: How many.
    """

    count: int


@frozen(kw_only=True)
class LeftForPerson:
    """What no rule decides.

    Attributes:
        since: When the backup was made at the latest, as the lost tickets show.
        strays: Money without a ticket.
        tickets: Tickets whose refund waits for a person.
    """

    since: datetime
    strays: Sequence[Stray]
    tickets: Sequence[Ticket]


Restoring = AnotherAccount | StepDone | Finding | Compared | LeftOpen | LeftForPerson


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
    work = _Restore(
        by=by,
        tickets=tickets,
        strays=strays,
        installation=installation,
        gateway=gateway,
        clock=clock,
    )
    installation.begin_restore(at=clock.now())
    yield StepDone(step=RestoreStep.STOPPED)
    doubt = account_doubt(tickets=tickets, gateway=gateway)
    if doubt == ANOTHER_ACCOUNT:
        yield AnotherAccount()
        return
    if doubt is not None:
        raise GatewayUnavailable
    since, named = work.lost_since(min(since, work.newest_sale() or since))
    installation.skip_ids(named=named, gap=ID_GAP)
    yield StepDone(step=RestoreStep.IDS_SKIPPED, count=named)
    work.leave_refunds_to_a_person()
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
    reading = Reading(by=by, tickets=tickets, strays=strays, gateway=gateway, clock=clock)
    reading.read_lists(before=since)
    yield StepDone(step=RestoreStep.NEWS_READ, count=len(reading.noted))
    still_open = work.note_unknown(since)
    if still_open and not may_close(len(still_open)):
        yield LeftOpen(count=len(still_open))
        return
    for each in still_open:
        work.close(each)
    yield StepDone(step=RestoreStep.CLOSED, count=len(still_open))
    yield StepDone(step=RestoreStep.SETTLED, count=work.settle_all())
    waiting = [each for each in owing_tickets(tickets=tickets) if each.waits_for_person]
    yield LeftForPerson(since=since, strays=[*unsettled_strays(strays=strays)], tickets=waiting)
    installation.end_restore()
    yield StepDone(step=RestoreStep.ENDED)


@frozen(kw_only=True)
class _Restore:
    by: str
    tickets: TicketRepository
    strays: StrayRepository
    installation: Installation
    gateway: PaymentGateway
    clock: Clock

    def newest_sale(self) -> datetime | None:
        """Return when the newest ticket that has a checkout was sold: the backup is not older."""
        newest = self.tickets.newest_checkout()
        ticket = self.tickets.by_checkout(newest) if newest else None
        return ticket.created_at if ticket else None

    def leave_refunds_to_a_person(self) -> None:
        """Make no refund that had a problem: since the backup, somebody may have paid it back."""
        for ticket in owing_tickets(tickets=self.tickets):
            if ticket.refund_problem is not None and not ticket.waits_for_person:
                left, why = ticket.marked(refund_problem=RESTORED), "restored from a backup"
                # If somebody changes the ticket at this moment, they know of it.
                self.tickets.replace(ticket, left, at=self.clock.now(), why=why, by=self.by)

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
        """Note each checkout that no ticket has, and return those that can still be paid."""
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
        """Close a checkout, and note what became of it."""
        seen = self.gateway.close(each.checkout_id)
        if isinstance(seen, Open | Unknown):
            raise GatewayUnavailable
        self._note(each, seen)

    def _note(self, each: ListedCheckout, seen: CheckoutState) -> None:
        if isinstance(seen, Paid):
            # Either a ticket finds its lost checkout, or the payment becomes a stray.
            settle_checkout(
                each.checkout_id,
                by=self.by,
                tickets=self.tickets,
                strays=self.strays,
                installation=self.installation,
                gateway=self.gateway,
                clock=self.clock,
            )
            return
        if isinstance(seen, Unknown):
            raise GatewayUnavailable
        if isinstance(seen, Processing) and self._adopted(each):
            return
        known = self.strays.by_checkout(each.checkout_id)
        if known is None or known.settled_at is None:
            note_unpaid(
                each.checkout_id,
                each.ticket_code,
                seen,
                strays=self.strays,
                at=self.clock.now(),
            )

    def _adopted(self, each: ListedCheckout) -> bool:
        """Return whether a reservation has got its lost checkout back, which a bank decides on."""
        ticket = self.tickets.by_code(each.ticket_code)
        if ticket is None or ticket.status is not TicketStatus.RESERVED:
            return False
        now = self.clock.now()
        lost = Checkout(checkout_id=each.checkout_id, url=LOST_ADDRESS, ends_at=now)
        paying, why = ticket.paying(lost, until=now), "lost checkout found"
        stored = self.tickets.replace(ticket, paying, at=now, why=why, by=self.by)
        return isinstance(stored, Replaced)

    def settle_all(self) -> int:
        """Settle all that is due, each ticket once, and return how many have moved."""
        moved, began = 0, self.clock.now()
        while True:
            tally = settle_due(
                limit=BATCH,
                due_at=began,
                by=self.by,
                tickets=self.tickets,
                gateway=self.gateway,
                clock=self.clock,
            )
            moved += sum(tally.moved.values())
            if not tally.more:
                return moved
