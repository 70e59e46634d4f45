"""The command `ticketing`. Each of its commands is a module here, loaded when it is called."""

try:
    from ticketing_service.cli.commands import main
except ModuleNotFoundError as error:
    if error.name != "click":
        raise
    # The script comes with the bare library, too, which needs nothing but attrs.
    message = "The command needs more than the library: pip install 'ticketing-core[server]'"
    raise SystemExit(message) from error

__all__ = ["main"]
