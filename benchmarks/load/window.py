"""What one run of the load client is asked to do."""

from collections.abc import Sequence

from attrs import field, frozen
from attrs import validators as v

MOST_CONNECTIONS = 4000
"""Of an open loop. Each is a buyer who waits; far more than a server that refuses in time lets
wait, and far fewer than the descriptors a process may have."""

DRAIN_SECONDS = 10.0
"""How long the answers that are still owed at the end are waited for."""


@frozen(kw_only=True)
class Window:
    """Requests to send for a while, and how.

    Attributes:
        port: Where the server listens, on this machine.
        requests: Whole requests as bytes, sent in turn, again from the first after the last.
        first: Which of them is sent first, so that the next window goes on where one ended.
        warm_up_seconds: Sent for so long before anything is counted.
        seconds: How long is counted.
        connections: How many of a closed loop there are; each sends when it was answered.
        rate: Requests a second of an open loop, which come whether or not others were answered;
            None is a closed loop.
        drain_seconds: How long the answers that are still owed at the end are waited for.
    """

    port: int
    requests: Sequence[bytes] = field(validator=v.min_len(1), repr=False)
    first: int = 0
    warm_up_seconds: float = 0.0
    seconds: float
    connections: int = field(default=1, validator=v.ge(1))
    rate: float | None = None
    drain_seconds: float = DRAIN_SECONDS
