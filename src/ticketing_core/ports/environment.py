"""Ports for what a pure core may not take by itself: the time and new random names."""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID


class Clock(Protocol):
    """Tells the time, and lets it pass."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""

    def sleep(self, duration: timedelta) -> None:
        """Come back when ``duration`` has passed."""


class Codes(Protocol):
    """Makes ticket codes."""

    def new_code(self) -> UUID:
        """A code that nobody can guess and nobody was given before."""
