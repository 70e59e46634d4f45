"""The contract of `Leases`."""

import abc
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from ticketing_core.ports.repository import Leases
from ticketing_core.testing.contracts.examples import NOON

MINUTE = timedelta(minutes=1)


class LeasesContract(abc.ABC):
    """What every store of leases does. Inherit, and say how to make an empty one."""

    @abc.abstractmethod
    def make_leases(self) -> Leases:
        """A store without leases."""

    def test_a_lease_has_one_holder_until_it_ends(self) -> None:
        """Others get it from its very end on; another name is another lease."""
        leases = self.make_leases()
        assert leases.acquire("settle", holder="a", now=NOON, until=NOON + MINUTE)
        assert not leases.acquire("settle", holder="b", now=NOON, until=NOON + MINUTE)
        assert leases.acquire("other", holder="b", now=NOON, until=NOON + MINUTE)
        end = NOON + MINUTE
        assert leases.acquire("settle", holder="b", now=end, until=end + MINUTE)
        assert not leases.acquire("settle", holder="a", now=end, until=end + MINUTE)

    def test_its_holder_prolongs_it(self) -> None:
        """As often as he likes, before it ends."""
        leases = self.make_leases()
        for minutes in range(3):
            now = NOON + minutes * MINUTE / 2
            assert leases.acquire("settle", holder="a", now=now, until=now + MINUTE)
        assert not leases.acquire("settle", holder="b", now=NOON + MINUTE, until=NOON + MINUTE)

    def test_of_many_at_once_one_gets_it(self) -> None:
        """Also when it is taken for the very first time."""
        leases = self.make_leases()

        def acquire(number: int) -> bool:
            until = NOON + MINUTE
            return leases.acquire("settle", holder=str(number), now=NOON, until=until)

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(acquire, range(16))) == 1
