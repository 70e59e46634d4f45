"""The command `ticketing`. Each of its commands is a module here, loaded when it is called."""

from entrypoints.cli.commands import main

__all__ = ["main"]
