"""The outbox in SQL: subscriptions, and the claims and outcomes of their messages."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, case, delete, func, insert, select, text, update

from ticketing_adapters.sql.engine import reading, writing
from ticketing_adapters.sql.failures import store_step
from ticketing_adapters.sql.outbox_claims import claim, go_on, id_of, these
from ticketing_adapters.sql.outbox_pruning import prune
from ticketing_adapters.sql.outbox_rows import message_of, subscription_of, subscription_values
from ticketing_adapters.sql.outbox_tables import IS_ABANDONED, IS_WAITING, outbox, subscriptions
from ticketing_adapters.sql.replays import replay
from ticketing_core.ports.outbox import Abandoned, Claimed, Waiting
from ticketing_core.subscription import ABANDONED_AFTER, Subscription

_O = outbox.c
_S = subscriptions.c


class SqlOutbox:
    """The `Outbox` in an SQL database. Steps that change tickets and events write its messages.

    Args:
        engine: From `engine_for`, of a migrated database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @store_step
    def add(self, subscription: Subscription) -> bool:
        """See `Outbox.add`."""
        known = select(_S.subscription_id).where(_S.name == subscription.name)
        with writing(self._engine) as connection:
            if connection.execute(known).one_or_none() is not None:
                return False
            connection.execute(insert(subscriptions), subscription_values(subscription))
        return True

    @store_step
    def remove(self, name: str) -> bool:
        """See `Outbox.remove`. Nobody gets its messages any more; `prune` deletes them."""
        removed = delete(subscriptions).where(_S.name == name)
        with writing(self._engine) as connection:
            return connection.execute(removed).rowcount > 0

    @store_step
    def subscriptions(self) -> Sequence[Subscription]:
        """See `Outbox.subscriptions`."""
        with reading(self._engine) as connection:
            found = map(subscription_of, connection.execute(select(subscriptions)))
            # Databases sort by the rules of some language.
            return sorted(found, key=lambda each: each.name)

    @store_step
    def change(self, name: str, to: Callable[[Subscription], Subscription]) -> Subscription | None:
        """See `Outbox.change`."""
        stored = select(subscriptions).where(_S.name == name).with_for_update(key_share=True)
        with writing(self._engine) as connection:
            row = connection.execute(stored).one_or_none()
            if row is None:
                return None
            changed = to(subscription_of(row))
            this = _S.subscription_id == row.subscription_id
            connection.execute(update(subscriptions).where(this), subscription_values(changed))
        return changed

    @store_step
    def claim(self, name: str, *, now: datetime, limit: int) -> Sequence[Claimed]:
        """See `Outbox.claim`."""
        with writing(self._engine) as connection:
            messages = claim(connection, name, now=now, limit=limit)
        return [Claimed(subscription=name, message=message) for message in messages]

    def delivered(self, claimed: Sequence[Claimed], *, at: datetime) -> None:
        """See `Outbox.delivered`."""
        self._note(claimed, {"delivered_at": at}, ends=True)

    def refused(self, claimed: Sequence[Claimed], *, at: datetime) -> None:
        """See `Outbox.refused`."""
        too_long = _O.refused_since <= at - ABANDONED_AFTER
        values = {
            "refused_since": func.coalesce(_O.refused_since, at),
            "abandoned_at": case((too_long, at)),
        }
        # Some of them may end by it.
        self._note(claimed, values, ends=True)

    def put_off(self, claimed: Sequence[Claimed], *, until: datetime) -> None:
        """See `Outbox.put_off`."""
        self._note(claimed, {"next_try_at": until, "tries": _O.tries - 1})

    @store_step
    def _note(
        self, claimed: Sequence[Claimed], values: dict[str, Any], *, ends: bool = False
    ) -> None:
        with writing(self._engine) as connection:
            for name, group in groupby(claimed, key=lambda each: each.subscription):
                messages = [each.message for each in group]
                # What is not claimed any more is due since by a replay, or of a new subscription.
                noted = update(outbox).where(these(name, messages), _O.tries > 0)
                connection.execute(noted.values(values))
                if ends:
                    go_on(connection, name, messages)

    @store_step
    def replay(
        self, name: str, *, since: datetime, now: datetime, after: str = "", limit: int
    ) -> str | None:
        """See `Outbox.replay`."""
        with writing(self._engine) as connection:
            return replay(connection, name, since=since, now=now, after=after, limit=limit)

    @store_step
    def abandoned(self, name: str, *, limit: int) -> Sequence[Abandoned]:
        """See `Outbox.abandoned`."""
        found = select(outbox).where(_O.subscription_id == id_of(name), text(IS_ABANDONED))
        found = found.order_by(_O.abandoned_at.desc()).limit(limit)
        with reading(self._engine) as connection:
            rows = connection.execute(found).all()
        return [Abandoned(message=message_of(row), at=row.abandoned_at) for row in rows]

    @store_step
    def prune(self, *, delivered_before: datetime, made_before: datetime, limit: int) -> int:
        """See `Outbox.prune`. It also deletes the messages of removed subscriptions."""
        with writing(self._engine) as connection:
            return prune(
                connection,
                delivered_before=delivered_before,
                made_before=made_before,
                limit=limit,
            )

    @store_step
    def waiting(self) -> Mapping[str, Waiting]:
        """See `Outbox.waiting`."""
        with reading(self._engine) as connection:
            return waiting(connection)


def waiting(connection: Connection) -> Mapping[str, Waiting]:
    """See `Outbox.waiting`."""
    # A look at the index for each subscription and column.
    oldest = (
        select(outbox)
        .where(_O.subscription_id == _S.subscription_id, text(IS_WAITING))
        .order_by(_O.waiting_since)
        .limit(1)
    )
    columns = [
        oldest.with_only_columns(each).scalar_subquery().label(each.name)
        for each in (_O.waiting_since, _O.refused_since)
    ]
    of_each = select(_S.name, *columns).where(_S.disabled_at.is_(None))
    return {
        row.name: Waiting(since=row.waiting_since, refused_since=row.refused_since)
        for row in connection.execute(of_each)
        if row.waiting_since is not None
    }
