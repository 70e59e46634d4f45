"""Scenarios of late money: no notification comes, so the jobs have to find everything."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from ticketing_core.testing.fake_checkout import RefundStatus
from ticketing_core.testing.simulation.actions import Action, Simulation, by_clock, in_turn
from ticketing_core.testing.simulation.choices import Bounds
from ticketing_core.testing.simulation.scenario import Scenario
from ticketing_core.testing.simulation.steps import (
    BOUGHT,
    ISSUED,
    OWED,
    PAID,
    appeals,
    buys_and_pays,
    disputes,
    disputes_a_part,
    ends_refunds,
    fails_at_once,
    gives_back,
    gives_back_a_part,
    loses,
    needs_the_buyer,
    owes,
    pays_and_verifies,
    refunds,
    refunds_again,
    settles,
    starts_refunds,
    the_bank_returns_it,
    the_buyer_acts,
    until_refused,
    verifies,
    wins,
)
from ticketing_core.testing.simulation.world import HOLD

FEW = Bounds(switches=1, calm_switches=2)
"""For two long actors."""
FEWEST = Bounds(switches=0, calm_switches=2)
"""For three long actors. After a mishap, no switch is forced."""

AN_HOUR = timedelta(hours=1)
A_DAY = timedelta(days=1)
A_MONTH = timedelta(days=33)
"""Longer than events are listed."""
TWO_MONTHS = timedelta(days=61)


def _late(
    name: str,
    before: Sequence[Action],
    *,
    bounds: Bounds | None = None,
    time_passes: Sequence[timedelta] = (),
    **actors: Action,
) -> Scenario:
    return Scenario(
        name=name,
        before=before,
        actors=actors,
        time_passes=time_passes,
        notifications=False,
        bounds=bounds or Bounds(),
    )


def later(span: timedelta) -> Action:
    """Return that so much time passes."""
    return partial(Simulation.let_pass, duration=span)


def _shows_late(delay: timedelta) -> Action:
    return partial(Simulation.show_events_late, delay=delay)


reads: Action = Simulation.read_news
_reads_and_settles = until_refused(reads, settles)
_is_suspected: Action = partial(Simulation.warn_of_fraud, buyer="ann")
_a_pass: Action = in_turn(reads, settles)

READ = (*ISSUED, reads, later(A_DAY))
"""Sold, and read since, so that events are read from here on."""

LATE_SCENARIOS = (
    _late("read and refund by hand", READ, reader=reads, seller=gives_back),
    _late(
        "read and settle, of a refund by hand",
        (*READ, gives_back, later(A_DAY)),
        reader=reads,
        settler=settles,
    ),
    _late(
        "settle and refund of the rest by hand that is read hours later",
        (*READ, gives_back_a_part, reads),
        settler=settles,
        seller=until_refused(gives_back, later(2 * AN_HOUR), reads),
    ),
    _late(
        "settle and settle, of noted refunds by hand",
        (*READ, gives_back, reads),
        first=settles,
        second=settles,
    ),
    _late(
        "read and read, of a refund by hand",
        (*READ, gives_back, later(A_DAY)),
        bounds=Bounds(switches=1),
        first=reads,
        second=reads,
    ),
    _late("read and refund, of a refund by hand", (*READ, gives_back), reader=reads, ann=refunds),
    _late(
        "read, settle and refund, as a day passes",
        (*READ, gives_back_a_part),
        bounds=Bounds(switches=0, calm_switches=1),
        time_passes=(A_DAY,),
        reader=_a_pass,
        organizer=refunds,
    ),
    _late(
        "read and refund by hand, of events that show late",
        (*READ, _shows_late(AN_HOUR)),
        time_passes=(AN_HOUR / 2,),
        reader=reads,
        seller=gives_back,
    ),
    _late(
        "read and refund by hand, for the first time",
        ISSUED,
        bounds=FEW,
        reader=reads,
        seller=gives_back,
    ),
    _late(
        "read and refund by hand, after a month in silence",
        (*READ, gives_back_a_part, later(A_MONTH)),
        bounds=FEW,
        reader=reads,
        seller=gives_back,
    ),
    _late(
        "read and chargeback, after two months",
        (*ISSUED, later(A_DAY), reads, later(TWO_MONTHS), disputes, reads, later(A_DAY)),
        reader=_a_pass,
        bank=loses,
        bounds=FEW,
    ),
    _late(
        "read and refund that the bank returns, after a month",
        (*ISSUED, refunds, later(A_MONTH), reads, later(A_DAY)),
        reader=_a_pass,
        bank=the_bank_returns_it,
    ),
    _late(
        "read and refund that the bank returns twice",
        (*ISSUED, refunds, the_bank_returns_it, _a_pass, _a_pass, later(A_DAY)),
        bounds=FEWEST,
        reader=_a_pass,
        bank=the_bank_returns_it,
        organizer=refunds_again,
    ),
    _late(
        "settle and buyer who acts, of a refund that waits",
        (*ISSUED, reads, needs_the_buyer, refunds, starts_refunds(RefundStatus.SUCCEEDED)),
        bounds=FEW,
        reader=_a_pass,
        buyer=the_buyer_acts,
    ),
    _late(
        "settle and refund that fails after it has waited",
        (*ISSUED, reads, needs_the_buyer, refunds, starts_refunds(RefundStatus.SUCCEEDED)),
        bounds=FEW,
        reader=_a_pass,
        bank=ends_refunds(RefundStatus.FAILED),
    ),
    _late(
        "read and refund, of a refund that fails at once",
        (*OWED, reads, fails_at_once),
        bounds=FEW,
        reader=_a_pass,
        organizer=refunds,
    ),
    _late(
        "read and refund by hand that waits",
        (*READ, needs_the_buyer, gives_back_a_part, starts_refunds(RefundStatus.SUCCEEDED)),
        bounds=FEWEST,
        reader=_a_pass,
        organizer=refunds,
        buyer=the_buyer_acts,
    ),
    _late(
        "read and dispute of a part that is lost, appealed and won",
        (*READ, disputes_a_part),
        bounds=FEW,
        reader=_a_pass,
        bank=until_refused(loses, appeals, wins),
    ),
    _late(
        "refund, read and dispute of a part that is won",
        (*READ, disputes_a_part, _a_pass, later(A_DAY)),
        bounds=FEWEST,
        organizer=refunds,
        reader=_a_pass,
        bank=wins,
    ),
    _late(
        "read and appeal that is won, of a lost dispute and a refund of the rest",
        (*READ, disputes_a_part, loses, refunds, later(A_DAY)),
        bounds=FEW,
        reader=_a_pass,
        bank=until_refused(appeals, wins),
    ),
    _late(
        "read and refund, after a fraud warning",
        (*READ, _is_suspected),
        bounds=FEW,
        reader=reads,
        organizer=refunds,
    ),
    _late("read and purchase", (reads, later(A_DAY)), reader=reads, ann=buys_and_pays),
    _late("first read and verify", PAID, bounds=FEW, reader=reads, ann=verifies),
)
"""Without notifications. The longer ones are run with fewer switches."""

CLOCK_SCENARIOS = (
    _late(
        "pay, verify and settle by a clock that is an hour ahead",
        BOUGHT,
        settler=by_clock(AN_HOUR, settles),
        ann=pays_and_verifies,
    ),
    _late(
        "pay, verify and settle by a clock that is an hour behind",
        BOUGHT,
        settler=by_clock(-AN_HOUR, settles),
        ann=pays_and_verifies,
        time_passes=(HOLD,),
        bounds=FEW,
    ),
    _late(
        "settle and settle by a clock that is a month ahead, of an owed refund",
        (*ISSUED, later(2 * A_DAY), owes),
        right=settles,
        wrong=by_clock(A_MONTH, settles),
    ),
    _late(
        "settle by a clock that is a day ahead and read, of a refund by hand",
        (*READ, gives_back, reads),
        wrong=by_clock(A_DAY, settles),
        reader=reads,
    ),
    _late(
        "read by a clock that is two hours ahead and refund by hand",
        READ,
        reader=by_clock(2 * AN_HOUR, reads),
        seller=gives_back,
    ),
    _late(
        "read by a clock that is a month behind and refund by hand",
        READ,
        reader=by_clock(-A_MONTH, reads),
        seller=gives_back,
    ),
)
"""Processes whose clocks are wrong."""
