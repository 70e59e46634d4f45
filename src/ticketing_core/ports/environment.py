"""Ports for the time and for new random names, which a pure core cannot take by itself."""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from ticketing_core.errors import Overloaded


class Clock(Protocol):
    """Knows the time, and lets it pass."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""

    def sleep(self, duration: timedelta) -> Overloaded | None:
        """Return after ``duration`` has passed, or `Overloaded` if too many callers sleep."""


class Codes(Protocol):
    """Makes ticket codes."""

    def new_code(self) -> UUID:
        """Return a code that cannot be guessed and was never returned before."""
