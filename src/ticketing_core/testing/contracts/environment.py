"""The contracts of `Clock` and `Codes`."""

import abc
from datetime import timedelta

from ticketing_core.ports.environment import Clock, Codes


class EnvironmentContract(abc.ABC):
    """What every clock and every source of codes do. Inherit, and say how to make them."""

    @abc.abstractmethod
    def make_clock(self) -> Clock:
        """A clock."""

    @abc.abstractmethod
    def make_codes(self) -> Codes:
        """A source of codes."""

    def test_the_time_is_aware_and_utc(self) -> None:
        """So that instants of different machines compare."""
        assert self.make_clock().now().utcoffset() == timedelta(0)

    def test_the_time_does_not_run_backwards(self) -> None:
        """A later call never tells an earlier instant."""
        clock = self.make_clock()
        assert clock.now() <= clock.now()

    def test_time_passes_while_one_sleeps(self) -> None:
        """At least as long as was asked for."""
        clock = self.make_clock()
        before = clock.now()
        clock.sleep(timedelta(milliseconds=1))
        assert clock.now() - before >= timedelta(milliseconds=1)

    def test_codes_are_random_uuids_and_never_repeat(self) -> None:
        """A thousand in a row differ and have the form of RFC 9562, version 4."""
        codes = self.make_codes()
        made = [codes.new_code() for _ in range(1000)]
        assert len(set(made)) == len(made)
        assert {code.version for code in made} == {4}
