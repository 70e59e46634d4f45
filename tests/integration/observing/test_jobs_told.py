"""What the background work tells in the log."""

import logging

import pytest

from tests.unit.box_offices import HOLD, World
from ticketing_adapters.jobs.settler import NewsReader, Settler
from ticketing_core.testing import InMemoryLeases


def test_the_log_tells_a_pass_in_words(caplog: pytest.LogCaptureFixture) -> None:
    """Not as the program's objects. What did not happen is left out."""
    world = World()
    event = world.event()
    for buyer in ("ann", "bob"):
        world.office.reserve(event_id=event.event_id, quantity=1, buyer=buyer)
    world.clock.advance(HOLD)
    settler = Settler(office=world.office, leases=InMemoryLeases())
    with caplog.at_level(logging.INFO):
        settler.run_once()
        NewsReader(office=world.office, leases=InMemoryLeases()).run_once()
    assert caplog.messages == [
        "settled: of 2 that were due: 2 expired",
        (
            "news: 2 pages of lists, since the events do not reach back: "
            "0 tickets to look at, 0 payments without a ticket"
        ),
    ]
