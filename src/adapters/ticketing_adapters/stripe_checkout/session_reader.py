"""Reads Stripe's Checkout Sessions: what became of each, and which ticket it is for."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from stripe import Charge, ListObject, PaymentIntent, StripeClient, StripeObject
from stripe.checkout import Session

from ticketing_adapters.stripe_checkout.amounts import paid
from ticketing_adapters.stripe_checkout.calls import PAGE_SIZE, Failure, call_list
from ticketing_adapters.stripe_checkout.marks import ticket_code, ticket_id
from ticketing_core.payment import (
    CheckoutState,
    Closed,
    ListedCheckout,
    Missing,
    Open,
    Paid,
    Processing,
    Unknown,
)
from ticketing_core.ticket import Checkout

T = TypeVar("T", bound=StripeObject)


class SessionReader:
    """Reads sessions. A payment with many refunds, or with disputes, takes further calls.

    Args:
        stripe: Makes them.
        installation_id: Whose sessions are read; all others count as `Missing`.
    """

    def __init__(self, stripe: StripeClient, *, installation_id: str) -> None:
        self._refunds, self._disputes = stripe.v1.refunds, stripe.v1.disputes
        self._installation_id = installation_id

    def state(self, session: Session) -> CheckoutState:
        """Return what became of the session; `Missing` if another installation opened it."""
        code = self._ticket_code(session)
        if code is None:
            return Missing()
        match session.status, session.payment_status:
            case "open", _ if session.url is not None:
                ends_at = datetime.fromtimestamp(session.expires_at, UTC)
                return Open(Checkout(checkout_id=session.id, url=session.url, ends_at=ends_at))
            case "expired", _:
                return Closed()
            case "complete", _:
                return self._completed(session, code)
            case _:
                return Unknown(f"session is {session.status}")

    def listed(self, session: Session) -> ListedCheckout | None:
        """Return the entry of a session of this installation; None of others and of odd ones."""
        metadata = session.metadata.to_dict() if session.metadata else {}
        code, number = self._ticket_code(session), ticket_id(metadata)
        if code is None or number is None:
            return None
        return ListedCheckout(
            checkout_id=session.id,
            ticket_code=code,
            ticket_id=number,
            opened_at=datetime.fromtimestamp(session.created, UTC),
            state=self.state(session),
        )

    def _completed(self, session: Session, code: UUID) -> CheckoutState:
        """Return the state of a session that the buyer has completed, which does not mean paid."""
        intent = session.payment_intent
        if not isinstance(intent, PaymentIntent):
            return Unknown("completed without a payment")
        charge = intent.latest_charge
        match intent.status:
            case "succeeded" if isinstance(charge, Charge):
                return self._paid(charge, code, payment_id=intent.id)
            case "canceled" | "requires_payment_method":
                # The slow payment failed; the buyer cannot pay a completed session again.
                return Closed()
            case _:
                return Processing()

    def _paid(self, charge: Charge, code: UUID, *, payment_id: str) -> Paid | Unknown:
        refunds = charge.refunds
        if refunds is None or refunds.has_more:
            refunds = self._all(self._refunds.list, payment_id)
        disputes = self._all(self._disputes.list, payment_id) if charge.disputed else None
        if refunds is None or (charge.disputed and disputes is None):
            return Unknown("the refunds or disputes could not be listed")
        return paid(
            charge,
            ticket_code=code,
            payment_id=payment_id,
            refunds=refunds.data,
            disputes=disputes.data if disputes else [],
        )

    def _all(self, listing: Callable[..., ListObject[T]], payment_id: str) -> ListObject[T] | None:
        found = call_list(lambda: listing({"payment_intent": payment_id, "limit": PAGE_SIZE}))
        return None if isinstance(found, Failure) else found

    def _ticket_code(self, session: Session) -> UUID | None:
        """Return the ticket code of a session that this installation opened; None for others."""
        metadata = session.metadata.to_dict() if session.metadata else {}
        return ticket_code(metadata, installation_id=self._installation_id)
