"""Paid tickets: bought while the gateway is slow, and verified once they are paid."""

from benchmarks.bench import Bench
from benchmarks.database import PRICE, SERVICE, Contestant, open_database
from benchmarks.orders import VERIFY, Order, post
from benchmarks.report import Report, compared, rows_beside
from benchmarks.seed import StoredTicket, fill, paid_tickets
from benchmarks.yardsticks import GATEWAY_ONLY, PLAIN_NULL

LATENCY_SECONDS = 0.3

PAID_OF_GATEWAY_ONLY = 0.9
VERIFY_OF_PLAIN_NULL = 0.6

MOST_VERIFIED = 500
"""Tickets to verify in turn: enough that no cache does the work, and quickly made."""


def paid(bench: Bench) -> Report:
    """Sell a paid event with a gateway that takes its time."""
    pace = bench.pace
    with (
        open_database(bench) as database,
        database.gateway(latency_seconds=LATENCY_SECONDS),
    ):
        event_ids = database.events(price=PRICE)
        service, gateway_only = database.measure(
            database.buying(SERVICE, event_ids),
            database.buying(GATEWAY_ONLY, event_ids),
            connections=[pace.paying_connections] * pace.rounds,
            threads=pace.paying_threads,
        )
        audit = database.audit()
    row = compared(
        figure=f"paid create, gateway answers in {LATENCY_SECONDS * 1000:.0f} ms, "
        f"{pace.paying_connections} buyers",
        product=service,
        yardstick=GATEWAY_ONLY,
        beside=gateway_only,
        goal=PAID_OF_GATEWAY_ONLY,
    )
    return Report(rows=[row], audits=[audit])


def verify(bench: Bench) -> Report:
    """Verify paid tickets, for buyers who return from the checkout or open their ticket again."""
    count = min(bench.pace.buyers, MOST_VERIFIED)
    with open_database(bench) as database:
        fill(database.engine, paid=count)
        tickets = paid_tickets(database.engine, of=count, count=count)
        service, plain = database.measure(
            Contestant(program=SERVICE, orders=[verification(ticket) for ticket in tickets]),
            database.buying(PLAIN_NULL, [tickets[0].event_id]),
        )
        audit = database.audit()
    rows = rows_beside(
        figure="verify of a paid ticket, with QR",
        product=service,
        yardstick=PLAIN_NULL,
        windows=plain,
        goal=VERIFY_OF_PLAIN_NULL,
    )
    return Report(rows=rows, audits=[audit])


def verification(ticket: StoredTicket) -> Order:
    """Return the request of a buyer who comes back from the checkout of a stored ticket."""
    body = {"ticket_id": ticket.ticket_id, "session_id": ticket.checkout_id}
    return Order(
        request=post(VERIFY, body, buyer=ticket.buyer),
        buyer=ticket.buyer,
        event_id=ticket.event_id,
        buys=False,
        session_id=ticket.checkout_id,
    )
