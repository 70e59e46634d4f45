"""What the load client saw: every answer, and the numbers that a table shows of them."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec
from attrs import frozen

OK = 200


class Body(msgspec.Struct, gc=False):
    """What is read of a body: the ticket that it names and who may go in, or what a problem is."""

    ticket_id: int | None = None
    ticket_code: str | None = None
    session_id: str | None = None
    code: str | None = None
    line_token: str | None = None
    outcome: str | None = None
    people: int = 0


_decode = msgspec.json.Decoder(Body).decode


def read_body(content: bytes) -> Body:
    """Read a body, which need not be JSON."""
    try:
        return _decode(content)
    except msgspec.MsgspecError:
        return Body()


class Answer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One answer.

    Attributes:
        number: The number of its request, counted from the window's first one.
        latency: Seconds since the request was due.
        ended: When it came, in seconds since counting began; negative in the warm-up.
        size: The bytes of its body.
    """

    number: int
    status: int
    latency: float
    ended: float
    body: Body
    size: int = 0


@frozen(kw_only=True)
class Summary:
    """Some answers of a window in numbers; times in seconds, NaN where there are no answers."""

    count: int
    per_second: float
    p50: float
    p99: float
    longest: float


@frozen(kw_only=True)
class Result:
    """What one window of load saw.

    Attributes:
        seconds: How long answers counted.
        answers: All answers in the order in which they came, with those of warm-up and drain.
        unanswered: The numbers of the requests that got no answer.
        sent: How many requests were sent in all.
        cpu_seconds: The processor time of all processes of the service, and of PostgreSQL if it
            stores what it sells there; with warm-up and drain.
    """

    seconds: float
    answers: Sequence[Answer]
    unanswered: Sequence[int]
    sent: int
    cpu_seconds: float = 0.0

    def summary(self, *, status: int = OK) -> Summary:
        """Summarize the answers that counted and have this status."""
        latencies = sorted(
            each.latency
            for each in self.answers
            if each.status == status and 0 <= each.ended < self.seconds
        )
        return Summary(
            count=len(latencies),
            per_second=len(latencies) / self.seconds,
            p50=percentile(latencies, 0.50),
            p99=percentile(latencies, 0.99),
            longest=percentile(latencies, 1.0),
        )

    def per_cpu_second(self, *, status: int = OK) -> float:
        """Return the answers of this status for each second of processor time."""
        return self.statuses()[status] / self.cpu_seconds

    def bytes_per_answer(self, *, status: int = OK) -> float:
        """Return the mean size of the bodies of the answers with this status; NaN without any."""
        sizes = [each.size for each in self.answers if each.status == status]
        return sum(sizes) / len(sizes) if sizes else math.nan

    def statuses(self) -> Mapping[int, int]:
        """Count the answers of each status, with those of warm-up and drain."""
        return Counter(each.status for each in self.answers)


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    if not ordered:
        return math.nan
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]
