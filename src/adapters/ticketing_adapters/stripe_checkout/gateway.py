"""The payment gateway on Stripe Checkout Sessions.

Every answer becomes one of the port's outcomes here: no Stripe object or exception leaves this
package. Each rule of Stripe has its page of docs.stripe.com beside it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from stripe import Charge, ListObject, PaymentIntent, StripeObject
from stripe.checkout import Session
from stripe.params import RefundCreateParams
from stripe.params.checkout import SessionListParams

from ticketing_adapters.stripe_checkout.amounts import paid, waits_for
from ticketing_adapters.stripe_checkout.calls import (
    ANSWER_SECONDS,
    INSTALLATION,
    WITH_CHARGE,
    Failure,
    call,
    connect,
    is_replayed,
    not_opened,
)
from ticketing_adapters.stripe_checkout.currencies import too_large
from ticketing_adapters.stripe_checkout.pacing import OPEN, UNPACED, Pace
from ticketing_adapters.stripe_checkout.session_params import (
    USUAL_PAGE,
    PageOptions,
    session_params,
)
from ticketing_core.errors import Overloaded, TotalTooLarge
from ticketing_core.money import Money
from ticketing_core.payment import (
    CheckoutState,
    Closed,
    GivenBack,
    ListedCheckout,
    ListedPage,
    Missing,
    Open,
    OpenOutcome,
    Paid,
    Processing,
    RefundOutcome,
    Refused,
    Unknown,
    Waiting,
)
from ticketing_core.ticket import Checkout, Ticket

T = TypeVar("T", bound=StripeObject)

PAGE_SIZE = 100
"""Stripe's maximum (docs.stripe.com/api/pagination)."""

LONGEST_WAIT = timedelta(seconds=4)
"""Buyers who would have to wait for longer until their checkout is opened are refused before they
take places: others could have these meanwhile."""


