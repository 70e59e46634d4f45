"""The contracts of `Clock` and `Codes`."""

import abc
from datetime import timedelta

from ticketing_core.ports.environment import Clock, Codes


class EnvironmentContract(abc.ABC):
    """The tests of every clock and every source of codes."""

    @abc.abstractmethod
    def make_clock(self) -> Clock:
        """Return a clock."""

    @abc.abstractmethod
    def make_codes(self) -> Codes:
        """Return a source of codes."""

    def test_the_time_is_aware_and_utc(self) -> None:
        """So instants of different machines can be compared."""
        assert self.make_clock().now().utcoffset() == timedelta(0)

    def test_the_time_does_not_run_backwards(self) -> None:
        """A later call never returns an earlier instant."""
        clock = self.make_clock()
        assert clock.now() <= clock.now()

    def test_sleeping_takes_at_least_its_duration(self) -> None:
        """By the same clock."""
        clock = self.make_clock()
        before = clock.now()
        clock.sleep(timedelta(milliseconds=1))
        assert clock.now() - before >= timedelta(milliseconds=1)

    def test_codes_are_random_uuids_and_never_repeat(self) -> None:
        """A thousand codes differ and have the form of RFC 9562, version 4."""
        codes = self.make_codes()
        made = [codes.new_code() for _ in range(1000)]
        assert len(set(made)) == len(made)
        assert {code.version for code in made} == {4}
