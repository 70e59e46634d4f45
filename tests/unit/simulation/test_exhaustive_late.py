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
    "read and refund by hand": (4, 50),
    "read and settle, of a refund by hand": (36, 570),
    "settle and refund of the rest by hand that is read hours later": (1281, 3602),
    "settle and settle, of noted refunds by hand": (36, 668),
    "read and read, of a refund by hand": (252, 584),
    "read and refund, of a refund by hand": (126, 922),
    "read, settle and refund, as a day passes": (104, 552),
    "read and refund by hand, of events that show late": (20, 176),
    "read and refund by hand, for the first time": (13, 321),
    "read and refund by hand, after a month in silence": (13, 260),
    "read and chargeback, after two months": (11, 383),
    "read and refund that the bank returns, after a month": (6, 205),
    "read and refund that the bank returns twice": (231, 618),
    "settle and buyer who acts, of a refund that waits": (11, 375),
    "settle and refund that fails after it has waited": (11, 417),
    "read and refund, of a refund that fails at once": (7, 155),
    "read and refund by hand that waits": (474, 887),
    "read and dispute of a part that is lost, appealed and won": (54, 523),
    "refund, read and dispute of a part that is won": (381, 764),
    "read and appeal that is won, of a lost dispute and a refund of the rest": (38, 596),
    "read and refund, after a fraud warning": (61, 674),
    "read and purchase": (56, 620),
    "first read and verify": (67, 642),
    "pay, verify and settle by a clock that is an hour ahead": (80, 703),
    "pay, verify and settle by a clock that is an hour behind": (90, 947),
    "settle and settle by a clock that is a month ahead, of an owed refund": (222, 1502),
    "settle by a clock that is a day ahead and read, of a refund by hand": (237, 1431),
    "read by a clock that is two hours ahead and refund by hand": (4, 50),
    "read by a clock that is a month behind and refund by hand": (4, 50),
    "restore and purchase, of a lost ticket that was paid": (60, 1737),
    "restore and payment, of a lost ticket": (24, 1108),
    "restore and purchase again with the key, of a lost ticket": (120, 304),
    "restore and verify, of a payment since the backup": (43, 1054),
    "restore and settle, of a payment since the backup whose hold is over": (25, 179),
    "restore and cancel, of an open checkout": (59, 191),
    "restore and notification, of a refund since the backup": (59, 211),
    "restore and refund again, of a refund since the backup that the bank has returned": (128, 324),
    "restore and refund again, of a payment and of refunds that the bank has returned twice": (
        106,
        306,
    ),
    "restore and refund of the rest by hand, of a sale of last month": (22, 172),
    "restore and lost dispute, of a sale of last month": (22, 170),
    "restore and restore, of a payment and a lost ticket": (62, 396),
    "purchase, and a restore at any moment": (93, 1594),
    "purchase, a backup and a restore after the hold, each at any moment": (203, 1331),
    "verify, and a restore at any moment": (46, 203),
    "refund, and a restore at any moment": (102, 281),
    "settle, and a restore at any moment, after the hold": (29, 206),
}
"""How many schedules each scenario has without a mishap, and in all. They are pinned, too."""


def test_every_scenario_is_pinned() -> None:
    """The table has exactly these scenarios."""
    assert [scenario.name for scenario in SCENARIOS] == list(SCHEDULES)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_no_schedule_breaks_a_promise(scenario: Scenario) -> None:
    """Money that nobody told of is found, and a restore loses nothing, wherever a process dies."""
    assert counted(scenario) == SCHEDULES[scenario.name]
