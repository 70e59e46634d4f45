"""What Stripe's limits leave: a rush of buyers, a refund, and the price of sharing the limits."""

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import evolve

from benchmarks.bench import Bench
from benchmarks.database import PRICE, SERVICE, open_database
from benchmarks.figures.library import receipt
from benchmarks.load.result import OK
from benchmarks.load.returning import Rush, run_rush
from benchmarks.orders import CREATE, VERIFY, buyers, note, purchases
from benchmarks.report import Audit, Report, Row
from tests.support.ports import free_ports
from tests.support.sandbox import SandboxWorld
from tests.support.server import (
    WEBHOOK_PATH,
    WEBHOOK_SECRET,
    access_token,
    running_server,
)
from ticketing_adapters.call_pace import CallLimits, CallPace
from ticketing_core import BoxOffice, Ticket, ToPay
from ticketing_service.composition.payments import gateway
from ticketing_service.sandbox import TEST, RunningSandbox, WebhookEndpoint, running_sandbox

RUSH_BUYERS, RUSH_SECONDS = 300, 5.0
EARLY_SECONDS, EARLY_BUYERS = 6.0, 100
MOST_WASTED = 0.1
TOO_MANY_CALLS = 429
PATIENCE_SECONDS = 90.0
"""Seven times as long as the limit needs for all of them."""

CALLS_OF_A_REFUND = 4
OF_UNPACED = 0.5
"""A purchase has two transactions of its own, and each call one more. At 25 calls a second none of
them matters."""


def rush(bench: Bench) -> Report:
    """Let buyers come faster than Stripe opens checkouts, and come back when they are told to."""
    count = min(RUSH_BUYERS, bench.pace.buyers)
    seconds = RUSH_SECONDS * count / RUSH_BUYERS
    with open_database(bench) as database, running_sandbox(limits=TEST) as running:
        database.stripe_api_base = running.url
        database.calls_per_second = int(TEST.in_all)
        orders = purchases(CREATE, event_ids=database.events(price=PRICE), names=buyers(count))
        with database.serve(SERVICE) as server:
            bench.progress(f"a rush of {count}")
            seen = bench.elsewhere(
                run_rush,
                Rush(
                    port=int(server.url.rpartition(":")[2]),
                    requests=[order.request for order in orders],
                    seconds=seconds,
                    patience=PATIENCE_SECONDS,
                ),
            )
        note(database.receipts, seen, orders, first=0)
        audit = database.audit()
        calls = running.sandbox.exchanges()
    served = sorted(answer.ended for answer in seen.answers if answer.status == OK)
    wasted = sum(call.status == TOO_MANY_CALLS for call in calls)
    longest = f"the last after {served[-1]:.1f} s" if served else "none"
    return Report(
        rows=[
            Row(
                figure=f"{count} buyers in {seconds:g} s: at the payment page in the end",
                measured=len(served),
                unit="",
                yardstick="all",
                yardstick_value=count,
                detail=f"{seen.sent - count} refusals with a wait, {longest}",
            ),
            Row(
                figure=f"of them within {EARLY_SECONDS:g} s",
                measured=sum(ended <= EARLY_SECONDS for ended in served),
                unit="",
                yardstick="bound",
                yardstick_value=EARLY_BUYERS * count / RUSH_BUYERS,
            ),
            Row(
                figure="calls beyond the limit",
                measured=wasted,
                unit="",
                yardstick="calls",
                yardstick_value=len(calls),
                goal=MOST_WASTED,
                at_least=False,
            ),
        ],
        audits=[audit],
    )


