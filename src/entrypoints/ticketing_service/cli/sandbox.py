"""`ticketing sandbox`."""

import click

from ticketing_service.cli.output import json_option, print_json
from ticketing_service.cli.ports import Address, port_type, require_free_port
from ticketing_service.sandbox import RunningSandbox, WebhookEndpoint, serve

DEFAULT_PORT = 12111

SANDBOX_KEY = "sk_test_sandbox"
"""It takes every test key; one is as good as another."""


@click.command()
@click.option("--host", type=Address(), default="127.0.0.1", show_default=True)
@click.option("--port", type=port_type, default=DEFAULT_PORT, show_default=True)
@click.option("--webhook-url", help="Where events are sent to; else none are sent.")
@click.option(
    "--webhook-secret",
    envvar="TICKETING_STRIPE_WEBHOOK_SECRET",
    help="What they are signed with, whsec_...; better given by TICKETING_STRIPE_WEBHOOK_SECRET.",
)
@json_option
def sandbox(
    *, host: str, port: int, webhook_url: str | None, webhook_secret: str | None, as_json: bool
) -> None:
    """Run a local stand-in for Stripe, with a payment page and a dashboard.

    It keeps everything in memory, and forgets it at the end.
    """
    if webhook_url is not None and not webhook_secret:
        raise click.UsageError("--webhook-url needs --webhook-secret.")
    require_free_port(host, port, option="--port")

    def tell(running: RunningSandbox) -> None:
        if as_json:
            print_json({"api_base": running.url, "secret_key": SANDBOX_KEY})
            return
        click.echo(f"The dashboard is at {running.url}/. Let the service use it with:\n")
        click.echo(f"  export TICKETING_STRIPE_API_BASE={running.url}")
        click.echo(f"  export TICKETING_STRIPE_SECRET_KEY={SANDBOX_KEY}\n")
        click.echo("Ctrl-C ends it.")

    webhook = None
    if webhook_url is not None and webhook_secret:
        webhook = WebhookEndpoint(webhook_url, webhook_secret)
    serve(host=host, port=port, webhook=webhook, ready=tell)
