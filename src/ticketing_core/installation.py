"""What is true of an installation as a whole: how far news was read, and whether it restores."""

from datetime import datetime

from attrs import frozen

from ticketing_core.validators import LARGEST_ID


@frozen(kw_only=True)
class InstallationState:
    """The state of an installation.

    Attributes:
        news_position: Up to where the gateway's news was read, by the gateway's clock; None if it
            was never read.
        restoring_since: Since when the store may have lost what the gateway knows, because it was
            restored from a backup. Nothing is sold or settled meanwhile. None if it has not.
        epoch: Rises with each restore, by `next_epoch`; 1 at first.
    """

    news_position: datetime | None = None
    restoring_since: datetime | None = None
    epoch: int = 1


def next_epoch(epoch: int, *, at: datetime) -> int:
    """Return the epoch that begins with a restore.

    It is the time in minutes since 1970, because one backup may be restored twice. Both times the
    stored epoch is the same, and messages of the time between must not count as newer.

    Args:
        epoch: The one that is stored.
        at: The present instant.
    """
    return max(epoch + 1, int(at.timestamp()) // 60)


def last_skipped_id(*given: int, gap: int) -> int:
    """Return the id after which new ids begin: ``gap`` above the largest that was given.

    An organizer may have chosen the largest possible id for an event. So at most half of the ids
    that are left are skipped.

    Args:
        given: Ids, or 0 for none. Numbers above `LARGEST_ID` are ignored.
        gap: How many ids to skip.
    """
    largest = max(each for each in (0, *given) if each <= LARGEST_ID)
    return largest + min(gap, (LARGEST_ID - largest) // 2)
