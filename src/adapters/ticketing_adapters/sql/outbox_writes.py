"""Writes the messages of a step: one row for each subscription that gets them.

The same statement reads the subscriptions. So one that was added before it began gets all of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Text,
    bindparam,
    insert,
    literal_column,
    or_,
    select,
)

from ticketing_adapters.sql.installation_tables import installation
from ticketing_adapters.sql.json_rows import records
from ticketing_adapters.sql.outbox_tables import outbox, subscriptions
from ticketing_core.message import MessageDraft, ticket_message
from ticketing_core.ticket import Ticket

_O = outbox.c
_EPOCH: Final = select(installation.c.epoch).scalar_subquery()
DRAFT: Final = (_O.subject, _O.version, _O.kind, _O.at, _O.data)


def messages_of(
    changes: Iterable[tuple[Ticket | None, Ticket, datetime]],
) -> list[dict[str, Any]]:
    """Return the rows for changes of tickets: the ticket before and after, and when it changed."""
    drafts = (ticket_message(old, new, at=at) for old, new, at in changes)
    return [message_row(draft) for draft in drafts if draft is not None]


def message_row(draft: MessageDraft) -> dict[str, Any]:
    """Return the parameters of a message."""
    return {
        "subject": draft.subject,
        "version": draft.version,
        "kind": draft.kind.value,
        "at": draft.at,
        "data": dict(draft.data),
    }


def write_messages(connection: Connection, messages: Sequence[Mapping[str, Any]]) -> None:
    """Store rows of `message_row` in a separate statement of the step that makes the change."""
    if messages:
        connection.execute(WRITE_EACH_MESSAGE, messages)


_WRITTEN: Final = (_O.subscription_id, _O.epoch, *DRAFT, _O.waiting_since, _O.next_try_at)


def write_to_each(
    draft: Mapping[str, ColumnElement[Any]], *conditions: ColumnElement[bool]
) -> Insert:
    """Return the insert of messages whose columns are given, for each subscription to them."""
    columns = [draft[each.name] for each in DRAFT]
    of_each = select(subscriptions.c.subscription_id, _EPOCH, *columns, draft["at"], draft["at"])
    return insert(outbox).from_select(_WRITTEN, of_each.where(_gets(draft["kind"]), *conditions))


def _gets(kind: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that a subscription gets messages of a kind."""
    kinds = subscriptions.c.kinds
    # Constants, so that not every step has to send them as parameters.
    wanted = literal_column("'%,'", Text) + kind + literal_column("',%'", Text)
    return or_(kinds == literal_column("''", Text), kinds.like(wanted))


WRITE_EACH_MESSAGE: Final = write_to_each(
    {each.name: bindparam(each.name, type_=each.type) for each in DRAFT}
)
"""For SQLite, for each of the messages."""
_ALL: Final = records("messages", DRAFT).c
WRITE_MESSAGES: Final = write_to_each({each.name: _ALL[each.name] for each in DRAFT})
"""For PostgreSQL, as a part of the statement that changes the tickets."""