def refund_calls(bench: Bench) -> Report:
    """Count the calls that a refund costs, with those of all its webhooks."""
    (port,) = free_ports(1)
    webhook = WebhookEndpoint(f"http://127.0.0.1:{port}{WEBHOOK_PATH}", WEBHOOK_SECRET)
    with (
        open_database(bench) as database,
        running_sandbox(webhook=webhook) as running,
        TemporaryDirectory(dir=bench.folder) as folder,
        running_server(
            folder=Path(folder),
            database_url=database.url,
            port=port,
            STRIPE_API_BASE=running.url,
        ) as server,
    ):
        (event_id,) = database.events(price=PRICE)
        post = partial(server.post, token=access_token(roles=["organizer"]))
        order = post(CREATE, {"event_id": event_id, "quantity": 1}).body
        SandboxWorld(running.sandbox).pay(order["checkout_url"])
        named = {"ticket_id": order["ticket_id"]}
        post(VERIFY, {**named, "session_id": order["session_id"]})
        before = _calls_when_quiet(running, bench.pace.quiet_seconds)
        refunded = post("/api/payments/refund/", named).body
        calls = _calls_when_quiet(running, bench.pace.quiet_seconds) - before
    is_refunded = refunded.get("status") == "refunded"
    problems = [] if is_refunded else [f"the ticket is not refunded: {refunded}"]
    row = Row(
        figure="calls of the API for a refund",
        measured=calls,
        unit="",
        yardstick="goal",
        yardstick_value=CALLS_OF_A_REFUND,
        at_least=False,
    )
    return Report(rows=[row], audits=[Audit(audited=1, problems=problems)])


def _calls_when_quiet(running: RunningSandbox, quiet_seconds: float) -> int:
    """Return the calls so far that were not listing, once no more come."""
    count, since = -1, time.monotonic()
    while time.monotonic() < since + quiet_seconds:
        # The account is checked and compared meanwhile.
        calls = sum(
            "limit" not in call.params or "payment_intent" in call.params
            for call in running.sandbox.exchanges()
        )
        if calls != count:
            count, since = calls, time.monotonic()
        time.sleep(0.1)
    return count


class Unpaced(CallPace):
    """Lets every call start at once, and asks no database."""

    def __init__(self) -> None:
        super().__init__(lambda *_, **__: [], limits=CallLimits(each=1, in_all=1))

    def wait(self, operation: str, *, at_most: timedelta) -> timedelta | None:
        """See `CallPace.wait`."""


def slots(bench: Bench) -> Report:
    """Sell paid tickets with and without time slots, at a provider that answers at once."""
    rows, audits = [], []
    for sqlite in (False, True):
        rates: dict[bool, list[float]] = {True: [], False: []}
        with (
            open_database(bench, sqlite=sqlite) as database,
            database.gateway(latency_seconds=0),
            database.library(pool_size=bench.pace.library_threads + 4) as service,
        ):
            (event_id,) = database.events(price=PRICE)
            unpaced = gateway(database.settings(), store=service.store, pace=Unpaced())
            offices = {
                True: service.box_office,
                False: evolve(service.box_office, gateway=unpaced),
            }
            for number in range(1, bench.pace.rounds + 1):
                for paced, office in offices.items():
                    bench.progress(f"slots, round {number}")
                    sold = _sell(office, event_id=event_id, bench=bench)
                    rates[paced].append(len(sold) / bench.pace.seconds)
                    database.receipts.sold += [receipt(ticket) for ticket in sold]
            audits.append(database.audit())
        rows.append(
            Row(
                figure=f"paid purchases with time slots, {'SQLite' if sqlite else 'PostgreSQL'}",
                measured=statistics.median(rates[True]),
                yardstick="without slots",
                yardstick_value=statistics.median(rates[False]),
                goal=OF_UNPACED,
                detail=f"{bench.pace.library_threads} threads, gateway answers at once",
            )
        )
    return Report(rows=rows, audits=audits)


def _sell(office: BoxOffice, *, event_id: int, bench: Bench) -> list[Ticket]:
    until = time.monotonic() + bench.pace.seconds

    def buyer(name: str) -> Iterator[Ticket]:
        while time.monotonic() < until:
            bought = office.purchase(event_id=event_id, quantity=1, buyer=name)
            if isinstance(bought, ToPay):
                yield bought.ticket

    with ThreadPoolExecutor(bench.pace.library_threads) as pool:
        names = buyers(bench.pace.library_threads)
        return [ticket for sold in pool.map(lambda name: [*buyer(name)], names) for ticket in sold]
