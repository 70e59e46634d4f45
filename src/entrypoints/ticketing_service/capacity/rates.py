"""How often one buyer may call, in each process by itself. Bounds per address are for the proxy."""

from throttled import RateLimiterType, Throttled, rate_limiter, store

PER_SECOND = 2
"""Calls of one buyer to one route for as long as they like: four tabs that ask every two seconds,
the `Retry-After` of most refusals."""

AT_ONCE = 20
"""Calls that may come at one moment: clicks, reloads, and all tabs of a browser that was started
again."""

LOOK, CALL = 1, 5
"""What a call counts: a look at one's own tickets, and a call of a payment route. A page shows a QR
code for each ticket, and a look waits for nobody."""

MOST_REMEMBERED = 10_000
"""Buyers and routes; beyond them, the one that was quiet for longest is forgotten. A process serves
some 500 calls a second, and after ten seconds of silence a buyer may do all again anyway. They take
4 MB."""


class Rates:
    """Counts calls by name, each at its cost. Safe to use from several threads.

    By GCRA: one number for each name, and no moment at which all may call again at once. Calls that
    are refused do not count.
    """

    def __init__(self) -> None:
        self._throttled = Throttled(
            using=RateLimiterType.GCRA.value,
            quota=rate_limiter.per_sec(CALL * PER_SECOND, burst=CALL * AT_ONCE),
            store=store.MemoryStore(options={"MAX_SIZE": MOST_REMEMBERED}),
        )

    def allow(self, name: str, cost: int) -> bool:
        """Count a call, and return whether there were not too many before."""
        return not self._throttled.limit(name, cost).limited


def unlimited(_: str, __: int) -> bool:
    """Return that there were not too many: in place of `Rates.allow`."""
    return True