class StripeCheckout:
    """Takes money through Stripe Checkout Sessions. Safe to use from several threads.

    Args:
        secret_key: The account's secret or restricted key.
        frontend_url: The address of the frontend, to which the buyer returns.
        installation_id: Marks the sessions of this installation; all others count as `Missing`.
        api_base: The address of the API, if it is not Stripe's own, such as a sandbox.
        answer_seconds: The time-out of one try.
        options: What the seller chooses about the payment page.
        pace: Asked before each request.
    """

    def __init__(
        self,
        *,
        secret_key: str,
        frontend_url: str,
        installation_id: UUID,
        api_base: str | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        options: PageOptions = USUAL_PAGE,
        pace: Pace = UNPACED,
    ) -> None:
        stripe = connect(secret_key, api_base=api_base, answer_seconds=answer_seconds, pace=pace).v1
        self._sessions, self._refunds = stripe.checkout.sessions, stripe.refunds
        self._disputes = stripe.disputes
        self._frontend_url = frontend_url.rstrip("/")
        self._installation_id = str(installation_id)
        self._options = options
        self._pace = pace

    def objection(self, total: Money) -> TotalTooLarge | Overloaded | None:
        """See `PaymentGateway.objection`."""
        refused = too_large(total)
        if refused is not None:
            return refused
        wait = self._pace.expected(OPEN)
        return Overloaded(wait) if wait > LONGEST_WAIT else None

    def open(self, ticket: Ticket, *, event_name: str, ends_at: datetime) -> OpenOutcome:
        """See `PaymentGateway.open`."""
        params = session_params(
            ticket,
            event_name=event_name,
            ends_at=ends_at,
            frontend_url=self._frontend_url,
            installation_id=self._installation_id,
            options=self._options,
        )
        key = ticket.open_key
        session = call(lambda: self._sessions.create(params, {"idempotency_key": key}))
        if isinstance(session, Failure):
            return not_opened(session)
        state = self._state(session)
        return state if isinstance(state, Open) else Unknown(f"new session is {session.status}")

    def look_up(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.look_up`."""
        session = self._retrieve(checkout_id)
        return _state_of_failure(session) if isinstance(session, Failure) else self._state(session)

    def close(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.close`."""
        session = call(lambda: self._sessions.expire(checkout_id, {"expand": WITH_CHARGE}))
        if not isinstance(session, Failure):
            state = self._state(session)
        elif session.status == 400:  # noqa: PLR2004 - the error for "not open" has no code
            # Only the session itself shows whether it ended or was paid.
            state = self.look_up(checkout_id)
        else:
            state = _state_of_failure(session)
        return Unknown("still open after closing") if isinstance(state, Open) else state

    def refund(self, paid: Paid, *, key: str) -> RefundOutcome:
        """See `PaymentGateway.refund`."""
        code = str(paid.ticket_code)
        params: RefundCreateParams = {
            "payment_intent": paid.payment_id,
            # Without an amount, Stripe would also refund what a lost dispute took.
            "amount": paid.ours.amount_minor,
            "metadata": {"ticket_code": code, INSTALLATION: self._installation_id},
        }
        refund = call(lambda: self._refunds.create(params, {"idempotency_key": key}))
        if isinstance(refund, Failure):
            if refund.outcome == Refused("charge_already_refunded", retryable=False):
                return GivenBack()
            if refund.is_used_up:
                return Refused("key_used_up", retryable=False)
            return refund.outcome
        if refund.last_response is not None and is_replayed(refund.last_response.headers):
            # The saved answer may be out of date: the bank may have returned the refund since.
            refund_id = refund.id
            refund = call(lambda: self._refunds.retrieve(refund_id))
            if isinstance(refund, Failure):
                return Unknown("the refund was made before, and could not be looked up")
        why = waits_for(refund)
        if why is not None:
            return Waiting(why)
        if refund.status in ("failed", "canceled"):
            # The next look counts it, and the ticket then takes a new key.
            return Unknown(f"refund is {refund.status}")
        return GivenBack()

    def list_checkouts(self, *, since: datetime, after: str | None) -> ListedPage | Unknown:
        """See `PaymentGateway.list_checkouts`."""
        params: SessionListParams = {
            "created": {"gte": int(since.timestamp())},
            "limit": PAGE_SIZE,
            "expand": [f"data.{path}" for path in WITH_CHARGE],
        }
        if after is not None:
            params["starting_after"] = after
        sessions = call(lambda: self._sessions.list(params))
        if isinstance(sessions, Failure):
            return Unknown("the checkouts could not be listed")
        coded = [(session, self._ticket_code(session)) for session in sessions.data]
        return ListedPage(
            checkouts=[
                ListedCheckout(checkout_id=session.id, ticket_code=code, state=self._state(session))
                for session, code in coded
                if code is not None
            ],
            next=sessions.data[-1].id if sessions.has_more and sessions.data else None,
        )

    def _retrieve(self, checkout_id: str) -> Session | Failure:
        return call(lambda: self._sessions.retrieve(checkout_id, {"expand": WITH_CHARGE}))

    def _state(self, session: Session) -> CheckoutState:
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
        found = call(lambda: listing({"payment_intent": payment_id, "limit": PAGE_SIZE}))
        return None if isinstance(found, Failure) else found

    def _ticket_code(self, session: Session) -> UUID | None:
        """Return the ticket code of a session that this installation opened; None for others."""
        metadata = session.metadata.to_dict() if session.metadata else {}
        if metadata.get(INSTALLATION) != self._installation_id:
            return None
        try:
            return UUID(metadata.get("ticket_code", ""))
        except ValueError:
            return None


def _state_of_failure(failure: Failure) -> CheckoutState:
    """Return what a failed call shows of a checkout: at most that there is none."""
    if failure.status == 404:  # noqa: PLR2004 - not found
        return Missing()
    outcome = failure.outcome
    return outcome if isinstance(outcome, Unknown) else Unknown(outcome.code)
