"""Asks Stripe, and says what a failure means in the words that all calls share."""

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
"""With these time-outs and the SDK's pause between tries, one call ends within 30 seconds."""

WITH_CHARGE = ["payment_intent.latest_charge"]
"""The session alone stays "paid" after a refund; only the charge tells what is still captured."""

INSTALLATION = "installation"
"""The metadata that says which installation opened a session."""

BACK_OFF_SECONDS = (0.5, 1.5)
"""Pauses before a call that came over the rate limit is tried again, which the SDK leaves to us
(docs.stripe.com/rate-limits)."""

Answer = TypeVar("Answer")


def connect(
    secret_key: str, *, api_base: str | None, answer_seconds: float = ANSWER_SECONDS
) -> StripeClient:
    """Stripe's API for one account; no call is made yet."""
    # It would measure calls and leave a file in the home folder.
    stripe.enable_telemetry = False
    return StripeClient(
        secret_key,
        base_addresses={"api": api_base} if api_base else {},
        http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, answer_seconds)),
        max_network_retries=RETRIES,
    )


@frozen
class Failed:
    """A call that did not succeed.

    Attributes:
        status: The HTTP status, if an answer came.
        outcome: What is known of its effect.
        replayed: Whether it is the answer of an earlier call with the same key.
    """

    status: int | None
    outcome: Refused | Unknown
    replayed: bool = False


def asked(call: Callable[[], Answer]) -> "Answer | Failed":
    """The answer of a call, or what its failure means (docs.stripe.com/error-low-level)."""
    for pause in BACK_OFF_SECONDS:
        try:
            return call()
        except stripe.RateLimitError:
            time.sleep(pause)
        except stripe.StripeError as error:
            return _failed(error)
    try:
        return call()
    except stripe.StripeError as error:
        return _failed(error)


def _failed(error: stripe.StripeError) -> Failed:
    match error:
        case stripe.AuthenticationError() | stripe.PermissionError():
            log.critical("Stripe does not accept the key: %s", error)
            outcome: Refused | Unknown = Refused(_code(error), retryable=False)
        case stripe.RateLimitError():
            # Refused before anything was done, and not remembered under the key.
            outcome = Refused("rate_limit", retryable=True)
        case stripe.InvalidRequestError() | stripe.CardError():
            outcome = Refused(_code(error), retryable=False)
        case _:
            # Lost connections, 5xx, 409, and a key that stands for another request: maybe done.
            log.warning("Stripe gave no usable answer: %s", error)
            outcome = Unknown(type(error).__name__)
    return Failed(error.http_status, outcome, replayed=is_replayed(error.headers))


def is_replayed(headers: Mapping[str, str] | None) -> bool:
    """Whether an answer was given before (docs.stripe.com/api/idempotent_requests)."""
    return (headers or {}).get("Idempotent-Replayed") == "true"


def _code(error: stripe.StripeError) -> str:
    if error.code:
        return error.code
    kind = error.error.type if error.error else None
    return kind or type(error).__name__
