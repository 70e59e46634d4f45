"""`ticketing settle`."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import click

from ticketing_core import TicketStatus
from ticketing_core.use_cases.settle_due import Tally, settle_due
from ticketing_service.cli.output import json_option, print_json, print_table
from ticketing_service.composition import clock, gateway, open_store
from ticketing_service.settings import load_settings

BATCH = 100
"""Tickets claimed at a time. Their lease of a minute is ample: a call takes about half a second."""

MOST_BATCHES = 100
"""Of one call: whatever comes due meanwhile is left for the next one."""

CALLS_AT_ONCE = 8
"""A third of the reads that Stripe takes each second in test mode (stripe.com/docs/rate-limits),
at half a second a call."""

_OUTCOMES = (
    TicketStatus.ISSUED,
    TicketStatus.CANCELLED,
    TicketStatus.EXPIRED,
    TicketStatus.REFUNDING,
    TicketStatus.REFUNDED,
)


@click.command()
@json_option
def settle(*, as_json: bool) -> None:
    """Settle everything that is due, once.

    Asks the payment provider what became of each unpaid ticket whose time is over and of each
    refund that is owed, then issues, expires or refunds. Safe to run at any time, as often as
    one likes. Ends with 1 if something could not be stored; it is due again then.
    """
    counts = Counter[str]()
    for tally in _passes():
        counts.update({status.value: number for status, number in tally.moved.items()})
        counts.update(unchanged=tally.left, failed=tally.failed)
    named = [*(status.value for status in _OUTCOMES), "unchanged", "failed"]
    if as_json:
        print_json({name: counts[name] for name in named})
    else:
        print_table(["outcome", "tickets"], [(name, counts[name]) for name in named])
    if counts["failed"]:
        raise click.exceptions.Exit(1)


def _passes() -> Iterator[Tally]:
    settings = load_settings()
    with (
        closing(open_store(settings, pool_size=CALLS_AT_ONCE)) as store,
        ThreadPoolExecutor(CALLS_AT_ONCE) as pool,
    ):
        payments = gateway(settings, store=store)
        for _ in range(MOST_BATCHES):
            tally = settle_due(
                limit=BATCH,
                by="settler",
                tickets=store.tickets,
                gateway=payments,
                clock=clock(),
                run=pool.map,
            )
            yield tally
            if tally.claimed < BATCH:
                return
