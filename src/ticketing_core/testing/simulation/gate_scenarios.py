"""Scenarios of the gates. Most tickets cost nothing there: money is not what they are about.

The devices have fetched the gate list of that morning, before anybody came.
"""

from functools import partial

from ticketing_core.testing.contracts.examples import FREE
from ticketing_core.testing.simulation.actions import Action, Simulation, in_turn
from ticketing_core.testing.simulation.late import FEW
from ticketing_core.testing.simulation.steps import (
    BOUGHT,
    ISSUED,
    PAID,
    buys,
    gives_back,
    notifies,
    pays_and_verifies,
    refunds,
    scenario,
    until_refused,
    verifies,
)

_NORTH, _SOUTH = "north", "south"


def scans(device: str, *, people: int = 1) -> Action:
    """Return a scan that asks the service and, without an answer, is decided by the device."""
    return partial(Simulation.scan, device=device, buyer="ann", people=people)


def scans_offline(device: str, *, people: int = 1) -> Action:
    """Return a scan that an offline device decides."""
    return partial(Simulation.scan_offline, device=device, buyer="ann", people=people)


def mis_scans(device: str) -> Action:
    """Return a scan of the wrong ticket, which is taken back."""
    return partial(Simulation.mis_scan, device=device, buyer="ann")


def takes_back(device: str) -> Action:
    """Return the undo of the last scan."""
    return partial(Simulation.take_back, device=device)


def sends_again(device: str) -> Action:
    """Return a copy of the last request, which the network has delayed."""
    return partial(Simulation.send_again, device=device)


def syncs(device: str) -> Action:
    """Return the sync of a device."""
    return partial(Simulation.sync, device=device)


def fetches_list(device: str) -> Action:
    """Return the fetch of the gate list by a device."""
    return partial(Simulation.fetch_gate_list, device=device)


_LISTS = (fetches_list(_NORTH), fetches_list(_SOUTH))
_BOUGHT_FOR_TWO = (partial(Simulation.purchase, buyer="ann", quantity=2),)

GATE_SCENARIOS = (
    scenario(
        "scan and scan, of a copied ticket",
        (*BOUGHT, *_LISTS),
        price=FREE,
        north=until_refused(scans(_NORTH), syncs(_NORTH), sends_again(_NORTH)),
        south=scans(_SOUTH),
    ),
    scenario(
        "scan and scan, of a group that comes in parts",
        (*_BOUGHT_FOR_TWO, *_LISTS),
        capacity=2,
        price=FREE,
        north=until_refused(scans(_NORTH), scans(_NORTH)),
        south=scans(_SOUTH, people=2),
    ),
    scenario(
        "scan and verify, of a payment of this minute",
        (*PAID, *_LISTS),
        north=scans(_NORTH),
        ann=verifies,
    ),
    scenario(
        "scan and refund",
        (*ISSUED, *_LISTS),
        north=until_refused(scans(_NORTH), syncs(_NORTH)),
        organizer=refunds,
    ),
    scenario(
        "scan and refund by hand",
        (*ISSUED, *_LISTS),
        north=scans(_NORTH),
        seller=until_refused(gives_back, notifies),
    ),
    scenario(
        "undo and scan that is sent twice, of a copied ticket",
        (*BOUGHT, *_LISTS, scans(_NORTH)),
        price=FREE,
        north=takes_back(_NORTH),
        south=until_refused(scans(_SOUTH), sends_again(_SOUTH)),
    ),
    scenario(
        "undo and purchase, of the place of a refunded ticket",
        (*BOUGHT, scans(_NORTH), refunds),
        price=FREE,
        north=takes_back(_NORTH),
        bob=buys("bob"),
    ),
    scenario(
        "mis-scan and its copy",
        (*BOUGHT, *_LISTS),
        price=FREE,
        north=mis_scans(_NORTH),
        network=sends_again(_NORTH),
    ),
    scenario(
        "mis-scan and scan, of a group",
        (*_BOUGHT_FOR_TWO, *_LISTS),
        capacity=2,
        price=FREE,
        north=mis_scans(_NORTH),
        south=scans(_SOUTH),
    ),
    scenario(
        "offline scan and refund, of a place that is sold again",
        (*BOUGHT, *_LISTS),
        price=FREE,
        north=until_refused(scans_offline(_NORTH), syncs(_NORTH)),
        organizer=in_turn(refunds, buys("bob")),
    ),
    scenario(
        "offline scan and payment, of a ticket that nobody should have yet",
        (*BOUGHT, *_LISTS),
        north=until_refused(scans_offline(_NORTH), syncs(_NORTH)),
        ann=pays_and_verifies,
        bounds=FEW,
    ),
    scenario(
        "two offline gates, of a copied ticket",
        (*BOUGHT, *_LISTS),
        price=FREE,
        north=until_refused(scans_offline(_NORTH), syncs(_NORTH)),
        south=until_refused(scans_offline(_SOUTH), takes_back(_SOUTH)),
        bounds=FEW,
    ),
)
"""All schedules of each one run in a second."""
