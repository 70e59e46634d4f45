"""`ticketing stripe`: what to set up in Stripe's Dashboard."""

import click

from ticketing_service.cli.output import json_option, print_json
from ticketing_service.composition.doctor import WEBHOOK_PATH
from ticketing_service.composition.payments import webhook_events
from ticketing_service.settings_checks.mistakes import Mistakes
from ticketing_service.settings_checks.values import address


@click.group()
def stripe() -> None:
    """Show what to set up in Stripe's Dashboard."""


@stripe.command()
@click.option("--api", default="", help="The public address of this API.  [default: left out]")
@json_option
def webhook(*, api: str, as_json: bool) -> None:
    """Print the address of the webhook and the events to subscribe it to."""
    mistakes = Mistakes()
    base = address("API", api, mistakes)
    if mistakes:
        raise click.BadParameter(mistakes[0].detail, param_hint="--api")
    if as_json:
        url = None if base is None else base + WEBHOOK_PATH
        shown = {"url": url, "path": WEBHOOK_PATH, "payload": "snapshot"}
        print_json({**shown, "events": list(webhook_events())})
        return
    click.echo(f"Endpoint URL:  {base or 'https://YOUR-API'}{WEBHOOK_PATH}")
    click.echo("Payload style: snapshot")
    click.echo("Events:")
    for name in webhook_events():
        click.echo(f"  {name}")
    click.echo("Then set TICKETING_STRIPE_WEBHOOK_SECRET to the endpoint's signing secret.")
