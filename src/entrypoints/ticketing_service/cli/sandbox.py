"""`ticketing sandbox`."""

import click

from ticketing_service.cli.output import json_option, print_json
from ticketing_service.cli.ports import Address, port_type, require_free_port
from ticketing_service.sandbox import Limits, RunningSandbox, WebhookEndpoint, serve

DEFAULT_PORT = 12111

SANDBOX_KEY = "sk_test_sandbox"
"""The sandbox accepts every test key. This one is for the messages."""


@click.command()
@click.option("--host", type=Address(), default="127.0.0.1", show_default=True)
@click.option("--port", type=port_type, default=DEFAULT_PORT, show_default=True)
@click.option("--webhook-url", help="Where events are sent; without it, none are sent.")
@click.option(
    "--webhook-secret",
    envvar="TICKETING_STRIPE_WEBHOOK_SECRET",
    help="Signs the events: whsec_...; better set TICKETING_STRIPE_WEBHOOK_SECRET.",
)
@click.option(
    "--calls-per-second",
    type=click.FloatRange(min=0, min_open=True),
    help="Limits the calls of each operation, as Stripe does: 25. Without it, none are limited.",
)
@click.option(
    "--calls-in-all",
    type=click.FloatRange(min=0, min_open=True),
    help="Limits all calls together: 100 for a live account. [default: --calls-per-second, as in "
    "a test account]",
)
@json_option
def sandbox(
    *,
    host: str,
    port: int,
    webhook_url: str | None,
    webhook_secret: str | None,
    calls_per_second: float | None,
    calls_in_all: float | None,
    as_json: bool,
) -> None:
    """Run a local stand-in for Stripe, with a payment page and a dashboard.

    Everything is kept in memory and lost at the end.
    """
    if webhook_url is not None and not webhook_secret:
        raise click.UsageError("--webhook-url needs --webhook-secret.")
    if calls_in_all and not calls_per_second:
        raise click.UsageError("--calls-in-all needs --calls-per-second.")
    limits = None
    if calls_per_second:
        limits = Limits(calls_per_second, calls_in_all or calls_per_second)
    require_free_port(host, port, option="--port")

    def show(running: RunningSandbox) -> None:
        if as_json:
            print_json({"api_base": running.url, "secret_key": SANDBOX_KEY})
            return
        click.echo(f"The dashboard is at {running.url}/. To use it, start the service with:\n")
        click.echo(f"  export TICKETING_STRIPE_API_BASE={running.url}")
        click.echo(f"  export TICKETING_STRIPE_SECRET_KEY={SANDBOX_KEY}\n")
        click.echo("Press Ctrl-C to stop it.")

    webhook = None
    if webhook_url is not None and webhook_secret:
        webhook = WebhookEndpoint(webhook_url, webhook_secret)
    serve(host=host, port=port, webhook=webhook, limits=limits, ready=show)
