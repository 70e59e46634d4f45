"""What is true of an installation as a whole: how far news was read, and whether it restores."""

from datetime import datetime

from attrs import frozen


@frozen(kw_only=True)
class InstallationState:
    """The state of an installation.

    Attributes:
        news_position: Up to where the gateway's news was read, by the gateway's clock; None if it
            was never read.
        restoring_since: Since when the store may have lost what the gateway knows, because it was
            restored from a backup. Nothing is sold or settled meanwhile. None if it has not.
        epoch: Rises with each restore; 1 at first.
    """

    news_position: datetime | None = None
    restoring_since: datetime | None = None
    epoch: int = 1
