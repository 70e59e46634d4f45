"""Reconcile: compare gateway and store both ways, and heal differences through settling.

Run it after a restore, after a long outage, or simply each night. It goes through what the gateway
lists first, and then through the store's tickets of the same time that the gateway did not list.
Last come the strays and the refunds that wait for a person, however old they are.
"""

import enum
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from attrs import evolve, frozen

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
from ticketing_core.stray import Stray
from ticketing_core.ticket import Checkout, Ticket, TicketStatus
from ticketing_core.use_cases.forgotten_restore import proves_restore
from ticketing_core.use_cases.pages import (
    listed_since,
    owing_tickets,
    stored_since,
    unsettled_strays,
)
from ticketing_core.use_cases.settle import LOST_ADDRESS, settle_checkout
from ticketing_core.use_cases.strays import (
    ADOPTED,
    REFUNDED,
    describe,
    has_another_checkout,
    note_stray,
    note_unpaid,
    refund_key,
)

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
    WAITS_FOR_PERSON = "waits_for_person"
    """A refund that is made only after a person has decided."""
    NOT_COMPARED = "not_compared"
    """The gateway did not report the state of a checkout."""
    RESTORE_FORGOTTEN = "restore_forgotten"
    """The store has lost a ticket, as one that was restored from a backup. Sales are stopped."""


@frozen(kw_only=True)
class Finding:
    """One `difference`, of the checkout `checkout_id` and the ticket `ticket_id`, if there is one.

    Attributes:
        healed: Whether gateway and store agree again; `detail` says what was found and done.
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
        strays=strays,
        installation=installation,
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
        yield from comparison.of_checkout(found.checkout_id, found.ticket_code, found.state)
    for ticket in stored_since(since, tickets=tickets):
        if ticket.checkout is not None and ticket.checkout.checkout_id not in listed:
            yield from comparison.of_ticket(ticket, ticket.checkout)
    for stray in unsettled_strays(strays=strays):
        yield from comparison.of_stray(stray, is_listed=stray.checkout_id in listed)
    yield from _left_to_a_person(tickets=tickets)


def _left_to_a_person(*, tickets: TicketRepository) -> Iterator[Finding]:
    for ticket in owing_tickets(tickets=tickets):
        if ticket.waits_for_person and ticket.checkout is not None:
            yield Finding(
                difference=Difference.WAITS_FOR_PERSON,
                checkout_id=ticket.checkout.checkout_id,
                ticket_id=ticket.ticket_id,
                detail=f"the refund has a problem: {ticket.refund_problem}",
                healed=False,
            )


@frozen(kw_only=True)
class _Comparison:
    dry_run: bool
    refund_unknown: bool
    by: str
    tickets: TicketRepository
    strays: StrayRepository
    installation: Installation
    gateway: PaymentGateway
    clock: Clock

    def of_checkout(
        self, checkout_id: str, ticket_code: UUID, seen: CheckoutState
    ) -> Iterator[Finding | Compared]:
        """Compare a checkout of the gateway with the ticket that it names."""
        yield Compared()
        ticket = self.tickets.by_checkout(checkout_id) or self.tickets.by_code(ticket_code)
        # A webhook may store the checkout between the two reads; the second one then has it.
        if ticket is not None and not has_another_checkout(ticket, checkout_id):
            yield from self._compare(ticket, checkout_id, seen)
        elif isinstance(seen, Paid):
            yield from self._stray(checkout_id, seen, ticket=ticket)
        elif isinstance(seen, Missing | Unknown):
            yield Finding(
                difference=Difference.NOT_COMPARED,
                checkout_id=checkout_id,
                ticket_id=None,
                detail=f"the checkout is {describe(seen)}",
                healed=False,
            )

    def of_stray(self, stray: Stray, *, is_listed: bool) -> Iterator[Finding | Compared]:
        """Look at a stray again, unless the gateway has listed it just now."""
        if not is_listed:
            seen = self.gateway.look_up(stray.checkout_id)
            yield from self.of_checkout(stray.checkout_id, stray.ticket_code, seen)
            if isinstance(seen, Closed) and not self.dry_run:
                now = self.clock.now()
                note_unpaid(stray.checkout_id, stray.ticket_code, seen, strays=self.strays, at=now)
        if not self.dry_run and self.tickets.by_checkout(stray.checkout_id) is not None:
            self.strays.put(evolve(stray, settled_at=self.clock.now(), how=ADOPTED))

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
        waits = ticket.waits_for_person
        match ticket.status, seen:
            case _, Unknown():
                return Difference.NOT_COMPARED
            case _S.ISSUED, Missing():
                return Difference.TICKET_WITHOUT_MONEY
            case _S.REFUNDING, Paid() if seen.ours.amount_minor > 0 and not waits:
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
        try:
            settlement = settle_checkout(
                checkout_id,
                by=self.by,
                tickets=self.tickets,
                strays=self.strays,
                installation=self.installation,
                gateway=self.gateway,
                clock=self.clock,
            )
        except ValueError:  # Another ticket has this payment. The rest has to be compared.
            return False
        seen = self.gateway.look_up(checkout_id)
        return settlement is not None and not self._difference(settlement.ticket, checkout_id, seen)

    def _stray(self, checkout_id: str, paid: Paid, *, ticket: Ticket | None) -> Iterator[Finding]:
        """Note a payment that no ticket has, and refund it if it may be.

        Without its ticket only on request, since a better backup may bring the ticket back.
        """
        heal = not self.dry_run and (self.refund_unknown or ticket is not None)
        if not self.dry_run:
            note_stray(checkout_id, paid, strays=self.strays, at=self.clock.now())
        if paid.is_gone:
            return
        healed = False
        # What the bank holds, or another refund is about to return, would be paid back twice.
        if heal and not (paid.held_minor or paid.waiting):
            refunded = self.gateway.refund(paid, key=refund_key(checkout_id, paid))
            healed = isinstance(refunded, GivenBack)
        if healed:
            back = evolve(paid, refunded_minor=paid.refunded_minor + paid.ours.amount_minor)
            note_stray(checkout_id, back, strays=self.strays, at=self.clock.now(), how=REFUNDED)
        yield Finding(
            difference=Difference.PAID_TWICE if ticket else Difference.UNKNOWN_CHECKOUT,
            checkout_id=checkout_id,
            ticket_id=ticket.ticket_id if ticket else None,
            detail=f"the checkout is {describe(paid)}",
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
