"""Settling beside buyers: it leaves them their calls, and refunds leave others their places."""

import time
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import text

from benchmarks.bench import Bench
from benchmarks.database import SERVICE, Database, open_database
from benchmarks.figures.payments import verification
from benchmarks.figures.settle import LATENCY_SECONDS, MOST_CALLS_PER_SECOND
from benchmarks.load.result import Result
from benchmarks.pace import Pace
from benchmarks.provider import Provider
from benchmarks.report import Audit, Report, Row
from benchmarks.seed import fill, unpaid_tickets

VERIFIES_PER_SECOND, VERIFY_SECONDS = 8.0, 20.0
"""With the 15 calls of settling this is nearly all that Stripe takes."""

VERIFY_WITHIN_SECONDS = 1.0
ENDED = 400
"""The status of a verify whose checkout has ended."""

FREED = 50
FREED_WITHIN = timedelta(minutes=1)
POLL_SECONDS = 0.2

_DUE_NOW = text("""
    UPDATE tickets SET held_until = now(), next_try_at = now() WHERE status = 'paying'
""")
_COUNT = text("SELECT COUNT(*) FROM tickets WHERE status = :status")


def beside_settling(bench: Bench) -> Report:
    """Verify unpaid tickets, each of which needs a call, while thousands of others are settled."""
    seconds, verifies = verify_load(bench.pace)
    with open_database(bench) as database:
        database.calls_per_second = MOST_CALLS_PER_SECOND
        with database.gateway(latency_seconds=LATENCY_SECONDS) as gateway:
            fill(database.engine, due=bench.pace.settled * 5, unpaid=verifies)
            database.start_afresh()
            tickets = unpaid_tickets(database.engine, count=verifies)
            orders = [verification(each) for each in tickets]
            with database.serve(SERVICE) as server:
                _wait_until_settling(database)
                before = _count(database, "expired")
                seen = database.send(server, orders, rate=VERIFIES_PER_SECOND, seconds=seconds)
                settled = _count(database, "expired") - before
        audit = database.audit()
    return Report(
        rows=verify_rows(
            seen,
            gateway,
            figure="verify while thousands are settled, the longest",
            detail=f"; {settled} expired",
        ),
        audits=[audit, Audit(audited=seen.summary(status=ENDED).count)],
    )


def verify_load(pace: Pace) -> tuple[float, int]:
    """Return for how many seconds buyers verify, and how many tickets they need for it."""
    seconds = VERIFY_SECONDS if pace.seconds > 1 else pace.seconds
    return seconds, round(VERIFIES_PER_SECOND * (seconds + pace.warm_up_seconds)) + 1


def verify_rows(seen: Result, gateway: Provider, *, figure: str, detail: str = "") -> Sequence[Row]:
    """Return how long buyers waited for verify, and how fast all calls of the gateway came."""
    waits = seen.summary(status=ENDED)
    return [
        Row(
            figure=figure,
            measured=waits.longest,
            unit="s",
            yardstick="bound",
            yardstick_value=VERIFY_WITHIN_SECONDS,
            at_least=False,
            detail=f"{waits.count} of {seen.sent}, p50 {waits.p50:.2f} s{detail}",
        ),
        Row(
            figure="calls of the gateway meanwhile, most in a second",
            measured=gateway.most_within_a_second(),
            yardstick="provider's limit",
            yardstick_value=MOST_CALLS_PER_SECOND,
            # A few calls may follow one another faster after a pause.
            goal=1.3,
            at_least=False,
        ),
    ]


def owed_refunds(bench: Bench) -> Report:
    """Let places become due while the refunds of a cancelled event are made."""
    with open_database(bench) as database:
        database.calls_per_second = MOST_CALLS_PER_SECOND
        with database.gateway(latency_seconds=LATENCY_SECONDS) as gateway:
            fill(database.engine, owed=bench.pace.owed, unpaid=FREED)
            database.start_afresh()
            with database.serve(SERVICE):
                _wait_until_settling(database)
                with database.engine.begin() as connection:
                    connection.execute(_DUE_NOW)
                began = time.monotonic()
                while _count(database, "expired") < FREED:
                    bench.progress(f"{_count(database, 'expired')} places are free")
                    time.sleep(POLL_SECONDS)
                seconds = time.monotonic() - began
                refunded = _count(database, "refunded")
        audit = database.audit()
    return Report(
        rows=[
            Row(
                figure=f"{FREED} places become free while {bench.pace.owed:,} refunds are owed",
                measured=round(seconds, 1),
                unit="s",
                yardstick="bound",
                yardstick_value=FREED_WITHIN.total_seconds(),
                at_least=False,
                detail=f"{refunded} refunds meanwhile, {len(gateway.calls)} calls",
            )
        ],
        audits=[audit, Audit(audited=FREED)],
    )


def _wait_until_settling(database: Database) -> None:
    while not _count(database, "expired") + _count(database, "refunded"):
        time.sleep(POLL_SECONDS)


def _count(database: Database, status: str) -> int:
    with database.engine.connect() as connection:
        return int(connection.execute(_COUNT, {"status": status}).scalar_one())
