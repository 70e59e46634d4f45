"""The simulator on both databases: actors in threads, one call at a time."""

import os
from collections.abc import Sequence
from functools import partial

import pytest
from sqlalchemy import Engine

from tests.support.broken_promise import broken_promise
from tests.support.sql_worlds import sql_world
from tests.support.ways_to_hold import EACH_WAY
from ticketing_adapters.sql import SqlAdmissions, SqlInstallation, SqlOutbox, SqlTickets
from ticketing_core.scan import Known
from ticketing_core.testing.simulation import (
    EVENT_RESTORE_SCENARIOS,
    EVENT_SCENARIOS,
    GATE_SCENARIOS,
    OUTBOX_SCENARIOS,
    RESTORE_SCENARIOS,
    Bounds,
    Scenario,
    explore,
    search,
)

SEEDS = int(os.environ.get("TICKETING_TEST_SQL_SEEDS", "40"))
"""Raise it for a long run."""

IN_TURN = Bounds(mishaps=0, calm_switches=0)
"""Each actor runs to its end; who begins is tried both ways."""

WITH_A_MISHAP = Bounds(switches=0, calm_switches=0)
"""The same, and each call may go wrong."""

SHORT = frozenset({"mis-scan and its copy", "deliver and change of the event"})
"""Scenarios of few calls: an undo that overtakes its scan, and a message."""


@EACH_WAY
@pytest.mark.usefixtures("way")
@pytest.mark.timeout(300 + SEEDS)
def test_no_seed_breaks_a_promise(engine: Engine) -> None:
    """Crashes, lost answers and switches around every call, with a real database."""
    failure = search(partial(sql_world, engine), seeds=range(SEEDS))
    assert failure is None, failure


@EACH_WAY
@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    "scenarios",
    [
        pytest.param(RESTORE_SCENARIOS, id="restores"),
        pytest.param(GATE_SCENARIOS, id="gates"),
        # Every other one: the rest writes the same rows in another order.
        pytest.param((*EVENT_SCENARIOS[::2], *EVENT_RESTORE_SCENARIOS[:1]), id="events"),
        pytest.param(OUTBOX_SCENARIOS, id="outbox"),
    ],
)
def test_no_schedule_breaks_a_promise(engine: Engine, scenarios: Sequence[Scenario]) -> None:
    """The right rows are written, and after a restore rows and the next ids are those of a dump."""
    for scenario in scenarios:
        bounds = WITH_A_MISHAP if scenario.name in SHORT else IN_TURN
        report = explore(scenario, partial(sql_world, engine), bounds=bounds)
        assert report.failure is None, report
        assert report.schedules > 1


def test_control_ids_that_are_not_skipped_are_given_twice(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: the dump has the ids that are given next, as real backups have."""
    monkeypatch.setattr(SqlInstallation, "skip_ids", lambda *_, **__: None)
    assert "were given twice" in broken_promise(
        RESTORE_SCENARIOS[0], partial(sql_world, engine), bounds=IN_TURN
    )


def test_control_an_entry_that_is_not_recorded_is_missed(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: the rows themselves are looked at, not what the store has answered."""
    monkeypatch.setattr(SqlAdmissions, "record", lambda *_: Known())
    (scenario,) = (each for each in GATE_SCENARIOS if each.name.startswith("two offline gates"))
    assert (
        broken_promise(scenario, partial(sql_world, engine), bounds=IN_TURN)
        == "1 of the noted scans are not stored"
    )


def test_control_tickets_that_are_not_found_are_left(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: an event whose tickets the store does not list ends before them."""
    monkeypatch.setattr(SqlTickets, "keeping_all", lambda *_, **__: [])
    (scenario,) = (each for each in EVENT_SCENARIOS if each.name == "unwind and settle")
    assert (
        broken_promise(scenario, partial(sql_world, engine), bounds=IN_TURN)
        == "the event is unwound, and ticket 1 (issued) is not"
    )


def test_control_a_restore_without_a_replay_leaves_what_is_lost(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: the subscriber is looked at, not what the store believes of it."""
    monkeypatch.setattr(SqlOutbox, "replay", lambda *_, **__: None)
    (scenario,) = (each for each in OUTBOX_SCENARIOS if "at any moment" in each.name)
    assert "the newest that is told of ticket" in broken_promise(
        scenario, partial(sql_world, engine), bounds=IN_TURN
    )
