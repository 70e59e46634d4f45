"""The payment gateway port over Stripe Checkout Sessions.

Every answer of Stripe becomes one of the port's words here; no Stripe object or exception
leaves. What Stripe promises is taken from docs.stripe.com, named beside each rule.
"""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from stripe import Charge, PaymentIntent
from stripe.checkout import Session
from stripe.params.checkout import SessionCreateParams, SessionListParams

from ticketing_adapters.stripe_checkout.calls import (
    ANSWER_SECONDS,
    INSTALLATION,
    WITH_CHARGE,
    Failed,
    asked,
    connect,
    is_replayed,
)
from ticketing_adapters.stripe_checkout.currencies import too_small
from ticketing_core.errors import PaymentRefused, TotalTooSmall
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
)
from ticketing_core.ticket import Checkout, Ticket

SHORTEST_SESSION = timedelta(minutes=35)
"""Stripe refuses sessions that live less than 30 minutes; the rest is for latency and for a clock
that runs ahead (docs.stripe.com/api/checkout/sessions/create)."""

MOST_LISTED = 100
"""Stripe's own bound of a page (docs.stripe.com/api/pagination)."""


class StripeCheckout:
    """Takes money through Stripe Checkout Sessions. Safe to use from several threads.

    Args:
        secret_key: The account's secret or restricted key.
        frontend_url: Where the buyer returns to; the pages of the payment API's flow.
        installation_id: Marks what this installation opens; sessions of others are not ours.
        api_base: Another address than Stripe's own, such as a sandbox.
        answer_seconds: How long one try waits for an answer.
    """

    def __init__(
        self,
        *,
        secret_key: str,
        frontend_url: str,
        installation_id: UUID,
        api_base: str | None = None,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._stripe = connect(secret_key, api_base=api_base, answer_seconds=answer_seconds)
        self._frontend_url = frontend_url.rstrip("/")
        self._installation_id = str(installation_id)

    def objection(self, total: Money) -> TotalTooSmall | None:
        """See `PaymentGateway.objection`."""
        return too_small(total)

    def open(self, ticket: Ticket, *, event_name: str, ends_at: datetime) -> OpenOutcome:
        """See `PaymentGateway.open`."""
        params = self._session_params(ticket, event_name=event_name, ends_at=ends_at)
        session = asked(
            lambda: self._stripe.v1.checkout.sessions.create(
                params, {"idempotency_key": ticket.open_key}
            )
        )
        if isinstance(session, Failed):
            return _not_opened(session.outcome)
        state = self._state(session)
        return state if isinstance(state, Open) else Unknown(f"new session is {session.status}")

    def look_up(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.look_up`."""
        session = self._retrieve(checkout_id)
        return _unanswered(session) if isinstance(session, Failed) else self._state(session)

    def close(self, checkout_id: str) -> CheckoutState:
        """See `PaymentGateway.close`."""
        session = asked(
            lambda: self._stripe.v1.checkout.sessions.expire(checkout_id, {"expand": WITH_CHARGE})
        )
        if isinstance(session, Failed):
            if session.status != 400:  # noqa: PLR2004 - Stripe's "not open", which has no code
                return _unanswered(session)
            # Not open any more. Whether it ended or was paid only the session itself tells.
            state = self.look_up(checkout_id)
        else:
            state = self._state(session)
        return Unknown("still open after closing") if isinstance(state, Open) else state

    def refund(self, ticket: Ticket) -> RefundOutcome:
        """See `PaymentGateway.refund`."""
        if ticket.checkout is None:
            return Refused("no_checkout", retryable=False)
        return self._give_back(
            ticket.checkout.checkout_id, key=ticket.refund_key, ticket_code=ticket.ticket_code
        )

    def refund_stray(self, checkout_id: str, *, ticket_code: UUID) -> RefundOutcome:
        """See `PaymentGateway.refund_stray`."""
        key = f"{ticket_code}:refund:{checkout_id}"
        return self._give_back(checkout_id, key=key, ticket_code=ticket_code)

    def list_checkouts(self, *, since: datetime, after: str | None) -> ListedPage | Unknown:
        """See `PaymentGateway.list_checkouts`."""
        params: SessionListParams = {
            "created": {"gte": int(since.timestamp())},
            "limit": MOST_LISTED,
            "expand": [f"data.{path}" for path in WITH_CHARGE],
        }
        if after is not None:
            params["starting_after"] = after
        found = asked(lambda: self._stripe.v1.checkout.sessions.list(params))
        if isinstance(found, Failed):
            return Unknown("the checkouts could not be listed")
        coded = [(session, self._ticket_code(session)) for session in found.data]
        return ListedPage(
            checkouts=[
                ListedCheckout(checkout_id=session.id, ticket_code=code, state=self._state(session))
                for session, code in coded
                if code is not None
            ],
            next=found.data[-1].id if found.has_more and found.data else None,
        )

    def _give_back(self, checkout_id: str, *, key: str, ticket_code: UUID) -> RefundOutcome:
        session = self._retrieve(checkout_id)
        if isinstance(session, Failed):
            return session.outcome
        state = self._state(session)
        intent = session.payment_intent
        if isinstance(state, Closed | GivenBack):
            return GivenBack()
        if not isinstance(state, Paid) or not isinstance(intent, PaymentIntent):
            return Unknown(f"nothing to refund in {state}")
        metadata = {"ticket_code": str(ticket_code), INSTALLATION: self._installation_id}
        refund = asked(
            lambda: self._stripe.v1.refunds.create(
                {"payment_intent": intent.id, "metadata": metadata}, {"idempotency_key": key}
            )
        )
        if isinstance(refund, Failed):
            if refund.replayed and isinstance(refund.outcome, Unknown):
                return self._after_replay(checkout_id)
            return _refund_refused(refund)
        if refund.last_response is not None and is_replayed(refund.last_response.headers):
            return self._after_replay(checkout_id)
        # "pending" has left the account already (docs.stripe.com/refunds#refund-object-status).
        if refund.status in ("failed", "canceled"):
            # Stripe leaves the reason out when there is none.
            reason = getattr(refund, "failure_reason", None)
            return Refused(reason or refund.status, retryable=False)
        return GivenBack()

    def _after_replay(self, checkout_id: str) -> RefundOutcome:
        """What became of a refund whose first answer, of whenever, was given again.

        That answer may be old: the bank has returned the refund since, or it is the error that
        Stripe saved. Its call has ended, so what is captured now tells. If it is still something,
        only a new key gives it back.
        """
        session = self._retrieve(checkout_id)
        if isinstance(session, Failed):
            return session.outcome
        match self._state(session):
            case Closed() | GivenBack():
                return GivenBack()
            case Paid():
                return Refused("key_used_up", retryable=False)
            case state:
                return Unknown(f"refunded, and then {state}")

    def _retrieve(self, checkout_id: str) -> "Session | Failed":
        return asked(
            lambda: self._stripe.v1.checkout.sessions.retrieve(checkout_id, {"expand": WITH_CHARGE})
        )

    def _session_params(
        self, ticket: Ticket, *, event_name: str, ends_at: datetime
    ) -> SessionCreateParams:
        metadata = self._metadata(ticket)
        ticket_id = urlencode({"ticket_id": ticket.ticket_id})
        frontend = f"{self._frontend_url}/payment"
        return {
            "mode": "payment",
            "submit_type": "book",
            "line_items": [
                {
                    "quantity": ticket.quantity,
                    "price_data": {
                        "currency": ticket.total.currency,
                        "unit_amount": ticket.total.amount_minor // ticket.quantity,
                        "product_data": {"name": event_name},
                    },
                }
            ],
            "client_reference_id": str(ticket.ticket_code),
            "metadata": metadata,
            # Not copied from the session; refunds and disputes are matched by it.
            "payment_intent_data": {"metadata": metadata},
            # Stripe replaces the placeholder, whose braces must not be encoded.
            "success_url": f"{frontend}/success?session_id={{CHECKOUT_SESSION_ID}}&{ticket_id}",
            "cancel_url": f"{frontend}/cancel?{ticket_id}",
            # From the creation of the ticket, so that a retry with the same key sends the same.
            "expires_at": int(max(ends_at, ticket.created_at + SHORTEST_SESSION).timestamp()),
            # Else the Dashboard could change what is charged, and the amount would not compare.
            "adaptive_pricing": {"enabled": False},
            "automatic_tax": {"enabled": False},
            "allow_promotion_codes": False,
        }

    def _metadata(self, ticket: Ticket) -> dict[str, str]:
        return {
            "ticket_code": str(ticket.ticket_code),
            "ticket_id": str(ticket.ticket_id),
            INSTALLATION: self._installation_id,
        }

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
                return _completed(session, code)
            case _:
                return Unknown(f"session is {session.status}")

    def _ticket_code(self, session: Session) -> UUID | None:
        """The ticket of a session that this installation opened; None for anybody else's."""
        metadata = session.metadata.to_dict() if session.metadata else {}
        if metadata.get(INSTALLATION) != self._installation_id:
            return None
        try:
            return UUID(metadata.get("ticket_code", ""))
        except ValueError:
            return None


def _completed(session: Session, code: UUID) -> CheckoutState:
    """What became of a session that the buyer has completed, which does not mean paid."""
    intent = session.payment_intent
    if not isinstance(intent, PaymentIntent):
        return Unknown("completed without a payment")
    charge = intent.latest_charge
    match intent.status:
        case "succeeded" if isinstance(charge, Charge):
            return _charged(charge, code)
        case "canceled" | "requires_payment_method":
            # The slow method has failed; a completed session is never offered again.
            return Closed()
        case _:
            return Processing()


def _charged(charge: Charge, code: UUID) -> CheckoutState:
    captured = charge.amount_captured - charge.amount_refunded
    if captured == 0:
        return GivenBack()
    return Paid(
        ticket_code=code,
        captured=Money(captured, charge.currency),
        refunded=Money(charge.amount_refunded, charge.currency),
        disputed=charge.disputed,
    )


def _not_opened(outcome: Refused | Unknown) -> PaymentRefused | Unknown:
    match outcome:
        case Refused(code=code, retryable=retryable):
            return PaymentRefused(code, retryable)
        case Unknown():
            return outcome


def _unanswered(failed: Failed) -> CheckoutState:
    """What a failed question tells about a checkout: at most that it is not there."""
    if failed.status == 404:  # noqa: PLR2004 - HTTP's word for it
        return Missing()
    match failed.outcome:
        case Unknown():
            return failed.outcome
        case Refused(code=code):
            return Unknown(code)


def _refund_refused(failed: Failed) -> RefundOutcome:
    match failed.outcome:
        case Refused(code="charge_already_refunded"):
            return GivenBack()
        case outcome:
            return outcome
