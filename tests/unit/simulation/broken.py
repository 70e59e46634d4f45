"""Broken variants of use cases, stores and gateways: common mistakes for the simulator to find."""

from collections.abc import Container, Iterator
from datetime import datetime

from attrs import evolve, frozen

from ticketing_core import BoxOffice, Ticket, TicketStatus, ToPay
from ticketing_core.changes import Replaced, Stale
from ticketing_core.errors import (
    AlreadyProcessed,
    NotIssued,
    OverBuyerLimit,
    PaymentNotStarted,
    PaymentOpen,
    SaleClosed,
    StoreUnavailable,
)
from ticketing_core.payment import News, Open, Paid, Processing, Unknown
from ticketing_core.testing.simulation import HOLD, Simulation
from ticketing_core.use_cases.purchase import Issued, Purchase
from ticketing_core.use_cases.reconcile import Compared, Finding
from ticketing_core.use_cases.settle import Settlement
from ticketing_core.use_cases.settle_due import Run, Tally


@frozen(kw_only=True)
class ChecksFirst(BoxOffice):
    """Checks whether places are left, then takes them: two steps."""

    def purchase(
        self,
        *,
        event_id: int,
        quantity: int,
        buyer: str,
        key: str | None = None,
        email: str | None = None,
    ) -> Purchase:
        """See `BoxOffice.purchase`."""
        event = self.events.by_id(event_id)
        if event is None or event.places_left < quantity:
            raise SaleClosed
        return super().purchase(
            event_id=event_id, quantity=quantity, buyer=buyer, key=key, email=email
        )


@frozen(kw_only=True)
class CountsUnpaidFirst(BoxOffice):
    """Counts the buyer's unpaid places, then takes more: two steps."""

    def purchase(
        self,
        *,
        event_id: int,
        quantity: int,
        buyer: str,
        key: str | None = None,
        email: str | None = None,
    ) -> Purchase:
        """See `BoxOffice.purchase`."""
        own = self.tickets.of_buyer(buyer, before=None, limit=9)
        unpaid = sum(each.quantity for each in own if each.status in ("reserved", "paying"))
        event = self.event(event_id)
        if unpaid + quantity > max(self.max_unpaid_places, event.max_per_order):
            raise OverBuyerLimit(self.max_unpaid_places, unpaid, unpaid=True)
        return BoxOffice.purchase(
            evolve(self, max_unpaid_places=99),
            event_id=event_id,
            quantity=quantity,
            buyer=buyer,
            key=key,
            email=email,
        )


@frozen(kw_only=True)
class ForgetsTheKey(BoxOffice):
    """Ignores the idempotency key."""

    def purchase(
        self,
        *,
        event_id: int,
        quantity: int,
        buyer: str,
        key: str | None = None,
        email: str | None = None,
    ) -> Purchase:
        """See `BoxOffice.purchase`."""
        del key
        return super().purchase(event_id=event_id, quantity=quantity, buyer=buyer, email=email)


@frozen(kw_only=True)
class BuysAgainWithoutKey(BoxOffice):
    """Takes an unknown outcome for a failure, and buys again without the key."""

    def purchase(
        self,
        *,
        event_id: int,
        quantity: int,
        buyer: str,
        key: str | None = None,
        email: str | None = None,
    ) -> Purchase:
        """See `BoxOffice.purchase`."""
        try:
            return super().purchase(
                event_id=event_id, quantity=quantity, buyer=buyer, key=key, email=email
            )
        except StoreUnavailable:
            return super().purchase(event_id=event_id, quantity=quantity, buyer=buyer, email=email)


@frozen(kw_only=True)
class TrustsTheRedirect(BoxOffice):
    """Takes the redirect back from the payment page for a payment."""

    def verify(self, *, ticket_id: int, checkout_id: str, buyer: str) -> Issued:
        """See `BoxOffice.verify`."""
        del checkout_id
        ticket = self.ticket(ticket_id, buyer=buyer)
        if ticket.status is not TicketStatus.PAYING:
            raise PaymentOpen
        self.tickets.replace(ticket, ticket.issued(), at=self.clock.now(), why="back", by=buyer)
        return Issued(ticket=ticket, admission=self.admission_of(ticket))


@frozen(kw_only=True)
class FreesFirst(BoxOffice):
    """Frees the places, then closes the checkout."""

    def cancel(self, *, ticket_id: int, buyer: str) -> Ticket:
        """See `BoxOffice.cancel`."""
        ticket = self.ticket(ticket_id, buyer=buyer)
        if ticket.status is not TicketStatus.PAYING or ticket.checkout is None:
            raise AlreadyProcessed
        cancelled = ticket.cancelled()
        self.tickets.replace(ticket, cancelled, at=self.clock.now(), why="cancelled", by=buyer)
        self.gateway.close(ticket.checkout.checkout_id)
        return cancelled


@frozen(kw_only=True)
class TakesNoAnswerForUnpaid(BoxOffice):
    """Takes everything but a payment for unpaid, no answer too."""

    def cancel(self, *, ticket_id: int, buyer: str) -> Ticket:
        """See `BoxOffice.cancel`."""
        ticket = self.ticket(ticket_id, buyer=buyer)
        if ticket.status is not TicketStatus.PAYING or ticket.checkout is None:
            raise AlreadyProcessed
        if isinstance(self.gateway.close(ticket.checkout.checkout_id), Paid | Processing):
            raise AlreadyProcessed
        cancelled = ticket.cancelled()
        self.tickets.replace(ticket, cancelled, at=self.clock.now(), why="cancelled", by=buyer)
        return cancelled


