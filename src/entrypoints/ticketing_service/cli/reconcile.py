"""`ticketing reconcile`: compare the payment provider with the database."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

import click
from attrs import asdict

from ticketing_core import Compared, Difference, Finding
from ticketing_core.errors import GatewayUnavailable
from ticketing_service.cli.findings import counted, print_findings, progress_bar
from ticketing_service.cli.instants import Instant
from ticketing_service.cli.output import json_option, print_json
from ticketing_service.composition import back_office, open_store
from ticketing_service.settings import load_settings

DEFAULT_SINCE = timedelta(days=7)
"""Longer than a provider retries a webhook (three days), and longer than a weekend."""


@click.command()
@click.option(
    "--since",
    type=Instant(),
    help="Compare checkouts opened since then.  [default: a week ago]",
)
@click.option("--dry-run", is_flag=True, help="Change nothing, only report.")
@click.option(
    "--refund-unknown",
    is_flag=True,
    help="Refund payments that belong to no ticket.",
)
@json_option
def reconcile(
    *, since: datetime | None, dry_run: bool, refund_unknown: bool, as_json: bool
) -> None:
    """Compare the payment provider with the database both ways, and heal what differs.

    Run it after a restore or a long outage: each payment finds its ticket or is refunded. Exits
    with 1 if a difference is left. Safe to run at any time, as often as you like.
    """
    comparison = _compared(since=since, dry_run=dry_run, refund_unknown=refund_unknown)
    with progress_bar() as progress:
        results = counted(comparison, progress)
        findings = [each for each in results if isinstance(each, Finding)]
    if as_json:
        print_json([asdict(finding) for finding in findings])
    elif findings:
        print_findings(findings)
        if any(finding.difference is Difference.RESTORE_FORGOTTEN for finding in findings):
            click.echo("The database has lost tickets: run `ticketing restored`.", err=True)
    else:
        click.echo("The payment provider and the database agree.")
    if not all(finding.healed for finding in findings):
        raise click.exceptions.Exit(1)


def _compared(
    *, since: datetime | None, dry_run: bool, refund_unknown: bool
) -> Iterator[Finding | Compared]:
    settings = load_settings()
    with closing(open_store(settings)) as store:
        office = back_office(settings, store=store)
        comparison = office.reconcile(
            since=since or office.clock.now() - DEFAULT_SINCE,
            dry_run=dry_run,
            refund_unknown=refund_unknown,
        )
        try:
            yield from comparison
        except GatewayUnavailable as error:
            why = "The payment provider does not answer, so not everything was compared."
            raise click.ClickException(why) from error
