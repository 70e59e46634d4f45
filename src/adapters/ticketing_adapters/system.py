"""The clock and the source of random codes of this machine."""

import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4


class SystemClock:
    """The machine's clock. Where several machines share a store, use the store's time instead."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.now(UTC)

    def sleep(self, duration: timedelta) -> None:
        """See `Clock.sleep`."""
        time.sleep(duration.total_seconds())


class RandomCodes:
    """Makes codes of 122 random bits from the operating system (UUID version 4, RFC 9562)."""

    def new_code(self) -> UUID:
        """See `Codes.new_code`."""
        return uuid4()
