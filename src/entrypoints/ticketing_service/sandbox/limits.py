"""How many API calls the account may make in a second (docs.stripe.com/rate-limits)."""

import time
from collections.abc import Callable

from attrs import define, field, frozen
from attrs.validators import gt

from ticketing_service.sandbox.refusals import Refusal, Refused

_IN_ALL = "the account"


@frozen
class Limits:
    """Calls in a second: of each operation with all ids together, and of the account in all."""

    each_operation: float = field(validator=gt(0))
    in_all: float = field(validator=gt(0))


LIVE = Limits(each_operation=25, in_all=100)
TEST = Limits(each_operation=25, in_all=25)


@define
class _Bucket:
    tokens: float
    filled_at: float


class Limiter:
    """Token buckets, each full at the start, and at most with the calls of one second.

    No document states the size of Stripe's buckets.
    """

    def __init__(
        self, limits: Limits | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limits = limits
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def check(self, operation: str) -> None:
        """Count a call, or raise `Refused`. A refused call counts for nothing."""
        if self.limits is None:
            return
        each = self._bucket(operation, self.limits.each_operation)
        in_all = self._bucket(_IN_ALL, self.limits.in_all)
        for bucket, reason in ((each, "endpoint-rate"), (in_all, "global-rate")):
            if bucket.tokens < 1:
                refusal = Refusal(
                    status=429,
                    code="rate_limit",
                    message="Request rate limit exceeded. Learn more about rate limits here "
                    "https://docs.stripe.com/rate-limits.",
                    limited_by=reason,
                )
                raise Refused(refusal, saved=False)
        each.tokens -= 1
        in_all.tokens -= 1

    def _bucket(self, name: str, rate: float) -> _Bucket:
        now, size = self._clock(), max(rate, 1.0)
        bucket = self._buckets.setdefault(name, _Bucket(size, now))
        bucket.tokens = min(size, bucket.tokens + (now - bucket.filled_at) * rate)
        bucket.filled_at = now
        return bucket
