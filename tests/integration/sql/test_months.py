"""Sixty days without a notification on both databases: late money is found within a day."""

import os
from functools import partial

import pytest
from sqlalchemy import Engine

from tests.support.sql_worlds import sql_world
from tests.unit.simulation.broken_late import ReadsNoNews
from ticketing_core.testing.simulation import live

LIVES = int(os.environ.get("TICKETING_TEST_SQL_LIVES", "1"))
"""Raise it for a long run."""


@pytest.mark.timeout(600 + 60 * LIVES)
def test_money_is_where_it_belongs_after_each_day(engine: Engine) -> None:
    """As in memory, with a real database."""
    for seed in range(LIVES):
        failure = live(partial(sql_world, engine), seed=seed)
        assert failure is None, failure


def test_control_these_days_need_news(engine: Engine) -> None:
    """Control: without reading, some money is lost."""
    failure = live(partial(sql_world, engine, office=ReadsNoNews), seed=0)
    assert failure is not None
    assert "captured for ticket" in failure.promise
