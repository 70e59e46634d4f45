"""Calls Stripe's API, and translates its errors."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

import stripe
from attrs import frozen
from stripe import StripeClient

from ticketing_core.payment import Refused, Unknown

log = logging.getLogger(__name__)

CONNECT_SECONDS, ANSWER_SECONDS = 3, 10
RETRIES = 1
"""With these time-outs and the SDK's pause before the retry, a call ends within 30 seconds."""

WITH_CHARGE = ["payment_intent.latest_charge"]
"""A session stays "paid" after a refund; only its charge shows what is still captured."""

INSTALLATION = "installation"
"""The key of the metadata that names the installation which opened a session."""

BACK_OFF_SECONDS = (0.5, 1.5)
"""The pauses before a call that exceeded the rate limit is retried, which the SDK does not do
(docs.stripe.com/rate-limits)."""

T = TypeVar("T")


def connect(
    secret_key: str, *, api_base: str | None, answer_seconds: float = ANSWER_SECONDS
) -> StripeClient:
    """Return a client of Stripe's API for one account. Makes no call yet."""
    # Telemetry would time calls and write a file in the home folder.
    stripe.enable_telemetry = False
    return StripeClient(
        secret_key,
        base_addresses={"api": api_base} if api_base else {},
        http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, answer_seconds)),
        max_network_retries=RETRIES,
    )


@frozen
class Failure:
    """A call that failed.

    Attributes:
        status: The HTTP status, if there was an answer.
        outcome: What is known of its effect.
        replayed: Whether Stripe repeated the answer of an earlier call with the same key.
    """

    status: int | None
    outcome: Refused | Unknown
    replayed: bool = False


def call(send: Callable[[], T]) -> T | Failure:
    """Return the answer of a call, or what its error means (docs.stripe.com/error-low-level)."""
    for pause in BACK_OFF_SECONDS:
        try:
            return send()
        except stripe.RateLimitError:
            time.sleep(pause)
        except stripe.StripeError as error:
            return _failure(error)
    try:
        return send()
    except stripe.StripeError as error:
        return _failure(error)


def _failure(error: stripe.StripeError) -> Failure:
    match error:
        case stripe.AuthenticationError() | stripe.PermissionError():
            log.critical("Stripe does not accept the key: %s", error)
            outcome: Refused | Unknown = Refused(_code(error), retryable=False)
        case stripe.RateLimitError():
            # Stripe has done nothing, and saves no answer under the key.
            outcome = Refused("rate_limit", retryable=True)
        case stripe.InvalidRequestError() | stripe.CardError():
            outcome = Refused(_code(error), retryable=False)
        case _:
            # Lost connections, 5xx, 409, a key of another request: it may have taken effect.
            log.warning("Stripe gave no usable answer: %s", error)
            outcome = Unknown(type(error).__name__)
    return Failure(error.http_status, outcome, replayed=is_replayed(error.headers))


def is_replayed(headers: Mapping[str, str] | None) -> bool:
    """Return whether this is a saved answer (docs.stripe.com/api/idempotent_requests)."""
    return (headers or {}).get("Idempotent-Replayed") == "true"


def _code(error: stripe.StripeError) -> str:
    if error.code:
        return error.code
    kind = error.error.type if error.error else None
    return kind or type(error).__name__
