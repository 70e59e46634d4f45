"""The box office: all ports in one place, so that a service is wired once.

It has no logic of its own; each method calls the use case of the same name.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from attrs import field, frozen

from ticketing_core.admission import Admission
from ticketing_core.event import Event
from ticketing_core.ports import (
    AdmissionSigner,
    Clock,
    Codes,
    EventRepository,
    PaymentGateway,
    QrEncoder,
    TicketRepository,
)
from ticketing_core.reservation import Held, KeyTaken
from ticketing_core.ticket import Ticket
from ticketing_core.use_cases.admission import admission_of
from ticketing_core.use_cases.cancel import cancel
from ticketing_core.use_cases.lookup import own_ticket
from ticketing_core.use_cases.purchase import Issued, Purchase, purchase
from ticketing_core.use_cases.reconcile import Compared, Finding, reconcile
from ticketing_core.use_cases.refund import refund
from ticketing_core.use_cases.reserve import reserve
from ticketing_core.use_cases.settle import Settlement, settle_checkout, settle_ticket
from ticketing_core.use_cases.settle_due import Run, Tally, settle_due
from ticketing_core.use_cases.verify import verify

SHORTEST_HOLD = timedelta(minutes=1)
LONGEST_HOLD = timedelta(minutes=1380)
"""A checkout may live 24 hours; an hour of that is left for clocks that disagree."""


@frozen(kw_only=True)
class BoxOffice:
    """Sells tickets through the ports it was given.

    Attributes:
        hold: How long an unpaid ticket keeps its places, 1 to 1,380 minutes.
    """

    events: EventRepository
    tickets: TicketRepository
    gateway: PaymentGateway
    signer: AdmissionSigner
    qr_encoder: QrEncoder
    clock: Clock
    codes: Codes
    hold: timedelta = field(default=timedelta(minutes=35))

    @hold.validator
    def _bounded(self, _: object, value: timedelta) -> None:
        if not SHORTEST_HOLD <= value <= LONGEST_HOLD:
            raise ValueError("hold must be 1 to 1,380 minutes")

    def event(self, event_id: int) -> Event | None:
        """The event, or None."""
        return self.events.by_id(event_id)

    def newest_events(self, *, before: int | None, limit: int) -> Sequence[Event]:
        """See `EventRepository.newest`."""
        return self.events.newest(before=before, limit=limit)

    def tickets_of(self, buyer: str, *, before: int | None, limit: int) -> Sequence[Ticket]:
        """See `TicketRepository.of_buyer`."""
        return self.tickets.of_buyer(buyer, before=before, limit=limit)

    def ticket(self, ticket_id: int, *, buyer: str) -> Ticket:
        """See `use_cases.lookup.own_ticket`."""
        return own_ticket(ticket_id, buyer=buyer, tickets=self.tickets)

    def admission_of(self, ticket: Ticket) -> Admission:
        """See `use_cases.admission.admission_of`."""
        return admission_of(ticket, signer=self.signer, qr_encoder=self.qr_encoder)

    def reserve(self, *, event_id: int, quantity: int, buyer: str) -> Held | KeyTaken:
        """See `use_cases.reserve.reserve`."""
        return reserve(
            event_id=event_id,
            quantity=quantity,
            buyer=buyer,
            events=self.events,
            tickets=self.tickets,
            clock=self.clock,
            codes=self.codes,
        )

    def purchase(
        self, *, event_id: int, quantity: int, buyer: str, key: str | None = None
    ) -> Purchase:
        """See `use_cases.purchase.purchase`."""
        return purchase(
            event_id=event_id,
            quantity=quantity,
            buyer=buyer,
            key=key,
            hold=self.hold,
            events=self.events,
            tickets=self.tickets,
            gateway=self.gateway,
            signer=self.signer,
            qr_encoder=self.qr_encoder,
            clock=self.clock,
            codes=self.codes,
        )

    def verify(self, *, ticket_id: int, checkout_id: str, buyer: str) -> Issued:
        """See `use_cases.verify.verify`."""
        return verify(
            ticket_id=ticket_id,
            checkout_id=checkout_id,
            buyer=buyer,
            tickets=self.tickets,
            gateway=self.gateway,
            signer=self.signer,
            qr_encoder=self.qr_encoder,
            clock=self.clock,
        )

    def cancel(self, *, ticket_id: int, buyer: str) -> Ticket:
        """See `use_cases.cancel.cancel`."""
        return cancel(
            ticket_id=ticket_id,
            buyer=buyer,
            tickets=self.tickets,
            gateway=self.gateway,
            clock=self.clock,
        )

    def refund(self, *, ticket_id: int, by: str) -> Ticket:
        """See `use_cases.refund.refund`."""
        return refund(
            ticket_id=ticket_id,
            by=by,
            tickets=self.tickets,
            gateway=self.gateway,
            clock=self.clock,
        )

    def settle_checkout(self, checkout_id: str, *, by: str) -> Settlement | None:
        """See `use_cases.settle.settle_checkout`."""
        return settle_checkout(
            checkout_id, by=by, tickets=self.tickets, gateway=self.gateway, clock=self.clock
        )

    def settle_due(self, *, limit: int, by: str, run: Run = map) -> Tally:
        """See `use_cases.settle_due.settle_due`."""
        return settle_due(
            limit=limit,
            by=by,
            tickets=self.tickets,
            gateway=self.gateway,
            clock=self.clock,
            run=run,
        )

    def reconcile(
        self, *, since: datetime, dry_run: bool = False, refund_unknown: bool = False
    ) -> Iterator[Finding | Compared]:
        """See `use_cases.reconcile.reconcile`."""
        return reconcile(
            since=since,
            dry_run=dry_run,
            refund_unknown=refund_unknown,
            tickets=self.tickets,
            gateway=self.gateway,
            clock=self.clock,
        )

    def settle(self, ticket: Ticket, *, by: str) -> Settlement:
        """See `use_cases.settle.settle_ticket`."""
        return settle_ticket(
            ticket, by=by, tickets=self.tickets, gateway=self.gateway, clock=self.clock
        )
