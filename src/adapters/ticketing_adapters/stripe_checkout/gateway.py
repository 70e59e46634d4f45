"""The payment gateway on Stripe Checkout Sessions.

Every answer becomes one of the port's outcomes here: no Stripe object or exception leaves this
package. Each rule of Stripe has its page of docs.stripe.com beside it.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from stripe.checkout import Session
from stripe.params import RefundCreateParams
from stripe.params.checkout import SessionCreateParams, SessionListParams

from ticketing_adapters.stripe_checkout.amounts import waits_for
from ticketing_adapters.stripe_checkout.calls import (
    ANSWER_SECONDS,
    PAGE_SIZE,
    WITH_CHARGE,
    Failure,
    call,
    call_list,
    connect,
    is_replayed,
    not_opened,
)
from ticketing_adapters.stripe_checkout.currencies import too_large
from ticketing_adapters.stripe_checkout.marks import INSTALLATION
from ticketing_adapters.stripe_checkout.news import list_news
from ticketing_adapters.stripe_checkout.pacing import OPEN, UNPACED, Pace, Watch
from ticketing_adapters.stripe_checkout.session_params import (
    USUAL_PAGE,
    PageOptions,
    is_usual_email,
    session_params,
)
from ticketing_adapters.stripe_checkout.session_reader import SessionReader
from ticketing_core.errors import Overloaded, TotalTooLarge
from ticketing_core.money import Money
from ticketing_core.payment import (
    CheckoutState,
    GivenBack,
    ListedCheckout,
    ListedPage,
    Missing,
    NewsPage,
    NewsSource,
    Open,
    OpenOutcome,
    Paid,
    RefundOutcome,
    Refused,
    Unknown,
    Waiting,
)
from ticketing_core.ticket import Ticket

log = logging.getLogger(__name__)

_WITH_CHARGES = [f"data.{path}" for path in WITH_CHARGE]

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
        watch: Told the HTTP status of each answer, or None if there was none.
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
        watch: Watch = lambda _: None,
    ) -> None:
        self._stripe = connect(
            secret_key, api_base=api_base, answer_seconds=answer_seconds, pace=pace, watch=watch
        )
        self._sessions, self._refunds = self._stripe.v1.checkout.sessions, self._stripe.v1.refunds
        self._read = SessionReader(self._stripe, installation_id=str(installation_id))
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

    def open(
        self, ticket: Ticket, *, event_name: str, ends_at: datetime, email: str | None = None
    ) -> OpenOutcome:
        """See `PaymentGateway.open`."""
        params = session_params(
            ticket,
            event_name=event_name,
            ends_at=ends_at,
            frontend_url=self._frontend_url,
            installation_id=self._installation_id,
            options=self._options,
        )
        if email is not None and is_usual_email(email):
            # One key takes the same values only, and a repeat may come without the address.
            with_email: SessionCreateParams = {**params, "customer_email": email}
            opened = self._create(with_email, key=f"{ticket.open_key}:email")
            if not (isinstance(opened, Failure) and opened.parameter == "customer_email"):
                return self._opened(opened)
            # Without Stripe's words, which repeat the address.
            log.warning("Stripe does not take a buyer's email address; it is left out")
        return self._opened(self._create(params, key=ticket.open_key))

    def look_up(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.look_up`."""
        session = self._retrieve(checkout_id)
        return (
            _state_of_failure(session)
            if isinstance(session, Failure)
            else self._read.state(session)
        )

    def close(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.close`."""
        session = call(lambda: self._sessions.expire(checkout_id, {"expand": WITH_CHARGE}))
        if not isinstance(session, Failure):
            state = self._read.state(session)
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
            "expand": _WITH_CHARGES,
        }
        if after is not None:
            params["starting_after"] = after
        sessions = call_list(lambda: self._sessions.list(params))
        if isinstance(sessions, Failure):
            return Unknown(f"the checkouts could not be listed: {sessions}")
        listed = map(self._read.listed, sessions.data)
        return ListedPage(
            checkouts=[checkout for checkout in listed if checkout is not None],
            next=sessions.data[-1].id if sessions.has_more else None,
        )

    def checkout_of(self, payment_id: str) -> ListedCheckout | Missing | Unknown:
        """See `PaymentGateway.checkout_of`."""
        params: SessionListParams = {
            "payment_intent": payment_id,
            "limit": 1,
            "expand": _WITH_CHARGES,
        }
        sessions = call_list(lambda: self._sessions.list(params))
        if isinstance(sessions, Failure):
            if sessions.outcome == Refused("resource_missing", retryable=False):
                # No document says whether this or an empty list is the answer.
                return Missing()
            return Unknown(f"the checkout of a payment could not be listed: {sessions}")
        return next(filter(None, map(self._read.listed, sessions.data)), Missing())

    def list_news(
        self, source: NewsSource, *, since: datetime, after: str | None
    ) -> NewsPage | Unknown:
        """See `PaymentGateway.list_news`."""
        return list_news(
            self._stripe,
            source,
            since=since,
            after=after,
            installation_id=self._installation_id,
        )

    def _retrieve(self, checkout_id: str) -> Session | Failure:
        return call(lambda: self._sessions.retrieve(checkout_id, {"expand": WITH_CHARGE}))

    def _create(self, params: SessionCreateParams, *, key: str) -> Session | Failure:
        return call(lambda: self._sessions.create(params, {"idempotency_key": key}))

    def _opened(self, session: Session | Failure) -> OpenOutcome:
        if isinstance(session, Failure):
            return not_opened(session)
        state = self._read.state(session)
        return state if isinstance(state, Open) else Unknown(f"new session is {session.status}")


def _state_of_failure(failure: Failure) -> CheckoutState:
    """Return what a failed call shows of a checkout: at most that there is none."""
    if failure.status == 404:  # noqa: PLR2004 - not found
        return Missing()
    outcome = failure.outcome
    return outcome if isinstance(outcome, Unknown) else Unknown(outcome.code)
