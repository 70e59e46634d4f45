"""No event is oversold, whatever several real processes do at the same moment."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, QueuePool

from tests.integration.sql import racing
from ticketing_adapters.sql import SqlEvents, SqlTickets
from ticketing_core.errors import OverBuyerLimit, SoldOut
from ticketing_core.reservation import Held, KeyTaken
from ticketing_core.testing.contracts.examples import FREE, stored_event


@pytest.fixture
def processes(engine: Engine) -> Iterator[int]:
    """The number of processes. SQLite has one writer, so a few are enough to crowd it."""
    yield 3 if engine.dialect.name == "sqlite" else 6
    assert isinstance(engine.pool, QueuePool)
    assert engine.pool.checkedout() == 0


def test_the_last_places_are_sold_once(engine: Engine, migrated_url: str, processes: int) -> None:
    """Exactly as many as there are; every other hold is refused as sold out."""
    event = stored_event(SqlEvents(engine), capacity=10)
    results = racing.race(
        racing.buy,
        url=migrated_url,
        processes=processes,
        event=event,
        buyers={n: str(n) for n in range(processes)},
        orders=8,
    )
    outcomes = [outcome for result in results for outcome in result]
    assert sum(isinstance(outcome, Held) for outcome in outcomes) == 10
    assert outcomes.count(SoldOut(places_left=0)) == len(outcomes) - 10
    assert racing.count_places(engine, event) == 10
    assert len(racing.stored_tickets(engine, event)) == 10


def test_free_places_that_are_held_in_one_statement_are_sold_once(
    engine: Engine, migrated_url: str, processes: int
) -> None:
    """Of several events in each step, with reports from before the race: no deadlock, no oversell.

    A repeat after a deadlock would hide it, so PostgreSQL's own count has to be zero.
    """
    store = SqlEvents(engine)
    shown = [stored_event(store, price=FREE, capacity=25) for _ in range(3)]
    sold = racing.race(
        racing.buy_in_one_statement,
        url=migrated_url,
        processes=processes,
        shown=shown,
        orders=12,
    )
    assert sum(sold) == sum(racing.count_places(engine, event) for event in shown) == 3 * 25
    assert racing.deadlocks(engine) == 0


def test_a_buyer_with_many_browsers_stays_within_the_limit(
    engine: Engine, migrated_url: str, processes: int
) -> None:
    """One buyer in every process at once gets as many places as the limit allows."""
    event = stored_event(SqlEvents(engine), capacity=1000, max_per_buyer=4)
    results = racing.race(
        racing.buy,
        url=migrated_url,
        processes=processes,
        event=event,
        buyers=dict.fromkeys(range(processes), "42"),
        orders=5,
    )
    outcomes = [outcome for result in results for outcome in result]
    assert sum(isinstance(outcome, Held) for outcome in outcomes) == 4
    assert outcomes.count(OverBuyerLimit(4, kept=4)) == len(outcomes) - 4
    assert racing.count_places(engine, event) == 4


def test_a_buyer_with_many_browsers_does_not_hoard(
    engine: Engine, migrated_url: str, processes: int
) -> None:
    """One buyer in every process at once keeps as many unpaid places as are allowed."""
    event = stored_event(SqlEvents(engine), capacity=1000, max_per_order=1)
    results = racing.race(
        racing.buy,
        url=migrated_url,
        processes=processes,
        event=event,
        buyers=dict.fromkeys(range(processes), "42"),
        orders=5,
        unpaid=4,
    )
    outcomes = [outcome for result in results for outcome in result]
    assert sum(isinstance(outcome, Held) for outcome in outcomes) == 4
    assert outcomes.count(OverBuyerLimit(4, kept=4, unpaid=True)) == len(outcomes) - 4
    assert racing.count_places(engine, event) == 4


def test_one_key_buys_once_in_all_processes(
    engine: Engine, migrated_url: str, processes: int
) -> None:
    """The same key at the same moment, at one event or two, makes one ticket known to all."""
    store = SqlEvents(engine)
    both = [stored_event(store), stored_event(store)]
    results = racing.race(
        racing.click_twice, url=migrated_url, processes=processes, both=both, keys=5
    )
    for outcomes in zip(*results, strict=True):
        winners = [outcome.ticket for outcome in outcomes if isinstance(outcome, Held)]
        assert len(winners) == 1
        assert outcomes.count(KeyTaken(winners[0])) == processes - 1
    assert sum(racing.count_places(engine, event) for event in both) == 5


def test_places_that_a_crowd_frees_are_counted(
    engine: Engine, migrated_url: str, processes: int
) -> None:
    """Holding, claiming and expiring at once, with keys that become free, loses no place."""
    event = stored_event(SqlEvents(engine), capacity=5)
    expired = sum(
        racing.race(
            racing.hold_and_expire, url=migrated_url, processes=processes, event=event, rounds=12
        )
    )
    assert expired > 0
    assert racing.count_places(engine, event) <= 5
    tickets = SqlTickets(engine)
    for ticket in racing.stored_tickets(engine, event):
        versions = [entry.version for entry in tickets.history(ticket.ticket_id)]
        assert versions == list(range(1, ticket.version + 1))


@pytest.mark.parametrize(
    "limits",
    [{"capacity": 1}, {"max_per_buyer": 1}, {"max_per_order": 1}],
    ids=["capacity", "buyer's limit", "unpaid places"],
)
def test_a_careless_repository_oversells(
    engine: Engine, migrated_url: str, processes: int, limits: dict[str, int]
) -> None:
    """Control: these counts catch a store that decides on what it read without a lock."""
    event = stored_event(SqlEvents(engine), **({"capacity": 1000} | limits))
    results = racing.race(
        racing.buy_carelessly,
        url=migrated_url,
        processes=processes,
        event=event,
        buyers=dict.fromkeys(range(processes), "42"),
    )
    outcomes = [outcome for result in results for outcome in result]
    assert sum(isinstance(outcome, Held) for outcome in outcomes) == processes
    with pytest.raises(AssertionError, match="places"):
        racing.count_places(engine, event)
