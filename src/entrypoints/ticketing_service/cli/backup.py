"""`ticketing backup`: make a backup of a SQLite database."""

from pathlib import Path

import click

from ticketing_service.cli.output import json_option, print_json
from ticketing_service.composition import back_up
from ticketing_service.settings import load_settings


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
def backup(*, file: Path, as_json: bool) -> None:
    """Make a backup of a SQLite database, also while the service runs.

    FILE must not exist. It appears when the backup is complete and has been checked, and only its
    owner can read it. PostgreSQL has tools of its own: pg_dump and pg_basebackup.
    """
    settings = load_settings()
    made = back_up(settings, file)
    key = settings.signing_key_file
    if as_json:
        print_json(
            {
                "file": str(file),
                "bytes": made.size,
                "schema": made.schema,
                "signing_key_file": None if key is None else str(key),
            }
        )
        return
    click.echo(f"{file} has {made.size} bytes and the schema {made.schema}.")
    click.echo(f"It does not hold the private key of admission tokens; back up {key} as well.")
