"""The public API of the library: a box office that sells through the ports it was given."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from attrs import field, frozen

from ticketing_core.admission import Admission
from ticketing_core.back_office import BackOffice
from ticketing_core.event import Event
from ticketing_core.ports import AdmissionSigner, Codes, EventRepository, QrEncoder
from ticketing_core.reservation import DEFAULT_MAX_UNPAID_PLACES
from ticketing_core.ticket import Ticket
from ticketing_core.use_cases.admission import admission_of
from ticketing_core.use_cases.cancel import cancel
from ticketing_core.use_cases.lookup import own_ticket
from ticketing_core.use_cases.purchase import Issued, Purchase, open_checkout, purchase
from ticketing_core.use_cases.reserve import existing_event, reserve
from ticketing_core.use_cases.verify import verify
from ticketing_core.validators import positive

DEFAULT_HOLD = timedelta(minutes=35)
SHORTEST_HOLD = timedelta(minutes=1)
LONGEST_HOLD = timedelta(minutes=1380)
"""A checkout may live 24 hours; an hour of that is left for clocks that disagree."""


@frozen(kw_only=True)
class BoxOffice(BackOffice):
    """Sells tickets, and has all methods of `BackOffice`.

    A sale is two calls, with the buyer's payment between them::

        order = office.purchase(event_id=1, quantity=2, buyer="42", key="order-7")
        # An `Issued` for a free event. Else a `ToPay`: send the buyer to order.checkout_url.
        issued = office.verify(ticket_id=…, checkout_id=…, buyer="42")  # after they are back
        issued.admission.qr_code

    Who the buyer is, your program has to know: `buyer` is your own name for them, such as the id of
    a user, at most 200 characters. Whatever keeps a call from its result is raised as a
    `TicketingError`, whose attributes say what to do; ``detail`` is fit to be shown.

    `purchase` and `reserve` may be repeated with an idempotency key; without one, each call buys.
    All methods block while they wait for the database or the gateway, for seconds at most: call
    them from threads, in async programs by `asyncio.to_thread`.

    Attributes:
        events: Keeps the events.
        signer: Signs admission tokens.
        qr_encoder: Draws their QR codes.
        codes: Makes ticket codes.
        hold: How long an unpaid ticket keeps its places, from its reservation on: one minute to 23
            hours.
        max_unpaid_places: The most unpaid places that one buyer may keep at one event, so that
            nobody blocks an event without paying. An order of the event's largest size is always
            possible.
    """

    events: EventRepository
    signer: AdmissionSigner
    qr_encoder: QrEncoder
    codes: Codes
    hold: timedelta = field(default=DEFAULT_HOLD)
    max_unpaid_places: int = field(default=DEFAULT_MAX_UNPAID_PLACES, validator=positive)

    @hold.validator
    def _bounded(self, _: object, value: Any) -> None:
        if not isinstance(value, timedelta) or not SHORTEST_HOLD <= value <= LONGEST_HOLD:
            raise ValueError(f"hold must be a timedelta from {SHORTEST_HOLD} to {LONGEST_HOLD}")

    # --- looking ----------------------------------------------------------------------------------

    def event(self, event_id: int) -> Event:
        """Return an event. Its places left may be those of a second ago.

        Raises:
            EventNotFound: No event has this id.
        """
        return existing_event(event_id, events=self.events)

    def newest_events(self, *, before: int | None = None, limit: int) -> Sequence[Event]:
        """Return a page of events, the newest first.

        Args:
            before: Only events with smaller ids: the id of the last event of the page before.
            limit: The most events to return.
        """
        return self.events.newest(before=before, limit=limit)

    def ticket(self, ticket_id: int, *, buyer: str) -> Ticket:
        """Return one of the buyer's tickets.

        Raises:
            TicketNotFound: No ticket has this id.
            NotYourTicket: It belongs to another buyer.
        """
        return own_ticket(ticket_id, buyer=buyer, tickets=self.tickets)

    def tickets_of(self, buyer: str, *, before: int | None = None, limit: int) -> Sequence[Ticket]:
        """Return a page of the buyer's tickets, the newest first, whatever became of them.

        Args:
            buyer: Whose tickets.
            before: Only tickets with smaller ids: the id of the last ticket of the page before.
            limit: The most tickets to return.
        """
        return self.tickets.of_buyer(buyer, before=before, limit=limit)

    def admission_of(self, ticket: Ticket, *, qr_encoder: QrEncoder | None = None) -> Admission:
        """Make what the buyer of an ISSUED ticket shows at the gate. It is not stored.

        Args:
            ticket: The ticket.
            qr_encoder: Another encoder than the box office's, for another format.
        """
        return admission_of(ticket, signer=self.signer, qr_encoder=qr_encoder or self.qr_encoder)

    # --- buying -----------------------------------------------------------------------------------

    def purchase(
        self,
        *,
        event_id: int,
        quantity: int,
        buyer: str,
        key: str | None = None,
        email: str | None = None,
    ) -> Purchase:
        """Buy places: `reserve` them and, unless they are free, `open_checkout`.

        Args:
            event_id: The event.
            quantity: For how many people.
            buyer: Your own name for who buys.
            key: The buyer's idempotency key, at most 200 characters. A retry with it returns the
                first purchase, also after a time-out or a crash.
            email: The buyer's address, which the payment page then has filled in. It goes to the
                gateway and is not stored; one that the gateway does not take is ignored.

        Returns:
            `Issued` for a free event; `ToPay` for any other: send the buyer to its address.

        Raises:
            EventNotFound: No event has this id.
            PurchaseRefused: Nothing was taken; the subclass says why.
            IdempotencyKeyReused: The key belongs to another purchase.
            PurchaseInProgress: The first call with the key is still running.
            OrderClosed: The purchase under the key was given up.
            NotReady: Nothing is sold until a restore is finished.
            Overloaded: The gateway has no room; nothing was taken, and the key is not used up.
        """
        return purchase(
            event_id=event_id,
            quantity=quantity,
            buyer=buyer,
            key=key,
            email=email,
            hold=self.hold,
            max_unpaid_places=self.max_unpaid_places,
            events=self.events,
            tickets=self.tickets,
            gateway=self.gateway,
            signer=self.signer,
            qr_encoder=self.qr_encoder,
            clock=self.clock,
            codes=self.codes,
        )

    def reserve(
        self, *, event_id: int, quantity: int, buyer: str, key: str | None = None
    ) -> Ticket:
        """Take places: the first half of a purchase, without a call of the gateway.

        Args:
            event_id: The event.
            quantity: For how many people.
            buyer: Your own name for who buys.
            key: The buyer's idempotency key, at most 200 characters.

        Returns:
            The ticket: RESERVED, or ISSUED if it is free. A RESERVED ticket gives its places up
            after two minutes unless `open_checkout` is called for it. Under a key that was used
            before it is the ticket of the first call, once that is PAYING or ISSUED. If it is still
            RESERVED after a minute, it is given up for this call.

        Raises:
            EventNotFound: No event has this id.
            PurchaseRefused: Nothing was taken; the subclass says why.
            IdempotencyKeyReused: The key belongs to another purchase.
            PurchaseInProgress: The first call with the key is still running.
            OrderClosed: The purchase under the key was given up.
            NotReady: Nothing is sold until a restore is finished.
            Overloaded: Too many callers wait for first calls already; nothing was taken.
        """
        return reserve(
            event_id=event_id,
            quantity=quantity,
            buyer=buyer,
            key=key,
            max_unpaid_places=self.max_unpaid_places,
            events=self.events,
            tickets=self.tickets,
            clock=self.clock,
            codes=self.codes,
        )

    def open_checkout(self, ticket: Ticket) -> Ticket:
        """Open the payment page of a RESERVED ticket: the second half of a purchase.

        If it cannot be opened, the ticket is given up and its places are free again. A repeat
        returns what the first call has opened.

        Returns:
            The ticket, PAYING; ISSUED if a repeat finds it paid. Its ``checkout`` has the address
            to send the buyer to.

        Raises:
            PaymentRefused: The gateway refused.
            PaymentsNotConfigured: The gateway refuses every payment until the seller mends it.
            PaymentNotStarted: The gateway did not answer, or the reservation has ended.
            Overloaded: The gateway has no room.
        """
        return open_checkout(
            ticket,
            event=self.event(ticket.event_id),
            hold=self.hold,
            tickets=self.tickets,
            gateway=self.gateway,
            clock=self.clock,
        )

    def verify(self, *, ticket_id: int, checkout_id: str, buyer: str) -> Issued:
        """Issue a ticket whose checkout is paid, and return its QR code.

        The redirect that brought the buyer back proves nothing, so the gateway is asked; a ticket
        that is already issued comes from the store alone.

        Args:
            ticket_id: The ticket.
            checkout_id: The checkout that the buyer has paid, which must be the ticket's.
            buyer: Who asks.

        Raises:
            TicketNotFound: No ticket has this id.
            NotYourTicket: It belongs to another buyer.
            PaymentNotFound: The checkout is not the ticket's, or the ticket was free.
            PaymentNotCompleted: It is not paid, or no longer; the subclass says why.
            GatewayUnavailable: The state of the payment is not known yet; nothing changed.
        """
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
        """Give up a ticket that is not paid, and free its places.

        The places are freed only after the gateway has confirmed that the checkout can no longer be
        paid. If it turns out to be paid, the ticket is issued instead.

        Args:
            ticket_id: The ticket.
            buyer: Who gives it up.

        Returns:
            The ticket, CANCELLED.

        Raises:
            TicketNotFound: No ticket has this id.
            NotYourTicket: It belongs to another buyer.
            AlreadyProcessed: It was issued, given up or refunded before.
            AlreadyPaid: It was paid in the meantime and is issued now.
            PaymentProcessing: A slow payment method has not decided yet.
            GatewayUnavailable: The state of the payment is not known yet; nothing changed.
            NotReady: It is reserved only, and a restore is not finished.
        """
        return cancel(
            ticket_id=ticket_id,
            buyer=buyer,
            tickets=self.tickets,
            installation=self.installation,
            gateway=self.gateway,
            clock=self.clock,
        )
