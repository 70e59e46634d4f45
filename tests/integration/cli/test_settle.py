"""`ticketing settle`: everything that is due, batch by batch."""

from itertools import islice
from pathlib import Path

import pytest

from tests.integration.cli.commands import ADD, Run, printed
from tests.integration.cli.databases import database, hold_long_ago
from ticketing_adapters.jobs.settler import settle_all
from ticketing_adapters.sql import SqlTickets


def test_settle_counts_its_results(migrated: Run, tmp_path: Path) -> None:
    """A reservation whose hold is over expires and frees its places; a second pass does nothing."""
    printed(migrated(*ADD, "--json"))
    with database(tmp_path) as engine:
        hold_long_ago(SqlTickets(engine))
    assert printed(migrated("event", "show", "1", "--json"))["places_left"] == 97
    settled = printed(migrated("settle", "--json"))
    assert settled["expired"] == 1
    assert sum(settled.values()) == 1
    assert printed(migrated("event", "show", "1", "--json"))["places_left"] == 100
    assert set(printed(migrated("settle", "--json")).values()) == {0}
    assert "expired" in migrated("settle").stdout


def settle_two_batches(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Settle three due tickets in batches of two; return how many expired, and the places left."""
    monkeypatch.setattr("ticketing_adapters.jobs.settler.BATCH", 2)
    printed(run(*ADD, "--json"))
    with database(folder) as engine:
        for _ in range(3):
            hold_long_ago(SqlTickets(engine))
    expired = printed(run("settle", "--json"))["expired"]
    return expired, printed(run("event", "show", "1", "--json"))["places_left"]


def test_settle_goes_on_after_its_first_batch(
    migrated: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One call settles everything that is due."""
    assert settle_two_batches(migrated, tmp_path, monkeypatch) == (3, 100)


def test_a_single_batch_is_the_control(
    migrated: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that stops after its first batch leaves a ticket: the test above would fail."""
    monkeypatch.setattr(
        "ticketing_service.cli.settle.settle_all", lambda office: islice(settle_all(office), 1)
    )
    assert settle_two_batches(migrated, tmp_path, monkeypatch) == (2, 97)
