"""What the demo prints once it runs: the pages to open and the calls to make."""

import click
from attrs import field, frozen
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

PAID_EVENT = 1
"""The id of the first sample event."""


@frozen(kw_only=True)
class RunningDemo:
    """The addresses of a running demo.

    Attributes:
        frontend_url: Where buyers return to.
        storefront_url: None without a storefront.
        gate_url: Where the visitor plays the staff at the gate, with a token of their own.
        board_url: Where the visitor plays the organizer, with a token of their own.
        access_token: An access token of the storefront's buyer; None if only a login makes any.
    """

    frontend_url: str
    storefront_url: str | None
    api_url: str
    sandbox_url: str
    gate_url: str = field(repr=False)
    board_url: str = field(repr=False)
    access_token: str | None = field(repr=False)


def curl_commands(running: RunningDemo) -> list[str]:
    """Return commands that can be copied into a shell where TOKEN is set."""
    api = running.api_url
    bearer = '-H "Authorization: Bearer $TOKEN"'
    body = f'{{"event_id": {PAID_EVENT}, "quantity": 2}}'
    order = f"-H 'Content-Type: application/json' -d '{body}'"
    return [
        f"curl -s {api}/api/events/",
        f"curl -s {bearer} {order} {api}/api/payments/create-payment-intent/",
        f"curl -s {bearer} {api}/api/tickets/",
    ]


def print_welcome(running: RunningDemo) -> None:
    """Print the pages to open and the calls to make."""
    own = running.frontend_url != running.storefront_url
    places = Table.grid(padding=(0, 2))
    if running.storefront_url is not None:
        places.add_row("Buy a ticket", Text(running.storefront_url, style="bold cyan"))
        places.add_row("Let people in", Text(running.gate_url, style="bold cyan"))
        places.add_row("Organize", Text(running.board_url, style="bold cyan"))
    if own:
        places.add_row("Your frontend", Text(running.frontend_url, style="bold cyan"))
    places.add_row("Read the API", Text(f"{running.api_url}/docs", style="cyan"))
    places.add_row("Play the bank", Text(f"{running.sandbox_url}/", style="cyan"))
    console = Console()
    console.print(Panel(places, title="The demo is running", expand=False))
    console.print(
        "Pay with card 4242 4242 4242 4242; 4000 0000 0000 0002 is declined. No money moves.\n"
        "At the gate, scan the QR code of a ticket: hold it before the camera, or choose its "
        "picture. It lets nobody in twice.\n",
        highlight=False,
    )
    # Not through rich, which would wrap lines that have to be copied whole.
    if running.storefront_url is None:
        click.echo(f"Let people in: {running.gate_url}\n\nOrganize: {running.board_url}\n")
    if own:
        _print_for_frontend(running)
    console.print("[bold]Or call the API[/bold], in another terminal:\n")
    click.echo(f"TOKEN={running.access_token or '... # of your login'}\n")
    for command in curl_commands(running):
        click.echo(f"{command}\n")
    console.print("Ctrl-C ends everything.")


def _print_for_frontend(running: RunningDemo) -> None:
    """Print what a frontend needs: what to call, with which token, and where buyers return."""
    home = running.frontend_url
    token = "your login's, or TOKEN below" if running.access_token else "your login's"
    click.echo(
        f"Your pages at {home} may call {running.api_url}. Send with each call:\n\n"
        f"  Authorization: Bearer <token: {token}>\n\n"
        "Buyers return from the payment page to\n\n"
        f"  {home}/payment/success?session_id=...&ticket_id=...\n"
        f"  {home}/payment/cancel?ticket_id=...\n\n"
        "docs/your-frontend.md shows how to call the API from React.\n"
    )
