"""Reconcile: compare gateway and store both ways, and heal differences through settling.

Run it after a restore, after a long outage, or simply each night. It goes through what the gateway
lists first, and then through the store's tickets of the same time that the gateway did not list.
"""

import enum
from collections.abc import Iterator
from datetime import datetime

from attrs import frozen

from ticketing_core.errors import GatewayUnavailable, StoreUnavailable, raises
from ticketing_core.payment import (
    CheckoutState,
    Closed,
    GivenBack,
    ListedCheckout,
    Missing,
    Paid,
    Unknown,
)
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import Installation, StrayRepository, TicketRepository
from ticketing_core.settlement import next_step
from ticketing_core.ticket import Checkout, Ticket, TicketStatus
from ticketing_core.use_cases.forgotten_restore import proves_restore
from ticketing_core.use_cases.settle import LOST_ADDRESS, settle_checkout

PAGE = 100
"""Tickets read at a time."""

_S = TicketStatus


class Difference(enum.StrEnum):
    """How gateway and store can differ."""

    PAID_WITHOUT_TICKET = "paid_without_ticket"
    """The money is captured, and the ticket is not issued yet."""
    TICKET_WITHOUT_MONEY = "ticket_without_money"
    """The ticket is valid, and nothing is captured for it."""
    PAID_TWICE = "paid_twice"
    """A second checkout of a ticket was paid."""
    REFUND_OWED = "refund_owed"
    """Money is captured for a ticket that was given up or is void."""
    PARTLY_GIVEN_BACK = "partly_given_back"
    """A part of the money was refunded at the gateway, and the ticket does not show it."""
    DISPUTED = "disputed"
    """The buyer's bank has opened a dispute, and the ticket does not show it."""
    CHECKOUT_ENDED = "checkout_ended"
    """Places are kept for a checkout that can no longer be paid."""
    UNKNOWN_CHECKOUT = "unknown_checkout"
    """A paid checkout of this installation whose ticket the store does not have."""
    NOT_COMPARED = "not_compared"
    """The gateway did not report the state of a ticket's checkout."""
    RESTORE_FORGOTTEN = "restore_forgotten"
    """The store has lost a ticket, as one that was restored from a backup. Sales are stopped."""


@frozen(kw_only=True)
class Finding:
    """One difference, and whether it is gone now.

    Attributes:
        healed: Whether gateway and store agree again.
    """

    difference: Difference
    checkout_id: str
    ticket_id: int | None
    detail: str
    healed: bool


@frozen(kw_only=True)
class Compared:
    """One more checkout or ticket was compared; for showing progress."""


@raises(GatewayUnavailable, StoreUnavailable)
def reconcile(
    *,
    since: datetime,
    dry_run: bool = False,
    refund_unknown: bool = False,
    by: str = "reconcile",
    tickets: TicketRepository,
    strays: StrayRepository,
    installation: Installation,
    gateway: PaymentGateway,
    clock: Clock,
) -> Iterator[Finding | Compared]:
    """Compare what was opened ``since`` then. See `BoxOffice.reconcile`."""
    comparison = _Comparison(
        dry_run=dry_run,
        refund_unknown=refund_unknown,
        by=by,
        tickets=tickets,
        gateway=gateway,
        clock=clock,
    )
    restoring = installation.state().restoring_since is not None
    listed: set[str] = set()
    for found in listed_since(since, gateway=gateway):
        listed.add(found.checkout_id)
        now = clock.now()
        if not restoring and proves_restore(found, tickets=tickets, strays=strays, now=now):
            restoring = True
            if not dry_run:
                installation.begin_restore(at=now)
            yield _forgotten(found)
        yield from comparison.of_checkout(found)
    for ticket in _stored(since, tickets=tickets):
        if ticket.checkout is not None and ticket.checkout.checkout_id not in listed:
            yield from comparison.of_ticket(ticket, ticket.checkout)


def listed_since(since: datetime, *, gateway: PaymentGateway) -> Iterator[ListedCheckout]:
    """Yield all checkouts that were opened since then."""
    after = None
    while True:
        page = gateway.list_checkouts(since=since, after=after)
        if isinstance(page, Unknown):
            raise GatewayUnavailable
        yield from page.checkouts
        if page.next is None:
            return
        after = page.next


def _stored(since: datetime, *, tickets: TicketRepository) -> Iterator[Ticket]:
    after = 0
    while page := tickets.made_since(since, after=after, limit=PAGE):
        yield from page
        after = page[-1].ticket_id


