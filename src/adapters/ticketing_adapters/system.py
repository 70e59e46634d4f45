"""The clock and the random source of this machine."""

import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4


class SystemClock:
    """The machine's clock. Keep it synchronised: holds and tokens are compared across machines."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.now(UTC)

    def sleep(self, duration: timedelta) -> None:
        """See `Clock.sleep`."""
        time.sleep(duration.total_seconds())


class RandomCodes:
    """Codes of 122 random bits from the operating system (RFC 9562, version 4)."""

    def new_code(self) -> UUID:
        """See `Codes.new_code`."""
        return uuid4()
