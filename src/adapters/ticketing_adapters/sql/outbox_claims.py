"""Claims of messages: of each subject only the oldest undelivered one, however many follow it.

A message that waits for an earlier one is put behind it in the queue, so that claims do not read it
again and again. The step that ends the earlier one makes it due again.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    and_,
    bindparam,
    func,
    select,
    text,
    tuple_,
    update,
)

from ticketing_adapters.sql.claims import by_claims
from ticketing_adapters.sql.outbox_rows import message_of
from ticketing_adapters.sql.outbox_tables import IS_WAITING, outbox, subscriptions
from ticketing_adapters.sql.rows import AnyRow
from ticketing_core.message import Message
from ticketing_core.schedule import FARTHEST_TRY, lease

MOST_LOOKS: Final = 10
"""At the queue in one claim, while all that it reads has to wait. The next claim goes on."""

MOST_CLAIMED: Final = 1000
"""Messages of one claim. Each is compared with all others where it is noted, so that PostgreSQL
takes longer than any answer may for ten thousand."""

_BEHIND: Final = timedelta(microseconds=1)

_O = outbox.c
_QUEUE_AGAIN: Final = (
    update(outbox)
    .where(
        _O.subscription_id == bindparam("id"),
        _O.subject == bindparam("of"),
        _O.epoch == bindparam("in_epoch"),
        _O.version == bindparam("nth"),
    )
    .values(next_try_at=bindparam("behind", type_=_O.next_try_at.type))
)


def claim(connection: Connection, name: str, *, now: datetime, limit: int) -> Sequence[Message]:
    """See `Outbox.claim`."""
    limit = min(limit, MOST_CLAIMED)
    for _ in range(MOST_LOOKS):
        due = _lock_due(connection, name, now=now, limit=limit)
        # In a later statement, which sees the messages that ended before these locks were taken.
        oldest = _oldest(connection, name, {row.subject for row in due})
        first = [row for row in due if _version(row) == _version(oldest[row.subject])]
        taken = {row.subject for row in first}
        _put_behind(
            connection, [(row, oldest[row.subject]) for row in due if row.subject not in taken]
        )
        messages = [message_of(row) for row in first]
        if messages:
            # The rows are locked, so nothing else has changed them.
            end = by_claims(_O.tries, lambda claims: now + lease(claims))
            claimed = update(outbox).where(these(name, messages))
            connection.execute(claimed.values(next_try_at=end, tries=_O.tries + 1))
        if messages or len(due) < limit:
            return messages
    return []


def go_on(connection: Connection, name: str, messages: Sequence[Message]) -> None:
    """Let what waited for these messages be due at its own time. They have ended."""
    # All of them: one that is just being put behind is locked, and waited for here.
    these_subjects = waiting_of(name, {each.subject for each in messages})
    waiting = update(outbox).where(these_subjects, _O.tries == 0)
    connection.execute(waiting.values(next_try_at=_O.waiting_since))


def these(name: str, messages: Sequence[Message]) -> ColumnElement[bool]:
    """Return the condition for those of the messages that are still undelivered."""
    keys = sorted((each.subject, each.epoch, each.version) for each in messages)
    subjects = {each.subject for each in messages}
    is_one = tuple_(_O.subject, _O.epoch, _O.version).in_(keys)
    return and_(waiting_of(name, subjects), is_one)


def waiting_of(name: str, subjects: Collection[str]) -> ColumnElement[bool]:
    """Return the condition for the messages of some subjects that wait, which the key leads to."""
    # Not `IS_WAITING`. Whatever waits begins after the statistics of a time when nothing did, and
    # with them PostgreSQL reads the index of all that waits, for each claim and note.
    waits = func.coalesce(_O.delivered_at, _O.abandoned_at).is_(None)
    return and_(_O.subscription_id == id_of(name), _O.subject.in_(sorted(subjects)), waits)


def id_of(name: str) -> ScalarSelect[int]:
    """Return the id of a subscription."""
    return (
        select(subscriptions.c.subscription_id)
        .where(subscriptions.c.name == name)
        .scalar_subquery()
    )


def _lock_due(connection: Connection, name: str, *, now: datetime, limit: int) -> Sequence[AnyRow]:
    due: list[AnyRow] = []
    # Two queries, as in `claims`.
    for rule in (_O.next_try_at <= now, _O.next_try_at > now + FARTHEST_TRY):
        query = select(outbox).where(_O.subscription_id == id_of(name), text(IS_WAITING), rule)
        # Rows that another process is claiming or updating now are skipped.
        query = query.order_by(_O.next_try_at).with_for_update(skip_locked=True)
        due += connection.execute(query.limit(limit - len(due)))
    return due


def _oldest(connection: Connection, name: str, subjects: Collection[str]) -> Mapping[str, AnyRow]:
    """Return the oldest message of each subject that waits."""
    if not subjects:
        return {}
    columns = (_O.subject, _O.epoch, _O.version, _O.next_try_at)
    waiting = select(*columns).where(waiting_of(name, subjects))
    rows = connection.execute(waiting.order_by(_O.epoch.desc(), _O.version.desc()))
    return {row.subject: row for row in rows}


def _version(row: Any) -> tuple[int, int]:
    return row.epoch, row.version


def _put_behind(connection: Connection, waiting: Sequence[tuple[AnyRow, AnyRow]]) -> None:
    moved = [
        {
            "id": row.subscription_id,
            "of": row.subject,
            "in_epoch": row.epoch,
            "nth": row.version,
            "behind": earlier.next_try_at + _BEHIND,
        }
        for row, earlier in waiting
        if row.next_try_at <= earlier.next_try_at
    ]
    if moved:
        connection.execute(_QUEUE_AGAIN, moved)
