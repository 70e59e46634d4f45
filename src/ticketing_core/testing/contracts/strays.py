"""The contract of `StrayRepository`."""

import abc
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from attrs import evolve

from ticketing_core.money import LARGEST_AMOUNT_MINOR, Money
from ticketing_core.ports.repository import StrayRepository
from ticketing_core.stray import Stray
from ticketing_core.testing.contracts.examples import MINUTE, NOON
from ticketing_core.ticket import LONGEST_CHECKOUT_ID


def stray(checkout_id: str = "co_1", **changes: Any) -> Stray:
    """Return an unsettled stray of 25.00 USD, noticed at noon."""
    values: dict[str, Any] = {
        "checkout_id": checkout_id,
        "ticket_code": UUID(int=1, version=4),
        "payment_id": "pay_1",
        "amount": Money(2500, "usd"),
        "state": "paid",
        "first_seen_at": NOON,
    }
    return Stray(**(values | changes))


class StrayRepositoryContract(abc.ABC):
    """The tests of every repository of strays."""

    @abc.abstractmethod
    def make_strays(self) -> StrayRepository:
        """Return a repository without strays."""

    def test_a_stray_reads_back_unchanged(self) -> None:
        """So does every value: an instant to the microsecond, and the longest id."""
        strays = self.make_strays()
        for each in (
            stray(),
            stray("x" * LONGEST_CHECKOUT_ID, payment_id=None, amount=Money(0, "jpy")),
            stray("co_2", amount=Money(LARGEST_AMOUNT_MINOR, "idr"), state="bezahlt — 支払済 🎷"),
            stray("co_3", settled_at=NOON + MINUTE, how="returned"),
        ):
            strays.put(each)
            assert strays.by_checkout(each.checkout_id) == each

    def test_an_unknown_checkout_is_none(self) -> None:
        """However strange its id."""
        strays = self.make_strays()
        strays.put(stray())
        for strange in ("", "co_2", "\0", "\ud800", "x" * 10_000):
            assert strays.by_checkout(strange) is None

    def test_a_second_one_of_the_same_checkout_updates_the_first(self) -> None:
        """Every value but the instant at which it was noticed. It may be opened again."""
        strays = self.make_strays()
        strays.put(stray())
        settled = stray(
            ticket_code=UUID(int=2, version=4),
            payment_id="pay_2",
            amount=Money(0, "eur"),
            state="refunded",
            first_seen_at=NOON + MINUTE,
            settled_at=NOON + MINUTE,
            how="nothing is left of it",
        )
        for update in (settled, stray(first_seen_at=NOON - MINUTE)):
            strays.put(update)
            assert strays.by_checkout("co_1") == evolve(update, first_seen_at=NOON)

    def test_unsettled_ones_come_page_by_page(self) -> None:
        """Each once, in whatever order the store sorts text; settled ones are left out."""
        strays = self.make_strays()
        open_ones = [stray(name) for name in ("co_b", "co_A", "co_B", "co_a", "Co_1", "ço_1")]
        for each in open_ones:
            strays.put(each)
        strays.put(stray("co_Aa", settled_at=NOON, how="refunded"))
        for limit in (1, 4, 9):
            read: list[Stray] = []
            while page := strays.unsettled(after=read[-1].checkout_id if read else "", limit=limit):
                assert len(page) <= limit
                read += page
            assert len(read) == len(open_ones)
            assert {each.checkout_id for each in read} == {each.checkout_id for each in open_ones}

    def test_one_that_many_find_at_once_is_stored_once(self) -> None:
        """As when a webhook and the comparison meet it."""
        strays = self.make_strays()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(strays.put, [stray() for _ in range(16)]))
        assert list(strays.unsettled(after="", limit=9)) == [stray()]
