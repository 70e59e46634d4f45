"""The contract of `Leases`."""

import abc
from concurrent.futures import ThreadPoolExecutor

from ticketing_core.ports.repository import Leases
from ticketing_core.testing.contracts.examples import MINUTE, NOON


class LeasesContract(abc.ABC):
    """The tests of every store of leases."""

    @abc.abstractmethod
    def make_leases(self) -> Leases:
        """Return a store without leases."""

    def test_a_lease_has_one_holder_until_it_ends(self) -> None:
        """Others get it at the instant it ends, not before. Another name is another lease."""
        leases = self.make_leases()
        assert leases.acquire("settle", holder="a", now=NOON, until=NOON + MINUTE)
        assert not leases.acquire("settle", holder="b", now=NOON, until=NOON + MINUTE)
        assert leases.acquire("other", holder="b", now=NOON, until=NOON + MINUTE)
        end = NOON + MINUTE
        assert leases.acquire("settle", holder="b", now=end, until=end + MINUTE)
        assert not leases.acquire("settle", holder="a", now=end, until=end + MINUTE)

    def test_its_holder_can_prolong_it(self) -> None:
        """Any number of times, before it ends."""
        leases = self.make_leases()
        for minutes in range(3):
            now = NOON + minutes * MINUTE / 2
            assert leases.acquire("settle", holder="a", now=now, until=now + MINUTE)
        assert not leases.acquire("settle", holder="b", now=NOON + MINUTE, until=NOON + MINUTE)

    def test_one_of_many_at_once_gets_it(self) -> None:
        """Even when the lease is new."""
        leases = self.make_leases()

        def acquire(number: int) -> bool:
            until = NOON + MINUTE
            return leases.acquire("settle", holder=str(number), now=NOON, until=until)

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(acquire, range(16))) == 1
