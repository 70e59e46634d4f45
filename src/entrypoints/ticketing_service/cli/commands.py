"""The list of commands, and their error handling: a message on stderr and exit code 1."""

import errno
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

import click
from attrs import frozen

from ticketing_core.errors import StoreUnavailable, TicketingError
from ticketing_service.observing.logs import visible
from ticketing_service.settings import PREFIX, CannotStart


@frozen
class _Listed:
    """A command that is not loaded yet: the module that holds it by its name, and its help."""

    module: str
    help: str


_COMMANDS: Mapping[str, _Listed] = MappingProxyType(
    {
        "demo": _Listed("demo", "Sell a ticket on this machine, without settings or accounts."),
        "serve": _Listed("serve", "Serve the HTTP API."),
        "migrate": _Listed("migrate", "Bring the database schema to this version."),
        "backup": _Listed("backup", "Make a backup of a SQLite database while the service runs."),
        "event": _Listed("event", "Add events, change, cancel and list them."),
        "ticket": _Listed("ticket", "Show and find tickets."),
        "buyer": _Listed("buyer", "Erase buyers."),
        "gate": _Listed("gate", "Check tickets offline, and record who went in."),
        "report": _Listed("report", "Show what was sold, and where the money is."),
        "doctor": _Listed("doctor", "Check the settings, the database and the Stripe account."),
        "stripe": _Listed("stripe", "Show what to set up in Stripe's Dashboard."),
        "token": _Listed("token", "Make an access token for development."),
        "settle": _Listed("settle", "Settle everything that is due, once."),
        "reconcile": _Listed("reconcile", "Compare the payment provider with the database."),
        "restored": _Listed("restored", "Bring a restored database in line with Stripe."),
        "refund": _Listed("refund", "Void tickets and refund them."),
        "keys": _Listed("keys", "List, publish and revoke the keys of admission tokens."),
        "subscriber": _Listed("subscriber", "Tell other programs of each change, by webhook."),
        "sandbox": _Listed("sandbox", "Run a local stand-in for Stripe."),
    }
)


class _Commands(click.Group):
    """Loads a command when it is called, because databases and servers take a second or more."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"ticketing_service.cli.{_COMMANDS[cmd_name].module}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, listed.help) for name, listed in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            # Click means it to be final, but all of its kinds print it by themselves.
            error.message = visible(error.message)  # type: ignore[misc]
            raise
        except StoreUnavailable as error:
            reason = f" ({error.reason})" if error.reason else ""
            text = f"The database that {PREFIX}DATABASE_URL names cannot be used now{reason}."
            raise click.ClickException(visible(text)) from error
        except (CannotStart, TicketingError) as error:
            raise click.ClickException(visible(str(error))) from error
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            # What is left in the buffer would fail once more at the end, with a traceback.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise click.ClickException(
                f"The output cannot be written: {error.strerror}."
            ) from error


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ticketing-core")
def main() -> None:
    """Sell tickets: reserve places, take the money, issue, never oversell.

    The settings are environment variables that begin with TICKETING_. A command lists all that it
    needs and that are missing or wrong.
    """
