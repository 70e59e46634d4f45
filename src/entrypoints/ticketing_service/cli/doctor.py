"""`ticketing doctor`: check the set-up."""

import logging

import click

from ticketing_service.cli.output import json_option, print_json, print_table
from ticketing_service.composition.doctor import Check, Level, check_set_up
from ticketing_service.settings import SettingsRefused, load_settings


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Check the settings, the database, the Stripe key with its rights, the webhook and the clocks.

    Changes nothing. Exits with 1 if there is a problem, but not for a warning.
    """
    # What is logged is in the checks. Without a handler it would come twice.
    logging.getLogger("ticketing_adapters").addHandler(logging.NullHandler())
    try:
        settings = load_settings(access=True, signing_key=True)
    except SettingsRefused as refused:
        found = [
            Check(Level.PROBLEM, each.variable, f"It {each.detail}.") for each in refused.mistakes
        ]
    else:
        found = [Check(Level.OK, "settings", "They fit together."), *check_set_up(settings)]
    healthy = all(check.level is not Level.PROBLEM for check in found)
    if as_json:
        checks = [{"level": c.level, "check": c.subject, "detail": c.detail} for c in found]
        print_json({"ok": healthy, "checks": checks})
    else:
        print_table(["", "check", "detail"], [(c.level, c.subject, c.detail) for c in found])
    if not healthy:
        raise click.exceptions.Exit(1)
