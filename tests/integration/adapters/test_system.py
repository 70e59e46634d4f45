"""The machine's own clock and random source."""

from ticketing_adapters.system import RandomCodes, SystemClock
from ticketing_core.ports import Clock, Codes
from ticketing_core.testing import EnvironmentContract


class TestSystem(EnvironmentContract):
    """What production runs on."""

    def make_clock(self) -> Clock:
        """See the suite."""
        return SystemClock()

    def make_codes(self) -> Codes:
        """See the suite."""
        return RandomCodes()
