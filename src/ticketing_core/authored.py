"""What the store keeps together with who did it."""

import enum


class Authored(enum.Enum):
    """A kind of records that have an author."""

    TICKET_CHANGES = enum.auto()
    EVENT_CHANGES = enum.auto()
    SCANS = enum.auto()