@frozen(kw_only=True)
class FreesAtTheEndOfTheHold(BoxOffice):
    """Frees the places when the hold ends, as if the checkout ended with it."""

    def settle_due(self, *, limit: int, by: str, run: Run = map) -> Tally:
        """See `BoxOffice.settle_due`."""
        now = self.clock.now()
        for ticket in self.tickets.claim_due(now=now, limit=limit):
            if ticket.status is TicketStatus.PAYING:
                self.tickets.replace(ticket, ticket.expired(), at=now, why="hold over", by=by)
        return super().settle_due(limit=limit, by=by, run=run)


@frozen(kw_only=True)
class RefundsAtOnce(BoxOffice):
    """For variants that refund an issued ticket in their own way."""

    def refund(
        self,
        *,
        ticket_id: int,
        by: str,
        again: bool = False,
        paid_back: str | None = None,
        scope: Container[int] | None = None,
    ) -> Ticket:
        """See `BoxOffice.refund`."""
        ticket = self.tickets.by_id(ticket_id)
        if ticket is None or ticket.checkout is None or ticket.status is not TicketStatus.ISSUED:
            raise NotIssued
        seen = self.gateway.look_up(ticket.checkout.checkout_id)
        if isinstance(seen, Paid):
            ticket = self._refund(ticket, seen, by=by)
        return super().refund(
            ticket_id=ticket_id, by=by, again=again, paid_back=paid_back, scope=scope
        )

    def _refund(self, ticket: Ticket, seen: Paid, *, by: str) -> Ticket:
        raise NotImplementedError  # pragma: no cover - a subclass that forgets it fails at once

    def _store(self, old: Ticket, new: Ticket, *, by: str) -> Ticket:
        match self.tickets.replace(old, new, at=self.clock.now(), why="refund", by=by):
            case Replaced(stored):
                return stored
            case Stale():
                raise NotIssued


@frozen(kw_only=True)
class BelievesTheFirstRead(BoxOffice):
    """Takes a checkout for a second payment because no ticket had it a moment ago."""

    def reconcile(self, *, since: datetime, **options: bool) -> Iterator[Finding | Compared]:
        """See `BackOffice.reconcile`."""
        page = self.gateway.list_checkouts(since=since, after=None)
        for listed in () if isinstance(page, Unknown) else page.checkouts:
            is_known = self.tickets.by_checkout(listed.checkout_id) is not None
            ticket = self.tickets.by_code(listed.ticket_code)
            if not is_known and ticket is not None and ticket.checkout is not None:
                key = f"{listed.ticket_code}:refund:{listed.checkout_id}"
                if isinstance(listed.state, Paid):
                    self.gateway.refund(listed.state, key=key)
        return super().reconcile(since=since, **options)


@frozen(kw_only=True)
class GivesBackFirst(RefundsAtOnce):
    """Refunds at the gateway first, and stores afterwards that the ticket is void."""

    def _refund(self, ticket: Ticket, seen: Paid, *, by: str) -> Ticket:
        del by
        self.gateway.refund(seen, key=ticket.refund_key)
        return ticket


@frozen(kw_only=True)
class NewKeyAfterNoAnswer(RefundsAtOnce):
    """Takes no answer to a refund for a refusal, and sends another one with a new key."""

    def _refund(self, ticket: Ticket, seen: Paid, *, by: str) -> Ticket:
        ticket = self._store(ticket, ticket.refunding(at=self.clock.now()), by=by)
        if isinstance(self.gateway.refund(seen, key=ticket.refund_key), Unknown):
            ticket = self._store(ticket, ticket.refund_refused("no answer"), by=by)
            self.gateway.refund(seen, key=ticket.refund_key)
        return ticket


@frozen(kw_only=True)
class TrustsNotifications(BoxOffice):
    """Does what each notification says, in the order of arrival."""

    def settle_news(self, news: News, *, by: str) -> Settlement | None:
        """See `BoxOffice.settle_news`. Does not look: the notification was trusted."""
        del news, by
        return None

    def notify(self, checkout_id: str, status: TicketStatus) -> None:
        """Deliver a notification that the payment was made or given back."""
        ticket = self.tickets.by_checkout(checkout_id)
        if ticket is None:
            return
        match ticket.status, status:
            case TicketStatus.PAYING, TicketStatus.ISSUED:
                new = ticket.issued()
            case TicketStatus.ISSUED, TicketStatus.REFUNDED:
                new = ticket.refunded()
            case _:
                return
        self.tickets.replace(ticket, new, at=self.clock.now(), why="notified", by="webhook")


def buys_with_the_address_before_it_is_stored(simulation: Simulation) -> None:
    """A purchase that returns the address before PAYING is stored."""
    office = simulation.office
    simulation.facts.add_order("ann", None)
    held = office.reserve(event_id=simulation.facts.event_id, quantity=1, buyer="ann")
    ends_at = office.clock.now() + HOLD
    opened = office.gateway.open(held, event_name="Concert", ends_at=ends_at)
    if not isinstance(opened, Open):
        raise PaymentNotStarted
    checkout = opened.checkout
    simulation.facts.add_address(
        "ann",
        ToPay(ticket=held, checkout_id=checkout.checkout_id, checkout_url=checkout.url),
    )
    paying = held.paying(checkout, until=office.clock.now() + HOLD)
    office.tickets.replace(held, paying, at=office.clock.now(), why="checkout opened", by="buyer")
