"""All schedules of late money, wrong clocks and restores, without a single notification."""

import pytest

from tests.unit.simulation.counted import counted
from ticketing_core.testing.simulation import (
    CLOCK_SCENARIOS,
    LATE_SCENARIOS,
    RESTORE_SCENARIOS,
    Scenario,
)

SCENARIOS = (*LATE_SCENARIOS, *CLOCK_SCENARIOS, *RESTORE_SCENARIOS)

SCHEDULES = {
    "read and refund by hand": (6, 94),
    "read and settle, of a refund by hand": (57, 833),
    "settle and refund of the rest by hand that is read hours later": (2997, 6192),
    "settle and settle, of noted refunds by hand": (36, 668),
    "read and read, of a refund by hand": (3432, 3964),
    "read and refund, of a refund by hand": (330, 1560),
    "read, settle and refund, as a day passes": (116, 588),
    "read and refund by hand, of events that show late": (42, 416),
    "read and refund by hand, for the first time": (15, 423),
    "read and refund by hand, after a month in silence": (15, 336),
    "read and chargeback, after two months": (13, 485),
    "read and refund that the bank returns, after a month": (8, 347),
    "read and refund that the bank returns twice": (299, 710),
    "settle and buyer who acts, of a refund that waits": (13, 475),
    "settle and refund that fails after it has waited": (13, 527),
    "read and refund, of a refund that fails at once": (9, 217),
    "read and refund by hand that waits": (598, 1035),
    "read and dispute of a part that is lost, appealed and won": (64, 647),
    "refund, read and dispute of a part that is won": (487, 894),
    "read and appeal that is won, of a lost dispute and a refund of the rest": (44, 728),
    "read and refund, after a fraud warning": (79, 832),
    "read and purchase": (127, 950),
    "first read and verify": (77, 750),
    "pay, verify and settle by a clock that is an hour ahead": (80, 703),
    "pay, verify and settle by a clock that is an hour behind": (90, 947),
    "settle and settle by a clock that is a month ahead, of an owed refund": (222, 1502),
    "settle by a clock that is a day ahead and read, of a refund by hand": (722, 2566),
    "read by a clock that is two hours ahead and refund by hand": (6, 94),
    "read by a clock that is a month behind and refund by hand": (6, 94),
    "restore and purchase, of a lost ticket that was paid": (66, 2019),
    "restore and payment, of a lost ticket": (27, 1413),
    "restore and purchase again with the key, of a lost ticket": (135, 331),
    "restore and verify, of a payment since the backup": (58, 1421),
    "restore and settle, of a payment since the backup whose hold is over": (30, 204),
    "restore and cancel, of an open checkout": (74, 226),
    "restore and notification, of a refund since the backup": (74, 246),
    "restore and refund again, of a refund since the backup that the bank has returned": (148, 364),
    "restore and refund again, of a payment and of refunds that the bank has returned twice": (
        111,
        331,
    ),
    "restore and refund that waits, of a sale before the backup": (26, 26),
    "restore and refund of the rest by hand, of a sale of last month": (34, 232),
    "restore and lost dispute, of a sale of last month": (34, 230),
    "restore and restore, of a payment and a lost ticket": (72, 446),
    "purchase, and a restore at any moment": (108, 1865),
    "purchase, a backup and a restore after the hold, each at any moment": (265, 1617),
    "verify, and a restore at any moment": (61, 238),
    "refund, and a restore at any moment": (127, 326),
    "settle, and a restore at any moment, after the hold": (34, 231),
}
"""How many schedules each scenario has without a mishap, and in all. They are pinned, too."""


def test_every_scenario_is_pinned() -> None:
    """The table has exactly these scenarios."""
    assert [scenario.name for scenario in SCENARIOS] == list(SCHEDULES)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_no_schedule_breaks_a_promise(scenario: Scenario) -> None:
    """Money that nobody told of is found, and a restore loses nothing, wherever a process dies."""
    assert counted(scenario) == SCHEDULES[scenario.name]
