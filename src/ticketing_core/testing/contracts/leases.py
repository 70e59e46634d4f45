"""The contract of `Leases`."""

import abc
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier

from ticketing_core.ports.repository import Leases
from ticketing_core.testing.contracts.examples import MINUTE, NOON

SECOND = timedelta(seconds=1)
YEAR = timedelta(days=365)


class LeasesContract(abc.ABC):
    """The tests of every store of leases."""

    @abc.abstractmethod
    def make_leases(self) -> Leases:
        """Return a store without leases."""

    def test_a_lease_has_one_holder_until_it_ends(self) -> None:
        """Others get it at the instant it ends, not before. Another name is another lease."""
        leases = self.make_leases()
        assert leases.acquire("settle", holder="a", now=NOON, lasting=MINUTE)
        assert not leases.acquire("settle", holder="b", now=NOON, lasting=MINUTE)
        assert leases.acquire("other", holder="b", now=NOON, lasting=MINUTE)
        end = NOON + MINUTE
        assert not leases.acquire("settle", holder="b", now=end - SECOND, lasting=MINUTE)
        assert leases.acquire("settle", holder="b", now=end, lasting=MINUTE)
        assert not leases.acquire("settle", holder="a", now=end, lasting=MINUTE)

    def test_its_holder_can_prolong_it(self) -> None:
        """Any number of times, before it ends. It can end the lease sooner, too."""
        leases = self.make_leases()
        for minutes in range(3):
            now = NOON + minutes * MINUTE / 2
            assert leases.acquire("settle", holder="a", now=now, lasting=MINUTE)
        assert not leases.acquire("settle", holder="b", now=NOON + MINUTE, lasting=MINUTE)
        assert leases.acquire("settle", holder="a", now=NOON + MINUTE, lasting=SECOND)
        assert leases.acquire("settle", holder="b", now=NOON + MINUTE + SECOND, lasting=MINUTE)

    def test_one_of_many_at_once_gets_it(self) -> None:
        """Even when the lease is new."""
        leases = self.make_leases()
        at_once = Barrier(8)

        def acquire(name: str, number: int) -> bool:
            at_once.wait()
            return leases.acquire(name, holder=str(number), now=NOON, lasting=MINUTE)

        with ThreadPoolExecutor(at_once.parties) as pool:
            for name in map(str, range(100)):
                assert sum(pool.map(partial(acquire, name), range(at_once.parties))) == 1

    def test_a_lease_of_a_clock_far_ahead_is_free(self) -> None:
        """Otherwise nobody would have it for a year. Its own holder gets it as well."""
        for holder in ("other", "ahead"):
            leases = self.make_leases()
            assert leases.acquire("settle", holder="ahead", now=NOON + YEAR, lasting=MINUTE)
            assert leases.acquire("settle", holder=holder, now=NOON, lasting=MINUTE)
            assert not leases.acquire("settle", holder="third", now=NOON, lasting=MINUTE)
            assert leases.acquire("settle", holder="third", now=NOON + MINUTE, lasting=MINUTE)

    def test_an_earlier_instant_that_comes_later_takes_nothing(self) -> None:
        """The call may have waited for the store, or its clock is a little behind."""
        leases = self.make_leases()
        assert leases.acquire("settle", holder="a", now=NOON + MINUTE / 2, lasting=MINUTE)
        assert not leases.acquire("settle", holder="b", now=NOON, lasting=MINUTE)

    def test_a_lease_may_be_taken_for_different_times(self) -> None:
        """The longest of them decides which end is believed."""
        leases = self.make_leases()
        day = timedelta(days=1)
        assert leases.acquire("compare", holder="a", now=NOON, lasting=day)
        for now in (NOON, NOON + day - SECOND):
            assert not leases.acquire("compare", holder="b", now=now, lasting=MINUTE, at_most=day)
        end = NOON + day
        assert leases.acquire("compare", holder="b", now=end, lasting=MINUTE, at_most=day)
        end += MINUTE
        assert leases.acquire("compare", holder="a", now=end, lasting=MINUTE, at_most=day)
