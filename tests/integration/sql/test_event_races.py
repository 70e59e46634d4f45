"""Threads that buy while others change the event, or cancel it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from tests.integration.sql import racing
from tests.support.ways_to_hold import EACH_WAY
from tests.unit.simulation.broken_events import blind_to
from ticketing_adapters.sql import SqlEvents, SqlTickets
from ticketing_core import Event, Organizer, TicketStatus
from ticketing_core.errors import CapacityBelowKept, EventCancelled, SoldOut
from ticketing_core.reservation import Held, HoldOutcome
from ticketing_core.testing import FakeGateway, ManualClock
from ticketing_core.testing.contracts.examples import FREE, draft, stored_event

BUYERS = 20
ORDERS = 10
BY = "organizer"


def organizer(engine: Engine) -> Organizer:
    """Return an organizer of the store."""
    clock = ManualClock()
    return Organizer(
        events=SqlEvents(engine),
        tickets=SqlTickets(engine),
        gateway=FakeGateway(clock=clock),
        clock=clock,
    )


def latest(engine: Engine, event: Event) -> Event:
    """Return the event as it is now."""
    now = SqlEvents(engine).latest(event.event_id)
    assert now is not None
    return now


def rush(
    engine: Engine, event: Event, meanwhile: Callable[[], object]
) -> list[tuple[HoldOutcome, bool]]:
    """Let all buyers order one place after another, and something else happen after the first.

    Returns:
        The outcomes, and whether each hold began after all that had happened.
    """
    store = SqlTickets(engine)
    is_selling, is_over = threading.Event(), threading.Event()

    def buy(number: int) -> list[tuple[HoldOutcome, bool]]:
        outcomes = []
        for _ in range(ORDERS):
            is_late = is_over.is_set()
            order = draft(event, ticket_code=uuid4(), buyer=str(number))
            outcomes.append((store.hold(order), is_late))
            is_selling.set()
        # However fast they were, each asks once more.
        is_over.wait(racing.TIMEOUT_SECONDS)
        order = draft(event, ticket_code=uuid4(), buyer=str(number))
        return [*outcomes, (store.hold(order), True)]

    def happen() -> None:
        is_selling.wait(racing.TIMEOUT_SECONDS)
        try:
            meanwhile()
        finally:
            is_over.set()

    with ThreadPoolExecutor(BUYERS + 1) as pool:
        happening = pool.submit(happen)
        buying = [pool.submit(buy, number) for number in range(BUYERS)]
        outcomes = [each for one in buying for each in one.result()]
        happening.result()
    return outcomes


@EACH_WAY
@pytest.mark.usefixtures("way")
def test_nobody_is_sold_a_place_that_an_edit_takes_away(engine: Engine) -> None:
    """The capacity falls to what is kept and rises again, all the time: the sums agree."""
    event = stored_event(SqlEvents(engine), price=FREE, capacity=60)
    desk = organizer(engine)
    refused = []

    def lower_and_raise() -> None:
        for extra, _ in zip(cycle([-1, 0, 3]), range(30), strict=False):
            now = latest(engine, event)
            terms = {"capacity": max(1, now.kept + extra)}
            try:
                desk.change_event(now.event_id, terms, version=now.version, by=BY)
            except CapacityBelowKept as error:
                refused.append((error.kept, terms["capacity"]))

    outcomes = [outcome for outcome, _ in rush(engine, event, lower_and_raise)]
    held = sum(isinstance(each, Held) for each in outcomes)
    assert held + sum(isinstance(each, SoldOut) for each in outcomes) == len(outcomes)
    assert racing.count_places(engine, event) == held
    assert refused
    assert all(kept > capacity for kept, capacity in refused)
    history = SqlEvents(engine).history(event.event_id, before=None, limit=10**6)
    assert [entry.version for entry in history] == list(range(len(history), 0, -1))
    assert latest(engine, event).version == len(history)


def cancelled_in_a_rush(engine: Engine) -> list[tuple[HoldOutcome, bool]]:
    """Cancel a free event while it is sold, unwind it in two threads, and return the outcomes."""
    event = stored_event(SqlEvents(engine), price=FREE, capacity=1000)
    desk = organizer(engine)

    def cancel() -> None:
        now = latest(engine, event)
        desk.cancel_event(now.event_id, version=now.version, refund_total_minor=0, by=BY)

    outcomes = rush(engine, event, cancel)
    # Two processes at once, and a last one that finds nothing.
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: [desk.unwind(limit=7, by="settler") for _ in range(60)], range(2)))
    desk.unwind(limit=7, by="settler")
    assert latest(engine, event).unwound_at is not None
    assert racing.count_places(engine, event) == 0
    tickets = racing.stored_tickets(engine, event)
    assert {ticket.status for ticket in tickets} == {TicketStatus.REFUNDED}
    assert {ticket.version for ticket in tickets} == {2}
    assert len(tickets) == sum(isinstance(outcome, Held) for outcome, _ in outcomes)
    return outcomes


@EACH_WAY
@pytest.mark.usefixtures("way")
def test_nothing_is_sold_once_an_event_is_cancelled(engine: Engine) -> None:
    """In the rush before it, some are held, and all of them are void in the end."""
    outcomes = cancelled_in_a_rush(engine)
    late = [outcome for outcome, is_late in outcomes if is_late]
    assert late == [EventCancelled()] * len(late)
    assert len(late) >= BUYERS


@EACH_WAY
@pytest.mark.usefixtures("way")
def test_control_a_store_that_does_not_look_sells_on(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: the holds that began after the cancellation are the ones that tell."""
    monkeypatch.setattr("ticketing_adapters.sql.holds.objection", blind_to(EventCancelled))
    outcomes = cancelled_in_a_rush(engine)
    assert any(isinstance(outcome, Held) for outcome, is_late in outcomes if is_late)
