"""How long and how hard a run measures: the usual pace, and one that only proves correctness."""

from collections.abc import Sequence

from attrs import frozen


@frozen(kw_only=True)
class Pace:
    """The size of a run.

    Attributes:
        warm_up_seconds: Sent before each window, and not counted.
        seconds: Counted in each window.
        rounds: How often product and yardstick take turns; the table has their medians.
        workers: Processes of each server.
        processes: Numbers of processes to compare, beginning with one.
        threads: Of each worker: all connections are at work at a time.
        connections: Buyers at a time.
        paying_threads: Of each worker where the gateway is slow, which holds a thread.
        paying_connections: Buyers at a time there.
        scanners: At the gates, at a time.
        scanned: The number of tickets that are shown there.
        listed: The number of tickets of an event whose gate list is made.
        buyers: The number of different buyers.
        events: The number of events where there is more than one.
        library_threads: Threads that reserve through the library, and clients of `pgbench`.
        curve: Numbers of connections of the plot.
        overload: Arrivals in an overload, as a multiple of the measured peak.
        memory_requests: The number of requests over which a worker's memory is observed.
        stored_tickets: The size of the large database, in `stored_events` events.
        operations: How often each operation is timed on the large database and on the small one.
        settled: The number of tickets to settle.
        owed: The number of owed refunds.
        cancelled: The number of paid tickets of an event that is cancelled.
        news_tickets: The size of the store whose news is read.
        moved: How many of them moved before each of two readings.
        messages: The number of messages to deliver.
        quiet_seconds: How long no call has to come until those of a refund count as complete.
    """

    warm_up_seconds: float
    seconds: float
    rounds: int
    workers: int
    processes: Sequence[int]
    threads: int
    connections: int
    paying_threads: int
    paying_connections: int
    scanners: int
    scanned: int
    listed: int
    buyers: int
    events: int
    library_threads: int
    curve: Sequence[int]
    overload: float = 4.0
    memory_requests: int
    stored_tickets: int
    stored_events: int
    operations: int
    settled: int
    owed: int
    cancelled: int
    news_tickets: int
    moved: int
    messages: int
    quiet_seconds: float


USUAL = Pace(
    # The pools of both workers are full and their code is warm before its end.
    warm_up_seconds=1.0,
    # Some thousands of answers: a p99 of tens of them.
    seconds=4.0,
    # The least that has a median.
    rounds=3,
    # One for each core of the smallest machine that this is meant for.
    workers=2,
    # Up to twice as many as that machine has cores.
    processes=(1, 2, 4),
    threads=32,
    connections=64,
    paying_threads=128,
    paying_connections=256,
    scanners=20,
    # Two scans of each: more than all windows can take.
    scanned=30_000,
    listed=100_000,
    buyers=2000,
    events=1000,
    library_threads=32,
    curve=(1, 8, 64, 256),
    memory_requests=1_000_000,
    stored_tickets=5_000_000,
    stored_events=10_000,
    operations=500,
    # More than two minutes at 15 a second.
    settled=2_000,
    owed=5_000,
    # All of them have to be refunded: eleven minutes.
    cancelled=5_000,
    news_tickets=1_000_000,
    moved=5_000,
    messages=10_000,
    # Webhooks of one change come within it, and so do the looks that wait for one another.
    quiet_seconds=8.0,
)

QUICK = Pace(
    warm_up_seconds=0.2,
    seconds=0.5,
    rounds=1,
    workers=1,
    processes=(1, 2),
    threads=4,
    connections=8,
    paying_threads=8,
    paying_connections=16,
    scanners=4,
    scanned=200,
    listed=500,
    buyers=50,
    events=10,
    library_threads=4,
    curve=(1, 8),
    memory_requests=200,
    stored_tickets=4_000,
    stored_events=20,
    operations=20,
    settled=15,
    owed=15,
    cancelled=30,
    news_tickets=4_000,
    moved=40,
    messages=50,
    quiet_seconds=1.0,
)
