"""`ticketing buyer`: erase buyers."""

from contextlib import closing

import click

from ticketing_core.use_cases.pages import tickets_of_buyer
from ticketing_service.cli.output import json_option, print_json, print_line
from ticketing_service.composition import open_store, privacy_office
from ticketing_service.observing.logs import visible
from ticketing_service.settings import load_settings


@click.group()
def buyer() -> None:
    """Erase buyers."""


@buyer.command()
@click.argument("buyer")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def erase(*, buyer: str, yes: bool, as_json: bool) -> None:
    """Erase what is known of BUYER, which is the text of their identity claim, for good.

    Their tickets stay good under a random name, and the books do not change. Changes and scans that
    they made as an organizer or at a gate have no name any more. Exits with 1 while orders are
    unpaid or refunds are not made. Safe to repeat, also after a crash; repeat it after a backup
    from before was restored.
    """
    with closing(open_store(load_settings())) as store:
        if not yes:
            count = sum(1 for _ in tickets_of_buyer(buyer, tickets=store.tickets))
            question = f"Erase {buyer}, who has {count} tickets, for good?"
            click.confirm(visible(question), abort=True, err=True)
        erased = privacy_office(store).erase_buyer(buyer, by="operator")
    if as_json:
        print_json({"name": erased.name, "tickets": erased.tickets})
    elif erased.name is None:
        print_line("They have no tickets. Changes and scans do not name them any more.")
    else:
        print_line(f"They are {erased.name} now, on {erased.tickets} tickets.")
