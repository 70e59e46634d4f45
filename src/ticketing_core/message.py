"""Messages: what subscribers receive for each change of a ticket or an event."""

import enum
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from attrs import asdict, field, frozen

from ticketing_core.event import Event
from ticketing_core.ticket import Ticket, TicketStatus

_S = TicketStatus


class MessageKind(enum.StrEnum):
    """What has happened. It is the ``type`` of a webhook."""

    TICKET_ISSUED = "ticket.issued"
    TICKET_ADMITTED = "ticket.admitted"
    TICKET_ADMISSION_UNDONE = "ticket.admission_undone"
    TICKET_REFUNDING = "ticket.refunding"
    TICKET_REFUNDED = "ticket.refunded"
    TICKET_DISPUTED = "ticket.disputed"
    TICKET_CHANGED = "ticket.changed"
    EVENT_ADDED = "event.added"
    EVENT_CHANGED = "event.changed"
    EVENT_CANCELLED = "event.cancelled"
    EVENT_UNWOUND = "event.unwound"


BY_STATUS: Final = MappingProxyType(
    {
        _S.ISSUED: MessageKind.TICKET_ISSUED,
        _S.REFUNDING: MessageKind.TICKET_REFUNDING,
        _S.REFUNDED: MessageKind.TICKET_REFUNDED,
    }
)
"""The statuses whose versions make a message each. A reservation that was given up makes none."""


@frozen(kw_only=True)
class MessageDraft:
    """A message before the store has added its epoch.

    Attributes:
        subject: The ticket or event that changed: ``ticket_<ticket_code>`` or ``event_<event_id>``.
        version: The subject's version after the change.
        kind: What has happened.
        at: When it changed, by the clock of the process that changed it.
        data: The state of the subject after the change, as JSON values. It names no buyer.
    """

    subject: str
    version: int
    kind: MessageKind
    at: datetime
    data: Mapping[str, Any]


@frozen(kw_only=True)
class Message(MessageDraft):
    """A message as it is delivered.

    Attributes:
        epoch: Rises with each restore of the store, which may give the same versions again.
            A reader keeps the newest message of each subject, by (``epoch``, ``version``).
    """

    epoch: int = field()

    @property
    def order(self) -> tuple[int, int]:
        """Of two messages of one subject, the newer one has the greater order."""
        return self.epoch, self.version

    @property
    def message_id(self) -> str:
        """A unique id, the same in each delivery."""
        return f"{self.subject}_{self.epoch}_{self.version}"

    @property
    def log_name(self) -> str:
        """What logs call it: without the ticket's code, which lets people in at the gate."""
        kind, _, _ = self.subject.partition("_")
        return f"{kind} {self.data.get(f'{kind}_id')} version {self.version}"


def ticket_message(old: Ticket | None, new: Ticket, *, at: datetime) -> MessageDraft | None:
    """Return the message for a change of a ticket; None if it was never issued.

    Args:
        old: The version before; None for the first one.
        new: The version after.
        at: When it changed.
    """
    if new.status not in BY_STATUS:
        return None
    return MessageDraft(
        subject=f"ticket_{new.ticket_code}",
        version=new.version,
        kind=_ticket_kind(old, new),
        at=at,
        data={
            "ticket_id": new.ticket_id,
            "ticket_code": str(new.ticket_code),
            "event_id": new.event_id,
            "version": new.version,
            "status": new.status.value,
            "quantity": new.quantity,
            "admitted": new.admitted,
            "excess": new.excess,
            "disputed": new.disputed,
            "refunded_minor": new.refunded_minor,
            "charged_back_minor": new.charged_back_minor,
            "refund_problem": new.refund_problem,
        },
    )


def _ticket_kind(old: Ticket | None, new: Ticket) -> MessageKind:
    if old is None or old.status is not new.status:
        return BY_STATUS[new.status]
    if new.inside > old.inside:
        return MessageKind.TICKET_ADMITTED
    if new.inside < old.inside:
        return MessageKind.TICKET_ADMISSION_UNDONE
    if new.disputed and not old.disputed:
        return MessageKind.TICKET_DISPUTED
    return MessageKind.TICKET_CHANGED


def event_message(old: Event | None, new: Event, *, at: datetime) -> MessageDraft:
    """Return the message for a change of an event.

    Args:
        old: The version before; None for the first one.
        new: The version after.
        at: When it changed.
    """
    terms = new.terms
    changed = [name for name in sorted(terms) if old is None or getattr(old, name) != terms[name]]
    said = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in (terms | {"cancelled_at": new.cancelled_at}).items()
    }
    said["price"] = asdict(new.price)
    return MessageDraft(
        subject=f"event_{new.event_id}",
        version=new.version,
        kind=_event_kind(old, new),
        at=at,
        data={"event_id": new.event_id, "version": new.version, "changed": changed, **said},
    )


def _event_kind(old: Event | None, new: Event) -> MessageKind:
    if old is None:
        return MessageKind.EVENT_ADDED
    if old.cancelled_at is None and new.cancelled_at is not None:
        return MessageKind.EVENT_CANCELLED
    if old.unwound_at is None and new.unwound_at is not None:
        return MessageKind.EVENT_UNWOUND
    return MessageKind.EVENT_CHANGED
