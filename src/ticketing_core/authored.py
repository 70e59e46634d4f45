"""The kinds of stored records that name their author."""

import enum


class Authored(enum.Enum):
    """A kind of record that has an author."""

    TICKET_CHANGES = enum.auto()
    EVENT_CHANGES = enum.auto()
    SCANS = enum.auto()
