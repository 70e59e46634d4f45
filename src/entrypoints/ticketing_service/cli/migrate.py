"""`ticketing migrate`: bring the database schema to this version."""

import click

from ticketing_service.cli.output import json_option, print_json
from ticketing_service.composition import migrate_database
from ticketing_service.settings import load_settings


@click.command()
@json_option
def migrate(*, as_json: bool) -> None:
    """Bring the database schema to this version. Doing it again changes nothing."""
    migrated = migrate_database(load_settings())
    if as_json:
        print_json({"migrated": migrated})
    else:
        click.echo("The database is migrated." if migrated else "There is nothing to migrate.")
