"""The simulator's random mode on both databases: actors in threads, one call at a time."""

import os

import pytest
from sqlalchemy import Engine, delete

from ticketing_adapters.sql import SqlEvents, SqlInstallation, SqlStrays, SqlTickets
from ticketing_adapters.sql.tables import events, strays, ticket_history, tickets
from ticketing_core.testing.simulation import World, search

SEEDS = int(os.environ.get("TICKETING_TEST_SQL_SEEDS", "40"))
"""Raise it for a long run."""


@pytest.mark.timeout(120 + SEEDS)
def test_no_seed_breaks_a_promise(engine: Engine) -> None:
    """Crashes, lost answers and switches around every call, with a real database."""

    def make_world() -> World:
        with engine.begin() as connection:
            for table in (ticket_history, tickets, events, strays):
                connection.execute(delete(table))
        return World(
            events=SqlEvents(engine),
            tickets=SqlTickets(engine),
            installation=SqlInstallation(engine),
            strays=SqlStrays(engine),
        )

    failure = search(make_world, seeds=range(SEEDS))
    assert failure is None, failure
