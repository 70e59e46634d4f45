"""The simulator on both databases: actors in threads, one call at a time."""

import os
from functools import partial

import pytest
from sqlalchemy import Engine

from tests.support.sql_worlds import sql_world
from ticketing_adapters.sql import SqlInstallation
from ticketing_core.testing.simulation import RESTORE_SCENARIOS, Bounds, explore, search

SEEDS = int(os.environ.get("TICKETING_TEST_SQL_SEEDS", "40"))
"""Raise it for a long run."""

IN_TURN = Bounds(mishaps=0, calm_switches=0)
"""Each actor runs to its end; who begins is tried both ways."""


@pytest.mark.timeout(120 + SEEDS)
def test_no_seed_breaks_a_promise(engine: Engine) -> None:
    """Crashes, lost answers and switches around every call, with a real database."""
    failure = search(partial(sql_world, engine), seeds=range(SEEDS))
    assert failure is None, failure


def test_no_restore_breaks_a_promise(engine: Engine) -> None:
    """The rows go back to a dump, and so do the ids that are given next."""
    for scenario in RESTORE_SCENARIOS:
        report = explore(scenario, partial(sql_world, engine), bounds=IN_TURN)
        assert report.failure is None, report
        assert report.schedules > 1


def test_control_ids_that_are_not_skipped_are_given_twice(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: the dump has the ids that are given next, as real backups have."""
    monkeypatch.setattr(SqlInstallation, "skip_ids", lambda *_, **__: None)
    report = explore(RESTORE_SCENARIOS[0], partial(sql_world, engine), bounds=IN_TURN)
    assert report.failure is not None
    assert "were given twice" in report.failure.promise
