"""What the load client saw: every answer, and what a table shows of them."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec
from attrs import frozen

OK = 200


class Answer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One answer, and what it says.

    Attributes:
        number: Which request of the window it is for, counted from the window's first one.
        latency: Seconds since the request was due.
        ended: When it came, in seconds since counting began; negative in the warm-up.
        ticket_id: The ticket that it names, if any; so are the next two.
        code: The code of a problem.
    """

    number: int
    status: int
    latency: float
    ended: float
    ticket_id: int | None = None
    ticket_code: str | None = None
    session_id: str | None = None
    code: str | None = None


class _Body(msgspec.Struct):
    ticket_id: int | None = None
    ticket_code: str | None = None
    session_id: str | None = None
    code: str | None = None


_body = msgspec.json.Decoder(_Body).decode


def answer(*, number: int, status: int, latency: float, ended: float, body: bytes) -> Answer:
    """The answer with this body, which need not be JSON."""
    try:
        told = _body(body)
    except msgspec.MsgspecError:
        told = _Body()
    return Answer(
        number=number,
        status=status,
        latency=latency,
        ended=ended,
        ticket_id=told.ticket_id,
        ticket_code=told.ticket_code,
        session_id=told.session_id,
        code=told.code,
    )


@frozen(kw_only=True)
class Summary:
    """Some answers of a window in numbers; times in seconds, not a number where there are none."""

    count: int
    per_second: float
    p50: float
    p99: float
    longest: float


@frozen(kw_only=True)
class Seen:
    """What one window of load saw.

    Attributes:
        seconds: How long was counted.
        answers: All that came, in the order in which they came; warm-up and drain too.
        unanswered: The numbers of the requests that got no answer.
        sent: How many requests were sent in all.
    """

    seconds: float
    answers: Sequence[Answer]
    unanswered: Sequence[int]
    sent: int

    def summary(self, *, status: int = OK, within: float = math.inf) -> Summary:
        """The answers with this status that were counted, and came ``within`` so many seconds."""
        counted = sorted(
            each.latency
            for each in self.answers
            if each.status == status and 0 <= each.ended < self.seconds and each.latency <= within
        )
        return Summary(
            count=len(counted),
            per_second=len(counted) / self.seconds,
            p50=percentile(counted, 0.50),
            p99=percentile(counted, 0.99),
            longest=counted[-1] if counted else math.nan,
        )

    def statuses(self) -> Mapping[int, int]:
        """How often each status came, in the warm-up and after the end too."""
        return Counter(each.status for each in self.answers)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    if not ordered:
        return math.nan
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]
