"""Scenarios of the outbox. Most tickets cost nothing there, since money is not what they are about.

The reader subscribes before anything is sold.
"""

from functools import partial

from ticketing_core import schedule
from ticketing_core.message import MessageKind
from ticketing_core.subscription import SHORTEST_PAUSE
from ticketing_core.testing.contracts.examples import FREE
from ticketing_core.testing.simulation.actions import Action, Simulation
from ticketing_core.testing.simulation.gate_scenarios import fetches_list, mis_scans, scans
from ticketing_core.testing.simulation.late import FEW, FEWEST
from ticketing_core.testing.simulation.restores import backs_up, restores
from ticketing_core.testing.simulation.steps import BOUGHT, buys, refunds, scenario, until_refused

LEASE = schedule.lease(0)
_GATE = "north"

subscribes: Action = Simulation.subscribe
delivers: Action = Simulation.deliver
delivers_all: Action = Simulation.deliver_all
enables: Action = Simulation.enable
fails: Action = Simulation.fail
goes_back: Action = Simulation.go_back


def minds(kind: MessageKind) -> Action:
    """Return an action after which the reader refuses all messages of a kind."""
    return partial(Simulation.mind, kind=kind)


_ISSUED = (subscribes, *BOUGHT)
_ADMITTED = (*_ISSUED, fetches_list(_GATE), scans(_GATE))
"""Two messages of one ticket wait."""
_MINDED = (minds(MessageKind.TICKET_ISSUED), *_ADMITTED)

OUTBOX_SCENARIOS = (
    scenario(
        "deliver and deliver, of two versions",
        _ADMITTED,
        price=FREE,
        first=delivers_all,
        second=delivers,
        bounds=FEW,
    ),
    scenario(
        "deliver and deliver, as a claim ends",
        _ADMITTED,
        price=FREE,
        time_passes=(LEASE,),
        first=delivers,
        second=delivers,
        bounds=FEW,
    ),
    scenario(
        "deliver and refund",
        _ADMITTED,
        price=FREE,
        organizer=refunds,
        courier=delivers_all,
    ),
    scenario(
        "deliver and mis-scan, and a pause that ends",
        (*_ISSUED, fetches_list(_GATE)),
        price=FREE,
        time_passes=(SHORTEST_PAUSE,),
        north=mis_scans(_GATE),
        courier=until_refused(delivers, delivers),
        bounds=FEWEST,
    ),
    scenario(
        "deliver and deliver, of two tickets, one of which is minded",
        (*_MINDED, buys("bob")),
        capacity=2,
        price=FREE,
        first=delivers,
        second=delivers,
        bounds=FEW,
    ),
    scenario(
        "deliver and enable, while nothing is answered",
        (*_ADMITTED, fails),
        price=FREE,
        courier=delivers,
        operator=enables,
    ),
    scenario(
        "deliver and purchase, of a paid ticket",
        (subscribes,),
        ann=until_refused(buys("ann"), partial(Simulation.pay, buyer="ann")),
        gateway=until_refused(Simulation.notify, delivers),
        bounds=FEW,
    ),
    scenario(
        "deliver and change of the event",
        (subscribes,),
        organizer=partial(Simulation.edit, terms={"capacity": 3}),
        courier=delivers_all,
        bounds=FEW,
    ),
    scenario(
        "deliver, and a restore at any moment, of a refund since the backup",
        (*_ISSUED, backs_up, refunds),
        price=FREE,
        operator=until_refused(goes_back, restores),
        courier=delivers_all,
        bounds=FEWEST,
    ),
    scenario(
        "deliver and refund, after a restore",
        (*_ISSUED, backs_up, goes_back, restores),
        price=FREE,
        organizer=refunds,
        courier=delivers_all,
        bounds=FEWEST,
    ),
)
"""All schedules of each one run in a second or two."""
