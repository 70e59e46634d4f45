"""The command `ticketing`. Each of its subcommands is a module that is loaded when it is called."""

try:
    from ticketing_service.cli.commands import main
except ModuleNotFoundError as error:
    if error.name != "click":
        raise
    # The script is installed with the bare library too, which depends on attrs alone.
    message = "The command needs more than the library: pip install 'ticketing-core[server]'"
    raise SystemExit(message) from error

__all__ = ["main"]