@frozen(kw_only=True)
class _Comparison:
    dry_run: bool
    refund_unknown: bool
    by: str
    tickets: TicketRepository
    gateway: PaymentGateway
    clock: Clock

    def of_checkout(self, listed: ListedCheckout) -> Iterator[Finding | Compared]:
        """Compare a checkout that the gateway lists with the ticket that it names."""
        yield Compared()
        ticket = self.tickets.by_checkout(listed.checkout_id)
        ticket = ticket or self.tickets.by_code(listed.ticket_code)
        if ticket is None:
            if _has_money(listed.state):
                yield self._stray(listed, Difference.UNKNOWN_CHECKOUT, heal=self.refund_unknown)
        # A webhook may store the checkout between the two reads; the second one then has it.
        elif ticket.checkout is not None and ticket.checkout.checkout_id != listed.checkout_id:
            if _has_money(listed.state):
                yield self._stray(listed, Difference.PAID_TWICE, heal=True, ticket=ticket)
        else:
            yield from self._compare(ticket, listed.checkout_id, listed.state)

    def of_ticket(self, ticket: Ticket, checkout: Checkout) -> Iterator[Finding | Compared]:
        """Compare a ticket whose checkout the gateway did not list."""
        yield Compared()
        seen = self.gateway.look_up(checkout.checkout_id)
        yield from self._compare(ticket, checkout.checkout_id, seen)

    def _compare(self, ticket: Ticket, checkout_id: str, seen: CheckoutState) -> Iterator[Finding]:
        difference = self._difference(ticket, checkout_id, seen)
        if difference is None:
            return
        healed = False
        if not self.dry_run and difference is not Difference.NOT_COMPARED:
            healed = self._heal(checkout_id)
        yield Finding(
            difference=difference,
            checkout_id=checkout_id,
            ticket_id=ticket.ticket_id,
            detail=f"the ticket is {ticket.status}, the checkout is {describe(seen)}",
            healed=healed,
        )

    def _difference(
        self, ticket: Ticket, checkout_id: str, seen: CheckoutState
    ) -> Difference | None:
        match ticket.status, seen:
            case _, Unknown():
                return Difference.NOT_COMPARED
            case _S.ISSUED, Missing():
                return Difference.TICKET_WITHOUT_MONEY
            case _S.REFUNDING, Paid() if seen.ours.amount_minor > 0:
                return Difference.REFUND_OWED
            case _:
                pass
        now = self.clock.now()
        lost = Checkout(checkout_id=checkout_id, url=LOST_ADDRESS, ends_at=now)
        step = next_step(ticket, seen, checkout=ticket.checkout or lost, now=now)
        if step is None:
            return None
        match step.ticket.status:
            case _S.PAYING | _S.ISSUED if ticket.status is not _S.ISSUED:
                return Difference.PAID_WITHOUT_TICKET
            case _S.EXPIRED:
                return Difference.CHECKOUT_ENDED
            case _S.REFUNDED if ticket.status is _S.ISSUED:
                return Difference.TICKET_WITHOUT_MONEY
            case _S.REFUNDING | _S.REFUNDED:
                return Difference.REFUND_OWED
            case _ if step.ticket.disputed is not ticket.disputed:
                return Difference.DISPUTED
            case _:
                return Difference.PARTLY_GIVEN_BACK

    def _heal(self, checkout_id: str) -> bool:
        settlement = settle_checkout(
            checkout_id,
            by=self.by,
            tickets=self.tickets,
            gateway=self.gateway,
            clock=self.clock,
        )
        if settlement is None:
            return False
        seen = self.gateway.look_up(checkout_id)
        return self._difference(settlement.ticket, checkout_id, seen) is None

    def _stray(
        self,
        listed: ListedCheckout,
        difference: Difference,
        *,
        heal: bool,
        ticket: Ticket | None = None,
    ) -> Finding:
        healed = False
        paid = listed.state
        # What the bank holds, or another refund is about to return, would be paid back twice.
        undecided = isinstance(paid, Paid) and (paid.held_minor or paid.waiting)
        if heal and not self.dry_run and isinstance(paid, Paid) and not undecided:
            # A refund that has failed used its key up.
            key = f"{listed.ticket_code}:refund:{listed.checkout_id}:{paid.failed_refunds}"
            healed = isinstance(self.gateway.refund(paid, key=key), GivenBack)
        return Finding(
            difference=difference,
            checkout_id=listed.checkout_id,
            ticket_id=ticket.ticket_id if ticket else None,
            detail=f"the checkout is {describe(listed.state)}",
            healed=healed,
        )


def _forgotten(listed: ListedCheckout) -> Finding:
    opened_at = listed.opened_at.isoformat(timespec="seconds")
    return Finding(
        difference=Difference.RESTORE_FORGOTTEN,
        checkout_id=listed.checkout_id,
        ticket_id=None,
        detail=f"opened at {opened_at} for ticket {listed.ticket_id}, which is lost",
        healed=False,
    )


def _has_money(state: CheckoutState) -> bool:
    return isinstance(state, Paid) and (state.ours.amount_minor > 0 or state.held_minor > 0)


def describe(seen: CheckoutState) -> str:
    """Describe the state of a checkout for a table."""
    match seen:
        case Paid():
            return f"paid, {seen.ours} captured"
        case Closed():
            return "closed, nothing captured"
        case _:
            return type(seen).__name__.lower()
