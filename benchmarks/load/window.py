"""What one run of the load client has to send."""

from collections.abc import Sequence

from attrs import field, frozen
from attrs import validators as v


@frozen(kw_only=True)
class Window:
    """Requests to send for a while, and how.

    Attributes:
        port: Where the server listens, on this machine.
        requests: Encoded requests, sent in turn; after the last one the first follows again.
        first: The index of the request to begin with, so that a window can continue another one.
        warm_up_seconds: How long to send before anything counts.
        seconds: How long answers count.
        connections: The size of a closed loop.
        rate: Requests a second of an open loop; None for a closed loop.
    """

    port: int
    requests: Sequence[bytes] = field(validator=v.min_len(1), repr=False)
    first: int = 0
    warm_up_seconds: float = 0.0
    seconds: float
    connections: int = field(default=1, validator=v.ge(1))
    rate: float | None = None
