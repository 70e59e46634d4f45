"""Thousands of messages for a slow subscriber, delivered while buyers buy."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import ClassVar

from attrs import evolve, field, frozen
from sqlalchemy import Engine, text

from benchmarks.bench import Bench
from benchmarks.database import SERVICE, Database, open_database
from benchmarks.load import Result
from benchmarks.report import Audit, Report, Row, compared
from ticketing_adapters.jobs.courier import MESSAGES_AT_ONCE, Courier
from ticketing_adapters.sql import SqlOutbox, engine_for
from ticketing_core.message import Message, MessageKind
from ticketing_core.ports.outbox import Delivered
from ticketing_core.subscription import Subscription

ANSWER_SECONDS = 0.05
WITHIN_SECONDS = 60.0
OF_ALONE = 0.95
"""Sales beside it, of the same sales without."""

LOOK_SECONDS = 0.2

SLOW, OTHER = "slow", "other"

# As if so many tickets had been admitted before.
_MESSAGES = text("""
    INSERT INTO outbox (subscription_id, subject, epoch, version, kind, at, data, waiting_since,
        next_try_at)
    SELECT subscription_id, 'ticket_' || gen_random_uuid(), 1, 4, 'ticket.admitted', now(),
        json_build_object('status', 'issued', 'quantity', 2, 'admitted', 1), now(), now()
    FROM subscriptions, generate_series(1, :count) WHERE name = :name
""")


@frozen
class _SlowSubscriber:
    taken: Counter[str] = field(factory=Counter)

    def deliver(self, message: Message) -> Delivered:
        """Take a message, as one does that writes it somewhere else."""
        time.sleep(ANSWER_SECONDS)
        self.taken[message.message_id] += 1
        return Delivered()


def messages(bench: Bench) -> Report:
    """Sell without delivering, then beside it, then without again."""
    count, subscriber = bench.pace.messages, _SlowSubscriber()
    alone: list[Result] = []
    beside: list[Result] = []
    with open_database(bench) as database:
        buying = database.buying(SERVICE, database.events())
        # The messages of these sales are for somebody else.
        with _outbox(database) as outbox:
            outbox.add(Subscription(name=SLOW, kinds=frozenset({MessageKind.TICKET_ADMITTED})))
            # Disabled, since nobody is there: its messages are written all the same.
            outbox.add(Subscription(name=OTHER, disabled_at=datetime.now(UTC)))
            _fill(database.engine, count=count)
            with (
                database.serve(SERVICE) as server,
                _courier(database, subscriber) as courier,
                ThreadPoolExecutor(1) as pool,
            ):

                def sell(windows: list[Result]) -> None:
                    sent = sum(window.sent for window in [*alone, *beside])
                    connections = bench.pace.connections
                    window = database.send(
                        server, buying.orders, first=sent, connections=connections
                    )
                    windows.append(window)

                for _ in range(bench.pace.rounds):
                    sell(alone)
                delivering = pool.submit(_deliver_all, outbox, courier)
                while not beside or not delivering.done():
                    bench.progress(f"{len(subscriber.taken):,} messages")
                    sell(beside)
                seconds = delivering.result()
                for _ in range(bench.pace.rounds):
                    sell(alone)
        audits = [database.audit(), _all_taken(subscriber, count=count)]
    return Report(
        rows=[
            Row(
                figure=f"{count:,} messages beside sales",
                measured=round(seconds, 1),
                unit="s",
                yardstick="bound",
                yardstick_value=WITHIN_SECONDS,
                at_least=False,
                detail=f"{MESSAGES_AT_ONCE} at a time, answers in {ANSWER_SECONDS * 1000:.0f} ms",
            ),
            compared(
                figure="free purchase beside messages",
                product=beside,
                yardstick="without delivering",
                beside=alone,
                goal=OF_ALONE,
            ),
        ],
        audits=audits,
    )


class _Courier(Courier):
    """The job, with a lease of its own: that of the service delivers to nobody here."""

    name: ClassVar = "deliver-beside"


@contextmanager
def _courier(database: Database, subscriber: _SlowSubscriber) -> Iterator[Courier]:
    """Give the job as the service makes it."""
    with database.library() as service:
        jobs = evolve(service, subscribers={SLOW: subscriber}).jobs()
        [job] = [each for each in jobs if isinstance(each, Courier)]
        yield _Courier(
            office=job.office,
            leases=job.leases,
            subscriptions=job.subscriptions,
            subscriber_of=job.subscriber_of,
        )


@contextmanager
def _outbox(database: Database) -> Iterator[SqlOutbox]:
    engine = engine_for(database.url, pool_size=2)
    try:
        yield SqlOutbox(engine)
    finally:
        engine.dispose()


def _fill(engine: Engine, *, count: int) -> None:
    with engine.begin() as connection:
        connection.execute(_MESSAGES, {"count": count, "name": SLOW})


def _deliver_all(outbox: SqlOutbox, courier: Courier) -> float:
    """Let the job deliver until nothing waits, and return how many seconds that took."""
    began = passed = time.monotonic()
    courier.run_once()
    while SLOW in outbox.waiting():
        time.sleep(LOOK_SECONDS)
        if time.monotonic() - passed >= courier.pause.total_seconds():
            passed = time.monotonic()
            courier.run_once()
    return time.monotonic() - began


def _all_taken(subscriber: _SlowSubscriber, *, count: int) -> Audit:
    taken = subscriber.taken
    again = taken.total() - len(taken)
    found = []
    if len(taken) != count:
        found.append(f"{len(taken)} of {count} messages were delivered")
    if again:
        found.append(f"{again} messages were delivered again, though nothing had failed")
    return Audit(audited=count, problems=found)
