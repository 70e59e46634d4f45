"""The sandbox's time: a real clock that can be set forward, never back."""

from collections.abc import Callable


class SandboxClock:
    """Reads `wall`, Unix seconds, and adds what it was advanced by."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self.wall = wall
        self._ahead = 0.0

    def now(self) -> float:
        """Return the sandbox's Unix time in seconds."""
        return self.wall() + self._ahead

    def advance(self, seconds: float) -> None:
        """Set the clock forward."""
        if seconds < 0:
            raise ValueError("The clock of the sandbox can only be set forward.")
        self._ahead += seconds

    def reset(self) -> None:
        """Show the real time again."""
        self._ahead = 0.0
