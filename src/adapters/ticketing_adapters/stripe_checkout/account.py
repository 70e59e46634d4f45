"""What Stripe shows of an account and its key: rights, state, webhook endpoints, clock.

Everything here is read, nothing is changed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import stripe
from attrs import field, frozen

from ticketing_adapters.stripe_checkout.calls import Failure, answered_at, call, connect
from ticketing_adapters.stripe_checkout.transport import session
from ticketing_core.payment import Refused

ANSWER_SECONDS = 5.0
"""Of one try. Somebody waits for it, and the reads take a fraction of a second."""

MOST_ENDPOINTS = 100
"""Stripe's maximum of a page; an account can have 16 endpoints (docs.stripe.com/webhooks)."""


@frozen
class Right:
    """A permission of a restricted key (docs.stripe.com/keys/restricted-api-keys).

    Attributes:
        resource: Its name, as in Stripe's Dashboard.
        access: ``write``, which includes reading, or ``read``.
        needed: Whether money could be lost without it; otherwise only this check misses it.
    """

    resource: str
    access: str
    needed: bool = True

    def __str__(self) -> str:
        return f"{self.resource} ({self.access})"


SESSIONS = Right("Checkout Sessions", "write")
INTENTS = Right("PaymentIntents", "read")
CHARGES = Right("Charges", "read")
REFUNDS = Right("Refunds", "write")
DISPUTES = Right("Disputes", "read")
EVENTS = Right("Events", "read")
ENDPOINTS = Right("Webhook Endpoints", "read", needed=False)
ACCOUNT = Right("Accounts", "read", needed=False)

RIGHTS = (SESSIONS, INTENTS, CHARGES, REFUNDS, DISPUTES, EVENTS, ENDPOINTS, ACCOUNT)
"""A read of each shows only the right to read. Of ``write``, the first purchase shows the rest."""


@frozen(kw_only=True)
class AccountState:
    """Whether the account can take payments.

    Attributes:
        account_id: Its id.
        takes_payments: Whether it can.
        why_not: Stripe's reason, if it gives one.
        has_name: Whether it has a name, without which Stripe opens no checkout.
    """

    account_id: str
    takes_payments: bool
    why_not: str | None
    has_name: bool


@frozen(kw_only=True)
class Endpoint:
    """A webhook endpoint of the account."""

    url: str
    enabled: bool
    events: frozenset[str]

    def misses(self, wanted: Sequence[str]) -> list[str]:
        """Return the events that it should be subscribed to, and is not."""
        return [] if "*" in self.events else [name for name in wanted if name not in self.events]


@frozen(kw_only=True)
class Look:
    """What was seen of an account.

    Attributes:
        failures: What was not answered as it should, by the right that the call needs.
        state: The account, if it could be read.
        endpoints: Its webhook endpoints, if they could be read.
        clock: How far Stripe's clock is ahead of ours; negative if it is behind.
        silent: Stripe did not answer, so nothing further was tried.
    """

    failures: Mapping[Right, Failure] = field(factory=dict)
    state: AccountState | None = None
    endpoints: Sequence[Endpoint] | None = None
    clock: timedelta | None = None
    silent: Failure | None = None


def look_at_account(secret_key: str, *, api_base: str | None, now: Callable[[], datetime]) -> Look:
    """Read one thing for each right, until Stripe does not answer.

    Args:
        secret_key: The account's secret or restricted key.
        api_base: The address of the API, if it is not Stripe's own.
        now: Our clock.
    """
    failures: dict[Right, Failure] = {}
    answers: dict[Right, Any] = {}
    clock = None
    with session() as http:
        client = connect(secret_key, api_base=api_base, answer_seconds=ANSWER_SECONDS, http=http)
        for right, read in _reads(client):
            answer = call(read)
            if isinstance(answer, Failure):
                failures[right] = answer
                if _is_silence(answer):
                    return Look(failures=failures, silent=answer, clock=clock)
            else:
                answers[right] = answer
                clock = _clock(answer, now()) if clock is None else clock
    endpoints, account = answers.get(ENDPOINTS), answers.get(ACCOUNT)
    return Look(
        failures=failures,
        state=account and _state(account.to_dict()),
        endpoints=endpoints and [_endpoint(each.to_dict()) for each in endpoints.data],
        clock=clock,
    )


def _reads(client: stripe.StripeClient) -> Iterator[tuple[Right, Callable[[], Any]]]:
    v1 = client.v1
    yield SESSIONS, lambda: v1.checkout.sessions.list({"limit": 1})
    yield INTENTS, lambda: v1.payment_intents.list({"limit": 1})
    yield CHARGES, lambda: v1.charges.list({"limit": 1})
    yield REFUNDS, lambda: v1.refunds.list({"limit": 1})
    yield DISPUTES, lambda: v1.disputes.list({"limit": 1})
    yield EVENTS, lambda: v1.events.list({"limit": 1})
    yield ENDPOINTS, lambda: v1.webhook_endpoints.list({"limit": MOST_ENDPOINTS})
    yield ACCOUNT, v1.accounts.retrieve_current


def _is_silence(failure: Failure) -> bool:
    """Return whether this says nothing about the key or the account."""
    return not isinstance(failure.outcome, Refused) or failure.outcome.retryable


def _clock(answer: Any, now: datetime) -> timedelta | None:
    at = answered_at(answer)
    return None if at is None else at - now


def _state(account: Mapping[str, Any]) -> AccountState:
    dashboard = (account.get("settings") or {}).get("dashboard") or {}
    names = ((account.get("business_profile") or {}).get("name"), dashboard.get("display_name"))
    return AccountState(
        account_id=account["id"],
        takes_payments=account.get("charges_enabled") is not False,
        why_not=(account.get("requirements") or {}).get("disabled_reason"),
        has_name=any(names),
    )


def _endpoint(endpoint: Mapping[str, Any]) -> Endpoint:
    return Endpoint(
        url=endpoint.get("url") or "",
        enabled=endpoint.get("status") == "enabled",
        events=frozenset(endpoint.get("enabled_events") or ()),
    )
