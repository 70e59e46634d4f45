"""`ticketing settle`: settle once, from the command line."""

from collections import Counter
from contextlib import closing

import click

from ticketing_adapters.jobs.job import restore_problem
from ticketing_adapters.jobs.settler import CONNECTIONS, settle_all
from ticketing_core import TicketStatus
from ticketing_service.cli.output import json_option, print_json, print_table
from ticketing_service.composition import back_office, open_store
from ticketing_service.settings import load_settings

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

    Looks up each unpaid ticket whose hold is over and each owed refund at the payment provider,
    then issues, expires or refunds it. Safe to run at any time, as often as you like. Exits with 1
    if a result could not be stored; that ticket stays due.
    """
    counts = Counter[str]()
    settings = load_settings()
    with closing(open_store(settings, pool_size=CONNECTIONS)) as store:
        problem = restore_problem(store.installation)
        if problem is not None:
            raise click.ClickException(problem)
        for tally in settle_all(back_office(settings, store=store)):
            counts.update({status.value: number for status, number in tally.moved.items()})
            counts.update(unchanged=tally.left, failed=tally.failed)
    names = [*(status.value for status in _OUTCOMES), "unchanged", "failed"]
    if as_json:
        print_json({name: counts[name] for name in names})
    else:
        print_table(["outcome", "tickets"], [(name, counts[name]) for name in names])
    if counts["failed"]:
        raise click.exceptions.Exit(1)
