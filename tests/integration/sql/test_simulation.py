"""The simulator on both databases: actors in threads, one call at a time."""

import os
from functools import partial

import pytest
from sqlalchemy import Engine

from tests.support.sql_worlds import sql_world
from ticketing_adapters.sql import SqlAdmissions, SqlInstallation, SqlOutbox, SqlTickets
from ticketing_core.scan import Known
from ticketing_core.testing.simulation import (
    EVENT_RESTORE_SCENARIOS,
    EVENT_SCENARIOS,
    GATE_SCENARIOS,
    OUTBOX_SCENARIOS,
    RESTORE_SCENARIOS,
    Bounds,
    explore,
    search,
)

SEEDS = int(os.environ.get("TICKETING_TEST_SQL_SEEDS", "40"))
"""Raise it for a long run."""

IN_TURN = Bounds(mishaps=0, calm_switches=0)
"""Each actor runs to its end; who begins is tried both ways."""

WITH_A_MISHAP = Bounds(switches=0, calm_switches=0)
"""The same, and each call may go wrong."""

MIS_SCAN = "mis-scan and its copy"
"""A short scenario of a gate, in which an undo overtakes its scan."""

TOLD = "deliver and change of the event"
"""A short scenario of the outbox."""


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


def test_no_gate_breaks_a_promise(engine: Engine) -> None:
    """Scans, undos, journals and refunds write the rows that they should."""
    for scenario in GATE_SCENARIOS:
        bounds = WITH_A_MISHAP if scenario.name == MIS_SCAN else IN_TURN
        report = explore(scenario, partial(sql_world, engine), bounds=bounds)
        assert report.failure is None, report
        assert report.schedules > 1


def test_control_an_entry_that_is_not_recorded_is_missed(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: the rows themselves are looked at, not what the store has answered."""
    monkeypatch.setattr(SqlAdmissions, "record", lambda *_: Known())
    (scenario,) = (each for each in GATE_SCENARIOS if each.name.startswith("two offline gates"))
    report = explore(scenario, partial(sql_world, engine), bounds=IN_TURN)
    assert report.failure is not None
    assert report.failure.promise == "1 of the noted scans are not stored"


def test_no_change_of_an_event_breaks_a_promise(engine: Engine) -> None:
    """Edits, cancellations and unwinding write the rows that they should, also after a restore."""
    # Every other one: the rest writes the same rows in another order.
    for scenario in (*EVENT_SCENARIOS[::2], *EVENT_RESTORE_SCENARIOS[:1]):
        report = explore(scenario, partial(sql_world, engine), bounds=IN_TURN)
        assert report.failure is None, report
        assert report.schedules > 1


def test_control_tickets_that_are_not_found_are_left(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: an event whose tickets the store does not list ends before them."""
    monkeypatch.setattr(SqlTickets, "keeping_all", lambda *_, **__: [])
    (scenario,) = (each for each in EVENT_SCENARIOS if each.name == "unwind and settle")
    report = explore(scenario, partial(sql_world, engine), bounds=IN_TURN)
    assert report.failure is not None
    assert report.failure.promise == "the event is unwound, and ticket 1 (issued) is not"


def test_no_delivery_breaks_a_promise(engine: Engine) -> None:
    """Messages are written with their changes, claimed in order, and go back with the store."""
    for scenario in OUTBOX_SCENARIOS:
        bounds = WITH_A_MISHAP if scenario.name == TOLD else IN_TURN
        report = explore(scenario, partial(sql_world, engine), bounds=bounds)
        assert report.failure is None, report
        assert report.schedules > 1


def test_control_a_restore_without_a_replay_leaves_what_is_lost(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: the subscriber is looked at, not what the store believes of it."""
    monkeypatch.setattr(SqlOutbox, "replay", lambda *_, **__: None)
    (scenario,) = (each for each in OUTBOX_SCENARIOS if "at any moment" in each.name)
    report = explore(scenario, partial(sql_world, engine), bounds=IN_TURN)
    assert report.failure is not None
    assert "the newest that is told of ticket" in report.failure.promise
