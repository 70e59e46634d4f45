"""Paid tickets: bought while the gateway is slow, and verified once they are paid."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from benchmarks.audit import Ledger
from benchmarks.bench import PRICE, Bench, Contestant, latencies, median_rate, strange
from benchmarks.figures.purchases import NULL_NAME, SERVICE
from benchmarks.orders import (
    CREATE,
    GATEWAY_ONLY,
    NULL,
    VERIFY,
    Order,
    buyers,
    post,
    purchases,
)
from benchmarks.row import Report, Row
from benchmarks.slow_gateway import checkout_id, slow_gateway
from ticketing_adapters.sql import engine_for, installation_id
from ticketing_core import Checkout, Ticket
from ticketing_core.ticket import Replaced
from ticketing_service.composition import Service

GATEWAY_NAME = "gateway-only"
LATENCY_SECONDS = 0.3

PAID_OF_GATEWAY = 0.9
VERIFY_OF_NULL = 0.5

MOST_VERIFIED = 500
"""Tickets that are verified in turn: enough to be no cache's work, and quickly made."""


def paid(bench: Bench) -> Report:
    """Buyers of a paid event, with a gateway that takes its time."""
    pace, ledger = bench.pace, Ledger()
    names = buyers(pace.buyers)
    with bench.database() as url:
        event_id = bench.event(url, price=PRICE)
        engine = engine_for(url)
        known_as = installation_id(engine)
        engine.dispose()
        with slow_gateway(installation_id=known_as, latency_seconds=LATENCY_SECONDS) as gateway:
            threads, base = pace.paying_threads, gateway.url
            with (
                bench.service(url, threads=threads, stripe_api_base=base) as service,
                bench.yardstick(
                    GATEWAY_NAME, url, threads=threads, stripe_api_base=base
                ) as yardstick,
            ):
                seen = bench.take_turns(
                    Contestant(
                        name=SERVICE,
                        server=service,
                        orders=purchases(CREATE, event_ids=[event_id], names=names),
                    ),
                    Contestant(
                        name=GATEWAY_NAME,
                        server=yardstick,
                        orders=purchases(GATEWAY_ONLY, event_ids=[event_id], names=names),
                    ),
                    ledger=ledger,
                    connections=pace.paying_connections,
                    selling=[SERVICE],
                )
        found = bench.audit(url, ledger)
    buying = f"{pace.paying_connections} buyers"
    return Report(
        name="paid",
        rows=[
            Row(
                figure=f"paid create, gateway answers in {LATENCY_SECONDS * 1000:.0f} ms, {buying}",
                measured=median_rate(seen[SERVICE]),
                yardstick=GATEWAY_NAME,
                yardstick_value=median_rate(seen[GATEWAY_NAME]),
                goal=PAID_OF_GATEWAY,
                detail=f"{latencies(seen[SERVICE])} {strange(seen[SERVICE])}".strip(),
            )
        ],
        problems=found,
        audited=len(ledger.sold),
    )


def verify(bench: Bench) -> Report:
    """Buyers who come back from the checkout, or open their ticket again."""
    ledger = Ledger()
    names = buyers(min(bench.pace.buyers, MOST_VERIFIED))
    with bench.database() as url:
        event_id = bench.event(url, price=PRICE)
        bench.say("making paid tickets")
        with (
            bench.library(url, pool_size=bench.pace.library_threads) as installation,
            ThreadPoolExecutor(bench.pace.library_threads) as pool,
        ):
            issued = list(
                pool.map(
                    lambda buyer: issued_ticket(installation, event_id=event_id, buyer=buyer), names
                )
            )
        with bench.service(url) as service, bench.yardstick(NULL_NAME, url) as null:
            seen = bench.take_turns(
                Contestant(
                    name=SERVICE, server=service, orders=[verification(each) for each in issued]
                ),
                Contestant(
                    name=NULL_NAME,
                    server=null,
                    orders=purchases(NULL, event_ids=[event_id], names=names),
                ),
                ledger=ledger,
                selling=[SERVICE],
                buying=False,
            )
        found = bench.audit(url, ledger)
    return Report(
        name="verify",
        rows=[
            Row(
                figure="verify of a paid ticket, with QR",
                measured=median_rate(seen[SERVICE]),
                yardstick=NULL_NAME,
                yardstick_value=median_rate(seen[NULL_NAME]),
                goal=VERIFY_OF_NULL,
                detail=f"{latencies(seen[SERVICE])} {strange(seen[SERVICE])}".strip(),
            )
        ],
        problems=found,
        audited=len(ledger.shown),
    )


def verification(ticket: Ticket) -> Order:
    """The request by which its buyer verifies a ticket."""
    session_id = ticket.checkout.checkout_id if ticket.checkout else ""
    body = {"ticket_id": ticket.ticket_id, "session_id": session_id}
    return Order(
        request=post(VERIFY, body, buyer=ticket.buyer),
        buyer=ticket.buyer,
        event_id=ticket.event_id,
        quantity=ticket.quantity,
    )


def paying_ticket(installation: Service, *, event_id: int, buyer: str, hold: timedelta) -> Ticket:
    """A ticket of a paid event that waits to be paid, stored through the ports."""
    box_office = installation.box_office
    reserved = box_office.reserve(event_id=event_id, quantity=1, buyer=buyer)
    now = box_office.clock.now()
    code = reserved.ticket_code
    url = f"http://127.0.0.1/pay/{code}"
    checkout = Checkout(checkout_id=checkout_id(code), url=url, ends_at=now + hold)
    return _replaced(
        installation, reserved, reserved.paying(checkout, until=now + hold), why="opened"
    )


def issued_ticket(installation: Service, *, event_id: int, buyer: str) -> Ticket:
    """A ticket of a paid event that was paid, stored through the ports."""
    hold = installation.box_office.hold
    waiting = paying_ticket(installation, event_id=event_id, buyer=buyer, hold=hold)
    return _replaced(installation, waiting, waiting.issued(), why="payment seen")


def _replaced(installation: Service, old: Ticket, new: Ticket, *, why: str) -> Ticket:
    box_office = installation.box_office
    now = box_office.clock.now()
    stored = box_office.tickets.replace(old, new, at=now, why=why, by="benchmark")
    if not isinstance(stored, Replaced):
        raise TypeError(f"nobody else changes it: {stored}")
    return stored.ticket
