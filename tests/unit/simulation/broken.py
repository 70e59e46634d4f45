"""Broken variants of use cases, stores and gateways: mistakes that people make.

Each is a whole world in which one thing is done wrong; the simulator has to find it.
"""

from datetime import datetime
from typing import Any

from attrs import evolve, frozen

from ticketing_core import BoxOffice, Ticket, TicketStatus, ToPay
from ticketing_core.errors import (
    AlreadyProcessed,
    NotIssued,
    PaymentNotStarted,
    PaymentOpen,
    SaleClosed,
    StoreUnavailable,
)
from ticketing_core.payment import GivenBack, Open, Paid, Processing, RefundOutcome, Unknown
from ticketing_core.reservation import Held, TicketDraft
from ticketing_core.testing import FakeGateway, InMemoryEvents, InMemoryTickets, ManualClock
from ticketing_core.testing.simulation import HOLD, Desk, World
from ticketing_core.ticket import Replaced, Stale
from ticketing_core.use_cases.purchase import Issued, Purchase
from ticketing_core.use_cases.settle import Settlement
from ticketing_core.use_cases.settle_due import Run, Tally


def world_with(
    *,
    office: type[BoxOffice] = BoxOffice,
    tickets: type[InMemoryTickets] = InMemoryTickets,
    events: type[InMemoryEvents] = InMemoryEvents,
    gateway: type[FakeGateway] = FakeGateway,
) -> World:
    """A world in memory of which some part is another one."""
    stored = events()
    clock = ManualClock()
    return World(
        events=stored,
        tickets=tickets(stored),
        clock=clock,
        gateway=gateway(clock=clock),
        office=office,
    )


class Unconstrained(InMemoryEvents):
    """A store without the constraint that would stop the worst."""

    def change_kept(self, event_id: int, by: int) -> None:
        """See `InMemoryEvents.change_kept`."""
        event = self._by_id[event_id]
        self._by_id[event_id] = evolve(event, kept=event.kept + by)


class TakesWithoutAsking(InMemoryTickets):
    """Its hold decides nothing."""

    def hold(self, draft: TicketDraft) -> Held:
        """See `TicketRepository.hold`."""
        ticket = draft.ticket(len(self._by_id) + 1)
        self._events.change_kept(draft.event_id, ticket.places)
        self._write(ticket, at=draft.at, why="reserved", by="buyer")
        return Held(ticket)


class LeavesOutTheComparison(InMemoryTickets):
    """Whoever comes last wins."""

    def replace(
        self, old: Ticket, new: Ticket, *, at: datetime, why: str, by: str
    ) -> Replaced | Stale:
        """See `TicketRepository.replace`."""
        self._events.change_kept(new.event_id, new.places - old.places)
        self._write(new, at=at, why=why, by=by)
        return Replaced(new)


