"""`ticketing keys`: list the public keys of admission tokens."""

from contextlib import closing

import click

from ticketing_service.cli.output import json_option, print_json, print_table
from ticketing_service.composition import current_kid, open_store
from ticketing_service.settings import load_settings


@click.command()
@json_option
def keys(*, as_json: bool) -> None:
    """List the public keys of admission tokens, including those of the past.

    With --json it is a key set (RFC 7517), as the service publishes it.
    """
    settings = load_settings()
    with closing(open_store(settings)) as store:
        found = store.public_keys.all()
    if as_json:
        print_json({"keys": [{"kid": kid, "use": "sig", **jwk} for kid, jwk in found.items()]})
        return
    if not found:
        click.echo("There are none yet; `ticketing serve` makes one or uses the one that is set.")
        return
    current = current_kid(settings)
    print_table(["kid", "current"], [(kid, "yes" if kid == current else "") for kid in found])
