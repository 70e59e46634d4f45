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
        token: An access token of the storefront's buyer.
    """

    storefront_url: str
    api_url: str
    sandbox_url: str
    token: str = field(repr=False)

    @property
    def gate_url(self) -> str:
        """Where the visitor plays the staff at the gate, with a token of their own."""
        return f"{self.storefront_url}/staff"

    @property
    def board_url(self) -> str:
        """Where the visitor plays the organizer, with a token of their own."""
        return f"{self.storefront_url}/organizer"


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
    places = Table.grid(padding=(0, 2))
    places.add_row("Buy a ticket", Text(running.storefront_url, style="bold cyan"))
    places.add_row("Let people in", Text(running.gate_url, style="bold cyan"))
    places.add_row("Organize", Text(running.board_url, style="bold cyan"))
    places.add_row("Read the API", Text(f"{running.api_url}/docs", style="cyan"))
    places.add_row("Play the bank", Text(f"{running.sandbox_url}/", style="cyan"))
    console = Console()
    console.print(Panel(places, title="The demo is running", expand=False))
    console.print(
        "Pay with card 4242 4242 4242 4242; 4000 0000 0000 0002 is declined. No money moves.\n",
        highlight=False,
    )
    console.print("[bold]Or call the API[/bold], in another terminal:\n")
    # Not through rich, which would wrap lines that have to be copied whole.
    click.echo(f"TOKEN={running.token}\n")
    for command in curl_commands(running):
        click.echo(f"{command}\n")
    console.print("Ctrl-C ends everything.")