class PaysOutByTransfer(FakeGateway):
    """Not broken, only strict: each refund is a transfer, and nothing but its key stops a second.

    Card payments forgive a second refund (nothing is captured any more); transfers do not.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._sent: set[str] = set()

    def refund(self, ticket: Ticket) -> RefundOutcome:
        """See `PaymentGateway.refund`."""
        if ticket.refund_key not in self._sent and ticket.checkout is not None:
            self._sent.add(ticket.refund_key)
            record = self._records[ticket.checkout.checkout_id]
            record.refunded += record.taken
        return GivenBack()


@frozen(kw_only=True)
class AsksFirst(BoxOffice):
    """Asks whether places are left, then takes them: two steps."""

    def purchase(
        self, *, event_id: int, quantity: int, buyer: str, key: str | None = None
    ) -> Purchase:
        """See `BoxOffice.purchase`."""
        event = self.events.by_id(event_id)
        if event is None or event.places_left < quantity:
            raise SaleClosed
        return super().purchase(event_id=event_id, quantity=quantity, buyer=buyer, key=key)


@frozen(kw_only=True)
class ForgetsTheKey(BoxOffice):
    """Takes an idempotency key, and does nothing with it."""

    def purchase(
        self, *, event_id: int, quantity: int, buyer: str, key: str | None = None
    ) -> Purchase:
        """See `BoxOffice.purchase`."""
        del key
        return super().purchase(event_id=event_id, quantity=quantity, buyer=buyer)


@frozen(kw_only=True)
class BuysAgainUnasked(BoxOffice):
    """Takes a lost commit for a failed one, and begins anew under another code."""

    def purchase(
        self, *, event_id: int, quantity: int, buyer: str, key: str | None = None
    ) -> Purchase:
        """See `BoxOffice.purchase`."""
        try:
            return super().purchase(event_id=event_id, quantity=quantity, buyer=buyer, key=key)
        except StoreUnavailable:
            return super().purchase(event_id=event_id, quantity=quantity, buyer=buyer)


@frozen(kw_only=True)
class BelievesTheRedirect(BoxOffice):
    """Whoever comes back has paid."""

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
class TakesSilenceForANo(BoxOffice):
    """What is not said to be paid counts as unpaid, no answer too."""

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
    """Lets a hold run out by the clock alone, as one does who trusts the checkout to end too."""

    def settle_due(self, *, limit: int, by: str, run: Run = map) -> Tally:
        """See `BoxOffice.settle_due`."""
        now = self.clock.now()
        for ticket in self.tickets.claim_due(now=now, limit=limit):
            if ticket.status is TicketStatus.PAYING:
                self.tickets.replace(ticket, ticket.expired(), at=now, why="hold over", by=by)
        return super().settle_due(limit=limit, by=by, run=run)


@frozen(kw_only=True)
class GivesBackFirst(BoxOffice):
    """Asks the gateway first, and stores afterwards that the ticket is void."""

    def refund(self, *, ticket_id: int, by: str) -> Ticket:
        """See `BoxOffice.refund`."""
        ticket = self.tickets.by_id(ticket_id)
        if ticket is None or ticket.status is not TicketStatus.ISSUED:
            raise NotIssued
        self.gateway.refund(ticket)
        return super().refund(ticket_id=ticket_id, by=by)


@frozen(kw_only=True)
class NewKeyAfterNoAnswer(BoxOffice):
    """Takes no answer to a refund for a refusal, and sends another one under a new key."""

    def refund(self, *, ticket_id: int, by: str) -> Ticket:
        """See `BoxOffice.refund`."""
        ticket = self.tickets.by_id(ticket_id)
        if ticket is None or ticket.status is not TicketStatus.ISSUED:
            raise NotIssued
        ticket = self._store(ticket, ticket.refunding(), by=by)
        if isinstance(self.gateway.refund(ticket), Unknown):
            ticket = self._store(ticket, ticket.refund_refused("no answer"), by=by)
            self.gateway.refund(ticket)
        return self.settle(ticket, by=by).ticket

    def _store(self, old: Ticket, new: Ticket, *, by: str) -> Ticket:
        match self.tickets.replace(old, new, at=self.clock.now(), why="refund", by=by):
            case Replaced(stored):
                return stored
            case Stale():
                raise NotIssued


@frozen(kw_only=True)
class BelievesTheNews(BoxOffice):
    """Takes from each notification what it says, in the order in which they come."""

    def settle_checkout(self, checkout_id: str, *, by: str) -> Settlement | None:
        """See `BoxOffice.settle_checkout`. Nothing is asked: it has been told all there is."""
        del checkout_id, by
        return None

    def is_told(self, checkout_id: str, status: TicketStatus) -> None:
        """The notification says that the payment was made, or that it was given back."""
        ticket = self.tickets.by_checkout(checkout_id)
        if ticket is None:
            return
        now = self.clock.now()
        match ticket.status, status:
            case TicketStatus.PAYING, TicketStatus.ISSUED:
                self.tickets.replace(ticket, ticket.issued(), at=now, why="news", by="webhook")
            case TicketStatus.ISSUED, TicketStatus.REFUNDED:
                self.tickets.replace(ticket, ticket.refunded(), at=now, why="news", by="webhook")
            case _:
                return


def buys_and_is_told_before_it_is_stored(desk: Desk) -> None:
    """A purchase whose answer is on its way while PAYING is being stored."""
    office = desk.office
    desk.facts.wish("ann", None)
    held = office.reserve(event_id=desk.facts.event_id, quantity=1, buyer="ann")
    ends_at = office.clock.now() + HOLD
    opened = office.gateway.open(held, event_name="Concert", ends_at=ends_at)
    if not isinstance(opened, Open):
        raise PaymentNotStarted
    checkout = opened.checkout
    desk.facts.hand_out(
        "ann",
        ToPay(ticket=held, checkout_id=checkout.checkout_id, checkout_url=checkout.url),
    )
    paying = held.paying(checkout, until=office.clock.now() + HOLD)
    office.tickets.replace(held, paying, at=office.clock.now(), why="checkout opened", by="buyer")
