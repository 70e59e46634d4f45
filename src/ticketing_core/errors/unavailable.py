"""What did not answer, or has no room."""

from datetime import timedelta

from attrs import frozen

from ticketing_core.errors.root import TicketingError


class Unavailable(TicketingError, abstract=True):
    """Something outside did not answer. Nothing is decided, and nothing is lost."""

    retryable = True


class GatewayUnavailable(Unavailable):
    """The payment provider did not report the state of the payment; nothing changed."""

    _text = "The state of the payment is not known yet. Nothing was changed."
    _wait = timedelta(seconds=5)


@frozen
class Overloaded(Unavailable):
    """There are too many requests at the moment; nothing was done.

    An idempotency key that came with the call is not used up.

    Attributes:
        retry_after: How long to wait before the next try.
    """

    retry_after: timedelta
    _text = "Too much is asked at the moment, so nothing was done. Please try again."


@frozen
class NotReady(Unavailable):
    """The service cannot sell now; `detail` says why.

    Attributes:
        why: The reason in plain English, which is also the `detail`.
    """

    why: str
    # What ends it is the work of a person.
    _wait = timedelta(minutes=1)
    _text = "{self.why}"


@frozen
class StoreUnavailable(Unavailable):
    """The database does not answer: the step may or may not have taken effect. Repeat it.

    Attributes:
        reason: What was seen instead of an answer, for logs only: it may name hosts.
    """

    reason: str = ""
    _text = "The database does not answer. Please try again."
    _wait = timedelta(seconds=2)
