"""Deletes old messages, in bounded steps."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, delete, func, literal_column, select, text

from ticketing_adapters.sql.engine import is_postgresql
from ticketing_adapters.sql.outbox_tables import (
    IS_ABANDONED,
    IS_DELIVERED,
    IS_WAITING,
    outbox,
    subscriptions,
)

_O = outbox.c


def prune(
    connection: Connection, *, delivered_before: datetime, made_before: datetime, limit: int
) -> int:
    """See `SqlOutbox.prune`."""
    disabled = {
        row.subscription_id: row.disabled_at is not None
        for row in connection.execute(select(subscriptions))
    }
    deleted = 0
    for number in _with_messages(connection):
        of_this = _O.subscription_id == number
        if number not in disabled:
            deleted += _delete(connection, of_this, by=_O.subject, limit=limit - deleted)
            continue
        ended_before = max(delivered_before, made_before if disabled[number] else delivered_before)
        rules = [
            (IS_DELIVERED, _O.delivered_at, ended_before),
            (IS_ABANDONED, _O.abandoned_at, ended_before),
        ]
        if disabled[number]:
            rules.append((IS_WAITING, _O.waiting_since, made_before))
        for condition, at, before in rules:
            old = of_this & text(condition) & (at < before)
            deleted += _delete(connection, old, by=at, limit=limit - deleted)
    return deleted


def _with_messages(connection: Connection) -> Iterator[int]:
    """Return the ids of subscriptions that have messages: one look at the key for each."""
    number = 0
    while True:
        following = select(func.min(_O.subscription_id)).where(_O.subscription_id > number)
        found = connection.execute(following).scalar_one()
        if found is None:
            return
        number = found
        yield number


def _delete(
    connection: Connection, rule: ColumnElement[bool], *, by: Column[Any], limit: int
) -> int:
    if limit == 0:
        return 0
    # By the physical place of the row: the key has four columns.
    place: ColumnElement[Any] = literal_column("ctid" if is_postgresql(connection) else "rowid")
    # In the order of the index, so that it is used. Rows that are being updated now are skipped.
    old = select(place).select_from(outbox).where(rule).order_by(by).limit(limit)
    old = old.with_for_update(skip_locked=True)
    return connection.execute(delete(outbox).where(place.in_(old))).rowcount
