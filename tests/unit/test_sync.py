"""What a device's clock says is put right, whatever it says."""

from datetime import UTC, datetime, timedelta

import pytest

from ticketing_core.use_cases.sync import OLDEST_ENTRY, corrected

NOW = datetime(2026, 11, 28, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize("off", [timedelta(), HOUR, -HOUR, timedelta(days=-20_000)])
def test_an_entry_keeps_its_age(off: timedelta) -> None:
    """As far as the clock is off when it sends, it was off when people went in."""
    sent_at = NOW + off
    assert corrected(sent_at - 2 * HOUR, sent_at=sent_at, now=NOW) == NOW - 2 * HOUR


@pytest.mark.parametrize(
    ("at", "sent_at", "found"),
    [
        (NOW + HOUR, NOW, NOW),
        (LATEST, EARLIEST, NOW),
        (EARLIEST, LATEST, NOW - OLDEST_ENTRY),
    ],
)
def test_no_time_is_beyond_reason(at: datetime, sent_at: datetime, found: datetime) -> None:
    """It is neither in the future nor before everything."""
    assert corrected(at, sent_at=sent_at, now=NOW) == found


def test_control_without_bounds_a_clock_breaks_the_sync() -> None:
    """The sum is not a date any more."""
    with pytest.raises(OverflowError):
        LATEST + (NOW - EARLIEST)
