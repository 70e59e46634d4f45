"""Replays: messages about the present state, for subscribers that are new or have lost data."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from attrs import frozen
from sqlalchemy import Column, Connection, Table, and_, insert, select, tuple_, update

from ticketing_adapters.sql.installation_tables import installation
from ticketing_adapters.sql.outbox_rows import subscription_of
from ticketing_adapters.sql.outbox_tables import outbox, subscriptions
from ticketing_adapters.sql.outbox_writes import message_row
from ticketing_adapters.sql.rows import AnyRow, event_of, ticket_of
from ticketing_adapters.sql.tables import event_history, events, ticket_history, tickets
from ticketing_core.message import MessageDraft, MessageKind, event_message, ticket_message

READ_AT_ONCE: Final = 1000
"""The number of tickets whose last change is read in a step, by the primary key, in about ten
milliseconds. An index of all changes by time would slow down each sale."""

_O = outbox.c
_KEY: Final = (_O.subject, _O.version)


def _message_of_ticket(row: Any) -> MessageDraft | None:
    ticket = ticket_of(row)
    return ticket_message(ticket, ticket, at=row.changed_at)


def _message_of_event(row: Any) -> MessageDraft | None:
    event = event_of(row)
    return event_message(event, event, at=row.changed_at)


@frozen(kw_only=True)
class _Subjects:
    """The subjects of a table.

    Attributes:
        table: The table.
        number: The id, which gives the order.
        history: The table with the time of each version.
        message: Returns the message for a row; None if it has none.
    """

    table: Table
    number: Column[int]
    history: Table
    message: Callable[[Any], MessageDraft | None]

    def page(
        self, connection: Connection, *, since: datetime, after: int, limit: int
    ) -> tuple[Sequence[int], int | None]:
        """Return the ids of changed subjects, and the last id that was read; None at the end."""
        changed_at = self.history.c.at.label("changed_at")
        page = select(self.number.label("number"), changed_at).join(self.history, self._last)
        # On both tables, so that the join is fast in either order.
        of_history = self.history.c[self.number.name]
        page = page.where(self.number > after, of_history > after)
        page = page.order_by(self.number).limit(READ_AT_ONCE)
        rows = connection.execute(page).all()
        changed = [row.number for row in rows if row.changed_at >= since]
        if len(changed) > limit:
            return changed[:limit], changed[limit - 1]
        return changed, rows[-1].number if len(rows) == READ_AT_ONCE else None

    def messages(self, connection: Connection, numbers: Sequence[int]) -> Sequence[MessageDraft]:
        """Lock the subjects, and return the messages of their present versions."""
        these = self.number.in_(numbers)
        # Locked, so that no later version is delivered before this one; by id, against deadlocks.
        # Only the next statement sees what this one has waited for.
        lock = select(self.number).where(these).order_by(self.number)
        connection.execute(lock.with_for_update(read=True))
        present = select(self.table, self.history.c.at.label("changed_at"))
        rows = connection.execute(present.join(self.history, self._last).where(these))
        drafts = [self.message(row) for row in rows]
        return [draft for draft in drafts if draft is not None]

    @property
    def _last(self) -> Any:
        same = self.history.c[self.number.name] == self.number
        return and_(same, self.history.c.version == self.table.c.version)


_TICKETS: Final = "ticket"
_EVENTS: Final = "event"
_SUBJECTS: Final = {
    _TICKETS: _Subjects(
        table=tickets,
        number=tickets.c.ticket_id,
        history=ticket_history,
        message=_message_of_ticket,
    ),
    _EVENTS: _Subjects(
        table=events, number=events.c.event_id, history=event_history, message=_message_of_event
    ),
}


def replay(
    connection: Connection, name: str, *, since: datetime, now: datetime, after: str, limit: int
) -> str | None:
    """See `Outbox.replay`. Events come first, as steps lock them before tickets."""
    kind, _, number = (after or f"{_EVENTS} 0").partition(" ")
    stored = select(subscriptions).where(subscriptions.c.name == name)
    row = connection.execute(stored).one_or_none()
    if row is None:
        return None
    subjects = _SUBJECTS[kind]
    numbers, last = subjects.page(connection, since=since, after=int(number), limit=limit)
    messages = subjects.messages(connection, numbers) if numbers else []
    if messages:
        _make_due(connection, messages, to=row, now=now)
    if last is not None:
        return f"{kind} {last}"
    if kind == _TICKETS:
        return None
    left = limit - len(numbers)
    then = f"{_TICKETS} 0"
    return replay(connection, name, since=since, now=now, after=then, limit=left) if left else then


def _make_due(
    connection: Connection, messages: Sequence[MessageDraft], *, to: AnyRow, now: datetime
) -> None:
    subscription = subscription_of(to)
    epoch = connection.execute(select(installation.c.epoch)).scalar_one()
    # The key leads to the few rows of each subject. They are locked, so that `prune` does not
    # delete them before they are due again.
    of_these = and_(
        _O.subscription_id == to.subscription_id,
        _O.subject.in_(sorted(each.subject for each in messages)),
        _O.epoch == epoch,
    )
    rows = connection.execute(select(*_KEY, _O.kind).where(of_these).with_for_update())
    kinds = {(row.subject, row.version): row.kind for row in rows}
    wanted, missing = [], []
    for each in messages:
        stored = kinds.get((each.subject, each.version))
        if not subscription.gets(each.kind if stored is None else MessageKind(stored)):
            continue
        if stored is None:
            new = {"subscription_id": to.subscription_id, "epoch": epoch, **message_row(each)}
            missing.append(new | {"waiting_since": now, "next_try_at": now})
        else:
            wanted.append((each.subject, each.version))
    due = {"waiting_since": now, "next_try_at": now, "tries": 0}
    ends = {"refused_since": None, "delivered_at": None, "abandoned_at": None}
    if wanted:
        these = update(outbox).where(of_these, tuple_(*_KEY).in_(wanted))
        connection.execute(these.values(due | ends))
    if missing:
        connection.execute(insert(outbox), missing)
