"""Ports for what a pure core may not take by itself: the time and new random names."""

from datetime import datetime
from typing import Protocol
from uuid import UUID


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class Codes(Protocol):
    """Makes ticket codes."""

    def new_code(self) -> UUID:
        """A code that nobody can guess and nobody was given before."""
