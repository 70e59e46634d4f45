"""Cancels an event with thousands of paid tickets while people buy at another one."""

import time
from collections import Counter

from sqlalchemy import text

from benchmarks.bench import Bench
from benchmarks.database import SERVICE, Database, open_database
from benchmarks.figures.background import (
    POLL_SECONDS,
    VERIFIES_PER_SECOND,
    verify_load,
    verify_rows,
)
from benchmarks.figures.payments import verification
from benchmarks.figures.settle import LATENCY_SECONDS, MOST_CALLS_PER_SECOND
from benchmarks.report import Audit, Report, Row
from benchmarks.seed import fill, unpaid_tickets
from benchmarks.slow_gateway import AMOUNT_MINOR, ANY_SESSION, PAID, REFUNDS
from ticketing_service.composition.organizer import organizer_of

CANCELLED, OTHER = 1, 2
"""The events, between which tickets are shared evenly."""

MOST_CALLS = 4
"""The most calls for a refund: the refund, and look-ups of the payment before and after it."""

_PAID_AT_GATEWAY = text("""
    UPDATE tickets SET checkout_id = :prefix || replace(ticket_code::text, '-', ''),
        payment_id = 'pi_' || replace(ticket_code::text, '-', '')
    WHERE status = 'issued' AND event_id = :event_id
""")
_STATUSES = text("SELECT status, COUNT(*) FROM tickets WHERE event_id = :event_id GROUP BY status")
_VOID_AFTER = text("""
    SELECT extract(epoch FROM unwound_at - cancelled_at) FROM events WHERE event_id = :event_id
""")
_BACK = text("SELECT SUM(refunded_minor) FROM tickets WHERE event_id = :event_id")
_OF_IT = {"event_id": CANCELLED}


def cancelled(bench: Bench) -> Report:
    """Cancel it, let buyers of the other event verify, and kill the service halfway."""
    paid = bench.pace.cancelled
    seconds, verifies = verify_load(bench.pace)
    with open_database(bench) as database:
        database.calls_per_second = MOST_CALLS_PER_SECOND
        with database.gateway(latency_seconds=LATENCY_SECONDS) as gateway:
            fill(database.engine, paid=2 * paid, unpaid=2 * verifies, events=2)
            with database.engine.begin() as connection:
                connection.execute(_PAID_AT_GATEWAY, _OF_IT | {"prefix": ANY_SESSION + PAID})
            database.start_afresh()
            found = unpaid_tickets(database.engine, count=2 * verifies)
            buying = [verification(each) for each in found if each.event_id == OTHER]
            _cancel(database)
            began = time.monotonic()
            with database.serve(SERVICE) as server:
                _wait_until(bench, database, refunded=1)
                seen = database.send(server, buying, rate=VERIFIES_PER_SECOND, seconds=seconds)
                if bench.pace.seconds > 1:
                    # Then what was claimed waits for a minute.
                    _wait_until(bench, database, refunded=paid // 2)
                    server.kill_all()
                    server.start()
                _wait_until(bench, database, refunded=paid)
                took = time.monotonic() - began
                void = _wait_until_unwound(database)
            books = _audit(database, paid=paid)
        audit = database.audit()
    refunds = sum(call.method == "POST" and call.path == REFUNDS for call in gateway.calls)
    return Report(
        rows=[
            Row(
                figure=f"calls until {paid:,} tickets of a cancelled event are refunded",
                measured=len(gateway.calls),
                unit="",
                yardstick="bound",
                yardstick_value=MOST_CALLS * paid + seen.sent,
                at_least=False,
                detail=f"{refunds:,} refunds in {took:.0f} s, all void after {void:.0f} s",
            ),
            *verify_rows(seen, gateway, figure="verify at another event meanwhile, the longest"),
        ],
        audits=[audit, books],
    )


def _cancel(database: Database) -> None:
    with database.library() as service:
        organizer = organizer_of(service.store, gateway=service.box_office.gateway)
        preview = organizer.preview_cancellation(CANCELLED)
        organizer.cancel_event(
            CANCELLED,
            version=preview.event.version,
            refund_total_minor=preview.refund_total.amount_minor,
            by="benchmark",
        )


def _wait_until(bench: Bench, database: Database, *, refunded: int) -> None:
    while (made := _statuses(database)["refunded"]) < refunded:
        bench.progress(f"{made:,} of {refunded:,} are refunded")
        time.sleep(POLL_SECONDS)


def _wait_until_unwound(database: Database) -> float:
    """Return how long the tickets stayed valid after the cancellation, in seconds."""
    while True:
        with database.engine.connect() as connection:
            seconds = connection.execute(_VOID_AFTER, _OF_IT).scalar_one()
        if seconds is not None:
            return float(seconds)
        time.sleep(POLL_SECONDS)


def _statuses(database: Database) -> Counter[str]:
    with database.engine.connect() as connection:
        return Counter(dict(connection.execute(_STATUSES, _OF_IT).tuples().all()))


def _audit(database: Database, *, paid: int) -> Audit:
    """Check that all money went back once, and nothing is left of unpaid tickets."""
    found = _statuses(database)
    problems = [
        f"{count} tickets of the cancelled event are {status}"
        for status, count in found.items()
        if status not in {"refunded", "expired"}
    ]
    with database.engine.connect() as connection:
        back = connection.execute(_BACK, _OF_IT).scalar_one()
    if back != paid * AMOUNT_MINOR:
        problems.append(f"{back} were given back of {paid * AMOUNT_MINOR}")
    return Audit(audited=found.total(), problems=problems)
