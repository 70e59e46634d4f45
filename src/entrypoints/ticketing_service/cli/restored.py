"""`ticketing restored`: bring a database that was restored from a backup in line with Stripe."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import click
from attrs import asdict

from ticketing_core import AnotherAccount, Finding, LeftForPerson, LeftOpen, RestoreStep, StepDone
from ticketing_core.errors import GatewayUnavailable
from ticketing_core.ports import TicketRepository
from ticketing_core.use_cases.restore import Restoring
from ticketing_service.cli.findings import counted, print_findings, progress_bar
from ticketing_service.cli.instants import Instant
from ticketing_service.cli.output import agrees, json_option, print_json, print_table
from ticketing_service.composition import back_office, open_store, subscriptions_of
from ticketing_service.settings import PREFIX, load_settings

SENTENCES: Mapping[RestoreStep, str] = MappingProxyType(
    {
        RestoreStep.STOPPED: "Nothing is sold or settled from now on.",
        RestoreStep.IDS_SKIPPED: "New ids begin out of reach of the largest at Stripe, {}.",
        RestoreStep.COMPARED: "Compared: {} checkouts and tickets.",
        RestoreStep.NEWS_READ: "Tickets whose payments were refunded or disputed: {}.",
        RestoreStep.CLOSED: "Payment pages closed that no ticket knows: {}.",
        RestoreStep.SETTLED: "Tickets settled: {}.",
        RestoreStep.ENDED: "Sales and settling go on.",
    }
)

KEY = f"{PREFIX}STRIPE_SECRET_KEY"

EARLIEST = datetime(2011, 1, 1, tzinfo=UTC)
"""Stripe did not exist before."""


@click.command()
@click.option(
    "--since",
    type=Instant(),
    help="When the backup was made, or earlier.  [default: the newest sale in the database]",
)
@click.option("--yes", is_flag=True, help="Close payment pages that no ticket knows; do not ask.")
@click.option("--refund-unknown", is_flag=True, help="Refund payments that belong to no ticket.")
@json_option
def restored(*, since: datetime | None, yes: bool, refund_unknown: bool, as_json: bool) -> None:
    """Bring a database that was restored from a backup in line with Stripe.

    Nothing is sold or settled until it has finished. It finds what was paid, refunded or disputed
    since the backup, and closes payment pages whose tickets are lost. Safe to interrupt and to run
    again. Exits with 1 if it has not finished, or something is left for a person.
    """
    settings = load_settings()
    with closing(open_store(settings)) as store:
        newest_sale = _newest_sale(store.tickets)
        begin = since or newest_sale
        if settings.stripe_secret_key is None:
            begin = _without_stripe(sold=newest_sale is not None, now=store.clock.now())
        if begin is not None and not EARLIEST <= begin <= store.clock.now():
            raise click.UsageError("--since must be an instant of the past, after 2010.")
        if begin is None:
            raise click.UsageError("The database has no paid ticket to begin at: pass --since.")
        click.echo(f"The backup is taken to be of {begin:%Y-%m-%d %H:%M:%S %Z} or later.", err=True)
        with progress_bar() as progress:

            def may_close(count: int) -> bool:
                progress.stop()
                agreed = yes or _may_close(count)
                progress.start()
                return agreed

            office = back_office(settings, store=store)
            steps = office.restore(since=begin, may_close=may_close, refund_unknown=refund_unknown)
            done = list(_told(counted(_answered(steps), progress), quiet=as_json))
        subscribers = [each.name for each in subscriptions_of(store).all()]
    findings = [each for each in done if isinstance(each, Finding)]
    left = next((each for each in done if isinstance(each, LeftForPerson)), None)
    if as_json:
        print_json(_as_json(done, findings, left))
    else:
        _show(findings, left)
    if left is not None and subscribers:
        _advise(subscribers)
    is_clean = left is not None and not left.strays and not left.tickets
    if not (is_clean and all(each.healed for each in findings)):
        raise click.exceptions.Exit(1)


def _newest_sale(tickets: TicketRepository) -> datetime | None:
    """Return when the newest ticket with a payment page was sold: the backup is not older.

    The restore itself changes no such time, so a second run begins where the first one did.
    """
    newest = tickets.newest_checkout()
    ticket = tickets.by_checkout(newest) if newest else None
    return ticket.created_at if ticket else None


def _without_stripe(*, sold: bool, now: datetime) -> datetime:
    if sold:
        raise click.ClickException(
            f"{KEY} is not set, so nobody can tell what was paid, refunded or closed since "
            "the backup. Nothing was done."
        )
    click.echo(f"{KEY} is not set, and nothing was paid: there is nothing to compare.", err=True)
    return now


def _may_close(count: int) -> bool:
    click.echo(
        f"Open payment pages that no ticket knows: {count}. If this database is a copy that is "
        "used beside the real one, they are those of real buyers.",
        err=True,
    )
    return agrees("Close them?")


def _answered(steps: Iterator[Restoring]) -> Iterator[Restoring]:
    try:
        yield from steps
    except GatewayUnavailable as error:
        raise click.ClickException(
            "Stripe does not answer, so the restore is not finished, and nothing is sold. "
            "Run `ticketing restored` again."
        ) from error


def _told(results: Iterator[Restoring], *, quiet: bool) -> Iterator[Restoring]:
    """Print each step when it is done, and yield everything."""
    for one in results:
        if isinstance(one, AnotherAccount):
            raise click.ClickException(
                "The Stripe key belongs to another account than the one that sold, or to its other "
                f"mode. So the restore is not finished, and nothing is sold. Set {KEY} to the key "
                "of the account that sold, and run `ticketing restored` again."
            )
        if isinstance(one, StepDone) and not quiet:
            click.echo(SENTENCES[one.step].format(one.count))
        if isinstance(one, LeftOpen):
            click.echo(
                f"Payment pages left open: {one.count}. So the restore is not finished, and "
                "nothing is sold. Run `ticketing restored --yes` to close them.",
                err=True,
            )
        yield one


def _show(findings: Sequence[Finding], left: LeftForPerson | None) -> None:
    if findings:
        print_findings(findings)
    if left is None:
        return
    if left.strays:
        click.echo("Money without a ticket; `ticketing reconcile --refund-unknown` gives it back:")
        strays = [(each.checkout_id, each.amount, each.state) for each in left.strays]
        print_table(["checkout", "amount", "state"], strays)
    if left.tickets:
        click.echo("Refunds that wait for you; see `ticketing refund --help`:")
        refunds = [(each.ticket_id, each.total, each.refund_problem or "") for each in left.tickets]
        print_table(["ticket", "total", "problem"], refunds)


def _advise(subscribers: Sequence[str]) -> None:
    click.echo(
        "Subscribers were told of changes that this database has lost. Tell them how everything "
        "is now:",
        err=True,
    )
    for name in subscribers:
        click.echo(
            f"  ticketing subscriber replay {name} --since 2000-01-01T00:00:00Z",
            err=True,
        )


def _as_json(
    done: Sequence[Restoring], findings: Sequence[Finding], left: LeftForPerson | None
) -> Any:
    return {
        "finished": left is not None,
        "since": left.since.isoformat() if left else None,
        "steps": {each.step.value: each.count for each in done if isinstance(each, StepDone)},
        "findings": [asdict(each) for each in findings],
        "strays": [each.checkout_id for each in left.strays] if left else [],
        "waiting_tickets": [each.ticket_id for each in left.tickets] if left else [],
    }
