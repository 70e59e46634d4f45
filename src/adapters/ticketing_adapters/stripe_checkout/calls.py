"""Calls Stripe's API, and translates its errors."""

import logging
import netrc  # noqa: F401 - `requests` loads it at the first call, see below
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import stripe
from attrs import frozen
from requests import Session
from stripe import ListObject, StripeClient, StripeObject

from ticketing_adapters.stripe_checkout.pacing import (
    UNPACED,
    Busy,
    Pace,
    PacedClient,
    Watch,
    begin_call,
)
from ticketing_adapters.stripe_checkout.transport import session
from ticketing_core.errors import Overloaded, PaymentRefused, PaymentsNotConfigured
from ticketing_core.payment import BUSY, Refused, Unknown

log = logging.getLogger(__name__)

_TICKET_CODE = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""In each idempotency key. It lets people in at the gate, and so no log may have it."""

CONNECT_SECONDS, ANSWER_SECONDS = 3, 10
RETRIES = 1
"""With these time-outs and the SDK's pause before the retry, a call ends within 30 seconds."""

WITH_CHARGE = ["payment_intent.latest_charge.refunds"]
"""A session stays "paid" after a refund; only its charge shows what is still captured."""

BACK_OFF_SECONDS = (0.5, 1.5)
"""The pauses before a call that exceeded the rate limit is retried, which the SDK does not do
(docs.stripe.com/rate-limits)."""

RETRY_AFTER = timedelta(seconds=5)
"""The buckets of Stripe's limits fill within a second, but other callers empty them as well."""

ABOUT_THE_AMOUNT = frozenset({"amount_too_large", "amount_too_small"})
"""The codes of docs.stripe.com/error-codes that depend on what is bought."""

PAGE_SIZE = 100
"""Stripe's maximum (docs.stripe.com/api/pagination)."""

T = TypeVar("T")
Listed = TypeVar("Listed", bound=StripeObject)

# The SDK loads its classes at the first answer. That must not happen in a purchase: in a process
# whose file handles are used up it would fail after it has taken places.
stripe.Event.construct_from({"data": {"object": {"object": "charge"}}}, key=None)


def connect(
    secret_key: str,
    *,
    api_base: str | None,
    answer_seconds: float = ANSWER_SECONDS,
    http: Session | None = None,
    pace: Pace = UNPACED,
    watch: Watch = lambda _: None,
) -> StripeClient:
    """Return a client of Stripe's API for one account. Makes no call yet.

    Args:
        secret_key: The account's secret or restricted key.
        api_base: The address of the API, if it is not Stripe's own.
        answer_seconds: The time-out of one try.
        http: The connections, for a caller who wants to close them.
        pace: Asked before each request.
        watch: Told what came of each.
    """
    # Telemetry would time calls and write a file in the home folder.
    stripe.enable_telemetry = False
    return StripeClient(
        secret_key,
        base_addresses={"api": api_base} if api_base else {},
        http_client=PacedClient(
            pace=pace,
            watch=watch,
            timeout=(CONNECT_SECONDS, answer_seconds),
            session=http or session(),
        ),
        max_network_retries=RETRIES,
    )


@frozen
class Failure:
    """A call that failed.

    Attributes:
        status: The HTTP status, if there was an answer.
        outcome: What is known of its effect.
        replayed: Whether Stripe repeated the answer of an earlier call with the same key.
        error: The SDK's error, if Stripe or the SDK reported one.
        retry_after: How long to wait, if the limits had no room for the call and nothing was done.
    """

    status: int | None
    outcome: Refused | Unknown
    replayed: bool = False
    error: stripe.StripeError | None = None
    retry_after: timedelta | None = None

    def __str__(self) -> str:
        """Describe it for a log, in Stripe's words. They never hold a whole key."""
        if self.error is None:
            return str(self.outcome)
        if isinstance(self.error, stripe.APIConnectionError):
            return _unreached(self.error)
        # On one line: the SDK wraps some of its own.
        message = " ".join((self.error.user_message or str(self.error)).split())
        named = {
            "code": getattr(self.error.error, "code", None),
            "parameter": self.parameter,
            "request": self.error.request_id,
        }
        listed = ", ".join(f"{name} {value}" for name, value in named.items() if value)
        return f"{message} ({listed})" if listed else message

    @property
    def parameter(self) -> str | None:
        """The parameter that Stripe finds fault with, if it names one."""
        # Not of the error itself, which has it in some of its classes only.
        return getattr(self.error.error, "param", None) if self.error else None

    @property
    def is_used_up(self) -> bool:
        """Whether nothing can come of the idempotency key any more.

        Its first call has ended, in an error that Stripe saved, or with other parameters
        (docs.stripe.com/api/idempotent_requests).
        """
        reused = self.outcome == Unknown(stripe.IdempotencyError.__name__)
        return reused or (self.replayed and isinstance(self.outcome, Unknown))


