"""The clock and the random codes of this machine."""

from ticketing_adapters.system import RandomCodes, SystemClock
from ticketing_core.ports import Clock, Codes
from ticketing_core.testing import EnvironmentContract


class TestSystem(EnvironmentContract):
    """The adapters of production."""

    def make_clock(self) -> Clock:
        """See the suite."""
        return SystemClock()

    def make_codes(self) -> Codes:
        """See the suite."""
        return RandomCodes()
