"""The clock and the random source of this machine."""

from datetime import UTC, datetime
from uuid import UUID, uuid4


class SystemClock:
    """The machine's clock. Keep it synchronised: holds and tokens are compared across machines."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.now(UTC)


class RandomCodes:
    """Codes of 122 random bits from the operating system (RFC 9562, version 4)."""

    def new_code(self) -> UUID:
        """See `Codes.new_code`."""
        return uuid4()