def call(send: Callable[[], T]) -> T | Failure:
    """Return the answer of a call, or what its error means (docs.stripe.com/error-low-level)."""
    begin_call()
    for pause in (*BACK_OFF_SECONDS, None):
        try:
            answer = send()
        except stripe.RateLimitError as error:
            if pause is None:
                return _failure(error)
            time.sleep(pause)
        except Busy as busy:
            if busy.is_first:
                return Failure(None, BUSY, retry_after=busy.wait)
            return Failure(None, Unknown("no answer, and no time for another try"))
        except stripe.StripeError as error:
            return _failure(error)
        except OSError as error:
            # The SDK lets some pass, such as a certificate file that cannot be read.
            log.warning("Stripe could not be called: %s", error)
            return Failure(None, Unknown(type(error).__name__))
        else:
            return answer if _is_an_object(answer) else _no_answer()
    raise AssertionError("unreachable")


def call_list(send: Callable[[], ListObject[Listed]]) -> ListObject[Listed] | Failure:
    """Return the answer of a call that lists objects. What is no page of a list is no answer."""
    answer = call(send)
    return answer if isinstance(answer, Failure) or _is_a_page(answer) else _no_answer()


def answered_at(answer: Any) -> datetime | None:
    """Return when Stripe answered, by its own clock; None if the answer does not say."""
    try:
        at = parsedate_to_datetime(answer.last_response.headers["Date"])
    except (AttributeError, LookupError, TypeError, ValueError):
        return None
    return None if at.tzinfo is None else at


def _is_an_object(answer: object) -> bool:
    """Return whether this is one of Stripe's objects or lists. A proxy may send anything."""
    if getattr(answer, "object", None) is None:
        return False
    return hasattr(answer, "id") or isinstance(getattr(answer, "data", None), list)


def _is_a_page(answer: object) -> bool:
    if not isinstance(answer, ListObject) or not isinstance(getattr(answer, "data", None), list):
        return False
    has_more = getattr(answer, "has_more", None)
    # The id of the last entry is where the next page begins.
    return has_more is False or (has_more is True and bool(_id(answer.data[-1:])))


def _id(last: list[Any]) -> object:
    return getattr(last[0], "id", None) if last else None


def _no_answer() -> Failure:
    log.warning("Something else than Stripe answered, such as a proxy")
    return Failure(None, Unknown("not an object of Stripe"))


def not_opened(failure: Failure) -> PaymentRefused | PaymentsNotConfigured | Overloaded | Unknown:
    """Return what it means that a session could not be created, and log what the seller can mend.

    Only an amount or a card is a matter of the purchase. What else Stripe finds wrong, the key, the
    account or a parameter, is wrong for every buyer until the seller mends it.
    """
    if failure.retry_after is not None:
        return Overloaded(failure.retry_after)
    match failure.error, failure.outcome:
        case _, Unknown() as unknown:
            return unknown
        case stripe.CardError(), refused:
            log.error("Stripe refused to open a checkout: %s", failure)
            return PaymentRefused(refused.code, retryable=False)
        case _, refused:
            log.error("Stripe refused to open a checkout: %s", failure)
            if refused.code in ABOUT_THE_AMOUNT:
                return PaymentRefused(refused.code, retryable=False)
            return PaymentsNotConfigured()


def _failure(error: stripe.StripeError) -> Failure:
    match error:
        case stripe.AuthenticationError() | stripe.PermissionError():
            outcome: Refused | Unknown = Refused(_code(error), retryable=False)
        case stripe.RateLimitError():
            # Stripe has done nothing, and saves no answer under the key.
            outcome = Refused("rate_limit", retryable=True)
        case stripe.InvalidRequestError() | stripe.CardError():
            outcome = Refused(_code(error), retryable=False)
        case _:
            # Lost connections, 5xx, 409, a key of another request: it may have taken effect.
            # It repeats the key of a request that goes on, or is another one.
            outcome = Unknown(type(error).__name__)
    failure = Failure(
        error.http_status,
        outcome,
        replayed=is_replayed(error.headers),
        error=error,
        retry_after=RETRY_AFTER if isinstance(error, stripe.RateLimitError) else None,
    )
    if isinstance(outcome, Unknown):
        log.warning("Stripe gave no usable answer: %s", _TICKET_CODE.sub("CODE", str(failure)))
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        log.critical("Stripe does not accept the key: %s", failure)
    return failure


def _unreached(error: stripe.APIConnectionError) -> str:
    """Say why there was no answer. The SDK's words for it are long, and ask to write to Stripe."""
    cause: BaseException = error
    address = "Stripe"
    while (deeper := cause.__cause__ or cause.__context__) is not None:
        cause = deeper
        url = urlsplit(getattr(getattr(cause, "request", None), "url", None) or "")
        if url.netloc:
            address = f"{url.scheme}://{url.netloc}"
    return f"No answer from {address}: {' '.join(str(cause).split()) or type(cause).__name__}."


def is_replayed(headers: Mapping[str, str] | None) -> bool:
    """Return whether this is a saved answer (docs.stripe.com/api/idempotent_requests)."""
    return (headers or {}).get("Idempotent-Replayed") == "true"


def _code(error: stripe.StripeError) -> str:
    if error.code:
        return error.code
    kind = error.error.type if error.error else None
    return kind or type(error).__name__
