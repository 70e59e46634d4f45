"""What is true of an installation as a whole."""

from datetime import UTC, datetime, timedelta

from ticketing_core.installation import next_epoch

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_two_restores_of_one_backup_begin_different_epochs() -> None:
    """Both find the same epoch stored. The second one is the later."""
    assert 3 < next_epoch(3, at=NOON) < next_epoch(3, at=NOON + timedelta(minutes=1))


def test_an_epoch_rises_with_a_clock_that_was_set_back() -> None:
    """It was ahead before the restore."""
    ahead = next_epoch(1, at=NOON + timedelta(days=1))
    assert next_epoch(ahead, at=NOON) == ahead + 1
